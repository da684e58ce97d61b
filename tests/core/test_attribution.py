"""Attribution: lines of sides and levels add up to the account, and its parts to equity, to the last integer."""

from decimal import Decimal

import pytest
from desk_kit import DAY0, INVERSE, LINEAR, SECOND, SPOT, Desk, instrument, item, setup_of, three
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.earn.attribution import attribution, grouped, in_cents, interval
from mmtui.core.ledger.account import EDGE_PART, PARTS, RATE, Account
from mmtui.core.ledger.ledger import UNIT, money
from mmtui.core.ledger.lines import CARRY

prices = st.integers(500_000, 1_500_000)
purposes = st.sampled_from(tuple(EDGE_PART))
sides = st.sampled_from((1, -1))
act = st.one_of(
    st.tuples(
        st.just("fill"), sides, prices, st.integers(1, 5_000), st.integers(-(10**15), 10**15), purposes,
        st.integers(0, 3), st.integers(0, 3),
    ),
    st.tuples(st.just("move"), prices, prices),
    st.tuples(st.just("move"), prices, st.just(0)),
    st.tuples(st.just("rate"), st.integers(RATE // 2, 100_000 * RATE)),
    st.tuples(st.just("funding"), st.integers(-(10**8), 10**8)),
    st.tuples(st.just("pay"), st.sampled_from(("borrow", "incentives")), st.integers(-(10**15), 10**15)),
    st.tuples(st.just("transfer"), st.integers(-5_000, 5_000)),
    st.tuples(st.just("refine"), st.sampled_from((1, 10)), st.sampled_from((1, 10))),
)  # fmt: skip


class Played:
    """An account to which things happen."""

    def __init__(self, kind, marked):
        self.account = Account(instrument(kind))
        self.ts, self.rate, self.common, self.mid2 = DAY0, RATE, 0, 2_000_000
        if marked:
            self.account.references.note(self.ts, self.mid2)
            self.mark()

    def mark(self):
        self.account.mark(self.mid2, self.rate, self.common)

    def play(self, one):
        account = self.account
        self.ts += SECOND
        what, *rest = one
        if what == "fill":
            side, px, size, fee, purpose, level, late = rest
            if account.mark2:
                self.mark()
            before = account.total()
            account.fill(side, px, size, self.ts - late * SECOND, fee, purpose, level)
            assert account.latest.total == account.total() - before, "the parts of one fill are what it changed"
        elif what == "move":
            self.mid2 = rest[0] * 2 + 1
            self.common = account.grid.value(2 * rest[1]) if rest[1] else 0
            account.references.note(self.ts, self.mid2)
            self.mark()
        elif what == "rate":
            self.rate = rest[0]
            self.mark()
        elif what == "refine":
            was = account.instrument
            tick, lot = Decimal(was.tick) / rest[0], Decimal(was.lot) / rest[1]
            account.rescale(instrument(was.kind, tick=f"{tick:f}", lot=f"{lot:f}"), *rest)
            self.mid2, self.common = self.mid2 * rest[0], 0
        elif what == "funding":
            account.funding(rest[0], 0)
        elif what == "pay":
            account.pay(*rest)
        else:
            account.transfer(rest[0])


def sums(account):
    lines = account.lines.parts().values()
    return {part: sum(line.get(part, 0) for line in lines) for part in PARTS}


@pytest.mark.parametrize("kind", ["spot", "linear", "inverse"])
@given(acts=st.lists(act, max_size=30), marked=st.booleans())
def test_lines_add_up_to_the_parts_and_the_parts_to_equity(kind, acts, marked):
    played = Played(kind, marked)
    account = played.account
    for one in acts:
        played.play(one)
        assert sums(account) == account.parts
        assert account.total() == account.equity() * account.rate
        lines = account.lines.lines.values()
        assert sum(line.position for line in lines) == account.position
        assert sum(line.money for line in lines) == account.cash + account.settled


@given(acts=st.lists(act, min_size=2, max_size=20))
def test_a_line_brought_up_to_date_late_says_what_one_that_always_was_says(acts):
    often, seldom = Played("inverse", True), Played("inverse", True)
    for one in acts:
        often.play(one)
        seldom.play(one)
        for key in often.account.lines.lines:
            often.account.lines.at(key)
    assert often.account.lines.parts() == seldom.account.lines.parts()


def fill(account, side, px, lots, ts, purpose="quote", level=0, fee=0):
    account.fill(side, px, lots, ts, fee, purpose, level)


def test_each_rung_keeps_the_spread_it_caught_and_the_inventory_it_left():
    account = Account(instrument("linear"))
    account.references.note(DAY0, 2_000_000)
    account.mark(2_000_000, RATE, 0)
    fill(account, 1, 999_990, 1_000, DAY0 + 1, level=0)  # a tick is 0.1, so 1 USDT under mid on 1 BTC
    fill(account, 1, 999_980, 1_000, DAY0 + 1, level=1)
    fill(account, -1, 1_000_010, 1_000, DAY0 + 1, level=0, fee=-(10**17))
    account.mark(1_999_800, RATE, 0)  # down by 10
    lines = account.lines.parts()
    assert lines["quote", 1, 0] == {"spread": UNIT, "inventory": -10 * UNIT}
    assert lines["quote", 1, 1] == {"spread": 2 * UNIT, "inventory": -10 * UNIT}
    assert lines["quote", -1, 0] == {"spread": UNIT, "inventory": 10 * UNIT, "rebates": UNIT // 10}


@pytest.mark.parametrize(
    ("purpose", "part"),
    [("quote", "spread"), ("manual", "spread"), ("flatten", "slippage"), ("close", "slippage"), ("hedge", "hedge"),
     ("external", "slippage")],
)  # fmt: skip
def test_a_purpose_has_its_own_line_and_its_own_part(purpose, part):
    account = Account(instrument("linear"))
    account.references.note(DAY0, 2_000_000)
    account.mark(2_000_000, RATE, 0)
    fill(account, 1, 1_000_010, 1_000, DAY0 + 1, purpose, fee=3 * 10**17)
    assert account.lines.parts() == {(purpose, 1, 0): {part: -UNIT, "fees": -3 * UNIT // 10}}


def test_funding_and_transfers_belong_to_no_side():
    account = Account(instrument("linear"))
    account.references.note(DAY0, 2_000_000)
    account.mark(2_000_000, RATE, 0)
    account.transfer(1_000)
    account.funding(10**6, 0)
    account.mark(2_000_200, RATE, 0)
    assert account.lines.parts() == {CARRY: {"funding": -10 * UNIT, "inventory": 10 * UNIT}}


def test_what_was_held_before_the_first_reference_came_at_its_price():
    account = Account(instrument("inverse"))
    account.transfer(50)
    account.rescale(instrument("inverse", tick="0.01"), 10, 1)
    account.references.note(DAY0, 20_000_000)
    account.transfer(50)
    account.mark(20_000_000, RATE, 0)
    assert (account.position, account.total(), account.equity()) == (100, 0, 0)


def test_money_that_came_before_the_rate_is_worth_something_at_the_first_fill():
    account = Account(instrument("inverse"))
    account.pay("incentives", 10**15)
    account.convert(100_000 * RATE)
    assert account.total() == account.equity() * 100_000 * RATE == 100 * UNIT
    assert account.lines.parts()[CARRY] == {"fx": 100 * UNIT}


# -- the desk ----------------------------------------------------------------------------------------------------------


def traded():
    desk = Desk(three())
    desk.books()
    for i, position in ((SPOT, 300), (LINEAR, -400), (INVERSE, 20)):
        desk.trade_into(position, i)
    desk.book(1_000_195, 1_000_205, SPOT)
    desk.book(1_000_245, 1_000_255, LINEAR)
    desk.book(1_000_145, 1_000_155, INVERSE)
    desk.timer()
    return desk


def test_cells_of_the_desk_add_up_over_every_grouping():
    desk = traded()
    ledger, cells = desk.engine.ledger, attribution(desk.engine.ledger)
    for fields in ((), ("venue",), ("instrument",), ("side",), ("level",), ("purpose", "side", "level")):
        rows = grouped(cells, *fields).values()
        assert {part: sum(row[part] for row in rows) for part in PARTS} == ledger.parts()
        assert sum(row["total"] for row in rows) == ledger.total()
    by_name = grouped(cells, "instrument")
    for account in ledger.accounts:
        assert by_name[account.instrument.id,]["total"] == account.total()


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-500, 500), st.integers(-90, 90)), min_size=1, max_size=6))
def test_intervals_add_up_to_the_whole(steps):
    desk = traded()
    ledger = desk.engine.ledger
    then = first = attribution(ledger)
    total = ledger.total()
    gained, found = 0, {}
    for i, position, ticks in steps:
        if position != desk.position(i):
            desk.trade_into(position, i, 1_000_000 + ticks)
        desk.book(999_995 + ticks, 1_000_005 + ticks, i)
        desk.timer()
        now = attribution(ledger)
        piece = interval(now, then)
        then = now
        gained += sum(sum(parts.values()) for parts in piece.values())
        for cell, parts in piece.items():
            for part, value in parts.items():
                found[cell, part] = found.get((cell, part), 0) + value
    assert gained == ledger.total() - total
    whole = {(cell, part): value for cell, parts in interval(then, first).items() for part, value in parts.items()}
    assert {key: value for key, value in found.items() if value} == whole


def test_a_quote_that_is_filled_is_booked_on_its_rung():
    desk = Desk(setup_of(item("linear", levels=2)))
    desk.running()
    for order in sorted(desk.open(1), key=lambda order: order.level):
        desk.fill(order.oid, 1)
    rungs = sorted(key for key in desk.engine.accounts[0].lines.parts() if key[0] == "quote")
    assert rungs == [("quote", 1, 0), ("quote", 1, 1)]



@given(st.dictionaries(st.sampled_from(PARTS), st.integers(-(10**30), 10**30), min_size=1))
def test_what_is_written_adds_up_to_the_cent(parts):
    texts = in_cents(parts)
    assert sum(Decimal(text) for text in texts.values()) == Decimal(money(sum(parts.values())))
    for part, value in parts.items():
        assert abs(Decimal(texts[part]) - Decimal(value) / UNIT) < Decimal("0.01")
