"""Questions about the account as Binance's REST calls: open orders, executions, ledger, positions.

Executions do not name the client ids of their orders: those are remembered wherever they were told together, and
looked up where they were not.

Rules of this file: pure conversations (rest_calls.py); half an answer is none.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import (
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Failed,
    FillList,
    LedgerList,
    LedgerRow,
    OpenList,
    OpenRow,
    PositionList,
    PositionRow,
    Refused,
)
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.margin import held
from mmtui.venues.binance.paths import Paths
from mmtui.venues.binance.private import decode_private, leg_of
from mmtui.venues.binance.reports import FillReport
from mmtui.venues.binance.rest_calls import Call, Conversation, Reply, read
from mmtui.venues.binance.wire import signed_decimal
from mmtui.venues.margin import Margin, margin_of

MS = 1_000_000
#: Executions and ledger entries of one answer; more are asked for from the last one on, so many times.
PAGE, PAGES_MAX = 1_000, 20
#: Client ids of orders that are remembered by the venue's ids.
NAMES_MAX = 50_000
#: With more symbols than this the open orders of the whole account are asked for at once: that is cheaper.
EACH_MAX = 10

#: Entries of the futures ledger that are no trades -> cause.
_INCOME = {
    "TRANSFER": "TRANSFER",
    "INTERNAL_TRANSFER": "TRANSFER",
    "COIN_SWAP_DEPOSIT": "CONVERSION",
    "COIN_SWAP_WITHDRAW": "CONVERSION",
    "AUTO_EXCHANGE": "CONVERSION",
    "FUNDING_FEE": "FUNDING",
}



class Asking:
    """Of one account at one market."""

    def __init__(self, paths: Paths, futures: bool, instruments: list[tuple[int, Instrument]]) -> None:
        self.futures = futures
        self._paths = paths
        self._symbols = [item.symbol for _, item in instruments]
        self._places = {item.symbol: i for i, item in instruments}
        self._bases = {item.base: i for i, item in instruments if item.kind == "spot"}
        self.margin: Margin | None = None  # of the newest answer about positions
        self._names: dict[str, str] = {}  # the venue's id of an order -> client id
        self._moves: list[LedgerRow] = []  # spot: transfers that the stream has told

    def named(self, venue_order_id: str, client_id: str) -> None:
        """An order's two ids, from wherever they were told together."""
        if venue_order_id and client_id:
            self._names[venue_order_id] = client_id
            if len(self._names) > NAMES_MAX:
                del self._names[next(iter(self._names))]

    def base(self, asset: str) -> int:
        """Spot: the instrument whose base this asset is, -1: none."""
        return self._bases.get(asset, -1)

    def moved(self, row: LedgerRow) -> None:
        """Spot: a transfer that the private stream has told."""
        self._moves.append(row)
        del self._moves[:-PAGE]

    def open(self, request: AskOpen) -> Conversation:
        """Endpoint 1: the list of open orders; 2: those of the newest orders of each symbol that are open."""
        if request.endpoint == 2:
            path, params = self._paths.of("allOrders"), {"limit": str(self._paths.orders_page)}
        else:
            path, params = self._paths.of("openOrders"), {}
        if request.endpoint == 1 and len(self._symbols) > EACH_MAX:
            replies = yield [Call("GET", path, {})]
        else:
            replies = yield [Call("GET", path, {"symbol": symbol, **params}) for symbol in self._symbols]
        rows: list[OpenRow] = []
        for reply in replies:
            body, wrong = read(reply)
            if wrong is not None:
                return wrong
            try:
                rows += [self._row(d) for d in body if d["status"] in ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")]
            except (KeyError, TypeError, WireError):
                return Failed("5xx")
        return OpenList(rows)

    def _row(self, d: dict[str, Any]) -> OpenRow:
        self.named(str(d["orderId"]), str(d["clientOrderId"]))
        return OpenRow(
            str(d["clientOrderId"]),
            str(d["orderId"]),
            self._places.get(str(d["symbol"]), -1),
            1 if d["side"] == "BUY" else -1,
            str(d["price"]),
            str(d["origQty"]),
            str(d["executedQty"]),
            int(d.get("time") or 0) * MS,
            leg_of(d.get("positionSide")),
        )

    def fills(self, request: AskFills) -> Conversation:
        """Executions of each symbol since an instant, with the client ids of their orders."""
        path = self._paths.trades
        first = {"limit": str(PAGE)}
        if request.since > 0:
            first["startTime"] = str(request.since // MS)
        pending = [Call("GET", path, {"symbol": symbol, **first}) for symbol in self._symbols]
        fills: dict[tuple[str, str], FillReport] = {}
        for _ in range(PAGES_MAX):
            replies = yield pending
            following: list[Call] = []
            for call, reply in zip(pending, replies, strict=True):
                body, wrong = read(reply)
                if wrong is not None:
                    return wrong
                made = _reports(body)
                if made is None:
                    return Failed("5xx")
                fills |= {(one.instrument, one.trade_id): one for one in made}
                if len(made) >= PAGE:
                    params = {"symbol": call.params["symbol"], "fromId": str(int(made[-1].trade_id) + 1)}
                    following.append(Call("GET", path, {**params, "limit": str(PAGE)}))
            pending = following
            if not pending:
                break
        wrong = yield from self._name(list(fills.values()))
        if wrong is not None:
            return wrong
        named = [self._with_client(fill) for fill in fills.values()]
        return FillList(sorted(named, key=lambda fill: (fill.ts_event, int(fill.trade_id))))

    def _name(self, fills: list[FillReport]) -> Generator[list[Call], list[Reply], Failed | Refused | None]:
        """Learn the client ids of orders that only their number is known of."""
        unknown = {
            (fill.instrument.partition(":")[2], fill.venue_order_id)
            for fill in fills
            if fill.venue_order_id not in self._names
        }
        firsts: dict[str, int] = {}
        for symbol, id in sorted(unknown):
            firsts[symbol] = min(firsts.get(symbol, int(id)), int(id))
        for _ in range(PAGES_MAX):
            if not firsts:
                break
            path, page = self._paths.of("allOrders"), self._paths.orders_page
            calls = [
                Call("GET", path, {"symbol": symbol, "orderId": str(first), "limit": str(page)})
                for symbol, first in firsts.items()
            ]
            replies = yield calls
            following: dict[str, int] = {}
            for call, reply in zip(calls, replies, strict=True):
                body, wrong = read(reply)
                if wrong is not None:
                    return wrong
                try:
                    for row in body:
                        self.named(str(row["orderId"]), str(row["clientOrderId"]))
                    if len(body) >= page:
                        following[call.params["symbol"]] = int(body[-1]["orderId"]) + 1
                except (KeyError, TypeError, ValueError):
                    return Failed("5xx")
            firsts = following
        return None

    def _with_client(self, fill: FillReport) -> FillReport:
        client = self._names.get(fill.venue_order_id, "")
        return msgspec.structs.replace(fill, client_id=client) if client else fill

    def ledger(self, request: AskLedger) -> Conversation:
        """Futures: income. Spot: what the stream has told (deposits have no list that covers all of them)."""
        if not self.futures:
            return LedgerList([row for row in self._moves if row.ts_event >= request.since])
        start = request.since // MS
        rows: dict[str, LedgerRow] = {}
        for _ in range(PAGES_MAX):
            params = {"limit": str(PAGE)} | ({"startTime": str(start)} if start > 0 else {})
            (reply,) = yield [Call("GET", self._paths.of("income"), params)]
            body, wrong = read(reply)
            if wrong is not None:
                return wrong
            try:
                for d in body:
                    cause = _INCOME.get(d["incomeType"])
                    if cause is not None:
                        row = self._entry(d, cause)
                        rows[row.ref] = row
                if len(body) < PAGE or int(body[-1]["time"]) <= start:
                    break
                start = int(body[-1]["time"])
            except (KeyError, TypeError, ValueError):
                return Failed("5xx")
        return LedgerList(list(rows.values()))

    def _entry(self, d: dict[str, Any], cause: str) -> LedgerRow:
        i = self._places.get(str(d.get("symbol") or ""), -1)
        ref = f"{d['incomeType']}/{d['tranId']}/{d['asset']}"
        return LedgerRow(ref, int(d["time"]) * MS, i, cause, "0", "0", str(d["income"]), str(d["asset"]))

    def positions(self, request: AskPositions) -> Conversation:
        (reply,) = yield [Call("GET", self._paths.positions, {})]
        body, wrong = read(reply)
        if wrong is not None:
            return wrong
        try:
            rows = self._held(body)
        except (KeyError, TypeError, ValueError, WireError):
            return Failed("5xx")
        if self.futures:
            self.margin = margin_of(held(body))
        return PositionList(rows)

    def _held(self, body: Any) -> list[PositionRow]:
        if self.futures:
            return [
                PositionRow(self._places[d["symbol"]], str(d["positionAmt"]), leg_of(d.get("positionSide")))
                for d in body
                if d["symbol"] in self._places
            ]
        return [
            PositionRow(self._bases[d["asset"]], format(signed_decimal(d["free"]) + signed_decimal(d["locked"]), "f"))
            for d in body["balances"]
            if d["asset"] in self._bases
        ]


def _reports(body: Any) -> list[FillReport] | None:
    """Executions of a list; None when it is none."""
    if body == []:
        return []
    try:
        reports = decode_private(body)
    except WireError:
        return None
    fills = [report for report in reports or () if isinstance(report, FillReport)]
    return fills if fills and len(fills) == len(body) else None
