"""What each step did to a quoter's prices: the shifts, widths and ends of its waterfall.

Rules of this file: reads a quoter; the arithmetic of the lines stands in waterfall.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmtui.core.quoting import reasons
from mmtui.core.quoting.waterfall import Line, waterfall

if TYPE_CHECKING:
    from mmtui.core.quoting.quoter import Quoter


def why(quoter: Quoter, side: int) -> list[Line]:
    """The waterfall of a side's first rung in ticks; empty when nothing is quoted there."""
    k = 0 if side > 0 else 1
    want, laddered, priced = quoter.want[k], quoter.laddered[k], quoter.priced[k]
    if not (want and priced) or not quoter.active or quoter.reasons[side]:
        return []
    first = quoter.slots[side][0]
    closing = [word for word, on in (("inventory cost", quoter.cost), ("pong", quoter.pongs is not None)) if on]
    held = "EXIT NOW" if quoter.operator.exit else ", ".join(closing)
    best = f"best price ({quoter.best.modes[side]})" if quoter.best is not None else ""
    mine = first.px if first is not None else want[0]
    followed = quoter.followed[k] if quoter.hedged is not None else want
    ends = [("kept post-only", laddered[0]), (held, priced[0]), (best, followed[0])]
    ends.append((f"hedged at {quoter.params.leg}", want[0]))
    ends.append(("held within tolerance", mine))
    return waterfall(side, quoter.fair, _shifts(quoter), _widths(quoter), ends, quoter.tick_step)


def _shifts(quoter: Quoter) -> list[tuple[str, float]]:
    """What moves both sides, bps."""
    word = "inventory skew" if quoter.pricing is None else "reservation price (skew)"
    return [*quoter.said[0], (word, quoter.skew_inventory), ("operator skew", quoter.operator.skew_bps)]


def _widths(quoter: Quoter) -> list[tuple[str, float]]:
    """What makes the full width, bps: base, widening, zone, operator, bounds."""
    params, operator, base = quoter.params, quoter.operator, quoter.base_bps
    if quoter.pricing is None:
        moving = params.vol_factor * quoter.volatility.bps(params.vol_horizon_s) if params.vol_factor else 0.0
        out = [("half-spread", params.spread_bps), ("volatility", moving)]
        out.append(("obligation", base - params.spread_bps - moving))
    else:
        out = [(quoter.pricing.words(), base)]
    out += quoter.said[1]
    out.append((f"guard ({reasons.TOXIC_FLOW})", quoter.guarded))
    out.append(("event", quoter.event_bps))
    base += quoter.told[1] + quoter.guarded + quoter.event_bps
    because = f" ({quoter.zone_why})" if quoter.zone_why else ""
    out.append((f"risk zone {quoter.zone}{because}", base * (quoter.zone_spread - 1.0)))
    base *= quoter.zone_spread
    out.append(("operator spread", operator.spread_bps))
    base += operator.spread_bps
    if operator.wide:
        out.append(("WIDE", base))
        base *= 2
    bounded = min(max(base, params.min_spread_bps), params.max_spread_bps)
    out.append(("minimum spread" if bounded > base else "maximum spread", bounded - base))
    return [*out, ("fees", max(0.0, quoter.floor - bounded))]
