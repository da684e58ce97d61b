"""The two legs of a contract in hedge mode, as frames and `ctl status` tell them.

Rules of this file: reads the engine and never changes it.
"""

from __future__ import annotations

from typing import Any

from mmtui.core.engine import Engine
from mmtui.core.ledger.ledger import money
from mmtui.core.ledger.legs import Leg
from mmtui.link.parts import LegView


def leg_views(engine: Engine, i: int) -> list[LegView]:
    """Long and short; [] in net mode."""
    account = engine.accounts[i]
    if account.legs is None:
        return []
    return [_leg(engine, i, leg) for leg in (account.legs.long, account.legs.short)]


def _leg(engine: Engine, i: int, leg: Leg) -> LegView:
    account = engine.accounts[i]
    grid, average = account.grid, leg.average()
    worth = grid.value(account.mark2) if account.mark2 else 0
    places = len(account.instrument.tick.partition(".")[2].rstrip("0")) + 1
    return LegView(
        size=grid.size_text(leg.lots),
        avg_price=f"{average * float(grid.tick):.{places}f}" if average else "",
        pnl=money(leg.profit(worth) * account.rate),
    )


def leg_status(engine: Engine, i: int) -> dict[str, Any]:
    """For `ctl status`: {} in net mode."""
    views = leg_views(engine, i)
    if not views:
        return {}
    both = engine.accounts[i].legs
    assert both is not None
    named = {
        name: {"size": float(one.size), "avg_price": float(one.avg_price or 0), "pnl": float(one.pnl)}
        for name, one in zip(("long", "short"), views, strict=True)
    }
    return {"legs": {**named, "locked": float(engine.accounts[i].grid.size_text(both.locked))}}
