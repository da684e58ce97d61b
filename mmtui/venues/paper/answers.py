"""What the paper venue says of executions and positions, in net and in hedge mode.

Rules of this file: pure; from what is known to one event.
"""

from __future__ import annotations

from mmtui.core.effects import PlaceOrder, QueryAccount
from mmtui.core.events import Fill, LegFill, LegPositions, Positions
from mmtui.core.market.instrument import Grid, atoms_text
from mmtui.venues.paper.matching import Matching
from mmtui.venues.paper.queue import Resting


def fill_event(
    market: Matching, grid: Grid, order: PlaceOrder | Resting, px: int, sz: int, maker: bool, ts: int, now: int,
    number: int,
) -> Fill:  # fmt: skip
    """An execution with its fee; in hedge mode of the leg that the order is of."""
    instrument = market.instrument
    fee = atoms_text(grid.fee_atoms(2 * px, sz, instrument.maker_bps if maker else instrument.taker_bps), 18)
    # the instant makes the id unique over restarts of the host as well: a fill is booked once an id
    trade = f"p{now // 1_000_000}-{number}"
    told = (ts, now, market.i, order.oid, trade, order.side, px, sz, maker, fee, instrument.settle)
    return Fill(*told) if market.short is None else LegFill(*told, market.leg(order))


def positions_event(ts: int, request: QueryAccount, markets: list[Matching], baselines: list[int]) -> Positions:
    """What the venue holds of these markets; the legs too where one of them is in hedge mode."""
    idx = [market.i for market in markets]
    lots = [baselines[market.i] + market.position for market in markets]
    if all(market.short is None for market in markets):
        return Positions(ts, request.v, request.query, idx, lots)
    return LegPositions(ts, request.v, request.query, idx, lots, [market.short or 0 for market in markets])
