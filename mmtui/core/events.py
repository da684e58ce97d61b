"""Events: everything that can happen to the desk, in the only form in which the engine sees it.

Rules of this file: immutable plain data, integers for prices (ticks), sizes (lots) and instants (ns), decimal text for
money; no behaviour.  `i` is the instrument's place in the session's instrument table, `v` the venue's in its venue
table.  `ts` is our receive time, the clock of the engine; `ts_event` is the venue's own.  The tags are on the tape:
a tag is never reused, and new fields are appended with a default.
"""

from __future__ import annotations

import msgspec


class _Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    ts: int


class BookSnapshot(_Event, frozen=True, array_like=True, gc=False, tag=1):
    """A full book: levels not named are gone. Makes the book valid."""

    ts_event: int
    i: int
    seq: int
    bid_px: list[int]
    bid_sz: list[int]
    ask_px: list[int]
    ask_sz: list[int]


class BookDelta(_Event, frozen=True, array_like=True, gc=False, tag=2):
    """Absolute sizes at prices; size 0 removes the level. Never changes whether the book is valid."""

    ts_event: int
    i: int
    first_seq: int
    seq: int
    bid_px: list[int]
    bid_sz: list[int]
    ask_px: list[int]
    ask_sz: list[int]


class BestQuote(_Event, frozen=True, array_like=True, gc=False, tag=3):
    """Best bid and ask (bookTicker). Shares the id space of the depth updates: the greater seq is the newer."""

    ts_event: int
    i: int
    seq: int
    bid_px: int
    bid_sz: int
    ask_px: int
    ask_sz: int


class Trade(_Event, frozen=True, array_like=True, gc=False, tag=4):
    """A public trade; side is the taker's: +1 bought, -1 sold."""

    ts_event: int
    i: int
    trade_id: int
    px: int
    sz: int
    side: int


class BookGap(_Event, frozen=True, array_like=True, gc=False, tag=5):
    """The sequence rule was broken: the book is invalid until the next snapshot."""

    i: int
    expected: int
    got: int
    why: str


class MarkPrice(_Event, frozen=True, array_like=True, gc=False, tag=6):
    """Mark and index price in 1e-8 quote, funding rate in 1e-10 an interval, next funding in ns (0: unknown)."""

    ts_event: int
    i: int
    mark: int
    index: int
    funding: int
    next_funding: int


class Liquidation(_Event, frozen=True, array_like=True, gc=False, tag=7):
    """A forced order of somebody else; side is that order's side."""

    ts_event: int
    i: int
    px: int
    sz: int
    side: int


class FeedStatus(_Event, frozen=True, array_like=True, gc=False, tag=8):
    """A venue's market-data connection came up or went down."""

    v: int
    connected: bool
    why: str


class SourceEnded(_Event, frozen=True, array_like=True, gc=False, tag=9):
    """The source of market data has ended: the desk pauses and says SOURCE ENDED."""

    source: str


class Damage(_Event, frozen=True, array_like=True, gc=False, tag=10):
    """A line or message that could not be read, skipped. `count` is the running number for that source."""

    source: str
    line: int
    count: int
    what: str


class GridRefined(_Event, frozen=True, array_like=True, gc=False, tag=11):
    """A finer tick or lot appeared: prices of the instrument are multiplied by px_factor, sizes by sz_factor."""

    i: int
    tick: str
    lot: str
    px_factor: int
    sz_factor: int


class Heartbeat(_Event, frozen=True, array_like=True, gc=False, tag=12):
    """The venue is alive though its book was silent (ping, or a message of a stream that we pass over)."""

    v: int


class OrderAccepted(_Event, frozen=True, array_like=True, gc=False, tag=20):
    ts_event: int
    i: int
    oid: int
    venue_order_id: str
    ahead: int = -1  # displayed size ahead in the queue, in lots; -1: not known


class OrderRejected(_Event, frozen=True, array_like=True, gc=False, tag=21):
    ts_event: int
    i: int
    oid: int
    reason: str


