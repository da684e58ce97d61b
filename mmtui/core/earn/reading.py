"""How one instrument earns, read in one piece for frames and reports: markouts, flow, presence, health, resilience.

Rules of this file: reads the engine and changes nothing; walks books, so ask when somebody looks, not on a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmtui.core.earn.health import Depth, health
from mmtui.core.earn.queueing import fill_probability
from mmtui.core.ledger.markouts import Point
from mmtui.core.orders.table import RESTING

if TYPE_CHECKING:
    from mmtui.core.engine import Engine


class Earning(NamedTuple):
    """Shares and ratios 0..1; None: nothing to say yet."""

    markouts: list[Point]  # of both sides
    markouts_bid: list[Point]  # own purchases
    markouts_ask: list[Point]
    fill_ratio: float | None  # quotes that traded / quotes sent
    fill_ratio_bid: float | None
    fill_ratio_ask: float | None
    quote_to_trade: float | None  # order messages / executions
    half_life_s: float | None  # of inventory
    volume_share: float | None  # own lots / lots that the market traded
    best_bid: float  # share of the quoting time at the best price
    best_ask: float
    spread_pct: float | None
    depths: list[Depth]
    known_pct: float  # how far from mid the book is known
    own_share: float  # of the depth within 1 %
    healthy: bool | None  # None: not known
    why: str  # what is missing; "" when healthy
    resilience_bid_s: float | None  # mean time until nine tenths of the depth are back after a sweep
    resilience_ask_s: float | None


def earning(engine: Engine, i: int) -> Earning:
    """How instrument i earns, and the health of its market."""
    account, flow = engine.accounts[i], engine.earn.flows[i]
    own = account.bought + account.sold
    sides = engine.earn.resilience[i]
    found = health(engine.books[i], account.grid, engine.tracker.of(i))
    return Earning(
        markouts=account.markouts.curve(),
        markouts_bid=account.markouts.curve(1),
        markouts_ask=account.markouts.curve(-1),
        fill_ratio=flow.fill_ratio(),
        fill_ratio_bid=flow.fill_ratio(1),
        fill_ratio_ask=flow.fill_ratio(-1),
        quote_to_trade=flow.messages / account.fills if account.fills else None,
        half_life_s=flow.decay.half_life(),
        volume_share=own / flow.market if flow.market else None,
        best_bid=flow.presence(1),
        best_ask=flow.presence(-1),
        spread_pct=found.spread_pct,
        depths=list(found.depths),
        known_pct=found.known_pct,
        own_share=found.own_share,
        healthy=found.healthy,
        why=found.why,
        resilience_bid_s=sides[1].seconds(),
        resilience_ask_s=sides[-1].seconds(),
    )


def probabilities(engine: Engine, now: int) -> dict[int, float]:
    """Own live order -> its probability of trading whole within ten seconds."""
    return {
        order.oid: fill_probability(engine.books[order.i], order, engine.earn.flows[order.i].recent, now)
        for order in engine.tracker.open.values()
        if order.state in RESTING
    }
