"""Deribit in its own words: the bytes that leave, what answers mean, and that no answer ever raises."""

from __future__ import annotations

import asyncio
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
    NewOrder,
    OldOrder,
    OrderResult,
    Refused,
)
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.rest_calls import Reply, step
from mmtui.venues.deribit.trade import CHANNELS, DeribitTrader
from mmtui.venues.facts import facts_of
from mmtui.venues.live.carried import Carried
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signables import SIGNABLE
from mmtui.venues.live.signing import refusal
from mmtui.venues.resolve import live
from mmtui.venues.trader import AccountFacts

MS = 1_000_000
NOW_MS = 1_795_374_293_476
KEY, SECRET = "key-of-a-desk", "secret-of-a-desk"
GOLDEN = Path(__file__).with_name("golden_signed_deribit.txt")
SYMBOLS = ("BTC-PERPETUAL", "ETH-PERPETUAL")
STAMP = {"timestamp": "1", "nonce": "2"}
API = "/api/v2/private/"


def trader():
    return DeribitTrader([(i, live("deribit", symbol)) for i, symbol in enumerate(SYMBOLS)])


def new(oid=1, i=0, tif="GTX", reduce_only=False, side=1):
    return NewOrder(oid, i, f"mmab-{oid}", side, "60000.5", "50", tif, reduce_only)


REQUESTS = [
    Create(1, [new()]),
    Create(2, [new(1, tif="IOC", side=-1)]),
    Create(3, [new(3, 1, "GTC", True)]),
    Amend(4, ChangedOrder(1, 0, "mmab-1", "BTC-77", -1, "60001", "40", 3)),
    Amend(5, ChangedOrder(1, 0, "mmab-1", "", -1, "60001", "40", 3)),
    Cancel(6, [OldOrder(1, 0, "mmab-1", "BTC-77"), OldOrder(2, 0, "mmab-2", "")]),
    CancelEverything(7, 0),
    AskOpen(8, 1),
    AskOpen(9, 2),
    AskFills(10, (NOW_MS - 1_000) * MS),
    AskLedger(12, (NOW_MS - 1_000) * MS),
    AskPositions(13),
    ArmDeadMan(14, 10_000),
]


def signed(one, call):
    """A call as it leaves: query or body, and its headers."""
    create = (call.method, call.path) in SIGNABLE["deribit"].creates
    stamps = one.stamps(NOW_MS, 1_000 if create else 0)
    done = Pair(KEY, SECRET).signed("deribit", call.method, call.path, {**call.params, **stamps})
    return one.query(call.path, KEY, done.payload, done.signature), one.headers(KEY, "", stamps, done.signature)


def good(result, sent=5 * MS):
    return Reply(200, json.dumps({"jsonrpc": "2.0", "id": 9, "result": result}).encode(), sent=sent)


def bad(code, message, status=400, reason=""):
    error = {"code": code, "message": message} | ({"data": {"reason": reason}} if reason else {})
    return Reply(status, json.dumps({"jsonrpc": "2.0", "error": error}).encode())


def hold(talk, *rounds):
    """The calls of a conversation, and its answer to these replies."""
    made = []
    calls, answer = step(talk, None)
    for replies in rounds:
        made.append(calls)
        calls, answer = step(talk, replies)
    assert not calls
    return made, answer


def leaves():
    lines = []
    for request in [*REQUESTS, "inquire"]:
        one = trader()
        talk = one.inquire() if request == "inquire" else one.talk(request)
        calls = next(talk)
        while calls:
            for call in calls:
                payload, headers = signed(one, call)
                lines.append(f"{call.method} {call.path} {payload} | {headers['Authorization']}")
            try:
                calls = talk.send([good({"enabled": True})]) if isinstance(request, ArmDeadMan) else []
            except StopIteration:
                calls = []
    one = trader()
    fields = one.login(NOW_MS)
    done = Pair(KEY, SECRET).signed("deribit", "WS", "login", fields)
    return [*lines, *(text.decode() for text in one.entering(KEY, "", fields, done.signature))]


def test_the_bytes_that_leave_are_the_golden_ones():
    assert leaves() == GOLDEN.read_text().splitlines()


