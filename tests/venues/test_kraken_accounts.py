"""The loopback accounts of Kraken: what they refuse, in the venue's own words, and how their switches fire."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256

import pytest

from mmtui.core.events import BookSnapshot
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.private.kraken import KrakenAccount
from mmtui.venues.loopback.private.kraken_futures import KrakenFuturesAccount
from mmtui.venues.loopback.private.server import Quiet
from mmtui.venues.loopback.private.voice import Asked, Denied, Keys
from mmtui.venues.resolve import live

KEY, SECRET = "key-of-a-desk", base64.b64encode(b"secret-of-a-desk").decode()
V3, P = "/derivatives/api/v3", "/0/private"
LATE, EARLY = "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"


def account(kind):
    symbols = ["PF_XBTUSD"] if kind is KrakenFuturesAccount else ["BTC/USD"]
    exchange = Exchange(kind.venue, Quiet([live(kind.venue, symbol) for symbol in symbols]), Faults(), 1)
    step = exchange.boards[0].tick
    bid, ask = int(60_000 / step), int(60_010 / step)
    exchange.move(BookSnapshot(1, 1, 0, 1, [bid], [10**9], [ask], [10**9]))
    return kind(exchange, {}, Keys(KEY, SECRET))


def signed(message):
    return base64.b64encode(hmac.digest(base64.b64decode(SECRET), message, "sha512")).decode()


def futures(one, path, body="", nonce="", method="POST", sign=""):
    """The answer to a call, as the server gives it."""
    digest = sha256(f"{body}{nonce}{path.removeprefix('/derivatives')}".encode()).digest()
    headers = {"APIKey": KEY, "Authent": sign or signed(digest)} | ({"Nonce": nonce} if nonce else {})
    post = method == "POST"
    return ask(one, Asked(method, path, "" if post else body, body if post else "", headers))


def spot(one, name, nonce=1_000_000_000, sign="", **params):
    body = json.dumps({"nonce": str(nonce), **params})
    message = f"{P}/{name}".encode() + sha256(f"{nonce}{body}".encode()).digest()
    return ask(one, Asked("POST", f"{P}/{name}", "", body, {"API-Key": KEY, "API-Sign": sign or signed(message)}))


def ask(one, asked):
    try:
        one.check(asked, one.exchange.now())
        one.counts(asked)
        return one.good(one.calls[asked.method, asked.path](one.params(asked)))
    except Denied as denied:
        return one.bad(denied)


ORDER = "orderType={kind}&symbol=PF_XBTUSD&side=buy&size=0.5&limitPrice={price}&cliOrdId={id}"


def test_futures_signatures_and_nonces_are_checked():
    one = account(KrakenFuturesAccount)
    assert futures(one, f"{V3}/openorders", method="GET")["openOrders"] == []  # without a nonce too
    assert futures(one, f"{V3}/openorders", method="GET", sign="x")["error"] == "authenticationError"
    assert futures(one, f"{V3}/openorders", nonce="500", method="GET")["result"] == "success"
    assert futures(one, f"{V3}/openorders", nonce="500", method="GET")["error"] == "nonceDuplicate"
    assert futures(one, f"{V3}/openorders", nonce="499", method="GET")["result"] == "success"  # overtaken on its way
    for nonce in range(1_000, 1_100):
        futures(one, f"{V3}/openorders", nonce=str(nonce), method="GET")
    assert futures(one, f"{V3}/openorders", nonce="600", method="GET")["error"] == "nonceBelowThreshold"


@pytest.mark.parametrize(
    ("kind", "price", "more", "status"),
    [
        ("lmt", "59000", "", "placed"), ("post", "60500", "", "postWouldExecute"), ("post", "59000", "", "placed"),
        ("ioc", "59000", "", "iocWouldNotExecute"), ("lmt", "59000.5", "", "invalidPrice"),
        ("lmt", "59000", f"&processBefore={LATE}", "wouldProcessAfterSpecifiedTime"),
        ("lmt", "59000", f"&processBefore={EARLY}", "placed"), ("stp", "59000", "", "invalidOrderType"),
        ("lmt", "59000", "&reduceOnly=true", "wouldNotReducePosition"),
    ],
)  # fmt: skip
def test_futures_orders_have_the_venues_own_states(kind, price, more, status):
    one = account(KrakenFuturesAccount)
    body = ORDER.format(kind=kind, price=price, id="a1") + more
    assert futures(one, f"{V3}/sendorder", body)["sendStatus"]["status"] == status
    if status == "placed":
        assert futures(one, f"{V3}/sendorder", body)["sendStatus"]["status"] == "clientOrderIdAlreadyExist"
        assert futures(one, f"{V3}/cancelorder", "cliOrdId=a1")["cancelStatus"]["status"] == "cancelled"
    assert futures(one, f"{V3}/cancelorder", "cliOrdId=a1")["cancelStatus"]["status"] == "notFound"


def test_the_futures_counter_ends_and_the_switch_fires():
    one = account(KrakenFuturesAccount)
    futures(one, f"{V3}/sendorder", ORDER.format(kind="lmt", price="59000", id="a1"))
    assert futures(one, f"{V3}/cancelallordersafter", "timeout=86401")["error"] == "invalidArgument"
    told = futures(one, f"{V3}/cancelallordersafter", "timeout=15")["status"]
    assert told["triggerTime"] > told["currentTime"] and list(one.exchange.switches) == [0]
    one.exchange.switches[0] = 1  # long ago
    one.exchange.step()
    assert not one.exchange.open_orders()
    answers = [futures(one, f"{V3}/cancelallorders") for _ in range(25)]
    assert answers[0]["cancelStatus"]["status"] == "noOrdersToCancel" and answers[-1]["error"] == "apiLimitExceeded"


def test_spot_signatures_and_nonces_are_checked():
    one = account(KrakenAccount)
    assert spot(one, "OpenOrders")["result"] == {"open": {}}
    assert spot(one, "OpenOrders")["error"] == ["EAPI:Invalid nonce"]
    assert spot(one, "OpenOrders", 1_000_000_001, sign="x")["error"] == ["EAPI:Invalid signature"]
    assert spot(one, "OpenOrders", 999_999_999)["error"] == []  # within the key's window
    assert spot(one, "OpenOrders", 900_000_000)["error"] == ["EAPI:Invalid nonce"]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({}, []), ({"oflags": "post", "price": "60500"}, ["EOrder:Post only order"]),
        ({"volume": "1000"}, ["EOrder:Insufficient funds"]), ({"price": "59000.55"}, ["EOrder:Invalid price"]),
        ({"deadline": LATE}, ["EService:Deadline elapsed"]), ({"deadline": EARLY}, []),
        ({"cl_ord_id": "x" * 19}, ["EGeneral:Invalid arguments:cl_ord_id"]),
        ({"cl_ord_id": "6d1b345e-2821-40e2-ad83-4ecb18a06876"}, []), ({"pair": "ABC"}, ["EQuery:Unknown asset pair"]),
    ],
)  # fmt: skip
def test_spot_orders_have_the_venues_own_errors(more, error):
    one = account(KrakenAccount)
    row = {"pair": "XBTUSD", "ordertype": "limit", "type": "buy", "volume": "0.5", "price": "59000", "cl_ord_id": "a1"}
    assert spot(one, "AddOrder", **row | more)["error"] == error
    assert len(one.exchange.open_orders()) == (not error)
    if not error:
        assert spot(one, "AddOrder", 1_000_000_001, **row | more)["error"] == ["EOrder:Duplicate cl_ord_id"]


def test_spot_cancels_amends_and_its_switch():
    one = account(KrakenAccount)
    row = {"ordertype": "limit", "type": "buy", "volume": "0.5", "price": "59000"}
    rows = [{**row, "cl_ord_id": f"a{n}"} for n in range(3)]
    assert spot(one, "AddOrderBatch", pair="XBTUSD", orders=rows[:1])["error"]  # two at the least
    made = spot(one, "AddOrderBatch", 1_000_000_001, pair="XBTUSD", orders=rows)["result"]["orders"]
    amend = {"cl_ord_id": "a0", "order_qty": "0.4", "limit_price": "60500", "post_only": True}
    assert spot(one, "AmendOrder", 1_000_000_002, **amend)["error"] == ["EOrder:Post only order"]
    assert "amend_id" in spot(one, "AmendOrder", 1_000_000_003, **amend | {"limit_price": "59001"})["result"]
    cancelled = spot(one, "CancelOrderBatch", 1_000_000_004, orders=[made[1]["txid"]], cl_ord_ids=["a2", "none"])
    assert cancelled["result"] == {"count": 2}
    (left,) = spot(one, "OpenOrders", 1_000_000_005)["result"]["open"].values()
    assert (left["vol"], left["descr"]["price"]) == ("0.4", "59001")
    assert spot(one, "CancelAllOrdersAfter", 1_000_000_006, timeout=86_400)["error"]
    assert spot(one, "CancelAllOrdersAfter", 1_000_000_007, timeout=15)["result"]["triggerTime"] != "0"
    one.exchange.switches[0] = 1  # long ago
    one.exchange.step()
    assert not one.exchange.open_orders()


def test_the_counter_of_spot_is_of_questions_and_not_of_orders():
    one = account(KrakenAccount)
    errors = [spot(one, "TradesHistory", 1_000_000_000 + n)["error"] for n in range(12)]
    assert errors[9] == [] and errors[-1] == ["EAPI:Rate limit exceeded"]
    row = {"pair": "XBTUSD", "ordertype": "limit", "type": "buy", "volume": "0.5", "price": "59000"}
    assert spot(one, "AddOrder", 1_000_000_100, **row)["error"] == []
