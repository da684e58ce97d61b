"""Parameters of the price: width and skew; fair value and signals stand in params_fair.py.

Rules of this file: data and their reference text; params.py puts the parts together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mmtui.core.hedging import funding
from mmtui.core.quoting import params_fair, zones
from mmtui.core.quoting.params_fair import Bps as Bps
from mmtui.core.quoting.params_fair import FairParams, Seconds, SignedBps, pairs

Factor = Annotated[float, Meta(ge=0.01, le=100)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class PriceParams(FairParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes the price of a side."""

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
    vol_estimator: Literal["ewma", "realised", "parkinson"] = "ewma"
    fee_floor: bool = False
    min_edge_bps: SignedBps = 0.0
    liquidation_bps: SignedBps = 5.0
    liquidation_notional: Annotated[float, Meta(gt=0, le=1e12)] = 250_000.0
    liquidation_window_s: Seconds = 5.0
    liquidation_decay_s: Seconds = 10.0
    liquidation_after_bps: SignedBps = 0.0
    latency_bps_per_ms: Annotated[float, Meta(ge=0, le=100)] = 0.0
    latency_threshold_ms: Annotated[float, Meta(ge=0, le=60_000)] = 100.0
    lead_age_bps_per_s: Annotated[float, Meta(ge=0, le=1_000)] = 0.0
    risk_zone: Literal["green", "amber", "red", "auto"] = "green"
    amber_vol_bps: Bps = 10.0
    red_vol_bps: Bps = 30.0
    amber_spread: Factor = 1.5
    red_spread: Factor = 3.0
    amber_size: Share = 0.5
    red_size: Share = 0.25
    amber_limit: Share = 0.5
    red_limit: Share = 0.25
    zone_rules: Annotated[str, Meta(max_length=300)] = ""
    skew_curve: str = ""
    dead_band: Annotated[float, Meta(ge=0, le=0.95)] = 0.0
    target_kind: Literal["absolute", "equity", "trend"] = "absolute"
    target_share: Annotated[float, Meta(ge=-1, le=1)] = 0.0
    target_trend_bps: Annotated[float, Meta(gt=0, le=5_000)] = 10.0
    cost_floor: bool = False
    funding_skew: Annotated[float, Meta(ge=0, le=100)] = 0.0
    funding_skew_cap_bps: Bps = 5.0


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    **params_fair.REFERENCE,
    **funding.REFERENCE,
    "spread_bps": ("bps", "full width from own bid to own ask at level 1"),
    "vol_factor": ("", "adds vol_factor x volatility over vol_horizon_s (bps) to the full width"),
    "vol_window_s": ("s", "window of the volatility (time constant with vol_estimator = ewma)"),
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
    "vol_estimator": (
        "",
        "volatility of vol_factor, of the models and of the risk zone: ewma (exponentially weighted squared returns);"
        " realised (sum of squared sampled returns over vol_window_s); parkinson (1980, from high and low of twenty"
        " parts of vol_window_s: steadier in quiet markets, low where few mids were seen)",
    ),
    "fee_floor": (
        "",
        "the full width never goes below twice (maker fee + min_edge_bps), whatever max_spread_bps and the operator"
        " say: no round trip is quoted below its cost. A profile of a config has it unless it says fee_floor = false;"
        " the built-in parameters (demo, what-if without a config) have not",
    ),
    "min_edge_bps": ("bps", "with fee_floor: what a side is to earn beyond the maker fee; negative: part of the fee"),
    "liquidation_bps": (
        "bps",
        "added to the full width by each burst of liquidations in this base asset, fading over liquidation_decay_s;"
        " 0: bursts change nothing",
    ),
    "liquidation_notional": ("desk currency", "liquidations of this worth within liquidation_window_s are a burst"),
    "liquidation_window_s": (
        "s",
        "see liquidation_notional; a burst is exhausted when no liquidation has come for so long",
    ),
    "liquidation_decay_s": ("s", "time constant with which liquidation_bps and liquidation_after_bps fade"),
    "liquidation_after_bps": (
        "bps",
        "added to the full width once a burst is exhausted; negative tightens, to trade the rebound",
    ),
    "latency_bps_per_ms": (
        "bps/ms",
        "added to the full width for each ms by which the venue's messages come later than latency_threshold_ms"
        " (receipt less venue time, mean over a second)",
    ),
    "latency_threshold_ms": ("ms", "delay of the venue's messages that widens nothing; clocks' difference included"),
    "lead_age_bps_per_s": ("bps/s", "added to the full width for each second since the lead (fair_source) last spoke"),
    "risk_zone": (
        "",
        "multiplies width, size and position limit: green (by 1), amber and red (see their factors), set by hand; or"
        " auto: by volatility over vol_horizon_s against amber_vol_bps and red_vol_bps, and by zone_rules; the worst"
        " holds, and each is left at 80 % of its bound. The factor of the limit holds for every order of the desk",
    ),
    "zone_rules": (
        "",
        'with risk_zone = auto: rules beside volatility with their bounds for amber and red, "inventory:0.5/0.8,'
        ' spread:10/30": inventory (share of the position limit), loss and drawdown (share of their limits), spread'
        " (bps between the best of others), age (s since the venue last spoke of this market), latency (ms by which its"
        " messages come late), depeg (bps by which a dollar market of its quote or settlement currency is off 1; the"
        " desk needs such a market)",
    ),
    "amber_vol_bps": ("bps", "with risk_zone = auto: volatility from which on the zone is amber"),
    "red_vol_bps": ("bps", "with risk_zone = auto: volatility from which on the zone is red"),
    "amber_spread": ("", "factor of the full width in the amber zone"),
    "red_spread": ("", "factor of the full width in the red zone"),
    "amber_size": ("", "factor of the sizes in the amber zone"),
    "red_size": ("", "factor of the sizes in the red zone"),
    "amber_limit": ("", "factor of the position limit in the amber zone"),
    "red_limit": ("", "factor of the position limit in the red zone"),
    "skew_curve": (
        "",
        'instead of the straight skew_bps: share of the limit and bps, "0.5:1, 1:4", straight between the points, the'
        " same the other way when short; with spread_model = fixed",
    ),
    "dead_band": ("", "share of the position limit round the target in which nothing leans; full skew at the limit"),
    "target_kind": (
        "",
        "inventory that the skew leans to: absolute (the instrument's target); equity (target_share of the desk's"
        " equity); trend (target_share of the position limit, with the sign of the momentum and in full from"
        " target_trend_bps of it on)",
    ),
    "target_share": ("", "see target_kind; negative: short (equity), against the trend (trend)"),
    "target_trend_bps": ("bps", "with target_kind = trend: momentum (fast less slow mean) that makes the target full"),
    "cost_floor": (
        "",
        "nothing is sold below the average cost of a long position, nor bought above that of a short one; EXIT NOW"
        " passes it over",
    ),
}


