"""Kraken Futures in its own words: signatures, challenges, results, lists, what messages leave out."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256
from urllib.parse import parse_qs

import msgspec
import pytest

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
from mmtui.venues.binance.reports import FillReport, OrderReport
from mmtui.venues.binance.rest_calls import Reply, step
from mmtui.venues.facts import facts_of
from mmtui.venues.kraken.signable import FUTURES
from mmtui.venues.kraken.trade_futures import KrakenFuturesTrader
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signer_wire import Refused as Unsigned
from mmtui.venues.live.signer_wire import Sign
from mmtui.venues.live.signing import refusal
from mmtui.venues.live.vault import BURST, KEPT, Vault
from mmtui.venues.margin import Margin
from mmtui.venues.resolve import live

MS = 1_000_000
NOW_MS = 1_795_374_293_476
V3 = "/derivatives/api/v3"
VENUE = "kraken-futures"
#: The example of the venue's documentation of challenges: nobody's secret.
SECRET = "7zxMEF5p/Z8l2p2U7Ghv6x14Af+Fx+92tPgUdVQ748FOIrEoT9bgT+bTRfXc5pz8na+hL/QdrCVG7bh9KpT0eMTm"


def trader():
    return KrakenFuturesTrader([(i, live(VENUE, symbol)) for i, symbol in enumerate(["PF_XBTUSD", "PF_ETHUSD"])])


def new(oid=1, i=0, tif="GTX", reduce_only=False):
    return NewOrder(oid, i, f"mmabx{oid}", 1, "60000", "0.05", tif, reduce_only)


def said(body, status=200, sent=5 * MS):
    return Reply(status, json.dumps(body).encode(), sent=sent)


def good(**parts):
    return said({"result": "success", **parts, "serverTime": "2026-01-01T00:00:00.000Z"})


def hold(talk, *rounds):
    made = []
    calls, answer = step(talk, None)
    for replies in rounds:
        made.append(calls)
        calls, answer = step(talk, replies)
    assert not calls
    return made, answer


def test_the_documented_challenge_has_the_documented_signature():
    fields = {"timestamp": "1", "challenge": "c100b894-1729-464d-ace1-52dbce11db42"}
    signed = Pair("k" * 8, SECRET).signed(VENUE, "WS", "login", fields).signature
    assert signed == "4JEpF3ix66GA2B+ooK128Ift4XQVtc137N9yeg4Kqsn9PI0Kpzbysl9M1IeCEdjg0zl00wkVqcsnG4bmnlMb3A=="


def test_a_challenge_that_is_a_call_is_never_signed():
    """The challenge is hashed and signed as calls are: a text of the server's that is one would be a signed call."""
    not_hex = "c100b894-1729-464d-ace1-52dbce11db4/"
    for text in ("", "amount=1/api/v3/withdrawal", "1/api/v3/transfer", "x" * 36, not_hex):
        assert refusal(VENUE, "WS", "login", {"timestamp": "1", "challenge": text})
        said_ = trader().said(json.dumps({"event": "challenge", "message": text}).encode())
        assert said_.kind == "over"


def test_a_call_is_signed_over_what_is_sent_the_nonce_and_the_path():
    one, pair = trader(), Pair("k" * 8, SECRET)
    call = step(one.talk(Create(1, [new()])), None)[0][0]
    stamps = one.stamps(NOW_MS, 1_000)
    fields = call.params | stamps
    done = pair.signed(VENUE, call.method, call.path, fields)
    text = f"{done.payload}{stamps['timestamp']}/api/v3/sendorder"
    key = base64.b64decode(SECRET)
    wanted = base64.b64encode(hmac.digest(key, sha256(text.encode()).digest(), "sha512")).decode()
    assert done.signature == wanted
    sent = {name: values[0] for name, values in parse_qs(done.payload).items()}
    assert sent == {"orderType": "post", "symbol": "PF_XBTUSD", "side": "buy", "size": "0.05", "limitPrice": "60000",
                    "cliOrdId": "mmabx1", "processBefore": "2026-11-22T19:04:54.476Z"}  # fmt: skip
    assert one.headers("k" * 8, "", stamps, done.signature)["Nonce"] == stamps["timestamp"] == f"{NOW_MS}000"
    assert int(one.stamps(NOW_MS, 0)["timestamp"]) == int(stamps["timestamp"]) + 1  # never twice the same


def test_ccxt_signs_the_same_bytes_alike():
    """Its calls carry no nonce: with an empty one ours are its."""
    ccxt = pytest.importorskip("ccxt")
    theirs = ccxt.krakenfutures({"apiKey": "k" * 8, "secret": SECRET})
    params = {"orderType": "post", "symbol": "PF_XBTUSD", "side": "buy", "size": "0.05", "limitPrice": "60000"}
    asked = theirs.sign("sendorder", ["private"], "POST", params)
    fields = {**params, "timestamp": ""}
    texts = FUTURES.scheme("", "POST", f"{V3}/sendorder", fields)
    key = base64.b64decode(SECRET)
    signature = base64.b64encode(hmac.digest(key, texts.signed, "sha512")).decode()
    assert asked["headers"]["Authent"] == signature and asked["url"].endswith(f"?{texts.payload}")


