"""What the messages of the host are made of: books, orders, instruments, venues, assets, limits, profit, plans, trips.

Money is decimal text in the desk's currency unless a field says otherwise; prices are ticks and sizes lots of the
instrument.  Rules of this file: data only.
"""

from __future__ import annotations

import msgspec


class Level(msgspec.Struct, array_like=True, gc=False):
    px: int
    sz: int


class Print(msgspec.Struct, array_like=True, gc=False):
    """A public trade."""

    ts: int
    px: int
    sz: int
    side: int  # taker: +1 bought, -1 sold


class OwnOrder(msgspec.Struct, kw_only=True):
    oid: int
    instrument: str
    side: int
    px: int
    sz: int
    left: int
    ahead: int  # lots ahead in the queue; -1 not known
    state: str  # INTENT SENT LIVE AMENDING CANCELLING UNKNOWN (core/orders)
    purpose: str
    level: int
    age_ms: int
    filled: int = 0
    to_px: int = 0  # an amend whose outcome is not proven may have made it this; 0: there is none
    to_sz: int = 0
    fill_probability: float = -1.0  # of trading whole within 10 s, 0..1; -1: not known (yet)


class BookView(msgspec.Struct, kw_only=True):
    """Best levels of one book, best first. `state`: ok | empty | gap | crossed | stale | no snapshot | ended | down."""

    id: str
    valid: bool
    state: str
    age_ms: int  # since the last message of the venue about this instrument
    seq: int
    bids: list[Level]
    asks: list[Level]
    prints: list[Print]  # newest first, at most 12
    levels: int = 0  # that the host knows, of both sides
    whole: bool = True  # as many levels as were asked for; else the best few


class Step(msgspec.Struct, array_like=True):
    """One line of the waterfall of a side: what was added, in price units, and the price after it."""

    label: str
    value: float
    after: float


class LegView(msgspec.Struct, array_like=True):
    """One leg of a contract in hedge mode."""

    size: str
    avg_price: str  # "" when nothing is held
    pnl: str  # of its own fills, marked to market, in the desk's currency


class InstrumentView(msgspec.Struct, kw_only=True):
    id: str
    state: str  # RUNNING ... the effective state
    fair: float  # price units; 0.0 when there is none
    fair_kind: str
    spread_bps: float  # full width in force, operator's offset included; 0.0 when there is none
    base_spread_bps: float
    skew_bps: float  # in force: inventory + operator; plus is up
    operator_spread_bps: float
    operator_skew_bps: float
    operator_size_pct: float
    offsets_owner: str  # "op1 12 s" or ""
    wide: bool
    reduce: bool
    reason_bid: str  # "" when the bid is quoted, else why not
    reason_ask: str
    why_bid: list[Step]
    why_ask: list[Step]
    quote_bid: int  # ticks of own best bid wanted; 0: none
    quote_ask: int
    position: str  # base units (contracts on inverse)
    position_lots: int
    baseline: str  # spot: the balance that is not inventory
    target: str
    max_position: str
    open_orders: int  # live + pending + UNKNOWN
    unknown_orders: int
    avg_price: str  # average entry, "" when flat
    pnl: dict[str, str]  # parts and total, in the settlement asset's conversion to the desk's currency
    markout_bps: dict[str, float | None]  # 1s 5s 30s
    bought: str
    sold: str
    fills: int
    protections: list[str]
    uptime: float  # share of the quoting time with both sides in the market, 0..1
    gaps: int
    messages: int
    exit: bool = False  # EXIT NOW
    legs: list[LegView] = []  # hedge mode: long and short
    state_reason: str = ""  # why the instrument (or its venue) is not RUNNING by itself; "" when the desk's state is it


