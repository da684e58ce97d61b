"""What a soak has shown: the venues' journals say what was true, the tape what the desk knew and when.

Rules of this file: reads what is on disk after the end; a breach is one sentence; figures are measured, never assumed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from soak_stage import MAX_POSITION, Stage

from mmtui.core.effects import Adjust, Latch, PlaceOrder
from mmtui.core.events import AccountStatus, Command, Fill, HostStarted, OrderFound
from mmtui.core.orders.reconcile import ADOPTED
from mmtui.core.orders.table import State
from mmtui.tape.part import beginning
from mmtui.tape.reader import TapeReader
from mmtui.venues.facts import facts_of
from mmtui.venues.loopback.journal import read

SECOND = 1_000_000_000
BY_STREAM_S, BY_SWEEP_S, UNKNOWN_S = 1.0, 10.0, 5.0
#: Clocks are the same; an instant of the tape may be this much before the write that it follows.
SLACK = 1_000_000


class VenueOrder:
    """What the venue's own log says of one order of ours. Instants 0: not."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.id: int = row["id"]
        self.side: int = row["side"]
        self.sz: int = row["sz"]
        self.by: str = row["by"]
        self.began: int = row["at"]
        self.ended = 0
        self.filled = 0

    def open_at(self, at: int) -> bool:
        return self.began <= at and (not self.ended or self.ended > at)


class Truth:
    """One venue's journal."""

    def __init__(self, protocol: str, path: Path, head: str) -> None:
        self.protocol = protocol
        self.rows = read(path)
        self.orders: dict[int, VenueOrder] = {}  # by number of ours
        self.by_id: dict[int, VenueOrder] = {}
        self.fills: dict[str, int] = {}  # trade -> number of our order
        self.double: list[str] = []
        self.worst = 0.0  # share of the limit that position and open orders came to
        self.over: list[str] = []
        self._live: list[VenueOrder] = []
        number: dict[int, int] = {}
        position, limit = Decimal(0), Decimal(1)
        lot = Decimal(1)
        base = {"binance-spot": "BTC"}.get(protocol, "")
        for row in self.rows:
            kind = row["k"]
            if kind == "life":
                lot = Decimal(row["symbols"]["BTCUSDT"][1])
                limit = Decimal(MAX_POSITION) / lot
            elif kind == "new":
                order = self.by_id[row["id"]] = VenueOrder(row)
                if not order.by:
                    self._live.append(order)
                if row["client"].startswith(head):
                    oid = number[row["id"]] = int(row["client"][len(head) :])
                    if oid in self.orders:
                        self.double.append(f"{protocol}: client id {row['client']} was created twice")
                    self.orders[oid] = order
            elif kind == "fill":
                order = self.by_id[row["order"]]
                order.filled += row["sz"]
                if order.filled >= order.sz:
                    order.ended = row["at"]
                position += row["side"] * row["sz"]
                if base and row["asset"] == base:
                    position -= Decimal(row["fee"]) / lot
                self.fills[str(row["id"])] = number.get(row["order"], 0)
            elif kind == "end":
                self.by_id[row["order"]].ended = row["at"]
            elif kind == "refused" and row["code"] in (-4116,):
                self.double.append(f"{protocol}: client id {row['client']} was sent twice")
            if kind in ("new", "fill"):
                self._limits(position, limit, row["at"])

    def _limits(self, position: Decimal, limit: Decimal, at: int) -> None:
        """Orders that were put there by hand are not the desk's."""
        self._live = [one for one in self._live if not one.ended]
        buys = sum(one.sz - one.filled for one in self._live if one.side > 0)
        sells = sum(one.sz - one.filled for one in self._live if one.side < 0)
        most = max(position + buys, -(position - sells))
        self.worst = max(self.worst, float(most / limit))
        if most > limit + 2:  # fees in the base asset are less than a lot each
            self.over.append(f"{self.protocol}: {most} lots of {limit} allowed at {at}")

    def open_at(self, at: int) -> list[int]:
        return [oid for oid, one in self.orders.items() if one.open_at(at) and not one.by]


