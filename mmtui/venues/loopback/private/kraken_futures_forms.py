"""The JSON of Kraken Futures' account: orders, executions, positions and money, in answers and in feeds.

Rules of this file: from records to dicts, by the venue's documentation; nothing is decided here.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from mmtui.core.market.instrument import plain
from mmtui.venues.loopback import forms
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.kraken_futures import SCHEDULE
from mmtui.venues.loopback.public.voice import raw
from mmtui.venues.loopback.records import Entry, Execution, Order

Body = dict[str, Any]
MS = 1_000_000
_TYPE = {"GTC": "lmt", "GTX": "post", "IOC": "ioc", "": "mkt"}
#: Kinds of ledger entries that are no trade.
INFO = {"TRANSFER": "transfer", "FUNDING_FEE": "funding rate change"}
_UID = re.compile(r"00000000-0000-4000-8000-([0-9]{12})", re.ASCII)


def uid(id: int) -> str:
    """The venue's ids are UUIDs."""
    return f"00000000-0000-4000-8000-{id:012d}"


def number(text: str) -> int:
    """The number of an id; 0: it is none of ours."""
    match = _UID.fullmatch(text)
    return int(match.group(1)) if match else 0


def _side(order: Order) -> str:
    return "buy" if order.side > 0 else "sell"


# ---------------------------------------------------------------- answers


def _event(board: Board, order: Order) -> Body:
    return {
        "orderId": uid(order.id), "cliOrdId": order.client, "type": _TYPE[order.tif], "symbol": board.symbol,
        "side": _side(order), "quantity": board.sz(order.sz), "filled": board.sz(order.filled),
        "limitPrice": board.px(order.px), "reduceOnly": order.reduce_only, "timestamp": iso(order.created),
        "lastUpdateTimestamp": iso(order.updated),
    }  # fmt: skip


def placed(board: Board, order: Order) -> Body:
    return {"type": "PLACE", "order": _event(board, order), "reducedQuantity": None}


def gone(board: Board, order: Order) -> Body:
    return {"type": "CANCEL", "uid": uid(order.id), "order": _event(board, order)}


def edited(board: Board, order: Order) -> Body:
    return {"type": "EDIT", "old": _event(board, order), "new": _event(board, order), "reducedQuantity": None}


def executed(board: Board, one: Execution) -> Body:
    return {"type": "EXECUTION", "executionId": uid(one.id), "price": board.px(one.px), "amount": board.sz(one.sz),
            "orderPriorEdit": None, "orderPriorExecution": _event(board, one.order),
            "takerReducedQuantity": None}  # fmt: skip


def open_row(board: Board, order: Order) -> Body:
    return {
        "order_id": uid(order.id), "cliOrdId": order.client, "symbol": board.symbol, "side": _side(order),
        "orderType": "lmt", "limitPrice": raw(board.px(order.px)), "unfilledSize": raw(board.sz(order.left)),
        "filledSize": raw(board.sz(order.filled)), "reduceOnly": order.reduce_only,
        "status": "partiallyFilled" if order.filled else "untouched", "receivedTime": iso(order.created),
        "lastUpdateTime": iso(order.updated),
    }  # fmt: skip


def fill_row(board: Board, one: Execution) -> Body:
    return {
        "fill_id": uid(one.id), "order_id": uid(one.order.id), "cliOrdId": one.order.client, "symbol": board.symbol,
        "side": _side(one.order), "size": raw(board.sz(one.sz)), "price": raw(board.px(one.px)),
        "fillTime": iso(one.ts), "fillType": "maker" if one.maker else "taker",
    }  # fmt: skip


def log_row(one: Entry) -> Body:
    funding = one.kind == "FUNDING_FEE"
    return {
        "id": one.id, "booking_uid": uid(one.id), "date": iso(one.ts), "info": INFO[one.kind],
        "asset": one.asset.lower(), "contract": one.symbol.lower() or None, "old_balance": 0,
        "new_balance": raw(plain(one.amount)), "realized_funding": raw(plain(one.amount)) if funding else None,
    }  # fmt: skip


def schedules(exchange: Exchange) -> list[Body]:
    item = exchange.boards[0].instrument
    maker, taker = (raw(plain(Decimal(text) / 100)) for text in (item.maker_bps, item.taker_bps))
    return [{"uid": SCHEDULE, "name": "loopback", "tiers": [{"makerFee": maker, "takerFee": taker, "usdVolume": 0}]}]


def _margin(exchange: Exchange) -> tuple[Decimal, Decimal, Decimal]:
    """Of all positions: what they have won, what they were opened with, what they need."""
    wallet = exchange.wallet
    held = [(i, one) for i, one in wallet.held() if one.lots]
    return (
        sum((wallet.unrealised(i, one) for i, one in held), Decimal(0)),
        sum((wallet.margin(i, one) for i, one in held), Decimal(0)),
        sum((wallet.maintenance(i, one) for i, one in held), Decimal(0)),
    )


