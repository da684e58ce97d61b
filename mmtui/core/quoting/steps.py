"""The steps of the price beyond the plain ones, prepared for one instrument: what is on, and what it remembers.

Rules of this file: puts fair.py, signals.py and width.py together and keeps what they learned over a change of
parameters; formulas stand there.
"""

from __future__ import annotations

from mmtui.core.quoting import signals as signal_steps
from mmtui.core.quoting.fair import Fair, Feeds, Slots
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.signals import Signals
from mmtui.core.quoting.width import Widening

#: Kinds of fair value that the quick path makes, as long as no own order is to be taken out.
PLAIN = ("mid", "micro", "weighted", "other")


class Steps:
    """Fair value, signals and widening of one instrument."""

    __slots__ = ("fair", "idle_fair", "signals", "widening")

    def __init__(self, params: Quoting, live: bool, last: Steps | None) -> None:
        self.fair: Fair = Fair(params, live, last.fair if last is not None else None)
        self.signals: Signals | None = None
        if signal_steps.weights(params) or params.target_kind == "trend":
            self.signals = Signals(params, last.signals if last is not None else None)
        self.widening: Widening = Widening(params, last.widening if last is not None else None)
        kind = params.fair_value
        own_book = kind == "other" or not self.fair.filtered
        self.idle_fair = kind in PLAIN and own_book and (kind != "other" or params.basis == "none")

    @property
    def idle(self) -> bool:
        """The plain steps are all that is on."""
        return self.idle_fair and self.signals is None and self.widening.idle

    def moved(self, feeds: Feeds, i: int, slots: Slots, ts: int) -> None:
        """The mid of the own book has moved."""
        if self.fair.remembers:
            self.fair.note(feeds, i, slots, ts)
        if self.signals is not None:
            self.signals.momentum.note(ts, feeds.books[i].mid2())

    def said(self) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """What each signal and each widening says now, bps."""
        return (self.signals.said if self.signals is not None else []), self.widening.said

    def momentum(self, ts: int) -> float:
        """Momentum in bps, 0.0 while nothing asks for it."""
        return self.signals.momentum.bps(ts) if self.signals is not None else 0.0

    def rescale(self, px: int, sz: int) -> None:
        """A finer tick or lot."""
        self.fair.rescale(px)
        if self.signals is not None:
            self.signals.momentum.rescale(px)
            self.signals.flow.rescale(sz)

    def digest(self) -> tuple[object, ...]:
        signals = self.signals.digest() if self.signals is not None else ()
        return (self.fair.digest(), signals, self.widening.digest())