@pytest.mark.parametrize(("tif", "kind"), [("GTX", "post"), ("GTC", "lmt"), ("IOC", "ioc")])
def test_orders_in_the_venues_words(tif, kind):
    params = step(trader().talk(Create(1, [new(tif=tif, reduce_only=True)])), None)[0][0].params
    assert (params["orderType"], params["reduceOnly"]) == (kind, "true")


def test_batches_of_orders_and_of_cancels_are_lists_of_their_own():
    (call,), _ = step(trader().talk(Create(1, [new(), new(2, reduce_only=True)])), None)
    done = Pair("k" * 8, SECRET).signed(VENUE, call.method, call.path, call.params | {"timestamp": "7"})
    rows = json.loads(parse_qs(done.payload)["json"][0])["batchOrder"]
    assert [(row["order"], row["order_tag"], row.get("reduceOnly")) for row in rows] == [
        ("send", "0", None), ("send", "1", True)]  # fmt: skip
    (cancel,), _ = step(trader().talk(Cancel(1, [OldOrder(1, 0, "a1", ""), OldOrder(2, 0, "a2", "")])), None)
    done = Pair("k" * 8, SECRET).signed(VENUE, cancel.method, cancel.path, cancel.params | {"timestamp": "7"})
    rows = json.loads(parse_qs(done.payload)["json"][0])["batchOrder"]
    assert rows == [{"order": "cancel", "cliOrdId": "a1"}, {"order": "cancel", "cliOrdId": "a2"}]
    with pytest.raises(PermissionError):
        Pair("k" * 8, SECRET).signed(VENUE, call.method, call.path, call.params | cancel.params | {"timestamp": "7"})
    why = refusal(VENUE, "POST", f"{V3}/batchorder", {"cancels": '[{"symbol":"PF_XBTUSD"}]', "timestamp": "1"})
    assert "field symbol" in why


def test_batches_of_cancels_may_use_the_signers_reserve_and_batches_of_orders_may_not():
    vault = Vault({VENUE: Pair("k" * 8, SECRET)}, lambda: 100.0)
    stamp = ("timestamp", "1")
    order = Sign(1, VENUE, "POST", f"{V3}/batchorder", [("sends", "[]"), stamp])
    cancel = Sign(1, VENUE, "POST", f"{V3}/batchorder", [("cancels", '[{"order":"cancel","cliOrdId":"a"}]'), stamp])
    for _ in range(int(BURST - KEPT)):
        vault.answer(order)
    assert isinstance(vault.answer(order), Unsigned)
    assert not isinstance(vault.answer(cancel), Unsigned)


def test_results_are_told_by_id_by_tag_or_by_place():
    orders = Create(1, [new(), new(2), new(3)])
    rows = [{"status": "postWouldExecute", "order_tag": "1"}, {"status": "placed", "order_id": "u0", "order_tag": "0"},
            {"status": "insufficientAvailableFunds", "cliOrdId": "mmabx3"}]  # fmt: skip
    answer = hold(trader().talk(orders), [good(batchStatus=rows)])[1]
    assert answer == Done([
        OrderResult(True, "u0"), OrderResult(False, "", "postWouldExecute", "postWouldExecute"),
        OrderResult(False, "", "insufficientAvailableFunds", "insufficientAvailableFunds"),
    ])  # fmt: skip
    answer = hold(trader().talk(orders), [good(batchStatus=rows[:1])])[1]
    assert [facts_of(VENUE).meaning(one.code) for one in answer.results] == [
        "fate unknown", "would take", "fate unknown"]  # fmt: skip
    cancel = Cancel(1, [OldOrder(1, 0, "a1", ""), OldOrder(2, 0, "a2", "")])
    answer = hold(trader().talk(cancel), [good(batchStatus=[{"status": "cancelled"}, {"status": "notFound"}])])[1]
    assert [(one.ok, facts_of(VENUE).meaning(one.code)) for one in answer.results] == [
        (True, None), (False, "unknown order")]  # fmt: skip
    amend = Amend(4, ChangedOrder(1, 0, "a1", "", 1, "60001", "0.04", 3))
    assert hold(trader().talk(amend), [good(editStatus={"status": "edited", "orderId": "u"})])[1].results[0].ok


