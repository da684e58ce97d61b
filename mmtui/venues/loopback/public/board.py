"""One symbol of a loopback server of public streams: its book and its numbers, as the venue counts them.

Rules of this file: integers inside, the venue's texts outside; no socket, no message of any venue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from mmtui.core.events import BookDelta, BookSnapshot
from mmtui.core.market.instrument import Instrument
from mmtui.venues.loopback.source import START_PRICE
from mmtui.venues.synthetic.venue import Spec

Pairs = list[tuple[str, str]]


class PublicBoard:
    """`seq`: id of the last book frame; `count`: book frames so far; `number`: all numbered frames of the symbol."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.bids_before: set[str] = set()  # prices of the last frame's levels that had been there before it
        self.asks_before: set[str] = set()
        self.seq = 0
        self.count = 1
        self.number = 0
        self.own: Mapping[tuple[int, int], int] = {}  # side, price -> lots of an account here
        self.changed: list[tuple[int, int]] = []  # ... changed since the last frame
        self.touch: tuple[int, int, int, int] = (0, 0, 0, 0)
        self.quote_seq = 0
        self.mark = self.index = ""
        self.funding = 0
        self.next_funding = 0  # ms
        self._tick, self._lot = Decimal(instrument.tick), Decimal(instrument.lot)

    def px(self, ticks: int) -> str:
        return format(self._tick * ticks, "f")

    def sz(self, lots: int) -> str:
        return format(self._lot * lots, "f")

    def snapshot(self, event: BookSnapshot) -> None:
        self.bids = dict(zip(event.bid_px, event.bid_sz, strict=True))
        self.asks = dict(zip(event.ask_px, event.ask_sz, strict=True))
        self.seq = self.quote_seq = event.seq
        self.touch = (event.bid_px[0], event.bid_sz[0], event.ask_px[0], event.ask_sz[0])

    def delta(self, event: BookDelta) -> tuple[Pairs, Pairs, int]:
        """Apply; the changed levels of both sides, and the id of the frame before."""
        before = self.seq
        self.bids_before, self.asks_before = (
            {self.px(price) for price in prices if price in side}
            for side, prices in ((self.bids, event.bid_px), (self.asks, event.ask_px))
        )
        for side, prices, sizes in (
            (self.bids, event.bid_px, event.bid_sz),
            (self.asks, event.ask_px, event.ask_sz),
        ):
            for price, size in zip(prices, sizes, strict=True):
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        self.seq = event.seq
        self.count += 1
        changed, self.changed = self.changed, []
        return (
            self._shown(1, self.bids, [*event.bid_px, *(px for side, px in changed if side > 0)]),
            self._shown(-1, self.asks, [*event.ask_px, *(px for side, px in changed if side < 0)]),
            before,
        )

    def _shown(self, side: int, market: Mapping[int, int], prices: Iterable[int]) -> Pairs:
        """Levels with what is the account's."""
        own = self.own
        return [(self.px(px), self.sz(market.get(px, 0) + own.get((side, px), 0))) for px in dict.fromkeys(prices)]

    def levels(self, depth: int = 0) -> tuple[Pairs, Pairs]:
        """The best levels of both sides, best first; 0: all."""
        bids = sorted({*self.bids, *(px for side, px in self.own if side > 0)}, reverse=True)
        asks = sorted({*self.asks, *(px for side, px in self.own if side < 0)})
        if depth:
            bids, asks = bids[:depth], asks[:depth]
        return self._shown(1, self.bids, bids), self._shown(-1, self.asks, asks)

    def best(self) -> tuple[str, str, str, str]:
        """Best bid and its size, best ask and its size."""
        bid, bid_sz, ask, ask_sz = self.touch
        return self.px(bid), self.sz(bid_sz), self.px(ask), self.sz(ask_sz)


def moves(instrument: Instrument) -> Spec:
    """How a symbol moves: like Bitcoin at 60,000, or at a twentieth of that."""
    share = 1 if instrument.base == "BTC" else 20
    tick = float(instrument.tick) * share
    lot = float(instrument.lot) * float(instrument.contract_size)  # base a lot; quote on inverse contracts
    coin = lot / START_PRICE if instrument.kind == "inverse" else lot / share
    size, clip = max(2, int(0.6 / coin)), max(1, int(0.03 / coin))
    return Spec(instrument.venue, tick, 0, 0.7, 0.03, 0.3, max(1, int(0.6 / tick)), size, clip, 8.0, 0.0, 0)