def test_the_signature_of_a_question_is_what_ccxt_makes_of_it():
    ccxt = pytest.importorskip("ccxt")
    other = ccxt.deribit({"apiKey": KEY, "secret": SECRET})
    one = trader()
    for request in (REQUESTS[5], REQUESTS[6], REQUESTS[9], REQUESTS[10], REQUESTS[11]):
        for call in step(one.talk(request), None)[0]:
            payload, headers = signed(one, call)
            told = dict(part.split("=", 1) for part in headers["Authorization"].split(" ", 1)[1].split(","))
            other.milliseconds, other.nonce = lambda: NOW_MS, lambda told=told: told["nonce"]
            made = other.sign(call.path.removeprefix(API), ["private"], "GET", call.params)
            assert made["url"].endswith(f"{call.path}?{payload}")
            theirs = dict(part.split("=", 1) for part in made["headers"]["Authorization"].split(" ", 1)[1].split(","))
            assert theirs == told


def test_an_order_is_signed_as_the_message_that_it_is_and_leaves_on_the_private_stream():
    one = trader()
    (call,) = step(one.talk(REQUESTS[0]), None)[0]
    body, headers = signed(one, call)
    nonce = headers["Authorization"].partition("nonce=")[2].partition(",")[0]
    text = f"{NOW_MS}\n{nonce}\nPOST\n{call.path}\n{body}\n"
    assert headers["Authorization"].endswith(f"sig={hmac.digest(SECRET.encode(), text.encode(), sha256).hex()}")
    assert json.loads(body) == {
        "jsonrpc": "2.0", "id": int(nonce), "method": "private/buy",
        "params": {"instrument_name": "BTC-PERPETUAL", "amount": 50, "type": "limit", "price": 60000.5,
                   "label": "mmab-1", "time_in_force": "good_til_cancelled", "post_only": True,
                   "reject_post_only": True, "valid_until": NOW_MS + 1_000},
    }  # fmt: skip
    assert SIGNABLE["deribit"].creates <= one.carried  # cancel on disconnect takes nothing that came by REST
    cancels = step(one.talk(REQUESTS[5]), None)[0]
    assert not {(call.method, call.path) for call in cancels} & one.carried  # needs no stream


def test_the_list_holds_no_other_power():
    table = SIGNABLE["deribit"]
    for (_, path), fields in table.places.items():
        assert not fields & {"address", "destination", "permissions", "max_scope", "sid", "leverage", "trigger"}
        assert not any(word in path for word in ("withdraw", "transfer", "wallet", "subaccount", "api_key", "leverage"))
    assert "not on the list of calls" in refusal("deribit", "GET", f"{API}withdraw", STAMP)
    assert "not on the list of calls" in refusal("deribit", "GET", f"{API}cancel_all", STAMP)
    buy = ("deribit", "POST", f"{API}buy")
    assert "field trigger_price" in refusal(*buy, STAMP | {"trigger_price": "1"})
    assert "none of" in refusal(*buy, STAMP | {"type": "market"})
    assert "none that it can be" in refusal(*buy, STAMP | {"price": '1,"label":"x"'})
    assert "none that it can be" in refusal(*buy, STAMP | {"nonce": '1,"method":"private/withdraw"'})
    with pytest.raises(PermissionError, match="used once"):
        Pair(KEY, SECRET).signed(*buy, {"timestamp": "1"})
    assert b"wallet:none" in trader().entering(KEY, "", STAMP, "s")[0]


# ---------------------------------------------------------------- what answers mean

ORDER = {"order_id": "BTC-9", "label": "mmab-1", "instrument_name": "BTC-PERPETUAL", "order_state": "open",
         "direction": "buy", "order_type": "limit", "time_in_force": "good_til_cancelled", "price": 60000.5,
         "amount": 50.0, "filled_amount": 10.0, "average_price": 60000.5, "creation_timestamp": 1_700_000_000_000,
         "last_update_timestamp": 1_700_000_000_001}  # fmt: skip


def test_an_order_is_named_by_the_venue_or_nobody_knows():
    answer = hold(trader().talk(REQUESTS[0]), [good({"order": ORDER, "trades": []})])[1]
    assert answer == Done([OrderResult(True, "BTC-9")])
    answer = hold(trader().talk(REQUESTS[0]), [good({"order": {}})])[1]
    assert facts_of("deribit").meaning(answer.results[0].code) == "fate unknown"


