"""Faults of creates, cancels and fills really strike, each shown by what a scripted client sees."""

from __future__ import annotations

from sim_kit import BUY, MS, SECOND, SELL, Venue, create_one, strike, told_fills

from mmtui.venues.account_messages import Done
from mmtui.venues.binance.private import decode_text


def only(one):
    return next(iter(one.exchange.orders.values()))


# -- 1 to 3: creates ---------------------------------------------------------------------------------------------


def test_1_the_order_lives_and_its_answer_is_lost_or_says_nothing():
    kinds = set()
    for seed in range(30):
        one = Venue(rates={1: 1_000_000}, seed=seed)
        create_one(one)
        assert only(one).open and one.world.struck[1] == 1
        answer = one.answers.get(1)
        kinds.add(type(answer).__name__ + getattr(answer, "kind", ""))
        if isinstance(answer, Done):
            assert one.answered[1] > one.world.now - 6_000 * MS + 500 * MS
    assert kinds == {"NoneType", "Failedtimeout", "Failed5xx", "Failednetwork", "Done"}


def test_2_the_request_never_arrives():
    one = strike(2, create_one)
    assert not one.exchange.orders and not isinstance(one.answers.get(1), Done)


def test_3_the_create_lands_after_a_cancel_that_was_sent_later_or_is_refused_as_too_late():
    landed = refused = 0
    for seed in range(30):
        one = Venue(rates={3: 1_000_000}, seed=seed)
        order = one.new(BUY, 0)
        one.create(order, expires=one.world.now + SECOND)
        one.run(60)
        one.cancel(order)
        one.run(3_000)
        if one.exchange.orders:
            landed += only(one).open
            assert only(one).created < one.world.now - 3_060 * MS + 1_000 * MS + 60 * MS
        else:
            refused += one.facts.meaning(one.answers[1].code) == "late"
    assert landed > 10 and refused > 0


# -- 4 to 7, 20: fills -------------------------------------------------------------------------------------------


def hit_one(one):
    order = one.rest(one.new(BUY, 0, size=30))[0]
    one.exchange.hit(order, 4)
    one.run(3_000)


def test_4_a_fill_is_told_twice():
    one = strike(4, hit_one)
    ids = [fill.trade_id for fill in told_fills(one)]
    assert len(ids) == 2 and len(set(ids)) == 1
    assert one.exchange.position(0) == 4


def test_5_a_fill_is_told_before_any_ack():
    one = strike(5, create_one)
    first = next(decode_text(body) for body in one.private.frames)
    assert first[0].status in ("partially_filled", "filled") and one.exchange.fills
    at = one.exchange.fills[0].ts
    assert one.answered[1] - at > 200 * MS


def cancel_one(one):
    order = one.rest(one.new(BUY, 0, size=30))[0]
    one.cancel(one.new(client=order.client_id))
    one.run(3_000)


def test_6_an_execution_from_before_the_cancel_is_told_after_it():
    late = 0
    for seed in range(10):
        one = Venue(rates={6: 1_000_000}, seed=seed)
        cancel_one(one)
        order = only(one)
        kinds = [type(report).__name__ for body in one.private.frames for report in decode_text(body)]
        assert order.state == "cancelled" and one.answers[2].results[0].ok
        if order.filled:
            late += 1
            cancelled = one.states().index("cancelled")
            assert one.states()[cancelled + 1] == "partially_filled"
            assert "FillReport" in kinds
    assert late > 5


def test_6_a_cancel_that_proves_nothing_may_be_acked_though_all_was_filled():
    states = set()
    for seed in range(12):
        one = Venue("kraken-futures", {6: 1_000_000}, seed=seed)
        cancel_one(one)
        assert one.answers[2].results[0].ok
        states.add(only(one).state)
    assert states == {"filled", "cancelled"}


def test_7_orders_are_hit_while_the_cancel_everything_arrives():
    def act(one):
        one.rest(one.new(BUY, 0, size=30), one.new(SELL, 1, size=30))
        one.cancel_all()
        one.run(2_000)

    one = strike(7, act)
    assert one.world.struck[7] == 2 and len(one.exchange.fills) == 2
    assert not one.exchange.open_ours()


def test_8_unknown_order_though_it_lives():
    one = strike(8, cancel_one)
    assert only(one).open
    assert one.facts.meaning(one.answers[2].results[0].code) == "unknown order"


def test_8_a_cancel_that_proves_nothing_is_acked_and_never_effective():
    one = strike(8, cancel_one, venue="kraken-futures")
    assert only(one).open and one.answers[2].results[0].ok


def test_9_unknown_order_because_it_was_filled_and_the_fill_comes_late():
    one = strike(9, cancel_one)
    assert only(one).state == "filled"
    assert one.facts.meaning(one.answers[2].results[0].code) == "unknown order"
    assert len(told_fills(one)) == 1


def test_10_the_cancel_is_done_and_its_answer_lost():
    for act in (cancel_one, lambda one: (one.rest(one.new()), one.cancel_all(), one.run(3_000))):
        one = strike(10, act)
        assert not one.exchange.open_ours()
        early = [one.answered[k] for k, a in one.answers.items() if k == 2 and isinstance(a, Done)]
        assert not early or early[0] > one.world.now - 2_600 * MS


def test_11_a_batch_is_done_in_part_or_not_answered():
    parts, unanswered, cancels = 0, 0, 0
    for seed in range(30):
        one = Venue(rates={11: 1_000_000}, seed=seed)
        orders = [one.new(BUY, k) for k in range(4)]
        one.create(*orders)
        one.run(6_000)
        there = len(one.exchange.open_ours())
        if isinstance(one.answers.get(1), Done):
            parts += 0 < there < 4
            told = sum(result.ok for result in one.answers[1].results)
            assert told <= there, "what is told as placed is there; what is told as unknown may be"
        else:
            unanswered += 1
        one.cancel(*orders)
        one.run(3_000)
        cancels += 0 < len(one.exchange.open_ours()) < there
    assert parts > 5 and unanswered > 2 and cancels > 5


def test_11_needs_a_batch():
    one = Venue(rates={11: 1_000_000})
    create_one(one)
    assert not one.world.struck[11]


def test_20_a_price_that_is_no_number_in_the_stream_or_in_the_positions():
    one = strike(20, hit_one)
    assert None in told_fills(one)
    assert any(row.size in ("NaN", "inf", "1e400", "", "-NaN") for row in one.positions())
