"""Parts of a frame: one book, one instrument, the trip card of a kill.

Rules of this file: functions from the engine to a message part; nothing is kept between calls.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mmtui.core import events as ev
from mmtui.core.engine import Engine
from mmtui.core.ledger.account import HORIZONS, PARTS
from mmtui.core.ledger.ledger import money
from mmtui.core.market.instrument import plain
from mmtui.core.risk.states import Desk
from mmtui.core.risk.sweep import VenueSweep
from mmtui.host.leg_parts import leg_views
from mmtui.link.parts import AssetView, BookView, InstrumentView, Level, Print, Step, TripRow, TripView, VenueView
from mmtui.venues.ccxt_market.names import unverified

#: Parts of profit that do not exist on a kind of market: n/a on a screen, 0 in JSON.
ABSENT = {
    "spot": ("funding", "basis"),
    "linear": ("borrow",),
    "inverse": ("borrow",),
}
PRINTS = 12
#: Levels a side of a book that a cockpit does not look at.
FEW = 10
SECOND = 1_000_000_000
#: A venue that has confirmed nothing of a kill for so long is said, in red (goal: within a second).
SILENT_NS = 700_000_000


def book_state(engine: Engine, i: int, now: int) -> str:
    """ok, or the word for what is wrong with the data of an instrument."""
    book, protections = engine.books[i], engine.protections
    if engine.ended:
        return "ended"
    if not protections.connected[engine.venue_of[i]]:
        return "down"
    if not book.valid:
        return book.why if book.bids.sizes or book.why == "gap" else "no snapshot"
    if book.crossed:
        return "crossed"
    if not book.quotable:
        return "empty"
    return "stale" if now - protections.seen[i] > protections.stale_after[i] else "ok"


def book_view(engine: Engine, i: int, depth: int, now: int, whole: bool = True) -> BookView:
    """The best `depth` levels of a book; of one that is not looked at the best few."""
    book = engine.books[i]
    depth = depth if whole else min(depth, FEW)
    bids, asks = book.display(depth)
    seen = engine.protections.seen[i]
    return BookView(
        id=engine.name(i),
        valid=book.valid,
        state=book_state(engine, i, now),
        age_ms=(now - seen) // 1_000_000 if seen else -1,
        seq=max(book.seq, book.quote_seq),
        bids=[Level(px, sz) for px, sz in bids],
        asks=[Level(px, sz) for px, sz in asks],
        prints=[Print(*one) for one in list(engine.prints[i])[: -PRINTS - 1 : -1]],
        levels=len(book.bids.sizes) + len(book.asks.sizes),
        whole=whole,
    )


def _steps(engine: Engine, i: int, side: int) -> list[Step]:
    tick = float(engine.accounts[i].grid.tick)
    return [Step(line.label, line.value * tick, line.after * tick) for line in engine.quoters[i].why(side)]


def why_status(engine: Engine, i: int) -> dict[str, Any]:
    """Why each side is where it is, or is not: its reason, and its waterfall with prices and bps of fair value."""
    out: dict[str, Any] = {}
    for name, side in (("bid", 1), ("ask", -1)):
        steps = _steps(engine, i, side)
        unit = steps[0].value * 1e-4 if steps else 0.0
        lines = [
            {"step": one.label, "bps": round(one.value / unit, 4) if k else 0.0, "price": round(one.after, 12)}
            for k, one in enumerate(steps)
        ]
        out[name] = {"reason": engine.quoters[i].reasons[side], "waterfall": lines}
    return out


def _protections(engine: Engine, i: int, now: int) -> list[str]:
    out = [engine.protections.reasons[i]] if engine.protections.reasons[i] else []
    ease = engine.quoters[i].ease_until - now
    if ease > 0:
        out.append(f"quarter size for {ease // 1_000_000_000 + 1} s")
    return out


def _state_reason(engine: Engine, i: int) -> str:
    """Why the instrument itself, or its venue, is held back."""
    lattice, v = engine.lattice, engine.venue_of[i]
    if lattice.instruments[i] is not Desk.RUNNING:
        return lattice.reasons.get(engine.scope(-1, i), "")
    return lattice.reasons.get(engine.scope(v, -1), "") if lattice.venues[v] is not Desk.RUNNING else ""


def instrument_view(engine: Engine, i: int, now: int) -> InstrumentView:
    item = engine.setup.instruments[i]
    account, quoter, grid = engine.accounts[i], engine.quoters[i], engine.accounts[i].grid
    operator = quoter.operator
    absent = ABSENT[account.instrument.kind]
    fair = quoter.fair if quoter.active else 0.0
    owner = ""
    if operator.owner and (operator.spread_bps or operator.skew_bps or operator.size_pct):
        owner = f"{operator.owner} {max(0, now - operator.set_ts) // 1_000_000_000} s"
    want_bid, want_ask = quoter.want
    average = account.average()
    times = engine.watch.times[i]
    return InstrumentView(
        id=account.instrument.id,
        state=engine.lattice.effective(i).name,
        fair=fair * float(grid.tick),
        fair_kind=quoter.params.fair_value,
        spread_bps=quoter.width(),
        base_spread_bps=quoter.base_width(),
        skew_bps=quoter.lean(account.position) + operator.skew_bps,
        operator_spread_bps=operator.spread_bps,
        operator_skew_bps=operator.skew_bps,
        operator_size_pct=operator.size_pct,
        offsets_owner=owner,
        wide=operator.wide,
        reduce=quoter.reduce,
        exit=operator.exit,
        reason_bid=quoter.reasons[1],
        reason_ask=quoter.reasons[-1],
        why_bid=_steps(engine, i, 1),
        why_ask=_steps(engine, i, -1),
        quote_bid=want_bid[0] if want_bid else 0,
        quote_ask=want_ask[0] if want_ask else 0,
        position=grid.size_text(account.position),
        position_lots=account.position,
        baseline=item.baseline,
        target=item.target,
        max_position=grid.size_text(engine.gate.position_limits[i]),
        open_orders=engine.tracker.count[i],
        unknown_orders=engine.tracker.unknown(i),
        avg_price=f"{average * float(grid.tick):.{_decimals(account.instrument.tick)}f}" if average else "",
        pnl={
            "total": money(account.total()),
            **{part: "n/a" if part in absent else money(account.parts[part]) for part in PARTS},
        },
        markout_bps={f"{h}s": account.markout(k) for k, h in enumerate(HORIZONS)},
        bought=grid.size_text(account.bought),
        sold=grid.size_text(account.sold),
        fills=account.fills,
        protections=_protections(engine, i, now),
        uptime=times.both / times.total if times.total else 0.0,
        gaps=engine.books[i].gaps,
        messages=engine.books[i].messages,
        state_reason=_state_reason(engine, i),
        legs=leg_views(engine, i),
    )


def base_text(value: Decimal) -> str:
    """Base units to eight decimals."""
    return plain(value.quantize(Decimal(1).scaleb(-8)))


def asset_view(engine: Engine, asset: str) -> AssetView:
    """Delta of an asset, what it is made of, and its hedge."""
    kinds = {"spot": Decimal(0), "linear": Decimal(0), "inverse": Decimal(0)}
    wallet = limit = Decimal(0)
    desk = engine.tasks.desk
    for i in desk.instruments(asset):
        account = engine.accounts[i]
        kinds[account.instrument.kind] += engine.ledger.delta(i, engine.books)
        wallet += engine.ledger.wallet(i)
        mid2 = engine.books[i].mid2() or account.references.last()
        limit += account.grid.base_lots(engine.gate.position_limits[i], mid2)
    delta = sum(kinds.values(), Decimal(0)) + wallet
    hedge = engine.hedger.assets.get(asset)
    return AssetView(
        asset=asset,
        delta=base_text(delta),
        spot=base_text(kinds["spot"]),
        linear=base_text(kinds["linear"]),
        inverse=base_text(kinds["inverse"]),
        wallet=base_text(wallet),
        transit="0",
        target=base_text(desk.target(asset)),
        limit=base_text(limit),
        locked=base_text(desk.locked(asset)),
        hedge=engine.hedger.words(asset),
        band=f"{hedge.params.band:g}" if hedge is not None else "",
        unhedged_s=engine.hedger.unhedged_s(hedge) if hedge is not None else 0.0,
        unhedged_total_s=hedge.outside_ns / SECOND if hedge is not None else 0.0,
    )


def _decimals(tick: str) -> int:
    return len(tick.partition(".")[2].rstrip("0")) + 1


def venue_view(engine: Engine, v: int, now: int, execution: str) -> VenueView:
    mine = [i for i, place in enumerate(engine.venue_of) if place == v]
    seen = max((engine.protections.seen[i] for i in mine), default=0)
    return VenueView(
        id=engine.setup.venues[v],
        connected=engine.protections.connected[v],
        simulated=any(engine.accounts[i].instrument.simulated for i in mine),
        age_ms=(now - seen) // 1_000_000 if seen else -1,
        dead_man="n/a (paper)" if execution == "paper" else _dead_man(engine.dead_man[v], now),
        ended=engine.ended,
        resyncs=sum(engine.books[i].gaps for i in mine),
        damaged=sum(engine.damaged.values()),
        orders_s=float(engine.gate.rate(v, engine.ts)),
        execution=execution,
        unverified=unverified(engine.setup.venues[v]),
    )


def _dead_man(last: ev.DeadMan | None, now: int) -> str:
    """What a venue's dead-man switch would do: armed 9 s, off, refused, fired, or unavailable."""
    if last is None:
        return "unavailable"
    return f"armed {max(0, last.until - now) // 10**9} s" if last.state == "armed" else last.state


