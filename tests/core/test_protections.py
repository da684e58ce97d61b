"""Protections: quotes are pulled while data cannot be trusted, and come back by themselves, small at first."""

import pytest
from desk_kit import MS, Desk, item, setup_of, three

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import BestQuote, FeedStatus, Heartbeat, MarkPrice, OrderCancelled, Trade

EASE = {"ease_back_s": 5.0}


def big(**changes):
    return setup_of(item("linear", size=0.1), limits={**EASE, **changes})


def break_it(desk, how, i=0):
    if how == "gap":
        desk.gap(i)
    elif how == "crossed":
        desk.quote(1_000_005, 999_995, i)
    elif how == "one-sided":
        desk.quote(999_995, 1_000_005, i, sizes=(0, 5))
    elif how == "feed down":
        desk.event(FeedStatus(desk.now, desk.engine.venue_of[i], False, "closed"))
    else:
        desk.wait(2_300, alive=False)


def mend(desk, how, i=0):
    if how == "feed down":
        desk.event(FeedStatus(desk.now, desk.engine.venue_of[i], True, "open"))
    desk.book(i=i)


HOW = ["gap", "crossed", "one-sided", "feed down", "stale"]
REASON = {"one-sided": "one-sided book", "crossed": "crossed book", "stale": "stale feed"}


@pytest.mark.parametrize("how", HOW)
def test_quotes_are_pulled_and_come_back_after_a_second_at_a_quarter(how):
    desk = Desk(big()).running()
    assert [o.sz for o in desk.open()] == [100, 100]
    break_it(desk, how)
    assert desk.engine.quoters[0].reasons == {1: REASON.get(how, how), -1: REASON.get(how, how)}
    assert not [o for o in desk.open() if o.state.name == "LIVE"]
    desk.runner.advance(desk.now + 50_000_000)
    assert not desk.open()
    mend(desk, how)
    desk.wait(900)
    assert not desk.open()  # hysteresis
    desk.wait(300)
    assert [o.sz for o in desk.open()] == [25, 25]
    desk.wait(5_200)
    desk.quote(1_000_095, 1_000_105)
    desk.wait(500)
    assert [o.sz for o in desk.open()] == [100, 100]
    assert desk.state == "RUNNING"


@pytest.mark.parametrize("how", ["gap", "feed down"])
def test_only_a_snapshot_brings_a_book_back(how):
    desk = Desk(big()).running()
    break_it(desk, how)
    if how == "feed down":
        desk.event(FeedStatus(desk.now, 0, True, "open"))
    for _ in range(30):
        desk.quote(999_995, 1_000_005)
        desk.delta([(999_995, 5)], [(1_000_005, 5)])
        desk.runner.advance(desk.now + 100_000_000)
    assert not desk.open()


def test_bad_data_again_during_the_hysteresis_starts_it_anew():
    desk = Desk(big()).running()
    desk.gap()
    desk.book()
    desk.wait(700)
    desk.gap()
    desk.book()
    desk.wait(700)
    assert not desk.open()


def test_only_the_instrument_with_bad_data_is_pulled():
    desk = Desk(three()).running()
    desk.gap(1)
    desk.wait(100)
    assert {o.i for o in desk.open()} == {0, 2}


def test_a_feed_takes_all_its_instruments_down():
    second = item("linear", instrument_changes={"id": "perp:BTC2", "symbol": "BTC2"})
    desk = Desk(setup_of(item("linear"), second, item("spot"))).running()
    desk.event(FeedStatus(desk.now, 0, False, "closed"))
    desk.wait(100)
    assert {o.i for o in desk.open()} == {2}


@pytest.mark.parametrize("alive", ["ping", "trade", "mark", "quote"])
def test_alive_is_told_from_any_message_not_from_the_book_alone(alive):
    desk = Desk(big()).running()
    for _ in range(50):
        ts = desk.now + 100_000_000
        desk.runner.advance(ts)
        if alive == "ping":
            desk.event(Heartbeat(ts, 0))
        elif alive == "trade":
            desk.event(Trade(ts, ts, 0, 1, 1_000_000, 1, 1))
        elif alive == "mark":
            desk.event(MarkPrice(ts, ts, 0, 10**13, 0, 0, 0))
        else:
            desk.quote(999_995, 1_000_005)
    assert len(desk.open()) == 2


def test_others_than_majors_may_be_silent_longer():
    desk = Desk(setup_of(item("linear", instrument_changes={"major": False}))).running()
    desk.wait(4_800, alive=False)
    assert desk.open()
    desk.wait(500, alive=False)
    assert not desk.open()


