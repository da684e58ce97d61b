"""hftbacktest's rules of filling, one by one, in the place of ours: a rule that takes a difference away is its cause.

Read off hftbacktest 2.4 (its partial-fill exchange, and its risk-averse and probability queue models).  The rules that
differ from the desk's:

* quotes: its format holds no best quotes (bookTicker), so its book is the batched depth alone;
* taker: a trade beyond an order's price fills it only when the taker was on the other side (ours: a trade beyond the
  price fills whoever took, for the market was there);
* late: a trade takes from the queue whenever it comes; ours asks the venue's clock whether the depth that the order
  joined, or a decrease since then, holds that trade already;
* credit: traded lots explain the next change of the displayed size and are forgotten with it; ours keeps what is left
  for 250 ms, and knows a trade only once for all orders of the price;
* whole: queue places are real numbers; ours are whole lots.

Rules of this file: our classes with one rule changed each, never a second matching engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mmtui.core.events import BestQuote, Event, Trade
from mmtui.venues.paper import matching
from mmtui.venues.paper.matching import HANDLERS, Matching
from mmtui.venues.paper.queue import Level, Resting

#: name -> what the table says.
RULES: dict[str, str] = {
    "quotes": "best quotes (bookTicker) are not in their file",
    "taker": "a trade beyond our price by a taker of our own side",
    "late": "a trade that the depth we joined, or a decrease, holds already (venue's clock)",
    "credit": "traded lots explain one change of the size, or all of 250 ms",
    "whole": "queue places in real numbers",
}


def seen(events: list[Event], rules: frozenset[str]) -> list[Event]:
    """The market as it is under these rules."""
    return [event for event in events if type(event) is not BestQuote] if "quotes" in rules else events


@contextmanager
def theirs(rules: frozenset[str]) -> Iterator[None]:
    """Our paper venue with these rules of theirs."""
    made = type("TheirLevel", (_Level,), {"rules": rules, "__slots__": ()})
    before = matching.Level, HANDLERS[Trade]

    def on_trade(market: Matching, event: Trade) -> None:
        if "late" in rules:
            for order in market.orders.values():
                order.since = 0
        if "taker" in rules:
            hidden, market.best[event.side] = market.best[event.side], 0
            Matching.on_trade(market, event)
            market.best[event.side] = hidden
        else:
            Matching.on_trade(market, event)

    matching.Level = made  # type: ignore[misc]
    HANDLERS[Trade] = on_trade
    try:
        yield
    finally:
        matching.Level, HANDLERS[Trade] = before  # type: ignore[misc]


class _Level(Level):
    """Our queue of one price under some of their rules."""

    __slots__ = ()
    rules: frozenset[str] = frozenset()

    def observe(self, size: int, ts_event: int, optimistic: bool) -> None:
        if "late" in self.rules:
            for order in self.orders:
                order.gain = 0
        if "credit" in self.rules or "whole" in self.rules:
            self._observe(size, ts_event, optimistic)
        else:
            super().observe(size, ts_event, optimistic)
        if "late" in self.rules:
            self.loose = 0

    def _observe(self, size: int, ts_event: int, optimistic: bool) -> None:
        shown, self.shown = self.shown, size
        free = shown - size - self.credit
        if "credit" in self.rules:
            self.credit = 0
        else:
            self.credit = max(0, -free)
        for order in self.orders:
            ahead: float = order.ahead
            if free >= 0 and optimistic and shown:
                part = ahead * free
                ahead -= part / shown if "whole" in self.rules else part // shown
            order.ahead = min(ahead, size)  # type: ignore[assignment]

    def trade(self, size: int, ts_event: int) -> list[tuple[Resting, int]]:
        fills = super().trade(size, ts_event)
        return [(order, int(lots + 0.5)) for order, lots in fills if lots >= 0.5]
