"""Margin and the distance to a liquidation: the venues' answers, the loopback accounts' rule, and the gauge."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from desk_kit import Desk, three

from mmtui.host.frames import FrameBuilder
from mmtui.host.risk_gauges import readings
from mmtui.venues.account_messages import AskPositions, PositionList
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import Reply, step
from mmtui.venues.loopback import account_api
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.private.server import ACCOUNTS, Quiet
from mmtui.venues.loopback.private.voice import Keys
from mmtui.venues.loopback.public.voice import PublicClient
from mmtui.venues.loopback.wallet import MAINTENANCE
from mmtui.venues.margin import Held, Margin, margin_of
from mmtui.venues.resolve import live
from mmtui.venues.traders import TRADERS

SYMBOLS = {
    "okx": ["BTC-USDT-SWAP", "ETH-USDT-SWAP"], "bybit": ["BTCUSDT", "ETHUSDT"],
    "kraken-futures": ["PF_XBTUSD", "PF_ETHUSD"],
    "binance-usdm": ["BTCUSDT", "ETHUSDT"], "binance-coinm": ["BTCUSD_PERP", "ETHUSD_PERP"],
}  # fmt: skip
PATHS = {
    "okx": "/api/v5/account/positions", "bybit": "/v5/position/list",
    "kraken-futures": "/derivatives/api/v3/openpositions",
}  # fmt: skip


def items(venue, symbols=None):
    return [live(venue, symbol) for symbol in symbols or SYMBOLS[venue]]


def trader(venue, symbols=None):
    return TRADERS[venue](list(enumerate(items(venue, symbols))))


def asked(one, *bodies):
    """The calls of a question about positions; it is answered as told."""
    talk = one.talk(AskPositions(1))
    calls, answer = step(talk, None)
    made = []
    for body in bodies:
        assert answer is None
        made += calls
        calls, answer = step(talk, [Reply(200, json.dumps(body).encode())])
    assert isinstance(answer, PositionList)
    return made


# ---------------------------------------------------------------- what the venues tell

OKX = {
    "instType": "SWAP", "instId": "BTC-USDT-SWAP", "mgnMode": "cross", "posSide": "net", "pos": "-3", "avgPx": "60000",
    "markPx": "60000", "liqPx": "66000", "imr": "90", "mmr": "7.5", "mgnRatio": "11.7", "ccy": "USDT", "uTime": "5",
}  # fmt: skip
BYBIT = {
    "positionIdx": 0, "symbol": "BTCUSDT", "side": "Buy", "size": "0.5", "avgPrice": "60000", "markPrice": "60000",
    "liqPrice": "48000", "positionIM": "1500", "positionMM": "150", "updatedTime": "5",
}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "margin"),
    [
        ([OKX], (7.5, pytest.approx(0.1))),
        ([OKX, OKX | {"instId": "BTC-USD-SWAP", "mmr": "0.001", "liqPx": "57000"}], (67.5, pytest.approx(0.05))),
        ([OKX | {"liqPx": ""}], (7.5, None)),
        ([OKX, OKX | {"mmr": ""}], (None, pytest.approx(0.1))),  # a mode of the account that has none
        ([OKX, OKX | {"pos": "0", "liqPx": "", "markPx": "", "mmr": ""}], (7.5, pytest.approx(0.1))),
        ([], (0.0, None)),
        ([OKX | {"mmr": "much"}], None),
        ([{name: OKX[name] for name in ("instId", "posSide", "pos", "avgPx", "uTime")}], None),
    ],
)
def test_okx_tells_it_with_its_positions(rows, margin):
    one = trader("okx")
    calls = asked(one, {"code": "0", "msg": "", "data": rows})
    assert [call.path for call in calls] == [PATHS["okx"]]  # nothing more is asked
    assert one.margin == margin


def test_bybit_tells_it_with_its_positions_of_every_kind():
    one = trader("bybit", ["BTCUSDT", "BTCUSD"])
    inverse = BYBIT | {"symbol": "BTCUSD", "side": "Sell", "size": "9", "positionMM": "0.0001", "liqPrice": "63000"}

    def told(linear, coin):
        bodies = [{"retCode": 0, "result": {"list": rows, "nextPageCursor": ""}} for rows in (linear, coin)]
        calls = asked(one, *bodies)
        assert [call.params["category"] for call in calls] == ["linear", "inverse"]
        return one.margin

    assert told([BYBIT], [inverse]) == (pytest.approx(156.0), pytest.approx(0.05))
    assert told([BYBIT | {"liqPrice": ""}], []) == (150.0, None)  # none within the price limits
    assert told([BYBIT | {"positionMM": "", "liqPrice": ""}], []) == (None, None)  # portfolio margin
    assert told([BYBIT | {"size": "0", "side": "", "liqPrice": "", "markPrice": "", "positionMM": ""}], []) == (0, None)
    assert told([{name: BYBIT[name] for name in ("symbol", "positionIdx", "side", "size")}], []) is None


def test_coin_m_tells_the_price_and_not_the_margin():
    rest = BinanceRest("binance-coinm", list(enumerate(items("binance-coinm"))))
    row = {"symbol": "BTCUSD_PERP", "positionAmt": "-10", "markPrice": "60000", "liquidationPrice": "75000"}
    asked(rest, [row])
    assert rest.ask.margin == (None, 0.25)
    asked(rest, [row | {"positionAmt": "0"}])
    assert rest.ask.margin == (0.0, None)


@pytest.mark.parametrize("bad", ["nan", "inf", "x", None, [], {}])
def test_what_cannot_be_read_is_not_known(bad):
    assert margin_of([Held("100", "90", "3"), Held("100", "90", bad if bad is not None else "")]) is None
    assert margin_of([Held("100", bad, "3")]) is None
    assert margin_of([Held(bad, "90", "3")]) is None


# ---------------------------------------------------------------- the loopback accounts


def exchange(venue, *held):
    """An account that holds (size, entry, mark) of its first symbols, in base, of inverse contracts in dollars."""
    made = Exchange(venue, Quiet(items(venue)), Faults(), 1)
    for i, (size, entry, mark) in enumerate(held):
        position = made.wallet.positions[i]
        position.lots, position.entry, position.updated = int(size / made.boards[i].size(1)), Decimal(entry), 1
        made.boards[i].mark = mark
    return made


@pytest.mark.parametrize(
    ("venue", "held"),
    [
        ("okx", [(50, 60_000, 61_000.0)]), ("okx", [(-50, 60_000, 61_000.0), (40, 3_000, 2_900.0)]),
        ("bybit", [(50, 60_000, 59_000.0)]), ("bybit", [(-50, 60_000, 59_000.0)]),
        ("binance-usdm", [(50, 60_000, 59_000.0), (-900, 3_000, 2_900.0)]),
        ("binance-coinm", [(6_000_000, 60_000, 61_000.0)]), ("binance-coinm", [(-6_000_000, 60_000, 61_000.0)]),
        ("binance-coinm", [(6_000_000, 60_000, 61_000.0), (-2_000_000, 3_000, 2_900.0)]),
    ],
)  # fmt: skip
def test_at_the_liquidation_price_the_wallet_and_its_profit_are_the_maintenance_margin(venue, held):
    made = exchange(venue, *held)
    wallet, board = made.wallet, made.boards[0]
    price = wallet.liquidation(0)
    assert price and (price < held[0][2]) is (held[0][0] > 0)
    board.mark = float(price)
    pays = wallet.balances[board.settle] + sum(wallet.unrealised(i, one) for i, one in wallet.settled_in(board.settle))
    needs = sum(abs(wallet.notional(i, one)) for i, one in wallet.settled_in(board.settle) if one.lots) * MAINTENANCE
    assert float(pays) == pytest.approx(float(needs), rel=1e-6)
    assert wallet.kept(board.settle) == needs


def test_who_cannot_be_liquidated_has_no_price():
    assert exchange("okx", (1, 60_000, 60_000.0)).wallet.liquidation(0) == 0  # the wallet pays for all of it
    assert exchange("binance-coinm", (-10_000, 60_000, 60_000.0)).wallet.liquidation(0) == 0  # its coin covers it
    assert exchange("bybit").wallet.liquidation(0) == 0


def test_both_legs_of_a_symbol_are_liquidated_at_one_price():
    made = exchange("binance-usdm", (50, 60_000, 60_000.0))
    alone = made.wallet.liquidation(0)
    made.wallet.switch(True)
    made.wallet.shorts[0].lots, made.wallet.shorts[0].entry = -made.wallet.positions[0].lots // 4, Decimal(60_000)
    assert 0 < made.wallet.liquidation(0) < alone
    rows = account_api.positions(made, {"symbol": "BTCUSDT"})
    assert len({row["liquidationPrice"] for row in rows}) == 1


def test_the_loopback_binance_tells_it_in_its_words():
    usdm = exchange("binance-usdm", (50, 60_000, 60_000.0))
    coinm = exchange("binance-coinm", (6_000_000, 60_000, 60_000.0), (0, 0, 3_000.0))
    row = account_api.positions(usdm, {"symbol": "BTCUSDT"})[0]
    assert Decimal(row["maintMargin"]) == Decimal(row["notional"]) * MAINTENANCE and float(row["liquidationPrice"]) > 0
    body = account_api.futures_account(usdm, {})
    assert Decimal(body["totalMaintMargin"]) == Decimal(row["maintMargin"])
    row = account_api.positions(coinm, {"symbol": "BTCUSD_PERP"})[0]
    assert "maintMargin" not in row and float(row["liquidationPrice"]) > 0
    rest = BinanceRest("binance-coinm", list(enumerate(items("binance-coinm"))))
    asked(rest, account_api.positions(coinm, {}))
    assert rest.ask.margin.maintenance is None and 0 < rest.ask.margin.distance < 1


# ---------------------------------------------------------------- account, trader, gauge


@pytest.mark.parametrize("venue", sorted(PATHS))
def test_the_gauge_moves_with_the_market_as_the_venue_tells_it(venue):
    made = exchange(venue, (50, 60_000, 60_000.0))
    account, one = ACCOUNTS[venue](made, {}, Keys("k", "s")), trader(venue)
    client = PublicClient(0.0, account.path)
    desk = Desk(three(limits={"liquidation": 0.2}), execution="deaf")
    frames = FrameBuilder(desk.engine)
    name = desk.engine.setup.venues[1]
    seen = []
    for second, mark in enumerate((60_000.0, 58_000.0, 45_000.0)):
        made.boards[0].mark = mark
        params = {"category": "linear", "settleCoin": "USDT"} if venue == "bybit" else {}
        if venue == "kraken-futures":  # its feed tells it, the answer only which positions there are
            account.inside[client] = None
            client.wants(("open_positions", ""), True)
            account.traded(None, 0)
            one.told(client.queue.get_nowait())
        asked(one, account.good(account.calls["GET", PATHS[venue]](params)))
        frames.meter.margins = {name: one.margin}
        view = frames.meter.view(2 * second * 10**9)
        row = next(risk for risk in view.venues if risk.venue == name)
        gauge = {reading.name: reading for reading in readings(desk.engine, view)}["liquidation"]
        notional = float(abs(made.wallet.notional(0, made.wallet.positions[0])))
        assert row.margin == pytest.approx(0.004 * notional) and row.why == ""
        seen.append((row.liquidation_pct, gauge.share))
    assert seen[0][0] > seen[1][0] > seen[2][0] > 0 and seen[0][1] < seen[1][1] < seen[2][1]


def test_the_page_says_what_a_venue_does_not_tell():
    desk = Desk(three(), execution="deaf")
    frames = FrameBuilder(desk.engine)
    frames.meter.margins = {desk.engine.setup.venues[2]: Margin(None, 0.3)}
    one = frames.meter.view(0).venues[2]
    assert (one.margin, one.liquidation_pct) == (None, 30.0) and one.why.startswith("maintenance margin n/a")
    assert frames.meter.view(0).venues[0].why == "n/a: no contracts there"
