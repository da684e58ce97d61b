"""ccxt, unmodified apart from the address, trades on Deribit's loopback account, and the account's own rules hold."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Iterator
from hashlib import sha256

import aiohttp
import pytest
from loopback_kit import Loopback
from test_accounts_ccxt import client, touch

ccxt = pytest.importorskip("ccxt")

PERP, SYMBOL = "BTC/USD:BTC", "BTC-PERPETUAL"


@pytest.fixture
def server() -> Iterator[Loopback]:
    made = Loopback("deribit", "--seed", "3")
    yield made
    made.close()


def test_ccxt_places_finds_edits_and_cancels_orders_and_sees_its_trades(server):
    one = client("deribit", server)
    assert one.load_markets()[PERP]["precision"] == {"amount": 10.0, "price": 0.5}
    bid, ask = touch(server, SYMBOL)
    made = one.create_order(PERP, "limit", "buy", 100, round(bid - 500), {"postOnly": True, "label": "mine"})
    assert [order["id"] for order in one.fetch_open_orders(PERP)] == [made["id"]]
    assert server.admin()["open_orders"][0]["client"] == "mine"
    changed = one.edit_order(made["id"], PERP, "limit", "buy", 90, round(bid - 400))
    assert (changed["id"], changed["amount"]) == (made["id"], 90.0)
    one.cancel_order(made["id"], PERP)
    with pytest.raises(ccxt.InvalidOrder, match="11044"):
        one.cancel_order(made["id"], PERP)
    with pytest.raises(ccxt.OrderNotFound):
        one.cancel_order("BTC-1", PERP)
    assert one.create_order(PERP, "market", "buy", 300)["filled"] == 300
    assert sum(trade["amount"] for trade in one.fetch_my_trades(PERP)) == 300
    assert one.fetch_positions([PERP])[0]["contracts"] == 300
    assert 19 < one.fetch_balance()["BTC"]["total"] < 20
    with pytest.raises(ccxt.InvalidOrder, match="11054"):
        one.create_order(PERP, "limit", "buy", 100, round(ask + 50), {"postOnly": True})
    with pytest.raises(ccxt.InsufficientFunds):
        one.create_order(PERP, "limit", "buy", 900_000_000, round(bid - 500))
    for k in range(2):
        one.create_order(PERP, "limit", "buy", 100, round(bid - 500 - k), {"label": "twice"})  # labels are not unique
    assert len(one.fetch_open_orders(PERP)) == 2
    one.cancel_all_orders(PERP)
    assert server.admin()["open_orders"] == []


def test_a_wrong_secret_is_the_venues_own_error(server):
    one = client("deribit", server)
    one.load_markets()
    one.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError, match="13009"):
        one.fetch_balance()


async def test_ccxt_pro_follows_its_own_orders(server):
    one = client("deribit", server, pro=True)
    try:
        await one.load_markets()
        watching = asyncio.create_task(one.watch_orders(PERP))
        for _ in range(200):
            if any(topic[0].startswith("user.orders") for topic in server.admin()["topics"]):
                break
            await asyncio.sleep(0.05)
        bid, _ = touch(server, SYMBOL)
        made = await one.create_order(PERP, "limit", "buy", 100, round(bid - 700))
        seen = await asyncio.wait_for(watching, 10)
        assert seen[0]["id"] == made["id"]
    finally:
        await one.close()


class Line:
    """A WebSocket that has logged in."""

    def __init__(self, server: Loopback, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.server, self.socket, self.count = server, socket, 0

    async def ask(self, method: str, **params: object) -> dict[str, object]:
        """The answer to a request; notifications before it are left out."""
        self.count += 1
        await self.socket.send_str(json.dumps({"jsonrpc": "2.0", "id": self.count, "method": method, "params": params}))
        while True:
            body = json.loads((await self.socket.receive(10)).data)
            if body.get("id") == self.count:
                return dict(body)

    async def login(self, scope: str = "connection") -> dict[str, object]:
        stamp = int(time.time() * 1_000)
        signature = hmac.digest(self.server.ready["secret"].encode(), f"{stamp}\nn\n".encode(), sha256).hex()
        return await self.ask("public/auth", grant_type="client_signature", client_id=self.server.ready["key"],
                              timestamp=stamp, nonce="n", data="", signature=signature, scope=scope)  # fmt: skip

    async def buy(self, price: float, **more: object) -> dict[str, object]:
        return await self.ask("private/buy", instrument_name=SYMBOL, amount=10, price=price, type="limit", **more)


async def test_the_orders_of_a_guarded_connection_go_with_it_and_no_others(server):
    bid, _ = touch(server, SYMBOL)
    low = round(bid - 500)
    async with aiohttp.ClientSession() as session:
        line = Line(server, await session.ws_connect(f"{server.ws}/ws/api/v2"))
        assert (await line.buy(low))["error"]["code"] == 13009
        assert "wallet:none" in (await line.login("connection wallet:none"))["result"]["scope"]
        assert (await line.ask("private/enable_cancel_on_disconnect", scope="account"))["result"] == "ok"
        other = Line(server, await session.ws_connect(f"{server.ws}/ws/api/v2"))
        await other.login()
        told = await other.ask("private/get_cancel_on_disconnect", scope="connection")
        assert told["result"] == {"scope": "connection", "enabled": True}  # new connections inherit it
        assert "order" in (await line.buy(low, label="a"))["result"] and "order" in (await other.buy(low))["result"]
        rest = client("deribit", server)
        rest.load_markets()
        by_rest = rest.create_order(PERP, "limit", "buy", 10, low)["id"]
        await line.socket.close()
        for _ in range(200):
            if len(server.admin()["open_orders"]) == 2:
                break
            await asyncio.sleep(0.05)
        left = {order["id"] for order in rest.fetch_open_orders(PERP)}
        assert by_rest in left and len(left) == 2
        await other.socket.close()
        for _ in range(200):
            if len(server.admin()["open_orders"]) == 1:
                break
            await asyncio.sleep(0.05)
        assert [order["id"] for order in rest.fetch_open_orders(PERP)] == [by_rest]  # it came by REST


async def test_too_many_requests_end_the_session_and_an_expired_order_is_not_placed(server):
    bid, _ = touch(server, SYMBOL)
    async with aiohttp.ClientSession() as session:
        line = Line(server, await session.ws_connect(f"{server.ws}/ws/api/v2"))
        await line.login()
        late = await line.buy(round(bid - 500), valid_until=int(time.time() * 1_000) - 1)
        assert late["error"]["code"] == 13888
        codes: list[object] = []
        while 10028 not in codes:  # twenty at once, and five a second
            answer = await line.ask("private/cancel_by_label", label="nobody")
            codes.append(answer.get("error", {}).get("code"))
            assert len(codes) < 500
        assert (await line.socket.receive(10)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert codes[0] is None
