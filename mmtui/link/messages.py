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
from mmtui.link.parts import (
    AssetView,
    BookView,
    FillRow,
    Gauge,
    InstrumentView,
    OwnOrder,
    Param,
    PlanView,
    PnlView,
    Rungs,
    TaskView,
    TripView,
    VenueView,
)
from mmtui.link.replayed import ReplayView
from mmtui.link.risked import RiskView

PROTOCOL = 1
#: observer: looks; operator: acts; admin: raises limits as well, where a desk asks for one.  What a client claims
#: counts as far as its user has it (the socket says who that is, the config what they are: host.people).
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
    near: list[str] | None = None  # books of `depth` in every frame, the others once a second; None: all


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


# ---------------------------------------------------------------- host -> cockpit


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
