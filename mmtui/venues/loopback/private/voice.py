"""What the accounts of loopback venues have in common: refusals in the venue's codes, orders by the exchange's rules.

A venue's AccountVoice checks access, answers signed calls (`calls`), reads what is said on its private stream, and is
the exchange's Teller.

Rules of this file: texts in, values out; no socket; what an order may be is entry.py's, what happens to it the
exchange's.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.entry import Params, place
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.public.voice import Body, PublicClient, Topic
from mmtui.venues.loopback.records import Execution, Order

MS = 1_000_000
encode = msgspec.json.encode


class Denied(Exception):
    """A call that the venue refuses as a whole; it never leaves the server but as JSON."""

    def __init__(self, code: str, text: str, status: int = 200) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.status = code, text, status


class Keys(NamedTuple):
    """What the account's clients have."""

    key: str
    secret: str
    passphrase: str = ""


class Asked(NamedTuple):
    """A signed call as it came."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]


class AccountVoice:
    """One venue's way of speaking of an account. `calls`: (method, path) -> what answers a query or a JSON body."""

    venue: ClassVar[str]
    path: ClassVar[str]  # of the private stream
    #: The exchange's refusals (Binance's codes) in the venue's.
    codes: ClassVar[Mapping[int, str]]
    other: ClassVar[str]  # ... of what has no code of its own
    #: Key and secret of the account, where they must be of a certain kind.
    pair: ClassVar[tuple[str, str]] = ("", "")

    def __init__(self, exchange: Exchange, clients: dict[PublicClient, None], keys: Keys) -> None:
        self.exchange = exchange
        self.clients = clients
        self.keys = keys
        self.inside: dict[PublicClient, None] = {}  # who has logged in
        self.calls: dict[tuple[str, str], Callable[[Any], Any]] = {}
        exchange.teller = self

    # -- what a venue says ---------------------------------------------------------------------------------------

    def check(self, asked: Asked, now: int) -> None:
        """Denied: key, signature or stamp are not in order."""
        raise NotImplementedError

    def good(self, result: Any) -> Any:
        """The envelope of an answer."""
        raise NotImplementedError

    def bad(self, denied: Denied) -> Any:
        """... of a refusal."""
        raise NotImplementedError

    def asks(self, path: str, body: str) -> bool:
        """Whether a call is for the account, where public questions have the same path."""
        return False

    def heard(self, client: PublicClient, text: bytes) -> None:
        """A message on the private stream."""
        raise NotImplementedError

    def mine(self, client: PublicClient, text: bytes) -> bool:
        """Whether a message is of the account; some venues have it on the path of the public stream."""
        return client.path == self.path

    def params(self, asked: Asked) -> Any:
        """What a call asks for. Denied: it cannot be read."""
        if asked.method == "GET":
            return dict(parse_qsl(asked.query, keep_blank_values=True))
        try:
            return msgspec.json.decode(asked.body or "{}")
        except msgspec.MsgspecError:
            raise Denied("50002", "JSON syntax error", 400) from None

    def counts(self, asked: Asked) -> dict[str, str]:
        """Rate headers of an answer; Denied: too many."""
        return {}

    def gone(self, client: PublicClient) -> None:
        """A client has disconnected."""
        self.inside.pop(client, None)

    # -- loopback.teller.Teller ----------------------------------------------------------------------------------

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        raise NotImplementedError

    def traded(self, order: Order, now: int) -> None:
        raise NotImplementedError

    def ended(self, order: Order, now: int) -> None:
        """Nothing more is told."""

    def funded(self, board: Board, amount: Decimal, now: int) -> None:
        self.transferred(board.settle, amount, now)

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        raise NotImplementedError

    # -- what they share -----------------------------------------------------------------------------------------

    def ms(self) -> int:
        return self.exchange.now() // MS

    def same(self, secret: str, given: str) -> bool:
        return hmac.compare_digest(secret.encode(), given.encode())

    def told(self, topic: Topic, body: Body) -> None:
        """To every client inside that has subscribed."""
        faults = self.exchange.faults
        if faults.half_open or faults.silent:
            return
        for client in list(self.inside):
            if topic in client.topics:
                client.put(encode(body))

    def code_of(self, refusal: Refusal) -> str:
        return self.codes.get(refusal.code, self.other)

    def enter(self, params: Params) -> tuple[Order | None, str, str]:
        """Place an order that is written as Binance would: (order, code, text)."""
        try:
            return place(self.exchange, params)[0], "", ""
        except Refusal as refusal:
            funds = refusal.code == -2010 and "insufficient" in refusal.text
            double = refusal.code == -2010 and "Duplicate" in refusal.text
            code = self.codes[-2019] if funds else self.codes[-4116] if double else self.code_of(refusal)
            return None, code, refusal.text

    def found(self, symbol: str, id: str, client: str) -> Order | None:
        """An order by the venue's id or the client's."""
        order = self.exchange.orders.get(int(id)) if id.isdecimal() else self.exchange.by_client.get(client)
        return order if order is not None and self.exchange.boards[order.i].symbol == symbol else None

    def opened(self, row: Body) -> tuple[Order | None, str, str]:
        """The open order that a request names: (order, code, text)."""
        raise NotImplementedError

    def cancel(self, row: Body) -> tuple[Order | None, str, str]:
        order, code, text = self.opened(row)
        if order is not None:
            self.exchange.cancel(order)
        return order, code, text

    def amend(self, row: Body, px: str, sz: str, wrong: tuple[str, str]) -> tuple[Order | None, str, str]:
        """Price and whole size by their names in the request; what cannot be changed is cancelled. wrong: code and
        text for values off the grid."""
        order, code, text = self.opened(row)
        if order is None:
            return order, code, text
        board = self.exchange.boards[order.i]
        try:
            ticks = board.ticks[str(row.get(px) or board.px(order.px))]
            lots = board.lots[str(row.get(sz) or board.sz(order.sz))]
        except Exception:
            return None, *wrong
        best = board.book.ask if order.side > 0 else board.book.bid
        takes = bool(best) and order.tif == "GTX" and order.side * ticks >= order.side * best
        if takes or lots <= order.filled:
            self.exchange.cancel(order, "post-only" if takes else "")
        else:
            self.exchange.amend(order, ticks, lots, "AMENDMENT")
        return order, "", ""

    def board(self, symbol: str) -> Board:
        """Denied: there is no such symbol."""
        board = self.exchange.by_symbol.get(symbol)
        if board is None:
            raise Denied(self.codes[-1121], f"there is no instrument {symbol[:40]}")
        return board

    def of(self, symbol: str) -> list[Board]:
        """The board of a symbol; "": all of them."""
        return [self.board(symbol)] if symbol else self.exchange.boards
