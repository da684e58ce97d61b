"""A what-if beside a replay: the recorded market again with the desk as it was and with other parameters, in lockstep.

Both run on the paper venue (pessimistic fills) from the first record, ahead of what the screen shows; their figures are
kept at so many instants of the session, and the first decision that differs is named.

Rules of this file: reads a tape of its own; the replay's engine is never touched.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

import msgspec

from mmtui.core.effects import CancelOrder, Effect, PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.errors import Refusal
from mmtui.core.events import MARKET, Command, Event
from mmtui.core.ledger.ledger import money
from mmtui.core.parameters import changed
from mmtui.core.setup import DeskSetup
from mmtui.link.replayed import Mark, RunRow, RunView, WhatifView
from mmtui.tape.part import beginning, is_part, market, present
from mmtui.tape.reader import TapeReader
from mmtui.venues.paper_desk import LEFT_OUT, PaperDesk

#: Instants of a session at which figures are kept, and the closest together.
SAMPLES = 4_000
CLOSEST_NS = 100_000_000
_KINDS: frozenset[type] = frozenset(MARKET)
_DECISIONS = (PlaceOrder, CancelOrder)
#: Acts that may change a parameter.
_PARAMETERS = frozenset({"set", "profile", "revert", "undo"})
WAS, CHANGED = "as it was", "what if"


class Difference(NamedTuple):
    """The first decision that is not the same: when, and what each desk did then."""

    ts: int
    was: str
    changed: str


class _Side:
    """One of the two desks, with the decisions that its last event caused."""

    def __init__(self, setup: DeskSetup) -> None:
        self.decisions: list[Effect] = []
        self.desk = PaperDesk(setup, "pessimistic", self._record)
        self.samples: list[RunView] = []

    def _record(self, event: Event, effects: list[Effect]) -> None:
        if effects:
            self.decisions += [effect for effect in effects if isinstance(effect, _DECISIONS)]


class WhatIf:
    """Two desks over one tape. `what`: the changes, as text. Raises Refusal for a parameter that cannot be."""

    def __init__(self, reader: TapeReader, changes: Mapping[str, object], instrument: str = "") -> None:
        """instrument: the only one that is changed; "": all of them."""
        self.what = " ".join(f"{key}={value}" for key, value in changes.items())
        self.what += f" on {instrument}" if instrument else ""
        self.changes = changes
        self.difference: Difference | None = None
        self.wrong = ""
        self.done = False
        self._sets = 0
        self._reader = reader
        begun = beginning(reader).engine
        setup = present(begun)
        fresh = Engine(setup)
        self._scope = setup.index(instrument) if instrument else -1
        if instrument and self._scope < 0:
            raise Refusal(f"no instrument {instrument!r} in this session")
        quoting = [
            changed(fresh, i, item.quoting, changes) if self._scope in (-1, i) else item.quoting
            for i, item in enumerate(setup.instruments)
        ]
        pairs = zip(setup.instruments, quoting, strict=True)
        other = [msgspec.structs.replace(item, quoting=params) for item, params in pairs]
        self._was, self._then = _Side(setup), _Side(msgspec.structs.replace(setup, instruments=other))
        self._every = max(CLOSEST_NS, (reader.end - reader.start) // SAMPLES)
        self._instants: list[int] = []
        self.at = reader.start
        before = market(begun, reader.start) if is_part(reader.header) else []
        self._events: Iterator[Event] = chain(before, (event for _, event, _ in reader.records()))
        for side in (self._was, self._then):
            side.desk.start(reader.start)

    def slice(self, stop: int) -> bool:
        """Go on until the monotonic instant `stop`; True while there is more."""
        for event in self._events:
            if event.ts - (self._instants[-1] if self._instants else 0) >= self._every:
                self._sample()
            try:
                self._feed(event)
            except Exception as error:  # a tape with a hole: said, and the rest is not guessed
                self.wrong = f"the what-if cannot go on: {type(error).__name__}: {error}"
                break
            if time.monotonic_ns() >= stop:
                return True
        self._sample()
        self.done = True
        return False

    def _feed(self, event: Event) -> None:
        was, then = self._was, self._then
        if event.__class__ in _KINDS:
            was.desk.runner.feed(event)
            then.desk.runner.feed(event)
        elif isinstance(event, Command) and event.action not in LEFT_OUT:
            was.desk.runner.command(event)
            then.desk.runner.command(event)
            if event.action in _PARAMETERS:
                self._again(event.ts)
        else:
            return
        self.at = event.ts
        if self.difference is None and was.decisions != then.decisions:
            self.difference = Difference(self.at, _words(was, self.at), _words(then, self.at))
        was.decisions.clear()
        then.decisions.clear()

    def _again(self, ts: int) -> None:
        """A recorded change of parameters must not take back what this what-if sets."""
        self._sets += 1
        args = msgspec.json.encode(self.changes).decode()
        name = f"what-if-{self._sets}"
        self._then.desk.runner.command(
            Command(ts, name, "what-if", "operator", "what-if", 0, "set", args, i=self._scope)
        )

    def _sample(self) -> None:
        self._instants.append(self.at)
        self._was.samples.append(run_view(WAS, self._was.desk.engine))
        self._then.samples.append(run_view(CHANGED, self._then.desk.engine))

    def mark(self) -> list[Mark]:
        """On the time line: the first decision that differs."""
        return [Mark(self.difference.ts, "whatif", self.difference.changed)] if self.difference else []

    def view(self, at: int, recorded: Engine) -> WhatifView:
        """Both runs as they stood at an instant (the last figures kept before it), and what was recorded."""
        k = bisect_right(self._instants, at) - 1
        runs = [run_view("recorded", recorded)]
        if k >= 0:
            runs += [self._was.samples[k], self._then.samples[k]]
        span = max(1, self._reader.end - self._reader.start)
        first = self.difference
        return WhatifView(
            what=self.what,
            progress=1.0 if self.done else (self.at - self._reader.start) / span,
            at=self._instants[k] if k >= 0 else 0,
            runs=runs,
            first=first.ts if first else 0,
            was=first.was if first else "",
            then=first.changed if first else "",
            wrong=self.wrong,
        )


def run_view(name: str, engine: Engine) -> RunView:
    """The figures of a desk now."""
    rows = []
    for i, account in enumerate(engine.accounts):
        quoter, grid = engine.quoters[i], account.grid
        bid, ask = quoter.slots[1][0], quoter.slots[-1][0]
        rows.append(
            RunRow(
                id=account.instrument.id,
                bid=grid.price_text(bid.px) if bid is not None else "",
                ask=grid.price_text(ask.px) if ask is not None else "",
                bid_size=grid.size_text(bid.sz - bid.filled) if bid is not None else "",
                ask_size=grid.size_text(ask.sz - ask.filled) if ask is not None else "",
                reason_bid=quoter.reasons[1],
                reason_ask=quoter.reasons[-1],
                position=grid.size_text(account.position),
                orders=engine.tracker.sent[i],
                fills=account.fills,
                pnl=money(account.total()),
            )
        )
    parts = engine.ledger.parts()
    pnl = {"total": money(sum(parts.values())), **{part: money(units) for part, units in parts.items()}}
    return RunView(name=name, rows=rows, pnl=pnl)


def _words(side: _Side, ts: int) -> str:
    """What a desk decided then, as text."""
    if not side.decisions:
        return "nothing"
    engine = side.desk.engine
    out = []
    for one in side.decisions[:3]:
        if isinstance(one, PlaceOrder):
            grid = engine.accounts[one.i].grid
            word = "BUY" if one.side > 0 else "SELL"
            out.append(f"{engine.name(one.i)} {word} {grid.size_text(one.sz)} @ {grid.price_text(one.px)}")
        elif isinstance(one, CancelOrder):
            out.append(f"{engine.name(one.i)} cancel {one.oid}")
    more = f" and {len(side.decisions) - 3} more" if len(side.decisions) > 3 else ""
    return ", ".join(out) + more


def refused(why: str) -> WhatifView | None:
    """A what-if that cannot be, as the cockpit is told; None where none was asked for."""
    return WhatifView(what="", progress=0.0, at=0, runs=[], wrong=why) if why else None