class Judge:
    """Of one run."""

    def __init__(self, stage: Stage, last: dict[str, Any]) -> None:
        self.stage = stage
        self.last = last
        self.breaches: list[str] = []
        self.late: list[str] = []  # what was right, and took too long
        self.figures: list[tuple[str, str]] = []
        self.truths = {one: Truth(one, path, stage.head()) for one, path in stage.journals.items()}
        self.reader = TapeReader(stage.home.state / "sessions" / stage.desk.ready["session"])
        self.placed: dict[int, tuple[int, int, str]] = {}  # order -> record, instant, venue
        self.told: set[tuple[str, str]] = set()  # venue, trade
        self.kills: list[tuple[int, int]] = []  # kill accepted: record, instant
        self.resumes: list[int] = []
        self.proven: list[int] = []
        self.lives: list[int] = []
        self.dead: list[tuple[int, int]] = []  # from the last record of a life to the first of the next
        self._ts = 0
        self.found: dict[int, int] = {}
        self.streams: dict[str, list[tuple[int, bool]]] = {}  # venue -> since when its private stream is up, or down
        self.doubted: dict[int, list[int]] = {}  # order -> instants at which it became UNKNOWN, or ended
        self.unknown: list[tuple[int, int, int, str]] = []  # order, since, until, what it became
        self.ends: dict[int, tuple[int, str]] = {}

    def breach(self, text: str) -> None:
        self.breaches.append(text)

    def _at(self, i: int) -> str:
        return str(self.reader.header.setup.instruments[i].instrument.venue)

    def run(self) -> Judge:
        self._replay()
        self._venues()
        self._fills()
        self._kills()
        self._unknown()
        self._orphans()
        return self

    # -- the tape, with the engine beside it ---------------------------------------------------------------------

    def _replay(self) -> None:
        engine: Any = beginning(self.reader).engine
        tracker, sweeper = engine.tracker, engine.sweeper
        since: dict[int, int] = {}
        before: dict[int, Any] = {}
        proven = True
        records = 0
        for number, event, effects in self.reader.records():
            records += 1
            made = engine.process(event)
            if made != effects:
                self.breach(f"record {number}: the engine made other effects than the tape has")
            self._record(number, event, effects)
            ts = event.ts
            for oid, order in tracker.open.items():
                if order.state is State.UNKNOWN and oid not in since:
                    since[oid] = ts
                    self.doubted.setdefault(oid, []).append(ts)
                elif order.state is not State.UNKNOWN and oid in since:
                    self.unknown.append((oid, since.pop(oid), ts, order.state.name))
            gone = [oid for oid in before if oid not in tracker.open]
            for oid in gone:
                state = before[oid].state.name
                self.ends[oid] = (ts, state)
                self.doubted.setdefault(oid, []).append(ts)
                if oid in since:
                    self.unknown.append((oid, since.pop(oid), ts, state))
            if gone or len(before) != len(tracker.open):
                before = dict(tracker.open)
            if sweeper.proven() is not proven:
                proven = not proven
                if proven:
                    self.proven.append(ts)
        self.still = len(since)
        self.engine = engine
        self.figures.append(("records on the tape; lives of the host", f"{records}; {len(self.lives)}"))
        for sentence in self.reader.check():
            self.breach(f"the tape: {sentence}")

    def _record(self, number: int, event: Any, effects: Iterable[Any]) -> None:
        if type(event) is Command:
            if event.action == "kill":
                self.kills.append((number, event.ts))
            elif event.action == "resume":
                self.resumes.append(event.ts)
        elif type(event) is Fill:
            self.told.add((self._at(event.i), event.trade_id))
        elif type(event) is OrderFound:
            self.found.setdefault(event.oid, event.ts)
        elif type(event) is AccountStatus:
            venue = self.reader.header.setup.venues[event.v]
            self.streams.setdefault(venue, []).append((event.ts, event.connected))
        elif type(event) is HostStarted:
            self.lives.append(event.ts)
            self.dead.append((self._ts or event.ts, event.ts))
            if any(text.startswith("KILLED") for text in event.latched.values()):
                self.kills.append((number, event.ts))
        self._ts = event.ts
        for effect in effects:
            if type(effect) is PlaceOrder:
                self.placed[effect.oid] = (number, event.ts, self._at(effect.i))
            elif type(effect) is Adjust and effect.why != ADOPTED:
                self.breach(f"record {number}: a position break: {effect.why}")
            elif type(effect) is Latch and effect.state == "HALTED":
                self.breach(f"record {number}: HALTED {effect.scope}: {effect.reason}")

    # -- invariants ------------------------------------------------------------------------------------------------

    def _venues(self) -> None:
        for one in self.truths.values():
            self.breaches += one.double + one.over[:3]
            placed = sum(1 for order in one.orders.values() if not order.by)
            self.figures.append((f"{one.protocol}: orders; fills", f"{placed}; {len(one.fills)}"))
            self.figures.append((f"{one.protocol}: position + open orders at most", f"{one.worst:.0%} of the limit"))
            for oid, order in one.orders.items():
                if not order.by and oid not in self.placed:
                    self.breach(f"{one.protocol}: order {oid} is not on the tape")

    def _fills(self) -> None:
        """Every execution of the venue is on the tape, and was booked once."""
        made = {(one.protocol, trade) for one in self.truths.values() for trade in one.fills}
        for venue, trade in sorted(made - self.told)[:3]:
            self.breach(f"{venue}: fill {trade} is not on the tape")
        for venue, trade in sorted(self.told - made)[:3]:
            self.breach(f"{venue}: fill {trade} is on the tape, and the venue has none")
        for i, account in enumerate(self.engine.accounts):
            one, booked = self.truths[self._at(i)], account.fills
            if booked != len(one.fills):
                self.breach(f"{one.protocol}: {len(one.fills)} executions, {booked} booked")

    def _kills(self) -> None:
        """After a kill nothing is created but what was on its way; when zero is proven, it is true, and stays."""
        under_way = 0
        took: list[float] = []
        for number, at in self.kills:
            until = min((one for one in self.resumes if one > at), default=1 << 62)
            proof = next((one for one in self.proven if at < one < until), 0)
            if proof:
                took.append((proof - at) / SECOND)
            for one in self.truths.values():
                late = (facts_of(one.protocol).expiry_ms or 0) * 1_000_000 + SECOND // 2
                for oid, order in one.orders.items():
                    if order.by or not at < order.began < until:
                        continue
                    under_way += 1
                    record, sent, _ = self.placed.get(oid, (number, at, ""))
                    if record >= number:
                        self.breach(f"{one.protocol}: order {oid} was sent after a kill")
                    elif order.began - sent > late:
                        self.breach(f"{one.protocol}: order {oid} was taken {order.began - sent} ns after it was sent")
                    elif proof and order.began > proof:
                        self.breach(f"{one.protocol}: order {oid} was taken after zero was proven")
                for oid in one.open_at(proof) if proof else ():
                    self.breach(f"{one.protocol}: zero was proven, and order {oid} was open")
        unproven = len(self.kills) - len(took)
        self.figures.append(("kills (pressed, guard's, latched at a start)", f"{len(self.kills)}"))
        more = f", {unproven} superseded" if unproven else ""
        self.figures.append(("... zero proven, s (p50 p99 max)", spread(took) + more))
        self.figures.append(("... creates already under way, taken by the venue", str(under_way)))
        self._strikes()

    def _strikes(self) -> None:
        """The guard's own word, with the engine dead."""
        strikes, took = 0, []
        for line in self.stage.desk.guard_log().splitlines():
            row = json.loads(line) if line.startswith("{") else {}
            if row.get("event") != "zero":
                continue
            strikes += 1
            for venue, said in row["venues"].items():
                if said["verified_ms"] is None:
                    continue
                took.append(said["verified_ms"] / 1e3)
                at = row["at"] + round(said["verified_ms"] * 1e6) + 50_000_000
                until = min((one for one in self.resumes if one > at), default=1 << 62)
                late = [one for one in self.truths[venue].orders.values() if at < one.began < until and not one.by]
                if late or self.truths[venue].open_at(at):
                    self.breach(f"{venue}: the guard has said zero, and orders were open")
        self.figures.append(("strikes of the guard", str(strikes)))
        self.figures.append(("... zero verified, s (p50 p99 max)", spread(took)))

    # -- doubts ------------------------------------------------------------------------------------------------------

    def _unknown(self) -> None:
        took, raw = [], []
        for oid, since, until, became in self.unknown:
            venue = self.placed[oid][2] if oid in self.placed else self._venue_of(oid)
            raw.append((until - since) / SECOND)
            took.append((until - since - self._outage(venue, since, until)) / SECOND)
            if became == "LIVE":
                order = self.truths[venue].orders.get(oid)
                if order is None or order.began > until:
                    self.breach(f"{venue}: UNKNOWN order {oid} was taken for live, and the venue had none")
        for oid, (at, state) in self.ends.items():
            venue = self.placed[oid][2] if oid in self.placed else self._venue_of(oid)
            order = self.truths[venue].orders.get(oid)
            if order is not None and (order.began > at + SLACK or order.open_at(at + SLACK)):
                self.breach(f"{venue}: order {oid} was taken for {state} at {at}, and was open (or came) then")
            if order is None and state == "FILLED":
                self.breach(f"{venue}: order {oid} was taken for FILLED, and the venue had none")
        if self.still:
            self.breach(f"{self.still} orders are UNKNOWN at the end")
        self.figures.append(("UNKNOWN orders resolved", str(len(raw))))
        self.figures.append(("... s, desk and venue being alive (p50 p99 max)", spread(took)))
        self.figures.append(("... s, as they were (p50 p99 max)", spread(raw)))
        if took and quantile(sorted(took), 0.99) > UNKNOWN_S:
            self.late.append(f"UNKNOWN resolved p99 {quantile(sorted(took), 0.99):.2f} s, above {UNKNOWN_S:.0f} s")

    def _venue_of(self, oid: int) -> str:
        return next((one.protocol for one in self.truths.values() if oid in one.orders), next(iter(self.truths)))

    def _outage(self, venue: str, since: int, until: int) -> int:
        """ns of an interval in which the desk was dead, or the venue was dead or refused everybody."""
        out = at = 0
        for a, b in sorted(self.dead + [(a, b) for one, a, b in self.stage.outages if one == venue]):
            a, b = max(a, since, at), min(b, until)
            if b > a:
                out += b - a
                at = b
        return out

    def _streamed(self, venue: str, at: int) -> bool:
        """Whether the desk's private stream was up; what happens while it is down only a sweep can find."""
        since, up = max((one for one in self.streams.get(venue, ()) if one[0] <= at), default=(0, False))
        return up and not any(since < life <= at for life in self.lives)

    def _orphans(self) -> None:
        """By stream, or, where no stream told (`quiet`, or it was down), by sweep."""
        rows: dict[tuple[str, bool], list[float]] = {}
        for at, kind, protocol, oid, quiet in self.stage.orphans:
            seen: Callable[[], int | None] = (
                (lambda oid=oid: self.found.get(oid)) if kind == "placed" else
                (lambda oid=oid, at=at: next((one for one in self.doubted.get(oid, ()) if one > at), None))
            )  # fmt: skip
            when = seen()
            if when is None:
                self.breach(f"{protocol}: order {oid}, {kind} behind the desk, was never noticed")
                continue
            rows.setdefault((kind, quiet or not self._streamed(protocol, at)), []).append((when - at) / SECOND)
            if kind == "placed" and not self.truths[protocol].orders[oid].ended:
                self.breach(f"{protocol}: order {oid}, {kind} behind the desk, is open")
        for (kind, quiet), times in sorted(rows.items()):
            limit = BY_SWEEP_S if quiet else BY_STREAM_S
            how = "by sweep" if quiet else "by stream"
            what = "orphans found" if kind == "placed" else "cancelled behind: noticed"
            self.figures.append((f"{what} {how} ({len(times)}), s (p50 p99 max)", spread(times)))
            if max(times) > limit:
                self.late.append(f"{what} {how} only after {max(times):.2f} s, above {limit:.0f} s")


def quantile(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, round(share * len(times)))]


def spread(times: list[float]) -> str:
    if not times:
        return "none"
    times = sorted(times)
    return f"{quantile(times, 0.5):.2f} {quantile(times, 0.99):.2f} {times[-1]:.2f}"
