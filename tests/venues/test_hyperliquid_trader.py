"""Hyperliquid in its own words: the bytes that leave, what answers mean, and that no answer ever raises."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.venues.account_ids import ClientIds
from mmtui.venues.account_messages import (
    ArmDeadMan,
    Armed,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    CancelEverything,
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
from mmtui.venues.facts import facts_of
from mmtui.venues.hyperliquid.curve import address_of, key_of, sign, signer_of
from mmtui.venues.hyperliquid.keccak import keccak256
from mmtui.venues.hyperliquid.signable import action_of, digest_of
from mmtui.venues.hyperliquid.trade import HyperliquidTrader, price_of
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signables import SIGNABLE
from mmtui.venues.live.signing import refusal
from mmtui.venues.resolve import live
from mmtui.venues.trader import AccountFacts

MS = 1_000_000
NOW_MS = 1_795_374_293_476
USER, SECRET = "0x" + "10" * 20, "0x" + "2b" * 32
GOLDEN = Path(__file__).with_name("golden_signed_hyperliquid.txt")
IDS = ClientIds(facts_of("hyperliquid"), "ab")
META = {"universe": [{"name": "ETH"}, {"name": "SOL"}, {"name": "BTC"}]}
STAMP = {"timestamp": "1"}


def trader():
    return HyperliquidTrader([(i, live("hyperliquid", symbol)) for i, symbol in enumerate(("BTC", "ETH"))])


def new(oid=1, i=0, tif="GTX", reduce_only=False, side=1, price="60000.5"):
    return NewOrder(oid, i, IDS.of(oid), side, price, "0.0500", tif, reduce_only)


def old(oid=1, i=0):
    return OldOrder(oid, i, IDS.of(oid), "77")


REQUESTS = [
    Create(1, [new()]),
    Create(2, [new(1, tif="IOC", side=-1), new(2, 1, "GTC", True, price="3000.12")]),
    Cancel(5, [old()]),
    Cancel(6, [old(), old(2, 1)]),
    CancelEverything(7, -1),
    AskOpen(8, 1),
    AskOpen(9, 2),
    AskFills(10, 60_000 * MS),
    AskLedger(12, 60_000 * MS),
    AskPositions(13),
    ArmDeadMan(14, 10_000),
    ArmDeadMan(15, 0),
]
OPEN = [
    {"coin": "BTC", "side": "B", "limitPx": "60000.0", "sz": "0.04", "origSz": "0.05", "oid": 77, "timestamp": 5,
     "cloid": IDS.of(1), "isTrigger": False},
    {"coin": "ETH", "side": "A", "limitPx": "3000.1", "sz": "1.0", "origSz": "1.0", "oid": 78, "timestamp": 6,
     "cloid": None, "isTrigger": False},
    {"coin": "DOGE", "side": "A", "limitPx": "1", "sz": "1.0", "origSz": "1.0", "oid": 79, "timestamp": 6},
    {"coin": "BTC", "side": "A", "limitPx": "1", "sz": "1.0", "origSz": "1.0", "oid": 80, "timestamp": 6,
     "isTrigger": True},
]  # fmt: skip


def reply(body, sent=5 * MS, status=200):
    return Reply(status, json.dumps(body).encode(), sent=sent)


def ok(*statuses):
    return reply({"status": "ok", "response": {"type": "order", "data": {"statuses": list(statuses)}}})


def fitting(call):
    """An answer with which a conversation goes on."""
    if call.path == "/info/meta":
        return reply(META)
    return reply(OPEN) if call.path.endswith("OpenOrders") else reply({"status": "ok", "response": {"type": "default"}})


def signed(one, call):
    stamps = one.stamps(NOW_MS, 2_000 if (call.method, call.path) in SIGNABLE["hyperliquid"].creates else 0)
    fields = {**call.params, **stamps}
    done = Pair(USER, SECRET).signed("hyperliquid", call.method, call.path, fields)
    return one.where(call.path), one.body(done.payload, done.signature)


def leaves():
    lines = []
    for request in REQUESTS:
        one = trader()
        talk = one.talk(request)
        calls, answer = step(talk, None)
        while answer is None:
            lines += [" ".join(signed(one, call)) for call in calls]
            calls, answer = step(talk, [fitting(call) for call in calls])
    one = trader()
    return [*lines, *(text.decode() for text in [*one.entering(USER, "", {}, ""), *one.subscribing()])]


def hold(one, request, *rounds):
    """The calls of a conversation after the venue's list, and its answer to these replies."""
    one._assets = {row["name"]: str(at) for at, row in enumerate(META["universe"])}
    made, talk = [], one.talk(request)
    calls, answer = step(talk, None)
    for replies in rounds:
        made.append(calls)
        calls, answer = step(talk, replies)
    assert not calls
    return made, answer


