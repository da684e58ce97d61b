"""What host and cockpit say to each other over the Unix socket.

Two lanes come from the host.  Lossless: `Item`s, numbered without a hole (orders, fills, state, alerts, commands); a
hole is answered with a `Snapshot`.  Conflated: `Frame`s, at the rate and for the instruments that the cockpit asked
for; a new one replaces an old one that has not left yet.  Money is decimal text in the desk's currency unless a
field says otherwise; prices are ticks and sizes lots of the instrument (the table is in `Welcome`).

Rules of this file: data only.
"""

from __future__ import annotations

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.link.earned import EarnView, LineView, ObligationView
from mmtui.link.guarded import GuardView
from mmtui.link.replayed import ReplayView
from mmtui.link.risked import RiskView

PROTOCOL = 1
#: observer: looks; operator: acts; admin: raises limits as well, where a desk asks for one.  Claimed, not proven: every
#: client is a process of the desk's own user (the socket says so).
ROLES = ("observer", "operator", "admin")


# ---------------------------------------------------------------- cockpit -> host


class Hello(msgspec.Struct, tag="hello", kw_only=True):
    protocol: int
    role: str  # one of ROLES
    operator: str
    origin: str  # local, ssh ADDRESS, ctl
    client: str = "cockpit"  # cockpit | ctl
    uid: int = -1  # set by the host from the socket, whatever the client says


class View(msgspec.Struct, tag="view", kw_only=True):
    """What the cockpit shows: only that is sent."""

    fps: float = 10.0  # 2..30; 0: no frames
    instruments: list[str] | None = None  # books wanted; None: all
    depth: int = 60  # levels a side


class Cmd(msgspec.Struct, tag="cmd", kw_only=True):
    """An act (core/commands.py). `args` is what the act takes; `version` the state version on the screen."""

    id: str
    action: str
    args: dict[str, str | int | float | bool | list[str]] = {}
    instrument: str | None = None
    venue: str | None = None
    version: int = 0
    reason: str = ""


class Transport(msgspec.Struct, tag="transport", kw_only=True):
    """Replay only. op: play pause step back speed seek next prev whatif; `kind` (fill|alert|key) with next and prev.

    whatif: `args` are parameters of `instrument` ("": every one); none of them ends it.
    """

    op: str
    value: float = 0.0  # speed, or steps
    at: int = 0  # ns, for seek
    kind: str = ""
    args: dict[str, str] = {}
    instrument: str = ""


class Heard(msgspec.Struct, tag="heard"):
    """Somebody at this cockpit has acknowledged the alerts up to this item of the lossless lane."""

    n: int


class StatusRequest(msgspec.Struct, tag="status?"):
    id: str


class ParamsRequest(msgspec.Struct, tag="params?", kw_only=True):
    """The quoting parameters of an instrument; with `preview`, what the quotes would be if these were set."""

    id: str
    instrument: str
    preview: dict[str, str | int | float | bool | list[str]] = {}


# ---------------------------------------------------------------- host -> cockpit: parts


class Level(msgspec.Struct, array_like=True):
    px: int
    sz: int


class Print(msgspec.Struct, array_like=True):
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


class Step(msgspec.Struct, array_like=True):
    """One line of the waterfall of a side: what was added, in price units, and the price after it."""

    label: str
    value: float
    after: float


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


# ---------------------------------------------------------------- host -> cockpit: messages


class Welcome(msgspec.Struct, tag="welcome", kw_only=True):
    protocol: int
    name: str
    mode: str  # DEMO | PAPER | SHADOW | LIVE | REPLAY
    session: str
    role: str
    currency: str
    instruments: list[Instrument]
    venues: list[str]
    simulated: bool
    profiles: list[str]


class Item(msgspec.Struct, tag="item", kw_only=True):
    """One entry of the lossless lane. kind: order | fill | alert | state | result | key | note."""

    n: int
    ts: int
    kind: str
    text: str
    severity: str = "info"  # info | warn | danger
    code: str = ""
    instrument: str = ""
    command: str = ""  # the id of the command that this answers (result)
    ok: bool = True
    version: int = 0
    fill: FillRow | None = None


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


class Snapshot(msgspec.Struct, tag="snapshot", kw_only=True):
    """The lossless lane up to `n`, bounded: newest 200 of each kind."""

    n: int
    items: list[Item]


class Frame(msgspec.Struct, tag="frame", kw_only=True):
    """The conflated lane: everything that has a value now."""

    ts: int  # engine clock, ns
    version: int  # state version
    state: str  # desk state
    state_since: int
    state_reason: str
    ended: bool  # SOURCE ENDED
    books: list[BookView]
    orders: list[OwnOrder]
    instruments: list[InstrumentView]
    venues: list[VenueView]
    assets: list[AssetView]
    gauges: list[Gauge]
    pnl: PnlView
    tasks: list[TaskView]
    plans: list[PlanView]
    trip: TripView | None
    replay: ReplayView | None
    loop_lag_ms: float
    cockpits: int
    operators: list[str]
    earn: list[EarnView] = []
    lines: list[LineView] = []
    obligations: list[ObligationView] = []
    risk: RiskView | None = None
    guards: list[GuardView] = []


class Status(msgspec.Struct, tag="status", kw_only=True):
    """Answer to StatusRequest: `body` is the JSON object of `ctl status --json`."""

    id: str
    body: msgspec.Raw


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


class Params(msgspec.Struct, tag="params", kw_only=True):
    """Answer to ParamsRequest. `wrong`: why the preview cannot be."""

    id: str
    instrument: str
    profile: str
    profiles: list[str]
    params: list[Param]
    now: Rungs | None = None
    then: Rungs | None = None
    wrong: str = ""


class Refused(msgspec.Struct, tag="refused"):
    """The host ends the connection, and why."""

    why: str


ToHost = Hello | View | Cmd | Transport | Heard | StatusRequest | ParamsRequest
ToCockpit = Welcome | Item | Snapshot | Frame | Status | Params | Refused
