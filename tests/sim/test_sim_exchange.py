"""The exchange on quiet days: orders by the venue's facts, executions, the private stream, answers, the dead-man."""

from __future__ import annotations

import pytest
from sim_kit import BUY, MS, SECOND, SELL, Venue

from mmtui.venues.account_messages import ArmDeadMan, Armed, Done, Failed, Refused
from mmtui.venues.binance.private import decode_text
from mmtui.venues.binance.reports import BalanceReport, PositionReport
from mmtui.venues.facts import TRADING

FAMILIES = list(TRADING)


def kind_of(venue):
    return {"binance-spot": "spot", "binance-coinm": "inverse", "deribit": "inverse"}.get(venue, "linear")


@pytest.mark.parametrize("venue", FAMILIES)
def test_every_venue_takes_an_order_fills_it_and_tells_it_in_its_stream(venue):
    one = Venue(venue, kind=kind_of(venue))
    order = one.rest(one.new(BUY, 0))[0]
    assert order.state == "open" and order.creates == 1
    assert one.answers[1] == Done([one.answers[1].results[0]]) and one.answers[1].results[0].ok
    assert [row.client_id for row in one.exchange.open_ours()] == [order.client_id]
    one.market.hit(order.px, order.ahead + 4, -1)
    one.run(200)
    assert one.states() == ["new", "partially_filled"]
    fill = one.told_fills()[0]
    size = one.market.sz[4].decode()
    assert (fill.client_id, fill.side, fill.size, fill.maker) == (order.client_id, "buy", size, True)
    assert fill.price == one.market.px[order.px].decode() and float(fill.fee) > 0
    one.cancel(one.new(client=order.client_id))
    one.run(800)
    assert order.state == "cancelled" and order.filled == 4
    assert one.states()[-1] == "cancelled"
    assert one.exchange.position(0) == 4 and one.exchange.external(0) == 0
    assert not one.exchange.open_ours()


@pytest.mark.parametrize("venue", FAMILIES)
def test_a_post_only_order_that_would_take_is_rejected_or_cancelled_and_never_takes(venue):
    one = Venue(venue, kind=kind_of(venue))
    order = one.rest(one.new(BUY, -5))[0]
    result = one.answers[1].results[0]
    if one.facts.post_only == "reject":
        assert not result.ok and one.facts.meaning(result.code) == "would take" and order.state == "rejected"
    else:
        assert result.ok and order.state == "expired" and one.states() == ["expired"]
    assert not one.exchange.taker_postonly and not one.exchange.fills


def test_an_ioc_takes_what_is_there_and_the_rest_expires():
    one = Venue()
    there = one.market.sizes[-one.market.ask]
    order = one.rest(one.new(BUY, -1, size=there + 500, tif="IOC"))[0]
    assert order.state == "expired" and order.filled >= there
    assert not one.told_fills()[0].maker
    assert one.exchange.position(0) == order.filled


def test_a_taker_that_would_meet_an_order_of_its_own_account_is_noted_and_stopped():
    one = Venue()
    one.rest(one.new(SELL, -0))
    one.market.sizes[-one.market.ask] = 1
    one.rest(one.new(SELL, 0))
    px = min(order.px for order in one.exchange.open_ours())
    one.market.hit(-px, 1, 1)
    order = one.rest(one.new(BUY, -3, size=50, tif="IOC"))[0]
    assert order.state == "expired"
    assert one.exchange.crossed_own and one.exchange.crossed_own[0][0] == order.client_id


def test_reduce_only_never_enlarges_a_position():
    one = Venue()
    assert not one.create(one.new(SELL, 0, reduce_only=True)) or True
    one.run(300)
    assert not one.answers[1].results[0].ok
    one.rest(one.new(BUY, -1, size=5, tif="IOC"))
    order = one.rest(one.new(SELL, -1, size=5, tif="IOC", reduce_only=True))[0]
    assert order.state == "filled" and one.exchange.position(0) == 0


def test_a_create_after_its_expiry_is_refused():
    one = Venue()
    ident = one.create(one.new(), expires=one.world.now)
    one.run(300)
    assert one.facts.meaning(one.answers[ident].code) == "late"
    assert not one.exchange.orders


@pytest.mark.parametrize(("venue", "meaning"), [("okx", "duplicate id"), ("binance-usdm", "duplicate id")])
def test_a_second_create_with_the_same_id_is_counted_and_refused_while_the_first_lives(venue, meaning):
    one = Venue(venue)
    order = one.rest(one.new())[0]
    ident = one.create(one.new(client=order.client_id))
    one.run(300)
    assert one.facts.meaning(one.answers[ident].results[0].code) == meaning
    assert order.creates == 2


def test_an_id_may_be_used_again_where_the_venue_says_so_and_both_orders_are_known():
    for venue, again in (("binance-usdm", True), ("okx", False)):
        one = Venue(venue)
        order = one.rest(one.new())[0]
        one.exchange.end(order, "cancelled", "")
        ident = one.create(one.new(client=order.client_id))
        one.run(300)
        assert one.answers[ident].results[0].ok == again
        assert order.creates == 2 and len(one.exchange.orders) == 1 + again