def flex(exchange: Exchange) -> Body:
    """The multi-collateral wallet."""
    won, initial, needs = (plain(value) for value in _margin(exchange))
    currencies = {
        asset: {name: plain(total) for name in ("quantity", "value", "collateral", "available")}
        for asset, total in exchange.wallet.balances.items()
    }
    total = plain(sum(exchange.wallet.balances.values(), Decimal(0)))
    return {
        "type": "multiCollateralMarginAccount", "currencies": currencies, "initialMargin": initial,
        "initialMarginWithOrders": initial, "maintenanceMargin": needs, "balanceValue": total,
        "portfolioValue": total, "collateralValue": total, "pnl": won, "unrealizedFunding": "0",
        "totalUnrealized": won, "totalUnrealizedAsMargin": won, "availableMargin": total, "marginEquity": total,
    }  # fmt: skip


# ---------------------------------------------------------------- feeds


def order_told(board: Board, order: Order) -> Body:
    return {
        "instrument": board.symbol, "time": order.created // MS, "last_update_time": order.updated // MS,
        "qty": raw(board.sz(order.left)), "filled": raw(board.sz(order.filled)), "limit_price": raw(board.px(order.px)),
        "stop_price": 0.0, "type": "limit", "order_id": uid(order.id), "cli_ord_id": order.client,
        "direction": 0 if order.side > 0 else 1, "reduce_only": order.reduce_only,
    }  # fmt: skip


_REASONS = {"countdown": "dead_man_switch", "reduce-only": "would_not_reduce_position",
            "post-only": "post_order_failed_because_it_would_filled"}  # fmt: skip


def changed(board: Board, order: Order) -> Body:
    """Feed open_orders: an order that stands, or one that is over, which is told by its ids."""
    if order.open:
        reason = "edited_by_user" if order.change else "partial_fill" if order.filled else "new_placed_order_by_user"
        return {"feed": "open_orders", "order": order_told(board, order), "is_cancel": False, "reason": reason}
    reason = _REASONS.get(order.reason, "cancelled_by_user")
    if order.status == "FILLED":
        reason = "full_fill"
    elif order.status == "EXPIRED" and order.tif == "IOC":
        reason = "ioc_order_failed_because_it_would_not_be_executed"
    return {"feed": "open_orders", "order_id": uid(order.id), "cli_ord_id": order.client, "is_cancel": True,
            "reason": reason}  # fmt: skip


def fill_told(board: Board, one: Execution) -> Body:
    return {
        "instrument": board.symbol, "time": one.ts // MS, "price": raw(board.px(one.px)), "seq": one.id,
        "buy": one.side > 0, "qty": raw(board.sz(one.sz)), "remaining_order_qty": raw(board.sz(one.order.left)),
        "order_id": uid(one.order.id), "cli_ord_id": one.order.client, "fill_id": uid(one.id),
        "fill_type": "maker" if one.maker else "taker", "fee_paid": raw(plain(one.fee)), "fee_currency": one.asset,
        "taker_order_type": "lmt", "order_type": "limit",
    }  # fmt: skip


def held(exchange: Exchange, board: Board) -> Body:
    """Feed open_positions: one position; a balance of 0 is none."""
    wallet, one = exchange.wallet, exchange.wallet.positions[board.i]
    away = board.liquidation_text(wallet.liquidation(board.i), "0")
    return {
        "instrument": board.symbol, "balance": float(board.lot * one.lots),
        "pnl": float(wallet.unrealised(board.i, one)),
        "entry_price": raw(forms.entry_text(one)), "mark_price": raw(board.mark_text),
        "index_price": raw(board.mark_text), "liquidation_threshold": raw(away), "effective_leverage": 0.0,
        "return_on_equity": 0.0, "unrealized_funding": 0.0, "initial_margin": float(wallet.margin(board.i, one)),
        "initial_margin_with_orders": float(wallet.margin(board.i, one)),
        "maintenance_margin": float(wallet.maintenance(board.i, one)), "pnl_currency": "USD",
    }  # fmt: skip


def flex_told(exchange: Exchange) -> Body:
    """Feed balances: the multi-collateral wallet."""
    won, initial, needs = (float(value) for value in _margin(exchange))
    currencies = {
        asset: {"quantity": float(total), "value": float(total), "collateral_value": float(total),
                "available": float(total), "haircut": 0.0, "conversion_spread": 0.0}
        for asset, total in exchange.wallet.balances.items()
    }  # fmt: skip
    total = float(sum(exchange.wallet.balances.values(), Decimal(0)))
    return {"currencies": currencies, "balance_value": total, "portfolio_value": total + won, "collateral_value": total,
            "initial_margin": initial, "initial_margin_without_orders": initial, "maintenance_margin": needs,
            "pnl": won, "unrealized_funding": 0.0, "total_unrealized": won, "total_unrealized_as_margin": won,
            "margin_equity": total, "available_margin": total, "isolated": {}, "cross": {}}  # fmt: skip