def _silent(one: VenueSweep, now: int) -> float:
    """For how long (ms) a venue has confirmed nothing of a kill: no cancel-all, no list; -1 while that is no news."""
    heard = one.verified or one.acked or any(said for _, said in one.answers.values())
    waited = now - one.blocked
    return -1.0 if heard or waited < SILENT_NS else waited / 1e6


def trip_view(engine: Engine, now: int, blocked_us: int, sent_us: int) -> TripView | None:
    """The trip card: as long as something is KILLED, or a kill is not proven yet."""
    killed = Desk.KILLED in (engine.lattice.desk, *engine.lattice.venues, *engine.lattice.instruments)
    sweeps = [sweep for sweep in engine.sweeper.sweeps if sweep.kind == "kill"]
    if not sweeps or not (killed or not sweeps[-1].done):
        return None
    sweep = sweeps[-1]
    shown = [one for one in sweeps if one is sweep or not one.done]  # the kill of a strategy is one an instrument
    rows = []
    asked = [(kill, v, one) for kill in shown for v, one in kill.venues.items()]
    for of, v, one in asked:
        left = engine.sweeper.orders(of, v)
        unknown = sum(1 for order in left if order.state.name == "UNKNOWN")
        silent = _silent(one, now)
        text = "verified zero by 2 endpoints" if one.verified else f"try {one.attempts}: {len(left)} orders not proven"
        rows.append(
            TripRow(
                venue=engine.setup.venues[v],
                blocked_us=blocked_us,
                sent_us=sent_us,
                sent_orders=one.cancels,
                acked_ms=(one.acked - one.blocked) / 1e6 if one.acked else -1.0,
                verified_ms=(one.verified - one.blocked) / 1e6 if one.verified else -1.0,
                open_orders=len(left),
                unknown=unknown,
                text=text,
                silent_ms=silent,
            )
        )
    positions = {
        engine.name(i): account.grid.size_text(account.position)
        for i, account in enumerate(engine.accounts)
        if account.position
    }
    step = "f flatten Δ · C close all · resume needs zero UNKNOWN and a reason"
    return TripView(
        by=sweep.by,
        at=sweep.ts,
        scope=", ".join(dict.fromkeys(kill.scope for kill in shown)),
        cause=sweep.cause,
        rows=rows,
        positions=positions,
        proven=all(kill.done for kill in shown),
        next=step if all(kill.done for kill in shown) else "cancelling again until every venue says zero",
    )