def curve(text: str) -> tuple[tuple[float, float], ...]:
    """Points (share of the limit, bps) from (0, 0) on. ValueError is a sentence about what is wrong."""
    points = [(0.0, 0.0)]
    for name, bps in pairs(text):
        try:
            load = float(name)
        except ValueError:
            raise ValueError(f"{name!r} is no share of the limit") from None
        if (load, bps) == (0.0, 0.0):
            continue
        if not 0.0 < load <= 1.0:
            raise ValueError(f"{load:g} is no share of the limit above 0 and up to 1")
        if load <= points[-1][0]:
            raise ValueError(f"{load:g} does not follow {points[-1][0]:g}")
        if not 0.0 <= bps <= 5_000.0:
            raise ValueError(f"{bps:g} bps are below 0 or above 5000")
        points.append((load, bps))
    return tuple(points)


def needs_lead(params: PriceParams) -> bool:
    """Whether fair_source has to name an instrument of the desk."""
    return bool(params.lead_age_bps_per_s) or params_fair.leads(params)


def wrong(params: PriceParams) -> tuple[str, str]:
    """(key, what is wrong with its value beside the others, as a clause), or ("", "")."""
    found = params_fair.wrong(params)
    if found[0]:
        return found
    if params.min_spread_bps > params.max_spread_bps:
        return "min_spread_bps", f"is above max_spread_bps {params.max_spread_bps:g}; give a smaller one"
    if params.amber_vol_bps > params.red_vol_bps:
        return "amber_vol_bps", f"is above red_vol_bps {params.red_vol_bps:g}; give a smaller one"
    try:
        zones.rules(params.zone_rules)
    except ValueError as error:
        return "zone_rules", f'{error}; give rules with two bounds, like "inventory:0.5/0.8, spread:10/30"'
    if params.lead_age_bps_per_s and not params.fair_source:
        return "lead_age_bps_per_s", "needs a lead; give fair_source as well"
    if params.skew_curve:
        try:
            curve(params.skew_curve)
        except ValueError as error:
            return "skew_curve", f'{error}; give shares of the limit with bps, like "0.5:1, 1:4"'
    return "", ""