class OrderCancelled(_Event, frozen=True, array_like=True, gc=False, tag=22):
    ts_event: int
    i: int
    oid: int
    reason: str  # requested, ioc, by venue, ...


class CancelRejected(_Event, frozen=True, array_like=True, gc=False, tag=23):
    ts_event: int
    i: int
    oid: int
    reason: str


class Fill(_Event, frozen=True, array_like=True, gc=False, tag=24):
    """One execution of an own order. `ts_event` is the instant of the match on the engine's clock (corrected)."""

    ts_event: int
    i: int
    oid: int
    trade_id: str
    side: int  # +1 bought, -1 sold
    px: int
    sz: int
    maker: bool
    fee: str  # decimal text, positive when paid
    fee_asset: str


class OpenOrders(_Event, frozen=True, array_like=True, gc=False, tag=25):
    """A venue's answer to QueryOpenOrders: the ids of ours that it still has."""

    v: int
    query: int
    endpoint: int  # 1 or 2: two independent questions must both say zero
    oids: list[int]
    foreign: int = 0  # orders of the account that are not ours (no id of ours)


class OrderUnknown(_Event, frozen=True, array_like=True, gc=False, tag=26):
    """The fate of a request is not known (time-out, 5xx). Counts as fully live until there is evidence."""

    i: int
    oid: int
    why: str


class CancelAllDone(_Event, frozen=True, array_like=True, gc=False, tag=27):
    """The venue acknowledged CancelAll."""

    v: int
    query: int


class QueueUpdate(_Event, frozen=True, array_like=True, gc=False, tag=28):
    """Queue place of own resting orders (paper venue): pairs of oid and lots ahead. Conflated, at most 10 a second."""

    v: int
    oids: list[int]
    ahead: list[int]


class AccountMove(_Event, frozen=True, array_like=True, gc=False, tag=29):
    """A position or balance moved for a cause that the venue's own ledger names (desk rules, "Reconciliation").

    cause: TRANSFER | EXTERNAL_FILL | FUNDING | FEE_ASSET | LIQUIDATION | ADL | CONVERSION. `ref` is the venue's id of
    the entry: it is booked once. `i` is -1 where only a balance moved.
    """

    ts_event: int
    v: int
    i: int
    cause: str
    ref: str
    lots: int  # change of the position, signed; 0 when only money moved
    px: int  # ticks; 0: it had no price
    amount: str  # change of money, decimal text, signed: plus is received
    asset: str
    rest: str = "0"  # change of the position beside `lots` that is less than a lot: decimal text, signed, as sizes are


class Positions(_Event, frozen=True, array_like=True, gc=False, tag=30):
    """A venue's answer to QueryAccount "positions": lots of instruments of ours; those not named are flat.

    Spot: the whole balance of the base asset in lots, the baseline included.
    """

    v: int
    query: int
    idx: list[int]
    lots: list[int]


class AccountAnswer(_Event, frozen=True, array_like=True, gc=False, tag=31):
    """A venue's answer to QueryAccount "fills" or "ledger" has been delivered whole, as events before this one."""

    v: int
    query: int
    what: str


class OrderFound(_Event, frozen=True, array_like=True, gc=False, tag=32):
    """An order with an id of ours that may not be known here (its record went with a power loss), or whose price and
    size are in doubt (an amend), as the venue has it. Sent before the OpenOrders answer that names it.
    """

    ts_event: int
    i: int
    oid: int
    side: int
    px: int
    sz: int
    filled: int
    venue_order_id: str


class AccountStatus(_Event, frozen=True, array_like=True, gc=False, tag=33):
    """A venue's private stream came up (after login, before its catch-up) or went down."""

    v: int
    connected: bool
    why: str


class DeadMan(_Event, frozen=True, array_like=True, gc=False, tag=34):
    """A venue's dead-man switch. state: armed | off | unavailable | refused | fired; `until` on the engine clock."""

    v: int
    state: str
    until: int


