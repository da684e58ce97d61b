"""KILL: blocked first, cancelled, verified zero; from any state, with every answer lost, and it never stops trying."""

import pytest
from desk_kit import DAY0, INVERSE, LINEAR, SECOND, Deaf, Desk, item, setup_of, three
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.effects import CancelAll, CancelOrder, Latch, PlaceOrder, QueryOpenOrders
from mmtui.core.events import CancelRejected, HostStarted, OpenOrders, OrderUnknown, QueueUpdate
from mmtui.core.orders.table import State
from mmtui.core.rng import Rng
from mmtui.venues.paper.venue import PaperVenue


class Lossy(PaperVenue):
    """A paper venue behind a bad line: requests and answers (never fills) are lost at the given rates, in per cent."""

    def __init__(self, setup, books, seed, requests, answers):
        super().__init__(setup, books, seed)
        self.rng = Rng(seed, "lossy")
        self.requests, self.answers = requests, answers
        self.lost = 0

    def send(self, effect, now):
        if self.rng.below(100) < self.requests:
            self.lost += 1
            return
        super().send(effect, now)

    def pop(self):
        event = super().pop()
        if type(event).__name__ != "Fill" and self.rng.below(100) < self.answers:
            self.lost += 1
            return QueueUpdate(event.ts, 0, [], [])
        return event


def deaf(setup=None):
    desk = Desk(setup or setup_of(), execution="deaf")
    desk.books()
    desk.press("start")
    return desk


def done(desk):
    return desk.engine.sweeper.proven()


@pytest.mark.parametrize("before", ["RUNNING", "PAUSED", "STOPPED", "HALTED", "KILLED", "recovered"])
def test_kill_from_any_state_ends_at_zero(before):
    desk = Desk(three()).running()
    if before == "recovered":
        desk.step(HostStarted(desk.now, 2, "recovery", {}))
    elif before == "HALTED":
        desk.halt()
    elif before != "RUNNING":
        desk.press({"PAUSED": "pause", "STOPPED": "stop", "KILLED": "kill"}[before])
    assert desk.press("kill").ok
    desk.wait(1_000)
    assert desk.state == "KILLED" and not desk.open() and done(desk)
    assert [desk.venue.open_orders(v) for v in range(3)] == [[], [], []]


def test_sixty_open_paper_orders_end_at_zero_with_one_key():
    desk = Desk(setup_of(*(item(kind, levels=10) for kind in ("spot", "linear", "inverse"))))
    desk.running()
    desk.wait(1_000)
    assert len(desk.open()) == 60
    assert "60 orders" in desk.press("kill").text
    desk.wait(100)
    assert not desk.open() and done(desk)


def test_the_block_comes_before_everything_and_cancels_before_questions():
    desk = deaf()
    place = desk.mark
    desk.press("kill")
    kinds = [type(e) for effects in desk.effects[place:] for e in effects]
    assert kinds[0] is Latch
    assert kinds.index(CancelAll) < kinds.index(CancelOrder) < kinds.index(QueryOpenOrders)
    assert PlaceOrder not in kinds


def test_an_operators_kill_is_blocked_by_nothing_in_ledger_or_books():
    desk = Desk(setup_of(), execution="deaf")  # no book, no reference, no rate
    assert desk.press("kill").ok
    assert desk.state == "KILLED"


