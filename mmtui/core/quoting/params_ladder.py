"""Parameters of the ladder: rungs, sizes, best price, bands.

Rules of this file: data and their reference text; params.py puts the parts together, checks.py says what does not fit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mmtui.core.quoting.params_price import Bps, PriceParams

#: Texts of numbers: "0.5, 1, 2".
Numbers = Annotated[str, Meta(max_length=400)]
Price = Annotated[float, Meta(ge=0, le=1e12)]
Percent = Annotated[float, Meta(ge=0, le=100)]


class LadderParams(PriceParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And what makes its rungs."""

    levels: Annotated[int, Meta(ge=1, le=20)] = 1
    spacing_bps: Bps = 1.0
    spacing: Literal["linear", "geometric", "list"] = "linear"
    spacing_factor: Annotated[float, Meta(ge=1, le=10)] = 1.5
    spacing_list: Numbers = ""
    size: Annotated[float, Meta(gt=0, le=1e12)] = 0.01
    size_profile: Literal["flat", "linear", "exponential", "list"] = "flat"
    size_factor: Annotated[float, Meta(gt=0, le=10)] = 1.5
    size_list: Numbers = ""
    equity_pct: Percent = 0.0
    size_skew: Annotated[float, Meta(ge=0, le=1)] = 0.5
    post_only: bool = True
    best_price: Literal["off", "join", "improve", "behind", "biggest", "inverse-join", "inverse-top"] = "off"
    best_price_ask: Literal[
        "same", "off", "join", "improve", "behind", "biggest", "inverse-join", "inverse-top"
    ] = "same"
    best_depth: Annotated[float, Meta(ge=0, le=1e12)] = 0.0
    improve: bool = False
    price_ceiling: Price = 0.0
    price_floor: Price = 0.0
    moving_band_above_pct: Percent = 0.0
    moving_band_below_pct: Percent = 0.0
    moving_band_s: Annotated[float, Meta(ge=1, le=604_800)] = 86_400.0


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    "levels": ("", "rungs a side"),
    "spacing_bps": ("bps", "distance from rung to rung"),
    "spacing": (
        "",
        "linear: equal distances; geometric: each distance is spacing_factor times the last; list: spacing_list",
    ),
    "spacing_factor": ("", "growth of the distance with spacing = geometric"),
    "spacing_list": (
        "bps",
        'with spacing = list: distance of each further rung from the first, growing, e.g. "1, 3, 8" for four rungs',
    ),
    "size": ("base or contracts", "size of the first rung, in units of base (contracts on inverse instruments)"),
    "size_profile": (
        "",
        "flat; linear (n-th rung: 1 + (n-1)(size_factor-1) times); exponential (size_factor^(n-1) times); list"
        " (size_list)",
    ),
    "size_factor": ("", "growth of the size from rung to rung"),
    "size_list": (
        "",
        'with size_profile = list: size of every rung as a multiple of the first size, e.g. "1, 2, 2, 0.5"; 0: no order'
        " at that rung",
    ),
    "equity_pct": (
        "% of equity",
        "the first rung is worth this share of the desk's equity (its profit included) in place of `size`, at the"
        " reference price, measured again every second; 0: off. `size` still gives the default position limit and the"
        " unit of the spread models",
    ),
    "size_skew": ("", "share by which the side that adds to inventory shrinks at the full position limit"),
    "post_only": ("", "quotes never take"),
    "best_price": (
        "",
        "where the first rung goes by the best price of others on its side, each side on its own, the further rungs"
        " with it: join (at their best), improve (a tick nearer), behind (a tick farther), biggest (a tick before the"
        " level where most of their size stands, of 20), inverse-join and inverse-top (join and improve, while their"
        " best bid and ask are no farther apart than the own full width; the side is held while they are), off. It only"
        " moves quotes away from the model price: no nearer than others show that it need be; see improve. Own orders"
        " do not count as the best, so a desk does not outbid itself. It is looked at with every new price, and every"
        " 100 ms. Use it where spreads are wide and the model's price would stand alone",
    ),
    "best_price_ask": ("", "best_price of the asks, where it differs from that of the bids"),
    "best_depth": (
        "base or contracts",
        "with best_price: the best of others is where more than so much of theirs stands, counted from the touch: dust"
        " is passed over",
    ),
    "improve": (
        "",
        "with best_price: true lets it move quotes nearer than the model price too, never nearer to fair value than the"
        " maker fee and half of min_spread_bps, and never onto the other side",
    ),
    "price_ceiling": (
        "price",
        "while fair value is above this, bids are held (only the asks are quoted); 0: none. They come back 1 bp inside",
    ),
    "price_floor": (
        "price",
        "while fair value is below this, asks are held (only the bids are quoted); 0: none. They come back 1 bp inside",
    ),
    "moving_band_above_pct": (
        "%",
        "a ceiling so far above a reference, which is fair value taken anew every moving_band_s; 0: none. It keeps a"
        " desk from chasing a move that is larger than it was set up for",
    ),
    "moving_band_below_pct": ("%", "a floor so far below the reference of moving_band_above_pct; 0: none"),
    "moving_band_s": ("s", "how long the reference of the moving band holds"),
}
