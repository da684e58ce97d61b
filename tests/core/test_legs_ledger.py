"""Two legs of one instrument: what both earned is the account's equity to the last atom, whatever happened."""

from __future__ import annotations

from decimal import Decimal

from desk_kit import instrument
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.ledger.account import RATE, Account
from mmtui.core.ledger.legs import Leg

MID = 1_000_000
FEE = 3 * 10**15


def account(kind="linear"):
    made = Account(instrument(kind, hedge_mode=True))
    made.references.note(0, 2 * MID)
    made.mark(2 * MID, RATE, 0)
    return made


def adds_up(one):
    worth = one.grid.value(one.mark2)
    assert one.legs.long.profit(worth) + one.legs.short.profit(worth) + one.legs.carry == one.equity()
    assert one.legs.long.lots - one.legs.short.lots == one.position
    assert one.equity() * RATE == sum(one.parts.values())


def test_a_buy_of_the_short_leg_closes_it_and_one_of_the_long_leg_opens_it():
    one = account()
    one.fill(-1, MID, 7, 0, 0, "quote", leg=-1)
    one.fill(1, MID - 20, 4, 0, 0, "quote", leg=1)
    one.fill(1, MID - 40, 2, 0, 0, "quote", leg=-1)
    assert (one.legs.long.lots, one.legs.short.lots, one.position, one.legs.locked) == (4, 5, -1, 4)
    assert one.legs.short.average() == MID and one.legs.long.average() == MID - 20
    assert (one.reducible(1), one.reducible(-1)) == (5, 4)
    adds_up(one)


def test_each_leg_earns_by_its_own_fills():
    one = account()
    one.fill(1, MID, 10, 0, FEE, "quote", leg=1)
    one.fill(-1, MID + 50, 10, 0, FEE, "quote", leg=-1)
    one.mark(2 * (MID + 100), RATE, 0)
    tick = one.grid.value(2 * MID + 2) - one.grid.value(2 * MID)
    worth = one.grid.value(one.mark2)
    assert one.legs.long.profit(worth) == 1_000 * tick - FEE
    assert one.legs.short.profit(worth) == -500 * tick - FEE
    assert one.position == 0 and one.legs.locked == 10
    adds_up(one)


def test_what_no_fill_caused_is_of_no_leg():
    one = account()
    one.fill(1, MID, 10, 0, 0, "quote", leg=1)
    one.pay("funding", -12_345)
    assert one.legs.carry == -12_345
    one.transfer(-4, 6)  # the venue has 2 more long and 6 more short than we knew
    assert (one.legs.long.lots, one.legs.short.lots, one.position) == (12, 6, 6)
    adds_up(one)


def test_what_was_held_before_the_first_price_came_at_it():
    one = Account(instrument(hedge_mode=True))
    one.transfer(3, 5)
    one.references.note(0, 2 * MID)
    one.mark(2 * MID, RATE, 0)
    assert one.equity() == 0 and (one.legs.long.lots, one.legs.short.lots) == (8, 5)
    assert one.legs.long.profit(one.grid.value(one.mark2)) == one.legs.short.profit(one.grid.value(one.mark2)) == 0
    adds_up(one)


def test_a_venue_that_does_not_tell_the_leg_reduces_first():
    one = account()
    one.fill(-1, MID, 5, 0, 0, "quote")
    one.fill(1, MID, 5, 0, 0, "quote")
    assert (one.legs.long.lots, one.legs.short.lots) == (0, 0)
    one.fill(-1, MID, 5, 0, 0, "quote")
    one.fill(1, MID, 6, 0, 0, "quote")
    assert (one.legs.long.lots, one.legs.short.lots) == (6, 5)


def test_a_report_that_is_late_makes_a_leg_whole_again():
    leg = Leg(1)
    leg.move(-3, MID, 0)  # the sale was told before the purchase
    leg.move(3, MID - 10, 0)
    assert leg.lots == 0 and leg.entry_ticks == 0
    leg.move(2, MID, 0)
    assert leg.average() == MID


def test_without_hedge_mode_there_are_no_legs():
    one = Account(instrument())
    assert one.legs is None and one.reducible(1) == 0
    one.fill(-1, MID, 5, 0, 0, "quote")
    assert (one.reducible(1), one.reducible(-1)) == (5, 0)
    assert one.held_text() == "-0.005"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.sampled_from((1, -1)), st.sampled_from((1, -1)),
                  st.integers(MID - 500, MID + 500), st.integers(1, 40), st.integers(-FEE, FEE)),
        st.tuples(st.just("mark"), st.integers(2 * MID - 999, 2 * MID + 999), st.integers(RATE // 2, 2 * RATE)),
        st.tuples(st.just("pay"), st.integers(-FEE, FEE)),
        st.tuples(st.just("transfer"), st.integers(-9, 9), st.integers(-9, 9)),
        st.tuples(st.just("refine"), st.sampled_from((2, 10)), st.sampled_from((2, 10))),
    ),
    max_size=30,
)  # fmt: skip


@given(STEPS, st.sampled_from(("linear", "inverse")))
def test_the_legs_are_the_equity_whatever_happens(steps, kind):
    one = account(kind)
    px = sz = 1
    for name, *args in steps:
        if name == "fill":
            side, leg, at, lots, fee = args
            one.fill(side, at * px, lots, 0, fee, "quote", leg=leg)
        elif name == "mark":
            one.mark(args[0] * px, args[1], 0)
        elif name == "pay":
            one.pay("funding", args[0])
        elif name == "transfer":
            one.transfer(*args)
        elif px * sz < 1_000:
            px, sz = px * args[0], sz * args[1]
            lot = (Decimal(1) if kind == "inverse" else Decimal("0.001")) / sz
            one.rescale(instrument(kind, hedge_mode=True, tick=str(Decimal("0.1") / px), lot=str(lot)), *args)
        worth = one.grid.value(one.mark2)
        both = one.legs.long.profit(worth) + one.legs.short.profit(worth)
        assert both + one.legs.carry == one.equity()
        assert one.legs.long.lots - one.legs.short.lots == one.position