@pytest.mark.parametrize("request_", [REQUESTS[0], REQUESTS[3], REQUESTS[6]])
def test_a_call_is_sent_once_and_silence_says_nothing_of_its_fate(request_):
    for reply in (Reply(503, b"<html>"), Reply(500, b"{}"), Reply(0, text="timeout"), Reply(200, b"no json"),
                  Reply(200, b"[]"), Reply(200, b"{}")):  # fmt: skip
        calls, answer = hold(trader().talk(request_), [reply])
        assert len(calls) == 1 and isinstance(answer, Failed) and answer.kind not in ("429", "403", "auth")
    assert hold(trader().talk(request_), [Reply(429, b"", 2_000)])[1] == Failed("429", 2_000)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(10009, "funds"), (10028, "rate"), (11044, "unknown order"), (11054, "would take"), (13009, "auth"),
     (13888, "fate unknown"), (10040, "overloaded"), (10043, "filter"), (10041, "cancel only")],
)  # fmt: skip
def test_a_refusal_carries_the_venues_code_and_reason(code, meaning):
    for status in (200, 400, 401, 429):
        answer = hold(trader().talk(REQUESTS[0]), [bad(code, "no", status, "because")])[1]
        assert answer == Refused(str(code), "no because")
    assert facts_of("deribit").meaning(str(code)) == meaning


def test_cancels_are_told_one_by_one_and_a_label_without_an_order_is_no_cancel():
    calls, answer = hold(trader().talk(REQUESTS[5]), [good(ORDER), good(0)])
    assert [call.path.rpartition("/")[2] for call in calls[0]] == ["cancel", "cancel_by_label"]
    assert [one.ok for one in answer.results] == [True, False]
    assert facts_of("deribit").meaning(answer.results[1].code) == "unknown order"
    answer = hold(trader().talk(REQUESTS[5]), [bad(11044, "not_open_order"), good(1)])[1]
    assert [(one.ok, one.code) for one in answer.results] == [(False, "11044"), (True, "")]


def test_an_edit_stays_post_only_and_reduce_only():
    one = trader()
    step(one.talk(Create(1, [new(1, 0, "GTX", True)])), None)
    (call,) = step(one.talk(REQUESTS[3]), None)[0]
    assert call.params["reduce_only"] == call.params["post_only"] == call.params["reject_post_only"] == "true"
    assert "reduce_only" not in step(trader().talk(REQUESTS[3]), None)[0][0].params


def test_open_orders_of_every_currency_without_what_waits_for_a_trigger():
    waits = {**ORDER, "order_id": "BTC-SL-1", "order_state": "untriggered", "price": "market_price"}
    other = {**ORDER, "order_id": "ETH-1", "instrument_name": "ETH-9OCT27", "label": "theirs", "direction": "sell"}
    calls, answer = hold(trader().talk(AskOpen(1, 1)), [good([ORDER, waits]), good([other])])
    assert [call.params for call in calls[0]] == [{"currency": "BTC"}, {"currency": "ETH"}]
    assert [(one.i, one.side, one.client_id, one.size, one.filled) for one in answer.orders] == [
        (0, 1, "mmab-1", "50", "10"), (-1, -1, "theirs", "50", "10")]  # fmt: skip
    assert answer.orders[0].ts_event == 1_700_000_000_000 * MS
    assert hold(trader().talk(AskOpen(1, 2)), [good([ORDER | {"amount": "x"}]), good([])])[1] == Failed("5xx")


def fill(id, ms):
    return {"trade_id": f"BTC-{id}", "order_id": "BTC-9", "label": "mmab-1", "instrument_name": "BTC-PERPETUAL",
            "direction": "sell", "price": 60000.5, "amount": 10.0, "fee": -1.5e-7, "fee_currency": "BTC",
            "liquidity": "M", "timestamp": ms}  # fmt: skip


