"""The manual ticket: seen first, then sent; its own collar; one sentence where it may not leave."""

import pytest
from desk_kit import INVERSE, LINEAR, SPOT, Desk, item, setup_of, three
from hedge_kit import ROOMY, alerts, market

from mmtui.core.events import OrderUnknown


def desk_of(*items, quote=False, execution="paper", limits=None):
    items = items or (item("spot", quote=quote), item("linear", quote=quote), item("inverse", quote=quote))
    desk = Desk(setup_of(*items, limits={**ROOMY, **(limits or {})}), execution)
    for i in range(len(items)):
        desk.book(i=i, size=100)
    return desk


def manual(desk):
    return [e for e in desk.places() if e.purpose == "manual"]


@pytest.mark.parametrize(
    ("given", "tif", "px"),
    [
        ({"price": "99999.5", "type": "limit"}, "GTC", 999_995),
        ({"price": 99999.5, "type": "post-only"}, "GTX", 999_995),
        ({"price": "100000.5", "type": "ioc"}, "IOC", 1_000_005),
        ({"price": "99999.5"}, "GTC", 999_995),
        ({"price": "market"}, "IOC", 1_005_000),  # 50 bps: the collar
    ],
)
def test_a_ticket_leaves_as_typed(given, tif, px):
    desk = desk_of()
    result = desk.press("ticket", i=LINEAR, side="buy", size="0.1", **given)
    assert result.ok, result.text
    (order,) = manual(desk)
    assert (order.tif, order.px, order.sz, order.side, order.reduce_only) == (tif, px, 100, 1, False)


def test_market_within_the_collar_sells_at_its_lower_end():
    desk = desk_of(limits={"collar_manual_bps": 20.0})
    assert desk.press("ticket", i=LINEAR, side="sell", size="0.1", price="market").ok
    assert manual(desk)[0].px == 998_000
    market(desk, 300)
    assert desk.position(LINEAR) == -100


def test_a_preview_says_what_it_would_cost_and_sends_nothing():
    desk = desk_of()
    result = desk.press("ticket", i=LINEAR, side="buy", size="0.1", price="market", preview=True)
    # 0.1 x 0.5 to the mid + 4 bps of 10 000; worst: 50 bps of 10 050 + fee
    assert result.text == (
        "buy 0.1 on perp:BTC at market, at most 100500 (ioc): expected cost 4.05, worst 54.27 USDT"
    )
    assert not manual(desk)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"side": "by"}, "a ticket's side is buy or sell"),
        ({"size": "0"}, "size on perp:BTC is a number above 0, not '0'"),
        ({"size": "x"}, "size on perp:BTC is a number above 0, not 'x'"),
        ({"size": True}, "size on perp:BTC is a number above 0, not True"),
        ({"size": "nan"}, "size on perp:BTC is a number above 0, not 'nan'"),
        ({"size": "0.0015"}, "size on perp:BTC goes in steps of 0.001: 0.0015 is between two"),
        ({"price": "99999.55"}, "price on perp:BTC goes in steps of 0.1: 99999.55 is between two"),
        ({"price": "101000"}, "the price is 100 bps from the reference 100000: the manual collar is 50 bps"),
        ({"type": "gtc"}, "a ticket's type is limit, post-only, ioc, not 'gtc'"),
        ({"type": "post-only", "price": "100000.5"}, "post-only at 100000.5 would take: the other side is at 100000.5"),
        ({"type": "limit", "price": "market"}, "a ticket at market within its collar is an ioc"),
        ({"reduce_only": True}, "reduce-only: the position on perp:BTC is 0, this would not only reduce it"),
        ({"size": "1.5"}, "not sent to perp:BTC: position limit"),
        ({"i": -1}, "a ticket needs an instrument"),
    ],
)
def test_what_cannot_leave_is_one_sentence(given, says):
    desk = desk_of()
    result = desk.press("ticket", **{"i": LINEAR, "side": "buy", "size": "0.1", "price": "99999", **given})
    assert not result.ok and result.text == says
    assert not manual(desk)


def test_reduce_only_reduces():
    desk = desk_of()
    desk.trade_into(100, LINEAR)
    assert not desk.press("ticket", i=LINEAR, side="sell", size="0.2", price="market", reduce_only=True).ok
    assert desk.press("ticket", i=LINEAR, side="sell", size="0.1", price="market", reduce_only=True).ok
    assert manual(desk)[0].reduce_only
    desk.trade_into(100, SPOT)
    assert not desk.press("ticket", i=SPOT, side="sell", size="0.1", price="market", reduce_only=True).ok


@pytest.mark.parametrize(
    ("state", "adds", "reduces"),
    [("RUNNING", True, True), ("PAUSED", True, True), ("STOPPED", False, False), ("HALTED", False, True),
     ("KILLED", False, False)],
)  # fmt: skip
def test_in_which_states_a_ticket_may_leave(state, adds, reduces):
    desk = desk_of(quote=True)
    desk.press("start")
    desk.trade_into(200, LINEAR)
    if state == "HALTED":
        desk.halt()
    elif state != "RUNNING":
        desk.press({"PAUSED": "pause", "STOPPED": "stop", "KILLED": "kill"}[state])
    market(desk, 500)
    for side, may in (("buy", adds), ("sell", reduces)):
        result = desk.press("ticket", i=LINEAR, side=side, size="0.01", price="market")
        assert result.ok is may, result.text
        assert may or result.text.startswith(f"perp:BTC is {state}: ")
        market(desk, 300)


