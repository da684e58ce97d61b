"""Orders, executions and ledger entries of a loopback exchange's account.

Rules of this file: plain records; prices in ticks, sizes in lots, money as Decimal.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.venues.paper.queue import Resting

OPEN = ("NEW", "PARTIALLY_FILLED")
ZERO = Decimal(0)


class Order:
    """One order of the account, by the venue's own words for type, time in force and status."""

    __slots__ = (
        "change", "client", "created", "filled", "i", "id", "kind", "leg", "limit", "locked", "px", "quote", "realised",
        "reason", "reduce_only", "resting", "side", "status", "sz", "tif", "updated",
    )  # fmt: skip

    def __init__(
        self, id: int, client: str, i: int, side: int, kind: str, tif: str, px: int, sz: int, reduces: bool, now: int,
        leg: str = "BOTH",
    ) -> None:  # fmt: skip
        self.id = id
        self.leg = leg  # positionSide: BOTH, or LONG or SHORT in hedge mode
        self.client = client
        self.i = i
        self.side = side
        self.kind = kind  # LIMIT | LIMIT_MAKER | MARKET
        self.tif = tif  # GTC | GTX | IOC | FOK
        self.px = px  # 0: at market
        self.limit = px  # the worst price at which it trades
        self.sz = sz
        self.filled = 0
        self.quote = ZERO  # sum of price x size of its executions
        self.realised = ZERO
        self.reduce_only = reduces
        self.status = "NEW"
        self.reason = ""
        self.change = ""  # execution type of the report that tells an amend, while it is made
        self.created = self.updated = now
        self.resting: Resting | None = None
        self.locked = ZERO  # spot: of the asset that it would pay with

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def left(self) -> int:
        return self.sz - self.filled


class Execution:
    """One fill."""

    __slots__ = ("asset", "fee", "i", "id", "maker", "order", "px", "realised", "side", "sz", "ts")

    def __init__(
        self, id: int, order: Order, px: int, sz: int, maker: bool, fee: Decimal, asset: str, realised: Decimal, ts: int
    ) -> None:
        self.id = id
        self.order = order
        self.i = order.i
        self.side = order.side
        self.px = px
        self.sz = sz
        self.maker = maker
        self.fee = fee
        self.asset = asset
        self.realised = realised
        self.ts = ts


class Entry:
    """A line of the futures ledger (income), or a transfer."""

    __slots__ = ("amount", "asset", "id", "kind", "symbol", "ts")

    def __init__(self, id: int, kind: str, symbol: str, amount: Decimal, asset: str, ts: int) -> None:
        self.id = id
        self.kind = kind  # TRANSFER | REALIZED_PNL | FUNDING_FEE | COMMISSION
        self.symbol = symbol
        self.amount = amount
        self.asset = asset
        self.ts = ts