def test_the_bytes_that_leave_are_the_golden_ones():
    assert leaves() == GOLDEN.read_text().splitlines()


def test_every_signature_is_what_ccxt_makes_of_the_same_action():
    ccxt = pytest.importorskip("ccxt")
    other = ccxt.hyperliquid({"walletAddress": USER, "privateKey": SECRET})
    bodies = [json.loads(line.partition(" ")[2]) for line in leaves() if line.startswith("/exchange ")]
    assert {body["action"]["type"] for body in bodies} == {"order", "cancelByCloid", "cancel", "scheduleCancel"}
    for body in bodies:
        theirs = other.sign_l1_action(body["action"], body["nonce"], None, body.get("expiresAfter"))
        ours = body["signature"]
        assert (int(theirs["r"], 16), int(theirs["s"], 16), theirs["v"]) == (
            int(ours["r"], 16), int(ours["s"], 16), ours["v"])  # fmt: skip
        assert len(ours["r"]) == len(ours["s"]) == 66


def test_hash_and_curve_are_those_of_the_public_vectors():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert len({keccak256(b"x" * n) for n in range(130, 280)}) == 150
    assert address_of(1) == "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    for n in range(8):
        digest = keccak256(bytes([n]))
        assert signer_of(digest, *sign(key_of(SECRET), digest)) == address_of(key_of(SECRET))
        assert signer_of(keccak256(b"other"), *sign(key_of(SECRET), digest)) != address_of(key_of(SECRET))
    for text in ("", "0x12", "zz" * 32, "00" * 32, "ff" * 32):
        with pytest.raises(ValueError, match="64 hex digits"):
            key_of(text)


def test_an_order_names_its_asset_by_place_and_is_post_only_as_alo():
    (line,) = [line for line in leaves() if '"Alo"' in line]
    path, _, body = line.partition(" ")
    told = json.loads(body)
    assert path == "/exchange" and told["nonce"] == NOW_MS + 1 and told["expiresAfter"] == NOW_MS + 2_000
    assert told["action"] == {
        "type": "order", "grouping": "na",
        "orders": [{"a": 2, "b": True, "p": "60000", "s": "0.05", "r": False, "t": {"limit": {"tif": "Alo"}},
                    "c": IDS.of(1)}],
    }  # fmt: skip
    assert len(IDS.of(1)) == 34 and IDS.parse(IDS.of(1)) == 1


@pytest.mark.parametrize(
    ("text", "way", "price"),
    [("60000.5", 1, "60000"), ("60000.5", -1, "60001"), ("3000.12", 1, "3000.1"), ("3000.12", -1, "3000.2"),
     ("123456", 1, "123456"), ("0.0123456", -1, "0.012346"), ("1.5", 1, "1.5"), ("60000.0", 1, "60000")],
)  # fmt: skip
def test_a_price_has_five_digits_and_is_never_nearer_to_the_market(text, way, price):
    assert price_of(text, way) == price


