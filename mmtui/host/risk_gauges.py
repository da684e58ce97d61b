"""Gauges of what the desk could lose, against its limits: they colour, and stop nothing.

Rules of this file: from a RiskView to gauges; a gauge of what is not known is not there.
"""

from __future__ import annotations

from mmtui.core.engine import Engine
from mmtui.core.risk.watch import Reading
from mmtui.link.risked import RiskView

#: VaR of this horizon, worst case, has a limit.
LIMITED_S = 1_800


def readings(engine: Engine, view: RiskView) -> list[Reading]:
    """VaR, the venue with most of the equity, the coin that is farthest from its peg; those that are known."""
    limits, currency = engine.setup.limits, engine.setup.currency
    out = []
    for row in view.rows:
        if row.horizon_s == LIMITED_S and row.positions == "worst" and row.var is not None:
            limit = limits.var_30m or float(engine.setup.equity) * 0.01
            text = f"{row.var:.2f} of {limit:.2f} {currency}, 99 %, worst case, {view.known}"
            out.append(Reading("VaR 30m", "desk", row.var / limit, text, _red(f"{limit:.2f} {currency}")))
    shares = [(one.share, one.venue) for one in view.venues if one.share is not None and one.share_of == "equity"]
    if len(shares) > 1:
        share, venue = max(shares)
        text = f"{share:.0%} of the equity on {venue}, limit {limits.venue_share:.0%}"
        out.append(Reading("venue share", venue, share / limits.venue_share, text, _red(f"{limits.venue_share:.0%}")))
    near = [(one.liquidation_pct / 100.0, one.venue) for one in view.venues if one.liquidation_pct is not None]
    if near:
        distance, venue = min(near)
        limit = limits.liquidation
        text = f"{distance:.1%} from a liquidation on {venue}, limit {limit:.0%}"
        share = limit / max(distance, 1e-9)
        out.append(Reading("liquidation", venue, share, text, _red(f"a distance of {limit:.0%}")))
    pegs = [(abs(one.bps), one) for one in view.pegs if one.bps is not None]
    if pegs:
        off, peg = max(pegs, key=lambda pair: pair[0])
        text = f"{peg.currency} {peg.bps:+.1f} bps against {peg.against} on {peg.book}"
        out.append(Reading("depeg", "desk", off / limits.depeg_bps, text, _red(f"{limits.depeg_bps:g} bps")))
    return out


def _red(number: str) -> str:
    return f"would turn red at {number}, stops nothing"
