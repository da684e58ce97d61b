"""The steps of a kill, one by one: what is sent and when, which answers count, and what it takes to be proven."""

import pytest
from desk_kit import DAY0, MS, SECOND, slots_of

from mmtui.core.effects import CancelAll, CancelOrder, PlaceOrder, QueryOpenOrders
from mmtui.core.orders.table import Fact, State
from mmtui.core.orders.tracker import Tracker
from mmtui.core.risk.sweep import Sweep, Sweeper

LATE = DAY0 + 60 * SECOND  # everything that was sent has landed


class Room:
    """A sweeper over two venues: instruments 0 and 1 at venue 0, instrument 2 at venue 1; orders 1, 2, 3 on each."""

    def __init__(self, orders=(0, 1, 2)):
        self.tracker = Tracker([0, 0, 1], [SECOND, SECOND])
        self.sweeper = Sweeper(self.tracker, [0, 0, 1])
        self.sent = []
        for oid, i in enumerate(orders, 1):
            order = self.tracker.add(PlaceOrder(i, oid, 1, 100, 10, "GTX", False, "quote", 0), DAY0)
            self.tracker.apply(order, Fact.ACCEPTED)

    def kill(self, venues=(0, 1), i=-1, ts=LATE, kind="kill"):
        sweep = Sweep(kind, "ann", "because", "desk", list(venues), i, ts)
        self.sent.clear()
        self.sweeper.begin(sweep, ts, self.sent.append)
        return sweep

    def timer(self, ts):
        self.sent.clear()
        return self.sweeper.timer(ts, self.sent.append)

    def zero(self, v, query, ts=LATE, endpoints=(1, 2), oids=()):
        return [order.oid for e in endpoints for order in self.sweeper.answer(v, query, e, list(oids), ts)]


def test_a_kill_says_who_why_and_where_and_has_proven_nothing_yet():
    sweep = Sweep("kill", "ann over ssh", "fat finger", "venue:perp", [0, 2], 5, LATE)
    assert (sweep.kind, sweep.by, sweep.cause, sweep.scope) == ("kill", "ann over ssh", "fat finger", "venue:perp")
    assert (sweep.i, sweep.ts, sweep.done, list(sweep.venues)) == (5, LATE, False, [0, 2])
    state = sweep.venues[2]
    assert slots_of(state) == {
        "v": 2,
        "blocked": LATE,
        **dict.fromkeys(("query", "sent", "cancels", "acked", "verified", "attempts", "next_ts", "open"), 0),
        "answers": {},
    }


def test_the_first_attempt_cancels_all_and_by_id_and_asks_both_endpoints_venue_by_venue():
    room = Room()
    sweep = room.kill()
    assert room.sent == [
        CancelAll(0, 1, -1),
        CancelOrder(0, 1),
        CancelOrder(1, 2),
        QueryOpenOrders(0, 1, 1),
        QueryOpenOrders(0, 1, 2),
        CancelAll(1, 2, -1),
        CancelOrder(2, 3),
        QueryOpenOrders(1, 2, 1),
        QueryOpenOrders(1, 2, 2),
    ]
    assert {o.state for o in room.tracker.open.values()} == {State.CANCELLING}
    assert {o.cancel_ts for o in room.tracker.open.values()} == {LATE}
    first, second = sweep.venues.values()
    assert (first.sent, first.cancels, first.attempts, first.query) == (LATE, 2, 1, 1)
    assert (second.sent, second.cancels, second.attempts, second.query) == (LATE, 1, 1, 2)


def test_a_kill_of_one_instrument_cancels_that_one_only():
    room = Room()
    room.kill(venues=[0], i=1)
    assert room.sent == [
        CancelAll(0, 1, 1), CancelOrder(1, 2), QueryOpenOrders(0, 1, 1), QueryOpenOrders(0, 1, 2),
    ]  # fmt: skip


def test_a_cancel_that_left_in_this_instant_is_not_sent_twice():
    room = Room()
    room.tracker.get(1).cancel_ts = LATE
    room.kill(venues=[0])
    assert [e.oid for e in room.sent if isinstance(e, CancelOrder)] == [2]