class VenueView(msgspec.Struct, kw_only=True):
    id: str
    connected: bool
    simulated: bool
    age_ms: int
    dead_man: str  # n/a (paper) | armed 9 s | unavailable | UNBOUNDED
    ended: bool
    resyncs: int
    damaged: int
    orders_s: float
    execution: str  # paper | live
    unverified: str = ""  # "unverified book" where nothing but freshness and sanity proves its books
    feed_ms: tuple[float, float] | None = None  # receipt less venue time of its books: median, 99th percentile
    order_ms: tuple[float, float] | None = None  # own orders, sent to accepted: median, 99th percentile
    clock_ms: tuple[float, float] | None = None  # its clock less ours, and the error of that; None: not measured


class AssetView(msgspec.Struct, kw_only=True):
    """Net delta of one asset and what it is made of, in units of the asset."""

    asset: str
    delta: str
    spot: str
    linear: str
    inverse: str
    wallet: str
    transit: str
    target: str
    limit: str  # sum of the position limits of its instruments
    locked: str = "0"  # held long and short at once over its instruments: closing it does not change delta
    hedge: str = ""  # what the hedger does or why it does not; "" for an asset without one
    band: str = ""  # of the hedger, either side of the target
    unhedged_s: float = 0.0  # delta has been outside of the band for so long
    unhedged_total_s: float = 0.0  # and in all


class Gauge(msgspec.Struct, kw_only=True):
    name: str  # position, order size, notional, loss day, drawdown, msgs/s ...
    scope: str  # desk or an instrument's id
    share: float  # of the limit, 0..; 1.0 acts
    text: str  # "412 of 1,500 USDT"
    level: str  # ok | warn | reduce | act
    fires_at: str  # "would fire at −500 USDT"


class PnlView(msgspec.Struct, kw_only=True):
    ccy: str
    total: str
    parts: dict[str, str]  # spread inventory basis fees rebates funding borrow hedge slippage incentives fx
    day: str
    drawdown: str
    history: list[float]  # total, one a second of the source's clock, newest last, at most 600
    rate_age_ms: int  # age of the oldest conversion rate in use; 0 when none is needed


class TripRow(msgspec.Struct, kw_only=True):
    venue: str
    blocked_us: int
    sent_us: int  # -1: not yet
    sent_orders: int
    acked_ms: float  # engine clock; -1: not yet
    verified_ms: float  # -1: not yet
    open_orders: int
    unknown: int
    text: str
    silent_ms: float = -1.0  # the venue has confirmed nothing of this kill for so long; -1: it has, or may yet


class TripView(msgspec.Struct, kw_only=True):
    """The trip card of a kill."""

    by: str
    at: int
    scope: str
    cause: str
    rows: list[TripRow]
    positions: dict[str, str]
    proven: bool
    next: str


class TaskView(msgspec.Struct, kw_only=True):
    kind: str  # flatten | close
    scope: str
    text: str  # what it does now
    progress: float  # 0..1
    left: str
    at_cap: bool


class PlanView(msgspec.Struct, kw_only=True):
    """What a flatten or close would do now, for the bar that asks. Sent in every frame while there is a position."""

    kind: str  # flatten | close | hedge (a ticket, filled in)
    scope: str
    text: str  # "sell 0.412 BTC on usdm"
    size: str
    venues: list[str]
    expected_cost: str
    worst_cost: str
    ccy: str
    ticket: dict[str, str] = {}  # hedge: instrument, side, size, price, type of the ticket act that does it


class FillRow(msgspec.Struct, kw_only=True):
    ts: int
    instrument: str
    side: int
    px: int
    sz: int
    maker: bool
    edge_bps: float
    fee: str
    purpose: str


class Param(msgspec.Struct, kw_only=True):
    """One parameter. Values are JSON text."""

    name: str
    value: str
    profile: str  # what the profile in force says
    unit: str
    allowed: str
    text: str  # what it does
    changed_by: str = ""  # "" when it never was, in this session
    changed_at: int = 0
    before: str = ""  # that change


class Rungs(msgspec.Struct, kw_only=True):
    """A ladder: best first, ticks and lots; width and skew in bps."""

    bids: list[Level]
    asks: list[Level]
    width_bps: float
    skew_bps: float