def test_too_many_orders_in_one_request_are_refused():
    one = Venue("binance-spot", kind="spot", base=1_000)
    ident = one.create(one.new(), one.new())
    one.run(300)
    assert isinstance(one.answers[ident], Refused) and not one.exchange.orders


@pytest.mark.parametrize(
    "bad", [{"price": "60000.1"}, {"price": "NaN"}, {"size": "0"}, {"size": "-1"}, {"size": "0.00001"}, {"price": "0"}]
)
def test_what_is_off_the_grid_or_no_number_is_refused(bad):
    one = Venue()
    order = one.new()
    fields = {"price": order.price, "size": order.size, **bad}
    ident = one.create(type(order)(order.oid, 0, order.client_id, 1, fields["price"], fields["size"], "GTX", False))
    one.run(300)
    assert one.facts.meaning(one.answers[ident].results[0].code) == "filter"


def test_below_the_least_notional_is_refused():
    one = Venue(min_notional="1000")
    one.create(one.new(size=10), one.new(size=20))
    one.run(300)
    assert [result.ok for result in one.answers[1].results] == [False, True]


def test_a_cancel_ack_that_proves_nothing_takes_effect_later():
    one = Venue("kraken-futures")
    order = one.rest(one.new())[0]
    ident = one.cancel(one.new(client=order.client_id))
    while ident not in one.answers:
        one.run(1)
    assert one.answers[ident].results[0].ok
    one.run(800)
    assert order.state == "cancelled"


@pytest.mark.parametrize(
    ("venue", "i", "works"),
    [("binance-usdm", 0, True), ("binance-usdm", -1, False), ("kraken-spot", -1, True), ("okx", 0, False)],
)
def test_cancel_all_has_the_scope_of_the_venue(venue, i, works):
    one = Venue(venue)
    one.rest(one.new(BUY, 0), one.new(SELL, 2))
    ident = one.cancel_all(i)
    one.run(800)
    assert isinstance(one.answers[ident], Done) == works
    assert len(one.exchange.open_ours()) == (0 if works else 2)


def test_an_unknown_order_is_said_so():
    one = Venue()
    ident = one.cancel(one.new())
    one.run(300)
    assert one.facts.meaning(one.answers[ident].results[0].code) == "unknown order"


# -- questions ---------------------------------------------------------------------------------------------------


def test_the_lists_tell_what_is_true_after_their_lag():
    one = Venue()
    order = one.rest(one.new(BUY, 0))[0]
    one.run(1_000)
    row = one.open_rows()[0]
    assert (row.client_id, row.venue_order_id, row.i, row.side) == (order.client_id, order.venue_id, 0, 1)
    assert (row.price, row.size, row.filled) == (one.market.px[order.px].decode(), "0.01", "0")
    one.exchange.hit(order, 3)
    one.run(1_500)
    assert one.open_rows()[0].filled == "0.003"
    fills = one.fills()
    assert [(fill.client_id, fill.size, fill.kind) for fill in fills] == [(order.client_id, "0.003", "trade")]
    assert not one.fills(since=one.world.now)
    assert [(row.i, row.size) for row in one.positions()] == [(0, "0.003")]


def test_a_fresh_order_may_be_missing_from_the_list_and_a_fresh_fill_from_positions():
    late = 0
    for seed in range(30):
        one = Venue("hyperliquid", seed=seed)
        order = one.rest(one.new(BUY, 0))[0]
        late += not one.open_rows()
        one.exchange.hit(order, 3)
        late += not one.positions()
    assert late > 5


def test_a_spot_position_is_the_whole_balance_and_its_stream_tells_balances():
    one = Venue("binance-spot", kind="spot", base=500)
    assert one.positions()[0].size == "0.5"
    order = one.rest(one.new(BUY, 0))[0]
    one.exchange.hit(order, 10)
    one.run(1_000)
    assert one.positions()[0].size == "0.51"
    assert one.reports(BalanceReport)[-1].total == "0.51"


def test_a_futures_stream_tells_positions():
    one = Venue()
    one.exchange.hit(one.rest(one.new(SELL, 0))[0], 10)
    one.run(300)
    assert one.reports(PositionReport)[-1].size == "-0.01"


def test_reports_of_who_is_not_logged_in_are_lost():
    one = Venue()
    order = one.rest(one.new(BUY, 0))[0]
    one.private.channel.close()
    one.run(200)
    before = len(one.private.frames)
    one.exchange.hit(order, 1)
    one.run(1_000)
    assert len(one.private.frames) == before
    assert len(one.fills()) == 1


# -- budgets -----------------------------------------------------------------------------------------------------