def test_the_list_holds_no_other_power_and_nobody_is_paid():
    table = SIGNABLE["hyperliquid"]
    for (_, path), fields in table.places.items():
        assert not fields & {"builder", "vaultAddress", "destination", "amount", "usd", "leverage", "code"}
        assert not any(word in path for word in ("withdraw", "Send", "Transfer", "eferrer", "approve", "Leverage"))
    assert not {name for inner in table.lists.values() for name in inner} & {"builder", "f", "t"}
    place = ("hyperliquid", "POST", "/exchange/order")
    assert "field builder" in refusal(*place, STAMP | {"builder": '{"b":"0x65","f":10}'})
    assert "field f is not" in refusal(*place, STAMP | {"orders": '[{"a":"0","f":"10"}]'})
    for name in ("setReferrer", "approveBuilderFee", "approveAgent", "withdraw3", "usdSend", "usdClassTransfer",
                 "vaultTransfer", "updateLeverage", "batchModify"):  # fmt: skip
        assert "not on the list of calls" in refusal("hyperliquid", "POST", f"/exchange/{name}", STAMP)
    assert "none of Alo" in refusal(*place, STAMP | {"orders": '[{"tif":"FrontendMarket"}]'})
    assert "none that it can be" in refusal(*place, STAMP | {"orders": '[{"b":"x"}]'})
    for orders in ("[]x", "{}", '[{"a":"0"}]'):
        with pytest.raises(PermissionError):
            Pair(USER, SECRET).signed("hyperliquid", "POST", "/exchange/order", STAMP | {"orders": orders})
    orders = '[{"a":"0","b":true,"p":"1","s":"1","r":false,"tif":"Alo","c":"0x1"}]'
    large, asset = "9" * 24, orders.replace('"0"', f'"{"9" * 24}"')
    bad = {"orders": orders, "timestamp": "1.5"}
    for fields in ({}, bad, bad | {"timestamp": large}, {"orders": asset}):
        with pytest.raises(PermissionError):  # the signer goes on
            Pair(USER, SECRET).signed("hyperliquid", "POST", "/exchange/order", STAMP | fields)


def test_no_signature_is_good_for_another_action_nonce_or_expiry():
    action = action_of("scheduleCancel", {"timestamp": "1000", "after": "10000"})
    assert action == {"type": "scheduleCancel", "time": 11_000}
    assert action_of("scheduleCancel", STAMP) == {"type": "scheduleCancel"}  # 0 would not turn it off
    made = [digest_of(action, 1_000), digest_of(action, 1_001), digest_of(action, 1_000, 5), digest_of(STAMP, 1_000)]
    assert len(set(made)) == 4


# ---------------------------------------------------------------- what answers mean


def test_results_stand_in_the_order_of_the_request():
    answer = hold(trader(), REQUESTS[1], [ok({"filled": {"oid": 7, "totalSz": "1", "avgPx": "2"}},
                                             {"error": "Insufficient margin to place order. asset=0"})])[1]  # fmt: skip
    text = "Insufficient margin to place order"
    assert answer == Done([OrderResult(True, "7"), OrderResult(False, "", text, f"{text}. asset=0")])
    assert facts_of("hyperliquid").meaning(answer.results[1].code) == "funds"
    answer = hold(trader(), REQUESTS[1], [ok({"error": "Duplicate cloid."})])[1]
    assert [one.code for one in answer.results] == ["Duplicate cloid"] * 2
    assert hold(trader(), REQUESTS[1], [ok({"resting": {"oid": 7}})])[1] == Failed("5xx")
    gone = "Order was never placed, already canceled, or filled. asset=0"
    answer = hold(trader(), REQUESTS[3], [ok("success", {"error": gone})])[1]
    assert [one.ok for one in answer.results] == [True, False]
    assert facts_of("hyperliquid").meaning(answer.results[1].code) == "unknown order"


@pytest.mark.parametrize("request_", [REQUESTS[0], REQUESTS[2]])
def test_a_call_is_sent_once_and_silence_says_nothing_of_its_fate(request_):
    for one in (Reply(503, b"<html>"), Reply(500, b"{}"), Reply(0, text="timeout"), Reply(200, b"no json"),
                Reply(200, b"[]"), Reply(200, b"{}"), Reply(422, b"Failed to deserialize")):  # fmt: skip
        calls, answer = hold(trader(), request_, [one])
        assert len(calls) == 1 and isinstance(answer, Failed) and answer.kind not in ("429", "403", "auth")
    assert hold(trader(), request_, [Reply(429, b"", 2_000)])[1] == Failed("429", 2_000)


