"""The loopback exchange's journal: an exchange that was killed goes on where it stood."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import Trade
from mmtui.venues.loopback import account_api, order_api
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.journal import open_journal, read
from mmtui.venues.loopback.source import Synthetic, binance

MS = 1_000_000
SYMBOL = "BTCUSDT"


def made(market, path):
    exchange = Exchange(market, Synthetic(binance(market), "calm", 1, 0), Faults(), 1)
    for event in exchange.source.until(2_000 * MS):
        if hasattr(event, "i"):
            exchange.move(event)
    open_journal(exchange, path)
    return exchange


def place(exchange, client, side="BUY", off="-1", **more):
    board = exchange.by_symbol[SYMBOL]
    best = board.book.bid if side == "BUY" else board.book.ask
    price = str(board.tick * best + Decimal(off))
    fields = {
        "symbol": SYMBOL, "side": side, "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.05", "price": price,
        "newClientOrderId": client,
    }  # fmt: skip
    handler = order_api.futures_place if exchange.futures else order_api.spot_place
    return handler(exchange, fields | more)


def trade(exchange, px, lots):
    board = exchange.by_symbol[SYMBOL]
    exchange.move(Trade(exchange.now(), exchange.now(), board.i, 1, px, lots, -1))


def picture(exchange):
    """What a client can ask for."""
    account = account_api.futures_account if exchange.futures else account_api.spot_account
    told = account(exchange, {})
    told.pop("updateTime", None)
    return (
        [order_api.form(exchange, order) for order in exchange.orders.values()],
        [(one.id, one.order.id, one.px, one.sz, one.maker, one.fee, one.asset) for one in exchange.executions],
        [(one.id, one.kind, one.amount, one.asset) for one in exchange.ledger],
        exchange.wallet.balances,
        {asset: amount for asset, amount in exchange.wallet.locked.items() if amount},
        [position.lots for position in exchange.wallet.positions],
        sorted(order.id for order in exchange.open_orders()),
    )


@pytest.mark.parametrize("market", ["binance-spot", "binance-usdm"])
def test_an_exchange_goes_on_where_it_was_killed(market, tmp_path):
    path = tmp_path / "journal"
    first = made(market, path)
    place(first, "a-1", off="5000")  # takes
    place(first, "a-2")
    place(first, "a-3", off="-2")
    place(first, "a-4", side="SELL", off="2")
    board = first.by_symbol[SYMBOL]
    trade(first, board.book.bid - 1_000, 20)  # through a-2 and a-3: both are filled
    place(first, "a-5", off="-3")
    first.cancel(first.by_client["a-4"])
    first.transfer("USDT", Decimal("12.5"))
    if first.futures:
        first.pay_funding(board.i, first.now())
    assert len(first.executions) > 2
    again = made(market, path)
    assert picture(again) == picture(first)
    assert again.next_id() > max(first.orders)
    with pytest.raises(Refusal):
        place(again, "a-5")  # still open, and still a duplicate
    kinds = [row["k"] for row in read(path)]
    assert kinds.count("life") == 2 and kinds.count("new") == 5 and kinds[-1] == "refused"


def test_what_is_done_by_hand_is_marked(tmp_path):
    exchange = made("binance-usdm", tmp_path / "journal")
    exchange.by = "operator"
    place(exchange, "b-1")
    exchange.cancel(exchange.by_client["b-1"])
    exchange.by = ""
    place(exchange, "b-2")
    rows = [(row["k"], row["by"]) for row in read(tmp_path / "journal") if "by" in row]
    assert rows == [("new", "operator"), ("end", "operator"), ("new", "")]


def test_a_torn_last_line_is_left_out_and_another_is_named(tmp_path):
    path = tmp_path / "journal"
    exchange = made("binance-usdm", path)
    place(exchange, "c-1")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"k":"end","or')
    assert len(read(path)) == 2
    path.write_bytes(b"{]\n" + whole)
    with pytest.raises(SourceError, match="line 1"):
        read(path)
    path.write_bytes(whole)
    with pytest.raises(UserError, match="no journal of binance-spot"):
        made("binance-spot", path)