@given(
    requests=st.sampled_from((0, 20, 60)), answers=st.sampled_from((0, 30, 70)), seed=st.integers(0, 1_000),
    when=st.integers(0, 40),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_with_lost_requests_and_answers_the_kill_still_ends_at_proven_zero(requests, answers, seed, when):
    desk = Desk(three(), seed=seed)
    desk.venue = desk.runner.execution = Lossy(desk.setup, desk.engine.books, seed, requests, answers)
    desk.books()
    desk.press("start")
    for k in range(4):
        desk.quote(999_995 + 50 * k, 1_000_005 + 50 * k, i=LINEAR)
        desk.runner.advance(desk.now + when * 1_000_000)
    desk.press("kill")
    place = desk.mark
    desk.wait(8_000)
    assert not desk.places(place)
    desk.venue.requests = desk.venue.answers = 0  # the line heals
    desk.wait(16_000)
    assert not desk.places(place)
    assert [desk.venue.open_orders(v) for v in range(3)] == [[], [], []]
    assert done(desk) and not desk.open()
    assert desk.engine.tracker.buys == desk.engine.tracker.sells == [0, 0, 0]


def test_nothing_is_verified_before_two_endpoints_have_said_zero():
    desk = deaf()
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(200)
    desk.press("kill")
    desk.answer_zero(endpoints=(1,))
    assert not done(desk) and len(desk.open()) == 2
    desk.answer_zero(endpoints=(2,))
    desk.timer()
    assert done(desk) and not desk.open()
    assert any("verified" in a.text for a in desk.alerts)


def test_an_answer_to_an_older_question_proves_nothing():
    desk = deaf()
    for order in desk.open():
        desk.accept(order.oid)
    old = [e.query for e in desk.all(QueryOpenOrders)]
    desk.press("kill")
    asked = max(e.query for e in desk.all(QueryOpenOrders))
    for query in {*old, asked - 1, asked + 1}:
        for endpoint in (1, 2):
            desk.step(OpenOrders(desk.now, 0, query, endpoint, []))
    desk.timer()
    assert not done(desk)


def test_a_venue_slower_than_our_patience_is_proven_by_its_late_answers():
    desk = deaf()
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(200)
    desk.press("kill")
    asked = max(e.query for e in desk.all(QueryOpenOrders))
    desk.wait(4_000)
    assert max(e.query for e in desk.all(QueryOpenOrders)) > asked + 2
    for endpoint in (1, 2):
        desk.step(OpenOrders(desk.now, 0, asked, endpoint, []))
    desk.timer()
    assert done(desk)


def test_a_deaf_venue_is_asked_for_ever():
    desk = deaf()
    desk.press("kill")
    for _ in range(5):
        place = desk.mark
        desk.wait(30_000)
        assert len(desk.all(CancelAll, place)) >= 20
        assert not done(desk) and desk.open() and not desk.places(place)


def test_one_dead_venue_keeps_the_kill_open_and_the_others_are_proven():
    desk = deaf(three())
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(200)
    desk.press("kill")
    desk.answer_zero(0)
    desk.answer_zero(2)
    desk.timer()
    sweep = desk.engine.sweeper.sweeps[-1]
    assert [bool(sweep.venues[v].verified) for v in range(3)] == [True, False, True]
    assert not done(desk)
    assert not desk.press("resume", reason="ok").ok


def test_a_create_that_lands_after_the_cancel_all_is_found_and_cancelled():
    """Fault 3: both endpoints said zero while the create was still on its way."""
    desk = deaf()
    buy = desk.one(1)
    desk.press("kill")
    desk.answer_zero()
    assert buy.open and not done(desk)
    desk.wait(500)
    place = desk.mark
    desk.accept(buy.oid)
    desk.answer_zero(oids=[buy.oid])
    desk.wait(1_500)
    assert CancelOrder(0, buy.oid) in desk.all(CancelOrder, place)
    assert not done(desk)


def test_late_accepts_and_fills_after_a_kill_are_booked_and_nothing_is_placed():
    desk = deaf()
    buy, sell = desk.one(1), desk.one(-1)
    desk.press("kill")
    place = desk.mark
    desk.accept(buy.oid)
    desk.fill(buy.oid, 4)
    desk.cancelled(buy.oid)
    desk.fill(buy.oid, 6)
    desk.step(CancelRejected(desk.now, desk.now, 0, sell.oid, "unknown order"))
    desk.fill(sell.oid, 10)
    desk.wait(2_000)
    assert desk.position() == 0 and desk.engine.accounts[0].fills == 3
    assert not desk.places(place)


@pytest.mark.parametrize("state", [State.SENT, State.LIVE, State.CANCELLING, State.UNKNOWN])
def test_every_kind_of_open_order_gets_a_cancel(state):
    desk = deaf()
    buy = desk.one(1)
    if state is not State.SENT:
        desk.accept(buy.oid)
    if state is State.CANCELLING:
        desk.press("cancel", order=buy.oid)
    if state is State.UNKNOWN:
        desk.step(OrderUnknown(desk.now, 0, buy.oid, "timeout"))
    assert buy.state is state
    desk.runner.advance(desk.now + 10_000_000)
    place = desk.mark
    desk.press("kill")
    assert CancelOrder(0, buy.oid) in desk.all(CancelOrder, place)


def test_resume_waits_until_nothing_is_unknown():
    desk = deaf()
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(200)
    desk.press("kill")
    assert "not proven" in desk.press("resume", reason="ok").text
    desk.answer_zero()
    desk.timer()
    late = PlaceOrder(0, 500, 1, 1, 1, "GTX", False, "quote", 9)
    desk.engine.tracker.add(late, desk.now)
    desk.step(OrderUnknown(desk.now, 0, 500, "timeout"))
    assert "UNKNOWN" in desk.press("resume", reason="ok").text
    desk.cancelled(500)
    result = desk.press("resume", reason="ok")
    assert result.ok, result.text
    assert desk.state == "PAUSED"


@pytest.mark.parametrize("where", [{"v": 1}, {"i": LINEAR}])
def test_a_kill_of_one_venue_or_instrument_leaves_the_others_quoting(where):
    desk = Desk(three()).running()
    desk.press("kill", **where)
    desk.wait(1_000)
    assert {o.i for o in desk.open()} == {0, INVERSE}
    assert {(e.v, e.i) for e in desk.all(CancelAll)} == {(1, where.get("i", -1))}
    assert done(desk) and desk.state == "RUNNING"
    assert not desk.press("start", **where).ok
    assert desk.press("resume", reason="ok", **where).ok
    desk.wait(500)
    assert LINEAR not in {o.i for o in desk.open()}  # it lands in PAUSED
    desk.press("start", **where)
    desk.wait(500)
    assert LINEAR in {o.i for o in desk.open()}


def test_two_kills_are_one_state_and_both_are_proven():
    desk = Desk(three()).running()
    desk.press("kill")
    desk.press("kill", operator="bob")
    desk.wait(1_000)
    assert done(desk) and not desk.open()
    assert [a.text for a in desk.alerts if "KILLED" in a.text] == ["desk RUNNING -> KILLED: kill by ann over local"]


@given(st.lists(st.sampled_from(("start", "resume", "spread", "wide", "reduce", "reset", "set", "size")), max_size=8))
@settings(max_examples=30, deadline=None)
def test_no_act_short_of_a_reasoned_resume_lets_a_quote_out_of_a_kill(acts):
    desk = Desk(setup_of()).running()
    desk.press("kill")
    place = desk.mark
    for act in acts:
        desk.press(act, bps=1.0, pct=10.0) if act != "set" else desk.press(act, levels=3)
        desk.quote(999_900 + desk.now % 100, 1_000_105)
        desk.wait(300)
    assert not desk.places(place) and desk.state == "KILLED"


def test_the_deaf_venue_of_these_tests_hears_everything():
    desk = deaf()
    assert isinstance(desk.venue, Deaf) and desk.now > DAY0 and SECOND
    assert len([e for e in desk.venue.sent if isinstance(e, PlaceOrder)]) == 2


def test_a_kill_of_one_instrument_leaves_the_drain_of_the_others():
    desk = Desk(three()).running()
    before = {o.oid for o in desk.open() if o.i != 0}
    assert before
    desk.press("stop", drain=True)
    desk.press("kill", i=0)
    desk.wait(1_000)
    assert {o.oid for o in desk.open()} == before  # they conclude by themselves
