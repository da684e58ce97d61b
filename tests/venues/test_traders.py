"""The Traders in their own words: the bytes that leave, what answers mean, and that no answer ever raises."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.rest_calls import Reply, step
from mmtui.venues.facts import facts_of
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signables import SIGNABLE
from mmtui.venues.live.signing import refusal
from mmtui.venues.resolve import live
from mmtui.venues.trader import AccountFacts
from mmtui.venues.traders import TRADERS

MS = 1_000_000
NOW_MS = 1_795_374_293_476
KEY, SECRET, PHRASE = "key-of-a-desk", "secret-of-a-desk", "phrase of a desk"
GOLDEN = Path(__file__).with_name("golden_signed.txt")
SYMBOLS = {
    "okx": ["BTC-USDT-SWAP", "BTC-USDT"], "bybit": ["BTCUSDT", "ETHUSDT"],
    "kraken-futures": ["PF_XBTUSD", "PF_ETHUSD"], "kraken-spot": ["BTC/USD", "ETH/USD"],
}  # fmt: skip
CHALLENGE = "226aee50-88fc-4618-a42a-34f7709570b2"


def trader(venue):
    return TRADERS[venue]([(i, live(venue, symbol)) for i, symbol in enumerate(SYMBOLS[venue])])


def new(oid=1, i=0, tif="GTX", reduce_only=False, side=1):
    return NewOrder(oid, i, f"mmabx{oid}", side, "60000.1", "0.05", tif, reduce_only)


def old(oid=1, i=0):
    return OldOrder(oid, i, f"mmabx{oid}", "77")


REQUESTS = [
    Create(1, [new()]),
    Create(2, [new(1, tif="IOC", side=-1), new(2, reduce_only=True)]),
    Create(3, [new(3, 1, "GTC", True)]),
    Amend(4, ChangedOrder(1, 0, "mmabx1", "77", -1, "60000.2", "0.04", 3)),
    Cancel(5, [old()]),
    Cancel(6, [old(), old(2)]),
    CancelEverything(7, 0),
    AskOpen(8, 1),
    AskOpen(9, 2),
    AskFills(10, 60_000 * MS),
    AskFills(11, 0),
    AskLedger(12, 60_000 * MS),
    AskPositions(13),
    ArmDeadMan(14, 10_000),
]


def pair_of(venue):
    """Secrets of some venues are base64."""
    secret = base64.b64encode(SECRET.encode()).decode() if SIGNABLE[venue].digest == "sha512" else SECRET
    return Pair(KEY, secret, passphrase=PHRASE)


def signed(venue, call):
    """A call as it leaves: address or body, and its headers."""
    one, pair = trader(venue), pair_of(venue)
    stamps = one.stamps(NOW_MS, 1_000 if (call.method, call.path) in SIGNABLE[venue].creates else 0)
    taken = SIGNABLE[venue].always | SIGNABLE[venue].places[call.method, call.path]
    fields = {**call.params, **{name: text for name, text in stamps.items() if name in taken}}
    done = pair.signed(venue, call.method, call.path, fields)
    return done.payload, one.headers(KEY, PHRASE, stamps, done.signature)


def leaves():
    """A line for each call of each request: venue, method, path, payload, headers."""
    lines = []
    for venue in sorted(SYMBOLS):
        for request in [*REQUESTS, "inquire"]:
            one = trader(venue)
            calls = next(one.inquire()) if request == "inquire" else step(one.talk(request), None)[0]
            for call in calls:
                payload, headers = signed(venue, call)
                told = " ".join(f"{name}={value}" for name, value in headers.items())
                lines.append(f"{venue} {call.method} {call.path} {payload} | {told}")
        if one.ticket() is None:
            fields = one.login(NOW_MS) | ({"challenge": CHALLENGE} if one.hello(KEY) else {})
            done = pair_of(venue).signed(venue, "WS", "login", fields)
            lines += [f"{venue} {text.decode()}" for text in one.entering(KEY, PHRASE, fields, done.signature)]
    return lines


def test_the_bytes_that_leave_are_the_golden_ones():
    """The snapshot of every signed action: payload, stamps and signature."""
    assert leaves() == GOLDEN.read_text().splitlines()


def test_the_signature_is_the_venues_own_rule():
    call = step(trader("okx").talk(REQUESTS[0]), None)[0][0]
    body, headers = signed("okx", call)
    text = f"{headers['OK-ACCESS-TIMESTAMP']}POST/api/v5/trade/order{body}"
    assert headers["OK-ACCESS-SIGN"] == base64.b64encode(hmac.digest(SECRET.encode(), text.encode(), sha256)).decode()
    assert json.loads(body)["ordType"] == "post_only" and headers["expTime"] == str(NOW_MS + 1_000)
    call = step(trader("bybit").talk(REQUESTS[0]), None)[0][0]
    body, headers = signed("bybit", call)
    text = f"{NOW_MS}{KEY}1000{body}"
    assert headers["X-BAPI-SIGN"] == hmac.digest(SECRET.encode(), text.encode(), sha256).hex()
    assert json.loads(body)["timeInForce"] == "PostOnly"


@pytest.mark.parametrize("venue", sorted(SYMBOLS))
def test_the_list_holds_no_other_power(venue):
    never = {"coin", "chain", "address", "amount", "fromAccountType", "toAccountType", "subMemberId", "toAddr", "amt",
             "dest", "ccy", "from", "to", "permissions", "leverage", "lever", "mgnMode"}  # fmt: skip
    table = SIGNABLE[venue]
    for (_, path), fields in table.places.items():
        assert not fields & never, path
        assert not any(word in path for word in ("withdraw", "transfer", "asset", "sub", "leverage"))
    assert not {name for inner in table.lists.values() for name in inner} & never
    stamp = {"timestamp": "1"}
    assert "not on the list of calls" in refusal(venue, "POST", "/api/v5/asset/withdrawal", stamp)
    assert "not on the list of calls" in refusal(venue, "POST", "/v5/asset/withdraw/create", stamp)
    single = [place for place in table.creates if "batch" not in place[1].lower()]
    place = max(single, key=lambda place: len(table.places[place]))
    assert "field amt" in refusal(venue, *place, stamp | {"amt": "1"})
    assert "without a timestamp" in refusal(venue, *place, {})
    side = "type" if venue == "kraken-spot" else "side"
    assert "none of" in refusal(venue, *place, stamp | {side: "hold"})
    at, bare = next((at, name) for at in single for name in table.bare if name in table.places[at])
    assert "none that it can be" in refusal(venue, *at, stamp | {bare: '"x"}'})
    batch = next(place for place in table.creates if "batch" in place[1].lower())
    name = {"okx": "body", "bybit": "request", "kraken-futures": "sends", "kraken-spot": "orders"}[venue]
    assert "field amt" in refusal(venue, *batch, stamp | {name: '[{"amt":"1"}]'})
    assert "is no list" in refusal(venue, *batch, stamp | {name: '{"amt":"1"}'})


# ---------------------------------------------------------------- what answers mean


def good(venue, rows, codes=None):
    if venue == "okx":
        failed = sum(row.get("sCode", "0") != "0" for row in rows)
        code = "0" if not failed else "1" if failed == len(rows) else "2"
        return Reply(200, json.dumps({"code": code, "msg": "", "data": rows}).encode(), sent=5 * MS)
    body = {"retCode": 0, "retMsg": "OK", "result": rows, "retExtInfo": {"list": codes or []}}
    return Reply(200, json.dumps(body).encode(), sent=5 * MS)


def hold(talk, *rounds):
    """The calls of a conversation, and its answer to these replies."""
    made = []
    calls, answer = step(talk, None)
    for replies in rounds:
        made.append(calls)
        calls, answer = step(talk, replies)
    assert not calls
    return made, answer


def test_results_of_a_batch_are_told_by_client_id_and_what_is_not_named_nobody_knows():
    rows = [{"clOrdId": "mmabx2", "ordId": "", "sCode": "51008", "sMsg": "no funds"},
            {"clOrdId": "mmabx1", "ordId": "9", "sCode": "0", "sMsg": ""}]  # fmt: skip
    answer = hold(trader("okx").talk(REQUESTS[1]), [good("okx", rows)])[1]
    assert answer == Done([OrderResult(True, "9"), OrderResult(False, "", "51008", "no funds")])
    answer = hold(trader("okx").talk(REQUESTS[1]), [good("okx", rows[1:])])[1]
    assert facts_of("okx").meaning(answer.results[1].code) == "fate unknown"
    listed = {"list": [{"orderLinkId": "mmabx1", "orderId": "u1"}, {"orderLinkId": "mmabx2", "orderId": ""}]}
    codes = [{"code": 0, "msg": "OK"}, {"code": 110007, "msg": "ab not enough"}]
    answer = hold(trader("bybit").talk(REQUESTS[1]), [good("bybit", listed, codes)])[1]
    assert answer == Done([OrderResult(True, "u1"), OrderResult(False, "", "110007", "ab not enough")])


@pytest.mark.parametrize("venue", sorted(SYMBOLS))
@pytest.mark.parametrize("request_", [REQUESTS[0], REQUESTS[1], REQUESTS[3], REQUESTS[5]])
def test_a_create_is_sent_once_and_silence_says_nothing_of_its_fate(venue, request_):
    for reply in (Reply(503, b"<html>"), Reply(500, b"{}"), Reply(0, text="timeout"), Reply(200, b"no json"),
                  Reply(200, b"[]")):  # fmt: skip
        calls, answer = hold(trader(venue).talk(request_), [reply])
        assert len(calls) == 1 and isinstance(answer, Failed) and answer.kind not in ("429", "403", "auth")
    assert hold(trader(venue).talk(request_), [Reply(429, b"", 2_000)])[1] == Failed("429", 2_000)


def test_a_refusal_carries_the_venues_code():
    body = json.dumps({"code": "50113", "msg": "Invalid Sign", "data": []}).encode()
    assert hold(trader("okx").talk(REQUESTS[0]), [Reply(401, body)])[1] == Refused("50113", "Invalid Sign")
    body = json.dumps({"retCode": 10002, "retMsg": "late", "result": {}}).encode()
    assert hold(trader("bybit").talk(REQUESTS[0]), [Reply(200, body)])[1] == Refused("10002", "late")
    for venue, code, meaning in (("okx", "50036", "late"), ("okx", "50004", "fate unknown"), ("bybit", "10006", "rate"),
                                 ("bybit", "110001", "unknown order")):  # fmt: skip
        assert facts_of(venue).meaning(code) == meaning


def okx_order(id, client="mmabx1", symbol="BTC-USDT-SWAP", state="live"):
    return {"instId": symbol, "ordId": str(id), "clOrdId": client, "px": "60000.1", "sz": "0.05", "accFillSz": "0.01",
            "side": "buy", "ordType": "post_only", "state": state, "cTime": "1700000000000",
            "uTime": "1700000000001"}  # fmt: skip


def test_open_orders_are_read_page_by_page_and_foreign_ones_are_named():
    first = [okx_order(1_000 - n) for n in range(100)]
    calls, answer = hold(
        trader("okx").talk(AskOpen(1, 1)), [good("okx", first)], [good("okx", [okx_order(5, "theirs", "DOGE-USDT")])]
    )
    assert [call.params.get("after", "") for (call,) in calls] == ["", "901"]
    assert isinstance(answer, OpenList) and len(answer.orders) == 101
    assert (answer.orders[0].i, answer.orders[0].size, answer.orders[0].ts_event) == (0, "0.05", 1_700_000_000_000 * MS)
    assert (answer.orders[-1].i, answer.orders[-1].client_id) == (-1, "theirs")
    row = {"symbol": "BTCUSDT", "orderId": "u", "orderLinkId": "mmabx1", "orderStatus": "New", "side": "Sell",
           "orderType": "Limit", "timeInForce": "PostOnly", "price": "1", "qty": "2", "cumExecQty": "0"}  # fmt: skip
    pages = [{"list": [row], "nextPageCursor": "a%3D1"}, {"list": [row | {"orderStatus": "Untriggered"}]}]
    calls, answer = hold(trader("bybit").talk(AskOpen(1, 1)), *([good("bybit", page)] for page in pages))
    assert calls[1][0].params["cursor"] == "a%3D1" and [order.side for order in answer.orders] == [-1]
    payload, _ = signed("bybit", calls[1][0])
    assert payload == "category=linear&settleCoin=USDT&limit=50&cursor=a%3D1"  # as the venue gave it


def test_executions_since_long_ago_are_asked_for_in_the_history_too():
    day = 86_400_000
    fill = {"instId": "BTC-USDT", "ordId": "1", "clOrdId": "mmabx1", "tradeId": "7", "fillPx": "1", "fillSz": "2",
            "side": "buy", "execType": "M", "fee": "-0.1", "feeCcy": "BTC", "fillTime": "5", "billId": "3"}  # fmt: skip
    late = Reply(200, good("okx", [fill]).body, sent=10 * day * MS)
    calls, answer = hold(trader("okx").talk(AskFills(1, day * MS)), [late], [late], [late])
    assert [call.path.rpartition("/")[2] for (call,) in calls] == ["fills", "fills-history", "fills-history"]
    assert isinstance(answer, FillList) and len(answer.fills) == 1  # each is told once
    assert (answer.fills[0].fee, answer.fills[0].client_id) == ("0.1", "mmabx1")
    empty = Reply(200, good("bybit", {"list": []}).body, sent=10 * day * MS)
    calls, _ = hold(trader("bybit").talk(AskFills(1, day * MS)), [empty], [empty])
    assert [call.params["startTime"] for (call,) in calls] == [str(day), str(8 * day)]


def test_transfers_and_funding_are_told_from_the_ledger():
    rows = [{"billId": "1", "type": "1", "ccy": "BTC", "balChg": "-2", "instId": "", "ts": "5"},
            {"billId": "2", "type": "8", "ccy": "USDT", "balChg": "0.5", "instId": "BTC-USDT-SWAP", "ts": "6"},
            {"billId": "3", "type": "2", "ccy": "USDT", "balChg": "9", "instId": "BTC-USDT", "ts": "7"}]  # fmt: skip
    answer = hold(trader("okx").talk(AskLedger(1, 0)), [good("okx", rows)])[1]
    assert isinstance(answer, LedgerList)
    assert [(row.i, row.cause, row.size, row.amount) for row in answer.rows] == [
        (1, "TRANSFER", "-2", "-2"), (0, "FUNDING", "0", "0.5")]  # fmt: skip


def test_positions_of_contracts_and_balances_of_spot():
    position = {"instId": "BTC-USDT-SWAP", "posSide": "net", "pos": "-3", "avgPx": "1", "uTime": "5"}
    balance = {"details": [{"ccy": "BTC", "cashBal": "1.5"}, {"ccy": "USDT", "cashBal": "9"}]}
    answer = hold(trader("okx").talk(AskPositions(1)), [good("okx", [position]), good("okx", [balance])])[1]
    assert isinstance(answer, PositionList) and [(row.i, row.size) for row in answer.rows] == [(0, "-3"), (1, "1.5")]
    row = {"symbol": "ETHUSDT", "positionIdx": 0, "side": "Sell", "size": "0.5"}
    answer = hold(trader("bybit").talk(AskPositions(1)), [good("bybit", {"list": [row]})])[1]
    assert [(one.i, one.size) for one in answer.rows] == [(1, "-0.5")]


ROW = {"triggerTime": "1700000012000", "ts": "1700000000000"}


def test_the_dead_man_switch_is_what_the_venue_says_it_is():
    calls, answer = hold(trader("okx").talk(ArmDeadMan(1, 12_345)), [good("okx", [ROW])])
    assert calls[0][0].params == {"timeOut": "12"} and answer == Armed(5 * MS + 12_000 * MS)  # however its clock goes
    assert hold(trader("okx").talk(ArmDeadMan(1, 0)), [good("okx", [ROW | {"triggerTime": "0"}])])[1] == Armed(0)
    assert hold(trader("okx").talk(ArmDeadMan(1, 10_000)), [good("okx", [{}])])[1] == Failed("5xx")
    calls, answer = hold(trader("bybit").talk(ArmDeadMan(1, 10_000)), [good("bybit", {})])
    assert calls[0][0].params == {"product": "DERIVATIVES", "timeWindow": "10"} and isinstance(answer, Armed)


# ---------------------------------------------------------------- fuzz

_LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
_NAMES = ["code", "data", "msg", "sCode", "clOrdId", "ordId", "retCode", "result", "list", "retExtInfo", "orderId",
          "perm", "orderLinkId", "state", "accFillSz", "details", "ccy", "cashBal", "pos", "avgPx", "instId", "type",
          "billId", "triggerTime", "symbol", "orderStatus", "positionIdx", "size", "side", "execId", "execPrice",
          "permissions", "error", "open", "descr", "pair", "txid", "trades", "ledger", "count", "orders", "time",
          "openOrders", "openPositions", "fills", "logs", "info", "batchStatus", "sendStatus", "status", "fillTime",
          "feed", "event", "message", "method", "channel", "positions", "instrument", "balance", "is_cancel", "reason",
          "order", "order_id", "exec_type", "order_status", "fees", "flex", "accounts", "tiers", "uid"]  # fmt: skip
_KEY = st.sampled_from(_NAMES) | st.text(max_size=4)
_JSON = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEY, inner, max_size=6), max_leaves=12
)
_ENVELOPE = st.one_of(
    _JSON,
    st.builds(lambda rows, code: {"code": code, "data": rows}, _JSON, st.sampled_from(["0", "1", "2", 0])),
    st.builds(lambda found, more: {"retCode": 0, "result": found, "retExtInfo": more}, _JSON, _JSON),
    st.builds(lambda found: {"error": [], "result": found}, _JSON),
    st.builds(
        lambda name, found: {"result": "success", name: found}, st.sampled_from(["openOrders", "fills", "logs"]), _JSON
    ),
    st.builds(
        lambda name, found: {"error": [], "result": {name: found, "count": 99}},
        st.sampled_from(["open", "trades", "ledger", "orders", "txid"]), _JSON,
    ),
    st.builds(lambda rows: {"retCode": 0, "result": {"list": rows}, "code": "0", "data": rows}, st.lists(_JSON)),
)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from([200, 400, 500]), _ENVELOPE, st.sampled_from(REQUESTS), st.sampled_from(sorted(SYMBOLS)))
def test_any_reply_is_an_answer_and_never_an_exception(status, body, request_, venue):
    talk = trader(venue).talk(request_)
    calls, answer = step(talk, None)
    for _ in range(200):
        if answer is not None:
            break
        calls, answer = step(talk, [Reply(status, json.dumps(body).encode(), sent=5 * MS)] * len(calls))
    assert answer is not None


@settings(max_examples=100, deadline=None)
@given(_ENVELOPE, st.sampled_from(sorted(SYMBOLS)))
def test_any_answer_about_the_account_is_facts_or_a_refusal(body, venue):
    inquiry = trader(venue).inquire()
    calls = next(inquiry)
    with pytest.raises(StopIteration) as over:
        inquiry.send([Reply(200, json.dumps(body).encode())] * len(calls))
    assert isinstance(over.value.value, AccountFacts | Failed | Refused)


@settings(max_examples=150, deadline=None)
@given(_JSON.map(lambda one: json.dumps(one).encode()) | st.binary(max_size=40), st.sampled_from(sorted(SYMBOLS)))
def test_any_message_of_the_private_stream_says_something_or_is_refused(data, venue):
    one = trader(venue)
    assert one.said(data).kind in ("", "in", "heard", "pong", "over", "challenge")
    with contextlib.suppress(WireError):
        one.told(data)


@pytest.mark.parametrize(
    ("venue", "data", "kind"),
    [
        ("okx", b'{"event":"login","code":"0","msg":"","connId":"a"}', "in"),
        ("okx", b'{"event":"error","code":"60009","msg":"Login failed."}', "over"),
        ("okx", b'{"event":"subscribe","arg":{"channel":"orders","instType":"ANY"}}', "heard"),
        ("okx", b'{"event":"notice","code":"64008","msg":"soon closed"}', "over"),
        ("okx", b"pong", "pong"),
        ("okx", b'{"arg":{"channel":"orders"},"data":[]}', ""),
        ("bybit", b'{"success":true,"ret_msg":"","op":"auth","conn_id":"f"}', "in"),
        ("bybit", b'{"success":false,"ret_msg":"no","op":"auth","conn_id":"f"}', "over"),
        ("bybit", b'{"success":true,"op":"subscribe","req_id":"account"}', "heard"),
        ("bybit", b'{"success":false,"op":"subscribe","req_id":"dcp"}', ""),
        ("bybit", b'{"req_id":"","op":"pong","args":["1"]}', "pong"),
        ("bybit", b'{"topic":"order","data":[]}', ""),
    ],
)
def test_what_the_private_stream_says_of_the_connection(venue, data, kind):
    assert trader(venue).said(data).kind == kind