class OrderAmended(_Event, frozen=True, array_like=True, gc=False, tag=35):
    """An order has a new price or size in place: what it is now, as the venue tells. `sz` includes what was filled."""

    ts_event: int
    i: int
    oid: int
    amend: int  # which of its amends did it (AmendOrder)
    px: int
    sz: int
    ahead: int = -1  # displayed size ahead in the queue, in lots; -1: not known, or as it was where the place is kept


class AmendRejected(_Event, frozen=True, array_like=True, gc=False, tag=36):
    """An amend was not carried out. `stands`: the order is there as before; else it may be gone (filled, cancelled)."""

    ts_event: int
    i: int
    oid: int
    amend: int
    stands: bool
    reason: str


class LegFill(Fill, frozen=True, array_like=True, gc=False, tag=45):
    """A Fill in hedge mode."""

    leg: int  # +1 of the long leg, -1 of the short one


class LegMove(AccountMove, frozen=True, array_like=True, gc=False, tag=46):
    """An AccountMove of a leg in hedge mode: a manual trade elsewhere, a liquidation."""

    leg: int = 0


class LegFound(OrderFound, frozen=True, array_like=True, gc=False, tag=47):
    """An OrderFound in hedge mode: of the leg opposite its side it reduces."""

    leg: int


class LegPositions(Positions, frozen=True, array_like=True, gc=False, tag=48):
    """Positions of a venue in hedge mode: `lots` are the nets, and a long leg is lots + shorts."""

    shorts: list[int]  # lots of each short leg


class Timer(_Event, frozen=True, array_like=True, gc=False, tag=40):
    """The engine asked to be woken (Wake)."""


class Command(_Event, frozen=True, array_like=True, gc=False, tag=41):
    """An operator's act. `args` is canonical JSON text; `v` and `i` are -1 where the whole desk is meant."""

    id: str  # idempotency key
    operator: str
    role: str  # operator | observer | admin (an operator who may raise limits)
    origin: str  # local, ssh 10.0.0.7, ctl, signal, guard ...
    version: int  # state version that the operator saw; 0: none claimed
    action: str
    args: str
    i: int = -1
    v: int = -1
    reason: str = ""
    uid: int = -1  # of the user whose process sent it, as the system tells; -1: not known


class HostStarted(_Event, frozen=True, array_like=True, gc=False, tag=42):
    """First event of every life of the host. cause: start | recovery."""

    epoch: int
    cause: str
    latched: dict[str, str]  # scope -> reason: latched KILLED or HALTED states that survived
    autostart: bool = False
    first_oid: int = 0  # order ids below this may have been used by earlier lives
    oid_limit: int = 0  # ids below this are reserved on disk; 0: no limit (nothing survives this host)
    last: int = 0  # recovery: instant of the last record of the life before; 0: not known


class IdsReserved(_Event, frozen=True, array_like=True, gc=False, tag=44):
    """A further block of order ids is reserved on disk: ids below `limit` may be used."""

    limit: int


class HostStopped(_Event, frozen=True, array_like=True, gc=False, tag=43):
    """Clean end of a session."""

    cause: str


Event = (
    BookSnapshot | BookDelta | BestQuote | Trade | BookGap | MarkPrice | Liquidation | FeedStatus | SourceEnded
    | Damage | GridRefined | Heartbeat | OrderAccepted | OrderRejected | OrderCancelled | CancelRejected | Fill
    | OpenOrders | OrderUnknown | CancelAllDone | QueueUpdate | AccountMove | Positions | AccountAnswer | OrderFound
    | AccountStatus | DeadMan | OrderAmended | AmendRejected | Timer | Command | HostStarted | HostStopped
    | IdsReserved | LegFill | LegMove | LegFound | LegPositions
)  # fmt: skip

#: Events that come from the market; a what-if keeps these (and operator commands) and makes the rest again.
MARKET = (
    BookSnapshot,
    BookDelta,
    BestQuote,
    Trade,
    BookGap,
    MarkPrice,
    Liquidation,
    FeedStatus,
    SourceEnded,
    Damage,
    GridRefined,
    Heartbeat,
)
