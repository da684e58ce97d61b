"""Parameters of the price: fair value, signals, width and skew.

Rules of this file: data and their reference text; params.py puts the parts together.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Bps = Annotated[float, Meta(ge=0, le=5_000)]


class PriceParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes the price of a side."""

    fair_value: Literal["mid", "micro", "weighted", "other"] = "micro"
    fair_source: str = ""
    fair_depth: Annotated[int, Meta(ge=1, le=50)] = 5
    spread_bps: Annotated[float, Meta(gt=0, le=5_000)] = 5.0
    vol_factor: Annotated[float, Meta(ge=0, le=100)] = 0.0
    vol_window_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    vol_horizon_s: Annotated[float, Meta(gt=0, le=3_600)] = 1.0
    min_spread_bps: Bps = 0.0
    max_spread_bps: Annotated[float, Meta(gt=0, le=5_000)] = 500.0
    skew_bps: Bps = 2.0
    spread_model: Literal["fixed", "avellaneda-stoikov", "glft"] = "fixed"
    risk_aversion: Annotated[float, Meta(ge=0, le=100)] = 0.01
    intensity_k: Annotated[float, Meta(ge=1e-6, le=1e4)] = 0.5
    intensity_a: Annotated[float, Meta(ge=1e-6, le=1e6)] = 1.0
    calibrate: bool = False
    calibration_window_s: Annotated[float, Meta(ge=1, le=604_800)] = 600.0
    calibration_trades: Annotated[int, Meta(ge=20, le=1_000_000)] = 200
    sigma: Literal["measured", "fixed"] = "measured"
    sigma_bps: Annotated[float, Meta(ge=0, le=10_000)] = 1.0
    horizon: Literal["rolling", "daily", "infinite"] = "rolling"
    horizon_s: Annotated[float, Meta(ge=0.001, le=604_800)] = 60.0
    omega: Annotated[float, Meta(ge=0, le=1e9)] = 0.0


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    "fair_value": (
        "",
        "what the quotes are measured from: mid; micro (mid weighted by the opposite best sizes); weighted"
        " (size-weighted over fair_depth levels); other (the mid of fair_source)",
    ),
    "fair_source": ("instrument", "with fair_value = other: the instrument whose mid is used"),
    "fair_depth": ("levels", "with fair_value = weighted: levels a side that count"),
    "spread_bps": ("bps", "full width from own bid to own ask at level 1"),
    "vol_factor": ("", "adds vol_factor x volatility over vol_horizon_s (bps) to the full width"),
    "vol_window_s": ("s", "time constant of the exponentially weighted volatility"),
    "vol_horizon_s": ("s", "horizon to which volatility is scaled (square root of time)"),
    "min_spread_bps": ("bps", "the full width never goes below this, operator's offset included"),
    "max_spread_bps": ("bps", "the full width never goes above this"),
    "skew_bps": ("bps", "shift of both quotes against inventory at the full position limit; linear in between"),
    "spread_model": (
        "",
        "what makes the width and the inventory skew: fixed (spread_bps, vol_factor, skew_bps); avellaneda-stoikov"
        " (2008: reservation price and width from risk aversion, volatility, time left and k); glft (Gueant, Lehalle"
        " and Fernandez-Tapia 2013: from risk aversion, volatility, A and k). While a model is in force it replaces"
        " spread_bps, vol_factor and skew_bps; min_spread_bps and max_spread_bps, the operator's offsets and WIDE still"
        " hold, and its skew stays within half of max_spread_bps. Its price unit is 1 bp of fair value, its inventory"
        " is (position - target) / size",
    ),
    "risk_aversion": (
        "1/(bps x size)",
        "gamma of the models: how much a bp of risk on one quoted size is worth avoiding; 0: none, the width is 2/k and"
        " nothing leans. From a gamma per unit of price and of base: gamma x price x 1e-4 x size",
    ),
    "intensity_k": (
        "1/bps",
        "k of the models: a quote is filled A exp(-k delta) times a second at delta bps from the mid; e.g. 0.5: every"
        " 2 bps farther away it is filled 2.7 times less. From a k per unit of price: k x price x 1e-4",
    ),
    "intensity_a": ("1/s", "A of glft: market orders a second that reach the mid, a side (see intensity_k)"),
    "calibrate": (
        "",
        "A and k are measured from market trades and own fills by their distance from the mid; the configured ones"
        " hold until there are enough, and while the fit is bad: the waterfall says which, and from which distance"
        " on the fit holds",
    ),
    "calibration_window_s": ("s", "trades older than this weigh half, older than twice this a quarter"),
    "calibration_trades": ("trades", "fewer market orders than this are no calibration"),
    "sigma": ("", "volatility of the models: measured (exponentially weighted, see vol_window_s) or fixed (sigma_bps)"),
    "sigma_bps": ("bps/sqrt(s)", "with sigma = fixed: volatility over one second"),
    "horizon": (
        "",
        "T - t of avellaneda-stoikov: rolling (sessions of horizon_s, one after the other, counted from 00:00 UTC: it"
        " falls from horizon_s to 0 and starts again); daily (horizon_s, and less when 00:00 UTC is nearer); infinite"
        " (stationary, see omega)",
    ),
    "horizon_s": ("s", "length of the horizon T of avellaneda-stoikov"),
    "omega": (
        "1/s",
        "with horizon = infinite: bounds the inventory that is ever held; 0: the paper's choice for the position limit,"
        " gamma^2 sigma^2 (limit/size + 1)^2 / 2, with which the skew grows as 1/gamma",
    ),
}
