"""How a venue trades, in its own words: one Trader a venue, of which the live host and `mmtui kill` know no more.

A Trader makes REST calls of an account session's requests and Answers of their replies (conversations, as in
binance/rest_calls.py), says what stands beside a signed call (stamps, headers), how the private stream is entered, and
what its messages are.  Whoever drives it signs and sends; so it runs over real sockets and in tests alike.

Rules of this file: pure; what the Traders share, no word of any one venue; a reply that cannot be read says that nobody
knows, never that nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

import msgspec

from mmtui.core.market.instrument import Instrument, plain
from mmtui.venues.account_messages import (
    Amend,
    ArmDeadMan,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    CancelEverything,
    Create,
    Failed,
    FillList,
    NewOrder,
    OldOrder,
    OpenRow,
    OrderResult,
    Refused,
    Request,
)
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.reports import FillReport, OrderReport, Report
from mmtui.venues.binance.rest_calls import Call, Conversation, Reply
from mmtui.venues.facts import facts_of
from mmtui.venues.margin import Margin
from mmtui.venues.private_words import Object, Shapes, reports, stamp, within

MS = 1_000_000
#: Pages of one question; more are not asked for.
PAGES_MAX = 40
#: What an answer that is none of the venue's raises while it is read.
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, ArithmeticError, AttributeError, WireError)

#: When an order of a list was made, by the venues' words.
MADE = ("cTime", "createdTime", "creation_timestamp", "receivedTime")

Wrong = Failed | Refused
#: Yields calls, is sent their replies, returns a value or what went wrong.
Asked = Generator[list[Call], list[Reply], list[Object] | Wrong]


class Said(NamedTuple):
    """What a message of the private stream says of the connection. kind: in (logged in), heard (a subscription stands),
    pong, asked (whether we live), beat (no more than that it lives), answer (to a call that it carried), over (and
    why), challenge (why: a text that is to be signed); "": nothing, it is of the account."""

    kind: str
    why: str = ""


NOTHING = Said("")


class AccountFacts(msgspec.Struct, kw_only=True):
    """What a venue says of an account and its key. None: not told."""

    trades: bool = False
    withdraws: bool | None = None
    bound_to_ip: bool | None = None
    one_way: bool | None = None
    bounded: bool | None = None  # whether the venue's dead-man switch is there for this account
    prices: dict[str, float] = {}  # symbol -> a price
    fees: dict[str, str] = {}  # symbol -> "maker/taker" bps
    holds: list[str] = []  # "USDT 1000000", "BTC-USDT-SWAP +3"


#: Yields calls, is sent their replies, returns what it found or what went wrong.
Inquiry = Generator[list[Call], list[Reply], AccountFacts | Wrong]


def bps(maker: object, taker: object, sign: int = 1, unit: int = 10_000) -> str:
    """Rates as "maker/taker" in bps; sign -1: the venue writes what the account gets; unit: bps of a rate of 1."""
    return "/".join(plain(Decimal(str(rate)) * unit * sign) for rate in (maker, taker))


class Trader:
    """Of one account. `instruments`: places and instruments of the desk there."""

    venue: ClassVar[str]
    rest: ClassVar[str]  # scheme and host
    private: ClassVar[str]  # address of the private stream
    ping: ClassVar[bytes]  # of the private stream
    subscriptions: ClassVar[tuple[bytes, ...]]  # ... once logged in
    heard: ClassVar[int]  # so many of them must be acknowledged before it is up
    alive: ClassVar[bytes] = b""  # what is said when it asks whether we live
    #: Calls that leave on the private stream, to whose life the venue binds what they make.
    carried: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    shapes: ClassVar[Shapes]
    content: ClassVar[str] = "application/json"  # of what is posted

    def __init__(self, instruments: list[tuple[int, Instrument]]) -> None:
        self.items = [item for _, item in instruments]
        self.symbols = {i: item.symbol for i, item in instruments}
        self.kinds = {i: item.kind for i, item in instruments}
        self.places = {item.symbol: i for i, item in instruments}
        self.bases = {item.base: i for i, item in instruments if item.kind == "spot"}
        self.unknown = facts_of(self.venue).code("fate unknown")
        self.absent = facts_of(self.venue).code("unknown order")
        self.margin: Margin | None = None  # of the newest answer about positions
        self._talks: dict[type, Callable[[Any], Conversation]] = {
            Create: self.create,
            Amend: self.amend,
            Cancel: self.cancel,
            CancelEverything: self.everything,
            AskOpen: self.open,
            AskFills: self.fills,
            AskLedger: self.ledger,
            AskPositions: self.positions,
            ArmDeadMan: self.arm,
        }

    def talk(self, request: Request) -> Conversation:
        """The conversation of a request."""
        return self._talks[type(request)](request)

    # -- what each venue says ------------------------------------------------------------------------------------

    def create(self, request: Create) -> Conversation:
        raise NotImplementedError

    def amend(self, request: Amend) -> Conversation:
        raise NotImplementedError

    def cancel(self, request: Cancel) -> Conversation:
        raise NotImplementedError

    def everything(self, request: CancelEverything) -> Conversation:
        raise NotImplementedError

    def open(self, request: AskOpen) -> Conversation:
        raise NotImplementedError

    def fills(self, request: AskFills) -> Conversation:
        raise NotImplementedError

    def ledger(self, request: AskLedger) -> Conversation:
        raise NotImplementedError

    def positions(self, request: AskPositions) -> Conversation:
        raise NotImplementedError

    def arm(self, request: ArmDeadMan) -> Conversation:
        raise NotImplementedError

    def inquire(self) -> Inquiry:
        """What the account is, and what the key may do."""
        raise NotImplementedError

    def stamps(self, now_ms: int, window_ms: int) -> dict[str, str]:
        """Fields that belong to a signature: the venue's instant, and how long it is good (0: the venue's rule)."""
        raise NotImplementedError

    def headers(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> dict[str, str]:
        """What stands beside a signed call; `fields` are those of `stamps`."""
        raise NotImplementedError

    def where(self, path: str) -> str:
        """The venue's path of a place of the list of what may be signed."""
        return path

    def body(self, payload: str, signature: str) -> str:
        """The body of a POST as it is sent; where the signature does not stand in headers, with it."""
        return payload

    def query(self, path: str, key: str, payload: str, signature: str) -> str:
        """The query of a GET as it is sent; where the signature does not stand in headers, with it."""
        return payload

    def login(self, now_ms: int) -> dict[str, str]:
        """Fields that are signed to enter the private stream (method WS, path login)."""
        raise NotImplementedError

    def entering(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> list[bytes]:
        """What logs in."""
        raise NotImplementedError

    def hello(self, key: str) -> list[bytes]:
        """What is said first where the venue hands out a challenge, which is signed; []: it does not."""
        return []

    def ticket(self) -> Call | None:
        """What is asked for by REST before the stream is entered; None: nothing."""
        return None

    def admitted(self, reply: Reply) -> list[bytes]:
        """What is said first, by the answer to `ticket`; []: it lets nobody in."""
        raise NotImplementedError

    def subscribing(self) -> list[bytes]:
        """What is said once logged in."""
        return list(self.subscriptions)

    def said(self, data: bytes) -> Said:
        """What a message of the private stream says of the connection."""
        raise NotImplementedError

    def answers(self, data: bytes) -> str:
        """The number of the carried call that a message of the private stream answers; "": none."""
        return ""

    def used(self, path: str, headers: Mapping[str, str]) -> dict[int, int]:
        """Orders that the venue has counted, by its window in ms, as an answer's headers tell; {}: they do not."""
        return {}

    # -- what they share -----------------------------------------------------------------------------------------

    def told(self, data: bytes) -> list[Report]:
        """Reports of a message of the private stream. WireError: it cannot be read."""
        return reports(data, self.shapes)

    def pages(self, first: Call, read: Callable[[Reply], tuple[list[Object], str] | Wrong], cursor: str) -> Asked:
        """Every row of a question, page after page. read: rows and the next cursor, "": it was the last."""
        rows: list[Object] = []
        call = first
        for _ in range(PAGES_MAX):
            (reply,) = yield [call]
            page = read(reply)
            if isinstance(page, Failed | Refused):
                return page
            rows += page[0]
            if not page[1]:
                break
            call = first._replace(params={**first.params, cursor: page[1]})
        return rows

    def results(self, orders: list[NewOrder] | list[OldOrder], told: Mapping[str, OrderResult]) -> list[OrderResult]:
        """Results by client id, in the order of the request; of an order that is not named nobody knows."""
        lost = OrderResult(False, "", self.unknown, "the answer does not name it")
        return [told.get(order.client_id, lost) for order in orders]

    def open_rows(self, rows: list[Object]) -> list[OpenRow]:
        """Orders of a list. One of UNREADABLE: half an answer is none."""
        found = []
        for row in rows:
            (order,) = [one for one in within(row, self.shapes) if isinstance(one, OrderReport)]
            if order.status in ("new", "partially_filled", "pending"):
                place = self.places.get(order.instrument.partition(":")[2], -1)
                side, made = (1 if order.side == "buy" else -1), stamp(row, *MADE)
                found.append(
                    OpenRow(order.client_id, order.venue_order_id, place, side, order.price, order.size, order.filled,
                            made)
                )  # fmt: skip
        return found

    def fill_list(self, rows: list[Object]) -> FillList | Failed:
        """Executions of the desk's instruments, oldest first."""
        try:
            fills = [one for one in within(rows, self.shapes) if isinstance(one, FillReport)]
        except UNREADABLE:
            return Failed("5xx")
        mine = {(one.instrument, one.trade_id): one for one in fills}
        return FillList(sorted(mine.values(), key=lambda one: (one.ts_event, one.trade_id)))