def test_more_than_three_trips_in_ten_minutes_pause_the_instrument():
    desk = Desk(three()).running()
    for trip in range(4):
        assert desk.engine.lattice.instruments[1].name == "RUNNING", trip
        desk.gap(1)
        desk.book(i=1)
        desk.wait(1_500)
    assert desk.engine.lattice.instruments[1].name == "PAUSED"
    assert {o.i for o in desk.open()} == {0, 2}
    assert desk.press("start", i=1).ok


def test_trips_that_are_long_ago_do_not_count():
    desk = Desk(setup_of(limits={"trips_window_s": 30.0})).running()
    for _ in range(8):
        desk.gap()
        desk.book()
        desk.wait(11_000)
    assert desk.engine.lattice.instruments[0].name == "RUNNING"


def test_a_silent_lead_venue_pulls_its_follower_after_a_second():
    lead = item("spot", quote=False)
    follower = item("linear", fair_value="other", fair_source="cash:BTC")
    desk = Desk(setup_of(lead, follower)).running()
    for k in range(15):
        desk.runner.advance(desk.now + 100_000_000)
        desk.quote(999_995, 1_000_005, i=1)
        assert bool(desk.open(i=1)) or k >= 9
    assert not desk.open(i=1)
    assert desk.engine.quoters[1].reasons[1] == "lead venue"


def test_a_crossed_lead_venue_pulls_its_follower_until_it_has_been_good_for_a_while():
    lead = item("spot", quote=False)
    follower = item("linear", fair_value="other", fair_source="cash:BTC")
    desk = Desk(setup_of(lead, follower)).running()
    assert desk.open(i=1)
    desk.quote(1_000_005, 999_995)
    desk.wait(300)
    assert not desk.open(i=1) and desk.engine.quoters[1].reasons[-1] == "lead venue"
    desk.quote(999_995, 1_000_005)
    desk.wait(500)
    assert not desk.open(i=1), "it comes back with hysteresis"
    desk.wait(2_000)
    assert desk.open(i=1) and not desk.engine.quoters[1].reasons[1]


def test_what_came_before_the_first_good_book_is_no_trip():
    desk = Desk(big())
    desk.press("start")
    for _ in range(6):
        desk.gap()
    desk.wait(500)
    desk.book()
    desk.wait(100)
    assert [o.sz for o in desk.open()] == [100, 100]
    assert desk.engine.lattice.instruments[0].name == "RUNNING"


def test_protections_are_no_states_and_need_nobody():
    desk = Desk(big()).running()
    version = desk.engine.lattice_version
    desk.gap()
    desk.book()
    desk.wait(2_000)
    assert desk.engine.lattice_version == version and desk.open()


def test_a_strategy_that_fails_pulls_its_own_quotes_and_comes_back():
    desk = Desk(setup_of(item("linear", spread_model="avellaneda-stoikov"))).running()
    quoter = desk.engine.quoters[0]
    assert desk.open()
    unit, quoter.unit = quoter.unit, 0.0  # the model counts the inventory in sizes
    desk.quote(999_000, 999_010)
    desk.wait(300)
    assert desk.engine.protections.reasons[0] == "quoting failed: ZeroDivisionError"
    assert not desk.open()
    quoter.unit = unit
    desk.wait(2_000)
    assert desk.open() and not desk.engine.protections.reasons[0]


def placed(desk, event):
    return [one for one in desk.engine.process(event) if isinstance(one, PlaceOrder)]


@pytest.mark.parametrize("late", [0, 1])
def test_no_quote_leaves_on_a_book_that_went_stale_between_two_beats(late):
    """A late timer and then the end of an order: it asks for another order, and the feed has been silent for 2 s."""
    desk = Desk(setup_of(item("linear", instrument_changes={"major": True})), execution="deaf").running()
    order, *_ = desk.open()
    at = desk.engine.protections.seen[0] + 2_000 * MS + late
    assert bool(placed(desk, OrderCancelled(at, at, 0, order.oid, "by venue"))) is (not late)
    assert desk.engine.protections.reasons[0] == ("stale feed" if late else "")


@pytest.mark.parametrize("late", [0, 1])
def test_another_book_moves_no_quote_of_a_stale_one(late):
    one = item("linear", fair_value="blend", fair_blend="mid:1, other:1", fair_source="coin:BTC")
    desk = Desk(setup_of(one, item("inverse")), execution="deaf")
    desk.books()
    desk.books()  # the first one is priced from the second
    desk.press("start")
    engine, quoter = desk.engine, desk.engine.quoters[0]
    assert quoter.active and engine.market.dependents[1] == [0]
    at = engine.protections.seen[0] + engine.protections.stale_after[0] + late
    before = quoter.fair
    engine.process(BestQuote(at, at, 1, desk.seq + 1, 1_000_095, 10, 1_000_105, 10))
    assert (quoter.fair != before) is (not late) and quoter.active is (not late)
    assert engine.protections.reasons[0] == ("stale feed" if late else "")
