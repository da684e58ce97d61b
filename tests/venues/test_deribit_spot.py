"""Deribit's spot market and linear contracts: whose lists are asked, and that a spot position is a balance."""

from __future__ import annotations

import json

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import AskLedger, AskOpen, AskPositions, Create, NewOrder
from mmtui.venues.binance.rest_calls import Reply, step
from mmtui.venues.deribit.trade import DeribitTrader


def item(symbol, kind, settle, lot):
    return Instrument(id=f"deribit:{symbol}", venue="deribit", symbol=symbol, kind=kind, base="BTC", quote="USDC",
                      settle=settle, tick="1", lot=lot, contract_size="1", min_notional="0", major=True)  # fmt: skip


def trader():
    return DeribitTrader([(0, item("BTC_USDC-PERPETUAL", "linear", "USDC", "0.001")),
                          (1, item("BTC_USDC", "spot", "USDC", "0.0001"))])  # fmt: skip


def good(result):
    return Reply(200, json.dumps({"result": result}).encode())


def test_lists_of_both_currencies_and_a_balance_as_position():
    assert [call.params for call in step(trader().talk(AskOpen(1, 1)), None)[0]] == [
        {"currency": "USDC"}, {"currency": "BTC"}]  # fmt: skip
    talk = trader().talk(AskPositions(1))
    assert [call.path.rpartition("/")[2] for call in step(talk, None)[0]] == ["get_positions", "get_account_summary"]
    row = {"instrument_name": "BTC_USDC-PERPETUAL", "size": 0.25, "average_price": 1, "floating_profit_loss": 0,
           "mark_price": 60_000.0, "maintenance_margin": 30.5, "estimated_liquidation_price": None}  # fmt: skip
    one = trader()
    talk = one.talk(AskPositions(1))
    step(talk, None)
    answer = step(talk, [good([row]), good({"currency": "BTC", "balance": 1.5})])[1]
    assert sorted((each.i, each.size) for each in answer.rows) == [(0, "0.25"), (1, "1.5")]
    assert one.margin == (30.5, None)  # dollars, and no liquidation price


def test_a_deposit_of_the_base_moves_the_spot_position_and_spot_orders_reduce_nothing():
    talk = trader().talk(AskLedger(1, 1_000_000))
    step(talk, None)
    deposit = {"id": 5, "type": "deposit", "currency": "BTC", "change": 2.5, "timestamp": 7, "instrument_name": None}
    step(talk, [good({"logs": [], "continuation": None})])
    answer = step(talk, [good({"logs": [deposit], "continuation": None})])[1]
    assert [(row.i, row.cause, row.size, row.asset) for row in answer.rows] == [(1, "TRANSFER", "2.5", "BTC")]
    (call,) = step(trader().talk(Create(1, [NewOrder(1, 1, "a", -1, "60000", "0.1", "GTX", True)])), None)[0]
    assert call.path.endswith("/sell") and "reduce_only" not in call.params
