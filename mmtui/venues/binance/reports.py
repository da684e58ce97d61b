"""What private messages and REST answers say about the account, in the words of the desk, with exact decimal texts.

Rules of this file: data only.  These are the venue's statements; the link makes events of them, where it knows which
own order a client id belongs to.
"""

from __future__ import annotations

import msgspec


class OrderReport(msgspec.Struct, frozen=True, tag="OrderReport", tag_field="event"):
    """State of an order as the venue tells it."""

    instrument: str
    ts_event: int
    venue_order_id: str
    client_id: str
    status: str  # new | partially_filled | filled | cancelled | rejected | expired | pending
    side: str  # buy | sell
    type: str
    tif: str
    price: str
    size: str
    filled: str
    reduce_only: bool = False
    average: str = "0"
    reason: str = ""
    leg: str = ""  # of hedge mode: long | short; "": none is told


class FillReport(msgspec.Struct, frozen=True, tag="FillReport", tag_field="event"):
    """One execution of an own order."""

    instrument: str
    ts_event: int
    venue_order_id: str
    client_id: str
    trade_id: str
    side: str
    price: str
    size: str
    maker: bool
    fee: str  # positive: paid
    fee_asset: str
    kind: str = "trade"  # trade | liquidation | adl | settlement
    leg: str = ""  # of hedge mode: long | short; "": none is told


class BalanceReport(msgspec.Struct, frozen=True, tag="BalanceReport", tag_field="event"):
    """Balance of an asset; `change` where the message tells only a difference."""

    venue: str
    ts_event: int
    asset: str
    free: str
    locked: str
    total: str
    change: str = ""
    reason: str = ""


class PositionReport(msgspec.Struct, frozen=True, tag="PositionReport", tag_field="event"):
    """Position of an instrument; plus is long."""

    instrument: str
    ts_event: int
    size: str
    entry: str
    unrealised: str
    side: str = "both"  # both (one-way mode) | long | short
    mark: str = ""
    liquidation: str = ""
    leverage: str = ""


class TriggerReport(msgspec.Struct, frozen=True, tag="TriggerReport", tag_field="event"):
    """A conditional (algo) order."""

    instrument: str
    ts_event: int
    venue_order_id: str
    client_id: str
    status: str
    side: str
    type: str
    size: str
    trigger: str
    reason: str = ""


Report = OrderReport | FillReport | BalanceReport | PositionReport | TriggerReport
