"""ccxt, unmodified apart from the address, trades on Hyperliquid's loopback account; the account's own rules hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from loopback_kit import Loopback
from test_accounts_ccxt import client, touch

ccxt = pytest.importorskip("ccxt")

PERP, SYMBOL = "BTC/USDC:USDC", "BTC"


@pytest.fixture
def server() -> Iterator[Loopback]:
    made = Loopback("hyperliquid", "--seed", "3")
    yield made
    made.close()


def wallet(server, pro=False):
    one = client("hyperliquid", server, pro)
    one.walletAddress, one.privateKey = server.ready["key"], server.ready["secret"]
    return one


def cloid(n):
    return f"0x{n:032x}"


def test_ccxt_places_finds_and_cancels_orders_and_sees_its_trades(server):
    one = wallet(server)
    assert one.load_markets()[PERP]["precision"]["amount"] == 1e-05
    bid, ask = touch(server, SYMBOL)
    low = round(bid - 500)
    made = one.create_order(PERP, "limit", "buy", 0.5, low, {"postOnly": True, "clientOrderId": cloid(1)})
    assert not one.options.get("approvedBuilderFee")  # it asks for it, and is refused
    (found,) = one.fetch_open_orders(PERP)
    assert (found["id"], found["clientOrderId"], found["amount"]) == (made["id"], cloid(1), 0.5)
    with pytest.raises(ccxt.ExchangeError, match="Duplicate cloid"):
        one.create_order(PERP, "limit", "buy", 0.5, low, {"clientOrderId": cloid(1)})
    one.cancel_order(made["id"], PERP)
    with pytest.raises(ccxt.OrderNotFound):
        one.cancel_order(made["id"], PERP)
    one.create_order(PERP, "market", "buy", 0.3, ask)
    assert sum(trade["amount"] for trade in one.fetch_my_trades(PERP)) == pytest.approx(0.3)
    assert one.fetch_positions([PERP])[0]["contracts"] == pytest.approx(0.3)
    assert 0 < one.fetch_balance()["USDC"]["total"] < 1_000_000
    with pytest.raises(ccxt.InvalidOrder, match="Post only order would have immediately matched"):
        one.create_order(PERP, "limit", "buy", 0.5, round(ask + 50), {"postOnly": True})
    with pytest.raises(ccxt.InvalidOrder, match="minimum value"):
        one.create_order(PERP, "limit", "buy", 0.0001, low)
    with pytest.raises(ccxt.ExchangeError, match="immediately match"):
        one.create_order(PERP, "limit", "buy", 0.5, low, {"timeInForce": "ioc"})


def test_ccxt_cancels_in_a_batch_and_sets_the_scheduled_cancel_where_enough_was_traded(server):
    one = wallet(server)
    one.load_markets()
    bid, _ = touch(server, SYMBOL)
    for n in (1, 2, 3):
        one.create_order(PERP, "limit", "buy", 0.5, round(bid - 500 - n), {"clientOrderId": cloid(n)})
    one.cancel_orders([], PERP, {"clientOrderId": [cloid(1), cloid(2), cloid(3)]})
    assert server.admin()["open_orders"] == []
    one.cancel_all_orders_after(20_000)
    assert set(server.admin()["switches"]) == {"BTC", "ETH"}
    with pytest.raises(ccxt.ExchangeError, match="5 seconds"):
        one.cancel_all_orders_after(1_000)
    server.admin(small=True)
    with pytest.raises(ccxt.ExchangeError, match="until enough volume traded"):
        one.cancel_all_orders_after(20_000)


def test_another_wallet_and_an_action_sent_twice_are_refused(server):
    one = wallet(server)
    one.load_markets()
    bid, _ = touch(server, SYMBOL)
    order = {"symbol": PERP, "type": "limit", "side": "buy", "amount": 0.5, "price": round(bid - 500), "params": {}}
    request = one.create_orders_request([order])
    assert one.private_post_exchange(request)["status"] == "ok"
    with pytest.raises(ccxt.ExchangeError, match="nonce"):
        one.private_post_exchange(request)
    changed = one.create_orders_request([order])
    changed["action"]["orders"][0]["s"] = "5"  # not what was signed: it traces back to somebody else
    with pytest.raises(ccxt.BaseError, match="does not exist"):
        one.private_post_exchange(changed)
    one.privateKey = "0x" + "12" * 32
    with pytest.raises(ccxt.BaseError, match="does not exist"):
        one.private_post_exchange(one.create_orders_request([order]))
    assert len(server.admin()["open_orders"]) == 1


async def test_ccxt_pro_follows_its_own_orders(server):
    one = wallet(server, pro=True)
    try:
        await one.load_markets()
        watching = asyncio.create_task(one.watch_orders(PERP))
        for _ in range(200):
            if any(topic[0] == "orderUpdates" for topic in server.admin()["topics"]):
                break
            await asyncio.sleep(0.05)
        bid, _ = touch(server, SYMBOL)
        made = await one.create_order(PERP, "limit", "buy", 0.5, round(bid - 700))
        seen = await asyncio.wait_for(watching, 10)
        assert seen[0]["id"] == made["id"]
    finally:
        await one.close()