def test_errors_are_texts_whatever_the_status():
    for status in (200, 400, 401):
        answer = hold(trader().talk(Create(1, [new()])), [said({"result": "error", "error": "nonceDuplicate"}, status)])
        assert answer[1] == Refused("nonceDuplicate", "nonceDuplicate")
    answer = hold(trader().talk(AskLedger(1, 0)), [said({"errors": [{"message": "authenticationError"}]}, 401)])[1]
    assert facts_of(VENUE).meaning(answer.code) == "auth"
    assert hold(trader().talk(Create(1, [new()])), [said({"result": "success"})])[1] == Failed("5xx")
    assert hold(trader().talk(Create(1, [new()])), [Reply(0, text="timeout")])[1] == Failed("timeout")


def test_the_whole_of_an_instrument_is_cancelled_and_never_what_is_not_ours():
    calls, answer = hold(trader().talk(CancelEverything(1, -1)), [good(), good()])
    assert [call.params for call in calls[0]] == [{"symbol": "PF_XBTUSD"}, {"symbol": "PF_ETHUSD"}] and answer == Done()


def test_the_switch_is_what_the_venue_says_it_is():
    status = {"currentTime": "2026-01-01T00:00:00.100Z", "triggerTime": "2026-01-01T00:00:15.100Z"}
    calls, answer = hold(trader().talk(ArmDeadMan(1, 15_000)), [good(status=status)])
    assert calls[0][0].params == {"timeout": "15"} and answer == Armed(5 * MS + 15_000 * MS)
    assert facts_of(VENUE).dead_man.window_ms == 15_000
    assert hold(trader().talk(ArmDeadMan(1, 0)), [good(status=status | {"triggerTime": "0"})])[1] == Armed(0)
    assert hold(trader().talk(ArmDeadMan(1, 15_000)), [good()])[1] == Failed("5xx")


def test_open_orders_positions_and_conditional_orders():
    row = {"order_id": "u1", "cliOrdId": "a1", "symbol": "pf_ethusd", "side": "sell", "orderType": "lmt",
           "limitPrice": 3000.5, "unfilledSize": 2, "filledSize": 0.5, "status": "partiallyFilled", "reduceOnly": False,
           "receivedTime": "2026-01-01T00:00:00.000Z", "lastUpdateTime": "2026-01-01T00:00:01.000Z"}  # fmt: skip
    answer = hold(trader().talk(AskOpen(1, 1)), [good(openOrders=[row, row | {"stopPrice": 9, "order_id": "u2"}])])[1]
    assert isinstance(answer, OpenList)
    (order,) = answer.orders
    assert (order.i, order.side, order.size, order.filled, order.venue_order_id) == (1, -1, "2.5", "0.5", "u1")
    held = {"side": "short", "symbol": "PF_XBTUSD", "price": 1, "size": 0.25, "unrealizedFunding": None,
            "fillTime": "2026-01-01T00:00:00Z"}  # fmt: skip
    answer = hold(trader().talk(AskPositions(1)), [good(openPositions=[held])])[1]
    assert isinstance(answer, PositionList) and [(one.i, one.size) for one in answer.rows] == [(0, "-0.25")]
    assert hold(trader().talk(AskPositions(1)), [good(openPositions=[{"size": 1}])])[1] == Failed("5xx")


def fill(n, at="2026-01-01T00:00:00.000Z", kind="maker"):
    return {"fill_id": f"f{n}", "order_id": "u1", "cliOrdId": "a1", "symbol": "PF_XBTUSD", "side": "buy", "size": 0.5,
            "price": 60000, "fillTime": at, "fillType": kind}  # fmt: skip


def test_fills_go_back_a_page_a_question_and_have_the_fees_of_their_rates():
    since = 1_767_225_600_000 * MS  # 2026-01-01
    newest = [fill(n, "2026-01-01T00:01:00.500Z") for n in range(100)]
    calls, answer = hold(
        trader().talk(AskFills(1, since)),
        [good(fills=newest)], [good(fills=[fill(100, kind="taker"), fill(101, "2025-12-31T23:59:59.999Z")])],
    )  # fmt: skip
    assert [call.params for (call,) in calls] == [{}, {"lastFillTime": "2026-01-01T00:01:00.501Z"}]
    assert isinstance(answer, FillList) and len(answer.fills) == 101  # what is older was not asked for
    assert (answer.fills[0].fee, answer.fills[0].fee_asset) == ("15", "USD")  # 5 bps of 30,000
    assert (answer.fills[-1].fee, answer.fills[-1].maker) == ("6", True)


