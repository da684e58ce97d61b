"""The ledger: every part signed, and their sum the change of equity to the last atom."""

from decimal import Decimal

import pytest
from desk_kit import DAY, DAY0, INVERSE, LINEAR, SECOND, SPOT, Desk, instrument, item, setup_of, three
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.events import GridRefined, MarkPrice
from mmtui.core.ledger.account import HORIZONS, PARTS, RATE, Account
from mmtui.core.ledger.ledger import UNIT, Ledger, money
from mmtui.core.market.instrument import ATOMS, Grid

prices = st.integers(500_000, 1_500_000)
lots = st.integers(1, 5_000)
rates = st.integers(RATE // 2, 100_000 * RATE)
act = st.one_of(
    st.tuples(st.just("fill"), st.sampled_from((1, -1)), prices, lots, st.integers(-(10**15), 10**15)),
    st.tuples(st.just("move"), prices, prices),
    st.tuples(st.just("rate"), rates),
    st.tuples(st.just("funding"), st.integers(-(10**8), 10**8)),
    st.tuples(st.just("refine"), st.sampled_from((1, 10)), st.sampled_from((1, 10))),
)


@pytest.mark.parametrize("kind", ["spot", "linear", "inverse"])
@given(acts=st.lists(act, max_size=25))
def test_the_parts_add_up_to_the_change_of_equity(kind, acts):
    """Equity told on its own: cash, position at the mark, settled money; each at the rate of its time, then fx."""
    account = Account(instrument(kind))
    ts, rate, common, mid2 = DAY0, RATE, 0, 2_000_000
    account.references.note(ts, mid2)
    account.mark(mid2, rate, common)
    for one in acts:
        ts += SECOND
        if one[0] == "fill":
            account.fill(one[1], one[2], one[3], ts, one[4], "quote")
        elif one[0] == "move":
            mid2, common = one[1] * 2 + 1, account.grid.value(2 * one[2])
            account.references.note(ts, mid2)
            account.mark(mid2, rate, common)
        elif one[0] == "rate":
            rate = one[1]
            account.mark(mid2, rate, common)
        elif one[0] == "funding":
            account.funding(one[1], 0)
        else:
            tick = Decimal(account.instrument.tick) / one[1]
            lot = Decimal(account.instrument.lot) / one[2]
            finer = instrument(kind, tick=f"{tick:f}", lot=f"{lot:f}")
            account.rescale(finer, one[1], one[2])
            mid2, common = mid2 * one[1], 0
        assert account.total() == account.equity() * rate


@given(moves=st.lists(st.tuples(st.sampled_from((1, -1)), prices, lots, prices), min_size=1, max_size=15))
def test_inventory_is_position_times_change_of_reference_and_nothing_else(moves):
    """Fills at the reference, without fees: inventory is all there is, and it is summed independently here."""
    account, expected, ts = Account(instrument("linear")), 0, DAY0
    value = account.grid.value
    mid2 = 2_000_000
    account.references.note(ts, mid2)
    account.mark(mid2, RATE, 0)
    for side, px, size, _ in moves:
        ts += SECOND
        expected += account.position * (value(2 * px) - value(mid2)) * RATE
        mid2 = 2 * px
        account.references.note(ts, mid2)
        account.mark(mid2, RATE, 0)
        account.fill(side, px, size, ts + 1, 0, "quote")
    assert account.parts["inventory"] == expected == account.total()
    assert account.parts["spread"] == 0


@pytest.mark.parametrize(("side", "px", "edge"), [(1, 999_990, 1), (-1, 1_000_010, 1), (1, 1_000_010, -1)])
@pytest.mark.parametrize("kind", ["linear", "inverse"])
def test_the_edge_of_a_fill_is_side_times_reference_less_price(kind, side, px, edge):
    account = Account(instrument(kind))
    account.references.note(DAY0, 2_000_000)
    account.mark(2_000_000, RATE, 0)
    account.fill(side, px, 100, DAY0 + 1, 0, "quote")
    assert (account.parts["spread"] > 0) == (edge > 0)
    if kind == "linear":  # 10 ticks of 0.1 x 0.1 BTC
        assert account.parts["spread"] == edge * UNIT // 10


def test_the_reference_is_the_last_one_before_the_match_and_what_came_after_is_inventory():
    account = Account(instrument("linear"))
    account.references.note(DAY0, 2_000_000)
    account.references.note(DAY0 + 10, 1_999_900)  # the market fell with the very trade that hit us
    account.mark(1_999_900, RATE, 0)
    account.fill(1, 999_990, 1_000, DAY0 + 10, 0, "quote")
    assert account.parts["spread"] == 1 * UNIT
    assert account.parts["inventory"] == -5 * UNIT
    assert account.total() == account.equity() * RATE


@pytest.mark.parametrize(("purpose", "part"), [("quote", "spread"), ("flatten", "slippage"), ("close", "slippage")])
def test_the_edge_belongs_to_the_purpose_of_the_order(purpose, part):
    account = Account(instrument("linear"))
    account.references.note(DAY0, 2_000_000)
    account.mark(2_000_000, RATE, 0)
    account.fill(1, 1_000_010, 1_000, DAY0 + 1, 0, purpose)
    assert {name for name, value in account.parts.items() if value} == {part}
    assert account.parts[part] == -1 * UNIT


def test_fees_cost_and_rebates_earn():
    account = Account(instrument("linear"))
    account.mark(2_000_000, RATE, 0)
    account.fill(1, 1_000_000, 1, DAY0, 3 * ATOMS, "quote")
    account.fill(-1, 1_000_000, 1, DAY0, -1 * ATOMS, "quote")
    assert (account.parts["fees"], account.parts["rebates"]) == (-3 * UNIT, 1 * UNIT)


@pytest.mark.parametrize(("position", "rate", "sign"), [(10, 100, -1), (10, -100, 1), (-10, 100, 1), (-10, -100, -1)])
@pytest.mark.parametrize("kind", ["linear", "inverse"])
def test_longs_pay_a_positive_funding_rate(kind, position, rate, sign):
    account = Account(instrument(kind))
    account.mark(2_000_000, RATE, 0)
    account.fill(1 if position > 0 else -1, 1_000_000, abs(position), DAY0, 0, "quote")
    atoms = account.funding(rate * 10**4, 0)
    assert atoms * sign > 0
    assert account.parts["funding"] == atoms * RATE


@given(fills=st.lists(st.tuples(st.sampled_from((1, -1)), st.just(1_000), st.integers(1, 9)), max_size=20))
def test_at_one_price_the_average_is_that_price(fills):
    account = Account(instrument("linear"))
    account.mark(2_000, RATE, 0)
    for side, px, size in fills:
        account.fill(side, px, size, DAY0, 0, "quote")
        assert account.average() == pytest.approx(1_000 if account.position else 0)


def test_the_average_price_survives_a_reduction_and_starts_anew_after_a_flip():
    account = Account(instrument("linear"))
    account.mark(2_000, RATE, 0)
    for side, px, size, average in ((1, 100, 10, 100), (1, 200, 10, 150), (-1, 300, 5, 150), (-1, 400, 25, 400)):
        account.fill(side, px, size, DAY0, 0, "quote")
        assert account.average() == average
    assert account.position == -10


@pytest.mark.parametrize(("side", "sign"), [(1, 1), (-1, -1)])
def test_markouts_look_at_the_reference_after_one_five_and_thirty_seconds(side, sign):
    account = Account(instrument("linear"))
    account.mark(2_000_000, RATE, 0)
    account.references.note(DAY0, 2_000_000)
    account.fill(side, 1_000_000, 5, DAY0, 0, "quote")
    for seconds, mid in zip(HORIZONS, (1_000_100, 1_000_200, 1_000_300), strict=True):
        account.references.note(DAY0 + seconds * SECOND - 1, 2 * mid)
    assert account.markout(0) is None
    account.markouts_due(DAY0 + 30 * SECOND)
    assert [account.markout(k) for k in range(3)] == pytest.approx([sign * 1, sign * 2, sign * 3])


@given(px=prices, size=lots, bps=st.sampled_from(("2", "-0.5", "0", "1.25")))
def test_a_fee_is_rounded_away_from_zero_and_never_free(px, size, bps):
    grid = Grid(instrument("linear"))
    exact = Decimal(abs(grid.value(2 * px))) * size * Decimal(bps) / 10_000
    fee = grid.fee_atoms(2 * px, size, bps)
    assert abs(exact) <= abs(fee) < abs(exact) + 1
    assert not fee or (fee > 0) == (Decimal(bps) > 0)


# -- the desk's ledger -------------------------------------------------------------------------------------------------


def test_coin_profit_is_worth_what_the_desks_own_spot_book_says():
    ledger = Ledger(three())
    assert ledger.rate(INVERSE) == 0
    ledger.accounts[INVERSE].references.note(DAY0, 2_000_000)
    assert ledger.rate(INVERSE) == 100_000 * RATE  # its own price stands in
    ledger.accounts[SPOT].references.note(DAY0, 2_200_000)
    assert ledger.rate(INVERSE) == 110_000 * RATE


def test_a_coin_earned_before_the_first_rate_is_not_lost():
    account = Account(instrument("inverse"))
    account.fill(1, 1_000_000, 10, DAY0, -(10**15), "quote")  # a rebate of 0.001 BTC, no rate yet
    account.mark(2_000_000, 100_000 * RATE, 0)
    assert account.total() == account.equity() * 100_000 * RATE == 100 * UNIT


def test_what_spot_does_is_inventory_and_what_the_perp_does_beyond_it_is_basis():
    desk = Desk(three())
    desk.books()
    desk.trade_into(1_000, LINEAR)
    desk.book(1_000_095, 1_000_105, SPOT)  # spot +10 USDT
    desk.book(1_000_145, 1_000_155, LINEAR)  # perp +15 USDT
    desk.timer()
    parts = desk.engine.accounts[LINEAR].parts
    assert (parts["inventory"], parts["basis"]) == (10 * UNIT, 5 * UNIT)


def test_fx_is_what_the_rate_did_to_what_was_held():
    desk = Desk(three())
    desk.books()
    desk.trade_into(10, INVERSE)
    account = desk.engine.accounts[INVERSE]
    account.pay("incentives", ATOMS)  # one BTC
    desk.book(1_010_000 - 5, 1_010_000 + 5, SPOT)
    desk.timer()
    assert account.parts["fx"] == 1_000 * UNIT
    assert account.total() == account.equity() * 101_000 * RATE


def test_funding_is_paid_once_though_the_next_period_comes_before_our_timer():
    desk = Desk(setup_of(item("linear")))
    desk.book()
    desk.trade_into(1_000)
    due = desk.now + 50_000_000
    desk.event(MarkPrice(desk.now, desk.now, 0, 100_000 * 10**8, 0, 10**6, due))
    desk.event(MarkPrice(due + 1, due + 1, 0, 100_000 * 10**8, 0, 5 * 10**6, due + 8 * 3600 * SECOND))
    desk.wait(500)
    assert desk.engine.accounts[0].parts["funding"] == -10 * UNIT  # 100 000 x 0.01 %
    assert len([a for a in desk.alerts if a.code == "funding"]) == 1


def test_the_day_ends_at_midnight_utc_and_the_rolling_day_does_not():
    ledger = Ledger(setup_of())
    account = ledger.accounts[0]
    account.mark(2_000_000, RATE, 0)
    ledger.mark_all(DAY0 + DAY - 10 * SECOND)
    account.pay("incentives", -7 * ATOMS)
    ledger.mark_all(DAY0 + DAY - 5 * SECOND)
    assert (ledger.day_total(), ledger.rolling(), ledger.drawdown()) == (-7 * UNIT, -7 * UNIT, 7 * UNIT)
    ledger.mark_all(DAY0 + DAY)
    assert (ledger.day_total(), ledger.rolling(), ledger.drawdown()) == (0, -7 * UNIT, 7 * UNIT)
    for hour in range(1, 26):
        ledger.mark_all(DAY0 + DAY + hour * 3600 * SECOND)
    assert ledger.rolling() == 0


def test_the_rolling_day_needs_no_beat_in_every_minute():
    ledger = Ledger(setup_of())
    ledger.accounts[0].mark(2_000_000, RATE, 0)
    ledger.accounts[0].pay("incentives", -7 * ATOMS)
    ledger.mark_all(DAY0)
    ledger.mark_all(DAY0 + 2 * DAY)
    ledger.mark_all(DAY0 + 2 * DAY + 60 * SECOND)
    assert ledger.rolling() == 0


def test_drawdown_is_from_the_highest_total():
    ledger = Ledger(setup_of())
    account = ledger.accounts[0]
    account.mark(2_000_000, RATE, 0)
    for change, fallen in ((5, 0), (-3, 3), (2, 1), (4, 0)):
        account.pay("incentives", change * ATOMS)
        ledger.mark_all(DAY0)
        assert ledger.drawdown() == fallen * UNIT


@pytest.mark.parametrize("kind", [SPOT, LINEAR, INVERSE])
def test_a_finer_grid_changes_no_worth(kind):
    desk = Desk(three())
    desk.books()
    desk.trade_into(200, kind)
    desk.book(1_000_105, 1_000_115, kind)
    desk.timer()
    account, ledger = desk.engine.accounts[kind], desk.engine.ledger
    before = (account.total(), ledger.delta(kind, desk.engine.books), account.average() * float(account.grid.tick))
    lot = "0.1" if kind == INVERSE else "0.0001"
    desk.event(GridRefined(desk.now, kind, "0.01", lot, 10, 10))
    desk.timer()
    assert account.position == 2_000
    assert account.total() == account.equity() * account.rate
    after = (account.total(), ledger.delta(kind, desk.engine.books), account.average() * float(account.grid.tick))
    assert float(after[0]) == pytest.approx(float(before[0]), rel=1e-9)
    assert after[1:] == (before[1], pytest.approx(before[2]))


def test_delta_of_an_asset_is_spot_linear_inverse_and_the_coin_wallet():
    desk = Desk(three())
    desk.books()
    desk.trade_into(500, SPOT)
    desk.trade_into(-300, LINEAR)
    desk.trade_into(100, INVERSE)
    desk.engine.accounts[INVERSE].pay("incentives", ATOMS // 4)
    assert desk.engine.ledger.asset_delta("BTC", desk.engine.books) == Decimal("0.5") - Decimal("0.3") + Decimal(
        "0.1"
    ) + Decimal("0.25")


@pytest.mark.parametrize(
    ("units", "text"),
    [(0, "0.00"), (UNIT, "1.00"), (-UNIT // 200, "-0.01"), (-1, "0.00"), (UNIT * 1234567, "1234567.00")],
)
def test_money_is_rounded_half_away_from_zero_and_never_minus_zero(units, text):
    assert money(units) == text


def test_every_part_of_the_rules_is_there():
    rules = "spread, inventory, basis, fees, rebates, funding, borrow, hedge, slippage, incentives, fx"
    assert ", ".join(PARTS) == rules


def test_references_reach_back_forty_seconds_and_memory_stays_bounded():
    from mmtui.core.ledger.account import References

    references = References()
    step = 2_000_000  # 500 changes a second
    for k in range(200_000):
        references.note(k * step, k)
    now = 199_999 * step
    assert references.at(now - 30_000_000_000) == 199_999 - 15_000
    assert references.before(now - 39_000_000_000) == 199_999 - 19_500 - 1
    assert len(references.mids) < 30_000
