"""The pre-trade gate: worst cases, collars, rates; and orders that reduce are never trapped."""

import pytest
from desk_kit import DAY0, INVERSE, LINEAR, MS, SPOT, Desk, item, setup_of, three
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import OrderUnknown
from mmtui.core.risk.states import Desk as State

PX = 1_000_000


class Checks:
    """The gate of a desk with a reference, asked directly."""

    def __init__(self, setup=None, i=0):
        self.desk = Desk(setup or setup_of(), execution="deaf")
        self.desk.books()
        self.engine = self.desk.engine
        self.i = i
        self.ts = DAY0 + 60_000 * MS

    def __call__(self, side, lots, px=PX, purpose="quote", state=State.RUNNING, collar=100.0, reference=2 * PX):
        return self.engine.gate.check(self.i, side, px, lots, purpose, state, self.ts, reference, collar)

    def rest(self, side, lots, unknown=False):
        effect = PlaceOrder(self.i, self.engine.tracker.next_oid, side, PX, lots, "GTX", False, "quote", 0)
        self.engine.tracker.next_oid += 1
        self.engine.tracker.add(effect, self.ts)
        if unknown:
            self.desk.step(OrderUnknown(self.desk.now, self.i, effect.oid, "timeout"))

    def position(self, lots):
        self.engine.accounts[self.i].position = lots


@given(
    position=st.integers(-1_500, 1_500),
    buys=st.lists(st.integers(1, 400), max_size=3),
    sells=st.lists(st.integers(1, 400), max_size=3),
    side=st.sampled_from((1, -1)),
    lots=st.integers(1, 600),
)
def test_an_order_leaves_only_inside_the_worst_case_or_when_it_reduces(position, buys, sells, side, lots):
    check = Checks(setup_of(item("linear", max_position="0.3")))
    for size in buys:
        check.rest(1, size, unknown=size % 2 == 0)
    for size in sells:
        check.rest(-1, size)
    check.position(position)
    worst = position + sum(buys) + lots if side > 0 else -(position - sum(sells) - lots)
    expected = "" if worst <= 300 else "position limit"
    assert check(side, lots) == ("" if worst <= 0 else expected)


def test_unknown_orders_count_as_fully_live():
    check = Checks()
    check.rest(1, 600, unknown=True)
    assert check(1, 400) == ""
    assert check(1, 401) == "position limit"


@pytest.mark.parametrize("limits", [{"order_notional": 1.0}, {"gross_notional": 1.0}, {"messages_per_s": 1}])
@pytest.mark.parametrize("side", [1, -1])
def test_an_order_that_reduces_is_stopped_by_no_limit(limits, side):
    check = Checks(setup_of(item("linear", max_position="0.001"), limits=limits))
    check.position(-side * 5_000)
    for _ in range(10):
        check.engine.gate.count(0, check.ts)
    assert check(side, 5_000) == ""
    assert check(side, 5_001) != ""
    assert check(-side, 1) == "position limit"


@pytest.mark.parametrize("state", list(State))
def test_what_may_leave_in_each_state(state):
    check = Checks()
    check.position(50)
    assert check(-1, 10, state=state) == ("" if state is State.RUNNING else state.name)
    for purpose in ("flatten", "close"):
        assert check(-1, 10, purpose=purpose, state=state) == ""
    assert (check(-1, 10, purpose="hedge", state=state) == "") == (state in (State.RUNNING, State.PAUSED))
    assert (check(1, 10, purpose="manual", state=state) == "") == (state in (State.RUNNING, State.PAUSED))
    reduces = (State.RUNNING, State.PAUSED, State.HALTED)  # HALTED: orders that reduce, by an operator
    assert (check(-1, 10, purpose="manual", state=state) == "") == (state in reduces)
    assert (check(-1, 51, purpose="manual", state=state) == "") == (state in (State.RUNNING, State.PAUSED))


@pytest.mark.parametrize(("px", "answer"), [(1_010_000, ""), (1_010_001, "price collar 100 bps"), (990_000, "")])
def test_a_price_outside_the_collar_does_not_leave(px, answer):
    assert Checks()(1, 10, px=px) == answer


def test_the_collar_of_a_quote_is_wider_on_instruments_that_are_no_majors():
    other = item("linear", instrument_changes={"major": False}, spread_bps=400.0)
    assert len(Desk(setup_of(other)).running().open()) == 2
    major = Desk(setup_of(item("linear", spread_bps=400.0))).running()
    assert not major.open() and major.engine.quoters[0].reasons[1] == "price collar 100 bps"


@pytest.mark.parametrize(("lots", "px"), [(0, PX), (-1, PX), (1, 0), (1, -5)])
def test_an_order_without_size_or_price_does_not_leave(lots, px):
    assert Checks()(1, lots, px=px) == "no size"


