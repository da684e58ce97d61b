"""Orders and executions as the venue knows them: the truth against which the desk is judged.

Rules of this file: plain records in ticks and lots of the venue's own grid, and nothing that acts.
"""

from __future__ import annotations

from typing import NamedTuple

#: States of a SimOrder. "pending": taken, not yet in the book.
OPEN = ("pending", "open")


class SimOrder:
    """One order of the account. `ours`: the desk sent it; else somebody else's hand or engine did."""

    __slots__ = (
        "ahead",
        "amends",
        "client_id",
        "created",
        "creates",
        "ended",
        "filled",
        "i",
        "left",
        "leg",
        "oid",
        "ours",
        "px",
        "reduce_only",
        "side",
        "state",
        "sz",
        "tif",
        "venue_id",
    )

    def __init__(
        self, client_id: str, oid: int, i: int, side: int, px: int, sz: int, tif: str, reduce_only: bool, ours: bool,
        legs: bool = False,
    ) -> None:  # fmt: skip
        self.client_id = client_id
        self.oid = oid  # the desk's number, 0 for others'
        self.i = i
        self.side = side
        self.px = px
        self.sz = sz
        self.left = sz
        self.filled = 0
        self.tif = tif
        self.reduce_only = reduce_only
        self.leg = (-side if reduce_only else side) if legs else 0  # in hedge mode: +1 the long one, -1 the short one
        self.ours = ours
        self.state = "pending"  # pending | open | filled | cancelled | expired | rejected
        self.venue_id = ""
        self.creates = 1  # creates that reached the venue with this client id
        self.created = 0  # instant at which the venue took it
        self.ended = 0
        self.ahead = 0
        self.amends: dict[int, None] = {}  # amends that have arrived

    @property
    def open(self) -> bool:
        return self.state in OPEN


class SimFill(NamedTuple):
    """One execution. `kind`: trade | liquidation | adl; `external`: not an order of the desk's."""

    client_id: str
    venue_id: str
    trade_id: str
    i: int
    side: int
    px: int
    sz: int
    maker: bool
    ts: int
    fee: str
    kind: str
    external: bool
    leg: int = 0  # in hedge mode: +1 the long one, -1 the short one