def test_without_the_venues_list_nothing_is_created_and_that_is_known():
    talk = trader().talk(REQUESTS[0])
    calls, _ = step(talk, None)
    assert [call.path for call in calls] == ["/info/meta"]
    assert step(talk, [Reply(0, text="timeout")]) == ([], Failed("auth"))
    talk = trader().talk(REQUESTS[0])
    step(talk, None)
    assert isinstance(step(talk, [reply({"universe": [{"name": "ETH"}]})])[1], Refused)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("User or API Wallet 0x12 does not exist.", "auth"), ("Too many cumulative requests sent (1 > 0)", "rate"),
     ("Post only order would have immediately matched, bbo was 1@2. asset=1", "would take"),
     ("Order has expired", "late"), ("Price must be divisible by tick size. asset=3", "filter")],
)  # fmt: skip
def test_an_error_is_told_by_its_words(text, meaning):
    answer = hold(trader(), REQUESTS[0], [reply({"status": "err", "response": text})])[1]
    assert isinstance(answer, Refused) and answer.text == text
    assert facts_of("hyperliquid").meaning(answer.code) == meaning


def test_cancel_all_names_ours_by_client_id_and_what_is_foreign_by_the_venues():
    good = reply({"status": "ok", "response": {"type": "cancel", "data": {"statuses": ["success"]}}})
    calls, answer = hold(trader(), CancelEverything(1, -1), [reply(OPEN[:3])], [good], [good])
    assert [call.path for (call,) in calls[1:]] == ["/exchange/cancelByCloid", "/exchange/cancel"]
    assert json.loads(calls[1][0].params["cancels"]) == [{"asset": "2", "cloid": IDS.of(1)}]
    assert json.loads(calls[2][0].params["cancels"]) == [{"a": "0", "o": "78"}] and answer == Done()
    calls, _ = hold(trader(), CancelEverything(1, 0), [reply(OPEN[:3])], [good])
    assert len(calls) == 2  # of one instrument


def test_open_orders_without_what_waits_for_a_trigger():
    answer = hold(trader(), AskOpen(1, 1), [reply(OPEN)])[1]
    assert [(one.i, one.side, one.client_id, one.size, one.filled) for one in answer.orders] == [
        (0, 1, IDS.of(1), "0.05", "0.01"), (1, -1, "", "1", "0"), (-1, -1, "", "1", "0")]  # fmt: skip


def test_fills_ledger_and_positions():
    fill = {"coin": "BTC", "px": "60000.0", "sz": "0.01", "side": "B", "time": 60_001, "dir": "Open Long", "oid": 77,
            "closedPnl": "0", "crossed": False, "fee": "-0.01", "tid": 5, "feeToken": "USDC"}  # fmt: skip
    full = [fill | {"tid": n, "time": 60_000 + n} for n in range(2_000)]
    calls, answer = hold(trader(), AskFills(1, 60_000 * MS), [reply(full)], [reply([full[-1], fill | {"tid": 9_999}])])
    assert [call.params["startTime"] for (call,) in calls] == ["60000", "61999"] and len(answer.fills) == 2_001
    one = trader()
    one.headers(USER, "", {}, "")
    funding = [{"time": 1, "hash": "0x1", "delta": {"type": "funding", "coin": "ETH", "usdc": "-0.5"}}]
    moved = [{"time": 2, "hash": "0x2", "delta": {"type": "withdraw", "usdc": "3"}},
             {"time": 3, "hash": "0x3", "delta": {"type": "accountClassTransfer", "usdc": "4", "toPerp": True}},
             {"time": 4, "hash": "0x4", "delta": {"type": "internalTransfer", "usdc": "5", "destination": USER}},
             {"time": 5, "hash": "0x5", "delta": {"type": "rewardsClaim", "amount": "5"}}]  # fmt: skip
    answer = hold(one, AskLedger(1, 0), [reply(funding)], [reply(moved)])[1]
    assert [(row.i, row.cause, row.amount) for row in answer.rows] == [
        (1, "FUNDING", "-0.5"), (-1, "TRANSFER", "-3"), (-1, "TRANSFER", "4"), (-1, "TRANSFER", "5")]  # fmt: skip
    held = {"position": {"coin": "BTC", "szi": "-0.5", "positionValue": "25000.0", "liquidationPx": "60000.0"}}
    state = {"assetPositions": [held], "crossMaintenanceMarginUsed": "312.5"}
    answer = hold(one, AskPositions(1), [reply(state)])[1]
    assert [(row.i, row.size) for row in answer.rows] == [(0, "-0.5")] and one.margin == pytest.approx((312.5, 0.2))