def test_executions_page_after_page_and_older_ones_from_the_history():
    one = trader()
    one.stamps(NOW_MS, 0)
    full = [fill(n, NOW_MS - 2_000 + n) for n in range(1_000)]
    calls, answer = hold(one.talk(AskFills(1, (NOW_MS - 5_000) * MS)), [good({"trades": full, "has_more": True})],
                         [good({"trades": [full[-1], fill(2_000, NOW_MS)]})], [good({"trades": []})])  # fmt: skip
    assert len(answer.fills) == 1_001 and answer.fills[0].fee == "-0.00000015" and answer.fills[0].maker
    assert calls[1][0].params["start_timestamp"] == str(NOW_MS - 2_000 + 999)
    late = AskFills(1, (NOW_MS - 2 * 86_400_000) * MS)
    calls, _ = hold(one.talk(late), *[[good({"trades": []})]] * 4)
    assert [call.params["historical"] for (call,) in calls] == ["false", "true"] * 2


def test_transfers_and_the_interest_of_a_settlement_are_told_from_the_ledger():
    rows = [{"id": 1, "type": "deposit", "currency": "BTC", "change": 2.0, "timestamp": 5, "instrument_name": None},
            {"id": 2, "type": "settlement", "currency": "BTC", "change": 0.00215706, "interest_pl": 0.00000993,
             "timestamp": 6, "instrument_name": "BTC-PERPETUAL"},
            {"id": 3, "type": "trade", "currency": "BTC", "change": -1e-6, "interest_pl": None, "timestamp": 7,
             "instrument_name": "BTC-PERPETUAL"}]  # fmt: skip
    talk = trader().talk(AskLedger(1, 5 * MS))
    calls, answer = hold(talk, [good({"logs": rows[:2], "continuation": 77})],
                         [good({"logs": rows[2:], "continuation": None})], [good({"logs": []})])  # fmt: skip
    assert calls[1][0].params["continuation"] == "77"
    assert [(row.i, row.cause, row.amount) for row in answer.rows] == [
        (-1, "TRANSFER", "2"), (0, "FUNDING", "0.00000993")]  # fmt: skip


def test_positions_are_in_the_unit_of_amounts_and_margin_is_in_dollars():
    row = {"instrument_name": "BTC-PERPETUAL", "size": -5_000.0, "average_price": 50_000.0, "mark_price": 50_000.0,
           "floating_profit_loss": 0, "maintenance_margin": 0.001, "estimated_liquidation_price": 60_000}  # fmt: skip
    one = trader()
    answer = hold(one.talk(AskPositions(1)), [good([row]), good([])])[1]
    assert [(each.i, each.size) for each in answer.rows] == [(0, "-5000")]
    assert one.margin == pytest.approx((50.0, 0.2))


def test_cancel_on_disconnect_is_what_the_venue_says_it_is():
    calls, answer = hold(trader().talk(ArmDeadMan(1, 10_000)), [good("ok")], [good("ok")],
                         [good({"scope": "connection", "enabled": True})])  # fmt: skip
    assert [call.params["scope"] for (call,) in calls] == ["connection", "account", "connection"]
    assert answer == Armed(10_005 * MS)
    off = [[good("ok")], [good("ok")], [good({"scope": "connection", "enabled": False})]]
    assert isinstance(hold(trader().talk(ArmDeadMan(1, 10_000)), *off)[1], Refused)
    refused = hold(trader().talk(ArmDeadMan(1, 10_000)), [bad(13021, "forbidden", 403)])[1]
    assert refused == Refused("13021", "forbidden")


def asked(scope):
    rate = {"type": "fixed", "maker": -0.0001, "taker": 0.00035}
    fees = [{"index_name": "btc_usd", "kind": "perpetual", "value": {"default": rate}}]
    sums = [good({"currency": coin, "balance": 2.5, "fees": fees}) for coin in ("BTC", "ETH")]
    inquiry = trader().inquire()
    next(inquiry)
    with pytest.raises(StopIteration) as over:
        inquiry.send([good({"scope": scope}), *sums, good([]), good([])])
    return over.value.value


def test_what_the_key_may_do_is_read_from_its_token():
    facts = asked("connection mainaccount account:read_write trade:read_write wallet:read")
    assert facts.trades and facts.withdraws is False and facts.bounded and facts.one_way
    assert facts.fees == {"BTC-PERPETUAL": "-1/3.5"} and facts.holds == ["BTC 2.5", "ETH 2.5"]
    facts = asked("connection account:read trade:read wallet:read_write")
    assert not facts.trades and facts.withdraws and facts.bounded is False  # UNBOUNDED: it may not arm the switch


