"""What an account session asks of a venue, and what the venue answers: the same for real drivers and the simulator.

Prices, sizes and amounts are the venue's own decimal texts, as they are on the wire: a venue can answer "NaN", and the
desk's grid may be finer than the venue's by now.  `i` is the desk's place of the instrument; instants are ns of the
engine's clock.  `Create` is a type of its own, so that no driver can retry it by the rule for anything else.

Rules of this file: data only.
"""

from __future__ import annotations

import msgspec

from mmtui.venues.binance.reports import FillReport


class NewOrder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One order of a Create."""

    oid: int
    i: int
    client_id: str
    side: int  # +1 buy, -1 sell
    price: str
    size: str
    tif: str  # GTX (post-only) | GTC | IOC
    reduce_only: bool


class OldOrder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One order of a Cancel; `venue_order_id` is "" while the venue has not named it."""

    oid: int
    i: int
    client_id: str
    venue_order_id: str


class ChangedOrder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The order of an Amend, as it is to be; `size` includes what was filled."""

    oid: int
    i: int
    client_id: str
    venue_order_id: str
    side: int
    price: str
    size: str
    amend: int


# ---------------------------------------------------------------- requests


class Create(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Place orders. Sent once: never again, whatever became of it. The venue refuses it after `expires` (0: never)."""

    id: int
    orders: list[NewOrder]
    expires: int = 0
    weight: int = 1


class Amend(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Change an order in place. Sent once, like a Create; the venue refuses it after `expires` (0: never)."""

    id: int
    order: ChangedOrder
    expires: int = 0
    weight: int = 1


class Cancel(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Cancel orders by id."""

    id: int
    orders: list[OldOrder]
    expires: int = 0
    weight: int = 1


class CancelEverything(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue's cancel-all, of one instrument or (i = -1) of the account."""

    id: int
    i: int
    expires: int = 0
    weight: int = 1


class AskOpen(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Open orders of the account: endpoint 1 is the list of open orders, 2 the independent one (history, status)."""

    id: int
    endpoint: int
    expires: int = 0
    weight: int = 1


class AskFills(msgspec.Struct, frozen=True, gc=False, tag=True):
    id: int
    since: int
    expires: int = 0
    weight: int = 1


class AskLedger(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Transfers, funding, conversions, liquidations ... since an instant."""

    id: int
    since: int
    expires: int = 0
    weight: int = 1


class AskPositions(msgspec.Struct, frozen=True, gc=False, tag=True):
    id: int
    expires: int = 0
    weight: int = 1


class ArmDeadMan(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Cancel everything (of an instrument, where i >= 0) unless this comes again within `ms`; 0 disarms."""

    id: int
    ms: int
    i: int = -1
    expires: int = 0
    weight: int = 1


Request = Create | Amend | Cancel | CancelEverything | AskOpen | AskFills | AskLedger | AskPositions | ArmDeadMan


# ---------------------------------------------------------------- answers


class OrderResult(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What became of one order of a Create, Amend or Cancel, in the order of the request."""

    ok: bool
    venue_order_id: str = ""
    code: str = ""  # the venue's error code; its meaning is in TradingFacts.codes
    text: str = ""
    status: str = ""  # state of the order where the answer tells it: new | filled | cancelled | expired | rejected
    price: str = ""  # ... to an Amend: what it is now, where that is told
    size: str = ""


class Done(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Answer to Create, Amend and Cancel (a result for each order), and to CancelEverything (no results)."""

    results: list[OrderResult] = []


class Refused(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue refused the whole request, with its own error code: nothing of it was done."""

    code: str
    text: str


class Failed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """No answer, or one that says nothing of the fate of the request."""

    kind: str  # timeout | 5xx | network | 429 | 418 | 403 | auth
    retry_after_ms: int = 0  # 429 and 418: the venue's Retry-After


class OpenRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    client_id: str
    venue_order_id: str
    i: int  # -1: an instrument that the desk does not have
    side: int
    price: str
    size: str
    filled: str
    ts_event: int = 0
    leg: str = ""  # of hedge mode: long | short


class OpenList(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Answer to AskOpen: every open order of the account, ours or not."""

    orders: list[OpenRow]


class FillList(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Answer to AskFills, oldest first, with the client ids."""

    fills: list[FillReport]


class LedgerRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of the venue's ledger; signed texts, plus is received. `i` is -1 where only a balance moved.

    Trades are not here, whatever caused them: they are fills (FillReport.kind), so that nothing is booked twice.
    """

    ref: str
    ts_event: int
    i: int
    cause: str  # TRANSFER | FUNDING | FEE_ASSET | CONVERSION
    size: str  # change of the position
    price: str  # "0": it had none
    amount: str  # change of money
    asset: str


class LedgerList(msgspec.Struct, frozen=True, gc=False, tag=True):
    rows: list[LedgerRow]


class PositionRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    i: int
    size: str  # signed; spot: the whole balance of the base asset
    leg: str = ""  # of hedge mode, a row of each: long | short


class PositionList(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Answer to AskPositions; instruments that are not named are flat."""

    rows: list[PositionRow]


class Armed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Answer to ArmDeadMan: the instant at which the venue would cancel; 0: it is off."""

    trigger: int


Answer = Done | Refused | Failed | OpenList | FillList | LedgerList | PositionList | Armed
