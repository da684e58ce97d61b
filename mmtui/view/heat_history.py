"""What the heat map remembers of each book: a column a second of liquidity, trades and own quotes.

Rules of this file: pure; kept from the frames that come, so it begins when the cockpit does; a second without a good
book is kept as one, never as the last good one.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable

from mmtui.link.messages import Frame
from mmtui.link.parts import BookView, InstrumentView, Print

SECOND = 1_000_000_000
#: Columns that are kept of each instrument.
KEPT = 900
#: A desk's clock that goes back, or so far on, begins a new picture (a seek in a replay).
JUMP = 120 * SECOND


class Second:
    """One column. Prices in ticks, sizes in lots, asks negative in `levels` (px, size, px, size ...)."""

    __slots__ = (
        "_book", "_levels", "ask", "bid", "bought", "buys", "good", "own_ask", "own_bid", "sells", "sold", "start",
    )  # fmt: skip

    def __init__(self, start: int) -> None:
        self.start = start
        self.good = False
        self._book: BookView | None = None  # of the second that is not over
        self._levels = array("q")
        self.bid = self.ask = 0
        self.own_bid = self.own_ask = 0
        self.buys: dict[int, int] = {}  # price -> lots that takers bought there
        self.sells: dict[int, int] = {}
        self.bought = self.sold = 0

    def take(self, book: BookView, view: InstrumentView | None) -> None:
        """The book as it is now stands for the second; its far levels are those of the last whole one."""
        self.good = book.state == "ok" and bool(book.bids) and bool(book.asks)
        if not self.good:
            self._book = None
        else:
            self.bid, self.ask = book.bids[0].px, book.asks[0].px
            if book.whole or self._book is None:
                self._book = book
        if view is not None:
            self.own_bid, self.own_ask = view.quote_bid, view.quote_ask

    @property
    def levels(self) -> array[int]:
        return self._levels if self._book is None else _pairs(self._book)

    def end(self) -> None:
        """The second is over: its levels are kept, small."""
        self._levels, self._book = self.levels, None

    def keep(self, levels: array[int]) -> None:
        """Levels that were worked out elsewhere."""
        self._levels, self._book = levels, None

    def trade(self, one: Print) -> None:
        table = self.buys if one.side > 0 else self.sells
        table[one.px] = table.get(one.px, 0) + one.sz
        if one.side > 0:
            self.bought += one.sz
        else:
            self.sold += one.sz


def _pairs(book: BookView) -> array[int]:
    levels = array("q")
    for level in book.bids:
        levels.append(level.px)
        levels.append(level.sz)
    for level in book.asks:
        levels.append(level.px)
        levels.append(-level.sz)
    return levels


class History:
    """Columns of one instrument, oldest first."""

    __slots__ = ("columns", "last", "stamp")

    def __init__(self) -> None:
        self.columns: deque[Second] = deque(maxlen=KEPT)
        self.last: list[Print] = []  # trades of the newest frame, newest first
        self.stamp = 0  # changes when a column is begun or two times a second

    def add(self, ts: int, book: BookView, view: InstrumentView | None) -> bool:
        """What a frame says of the instrument; True: its time jumped, and a new picture begins."""
        columns = self.columns
        jumped = bool(columns) and not -SECOND < ts - columns[-1].start < JUMP
        if jumped:
            columns.clear()
            self.last = []
        start = ts - ts % SECOND
        if not columns or start > columns[-1].start:
            if columns:
                columns[-1].end()
            columns.append(Second(start))
        column = columns[-1]
        column.take(book, view)
        for one in self._new(book.prints):
            column.trade(one)
        self.last = book.prints
        self.stamp = ts * 2 // SECOND
        return jumped

    def _new(self, prints: list[Print]) -> Iterable[Print]:
        """Trades that the frame before did not have, oldest first (the first frame's are of before our time)."""
        if not self.last:
            return reversed(prints[: 0 if len(self.columns) <= 1 else None])
        newest = self.last[0]
        fresh = []
        for one in prints:
            if one == newest or one.ts < newest.ts:
                break
            fresh.append(one)
        return reversed(fresh)


class Heat:
    """Histories of all instruments of the desk."""

    __slots__ = ("histories", "summed")

    def __init__(self) -> None:
        self.histories: dict[str, History] = {}
        self.summed: dict[tuple[str, int], Second] = {}  # seconds that are over, of all markets on one's prices

    def frame(self, frame: Frame, views: dict[str, InstrumentView]) -> None:
        for book in frame.books:
            history = self.histories.get(book.id)
            if history is None:
                history = self.histories[book.id] = History()
            if history.add(frame.ts, book, views.get(book.id)):
                self.summed.clear()

    def clear(self) -> None:
        """Another session: nothing of the last one stays."""
        self.histories.clear()
        self.summed.clear()