def test_the_scheduled_cancel_is_an_instant_and_may_be_refused():
    good = reply({"status": "ok", "response": {"type": "default"}})
    assert hold(trader(), ArmDeadMan(1, 10_000), [good])[1] == Armed(10_005 * MS)
    assert hold(trader(), ArmDeadMan(1, 0), [good])[1] == Armed(0)
    text = "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $373.47205."
    assert isinstance(hold(trader(), ArmDeadMan(1, 10_000), [reply({"status": "err", "response": text})])[1], Refused)


@pytest.mark.parametrize(("volume", "bounded"), [("373.4", False), ("1000000.0", True)])
def test_an_account_that_has_traded_little_is_unbounded(volume, bounded):
    inquiry = trader().inquire()
    next(inquiry)
    state = {"assetPositions": [], "marginSummary": {"accountValue": "100.5"}}
    fees = {"userAddRate": "0.00015", "userCrossRate": "0.00045"}
    (noop,) = inquiry.send([reply(state), reply(fees), reply({"cumVlm": volume})])
    assert noop.path == "/exchange/noop"
    with pytest.raises(StopIteration) as over:
        inquiry.send([reply({"status": "ok", "response": {"type": "default"}})])
    facts = over.value.value
    assert facts.trades and facts.withdraws is False and facts.bounded is bounded
    assert facts.fees == {"BTC": "1.5/4.5", "ETH": "1.5/4.5"} and facts.holds == ["USDC 100.5"]


# ---------------------------------------------------------------- the private stream, fuzz


def test_what_the_private_stream_says_of_the_connection():
    one = trader()
    for name, kind in (("orderUpdates", "in"), ("userFills", "heard"), ("l2Book", "beat")):
        data = {"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": {"type": name}}}
        assert one.said(json.dumps(data).encode()).kind == kind
    assert one.said(b'{"channel":"pong"}').kind == "pong"
    assert one.said(b'{"channel":"error","data":"Invalid subscription"}').kind == "over"
    assert one.said(b'{"channel":"orderUpdates","data":[]}').kind == ""
    assert one.told(b'{"channel":"userFills","data":{"isSnapshot":true,"user":"0x1","fills":[{"tid":1}]}}') == []


_LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
_NAMES = ["status", "response", "data", "statuses", "error", "resting", "filled", "oid", "universe", "name", "coin",
          "side", "limitPx", "sz", "origSz", "cloid", "assetPositions", "position", "szi", "delta", "type", "usdc",
          "time", "hash", "cumVlm", "marginSummary", "channel", "subscription", "order"]  # fmt: skip
_KEY, _MANY = st.sampled_from(_NAMES) | st.text(max_size=4), {"max_size": 5}
_JSON = st.recursive(_LEAF, lambda one: st.lists(one, **_MANY) | st.dictionaries(_KEY, one, **_MANY), max_leaves=12)
_BODY = _JSON | st.builds(lambda one: {"status": "ok", "response": {"data": {"statuses": one}}}, _JSON)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from([200, 400, 500]), _BODY, st.sampled_from(REQUESTS), st.booleans())
def test_any_reply_is_an_answer_and_never_an_exception(status, body, request_, listed):
    talk = trader().talk(request_)
    calls, answer = step(talk, None)
    for _ in range(400):
        if answer is not None:
            break
        told = [fitting(call) if listed and call.path == "/info/meta" else reply(body, status=status) for call in calls]
        calls, answer = step(talk, told)
    assert answer is not None


@settings(max_examples=100, deadline=None)
@given(_BODY)
def test_any_answer_about_the_account_is_facts_or_a_refusal(body):
    talk = trader().inquire()
    calls, answer = step(talk, None)
    while answer is None:
        calls, answer = step(talk, [reply(body)] * len(calls))
    assert isinstance(answer, AccountFacts | Failed | Refused)


@settings(max_examples=150, deadline=None)
@given(_JSON.map(lambda one: json.dumps(one).encode()) | st.binary(max_size=40))
def test_any_message_of_the_private_stream_says_something_or_is_refused(data):
    one = trader()
    assert one.said(data).kind in ("", "in", "heard", "pong", "beat", "over")
    with contextlib.suppress(WireError):
        one.told(data)
