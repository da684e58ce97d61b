"""Hedge mode on the wire: positionSide out and back in, and what the session makes of it."""

from __future__ import annotations

import json

import msgspec
import pytest
from account_kit import session

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import Damage, Fill, LegFill, LegFound, LegMove, LegPositions, OrderAccepted, Positions
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import AskOpen, AskPositions, Create, NewOrder, OpenRow, PositionList, PositionRow
from mmtui.venues.account_reader import Reader
from mmtui.venues.binance import profile
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.private import decode_private
from mmtui.venues.binance.reports import FillReport, OrderReport, PositionReport
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import Reply, step
from mmtui.venues.facts import facts_of
from mmtui.venues.live.signing import refusal

T0 = 1_700_000_000_000_000_000
NET = profile.instrument(profile.USDM, "BTCUSDT", "0.1", "0.001", "table")
HEDGE = msgspec.structs.replace(NET, hedge_mode=True)
LEGS = [(1, False, "LONG"), (-1, True, "LONG"), (-1, False, "SHORT"), (1, True, "SHORT")]


def params(item, *orders):
    calls, _ = step(BinanceRest("binance-usdm", [(0, item)]).talk(Create(1, list(orders))), None)
    return calls[0]


@pytest.mark.parametrize(("side", "reduces", "leg"), LEGS)
def test_an_order_names_its_leg_and_never_reduce_only(side, reduces, leg):
    order = NewOrder(1, 0, "mm-1", side, "60000.1", "0.05", "GTX", reduces)
    call = params(HEDGE, order)
    assert call.params["positionSide"] == leg and "reduceOnly" not in call.params
    rows = json.loads(params(HEDGE, order, order).params["batchOrders"])
    assert [row["positionSide"] for row in rows] == [leg, leg]
    for one in (call, params(HEDGE, order, order)):
        assert refusal("binance-usdm", one.method, one.path, {**one.params, "timestamp": "1"}) == ""
    net = params(NET, order).params
    assert "positionSide" not in net and ("reduceOnly" in net) is reduces


def test_coin_margined_contracts_name_their_legs_too():
    item = profile.instrument(profile.COINM, "BTCUSD_PERP", "0.1", "1", "table")
    talk = BinanceRest("binance-coinm", [(0, msgspec.structs.replace(item, hedge_mode=True))]).talk(
        Create(1, [NewOrder(1, 0, "mm-1", 1, "60000.1", "5", "GTX", True)])
    )
    (call,) = step(talk, None)[0]
    assert call.params["positionSide"] == "SHORT" and "reduceOnly" not in call.params
    assert refusal("binance-coinm", call.method, call.path, {**call.params, "timestamp": "1"}) == ""


def test_no_other_position_side_is_signed_and_the_mode_can_only_be_asked_for():
    call = params(HEDGE, NewOrder(1, 0, "mm-1", 1, "60000.1", "0.05", "GTX", False))
    wrong = {**call.params, "timestamp": "1", "positionSide": "BOTH"}
    assert "positionSide" in refusal("binance-usdm", call.method, call.path, wrong)
    asked = ("binance-usdm", "GET", "/fapi/v1/positionSide/dual", {"timestamp": "1"})
    assert refusal(*asked) == ""
    assert refusal("binance-usdm", "POST", "/fapi/v1/positionSide/dual", {"dualSidePosition": "true", "timestamp": "1"})


def update(**more):
    order = {
        "s": "BTCUSDT", "c": "mm-1", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "0.05", "p": "60000", "ap": "60000",
        "x": "TRADE", "X": "FILLED", "i": 77, "l": "0.05", "z": "0.05", "L": "60000", "N": "USDT", "n": "0.6",
        "T": T0 // 10**6, "t": 5, "m": True, "R": True, "ps": "SHORT",
    }  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "T": T0 // 10**6, "E": T0 // 10**6, "o": order | more}


