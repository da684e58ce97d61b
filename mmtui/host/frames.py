"""What the engine knows, as the messages that cockpits receive: frames, lossless items, status.

Rules of this file: reads the engine and never changes it; what is not known is said, not guessed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from mmtui.core import events as ev
from mmtui.core.earn.attribution import in_cents
from mmtui.core.earn.reading import probabilities
from mmtui.core.effects import Alert, Effect, Result
from mmtui.core.engine import Engine
from mmtui.core.ledger.account import HORIZONS, PARTS
from mmtui.core.ledger.ledger import UNIT, money
from mmtui.core.risk.watch import Reading
from mmtui.core.tasks import Plan, plan
from mmtui.host.earn_parts import earn_status, earn_view, line_views, obligation_views
from mmtui.host.entries import SPOKEN, alert_item, event_item, result_item
from mmtui.host.frame_parts import asset_view, base_text, book_view, instrument_view, trip_view, venue_view, why_status
from mmtui.host.latency import Latencies
from mmtui.host.leg_parts import leg_status
from mmtui.host.risk_gauges import readings
from mmtui.host.risk_parts import Meter, risk_status
from mmtui.link import messages as m
from mmtui.link.earned import EarnView, LineView
from mmtui.link.guarded import GuardView
from mmtui.link.parts import Gauge, OwnOrder, PlanView, PnlView, TaskView, VenueView
from mmtui.link.replayed import ReplayView

#: Entries of each kind that a Snapshot of the lossless lane holds.
KEEP = 200
HISTORY = 600
SECOND = 1_000_000_000
PLAN_EVERY = SECOND // 2
EARN_EVERY = SECOND
#: Sets of books looked at that are remembered.
VIEWS_MAX = 64


@dataclass
class Extras:
    """What a frame says beside the engine's state: the host's own measures."""

    now: int = 0  # engine clock; 0: that of the last event
    loop_lag_ms: float = 0.0
    cockpits: int = 0
    operators: list[str] = field(default_factory=list)
    replay: ReplayView | None = None
    blocked_us: int = 0  # of the last kill: command received to state latched
    sent_us: int = -1  # ... to the last cancel handed out
    mode: str = "PAPER"
    session: str = ""
    execution: str = "paper"
    guards: list[GuardView] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)  # gauges of the host
    clocks: dict[str, tuple[float, float]] = field(default_factory=dict)  # venue -> its clock less ours, error; ms


class FrameBuilder:
    """Builds messages of one engine. `items` must see every record, in order."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.n = 0
        self.kept: dict[str, deque[m.Item]] = {}
        self.history: deque[float] = deque(maxlen=HISTORY)
        self.meter = Meter(engine)
        self.latencies = Latencies(engine)
        self.second = 0
        self._plans: list[PlanView] = []
        self._planned = 0
        self._earn: list[EarnView] = []
        self._lines: list[LineView] = []
        self._chances: dict[int, float] = {}
        self._earned = 0
        self._wholes: dict[tuple[str, ...], int] = {}  # books looked at -> second in which all were sent whole

    # ------------------------------------------------------------ lossless lane

    def items(self, event: ev.Event, effects: list[Effect]) -> list[m.Item]:
        """Entries of the lossless lane that a record causes, numbered."""
        kind = event.__class__
        if kind is ev.Timer and event.ts // SECOND != self.second:
            self.second = event.ts // SECOND
            self.history.append(self.engine.ledger.total() / UNIT)
            self.meter.sample(self.second)
            self.latencies.second(self.second)
        if not effects and kind not in SPOKEN:
            return []
        out: list[m.Item] = []
        if isinstance(event, ev.OrderAccepted):
            self.latencies.accepted(event)
        if kind in SPOKEN:
            item = event_item(self.engine, event)
            if item is not None:
                out.append(item)
        for effect in effects:
            if isinstance(effect, Alert):
                out.append(alert_item(self.engine, effect, event.ts))
            elif isinstance(effect, Result):
                out.append(result_item(effect, event.ts))
        for item in out:
            self.n += 1
            item.n = self.n
            self.kept.setdefault(item.kind, deque(maxlen=KEEP)).append(item)
        return out

    def _venue(self, v: int, now: int, extras: Extras) -> VenueView:
        """A venue, with how late it is and how its clock stands."""
        view = venue_view(self.engine, v, now, extras.execution)
        view.feed_ms, view.order_ms = self.latencies.of(v)
        view.clock_ms = extras.clocks.get(view.id)
        return view

    def snapshot(self) -> m.Snapshot:
        items = sorted((item for kept in self.kept.values() for item in kept), key=lambda item: item.n)
        return m.Snapshot(n=self.n, items=items)

    # ------------------------------------------------------------ conflated lane

    def frame(self, view: m.View, extras: Extras) -> m.Frame:
        """Everything that has a value now, for what the cockpit shows."""
        engine = self.engine
        now = extras.now or engine.ts
        wanted = None if view.instruments is None else set(view.instruments)
        shown = [i for i in range(len(engine.books)) if wanted is None or engine.name(i) in wanted]
        lattice = engine.lattice
        self._look(now)
        near = self._near(view, now)
        return m.Frame(
            ts=now,
            version=engine.version,
            state=lattice.desk.name,
            state_since=lattice.since,
            state_reason=lattice.reasons.get("desk", ""),
            ended=engine.ended,
            books=[book_view(engine, i, view.depth, now, near is None or engine.name(i) in near) for i in shown],
            orders=[self._order(order, now) for order in engine.tracker.open.values()],
            instruments=[instrument_view(engine, i, now) for i in range(len(engine.books))],
            venues=[self._venue(v, now, extras) for v in range(len(engine.setup.venues))],
            assets=[asset_view(engine, asset) for asset in engine.tasks.desk.assets()],
            gauges=[
                Gauge(
                    name=one.name,
                    scope=one.scope,
                    share=one.share,
                    text=one.text,
                    level=one.level,
                    fires_at=one.fires_at,
                )
                for one in [*engine.watch.readings(engine), *readings(engine, self.meter.view(now)), *extras.readings]
            ],
            pnl=self._pnl(),
            tasks=[
                TaskView(
                    kind=task.kind,
                    scope=task.asset,
                    text=task.text,
                    progress=float(1 - task.left / task.start) if task.start else 0.0,
                    left=f"{task.left.normalize():f}",
                    at_cap=task.at_cap,
                )
                for task in engine.tasks.running.values()
            ],
            plans=self._plan_views(now),
            trip=trip_view(engine, now, extras.blocked_us, extras.sent_us),
            replay=extras.replay,
            loop_lag_ms=extras.loop_lag_ms,
            cockpits=extras.cockpits,
            operators=extras.operators,
            earn=self._earn,
            lines=self._lines,
            obligations=obligation_views(engine, now),
            risk=self.meter.view(now),
            guards=extras.guards,
        )

    def _near(self, view: m.View, now: int) -> set[str] | None:
        """Instruments whose books are sent whole now; None, with the first frame of a second: all."""
        if view.near is None:
            return None
        key = tuple(view.near)
        second = now // SECOND
        if self._wholes.get(key) != second:
            if len(self._wholes) > VIEWS_MAX:
                self._wholes.clear()
            self._wholes[key] = second
            return None
        return set(key)

    def _look(self, now: int) -> None:
        """How the desk earns costs a walk through the books: made anew once a second."""
        if self._earned and 0 <= now - self._earned < EARN_EVERY:
            return
        self._earned = now
        self._earn = [earn_view(self.engine, i) for i in range(len(self.engine.books))]
        self._lines = line_views(self.engine)
        self._chances = probabilities(self.engine, now)

    def _order(self, order: Any, now: int) -> OwnOrder:
        return OwnOrder(
            oid=order.oid,
            instrument=self.engine.name(order.i),
            side=order.side,
            px=order.px,
            sz=order.sz,
            left=order.left,
            ahead=order.ahead,
            state=order.state.name,
            purpose=order.purpose,
            level=order.level,
            age_ms=(now - order.sent_ts) // 1_000_000,
            filled=order.filled,
            to_px=order.amend.px if order.amend is not None else 0,
            to_sz=order.amend.sz if order.amend is not None else 0,
            fill_probability=self._chances.get(order.oid, -1.0),
        )

    def _pnl(self) -> PnlView:
        ledger = self.engine.ledger
        parts = ledger.parts()
        ages = [
            (self.engine.ts - self.engine.protections.seen[rate.i]) // 1_000_000 for rate in ledger.rates if rate.i >= 0
        ]
        return PnlView(
            ccy=ledger.currency,
            total=money(ledger.total()),
            parts=in_cents(parts),
            day=money(ledger.day_total()),
            drawdown=money(ledger.drawdown()),
            history=list(self.history),
            rate_age_ms=max(ages, default=0),
        )

    def _plan_views(self, now: int) -> list[PlanView]:
        """Plans cost a walk through the books: made anew twice a second."""
        if 0 <= now - self._planned < PLAN_EVERY:
            return self._plans
        self._planned = now
        desk = self.engine.tasks.desk
        found: list[Plan] = []
        tickets: dict[str, dict[str, str]] = {}
        for asset in desk.assets():
            prefilled = self.engine.tickets.plan(asset)
            if prefilled is not None:
                found.append(prefilled[0])
                tickets[asset] = prefilled[1]
            if any(self.engine.accounts[i].position for i in desk.instruments(asset)):
                for kind in ("flatten", "close"):
                    one = plan(desk, kind, asset)
                    if one is not None:
                        found.append(one)
        self._plans = [
            PlanView(
                kind=one.kind,
                scope=one.asset,
                text=one.text,
                size=base_text(one.size),
                venues=[desk.setup.instruments[i].instrument.venue for i in one.legs],
                expected_cost=f"{one.expected:.2f}",
                worst_cost=f"{one.worst:.2f}",
                ccy=desk.setup.currency,
                ticket=tickets[one.asset] if one.kind == "hedge" else {},
            )
            for one in found
        ]
        return self._plans

    # ------------------------------------------------------------ status

    def status(self, extras: Extras) -> dict[str, Any]:
        """The JSON object of `ctl status --json`."""
        engine = self.engine
        now = extras.now or engine.ts
        parts = engine.ledger.parts()
        return {
            "name": engine.setup.name,
            "state": engine.lattice.desk.name,
            "mode": extras.mode,
            "session": extras.session,
            "version": engine.version,
            "reason": engine.lattice.reasons.get("desk", ""),
            "ended": engine.ended,
            "ts": now,
            "venues": {
                one.id: {
                    "connected": one.connected, "age_ms": one.age_ms, "dead_man": one.dead_man,
                    **({"book": one.unverified} if one.unverified else {}),
                }
                for one in (venue_view(engine, v, now, extras.execution) for v in range(len(engine.setup.venues)))
            },
            "instruments": {engine.name(i): self._instrument_status(i) for i in range(len(engine.books))},
            "pnl": {
                "ccy": engine.setup.currency,
                "total": float(money(engine.ledger.total(), 12)),
                **{part: float(money(parts[part], 12)) for part in PARTS},
            },
            "risk": {
                one.name: {"share": one.share, "text": one.text}
                for one in [*engine.watch.readings(engine), *readings(engine, self.meter.view(now))]
            },
            "tasks": [f"{task.kind} {task.asset}: {task.text}" for task in engine.tasks.running.values()],
            "hedges": {
                one.asset: {
                    "text": one.hedge,
                    "band": float(one.band),
                    "delta": float(one.delta),
                    "target": float(one.target),
                    "unhedged_s": one.unhedged_s,
                    "unhedged_total_s": one.unhedged_total_s,
                }
                for one in (asset_view(engine, asset) for asset in engine.hedger.assets)
            },
            "kill_proven": engine.sweeper.proven(),
            "unknown_orders": engine.tracker.unknown(),
            **earn_status(engine, now),
            "exposure": risk_status(self.meter.view(now)),
            "cockpits": extras.cockpits,
            "loop_lag_ms": extras.loop_lag_ms,
        }

    def _instrument_status(self, i: int) -> dict[str, Any]:
        engine = self.engine
        book, quoter, account = engine.books[i], engine.quoters[i], engine.accounts[i]
        grid = account.grid
        reasons = {engine.lattice.effective(i).name if not quoter.active else "", quoter.reasons[1], quoter.reasons[-1]}
        protection = engine.protections.reasons[i]
        return {
            "bid": float(grid.price_text(book.bid)) or None,
            "ask": float(grid.price_text(book.ask)) or None,
            "position": float(grid.size_text(account.position)),
            **leg_status(engine, i),
            "open_orders": engine.tracker.count[i],
            "unknown": engine.tracker.unknown(i),
            "spread_bps": quoter.width(),
            "skew_bps": quoter.lean(account.position) + quoter.operator.skew_bps,
            "reason": protection or "; ".join(sorted(reason for reason in reasons if reason and reason != "RUNNING")),
            "why": why_status(engine, i),
            "fills": account.fills,
            "gaps": book.gaps,
            "markout_bps": {f"{h}s": account.markout(k) for k, h in enumerate(HORIZONS)},
        }