def test_a_call_that_is_carried_is_said_on_a_stream_that_is_whole_or_not_at_all():
    async def run():
        carried, heard = Carried(0.05), []
        assert (await carried.call("7", b"m", 1)).text == "auth"  # never sent
        carried.say = heard.append
        assert (await carried.call("7", b"m", 1)).text == "timeout"
        waiting = asyncio.ensure_future(carried.call("8", b"n", 2))
        await asyncio.sleep(0)
        assert not carried.answered("7", b"late") and carried.answered("8", b"{}")
        assert await waiting == Reply(200, b"{}", sent=2)
        waiting = asyncio.ensure_future(carried.call("9", b"o", 3))
        await asyncio.sleep(0)
        carried.closed()
        assert (await waiting).text == "network"  # it may have been done
        assert heard == [b"m", b"n", b"o"] and not carried.waiting

    asyncio.run(run())


# ---------------------------------------------------------------- the private stream, fuzz


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"id": 1, "result": {"scope": "connection"}}, "in"),
        ({"id": 1, "error": {"code": 13004, "message": "invalid_credentials"}}, "over"),
        ({"id": 2, "result": "ok"}, "beat"),
        ({"id": 3, "result": list(CHANNELS)}, "heard"),
        ({"id": 3, "result": list(CHANNELS[:2])}, "over"),
        ({"method": "heartbeat", "params": {"type": "test_request"}}, "asked"),
        ({"method": "subscription", "params": {"channel": CHANNELS[0], "data": ORDER}}, ""),
    ],
)
def test_what_the_private_stream_says_of_the_connection(data, kind):
    one, text = trader(), json.dumps(data).encode()
    assert one.said(text).kind == kind and one.answers(text) == ""
    assert one.answers(json.dumps({"id": 1795374293476000, "result": {}}).encode()) == "1795374293476000"


_LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
_NAMES = ["result", "error", "code", "message", "order", "order_id", "trades", "logs", "continuation", "label", "id",
          "instrument_name", "order_state", "size", "average_price", "floating_profit_loss", "mark_price", "scope",
          "currency", "balance", "available_funds", "type", "interest_pl", "timestamp", "enabled", "fees", "trade_id",
          "fee", "method", "params"]  # fmt: skip
_KEY = st.sampled_from(_NAMES) | st.text(max_size=4)
_MANY = {"max_size": 5}
_JSON = st.recursive(_LEAF, lambda one: st.lists(one, **_MANY) | st.dictionaries(_KEY, one, **_MANY), max_leaves=12)
_PAGE = st.builds(lambda rows: {"result": {"trades": rows, "logs": rows, "continuation": 1}}, st.lists(_JSON))
_ENVELOPE = _JSON | st.builds(lambda found: {"result": found}, _JSON) | _PAGE


@settings(max_examples=250, deadline=None)
@given(st.sampled_from([200, 400, 500]), _ENVELOPE, st.sampled_from(REQUESTS))
def test_any_reply_is_an_answer_and_never_an_exception(status, body, request_):
    talk = trader().talk(request_)
    calls, answer = step(talk, None)
    for _ in range(400):
        if answer is not None:
            break
        calls, answer = step(talk, [Reply(status, json.dumps(body).encode(), sent=5 * MS)] * len(calls))
    assert answer is not None


@settings(max_examples=100, deadline=None)
@given(_ENVELOPE)
def test_any_answer_about_the_account_is_facts_or_a_refusal(body):
    inquiry = trader().inquire()
    calls = next(inquiry)
    with pytest.raises(StopIteration) as over:
        inquiry.send([Reply(200, json.dumps(body).encode())] * len(calls))
    assert isinstance(over.value.value, AccountFacts | Failed | Refused)


@settings(max_examples=150, deadline=None)
@given(_JSON.map(lambda one: json.dumps(one).encode()) | st.binary(max_size=40))
def test_any_message_of_the_private_stream_says_something_or_is_refused(data):
    one = trader()
    assert one.said(data).kind in ("", "in", "heard", "pong", "asked", "beat", "over")
    assert isinstance(one.answers(data), str)
    with contextlib.suppress(WireError):
        one.told(data)
