"""The loopback exchange's own rules, without a socket: access, limits, filters, matching, money."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from mmtui.core.errors import UserError
from mmtui.core.events import Trade
from mmtui.venues.binance.private import decode_private
from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport, PositionReport
from mmtui.venues.binance.wire import Decoder, Feed
from mmtui.venues.loopback import order_api
from mmtui.venues.loopback.access import KEY, SECRET, Access, Limits, sign
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import Faults, parse_faults
from mmtui.venues.loopback.source import Synthetic, binance

MS = 1_000_000
SYMBOL = "BTCUSDT"


@pytest.fixture(params=["binance-spot", "binance-usdm"])
def exchange(request):
    made = Exchange(request.param, Synthetic(binance(request.param), "calm", 1, 0), Faults(), 1)
    made.told, made.shown = [], []
    made.tell = made.told.append
    made.publish = lambda board, frames: made.shown.extend(frames)
    for event in made.source.until(2_000 * MS):
        if hasattr(event, "i"):
            made.move(event)
    return made


def place(exchange, side="BUY", off="0", **more):
    board = exchange.by_symbol[SYMBOL]
    best = board.book.ask if side == "BUY" else board.book.bid
    price = str(board.tick * best + Decimal(off))
    fields = {"symbol": SYMBOL, "side": side, "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.05", "price": price}
    handler = order_api.futures_place if exchange.futures else order_api.spot_place
    return handler(exchange, {key: value for key, value in (fields | more).items() if value})


def code_of(exchange, *args, **more):
    with pytest.raises(Refusal) as refusal:
        place(exchange, *args, **more)
    return refusal.value.code


# ---------------------------------------------------------------- access


def signed(now=1_000_000, secret=SECRET, **fields):
    params = {"timestamp": str(now), **fields}
    payload = urlencode(params)
    return payload, {**params, "signature": sign(secret, payload)}


def test_a_signature_is_checked_over_exactly_what_was_sent():
    access, now = Access(KEY, SECRET), 1_000_000 * MS
    access.check_signed(*signed(symbol=SYMBOL), now)
    payload, params = signed(symbol=SYMBOL)
    for wrong in (payload + "&x=1", payload.replace("BTC", "ETH"), ""):
        with pytest.raises(Refusal, match="-1022"):
            access.check_signed(wrong, params, now)
    with pytest.raises(Refusal, match="-1022"):
        access.check_signed(*signed(secret="other"), now)


@pytest.mark.parametrize(
    ("at", "window", "taken"),
    [(1_000, "5000", True), (6_000, "5000", True), (6_001, "5000", False), (2_500, "1000", False), (500, "", True),
     (0, "5000", False)],
)  # fmt: skip
def test_stamps_are_taken_within_their_window_and_not_from_the_future(at, window, taken):
    fields = {"recvWindow": window} if window else {}
    payload, params = signed(1_000, **fields)
    if taken:
        Access(KEY, SECRET).check_signed(payload, params, at * MS)
    else:
        with pytest.raises(Refusal, match="-1021"):
            Access(KEY, SECRET).check_signed(payload, params, at * MS)


def test_a_key_that_is_not_the_accounts():
    access = Access(KEY, SECRET)
    for key, code in ((None, -2014), ("", -2014), ("a b", -2014), ("abc", -2015)):
        with pytest.raises(Refusal) as refusal:
            access.check_key(key)
        assert (refusal.value.code, refusal.value.status) == (code, 401)


def test_too_much_weight_is_429_and_then_418_and_a_new_minute_forgives():
    limits = Limits(10, ((2, 10_000, "10S"),))
    limits.spend(10, 0)
    statuses = []
    for _ in range(22):
        with pytest.raises(Refusal) as refusal:
            limits.spend(1, 0)
        statuses.append(refusal.value.status)
    assert statuses == [429] * 20 + [418] * 2
    limits.spend(1, 60_000 * MS)
    assert limits.headers(True)["X-MBX-USED-WEIGHT-1M"] == "1"
    limits.order(2, 0)
    with pytest.raises(Refusal, match="-1015"):
        limits.order(1, 0)


# ---------------------------------------------------------------- orders


def test_orders_that_a_filter_refuses(exchange):
    futures = exchange.futures
    assert code_of(exchange, symbol="XRPUSDT") == -1121
    assert code_of(exchange, "HOLD") == -1117
    assert code_of(exchange, type="STOP") == -1116
    assert code_of(exchange, timeInForce="DAY") == -1115
    assert code_of(exchange, quantity="") == -1102
    assert code_of(exchange, quantity="abc") == -1100
    assert code_of(exchange, price="59000.123456") == (-4014 if futures else -1013)
    assert code_of(exchange, quantity="0.0000001") == (-1111 if futures else -1013)
    assert code_of(exchange, quantity="0") == (-4003 if futures else -1013)
    assert code_of(exchange, quantity="0.001" if futures else "0.00001", price="50000") == (-4164 if futures else -1013)
    assert code_of(exchange, quantity="5000") == (-2019 if futures else -2010)
    assert code_of(exchange, newClientOrderId="no blanks") == -1100


def test_a_post_only_order_never_takes(exchange):
    wanted = {"timeInForce": "GTX"} if exchange.futures else {"type": "LIMIT_MAKER", "timeInForce": ""}
    assert code_of(exchange, "BUY", "1", **wanted) == (-5022 if exchange.futures else -2010)
    assert place(exchange, "BUY", "-100", **wanted)["orderId"]
    assert len(exchange.open_orders()) == 1


def test_a_client_id_is_free_again_when_its_order_has_ended(exchange):
    place(exchange, "BUY", "-100", newClientOrderId="one")
    assert code_of(exchange, "BUY", "-100", newClientOrderId="one") == (-4116 if exchange.futures else -2010)
    exchange.cancel_all(0)
    place(exchange, "BUY", "-100", newClientOrderId="one")


def test_what_rests_is_in_the_published_book_and_what_is_cancelled_leaves_it(exchange):
    board = exchange.by_symbol[SYMBOL]
    price = board.px(board.book.bid - 3)
    made = place(exchange, price=price, quantity="7")
    shown = dict(board.snapshot(500, 0)["bids"])
    assert Decimal(shown[price]) >= 7
    exchange.cancel(exchange.orders[made["orderId"]])
    assert Decimal(dict(board.snapshot(500, 0)["bids"]).get(price, "0")) < 7
    assert not exchange.wallet.locked.get("USDT")


def test_a_taker_order_moves_money_and_position_exactly(exchange):
    before = dict(exchange.wallet.balances)
    made = place(exchange, "BUY", "50", timeInForce="IOC")
    order = exchange.orders[made["orderId"]]
    assert order.status == "FILLED"
    executions = [one for one in exchange.executions if one.order is order]
    fee = sum(one.fee for one in executions)
    money = exchange.wallet.balances["USDT"] - before["USDT"]
    if exchange.futures:
        assert money == -fee
        assert exchange.wallet.positions[0].lots == 50
        assert place(exchange, "SELL", "-50", timeInForce="IOC", reduceOnly="true")["status"] == "FILLED"
        assert exchange.wallet.positions[0].lots == 0
    else:
        assert money == -order.quote
        assert {one.asset for one in executions} == {"BTC"}  # of what is received
        assert exchange.wallet.balances["BTC"] == before["BTC"] + Decimal("0.05") - fee


def test_a_resting_order_is_filled_by_the_market_as_maker(exchange):
    board = exchange.by_symbol[SYMBOL]
    made = place(exchange, price=board.px(board.book.bid + 1) if board.book.ask - board.book.bid > 1 else
                 board.px(board.book.bid))  # fmt: skip
    order = exchange.orders[made["orderId"]]
    exchange.move(Trade(1, 1 << 60, 0, 1, order.px - 5, 100, -1))
    assert order.status == "FILLED"
    assert exchange.executions[-1].maker
    fills = [one for message in exchange.told for one in decode_private(message) if isinstance(one, FillReport)]
    assert fills[-1].maker and fills[-1].client_id == order.client


def test_reduce_only_orders_never_open(exchange):
    if exchange.futures:
        assert code_of(exchange, "SELL", "100", reduceOnly="true") == -2022


def test_private_messages_are_what_our_own_decoder_expects(exchange):
    place(exchange, "BUY", "50", timeInForce="IOC")
    place(exchange, "BUY", "-100")
    exchange.cancel_all(0)
    reports = [report for message in exchange.told for report in decode_private(message)]
    kinds = {OrderReport, FillReport, BalanceReport} | ({PositionReport} if exchange.futures else set())
    assert {type(report) for report in reports} == kinds
    assert {report.status for report in reports if isinstance(report, OrderReport)} >= {"new", "filled", "cancelled"}


def test_public_frames_make_a_book_without_a_gap(exchange):
    board = exchange.by_symbol[SYMBOL]
    feed = Feed(board.instrument, 0, 0)
    decoder = Decoder(0, {SYMBOL: feed}, feed)
    decoder.decode(1, json.dumps(board.snapshot(1_000, 0)).encode())
    exchange.shown.clear()
    for event in exchange.source.until(6_000 * MS):
        if hasattr(event, "i") and event.i == 0:
            exchange.move(event)
    assert exchange.shown
    for kind, message in exchange.shown:
        name = f"btcusdt@{kind}"
        decoder.decode(2, json.dumps({"stream": name, "data": message}, separators=(",", ":")).encode())
    assert feed.sequence.valid and feed.sequence.gaps == 0


def test_the_countdown_cancels_its_symbol(exchange):
    if exchange.futures:
        place(exchange, "BUY", "-100")
        order_api.countdown(exchange, {"symbol": SYMBOL, "countdownTime": "1"})
        exchange.switches[0] = 1
        exchange.source.until = lambda now: []
        exchange.step()
        assert not exchange.open_orders()


def test_faults_by_name():
    assert parse_faults(["delay_ms=20", "half_open=true"]) == Faults(delay_ms=20.0, half_open=True)
    for text in ("nothing", "speed=1", "gap=often"):
        with pytest.raises(UserError):
            parse_faults([text])


# ---------------------------------------------------------------- amends


def amend(exchange, row, **changes):
    named = {"symbol": SYMBOL, "origClientOrderId": row["clientOrderId"]}
    if exchange.futures:
        now = {"side": row["side"], "price": row["price"], "quantity": row["origQty"]}
        return order_api.futures_modify(exchange, named | now | changes)
    return order_api.spot_amend(exchange, named | {"newClientOrderId": row["clientOrderId"]} | changes)


def test_a_smaller_size_keeps_its_place_and_the_stream_tells_it(exchange):
    row = place(exchange, off="-1", newOrderRespType="RESULT")
    order = exchange.orders[row["orderId"]]
    order.resting.ahead = 3
    place_before, told = order.resting, len(exchange.told)
    smaller = {"quantity" if exchange.futures else "newQty": "0.02"}
    answer = amend(exchange, row, **smaller)
    assert (answer if exchange.futures else answer["amendedOrder"])["clientOrderId"] == row["clientOrderId"]
    board = exchange.by_symbol[SYMBOL]
    assert (order.resting, order.resting.ahead) == (place_before, 3)
    assert board.sz(order.resting.left) == board.sz(order.sz) == "0.02"
    (report,) = [one for frame in exchange.told[told:] for one in decode_private(frame) if type(one) is OrderReport]
    assert (report.status, report.size, report.client_id) == ("new", "0.02", row["clientOrderId"])


def test_what_an_amend_may_not_do(exchange):
    row = place(exchange, off="-1", newOrderRespType="RESULT")
    order = exchange.orders[row["orderId"]]
    if not exchange.futures:
        for size in ("0.05", "0.06"):
            with pytest.raises(Refusal, match="-1013"):
                amend(exchange, row, newQty=size)
        amend(exchange, row, newQty="0.03", newClientOrderId="")
        assert order.client.startswith("web_") and order.open
        return
    post_only = place(exchange, off="-1", timeInForce="GTX")
    board = exchange.by_symbol[SYMBOL]
    with pytest.raises(Refusal, match="-5022"):
        amend(exchange, post_only, price=board.px(board.book.ask))
    assert exchange.orders[post_only["orderId"]].status == "CANCELED"
    moved = amend(exchange, row, price=board.px(order.px - 5), quantity="0.07")
    assert (moved["price"], moved["origQty"], order.resting.left) == (board.px(order.px), "0.07", 70)
    order.filled = 60
    assert amend(exchange, row, quantity="0.06")["status"] == "CANCELED"
