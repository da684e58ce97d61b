"""Parts of a frame that say how the desk earns: markouts, flow, health of markets, attribution, obligations.

Rules of this file: functions from the engine to message parts; books are walked here, so ask once a second at most.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mmtui.core.earn.attribution import attribution
from mmtui.core.earn.incentives import ESTIMATED
from mmtui.core.earn.reading import earning
from mmtui.core.engine import Engine
from mmtui.core.ledger.ledger import money
from mmtui.link import earned as m


def earn_view(engine: Engine, i: int) -> m.EarnView:
    """How one instrument earns, and the health of its market."""
    fields = earning(engine, i)._asdict()
    for name in ("markouts", "markouts_bid", "markouts_ask"):
        fields[name] = [m.MarkoutPoint(*point) for point in fields[name]]
    fields["depths"] = [m.DepthWithin(*one) for one in fields["depths"]]
    return m.EarnView(id=engine.name(i), **fields)


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
    for meter, reward in zip(engine.obligations.meters, engine.earn.incentives.rewards, strict=True):
        found = meter.reading(now)
        fields = found._asdict() | {"earned": found.earned, "keep": meter.terms.keep}
        words = f"{reward.words(engine.setup.currency)} ({ESTIMATED})" if reward is not None else ""
        out.append(m.ObligationView(**fields, reward=words))
    return out


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
