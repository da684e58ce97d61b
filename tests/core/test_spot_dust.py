"""Fees in the base asset: what is less than a lot is state of the desk, so that no restart forgets it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from desk_kit import Desk, item
from hypothesis import given, settings
from hypothesis import strategies as st
from live_desk import Account, live, up

from mmtui.core.effects import Adjust
from mmtui.core.events import AccountMove, Event, HostStarted, Positions
from mmtui.core.orders.reconcile import ADOPTED
from mmtui.venues.account_reader import Reader
from mmtui.venues.binance.reports import FillReport

LOT = Decimal("0.001")


def spot():
    return up(live(item("spot"), reconcile_s=1.0), i0=100_000)


def fee(desk, trade, rest, lots=0):
    ref = f"BTC/{trade}/fee"
    desk.step(AccountMove(desk.now, desk.now, 0, 0, "FEE_ASSET", ref, lots, 0, "0", "BTC", rest))


def breaks(desk):
    return [one for one in desk.all(Adjust) if one.why != ADOPTED]


def test_parts_of_a_lot_add_up_to_lots_exactly():
    desk, _ = spot()
    taken = []
    for trade, rest in enumerate(["-0.0004", "-0.0004", "-0.0002", "-0.0009", "-0.0009", "0.0008"]):
        fee(desk, trade, rest)
        taken.append(desk.position())
    assert taken == [0, 0, -1, -1, -2, -2]
    assert desk.engine.reconcile.dust == [0]


def test_a_fee_that_is_told_twice_counts_once():
    desk, _ = spot()
    for trade in (1, 1, 2, 1, 2):
        fee(desk, trade, "-0.0006")
    assert desk.position() == -1 and desk.engine.reconcile.dust == [-2 * 10**14]


def test_a_restart_does_not_forget_what_is_less_than_a_lot():
    desk, _ = spot()
    fee(desk, 1, "-0.0006")
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    fee(desk, 2, "-0.0006")
    assert desk.position() == -1


def test_what_is_less_than_a_lot_is_part_of_the_state_and_a_desk_without_any_keeps_its_hash():
    desk, _ = spot()
    before = desk.engine.reconcile.digest()
    fee(desk, 1, "0.0000")
    assert desk.engine.reconcile.digest()[3:] == before[3:]
    fee(desk, 2, "-0.0006")
    assert desk.engine.reconcile.digest()[4:] == ([-6 * 10**14],)


def test_a_position_that_is_taken_from_the_venue_has_its_part_of_a_lot_in_it():
    desk = Desk(live(item("spot"), reconcile_s=1.0), execution="deaf")
    fee(desk, 1, "-0.0006")
    account = Account(desk)
    account.all_well(i0=100_003)
    assert desk.position() == 3 and desk.engine.reconcile.dust == [0]  # adopted
    desk.wait(3_200)
    for trade in (2, 3):
        fee(desk, trade, "-0.0003")
        account.all_well(i0=100_009)
        desk.wait(6_200)
    assert [one.after for one in breaks(desk)] == [9] and desk.engine.reconcile.dust == [0]


def test_a_record_of_before_there_were_parts_of_lots_is_read():
    new = AccountMove(1, 2, 0, 0, "FEE_ASSET", "r", -3, 0, "0", "BTC")
    row = msgspec.msgpack.decode(msgspec.msgpack.encode(new))
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(row[:-1]), type=Event)
    assert row[-1] == "0" and old == new


class Venue:
    """A spot account in exact decimals, and its executions."""

    def __init__(self):
        self.balance = Decimal(100)
        self.fills = []

    def trade(self, now, side, lots, paid):
        size = LOT * lots
        self.balance += size - paid if side > 0 else -size
        taken = (format(paid, "f"), "BTC") if side > 0 else ("0.6", "USDT")
        word = "buy" if side > 0 else "sell"
        name = f"t{len(self.fills)}"
        self.fills.append(FillReport("cash:BTC", now, "9", "", name, word, "100000", str(size), True, *taken))


TRADES = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(1, 9), st.integers(0, 250_000).map(lambda n: Decimal(n) / 10**8)),
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(TRADES, min_size=2, max_size=8))
def test_over_many_lives_the_position_is_the_balance_to_a_lot_and_nothing_halts(lives):
    """A desk that forgot the parts of lots at a restart was a lot further off after each life, until it halted."""
    desk, account = spot()
    venue = Venue()
    for number, trades in enumerate(lives, 2):
        desk.step(HostStarted(desk.now, number, "recovery", {}, False, number * 10_000, number * 10_000 + 9_000))
        reader = Reader("cash", 0, [(0, desk.engine.accounts[0].instrument)])
        for report in venue.fills[-4:]:  # the catch-up asks from before what is known
            for event in reader.fill(desk.now, report, 7_000):
                desk.step(event)
        for side, lots, paid in trades:
            venue.trade(desk.now, side, lots, paid)
            for _ in range(2):  # by the stream, and by the list
                for event in reader.fill(desk.now, venue.fills[-1], 7_000):
                    desk.step(event)
            desk.wait(100)
        desk.wait(3_000)
        for _ in range(3):
            account.orders()
            account.history()
            lots = reader.grids[0].balance(str(venue.balance))
            desk.step(Positions(desk.now, 0, account.query, [0], [lots]))
            desk.wait(6_100)
        exact = (venue.balance - 100) / LOT
        assert abs(exact - desk.position()) < 1
        assert desk.engine.reconcile.rounds[0].query and not desk.engine.reconcile.pending()
        assert not breaks(desk) and desk.engine.lattice.instruments[0].name != "HALTED"