def test_the_stream_names_the_leg():
    order, fill = decode_private(update())
    assert isinstance(order, OrderReport) and isinstance(fill, FillReport)
    assert order.leg == fill.leg == "short"
    assert decode_private(update(ps="BOTH"))[1].leg == ""
    with pytest.raises(WireError, match="no position side"):
        decode_private(update(ps="UP"))
    body = {"s": "BTCUSDT", "ep": "1", "up": "0"}
    rows = [body | {"pa": "0.05", "ps": "LONG"}, body | {"pa": "-0.02", "ps": "SHORT"}]
    message = {"e": "ACCOUNT_UPDATE", "T": T0 // 10**6, "E": 1, "a": {"m": "ORDER", "B": [], "P": rows}}
    legs = [(one.side, one.size) for one in decode_private(message) if isinstance(one, PositionReport)]
    assert legs == [("long", "0.05"), ("short", "-0.02")]


def report(**more):
    said = {"instrument": "binance-usdm:BTCUSDT", "ts_event": T0, "venue_order_id": "77", "client_id": "",
            "trade_id": "5", "side": "buy", "price": "60000", "size": "0.05", "maker": True, "fee": "0.6",
            "fee_asset": "USDT", "leg": "short"}  # fmt: skip
    return FillReport(**(said | more))


def test_executions_found_orders_and_positions_become_events_of_a_leg():
    reader = Reader("binance-usdm", 0, [(0, HEDGE)])
    (fill,) = reader.fill(T0, report(), 9)
    assert isinstance(fill, LegFill) and (fill.oid, fill.sz, fill.leg) == (9, 50, -1)
    (move,) = reader.fill(T0, report(kind="liquidation"), None)
    assert isinstance(move, LegMove) and (move.cause, move.lots, move.leg) == ("LIQUIDATION", 50, -1)
    (found,) = reader.found(T0, OpenRow("mm-9", "77", 0, 1, "60000", "0.05", "0", T0, "short"), 9)
    assert isinstance(found, LegFound) and found.leg == -1
    said = reader.positions(T0, [PositionRow(0, "0.05", "long"), PositionRow(0, "-0.02", "short")])
    assert isinstance(said, LegPositions) and (said.idx, said.lots, said.shorts) == ([0], [30], [20])
    assert isinstance(reader.positions(T0, [PositionRow(0, "x", "short")]), Damage)
    net = Reader("binance-usdm", 0, [(0, NET)])
    assert type(net.fill(T0, report(leg=""), 9)[0]) is Fill
    assert type(net.positions(T0, [PositionRow(0, "0.05")])) is Positions


def test_rest_answers_about_orders_and_positions_carry_the_leg():
    rest = BinanceRest("binance-usdm", [(0, HEDGE)])
    row = {"symbol": "BTCUSDT", "orderId": 77, "clientOrderId": "mm-9", "price": "60000", "origQty": "0.05",
           "executedQty": "0", "status": "NEW", "side": "BUY", "positionSide": "SHORT", "time": 1}  # fmt: skip
    talk = rest.talk(AskOpen(1, 1))
    step(talk, None)
    assert step(talk, [Reply(200, json.dumps([row]).encode())])[1].orders[0].leg == "short"
    talk = rest.talk(AskPositions(2))
    step(talk, None)
    both = (("1", "LONG"), ("-2", "SHORT"))
    held = [{"symbol": "BTCUSDT", "positionAmt": size, "positionSide": leg} for size, leg in both]
    answer = step(talk, [Reply(200, json.dumps(held).encode())])[1]
    assert answer == PositionList([PositionRow(0, "1", "long"), PositionRow(0, "-2", "short")])


def test_a_session_counts_fills_of_a_leg_as_those_of_its_order():
    one = AccountSession(facts_of("binance-usdm"), 0, [(0, HEDGE)], "s1")
    one.stream_up(T0)
    one.send(PlaceOrder(0, 5, 1, 600_000, 50, "GTX", True, "quote", 0), T0)
    (create,) = [request for request in one.take(T0) if isinstance(request, Create)]
    client = create.orders[0].client_id
    told = []
    for said in decode_private(update(c=client)):
        told += one.report(said, T0)
    assert [type(event) for event in told if not isinstance(event, OrderAccepted)] == [LegFill]
    assert one.orders.known(5).booked == 50 and not one.orders.missing(T0 + 10**12)
    assert type(session()) is AccountSession
