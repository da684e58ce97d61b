"""Orders, executions, positions and sums of a Deribit account, as a server writes them.

Source: Deribit API documentation (private/buy, user.orders, user.trades, get_positions, get_account_summary,
get_transaction_log).

Rules of this file: values only; numbers with the digits that they have.
"""

from __future__ import annotations

from mmtui.core.market.instrument import plain
from mmtui.venues.loopback import forms
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.public.voice import Body, raw
from mmtui.venues.loopback.records import ZERO, Entry, Execution, Order

MS = 1_000_000
STATE = {"NEW": "open", "PARTIALLY_FILLED": "open", "FILLED": "filled"}
TIF = {
    "good_til_cancelled": "GTC", "good_til_day": "GTC", "immediate_or_cancel": "IOC", "fill_or_kill": "FOK",
}  # fmt: skip
_WORD = {"GTC": "good_til_cancelled", "GTX": "good_til_cancelled", "FOK": "fill_or_kill"}


def currency_of(board: Board) -> str:
    """Whose lists a board's orders and positions are in."""
    return board.settle if board.futures else board.instrument.base


def id_of(board: Board, order: Order) -> str:
    return f"{currency_of(board)}-{order.id}"


def order_row(board: Board, order: Order, label: str) -> Body:
    limit = order.kind != "MARKET"
    post = {"reject_post_only": True} if order.tif == "GTX" else {}
    return post | {
        "order_id": id_of(board, order), "instrument_name": board.symbol, "label": label,
        "direction": "buy" if order.side > 0 else "sell", "order_type": "limit" if limit else "market",
        "order_state": STATE.get(order.status, "cancelled"),
        "time_in_force": _WORD.get(order.tif, "immediate_or_cancel"),
        "price": raw(board.px(order.px)) if limit else "market_price", "amount": raw(board.sz(order.sz)),
        "filled_amount": raw(board.sz(order.filled)), "contracts": raw(board.sz(order.sz)),
        "average_price": raw(forms.average(board, order)) if order.filled else 0, "post_only": order.tif == "GTX",
        "reduce_only": order.reduce_only, "creation_timestamp": order.created // MS,
        "last_update_timestamp": order.updated // MS, "replaced": order.updated > order.created, "api": True,
        "web": False, "mmp": False, "is_liquidation": False, "risk_reducing": False, "user_id": 1,
        "cancel_reason": {"disconnect": "cancel_on_disconnect", "": "user_request"}.get(order.reason, order.reason)
        if order.status in ("CANCELED", "EXPIRED") else "",
    }  # fmt: skip


def trade_row(board: Board, one: Execution, label: str) -> Body:
    mark = raw(board.mark_text)
    return {
        "trade_id": f"{currency_of(board)}-{one.id}", "trade_seq": one.id, "order_id": id_of(board, one.order),
        "instrument_name": board.symbol, "label": label, "direction": "buy" if one.side > 0 else "sell",
        "price": raw(board.px(one.px)), "amount": raw(board.sz(one.sz)), "contracts": raw(board.sz(one.sz)),
        "fee": raw(plain(one.fee)), "fee_currency": one.asset, "liquidity": "M" if one.maker else "T",
        "timestamp": one.ts // MS, "order_type": one.order.kind.lower(), "tick_direction": 0, "mark_price": mark,
        "index_price": mark, "state": "filled" if not one.order.left else "open", "self_trade": False,
        "matching_id": None, "post_only": one.order.tif == "GTX", "reduce_only": one.order.reduce_only,
        "profit_loss": raw(plain(one.realised)), "api": True,
    }  # fmt: skip


def position_row(exchange: Exchange, board: Board) -> Body:
    wallet = exchange.wallet
    held = wallet.positions[board.i]
    coin = wallet.notional(board.i, held) if board.instrument.kind == "inverse" else board.size(held.lots)
    return {
        "instrument_name": board.symbol, "kind": "future", "size": raw(forms.signed(board, held.lots)),
        "size_currency": raw(plain(coin)), "direction": "buy" if held.lots > 0 else "sell" if held.lots else "zero",
        "average_price": raw(forms.entry_text(held)), "mark_price": raw(board.mark_text),
        "index_price": raw(board.mark_text), "settlement_price": raw(board.mark_text),
        "floating_profit_loss": raw(plain(wallet.unrealised(board.i, held))), "realized_profit_loss": 0,
        "total_profit_loss": raw(plain(wallet.unrealised(board.i, held))), "leverage": held.leverage,
        "initial_margin": raw(plain(wallet.margin(board.i, held))),
        "maintenance_margin": raw(plain(wallet.maintenance(board.i, held))),
        "estimated_liquidation_price": raw(board.liquidation_text(wallet.liquidation(board.i), "0")),
        "delta": raw(plain(coin)), "open_orders_margin": 0,
    }  # fmt: skip


def summary_row(exchange: Exchange, asset: str, extended: bool) -> Body:
    wallet = exchange.wallet
    total = wallet.balances.get(asset, ZERO)
    loose = sum((wallet.unrealised(i, one) for i, one in wallet.settled_in(asset)), ZERO)
    body: Body = {
        "currency": asset, "balance": raw(plain(total)), "equity": raw(plain(total + loose)),
        "available_funds": raw(plain(wallet.available(asset) - wallet.locked.get(asset, ZERO))),
        "maintenance_margin": raw(plain(wallet.kept(asset))), "margin_balance": raw(plain(total + loose)),
        "margin_model": "segregated_sm", "portfolio_margining_enabled": False,
    }  # fmt: skip
    if extended:
        rows = [board.instrument for board in exchange.boards if board.settle == asset and board.futures]
        body["fees"] = [
            {"index_name": f"{one.base}_{one.quote}".lower(), "kind": "perpetual",
             "value": {"default": {"type": "fixed", "maker": float(one.maker_bps) / 1e4,
                                   "taker": float(one.taker_bps) / 1e4}}}
            for one in rows
        ]  # fmt: skip
    return body


def log_row(entry: Entry) -> Body:
    """Funding is the interest of a settlement."""
    paid = raw(plain(entry.amount))
    funding = entry.kind == "FUNDING_FEE"
    kind = "settlement" if funding else "deposit" if entry.amount > 0 else "withdrawal"
    return {
        "id": entry.id, "type": kind, "currency": entry.asset, "change": paid, "cashflow": paid, "balance": 0,
        "instrument_name": entry.symbol or None, "interest_pl": paid if funding else None,
        "timestamp": entry.ts // MS, "user_seq": entry.id, "username": "loopback", "user_id": 1, "side": "-",
        "trade_id": None, "order_id": None, "commission": 0,
    }  # fmt: skip
