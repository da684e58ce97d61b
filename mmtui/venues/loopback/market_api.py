"""Public market calls: depth, trades, tickers, candles.

Rules of this file: read-only.
"""

from __future__ import annotations

from typing import Any

from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.entry import Params, board_of, number
from mmtui.venues.loopback.exchange import Exchange

MS = 1_000_000
#: Candle name -> ms.
INTERVALS = {"1s": 1_000, "1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "1d": 86_400_000}


def depth(exchange: Exchange, params: Params) -> Any:
    limit = min(number(params, "limit", 100), 5_000)
    return board_of(exchange, params).snapshot(limit, exchange.now())


def trades(exchange: Exchange, params: Params) -> Any:
    rows = list(board_of(exchange, params).trades)
    return rows[-min(number(params, "limit", 500), 1_000) :]


def agg_trades(exchange: Exchange, params: Params) -> Any:
    return [
        {
            "a": row["id"], "p": row["price"], "q": row["qty"], "f": row["id"], "l": row["id"], "T": row["time"],
            "m": row["isBuyerMaker"], "M": True,
        }
        for row in trades(exchange, params)
    ]  # fmt: skip


def _each(exchange: Exchange, params: Params, of: Any) -> Any:
    """Of one symbol, or the list of all."""
    if params.get("symbol"):
        return of(board_of(exchange, params))
    return [of(board) for board in exchange.boards]


def book_ticker(exchange: Exchange, params: Params) -> Any:
    now = exchange.now()

    def one(board: Board) -> dict[str, Any]:
        bid, bid_sz, ask, ask_sz = board.touch()
        body = {
            "symbol": board.symbol, "bidPrice": board.px(bid), "bidQty": board.sz(bid_sz), "askPrice": board.px(ask),
            "askQty": board.sz(ask_sz),
        }  # fmt: skip
        return body | ({"time": now // MS, "lastUpdateId": board.book.seq} if board.futures else {})

    return _each(exchange, params, one)


def _last(board: Board) -> str:
    return board.px(board.last or board.book.bid)


def price(exchange: Exchange, params: Params) -> Any:
    now = exchange.now()
    return _each(exchange, params, lambda board: {"symbol": board.symbol, "price": _last(board), "time": now // MS})


def day(exchange: Exchange, params: Params) -> Any:
    """24 h statistics, of as much as is remembered."""
    now = exchange.now()

    def one(board: Board) -> dict[str, Any]:
        prices = [float(row["price"]) for row in board.trades] or [float(_last(board))]
        volume = sum(float(row["qty"]) for row in board.trades)
        bid, bid_sz, ask, ask_sz = board.touch()
        return {
            "symbol": board.symbol, "priceChange": "0", "priceChangePercent": "0", "weightedAvgPrice": _last(board),
            "prevClosePrice": _last(board), "lastPrice": _last(board), "lastQty": "0", "bidPrice": board.px(bid),
            "bidQty": board.sz(bid_sz), "askPrice": board.px(ask), "askQty": board.sz(ask_sz),
            "openPrice": str(prices[0]), "highPrice": str(max(prices)), "lowPrice": str(min(prices)),
            "volume": f"{volume:.8f}", "quoteVolume": f"{volume * prices[-1]:.8f}",
            "openTime": now // MS - 86_400_000, "closeTime": now // MS, "firstId": 1, "lastId": len(prices),
            "count": len(prices),
        }  # fmt: skip

    return _each(exchange, params, one)


def klines(exchange: Exchange, params: Params) -> Any:
    """Candles of as much as is remembered."""
    length = INTERVALS.get(params.get("interval", "1m"), 60_000)
    candles: dict[int, list[dict[str, Any]]] = {}
    for row in board_of(exchange, params).trades:
        candles.setdefault(row["time"] // length * length, []).append(row)
    rows = []
    for start, made in candles.items():
        prices = [float(row["price"]) for row in made]
        volume = sum(float(row["qty"]) for row in made)
        money = sum(float(row["quoteQty"]) for row in made)
        rows.append([
            start, made[0]["price"], f"{max(prices):.8f}", f"{min(prices):.8f}", made[-1]["price"], f"{volume:.8f}",
            start + length - 1, f"{money:.8f}", len(made), "0", "0", "0",
        ])  # fmt: skip
    return rows[-min(number(params, "limit", 500), 1_000) :]


def premium(exchange: Exchange, params: Params) -> Any:
    now = exchange.now()

    def one(board: Board) -> dict[str, Any]:
        return {
            "symbol": board.symbol, "markPrice": board.mark_text, "indexPrice": board.mark_text,
            "estimatedSettlePrice": board.mark_text, "lastFundingRate": "0.0001", "interestRate": "0.0001",
            "nextFundingTime": board.next_funding // MS, "time": now // MS,
        }  # fmt: skip

    return _each(exchange, params, one)
