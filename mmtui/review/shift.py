"""What happened in one session, as plain data: profit by part, side and interval, fills, obligations, incidents.

Rules of this file: the engine is run again over the tape and read; what people were told is taken from the tape itself.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from mmtui.core.earn.attribution import attribution, grouped, in_cents
from mmtui.core.earn.reading import earning
from mmtui.core.effects import Alert, Effect
from mmtui.core.engine import Engine
from mmtui.core.events import Command, Event, HostStarted
from mmtui.core.ledger.account import PARTS
from mmtui.core.ledger.ledger import money
from mmtui.review.export import opened
from mmtui.review.outcome import amount
from mmtui.tape.checkpoint import Checkpoints
from mmtui.tape.part import beginning
from mmtui.tape.reader import TapeReader
from mmtui.tape.recovery import roll

SECOND = 1_000_000_000
#: Lengths of an interval, minutes: the shortest with which a session has no more than ROWS of them.
INTERVALS = (1, 5, 15, 60, 240, 1_440)
ROWS, POINTS = 24, 150
#: Incidents told one by one; the rest is counted.
TOLD = 60
#: Acts of an operator that belong in a handover.
ACTS = frozenset({"start", "stop", "pause", "resume", "flatten", "close", "abort", "extend", "kill", "wide", "reduce"})


class Watcher:
    """Sees every record after the engine has: intervals, points of the charts, incidents."""

    def __init__(self, engine: Engine, start: int, end: int) -> None:
        self.engine = engine
        span = max(1, end - start)
        minutes = next((m for m in INTERVALS if span <= m * 60 * SECOND * ROWS), INTERVALS[-1])
        self.every, self.fine = minutes * 60 * SECOND, max(SECOND, span // POINTS)
        self.minutes = minutes
        self.slot, self.point = start // self.every, -1
        self.before = {part: Decimal(text) for part, text in _amounts(engine.ledger.parts()).items()}
        self.intervals: list[dict[str, Any]] = []
        self.points: list[tuple[float, float, float, float]] = []  # hours, total, spread, inventory
        self.start = start
        self.incidents: list[tuple[int, str, str]] = []  # ts, kind, text
        self.trips: Counter[str] = Counter()
        self.epochs = 0

    def see(self, event: Event, effects: list[Effect]) -> None:
        ts = event.ts
        slot = ts // self.every
        if slot != self.slot:
            self._close()
            self.slot = slot
        if (ts - self.start) // self.fine != self.point:
            self.point = (ts - self.start) // self.fine
            self._point(ts)
        if isinstance(event, Command) and event.action in ACTS:
            reason = f" ({event.reason})" if event.reason else ""
            self.incidents.append((ts, "act", f"{event.operator}: {event.action}{reason}"))
        elif isinstance(event, HostStarted):
            self.epochs += 1
            if event.cause == "recovery":
                self.incidents.append((ts, "restart", f"host restarted after a crash, life {event.epoch}"))
        for effect in effects:
            if isinstance(effect, Alert):
                self._alert(ts, effect)

    def _alert(self, ts: int, alert: Alert) -> None:
        if alert.code == "protection" and alert.severity == "warn":
            self.trips[alert.text] += 1
        elif alert.code == "state" and alert.severity == "danger":
            self.incidents.append((ts, "kill" if "KILLED" in alert.text else "halt", alert.text))
        elif alert.severity == "danger" or alert.code in ("limit", "kill"):
            self.incidents.append((ts, alert.code, alert.text))

    def _point(self, ts: int) -> None:
        parts = self.engine.ledger.parts()
        total, spread, inventory = (amount(n) for n in (sum(parts.values()), parts["spread"], parts["inventory"]))
        self.points.append(((ts - self.start) / 3_600e9, total, spread, inventory))

    def _close(self) -> None:
        """The interval that ends here, when anything was earned in it: in cents so far, so that columns add up too."""
        now = {part: Decimal(text) for part, text in _amounts(self.engine.ledger.parts()).items()}
        change = {part: now[part] - self.before[part] for part in now}
        self.before = now
        if any(change.values()):
            self.intervals.append({"from": self.slot * self.every, **{part: str(n) for part, n in change.items()}})

    def close(self) -> None:
        self._close()
        self._point(self.engine.ts)


def gather(directory: Path) -> dict[str, Any]:
    """Everything that a report says of a session. Raises UserError and SourceError for one that cannot be read."""
    reader = opened(directory)
    begun = beginning(reader)
    engine = begun.engine
    watcher = Watcher(engine, reader.start, reader.end)
    place, lost = roll(reader, begun, watcher.see)
    watcher.close()
    said = f"records from {place.number} on are lost: what follows is of the {place.number:,} before them"
    return {
        "session": reader.header.session,
        "desk": engine.setup.name,
        "mode": engine.setup.mode,
        "ccy": engine.setup.currency,
        "start": reader.start,
        "end": engine.ts,
        "records": place.number,
        "closed": reader.closed,
        "lives": watcher.epochs,
        "state": engine.lattice.desk.name,
        "state_reason": engine.lattice.reasons.get("desk", ""),
        "trouble": [*([said] if lost else []), *reader.damage],
        "pnl": _amounts(engine.ledger.parts()),
        "instruments": {engine.name(i): _instrument(engine, i) for i in range(len(engine.accounts))},
        "lines": _lines(engine),
        "interval_minutes": watcher.minutes,
        "intervals": watcher.intervals,
        "points": watcher.points,
        "obligations": _meters(engine),
        "days": days(engine),
        "incidents": watcher.incidents[:TOLD],
        "more_incidents": max(0, len(watcher.incidents) - TOLD),
        "trips": watcher.trips.most_common(),
        "unknown_orders": engine.tracker.unknown(),
    }


def days(engine: Engine) -> list[dict[str, Any]]:
    """Every day of every programme that this session has looked at."""
    return [
        {"name": meter.terms.name, "required": meter.required, **one._asdict()}
        for meter in engine.obligations.meters
        for one in (*meter.days, meter.today())
        if one.taken
    ]


def _amounts(parts: dict[str, int]) -> dict[str, str]:
    return {"total": money(sum(parts.values())), **in_cents(parts)}


def _instrument(engine: Engine, i: int) -> dict[str, Any]:
    account, times, flow = engine.accounts[i], engine.watch.times[i], engine.earn.flows[i]
    grid, total = account.grid, times.total or 1
    return {
        "pnl": _amounts(account.parts),
        "position": grid.size_text(account.position),
        "open_orders": engine.tracker.count[i],
        "quotes": flow.placed[1] + flow.placed[-1],
        "fills": account.fills,
        "bought": grid.size_text(account.bought),
        "sold": grid.size_text(account.sold),
        "quoting_s": times.total / SECOND,
        "uptime": times.both / total,
        **earning(engine, i)._asdict(),
    }


def _lines(engine: Engine) -> list[dict[str, Any]]:
    rows = grouped(attribution(engine.ledger), "instrument", "purpose", "side", "level")
    names = ("instrument", "purpose", "side", "level")
    return [
        {**dict(zip(names, key, strict=True)), **_amounts({part: row[part] for part in PARTS})}
        for key, row in rows.items()
    ]


def _meters(engine: Engine) -> list[dict[str, Any]]:
    """The meters as they stood at the end."""
    found = [meter.reading(engine.ts) for meter in engine.obligations.meters]
    return [{**one._asdict(), "earned": one.earned} for one in found]


def final(directory: Path) -> Engine:
    """A session's last state, from its nearest checkpoint. What is lost of it is left out."""
    reader = TapeReader(directory)
    loaded = Checkpoints(directory, reader.header).load(reader.count)
    loaded = loaded or beginning(reader)
    roll(reader, loaded)
    return loaded.engine