def test_funding_and_transfers_are_told_from_the_account_log():
    row = {"date": "2026-01-01T00:00:00.000Z", "asset": "usd", "contract": "pf_xbtusd", "old_balance": 5,
           "new_balance": 4.5, "booking_uid": "b1", "info": "funding rate change",
           "realized_funding": -0.25}  # fmt: skip
    more = row | {"booking_uid": "b2", "info": "transfer", "contract": None, "realized_funding": None}
    trade = row | {"info": "futures trade"}
    answer = hold(trader().talk(AskLedger(1, 60_000 * MS)), [said({"accountUid": "x", "logs": [row, more, trade]})])[1]
    assert isinstance(answer, LedgerList)
    assert [(one.i, one.cause, one.amount, one.asset, one.ref) for one in answer.rows] == [
        (0, "FUNDING", "-0.25", "USD", "b1"), (-1, "TRANSFER", "-0.5", "USD", "b2")]  # fmt: skip


# ---------------------------------------------------------------- the private feeds

ORDER = {"instrument": "PF_XBTUSD", "time": 1, "last_update_time": 2, "qty": 0.05, "filled": 0.0, "limit_price": 60000,
         "stop_price": 0.0, "type": "limit", "order_id": "u1", "cli_ord_id": "a1", "direction": 1,
         "reduce_only": True}  # fmt: skip


def told(one, body):
    return one.told(json.dumps(body).encode())


def test_what_messages_about_an_end_leave_out_was_told_before():
    one = trader()
    told(one, {"feed": "open_orders", "order": ORDER, "is_cancel": False, "reason": "new_placed_order_by_user"})
    partly = ORDER | {"qty": 0.03, "filled": 0.02}
    told(one, {"feed": "open_orders", "order": partly, "is_cancel": False, "reason": "partial_fill"})
    (end,) = told(one, {"feed": "open_orders", "order_id": "u1", "is_cancel": True, "reason": "cancelled_by_user"})
    assert isinstance(end, OrderReport)
    assert (end.instrument, end.client_id, end.status, end.filled) == (f"{VENUE}:PF_XBTUSD", "a1", "cancelled", "0.02")
    (end,) = told(one, {"feed": "open_orders", "order_id": "u1", "is_cancel": True, "reason": "full_fill"})
    assert (end.status, end.filled, end.side) == ("filled", "0.05", "sell")
    # it had stood: whatever ends it, it was no refusal
    why = "would_not_reduce_position"
    (end,) = told(one, {"feed": "open_orders", "order_id": "u1", "is_cancel": True, "reason": why})
    assert end.status == "cancelled"


def test_an_order_that_nobody_has_told_of_is_known_from_its_create():
    one = trader()
    step(one.talk(Create(1, [new(9, 1, "IOC")])), None)
    body = {"feed": "open_orders", "order_id": "u9", "cli_ord_id": "mmabx9", "is_cancel": True, "reason": "full_fill"}
    (end,) = told(one, body)
    assert (end.instrument, end.filled, end.status) == (f"{VENUE}:PF_ETHUSD", "0.05", "filled")


def test_snapshots_tell_nothing_and_are_remembered():
    one = trader()
    assert told(one, {"feed": "open_orders_snapshot", "account": "x", "orders": [ORDER]}) == []
    row = {"instrument": "PF_XBTUSD", "time": 5, "price": 60000, "seq": 1, "buy": False, "qty": 0.01, "order_id": "u1",
           "fill_id": "f1", "fill_type": "maker", "fee_paid": 0.12, "fee_currency": "USD"}  # fmt: skip
    assert told(one, {"feed": "fills_snapshot", "account": "x", "fills": [row]}) == []
    (found,) = told(one, {"feed": "fills", "username": "x", "fills": [row]})
    assert isinstance(found, FillReport) and (found.client_id, found.fee) == ("a1", "0.12")


def test_margin_is_what_the_feed_of_positions_tells():
    one = trader()
    assert one.margin is None
    told(one, {"feed": "open_positions", "account": "x", "positions": []})
    assert one.margin == Margin(0.0, None)
    row = {"instrument": "PF_XBTUSD", "balance": -0.5, "pnl": 1.0, "entry_price": 1.0, "mark_price": 60000.0,
           "liquidation_threshold": 66000.0, "maintenance_margin": 300.0}  # fmt: skip
    told(one, {"feed": "open_positions", "account": "x", "positions": [row]})
    assert one.margin == Margin(300.0, pytest.approx(0.1))
    hold(one.talk(AskPositions(1)), [good(openPositions=[])])
    assert one.margin == Margin(0.0, None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"event": "info", "version": 1}, ""),
        ({"event": "challenge", "message": "c100b894-1729-464d-ace1-52dbce11db42"}, "challenge"),
        ({"event": "subscribed", "feed": "fills"}, "heard"),
        ({"event": "subscribed", "feed": "book"}, ""),
        ({"event": "error", "message": "Invalid challenge"}, "over"),
        ({"feed": "fills", "fills": []}, ""),
    ],
)
def test_what_the_stream_says_of_the_connection(body, kind):
    assert trader().said(msgspec.json.encode(body)).kind == kind
