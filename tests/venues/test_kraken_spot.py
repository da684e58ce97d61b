"""Kraken spot in its own words: the documented signature, names, results, lists, what messages leave out."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256

import pytest

from mmtui.core.errors import UserError
from mmtui.venues.account_messages import (
    Amend,
    ArmDeadMan,
    Armed,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    CancelEverything,
    ChangedOrder,
    Create,
    Done,
    Failed,
    FillList,
    LedgerList,
    NewOrder,
    OldOrder,
    OpenList,
    OrderResult,
    PositionList,
    Refused,
)
from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport
from mmtui.venues.binance.rest_calls import Reply, step
from mmtui.venues.facts import facts_of
from mmtui.venues.kraken.names import asset, pair, pairs
from mmtui.venues.kraken.signable import spot_message
from mmtui.venues.kraken.trade import KrakenTrader
from mmtui.venues.live.keys import Pair, load_pair
from mmtui.venues.live.signing import refusal
from mmtui.venues.resolve import live

MS = 1_000_000
NOW_MS = 1_795_374_293_476
P = "/0/private"
VENUE = "kraken-spot"
#: The example of the venue's documentation: nobody's secret.
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="


def trader():
    return KrakenTrader([(i, live(VENUE, symbol)) for i, symbol in enumerate(["BTC/USD", "ETH/USD"])])


def new(oid=1, i=0, tif="GTX", side=1):
    return NewOrder(oid, i, f"mmabx-{oid}", side, "60000.1", "0.05", tif, False)


def said(result, *errors, status=200):
    return Reply(status, json.dumps({"error": list(errors), "result": result}).encode(), sent=5 * MS)


def hold(talk, *rounds):
    made = []
    calls, answer = step(talk, None)
    for replies in rounds:
        made.append(calls)
        calls, answer = step(talk, replies)
    assert not calls
    return made, answer


def test_the_documented_call_has_the_documented_signature():
    body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    message = spot_message(f"{P}/AddOrder", "1616492376594", body)
    assert base64.b64encode(hmac.digest(base64.b64decode(SECRET), message, "sha512")).decode() == (
        "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    )


def test_ccxt_signs_the_same_bytes_alike(monkeypatch):
    ccxt = pytest.importorskip("ccxt")
    theirs = ccxt.kraken({"apiKey": "k" * 8, "secret": SECRET})
    monkeypatch.setattr(theirs, "incrementing_nonce", lambda: f"{NOW_MS}000")
    asked = theirs.sign("CancelOrderBatch", ["private"], "POST", {"orders": ["O1", "O2"]})
    body = json.dumps(json.loads(asked["body"]), separators=(",", ":"))
    done = Pair("k" * 8, SECRET).signed(
        VENUE, "POST", f"{P}/CancelOrderBatch", {"txids": '["O1","O2"]', "timestamp": f"{NOW_MS}000"}
    )
    assert (done.payload, done.signature) == (body, asked["headers"]["API-Sign"])


def test_an_order_in_the_venues_words():
    one = trader()
    call = step(one.talk(Create(1, [new()])), None)[0][0]
    stamps = one.stamps(NOW_MS, 3_000)
    done = Pair("k" * 8, SECRET).signed(VENUE, call.method, call.path, call.params | stamps)
    assert json.loads(done.payload) == {
        "nonce": f"{NOW_MS}000", "pair": "XBTUSD", "ordertype": "limit", "type": "buy", "volume": "0.05",
        "price": "60000.1", "timeinforce": "GTC", "oflags": "post,fciq", "cl_ord_id": "mmabx-1",
        "stptype": "cancel-oldest", "deadline": "2026-11-22T19:04:56.476Z",
    }  # fmt: skip
    text = f"{NOW_MS}000{done.payload}".encode()
    wanted = hmac.digest(base64.b64decode(SECRET), call.path.encode() + sha256(text).digest(), "sha512")
    assert done.signature == base64.b64encode(wanted).decode()
    assert int(one.stamps(NOW_MS, 0)["timestamp"]) == int(stamps["timestamp"]) + 1  # nonces only rise
    facts = facts_of(VENUE)
    assert facts.expiry_ms >= 2_000 and facts.id_max == 18 and facts.self_trade == "maker"
    params = step(trader().talk(Create(1, [new(tif="IOC", side=-1)])), None)[0][0].params
    assert (params["timeinforce"], params["oflags"], params["type"]) == ("IOC", "fciq", "sell")


def test_the_cancel_of_the_whole_account_is_never_signed():
    assert "not on the list of calls" in refusal(VENUE, "POST", f"{P}/CancelAll", {"timestamp": "1"})
    assert "not on the list of calls" in refusal(VENUE, "POST", f"{P}/Withdraw", {"timestamp": "1"})
    row = {"cl_ord_id": "a", "descr": {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "1"}, "vol": "1"}
    theirs = row | {"descr": row["descr"] | {"pair": "SOLUSD"}}
    eth = row | {"descr": row["descr"] | {"pair": "XETHZUSD"}}
    found = said({"open": {"O1": row, "O2": theirs, "O3": eth}})
    calls, answer = hold(trader().talk(CancelEverything(1, -1)), [found], [said({"count": 2})])
    assert calls[1][0].params == {"txids": '["O1","O3"]'} and answer == Done()
    calls, _ = hold(trader().talk(CancelEverything(1, 1)), [found], [said({"count": 1})])
    assert calls[1][0].params == {"txids": '["O3"]'}


def test_a_batch_is_of_one_pair_and_each_pair_is_a_call_of_its_own():
    one = trader()
    rows = {"orders": [{"txid": "O1"}, {"error": "EOrder:Insufficient funds"}]}
    calls, answer = hold(
        one.talk(Create(1, [new(1), new(2, 1), new(3)])), [said(rows)], [said({"txid": ["O2"], "descr": {}})]
    )
    assert [(call.path.rpartition("/")[2], call.params["pair"]) for (call,) in calls] == [
        ("AddOrderBatch", "XBTUSD"), ("AddOrder", "ETHUSD")]  # fmt: skip
    assert answer == Done([
        OrderResult(True, "O1"), OrderResult(True, "O2"),
        OrderResult(False, "", "EOrder:Insufficient funds", "EOrder:Insufficient funds"),
    ])  # fmt: skip
    talk = one.talk(Create(1, [new(4), new(5, 1)]))
    answer = hold(talk, [Reply(503)], [said(None, "EOrder:Insufficient funds:more")])[1]
    assert [facts_of(VENUE).meaning(row.code) for row in answer.results] == ["fate unknown", "funds"]


def test_errors_are_texts_whatever_the_status_and_half_an_answer_is_none():
    talk = trader().talk
    assert hold(talk(Create(1, [new()])), [said(None, "EAPI:Invalid nonce")])[1].code == "EAPI:Invalid nonce"
    answer = hold(talk(Create(1, [new()])), [said(None, "EOrder:Post only order", status=400)])[1]
    assert answer == Refused("EOrder:Post only order", "EOrder:Post only order")
    assert hold(talk(Create(1, [new()])), [Reply(200, b'{"error":[]}')])[1] == Failed("5xx")
    answer = hold(talk(Create(1, [new()])), [said({"txid": []})])[1]
    assert facts_of(VENUE).meaning(answer.results[0].code) == "fate unknown"
    assert hold(talk(Amend(1, ChangedOrder(1, 0, "a", "O1", 1, "2", "3", 1))), [said({"amend_id": "T"})])[1] == Done(
        [OrderResult(True, "O1")]
    )


def test_of_fewer_cancels_than_asked_for_nobody_knows_which():
    orders = [OldOrder(1, 0, "a1", "O1"), OldOrder(2, 0, "a2", "O2")]
    assert [one.ok for one in hold(trader().talk(Cancel(1, orders)), [said({"count": 2})])[1].results] == [True, True]
    answer = hold(trader().talk(Cancel(1, orders)), [said({"count": 1})])[1]
    assert {facts_of(VENUE).meaning(one.code) for one in answer.results} == {"fate unknown"}
    answer = hold(trader().talk(Cancel(1, orders[:1])), [said(None, "EOrder:Unknown order")])[1]
    assert facts_of(VENUE).meaning(answer.code) == "unknown order"


def test_the_switch_is_what_the_venue_says_it_is():
    told = {"currentTime": "2026-01-01T00:00:00Z", "triggerTime": "2026-01-01T00:00:15Z"}
    calls, answer = hold(trader().talk(ArmDeadMan(1, 15_000)), [said(told)])
    assert calls[0][0].params == {"timeout": "15"} and answer == Armed(5 * MS + 15_000 * MS)
    assert hold(trader().talk(ArmDeadMan(1, 0)), [said(told | {"triggerTime": "0"})])[1] == Armed(0)
    assert hold(trader().talk(ArmDeadMan(1, 15_000)), [said({})])[1] == Failed("5xx")


def test_names_of_assets_and_pairs():
    items = [live(VENUE, symbol) for symbol in ("BTC/USD", "ETH/BTC", "SOL/EUR")]
    assert [pair(item) for item in items] == ["XBTUSD", "ETHXBT", "SOLEUR"]
    known = pairs(items)
    for name, symbol in (("XXBTZUSD", "BTC/USD"), ("XBT/USD", "BTC/USD"), ("XETHXXBT", "ETH/BTC"),
                         ("SOLEUR", "SOL/EUR")):  # fmt: skip
        assert known[name] == symbol
    assert [asset(name) for name in ("XXBT", "ZUSD", "XXDG", "SOL", "ZETA")] == ["BTC", "USD", "DOGE", "SOL", "ZETA"]


def test_open_orders_and_balances():
    row = {"cl_ord_id": "a1", "status": "open", "opentm": 1733815269.370054, "vol": "0.5", "vol_exec": "0.1",
           "descr": {"pair": "XBTUSD", "type": "sell", "ordertype": "limit", "price": "70000.0"}}  # fmt: skip
    stop = row | {"descr": row["descr"] | {"ordertype": "stop-loss"}}
    answer = hold(trader().talk(AskOpen(1, 2)), [said({"open": {"O1": row, "O2": stop}})])[1]
    assert isinstance(answer, OpenList)
    (order,) = answer.orders
    assert (order.i, order.side, order.price, order.filled) == (0, -1, "70000", "0.1")
    assert order.ts_event == 1_733_815_269_370_054_000
    answer = hold(trader().talk(AskPositions(1)), [said({"XXBT": "1.5", "ZUSD": "9", "SOL": "1"})])[1]
    assert isinstance(answer, PositionList) and [(one.i, one.size) for one in answer.rows] == [(0, "1.5")]


def trade(at="1767225600.25", order="O1"):
    return {"ordertxid": order, "pair": "XXBTZUSD", "time": float(at), "type": "buy", "price": "60000", "vol": "0.5",
            "fee": "1.5", "maker": True, "trade_id": 7}  # fmt: skip


def test_trades_are_asked_for_page_by_page_and_their_orders_by_id():
    since = 1_767_225_600_000 * MS
    first = {f"T{n}": trade() for n in range(50)}
    orders = {"O1": {"cl_ord_id": "a1"}}
    calls, answer = hold(
        trader().talk(AskFills(1, since)), [said({"trades": first, "count": 52})],
        [said({"trades": {"T50": trade(order="O9"), "T51": trade("1767225599.5")}, "count": 52})], [said(orders)],
    )  # fmt: skip
    assert [call.params for (call,) in calls] == [
        {"start": "1767225600"}, {"start": "1767225600", "ofs": "50"}, {"txid": "O1,O9"}]  # fmt: skip
    assert isinstance(answer, FillList) and len(answer.fills) == 51
    mine = next(one for one in answer.fills if one.trade_id == "T0")
    assert (mine.client_id, mine.instrument, mine.fee, mine.fee_asset) == ("a1", f"{VENUE}:BTC/USD", "1.5", "USD")
    assert next(one for one in answer.fills if one.trade_id == "T50").client_id == ""


def test_transfers_are_told_from_the_ledger():
    row = {"refid": "R", "time": 5.5, "type": "deposit", "asset": "XXBT", "amount": "2", "fee": "0.1"}
    rows = {"L1": row, "L2": row | {"type": "trade"}, "L3": row | {"type": "spend", "asset": "ZUSD", "amount": "-9"}}
    answer = hold(trader().talk(AskLedger(1, 0)), [said({"ledger": rows, "count": 3})])[1]
    assert isinstance(answer, LedgerList)
    assert [(one.ref, one.i, one.cause, one.size, one.amount, one.asset) for one in answer.rows] == [
        ("L1", 0, "TRANSFER", "1.9", "1.9", "BTC"), ("L3", -1, "CONVERSION", "0", "-9.1", "USD")]  # fmt: skip


# ---------------------------------------------------------------- the private channels


def told(one, channel, *data, kind="update"):
    return one.told(json.dumps({"channel": channel, "type": kind, "data": list(data)}, separators=(",", ":")).encode())


ORDER = {"order_id": "O1", "cl_ord_id": "a1", "symbol": "BTC/USD", "side": "buy", "order_type": "limit",
         "limit_price": 60000.1, "order_qty": 0.05, "cum_qty": 0, "exec_type": "new", "order_status": "new",
         "timestamp": "2026-01-01T00:00:00.000001Z"}  # fmt: skip


def test_what_messages_about_an_end_leave_out_was_told_before():
    one = trader()
    assert told(one, "executions", ORDER, kind="snapshot") == []
    end = {"order_id": "O1", "exec_type": "canceled", "order_status": "canceled",
           "timestamp": "2026-01-01T00:00:01.000001Z"}  # fmt: skip
    (report,) = told(one, "executions", end)
    assert isinstance(report, OrderReport)
    assert (report.instrument, report.client_id, report.status) == (f"{VENUE}:BTC/USD", "a1", "cancelled")
    part = {"order_id": "O1", "symbol": "BTC/USD", "side": "buy", "exec_type": "trade", "order_status": "filled",
            "exec_id": "T1", "trade_id": 9, "last_qty": 0.05, "last_price": 60000.1, "liquidity_ind": "m",
            "fees": [{"asset": "USD", "qty": 7.5}], "timestamp": "2026-01-01T00:00:02.000001Z"}  # fmt: skip
    order, fill = told(one, "executions", part)
    assert isinstance(fill, FillReport) and (fill.client_id, fill.trade_id, fill.fee) == ("a1", "T1", "7.5")
    assert (order.status, order.filled) == ("filled", "0.05")


def test_a_deposit_asks_for_the_ledger_and_a_trade_does_not():
    row = {"asset": "BTC", "balance": 21.5, "amount": 1.5, "type": "deposit", "timestamp": "2026-01-01T00:00:00.1Z"}
    (report,) = told(trader(), "balances", row)
    assert isinstance(report, BalanceReport) and (report.change, report.reason) == ("1.5", "deposit")
    (report,) = told(trader(), "balances", row | {"type": "trade"})
    assert (report.change, report.reason) == ("", "")


def test_the_stream_is_entered_with_a_token_and_without_one_not_at_all():
    one = trader()
    messages = [json.loads(text) for text in one.admitted(said({"token": "t", "expires": 900}))]
    assert [(body["params"]["channel"], body["params"]["token"]) for body in messages] == [
        ("executions", "t"), ("balances", "t")]  # fmt: skip
    assert one.admitted(Reply(503)) == [] and one.admitted(said(None, "EGeneral:Permission denied")) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"method":"pong","time_in":"","time_out":""}', "pong"),
        ('{"method":"subscribe","result":{"channel":"executions"},"success":true}', "heard"),
        ('{"error":"EAPI:Invalid token","method":"subscribe","success":false}', "over"),
        ('{"channel":"heartbeat"}', ""),
    ],
)
def test_what_the_stream_says_of_the_connection(text, kind):
    assert trader().said(text.encode()).kind == kind


def test_a_secret_that_is_none_of_this_venues_is_said_before_anything_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("MINE_KEY", "some-key-of-mine")
    monkeypatch.setenv("MINE_SECRET", "not-base64-at-all")
    with pytest.raises(UserError, match="those are base64") as refused:
        load_pair(VENUE, "env:MINE", tmp_path)
    assert "not-base64" not in str(refused.value)
