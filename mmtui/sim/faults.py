"""The 42 faults of the simulator, as one table: what each does, who strikes it, how often, and which orders it can hit.

Numbers and names are those of the project's list of failures.  Rules of this file: data.

A rate is strikes a million opportunities; a seed draws one of `low * 2**k` up to `low * 2**doublings`.  The
opportunity is named in `per`: "second" is one simulated second of each venue (or of the desk).
`reach` names the states (core.orders.table, "-" for none) in which the order that is hit can be: a long run must
have hit each of them often.  A fault that hits every open order at once (a lost connection, a crash) has ANY.
"""

from __future__ import annotations

import msgspec

COUNT = 42

_NONE = ("-",)
_SENT = ("SENT", "CANCELLING", "UNKNOWN")
_ENDING = ("CANCELLING", "UNKNOWN")
_OPEN = ("SENT", "LIVE", "CANCELLING", "UNKNOWN")
#: A fault that hits the desk, whatever orders it has then.
ANY = ("-", *_OPEN)


class Fault(msgspec.Struct, frozen=True):
    """One fault. `who` is the component that strikes it (a module of this room)."""

    n: int
    name: str
    what: str
    who: str
    per: str
    low: int
    doublings: int
    reach: tuple[str, ...]

    @property
    def high(self) -> int:
        return self.low << self.doublings


