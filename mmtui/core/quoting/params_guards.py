"""Parameters of the protections of a strategy: what holds a side, and when it comes back.

Rules of this file: data and their reference text; params.py puts the parts together, checks.py says what does not fit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mmtui.core.quoting import params_price
from mmtui.core.quoting.params_ladder import LadderParams
from mmtui.core.quoting.params_price import Bps

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=0, le=10_000)]


class GuardParams(LadderParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And what protects it."""

    vol_pause_bps: Bps = 0.0
    vol_pause_s: Annotated[float, Meta(ge=0.1, le=600)] = 10.0
    vol_resume_bps: Bps = 0.0
    vol_resume_s: Seconds = 5.0
    trend_hold_bps: Bps = 0.0
    trend_window_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    trend_resume_bps: Bps = 0.0
    toxic_bps: Bps = 0.0
    toxic_fills: Annotated[int, Meta(ge=1, le=1_000)] = 10
    toxic_horizon_s: Annotated[float, Meta(ge=0.1, le=30)] = 5.0
    toxic_action: Literal["pause", "widen"] = "pause"
    toxic_widen_bps: Bps = 2.0
    toxic_hold_s: Seconds = 30.0
    burst_trades: Count = 0
    burst_volume: Annotated[float, Meta(ge=0, le=1e12)] = 0.0
    burst_window_ms: Annotated[int, Meta(ge=1, le=60_000)] = 1_000
    burst_hold_s: Seconds = 2.0
    burst_lead: Literal["off", "too", "only"] = "off"
    leg: str = ""
    throttle_fills: Count = 0
    throttle_window_s: Annotated[float, Meta(gt=0, le=3_600)] = 5.0
    throttle_hold_s: Seconds = 10.0


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    "vol_pause_bps": (
        "bps",
        "volatility pause: both sides are pulled while the mid's range (highest less lowest) over vol_pause_s is more"
        " than this; 0: off",
    ),
    "vol_pause_s": ("s", "time over which the range of the volatility pause is measured"),
    "vol_resume_bps": ("bps", "the volatility pause ends when the range stays below this; 0: half of vol_pause_bps"),
    "vol_resume_s": ("s", "how long the range must stay below vol_resume_bps"),
    "trend_hold_bps": (
        "bps",
        "trend hold: while the mid is so far beyond its own average (exponentially weighted over trend_window_s), the"
        " side that would be run over is held: the asks in a rise, the bids in a fall; 0: off",
    ),
    "trend_window_s": ("s", "time constant of the average of the trend hold"),
    "trend_resume_bps": ("bps", "the trend hold ends below this distance; 0: half of trend_hold_bps"),
    "toxic_bps": (
        "bps",
        "toxic flow: when the mean markout (by size) of the side's last toxic_fills own fills, toxic_horizon_s after"
        " each, is worse than minus this, toxic_action is taken for toxic_hold_s; 0: off",
    ),
    "toxic_fills": ("fills", "fills of a side that are judged together; fewer are not judged"),
    "toxic_horizon_s": ("s", "how long after a fill its markout is taken"),
    "toxic_action": ("", "pause: that side is pulled; widen: the full width grows by toxic_widen_bps"),
    "toxic_widen_bps": ("bps", "with toxic_action = widen: added to the full width"),
    "toxic_hold_s": ("s", "how long toxic_action lasts; then the fills that caused it are forgotten"),
    "burst_trades": (
        "trades",
        "trade burst: both sides are pulled when the market has so many trades within burst_window_ms; 0: off",
    ),
    "burst_volume": ("base or contracts", "trade burst: the same by the size that was traded; 0: off"),
    "burst_window_ms": ("ms", "window of the trade burst"),
    "burst_hold_s": ("s", "how long a trade burst pulls, and longer while it goes on"),
    "burst_lead": (
        "",
        "trade burst: trades of the lead (fair_source; leg where there is none) count, their size converted to units of"
        " this instrument: off; too (with those of this market); only. Use it where the lead trades first",
    ),
    "leg": (
        "instrument",
        "one-leg guard: the instrument with which fills of this one are hedged; while its market cannot be traded"
        " (stale, down, crossed, halted, killed) nothing is quoted here. Quotes come back when it has been good for a"
        " second; empty: off",
    ),
    "throttle_fills": (
        "fills",
        "repeated executions: a side with so many fills within throttle_window_s is held for throttle_hold_s; 0: off",
    ),
    "throttle_window_s": ("s", "window of throttle_fills"),
    "throttle_hold_s": ("s", "how long repeated executions hold a side"),
}


def needs_lead(params: GuardParams) -> bool:
    """Whether fair_source has to name an instrument of the desk."""
    return params_price.needs_lead(params) or (params.burst_lead != "off" and bool(params.fair_source))