def test_an_observer_may_not():
    result = desk_of().press("ticket", i=LINEAR, role="observer", side="buy", size="0.1", price="market")
    assert result.text == "an observer may not ticket"


def test_it_waits_for_own_quotes_across_and_is_sent_when_they_are_gone():
    desk = desk_of(item("linear"))
    desk.press("start")
    market(desk, 300)
    assert desk.open(-1)
    result = desk.press("ticket", i=0, side="buy", size="0.1", price="market")
    assert result.ok and result.text.endswith("waits for own orders across to be gone") and not manual(desk)
    assert desk.engine.quoters[0].reasons[-1] in ("", "a manual order takes here")
    market(desk, 200)
    assert len(manual(desk)) == 1 and not desk.engine.gate.pulled
    market(desk, 1_000)
    assert desk.position(0) >= 90 and desk.open(-1), "the quotes are back"


def test_it_is_dropped_when_they_do_not_go():
    desk = desk_of(item("linear"), execution="deaf")
    desk.press("start")
    desk.wait(100)
    for order in desk.open():
        desk.accept(order.oid)
    desk.press("ticket", i=0, side="buy", size="0.1", price="market")
    desk.wait(2_300)
    assert not manual(desk) and not desk.engine.tickets.waiting and not desk.engine.gate.pulled
    assert alerts(desk, "ticket")[-1].endswith("own orders across are not gone")


@pytest.mark.parametrize(("act", "left"), [("pause", 1), ("stop", 0), ("kill", 0), ("cancel", 0)])
def test_a_manual_order_dies_with_stop_and_kill_and_is_cancelled_like_any(act, left):
    desk = desk_of(quote=True)
    desk.press("start")
    assert desk.press("ticket", i=LINEAR, side="buy", size="0.1", price="99990").ok
    market(desk, 300)
    desk.press(act)
    market(desk, 500)
    assert len([o for o in desk.open() if o.purpose == "manual"]) == left


def test_one_manual_order_is_cancelled_by_its_number():
    desk = desk_of()
    desk.press("ticket", i=LINEAR, side="buy", size="0.1", price="99990")
    market(desk, 200)
    assert desk.press("cancel", order=manual(desk)[0].oid).text == f"cancelling order {manual(desk)[0].oid}"
    market(desk, 200)
    assert not desk.open()


def test_a_ticket_that_waits_is_dropped_by_a_stop():
    desk = desk_of(item("linear"), execution="deaf")
    desk.press("start")
    desk.wait(100)
    for order in desk.open():
        desk.accept(order.oid)
    desk.press("ticket", i=0, side="buy", size="0.1", price="market")
    desk.press("stop")
    assert not desk.engine.tickets.waiting and "STOPPED" in alerts(desk, "ticket")[-1]


def test_the_hedge_in_two_keys_is_the_cheapest_contract_and_what_is_missing():
    cheap = item("inverse", quote=False, instrument_changes={"taker_bps": "1"})
    desk = desk_of(item("spot", quote=False), item("linear", quote=False), cheap)
    assert desk.press("ticket", hedge=True).text == "no hedge of BTC: less than one lot"
    desk.trade_into(150, SPOT)
    plan, ticket = desk.engine.tickets.plan("BTC")
    assert ticket == {"instrument": "coin:BTC", "side": "sell", "size": "150", "price": "market", "type": "ioc"}
    assert plan.kind == "hedge" and plan.text.startswith("sell 150 on coin:BTC at market")
    assert not manual(desk)
    assert desk.press("ticket", hedge=True, preview=True).ok and not manual(desk)
    assert desk.press("ticket", hedge=True, asset="BTC").ok
    market(desk, 300)
    assert desk.position(INVERSE) == -150 and abs(desk.engine.tasks.desk.net("BTC")) < 1e-4  # the fee is paid in coin


def test_an_unknown_manual_order_counts_in_the_worst_case():
    desk = desk_of(item("linear", quote=False, max_position="0.15"), execution="deaf")
    desk.press("ticket", i=0, side="buy", size="0.1", price="99990")
    desk.step(OrderUnknown(desk.now, 0, manual(desk)[0].oid, "timeout"))
    assert desk.press("ticket", i=0, side="buy", size="0.1", price="99990").text.endswith("position limit")


def test_no_ticket_without_a_reference():
    desk = Desk(three())
    result = desk.press("ticket", i=LINEAR, side="buy", size="0.1", price="market")
    assert result.text == "perp:BTC has no reference price: give the ticket a price"
    assert desk.press("ticket", i=LINEAR, side="buy", size="0.1", price="100").text.endswith("no reference price")
