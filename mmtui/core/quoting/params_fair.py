"""Parameters of the fair value and of the signals that move it.

Rules of this file: data and their reference text, and what of them cannot stand together; params.py puts the parts
together.
"""

from __future__ import annotations

from math import fsum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Bps = Annotated[float, Meta(ge=0, le=5_000)]
SignedBps = Annotated[float, Meta(ge=-1_000, le=1_000)]
Weight = Annotated[float, Meta(ge=-100, le=100)]
Seconds = Annotated[float, Meta(ge=0.01, le=86_400)]

#: Kinds of fair value that a blend may name.
KINDS = ("mid", "micro", "weighted", "last", "ewma", "mark", "index", "other", "consolidated")


class FairParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the quotes are measured from."""

    fair_value: Literal[
        "mid", "micro", "weighted", "last", "ewma", "mark", "index", "other", "consolidated", "blend"
    ] = "micro"
    fair_source: str = ""
    fair_depth: Annotated[int, Meta(ge=1, le=50)] = 5
    fair_tau_s: Seconds = 5.0
    fair_blend: str = ""
    fair_filter_own: bool = True
    basis: Literal["none", "fixed", "learned"] = "none"
    basis_bps: Annotated[float, Meta(ge=-5_000, le=5_000)] = 0.0
    basis_tau_s: Seconds = 300.0
    imbalance_bps: SignedBps = 0.0
    imbalance_depth: Annotated[int, Meta(ge=1, le=50)] = 5
    imbalance_cap_bps: Bps = 5.0
    flow_bps: SignedBps = 0.0
    flow_tau_s: Seconds = 10.0
    flow_cap_bps: Bps = 5.0
    momentum_weight: Weight = 0.0
    momentum_fast_s: Seconds = 5.0
    momentum_slow_s: Seconds = 60.0
    momentum_cap_bps: Bps = 5.0
    premium_weight: Weight = 0.0
    premium_cap_bps: Bps = 5.0


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    "fair_value": (
        "",
        "what the quotes are measured from: mid; micro (mid weighted by the opposite best sizes); weighted"
        " (size-weighted over fair_depth levels); last (the last trade); ewma (mid, exponentially weighted over"
        " fair_tau_s); mark; index; other (the mid of fair_source); consolidated (mids of every instrument of the desk"
        " with this base, weighted by size at the touch); blend (see fair_blend). Other instruments' prices are"
        " converted by the desk's currency rates. A kind that has no price now leaves the side unquoted",
    ),
    "fair_source": ("instrument", "the lead: fair_value = other is its mid; premium and lead_age refer to it"),
    "fair_depth": ("levels", "with fair_value = weighted: levels a side that count"),
    "fair_tau_s": ("s", "with fair_value = ewma: time constant; a longer one follows the mid more slowly"),
    "fair_blend": (
        "",
        'with fair_value = blend: kinds and weights, "micro:0.7, mark:0.3"; weights are scaled to a sum of 1; use it to'
        " hold quotes near the mark, or to mix a lead venue with the own book",
    ),
    "fair_filter_own": (
        "",
        "own displayed orders are taken out of the book before it is measured (live desks; in paper they are not in"
        " it); where the whole touch is ours the next level counts",
    ),
    "basis": (
        "",
        "difference of this instrument from the prices of others (other, index, consolidated, and the premium): none;"
        " fixed (basis_bps); learned (mean of own mid over theirs, exponentially weighted over basis_tau_s). Use it"
        " where a perpetual is priced from spot",
    ),
    "basis_bps": ("bps", "with basis = fixed: this instrument trades so much above the other; negative: below"),
    "basis_tau_s": ("s", "with basis = learned: time constant; short ones learn the very signal away"),
    "imbalance_bps": (
        "bps",
        "shift of fair value while all displayed size is on the bid, and the same down on the ask: (bids - asks) /"
        " (bids + asks) of imbalance_depth levels, times this; negative leans against it",
    ),
    "imbalance_depth": ("levels", "levels a side that the book imbalance counts"),
    "imbalance_cap_bps": ("bps", "the book imbalance never shifts fair value by more"),
    "flow_bps": (
        "bps",
        "shift of fair value while all trades are buys: signed over total traded size, exponentially weighted over"
        " flow_tau_s, times this; it fades while nothing trades; negative leans against it",
    ),
    "flow_tau_s": ("s", "time constant of the trade flow"),
    "flow_cap_bps": ("bps", "trade flow never shifts fair value by more"),
    "momentum_weight": (
        "bps a bp",
        "shift of fair value a bp by which the fast mean of the mid is above the slow one; negative: mean reversion",
    ),
    "momentum_fast_s": ("s", "time constant of the fast mean; below momentum_slow_s"),
    "momentum_slow_s": ("s", "time constant of the slow mean"),
    "momentum_cap_bps": ("bps", "momentum never shifts fair value by more"),
    "premium_weight": (
        "bps a bp",
        "shift of fair value a bp by which the lead (fair_source, with its basis) is above the own mid; 1 quotes round"
        " the lead, less follows it in part",
    ),
    "premium_cap_bps": ("bps", "the premium never shifts fair value by more"),
}


def pairs(text: str) -> list[tuple[str, float]]:
    """The parts of "a:1, b:2" in their order. ValueError says which part is none."""
    out: list[tuple[str, float]] = []
    for part in text.split(","):
        name, colon, value = part.strip().partition(":")
        try:
            number = float(value) if colon and name.strip() else float("nan")
        except ValueError:
            number = float("nan")
        if not abs(number) < 1e9:
            raise ValueError(f"{part.strip()!r} is no NAME:NUMBER")
        out.append((name.strip(), number))
    return out


def blend(text: str) -> tuple[tuple[str, float], ...]:
    """Kinds and weights that sum to 1. ValueError is a sentence about what is wrong."""
    parts = pairs(text)
    names = [name for name, _ in parts]
    for name, weight in parts:
        if name not in KINDS:
            raise ValueError(f"{name!r} is no kind of fair value; there are {', '.join(KINDS)}")
        if weight <= 0:
            raise ValueError(f"the weight of {name} is {weight:g}; give one above 0")
        if names.count(name) > 1:
            raise ValueError(f"{name} stands twice")
    total = fsum(weight for _, weight in parts)
    return tuple((name, weight / total) for name, weight in parts)


def kinds(params: FairParams) -> tuple[tuple[str, float], ...]:
    """What the fair value is made of, with weights."""
    return blend(params.fair_blend) if params.fair_value == "blend" else ((params.fair_value, 1.0),)


def leads(params: FairParams) -> bool:
    """Whether fair_source is looked at."""
    return bool(params.premium_weight) or any(kind == "other" for kind, _ in kinds(params))


def wrong(params: FairParams) -> tuple[str, str]:
    """(key, what is wrong with its value beside the others, as a clause), or ("", "")."""
    if params.fair_value == "blend" or params.fair_blend:
        try:
            blend(params.fair_blend)
        except ValueError as error:
            return "fair_blend", f'{error}; give kinds with weights, like "micro:0.7, mark:0.3"'
    if params.momentum_fast_s >= params.momentum_slow_s:
        return "momentum_fast_s", f"is not below momentum_slow_s {params.momentum_slow_s:g}; give a smaller one"
    if params.premium_weight and not params.fair_source:
        return "premium_weight", "needs a lead; give fair_source as well"
    return "", ""
