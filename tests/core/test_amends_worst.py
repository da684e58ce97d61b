"""Amends at a venue that loses, delays and refuses: what counts here is never less than what can be filled there."""

from desk_kit import Desk, item, setup_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.effects import AmendOrder
from mmtui.core.events import AmendRejected, OrderAmended, OrderUnknown
from mmtui.core.orders.inplace import Amending
from mmtui.core.orders.table import TERMINAL, State
from mmtui.core.risk.states import Desk as States

step = st.one_of(
    st.tuples(st.just("ask"), st.integers(-3, 3), st.integers(1, 25)),
    st.tuples(st.just("arrive"), st.booleans()),
    st.tuples(st.just("answer"), st.booleans()),
    st.tuples(st.just("hit"), st.integers(1, 8)),
    st.tuples(st.just("lose")),
    st.tuples(st.just("cancel")),
)


class Venue:
    """One order as the venue has it, and the amends and answers that travel."""

    def __init__(self, order):
        self.px, self.sz, self.filled, self.open = order.px, order.sz, 0, True
        self.coming = []
        self.answers = []

    @property
    def left(self):
        return self.sz - self.filled if self.open else 0

    def arrive(self, effect, ok):
        if not self.open:
            self.answers.append((effect, "gone"))
        elif not ok:
            self.answers.append((effect, "refused"))
        elif effect.sz <= self.filled:
            self.open = False
            self.answers.append((effect, "cancelled"))
        else:
            self.px, self.sz = effect.px, effect.sz
            self.answers.append((effect, "done"))

    def hit(self, lots):
        lots = min(lots, self.left)
        self.filled += lots
        self.open = self.open and self.filled < self.sz
        return lots


def say(desk, oid, effect, word):
    """The desk hears an answer."""
    now = desk.now
    if word == "done":
        desk.step(OrderAmended(now, now, 0, oid, effect.amend, effect.px, effect.sz))
    elif word == "cancelled":
        desk.cancelled(oid, "by venue (amended)")
    else:
        desk.step(AmendRejected(now, now, 0, oid, effect.amend, word == "refused", word))


@settings(max_examples=150, deadline=None)
@given(st.lists(step, max_size=25))
def test_nothing_can_be_filled_there_that_does_not_count_here(steps):
    desk = Desk(setup_of(item("linear", requote_tolerance_bps=5.0), amends={"perp": Amending()}), execution="deaf")
    desk.running()
    for one in desk.open():
        desk.accept(one.oid)
    order, engine = desk.one(1), desk.engine
    venue, oid = Venue(order), order.oid
    for kind, *args in steps:
        if kind == "ask" and order.state is State.LIVE:
            engine.out = []
            engine.orders.amends.ask(order, order.px + args[0], args[1])
            venue.coming += [one for one in engine.out if isinstance(one, AmendOrder)]
        elif kind == "arrive" and venue.coming:
            venue.arrive(venue.coming.pop(0), args[0])
        elif kind == "answer" and venue.answers:
            effect, word = venue.answers.pop(0)
            if args[0] or word == "cancelled":
                say(desk, oid, effect, word)
            else:
                desk.step(OrderUnknown(desk.now, 0, oid, "amend: timeout"))
        elif kind == "hit" and (lots := venue.hit(args[0])):
            desk.fill(oid, lots)
        elif kind == "lose" and order.state is State.AMENDING:
            desk.step(OrderUnknown(desk.now, 0, oid, "amend: timeout"))
        elif kind == "cancel" and order.state in (State.LIVE, State.AMENDING):
            engine.out = []
            engine.orders.cancel(order)
        mine = [one for one in engine.tracker.open.values() if one.side > 0]
        assert engine.tracker.buys[0] == sum(one.left for one in mine)
        if order.state not in TERMINAL:
            assert order.left >= venue.left and order.reach >= venue.px
        else:
            assert not venue.open
        assert engine.lattice.instruments[0] < States.HALTED  # nothing of this is an overfill


def test_on_paper_a_smaller_quote_keeps_its_place_and_an_amended_desk_is_never_without_a_quote():
    setup = setup_of(item("linear", amend="always"), amends={"perp": Amending()})
    desk = Desk(setup).running()
    oids = {order.oid for order in desk.open()}
    for k in range(20):
        book = desk.engine.books[0]
        desk.quote(book.bid + (7 if k % 3 else -9), book.ask + (7 if k % 3 else -9))
        desk.wait(100)
        assert {order.oid for order in desk.open()} == oids
    assert len(desk.all(AmendOrder)) > 20 and len(desk.places()) == 2

    keeps = setup_of(item("linear", amend="keep", requote_tolerance_bps=5.0), amends={"perp": Amending()})
    desk = Desk(keeps).running(size=50)
    buy = desk.one(1)
    desk.delta(bids=[(buy.px, 20)])
    desk.wait(200)
    place = buy.ahead
    desk.press("set", i=0, size=0.004)
    desk.wait(200)
    assert desk.one(1) is buy and (buy.sz, buy.ahead) == (4, place)
    assert desk.venue.open_orders(0) == sorted(order.oid for order in desk.open())