def test_who_goes_over_the_budget_gets_429_and_who_goes_on_is_banned():
    one = Venue("binance-spot", kind="spot")
    for _ in range(140):
        one.create(one.new())
    one.run(500)
    kinds = [answer.kind for answer in one.answers.values() if isinstance(answer, Failed)]
    assert kinds[:1] == ["429"] and "418" in kinds
    ban = next(answer for answer in one.answers.values() if isinstance(answer, Failed) and answer.kind == "418")
    assert ban.retry_after_ms > 0
    one.run(20_000)
    assert one.open_rows()


def test_a_venue_that_closes_the_session_does_so():
    one = Venue("deribit", kind="inverse")
    for _ in range(40):
        one.create(one.new())
    one.run(500)
    assert one.private.downs


# -- the dead-man switch -----------------------------------------------------------------------------------------


def test_a_countdown_fires_unless_it_is_refreshed():
    one = Venue()
    order = one.rest(one.new())[0]
    for _ in range(5):
        ident = one.ask(ArmDeadMan, 2_000, 0)
        one.run(1_500)
    assert isinstance(one.answers[ident], Armed) and order.open
    one.run(2_500)
    assert order.state == "cancelled"
    fired = [decode_text(body) for body in one.private.frames][-1]
    assert fired[0].status == "cancelled"


def test_zero_disarms():
    one = Venue()
    order = one.rest(one.new())[0]
    one.ask(ArmDeadMan, 2_000, 0)
    one.run(500)
    ident = one.ask(ArmDeadMan, 0, 0)
    one.run(5_000)
    assert one.answers[ident] == Armed(0) and order.open


def test_a_time_that_the_venue_does_not_take_is_refused():
    one = Venue("okx")
    ident = one.ask(ArmDeadMan, 5_000)
    one.run(300)
    assert isinstance(one.answers[ident], Refused)


@pytest.mark.parametrize("graceful", [True, False])
def test_cancel_on_disconnect_fires_when_the_line_is_lost_not_when_it_is_closed(graceful):
    one = Venue("deribit", kind="inverse")
    order = one.rest(one.new())[0]
    one.ask(ArmDeadMan, 10_000)
    one.run(300)
    one.private.channel.close(graceful)
    one.run(1_000)
    assert order.open == graceful


def test_the_firings_of_a_day_are_counted():
    one = Venue("hyperliquid")
    for k in range(11):
        ident = one.ask(ArmDeadMan, 5_000)
        one.run(6_000)
        assert isinstance(one.answers[ident], Armed) == (k < 10)


# -- truth -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", FAMILIES)
def test_fills_positions_and_orders_agree_in_a_busy_market(venue):
    one = Venue(venue, kind=kind_of(venue), still=False)
    for _ in range(60):
        one.create(one.new(BUY, 0, size=7))
        one.create(one.new(SELL, 0, size=7))
        one.run(400)
        for order in one.exchange.open_ours()[:6]:
            one.cancel(one.new(client=order.client_id))
    one.run(2_000)
    exchange = one.exchange
    assert sum(fill.side * fill.sz for fill in exchange.fills) == exchange.position(0)
    assert len({fill.trade_id for fill in exchange.fills}) == len(exchange.fills) > 5
    for order in exchange.orders.values():
        mine = sum(fill.sz for fill in exchange.fills if fill.client_id == order.client_id)
        assert mine == order.filled <= order.sz or order.state == "rejected"
        assert order.left == order.sz - order.filled
    told = {fill.trade_id for fill in one.told_fills()}
    assert one.private.downs or told == {fill.trade_id for fill in exchange.fills}
    assert not exchange.taker_postonly and not exchange.crossed_own


def test_what_is_long_over_can_be_forgotten():
    one = Venue()
    old = one.rest(one.new(BUY, 0))[0]
    one.exchange.hit(old, old.left)
    one.run(5_000)
    before = one.world.now
    fresh = one.rest(one.new(BUY, 0, size=20))[0]
    one.exchange.hit(fresh, 4)
    one.exchange.forget(before)
    assert list(one.exchange.orders.values()) == [fresh]
    assert [fill.sz for fill in one.exchange.fills] == [4] and one.exchange.forgotten == 1
    assert one.exchange.position(0) == 14


def test_the_same_seed_gives_the_same_bytes():
    def bytes_of():
        one = Venue(rates=dict.fromkeys(range(1, 43), 20000), still=False)
        for _ in range(50):
            one.create(one.new(BUY), one.new(SELL))
            one.run(200)
            ours = one.exchange.open_ours()[:3]
            if ours:
                one.cancel(*[one.new(client=order.client_id) for order in ours])
        return one.public.frames, one.private.frames, list(one.answers.items()), one.world.script

    assert bytes_of() == bytes_of()


def test_time_is_the_worlds():
    one = Venue()
    one.rest(one.new(BUY, 0))
    stamp = one.reports()[0].ts_event
    assert 0 <= one.world.now - stamp < SECOND and stamp % MS == 0