def test_without_a_reference_nothing_new_leaves():
    assert Checks()(1, 1, reference=0) == "no reference price"


def test_below_the_venues_least_notional_nothing_leaves():
    check = Checks(setup_of(item("linear", instrument_changes={"min_notional": "100"})))
    assert check(1, 1) == ""  # 0.001 BTC at 100 000 is 100 USDT
    assert check(1, 1, px=PX - 1) == "below min notional"


@pytest.mark.parametrize(("i", "fits"), [(SPOT, 100), (LINEAR, 100), (INVERSE, 100)])
def test_order_notional_is_in_the_desks_currency_for_every_kind_of_contract(i, fits):
    """10 000 USDT: 0.1 BTC of spot and linear (100 lots), 100 contracts of 100 USD."""
    check = Checks(three(limits={"order_notional": 10_000.0}), i)
    assert check(1, fits) == ""
    assert check(1, fits + 1) == "order notional limit"


def test_gross_notional_is_the_worst_case_of_all_instruments():
    check = Checks(three(limits={"gross_notional": 30_000.0}), LINEAR)
    engine = check.engine
    engine.accounts[SPOT].position = -100  # 10 000
    engine.accounts[INVERSE].position = 50  # 5 000
    engine.tracker.add(PlaceOrder(INVERSE, 77, 1, PX, 50, "GTX", False, "quote", 0), check.ts)  # worst: 10 000
    assert engine.gate.gross() == 20_000 * 10**27
    assert check(1, 100) == ""
    assert check(1, 101) == "gross notional limit"


def test_what_cannot_be_converted_is_not_quoted():
    odd = item("linear", instrument_changes={"settle": "XYZ", "quote": "XYZ"})
    assert Checks(setup_of(odd))(1, 1) == "no conversion rate"


def test_spot_is_never_sold_beyond_the_balance():
    check = Checks(setup_of(item("spot", baseline="0.1")))
    check.position(20)
    check.rest(-1, 100)
    assert check(-1, 20) == ""
    assert check(-1, 21) == "spot balance"
    assert check(-1, 21, purpose="flatten") == "spot balance"


def test_creates_stop_before_the_rate_budget_so_that_cancels_have_their_share():
    check = Checks(setup_of(limits={"messages_per_s": 10, "cancel_share": 0.2}))
    for _ in range(8):
        assert check(1, 1) == ""
        check.engine.gate.count(0, check.ts)
    assert check(1, 1) == "message rate"
    check.ts += 1_000 * MS
    assert check(1, 1) == ""


def test_cancels_leave_whatever_the_message_rate():
    desk = Desk(setup_of(item("linear", levels=10), limits={"messages_per_s": 10})).running()
    desk.wait(5_000)
    assert len(desk.open()) == 20
    for _ in range(100):
        desk.engine.gate.count(0, desk.now)
    before = desk.mark
    desk.press("pause")
    assert len(desk.cancels(before)) == 20


def test_at_the_message_rate_every_rung_that_reduces_leaves_and_the_others_wait():
    desk = Desk(setup_of(item("linear", levels=3, min_life_ms=0), limits={"messages_per_s": 20})).running()
    desk.trade_into(60)
    assert desk.position() == 60
    desk.wait(3_000)
    desk.press("pause")
    desk.wait(3_000)
    assert not desk.open()
    for _ in range(100):
        desk.engine.gate.count(0, desk.now)
    desk.press("start")
    reduces = [order for order in desk.open() if order.side < 0]
    assert len(reduces) == 3 and desk.engine.quoters[0].reasons[1] == "message rate"
    assert not [order for order in desk.open() if order.side > 0]


def test_message_counts_do_not_pile_up():
    gate = Checks().engine.gate
    for k in range(10_000):
        gate.count(0, DAY0 + k * 10 * MS)
    assert len(gate.sent[0]) <= 101


def test_own_quotes_never_cross_each_other():
    """The old bid is still on its way out when the market has fallen through it."""
    desk = Desk(setup_of(item("linear", spread_bps=0.3)), execution="deaf")
    desk.book()
    desk.press("start")
    for order in desk.open():
        desk.accept(order.oid)
    bid, ask = desk.one(1), desk.one(-1)
    before = desk.mark
    desk.book(999_805, 999_815)
    desk.cancelled(ask.oid)
    assert bid.open and not [e for e in desk.places(before) if e.side < 0 and e.px <= bid.px]
    desk.cancelled(bid.oid)
    desk.wait(100)
    assert [e.side for e in desk.places(before)]
    assert {o.side for o in desk.open()} == {1, -1}