_ROWS = (
    Fault(1, "lost create ack", "the order lives, its answer never comes (or says 5xx, or comes far too late)",
          "exchange_faults", "order created", 5_000, 5, ("SENT",)),
    Fault(2, "lost create request", "the request never reaches the venue: no answer",
          "exchange_faults", "order created", 5_000, 5, ("SENT",)),
    Fault(3, "late create", "the request arrives late, after what was sent later (cancels, cancel-all)",
          "exchange_faults", "order created", 5_000, 5, ("SENT",)),
    Fault(4, "duplicate fill", "the fill is reported twice, at once or later",
          "exchange_faults", "fill reported", 40_000, 4, _OPEN),
    Fault(5, "fill before ack", "the order is filled at once and the stream tells it before any ack",
          "exchange_faults", "order created", 5_000, 5, ("SENT",)),
    Fault(6, "fill after cancel ack", "an execution from before the cancel is reported after its ack",
          "exchange_faults", "order cancelled", 5_000, 5, _ENDING),
    Fault(7, "fill during KILL", "orders are hit while the cancel-everything is on its way",
          "exchange_faults", "order in a cancel-everything", 40_000, 4, ("CANCELLING",)),
    Fault(8, "cancel rejected though live", "\"unknown order\", and the order lives on",
          "exchange_faults", "order cancelled", 5_000, 5, _ENDING),
    Fault(9, "cancel rejected, order filled", "\"unknown order\", because it was filled meanwhile; the fill comes late",
          "exchange_faults", "order cancelled", 5_000, 5, _ENDING),
    Fault(10, "lost cancel ack", "the cancel is done, its answer never comes (or says 5xx)",
          "exchange_faults", "order cancelled", 5_000, 5, ("-", *_ENDING)),
    Fault(11, "partial batch", "some of a batch are refused, or the answer to the whole batch never comes",
          "exchange_faults", "request of more than one order", 10_000, 5, _SENT),
    Fault(12, "streams reordered", "the private stream falls behind the public one, or before it, by up to 1.5 s",
          "network", "private report", 2_000, 5, ("-",)),
    Fault(13, "sequence gap", "a depth update is lost",
          "market_faults", "depth update", 500, 6, _NONE),
    Fault(14, "duplicate or old delta", "a depth update comes again, at once or after newer ones",
          "market_faults", "depth update", 1_000, 6, _NONE),
    Fault(15, "checksum mismatch", "cannot occur: the venues of the simulator speak Binance's public form, which"
          " has no checksum; it comes with the first venue whose books carry one",
          "nobody", "-", 0, 0, ()),
    Fault(16, "partial or stale snapshot", "the REST snapshot is cut, empty, an error, or a little old",
          "market_faults", "snapshot", 50_000, 4, _NONE),
    Fault(17, "snapshot older than the buffer", "the REST snapshot is older than every update kept",
          "market_faults", "snapshot", 50_000, 4, _NONE),
    Fault(18, "crossed, locked or empty book", "the venue publishes a book that cannot be, for up to 2 s",
          "market_faults", "depth update", 800, 6, _NONE),
    Fault(19, "zero or negative number", "a price or size of a frame is 0 or negative",
          "market_faults", "frame", 200, 6, _NONE),
    Fault(20, "NaN, inf, 1e400, \"\"", "a price or size of a frame, private report or answer is no number",
          "market_faults, exchange_faults and exchange_queries", "frame or report", 200, 6,
          ("-", "SENT", "LIVE", "CANCELLING")),
    Fault(21, "frozen feed", "nothing comes for up to 20 s though pings are answered",
          "network", "second", 15_000, 4, ANY),
    Fault(22, "half-open socket", "a connection is dead and nobody is told",
          "network", "second", 9_000, 4, ANY),
    Fault(23, "forced close", "serverShutdown, then all streams of the venue close at once",
          "network", "second", 9_000, 4, ANY),
    Fault(24, "clock", "the host's wall clock is off, steps, freezes or repeats a second",
          "operators", "second", 15_000, 4, ANY),
    Fault(25, "rate limit and ban", "429, then 418 for whoever goes on, or 403",
          "exchange_faults", "request", 500, 6, ANY),
    Fault(26, "session lost", "kicked, login expired, key revoked for a while, listenKey lost",
          "exchange_acts", "second", 9_000, 4, ANY),
    Fault(27, "maintenance", "cancel-only, post-only, halt, or a state in which nothing can be cancelled",
          "exchange_acts", "second", 6_000, 4, ANY),
    Fault(28, "contract change", "tick, lot or least notional change live; a symbol is delisted",
          "exchange_acts", "second", 3_000, 4, ANY),
    Fault(29, "absurd frame", "10 MB, deep JSON, invalid UTF-8, unknown enum, cut in the middle",
          "market_faults", "frame", 200, 6, _NONE),
    Fault(30, "disk fails", "ENOSPC, EIO, read-only, a short write, or an fsync that lies",
          "disk", "write or fsync", 200, 6, ANY),
    Fault(31, "kill -9 and power loss", "the process dies after any byte of a write; a torn page, a flipped bit",
          "disk and operators", "write; second", 200, 5, ANY),
    Fault(32, "SIGSTOP", "the process is stopped for 1 ms to 10 min, then meets its backlog",
          "operators", "second", 12_000, 4, ANY),
    Fault(33, "blocked loop", "GC pause or CPU starvation: 10 ms to 2 s in which nothing is handled",
          "operators", "second", 15_000, 4, ANY),
    Fault(34, "cockpit lost", "a cockpit leaves in the middle of a command, reads slowly, or hangs up",
          "operators", "command", 20_000, 4, ANY),
    Fault(35, "two cockpits", "opposite keys in one tick, a command twice, an observer who sends a kill",
          "operators", "command", 20_000, 4, ANY),
    Fault(36, "split brain", "a second engine trades the same account with ids of its own",
          "exchange_acts", "second", 15_000, 4, ("-",)),
    Fault(37, "foreign acts", "manual orders, a foreign cancel of ours, liquidation, ADL, transfers",
          "exchange_acts", "second", 15_000, 4, ("-", *_OPEN)),
    Fault(38, "stale account endpoints", "positions, fills and open orders are answered as they were, for seconds",
          "exchange_queries", "account query", 30_000, 4, ANY),
    Fault(39, "dead-man switch", "it fires by itself, a refresh is lost, or its quota is spent",
          "exchange_faults", "refresh", 12_000, 5, ANY),
    Fault(40, "no way to the venue", "DNS or TLS fails, or our address is not on the list any more",
          "network", "second", 6_000, 4, ANY),
    Fault(41, "config reload", "parameters change in mid-quote",
          "operators", "second", 15_000, 4, ANY),
    Fault(42, "strategy fails", "the quoting code raises, or wants an absurd quote",
          "operators", "second", 6_000, 4, ANY),
)  # fmt: skip

#: By number; FAULTS[0] does not exist.
FAULTS: dict[int, Fault] = {fault.n: fault for fault in _ROWS}