def test_a_venue_is_tried_again_after_a_quarter_second_then_more_slowly_and_then_every_second_for_ever():
    room = Room()
    sweep = room.kill(venues=[0])
    ts, gaps = LATE, []
    for _ in range(7):
        due = ts
        while not (room.timer(due), room.sent)[1]:
            due += 50 * MS
        gaps.append((due - ts) // MS)
        ts = due
    assert gaps == [250, 500, 750, 1_000, 1_000, 1_000, 1_000]
    state = sweep.venues[0]
    assert (state.attempts, state.sent, state.cancels) == (8, LATE, 2)  # of the first attempt
    assert [e.oid for e in room.sent if isinstance(e, CancelOrder)] == [1, 2]  # by id each time


def test_only_the_venue_that_is_not_proven_is_tried_again():
    room = Room(orders=())
    sweep = room.kill()
    room.zero(0, 1)
    assert (sweep.venues[0].verified, sweep.venues[1].verified) == (LATE, 0)
    assert room.timer(LATE + SECOND) == [] and room.sent[0] == CancelAll(1, 3, -1)
    room.zero(1, 2, LATE + SECOND)
    assert room.timer(LATE + 2 * SECOND) == [sweep] and not room.sent
    assert sweep.done and room.sweeper.proven()
    assert room.timer(LATE + 9 * SECOND) == [] and not room.sent


def test_one_finished_kill_does_not_hide_the_next_one():
    room = Room(orders=())
    room.kill(venues=[0])
    room.zero(0, 1)
    room.timer(LATE)
    second = room.kill(venues=[1])  # the finished one is forgotten here
    room.kill(venues=[0], i=0)
    assert not room.sweeper.proven()
    room.zero(0, 3)
    room.zero(1, 2)
    assert second in room.timer(LATE) and len(room.sweeper.sweeps) == 2
    assert room.sweeper.proven()


def test_a_done_kill_is_skipped_and_those_after_it_go_on():
    room = Room(orders=())
    room.kill(venues=[0])
    room.kill(venues=[1])
    room.zero(0, 1)
    assert len(room.timer(LATE)) == 1
    room.timer(LATE + SECOND)
    assert [e.v for e in room.sent if isinstance(e, CancelAll)] == [1]


def test_a_kill_that_is_not_proven_is_never_pushed_out_by_others():
    room = Room()
    desk = room.kill()
    for k in range(30):
        room.kill(venues=[0], i=k % 2)
    room.kill(kind="shutdown")
    for _ in range(10):
        room.kill(venues=[0])
    assert desk in room.sweeper.sweeps
    room.timer(LATE + 5 * SECOND)
    assert {e.v for e in room.sent if isinstance(e, CancelAll)} == {0, 1}


def test_a_held_key_does_not_pile_up_kills_and_the_answers_on_their_way_still_count():
    room = Room(orders=())
    for _ in range(10):
        last = room.kill(venues=[0])
    assert room.sweeper.sweeps == [last] and list(last.venues[0].answers) == list(range(1, 11))
    room.zero(0, 1)
    assert last.venues[0].verified and room.timer(LATE) == [last]


@pytest.mark.parametrize(
    ("kind", "venues", "i", "repeats"),
    [
        ("kill", [0, 1], -1, True),  # the desk, of which the venue is a part
        ("kill", [0], -1, True),
        ("kill", [1], -1, False),
        ("kill", [0], 0, False),  # an answer about one instrument says nothing about the venue
        ("shutdown", [0, 1], -1, False),
    ],
)
def test_a_kill_takes_over_only_what_it_asks_for_itself(kind, venues, i, repeats):
    room = Room()
    old = room.kill(venues=[0])
    room.kill(venues=venues, i=i, kind=kind)
    assert (old not in room.sweeper.sweeps) is repeats


def test_the_first_acknowledgement_counts_and_only_of_a_question_that_was_asked():
    room = Room()
    sweep = room.kill()
    room.sweeper.acknowledged(0, 2, LATE + 1)  # the other venue's question
    room.sweeper.acknowledged(0, 99, LATE + 1)
    room.sweeper.acknowledged(7, 1, LATE + 1)
    assert sweep.venues[0].acked == 0
    room.sweeper.acknowledged(0, 1, LATE + 2)
    room.sweeper.acknowledged(0, 1, LATE + 3)
    assert (sweep.venues[0].acked, sweep.venues[1].acked) == (LATE + 2, 0)


def test_each_endpoint_must_say_zero_to_one_and_the_same_question():
    room = Room(orders=())
    sweep = room.kill(venues=[0])
    room.timer(LATE + SECOND)
    room.zero(0, 1, endpoints=(1, 1))
    room.zero(0, 2, endpoints=(2, 2))
    assert not sweep.venues[0].verified
    room.zero(0, 1, ts=LATE + 3 * SECOND, endpoints=(2,))
    assert sweep.venues[0].verified == LATE + 3 * SECOND
    room.zero(0, 2, ts=LATE + 4 * SECOND, endpoints=(1,))
    assert sweep.venues[0].verified == LATE + 3 * SECOND  # proven once


def test_an_order_that_is_named_takes_back_what_the_other_endpoint_said():
    room = Room()
    sweep = room.kill(venues=[0])
    room.zero(0, 1, endpoints=(1,))
    room.zero(0, 1, endpoints=(2,), oids=[2])
    assert sweep.venues[0].open == 1
    room.zero(0, 1, endpoints=(2,))
    assert sweep.venues[0].open == 0 and not sweep.venues[0].verified
    assert room.zero(0, 1, endpoints=(1,)) == [1, 2]
    assert sweep.venues[0].verified == LATE


def test_an_order_that_nobody_knows_but_the_venue_keeps_the_kill_open():
    room = Room(orders=())
    sweep = room.kill(venues=[0])
    room.zero(0, 1, oids=[77, 78])
    assert (sweep.venues[0].open, sweep.venues[0].verified) == (2, 0)


def test_an_order_of_another_instrument_does_not_keep_the_kill_of_this_one_open():
    room = Room()
    sweep = room.kill(venues=[0], i=0)
    assert room.zero(0, 1, oids=[2]) == [1]
    assert (sweep.venues[0].open, sweep.venues[0].verified) == (0, LATE)
    assert room.tracker.get(2).open


def test_what_is_named_is_alive_again():
    room = Room()
    room.kill(venues=[0])
    room.tracker.apply(room.tracker.get(1), Fact.UNKNOWN)
    room.zero(0, 1, oids=[1])
    assert room.tracker.get(1).state is State.LIVE


def test_silence_about_a_create_that_may_still_land_proves_nothing():
    room = Room(orders=(0,))
    sweep = room.kill(venues=[0], ts=DAY0 + SECOND)
    assert room.zero(0, 1) == [] and room.tracker.open and not sweep.venues[0].verified
    room.timer(DAY0 + 2 * SECOND)
    assert room.zero(0, 2) == [1] and sweep.venues[0].verified


@pytest.mark.parametrize(("asked", "proven"), [(-1, False), (0, True), (1, True)])
def test_lists_of_before_the_settling_of_an_earlier_life_prove_nothing(asked, proven):
    room = Room(orders=())
    room.sweeper.settled[0] = LATE
    sweep = room.kill(venues=[0], ts=LATE + asked)
    room.zero(0, 1)
    assert bool(sweep.venues[0].verified) is proven


def test_the_answers_to_the_last_sixteen_questions_are_listened_to():
    room = Room(orders=())
    sweep = room.kill(venues=[0])
    for k in range(1, 17):
        room.timer(LATE + 2 * k * SECOND)
    assert len(sweep.venues[0].answers) == 16
    room.zero(0, 1)
    assert not sweep.venues[0].verified
    room.zero(0, 2)
    assert sweep.venues[0].verified


def test_one_answer_serves_every_kill_that_asked_and_none_that_did_not():
    room = Room(orders=())
    first = room.kill(venues=[0], kind="shutdown")
    second = room.kill(venues=[0, 1])
    room.zero(0, second.venues[0].query)
    assert not first.venues[0].verified and second.venues[0].verified
    third = room.kill(venues=[1], i=2)
    room.zero(1, third.venues[1].query)
    assert third.venues[1].verified and not second.venues[1].verified


def test_a_shutdown_is_forgotten_with_its_host_and_a_kill_is_not():
    room = Room()
    kill = room.kill()
    room.kill(kind="shutdown")
    room.sweeper.forget("shutdown")
    assert room.sweeper.sweeps == [kill] and not room.sweeper.proven()


def test_what_a_kill_has_done_so_far_is_part_of_the_state():
    room = Room(orders=())
    room.kill(venues=[1, 0])
    assert room.sweeper.digest() == (("kill", "desk", False, [0, 1]),)
    room.zero(0, 2)
    room.zero(1, 1)
    room.timer(LATE)
    assert room.sweeper.digest() == (("kill", "desk", True, [0, 1]),)
    assert room.sweeper.queries == 2
