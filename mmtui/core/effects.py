"""Effects: what the engine wants done. Data only; somebody else carries them out, after they are on the tape."""

from __future__ import annotations

import msgspec


class PlaceOrder(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    """Place a limit order. Never retried: an answer that does not come makes the order UNKNOWN."""

    i: int
    oid: int
    side: int  # +1 buy, -1 sell
    px: int
    sz: int
    tif: str  # GTX (post-only) | GTC | IOC
    reduce_only: bool
    purpose: str  # quote | flatten | close | manual
    level: int  # rung of the ladder, 0 = nearest


class CancelOrder(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    i: int
    oid: int


class CancelAll(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=3):
    """Cancel every own order of one venue (i = -1), or of one instrument of it."""

    v: int
    query: int
    i: int = -1


class QueryOpenOrders(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=4):
    v: int
    query: int
    endpoint: int  # 1 or 2


class Wake(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=5):
    """Send a Timer event at `ts` (engine clock, ns)."""

    ts: int


class Alert(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=6):
    severity: str  # info | warn | danger
    code: str  # stable word: gap, stale, fill, reject, limit, kill, command ...
    text: str
    i: int = -1
    v: int = -1


class Result(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=7):
    """What became of a command. `version` is the engine's state version after it."""

    command: str
    ok: bool
    text: str  # "spread +1.0 -> 6.0 bps", or why it was refused
    version: int
    before: str = ""
    after: str = ""


class Latch(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=8):
    """A latched state to keep on disk (fsync) beyond this session; an empty state clears it."""

    scope: str  # desk | venue:ID | instrument:ID
    state: str  # KILLED | HALTED | ""
    reason: str


class Shutdown(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=9):
    """The desk has ended in order: everything cancelled and verified (ok), or not (exit 1)."""

    ok: bool
    text: str


class QueryAccount(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=10):
    """Ask a venue: "fills" or "ledger" since an instant of the venue (AccountAnswer after the events), "positions"."""

    v: int
    query: int
    what: str
    since: int = 0


class Adjust(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=11):
    """Our position of an instrument is set to the venue's: an unexplained difference, and HALTED follows; or the
    position with which a session begins (why: reconcile.ADOPTED), and nothing follows."""

    i: int
    before: int  # lots
    after: int
    why: str


class AmendOrder(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=12):
    """Change a resting order in place. Never retried: until its outcome is proven the order is the worse of both."""

    i: int
    oid: int
    side: int
    px: int
    sz: int  # whole size, what was filled included
    amend: int  # running number of the amends of this order, from 1


#: Purposes of orders that add risk: refused first when something is amiss with the host.
ADDS_RISK = ("quote", "manual")
#: What goes to a venue; every other effect is the host's.
SENT = (PlaceOrder, CancelOrder, CancelAll, QueryOpenOrders, QueryAccount, AmendOrder)

Effect = (
    PlaceOrder
    | CancelOrder
    | CancelAll
    | QueryOpenOrders
    | Wake
    | Alert
    | Result
    | Latch
    | Shutdown
    | QueryAccount
    | Adjust
    | AmendOrder
)
