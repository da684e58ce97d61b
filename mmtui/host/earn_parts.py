"""Parts of a frame that say how the desk earns: markouts, flow, health of markets, attribution, obligations.

Rules of this file: functions from the engine to message parts; books are walked here, so ask once a second at most.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mmtui.core.earn.attribution import attribution
from mmtui.core.earn.health import health
from mmtui.core.earn.queueing import fill_probability
from mmtui.core.engine import Engine
from mmtui.core.ledger.ledger import money
from mmtui.core.ledger.markouts import Point
from mmtui.core.orders.table import State
from mmtui.link import earned as m


def earn_view(engine: Engine, i: int) -> m.EarnView:
    """How one instrument earns, and the health of its market."""
    account, flow, book = engine.accounts[i], engine.earn.flows[i], engine.books[i]
    own = account.bought + account.sold
    sides = engine.earn.resilience[i]
    found = health(book, account.grid, engine.tracker.of(i))
    return m.EarnView(
        id=account.instrument.id,
        markouts=_points(account.markouts.curve()),
        markouts_bid=_points(account.markouts.curve(1)),
        markouts_ask=_points(account.markouts.curve(-1)),
        fill_ratio=flow.fill_ratio(),
        fill_ratio_bid=flow.fill_ratio(1),
        fill_ratio_ask=flow.fill_ratio(-1),
        quote_to_trade=flow.messages / account.fills if account.fills else None,
        half_life_s=flow.decay.half_life(),
        volume_share=own / flow.market if flow.market else None,
        best_bid=flow.presence(1),
        best_ask=flow.presence(-1),
        spread_pct=found.spread_pct,
        depths=[m.DepthWithin(*one) for one in found.depths],
        known_pct=found.known_pct,
        own_share=found.own_share,
        healthy=found.healthy,
        why=found.why,
        resilience_bid_s=sides[1].seconds(),
        resilience_ask_s=sides[-1].seconds(),
    )


def _points(curve: list[Point]) -> list[m.MarkoutPoint]:
    return [m.MarkoutPoint(*point) for point in curve]


def line_views(engine: Engine) -> list[m.LineView]:
    """The attribution by instrument, purpose, side and level."""
    return [
        m.LineView(
            instrument=cell.instrument,
            purpose=cell.purpose,
            side=cell.side,
            level=cell.level,
            total=money(sum(parts.values())),
            parts={part: money(value) for part, value in parts.items()},
        )
        for cell, parts in attribution(engine.ledger).items()
    ]


def obligation_views(engine: Engine, now: int) -> list[m.ObligationView]:
    """The meters of all programmes."""
    out = []
    for meter in engine.obligations.meters:
        found = meter.reading(now)
        fields = found._asdict() | {"earned": found.earned, "keep": meter.terms.keep}
        out.append(m.ObligationView(**fields))
    return out


def probabilities(engine: Engine, now: int) -> dict[int, float]:
    """Own live order -> its probability of trading whole within ten seconds."""
    return {
        order.oid: fill_probability(engine.books[order.i], order, engine.earn.flows[order.i].recent, now)
        for order in engine.tracker.open.values()
        if order.state is State.LIVE
    }


def earn_status(engine: Engine, now: int) -> dict[str, Any]:
    """`earn`, `attribution` and `obligations` of `ctl status --json`."""
    views = {engine.name(i): _plain(earn_view(engine, i)) for i in range(len(engine.books))}
    for one in views.values():
        del one["id"]
    return {
        "earn": views,
        "attribution": [_plain(line) for line in line_views(engine)],
        "obligations": [_plain(one) for one in obligation_views(engine, now)],
    }


def _plain(view: msgspec.Struct) -> dict[str, Any]:
    """A view as JSON has it: array-like parts by their names."""
    out: dict[str, Any] = {}
    for name in view.__struct_fields__:
        value = getattr(view, name)
        if isinstance(value, list):
            value = [msgspec.structs.asdict(one) for one in value]
        out[name] = value
    return out
