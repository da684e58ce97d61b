"""Parameters of what a fill is paired with: prices that close it, orders that stay; and of wide markets.

Rules of this file: data and their reference text; params.py puts the parts together, checks.py says what does not fit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mmtui.core.quoting.params_fair import SignedBps
from mmtui.core.quoting.params_flow import FlowParams
from mmtui.core.quoting.params_guards import Seconds
from mmtui.core.quoting.params_price import Bps


class PairParams(FlowParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And what closes what it has opened."""

    pong: Literal["off", "last", "restart", "short", "average", "long"] = "off"
    pong_bps: Bps = 5.0
    pong_fair: bool = False
    pong_memory_s: Seconds = 0.0
    ping_at: Literal["both", "bid", "ask", "none"] = "both"
    hanging: bool = False
    hanging_cancel_bps: Annotated[float, Meta(gt=0, le=5_000)] = 100.0
    hanging_age_s: Annotated[float, Meta(gt=0, le=86_400)] = 1_800.0
    hedge_floor: bool = False
    hedge_edge_bps: SignedBps = 0.0
    hedge_cancel_bps: SignedBps = 0.0
    hedge_slippage_bps: Bps = 0.0
    wide_market: Annotated[float, Meta(ge=0, le=100)] = 0.0
    wide_market_size: Annotated[float, Meta(ge=1, le=10)] = 1.0
    wide_market_fills: Annotated[float, Meta(ge=1, le=100)] = 1.0


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    "pong": (
        "",
        "the price that a closing quote (pong) keeps its distance of pong_bps from, so that a pair of fills earns"
        " something: off; last (the last own fill of the other side); restart (the same, until fair value has gone"
        " pong_bps the wrong way: then fair value takes its place and the loss is given up); or the own fills that the"
        " other side has not closed yet: short (the one that is closed most easily: the lowest purchase, the highest"
        " sale), average (all of them, by size), long (the one that is closed last). A fill closes them in that order,"
        " with average the oldest first. With levels > 1 every rung keeps the distance. EXIT NOW passes it over. Use it"
        " on calm markets that come back; cost_floor does the same by the position's average cost",
    ),
    "pong_bps": ("bps", "with pong: least distance of a closing quote from the price that it closes"),
    "pong_fair": ("", "with pong: true: a closing quote stays pong_bps away from fair value too; false: it need not"),
    "pong_memory_s": ("s", "with pong: own fills are forgotten after so long; 0: never (at most 1000 are kept)"),
    "ping_at": (
        "",
        "which sides may open (lead away from the target inventory): both; bid; ask; none. The other side is quoted"
        " with no more than what leads back to the target. Unlike sides, it closes what was opened",
    ),
    "hanging": (
        "",
        "when an order of a rung has been filled in whole, the order of the same rung on the other side stays at its"
        " price until it is filled, and a new pair is quoted beside it. It counts for every limit, and goes with every"
        " pull, REDUCE, EXIT NOW, and beyond hanging_cancel_bps or hanging_age_s; at most 20 stay, the oldest goes",
    ),
    "hanging_cancel_bps": ("bps", "with hanging: an order that stayed goes when fair value is farther from it"),
    "hanging_age_s": ("s", "with hanging: an order that stayed goes when it has stayed so long"),
    "hedge_floor": (
        "",
        "cross-exchange market making: no quote is nearer than the price at which its fill, hedged at once at leg,"
        " earns hedge_edge_bps: at the size-weighted price that leg's book shows for the order's size (behind that of"
        " the rungs before it), less its taker fee and hedge_slippage_bps and the maker fee here, converted by the"
        " desk's rates. A rung whose hedge the book does not hold is not quoted. EXIT NOW passes it over. It needs leg;"
        " the hedging itself is the hedger's ([hedge.ASSET])",
    ),
    "hedge_edge_bps": ("bps", "with hedge_floor: what a hedged fill is to earn at least; negative: may cost"),
    "hedge_cancel_bps": (
        "bps",
        "with hedge_floor: an order that stands goes at once, whatever tolerance and least life say, when its hedged"
        " fill would earn less than this; no more than hedge_edge_bps, and a little less keeps orders from flickering",
    ),
    "hedge_slippage_bps": ("bps", "with hedge_floor: how much worse than leg's book the hedge is taken to be done"),
    "wide_market": (
        "x own width",
        "the market is wide while others' best prices are so many times the own full width apart: then sizes grow by"
        " wide_market_size and max_fills by wide_market_fills, inside every limit; 0: off. A market is wide because it"
        " is unsure: use it where it is wide because few are there",
    ),
    "wide_market_size": ("", "with wide_market: factor of the sizes"),
    "wide_market_fills": ("", "with wide_market: factor of max_fills"),
}
