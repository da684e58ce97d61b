"""The loopback exchange in hedge mode: legs by positionSide, no reduceOnly, both legs in every answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mmtui.venues.binance.private import decode_private
from mmtui.venues.binance.reports import FillReport, OrderReport, PositionReport
from mmtui.venues.loopback import account_api, order_api
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.journal import open_journal
from mmtui.venues.loopback.source import Synthetic, binance

MS = 1_000_000
SYMBOL = "BTCUSDT"


def made():
    one = Exchange("binance-usdm", Synthetic(binance("binance-usdm"), "calm", 1, 0), Faults(), 1)
    for event in one.source.until(2_000 * MS):
        if hasattr(event, "i"):
            one.move(event)
    return one


@pytest.fixture
def exchange():
    one = made()
    assert account_api.change_position_mode(one, {"dualSidePosition": "true"})["code"] == 200
    one.told = []
    one.tell = one.told.append
    return one


def place(exchange, side, leg, off="0", size="0.05", **more):
    board = exchange.by_symbol[SYMBOL]
    best = board.book.ask if side == "BUY" else board.book.bid
    fields = {"symbol": SYMBOL, "side": side, "type": "LIMIT", "timeInForce": "IOC", "quantity": size,
              "price": str(board.tick * best + Decimal(off)), "positionSide": leg}  # fmt: skip
    return order_api.futures_place(exchange, {key: value for key, value in (fields | more).items() if value})


def buy(exchange, leg, **more):
    return place(exchange, "BUY", leg, "50", **more)


def sell(exchange, leg, **more):
    return place(exchange, "SELL", leg, "-50", **more)


def held(exchange):
    return {row["positionSide"]: row["positionAmt"] for row in account_api.positions(exchange, {"symbol": SYMBOL})}


def test_the_mode_is_asked_for_and_changed_only_when_nothing_is_held(exchange):
    assert account_api.position_mode(exchange, {}) == {"dualSidePosition": True}
    assert account_api.account_config(exchange, {})["dualSidePosition"] is True
    for change, code in (({"dualSidePosition": "true"}, -4059), ({"dualSidePosition": "false"}, -4068)):
        buy(exchange, "LONG")
        with pytest.raises(Refusal) as refusal:
            account_api.change_position_mode(exchange, change)
        assert refusal.value.code == code
    sell(exchange, "LONG", size="0.1")
    place(exchange, "BUY", "LONG", "-100", timeInForce="GTC")
    with pytest.raises(Refusal, match="-4067"):
        account_api.change_position_mode(exchange, {"dualSidePosition": "false"})
    exchange.cancel_all(0)
    account_api.change_position_mode(exchange, {"dualSidePosition": "false"})
    assert held(exchange) == {"BOTH": "0"}


def test_long_and_short_are_held_at_once_with_an_entry_each(exchange):
    buy(exchange, "LONG", size="0.07")
    sell(exchange, "SHORT", size="0.03")
    assert held(exchange) == {"LONG": "0.07", "SHORT": "-0.03"}
    long, short = exchange.wallet.sides(0)
    assert long.entry > short.entry > 0
    assert exchange.wallet.margin(0, long) > exchange.wallet.margin(0, short) > 0
    buy(exchange, "SHORT", size="0.03")
    assert held(exchange) == {"LONG": "0.07", "SHORT": "0"}
    assert exchange.executions[-1].realised < 0
    assert [row["positionSide"] for row in account_api.open_positions(exchange, {})] == ["LONG"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"leg": ""}, -4061),
        ({"leg": "BOTH"}, -4061),
        ({"leg": "LONG", "reduceOnly": "true"}, -1106),
        ({"leg": "SHORT"}, -2022),  # it would close a leg that is not there
    ],
)
def test_what_an_order_may_not_be(exchange, order, code):
    with pytest.raises(Refusal) as refusal:
        buy(exchange, **order)
    assert refusal.value.code == code


def test_a_one_way_account_takes_no_position_side():
    one = made()
    with pytest.raises(Refusal, match="-4061"):
        buy(one, "LONG")
    assert buy(one, "BOTH")["positionSide"] == "BOTH"


def test_every_message_names_the_leg(exchange):
    made = buy(exchange, "LONG")
    place(exchange, "SELL", "SHORT", "100", timeInForce="GTC")
    assert made["positionSide"] == "LONG"
    reports = [report for message in exchange.told for report in decode_private(message)]
    assert {one.leg for one in reports if isinstance(one, OrderReport)} == {"long", "short"}
    assert {one.leg for one in reports if isinstance(one, FillReport)} == {"long"}
    assert {one.side for one in reports if isinstance(one, PositionReport)} == {"long"}
    (row,) = order_api.open_orders(exchange, {"symbol": SYMBOL})
    assert row["positionSide"] == "SHORT"
    assert {row["positionSide"] for row in order_api.trades(exchange, {"symbol": SYMBOL})} == {"LONG"}
    named = {row["positionSide"] for row in account_api.futures_account(exchange, {})["positions"]}
    assert named == {"LONG", "SHORT"}


def test_a_resting_order_of_a_leg_is_amended_as_one(exchange):
    sell(exchange, "SHORT")
    row = place(exchange, "BUY", "SHORT", "-100", timeInForce="GTC")
    changed = {"symbol": SYMBOL, "origClientOrderId": row["clientOrderId"], "side": "BUY", "price": row["price"]}
    assert order_api.futures_modify(exchange, changed | {"quantity": "0.04"})["origQty"] == "0.04"
    with pytest.raises(Refusal, match="-2022"):
        order_api.futures_modify(exchange, changed | {"quantity": "0.06"})


def test_a_journal_keeps_the_mode_and_the_legs(exchange, tmp_path):
    path = tmp_path / "venue.jsonl"
    first = made()
    open_journal(first, path)
    account_api.change_position_mode(first, {"dualSidePosition": "true"})
    buy(first, "LONG")
    sell(first, "SHORT", size="0.02")
    place(first, "BUY", "SHORT", "-100", timeInForce="GTC", size="0.02")
    again = made()
    open_journal(again, path)
    assert held(again) == {"LONG": "0.05", "SHORT": "-0.02"}
    (order,) = again.open_orders()
    assert order.leg == "SHORT" and order.reduce_only
    assert again.boards[0].matching.reducible(1) == 20
