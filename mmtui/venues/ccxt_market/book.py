"""Books and trades as ccxt gives them -> events, with the checks that ccxt does not make.

ccxt keeps the book; every update is told as a whole book of the best levels.  A book that is crossed, steps back in
time or in its number, or has not changed for long, is invalid until one comes that is none of these.

Rules of this file: pure; numbers are ccxt's floats, brought to whole ticks and lots or refused; nothing raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mmtui.core.events import BookGap, BookSnapshot, Event, Trade
from mmtui.core.market.instrument import Instrument, Kind, plain
from mmtui.venues.binance.grid import WireError
from mmtui.venues.numbers import id_of

MS, SECOND = 1_000_000, 1_000_000_000
#: Levels a side that are told.
LEVELS = 50
#: A book that has not changed for so long is not believed.
STALE = 15 * SECOND
#: Crossed, or stepping back, for so long: the connection is made anew.
WRONG_MAX = 3 * SECOND
#: How far from a whole step a float may be.
SLACK = 1e-4


class CcxtBook:
    """One instrument. `wrong_since`: its book has been refused since; 0: it has not."""

    def __init__(self, i: int, instrument: Instrument) -> None:
        self.i = i
        self.instrument = instrument
        self.seq = 0
        self.valid = False
        self.gaps = 0
        self.heard = 0  # last book
        self.wrong_since = 0
        self._nonce = 0
        self._stamp = 0
        self._tick, self._lot = float(instrument.tick), float(instrument.lot)

    def reset(self) -> None:
        """A new connection."""
        self.valid = False
        self.wrong_since = self.heard = self._nonce = self._stamp = 0

    def book(self, ts: int, d: Mapping[str, Any]) -> list[Event]:
        """An update of the book."""
        try:
            stamp, nonce = int(d.get("timestamp") or 0) * MS, int(d.get("nonce") or 0)
            bid_px, bid_sz = self._side(d["bids"])
            ask_px, ask_sz = self._side(d["asks"])
        except (KeyError, TypeError, ValueError, IndexError, OverflowError, WireError) as error:
            return self._refuse(ts, f"a book that cannot be read: {type(error).__name__}")
        self.heard = ts
        if bid_px and ask_px and bid_px[0] >= ask_px[0]:
            return self._refuse(ts, "crossed")
        if (nonce and nonce < self._nonce) or (stamp and stamp < self._stamp):
            return self._refuse(ts, "it steps back")
        self._nonce, self._stamp = nonce or self._nonce, stamp or self._stamp
        self.seq += 1
        self.valid, self.wrong_since = True, 0
        return [BookSnapshot(ts, stamp, self.i, self.seq, bid_px, bid_sz, ask_px, ask_sz)]

    def trades(self, ts: int, rows: Sequence[Mapping[str, Any]]) -> list[Event]:
        """New trades; one that cannot be read is left out."""
        events: list[Event] = []
        for row in rows:
            try:
                px, sz = self._px(row["price"]), self._sz(row["amount"])
                side = {"buy": 1, "sell": -1}[row["side"]]
                stamp, number = int(row.get("timestamp") or 0) * MS, id_of(str(row.get("id") or ""))
            except (KeyError, TypeError, ValueError, OverflowError, WireError):
                continue
            if px and sz:
                events.append(Trade(ts, stamp, self.i, number, px, sz, side))
        return events

    def tick(self, now: int) -> list[Event]:
        """What time alone brings."""
        if self.valid and now - self.heard >= STALE:
            return self._refuse(now, f"nothing has come for {STALE // SECOND} s")
        return []

    def hopeless(self, now: int) -> bool:
        """Whether only a new connection helps."""
        return bool(self.wrong_since) and now - self.wrong_since >= WRONG_MAX

    def next_ts(self) -> int:
        """When to tick, 0: not by itself."""
        if self.wrong_since:
            return self.wrong_since + WRONG_MAX
        return self.heard + STALE if self.valid else 0

    def _refuse(self, ts: int, why: str) -> list[Event]:
        self.wrong_since = self.wrong_since or ts
        if not self.valid:
            return []
        self.valid = False
        self.gaps += 1
        return [BookGap(ts, self.i, -1, -1, why)]

    def _side(self, levels: Sequence[Sequence[Any]]) -> tuple[list[int], list[int]]:
        prices, sizes = [], []
        for level in levels[:LEVELS]:
            px, sz = self._px(level[0]), self._sz(level[1])
            if px and sz:
                prices.append(px)
                sizes.append(sz)
        return prices, sizes

    def _px(self, value: Any) -> int:
        found = float(value) / self._tick
        whole = round(found)
        if abs(found - whole) > SLACK * max(1.0, abs(found) * 1e-6) or whole < 0:
            raise WireError("a price off the tick")
        return whole

    def _sz(self, value: Any) -> int:
        """Sizes are cut to whole lots: less is shown than is there, never more."""
        size = float(value)
        return int(size / self._lot + SLACK) if size > 0 else 0


def listed(item: Instrument, market: Mapping[str, Any], mode: int) -> Instrument:
    """An instrument as ccxt lists it. WireError: ccxt does not say its tick or lot. mode: 2 decimals, 4 steps."""
    tick, lot = (_step(market.get("precision", {}).get(name), mode) for name in ("price", "amount"))
    kind: Kind = "spot" if market.get("spot") else "inverse" if market.get("inverse") else "linear"
    least = ((market.get("limits") or {}).get("cost") or {}).get("min")
    return msgspec.structs.replace(
        item,
        kind=kind,
        tick=tick,
        lot=lot,
        contract_size=_text(market.get("contractSize") or 1),
        min_notional=_text(least or 0),
        maker_bps=_bps(market.get("maker"), item.maker_bps),
        taker_bps=_bps(market.get("taker"), item.taker_bps),
        grid="venue",
    )


def _step(value: object, mode: int) -> str:
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str) or mode not in (2, 4):
        raise WireError("ccxt does not say its tick and lot")
    return plain(Decimal(1).scaleb(-int(value))) if mode == 2 else _text(value)


def _text(value: object) -> str:
    return plain(Decimal(str(value)))


def _bps(rate: object, usual: str) -> str:
    return usual if rate is None else plain(Decimal(str(rate)) * 10_000)
