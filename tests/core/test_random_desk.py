"""Random lives of a desk: after every event the invariants hold, and after quiet time engine and venue agree."""

import pytest
from desk_kit import MS, Desk
from hypothesis import given, settings
from hypothesis import strategies as st
from random_desk import Walk, desk_setup

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import Fill
from mmtui.core.orders.table import State
from mmtui.core.risk.states import Desk as Lattice


class Invariants:
    """Numbers as in the list of invariants of the failures page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.created: set[int] = set()
        self.fills: dict[tuple[int, str], Fill] = {}
        self.counts = {"places": 0, "fills": 0, "killed": 0, "tasks": 0}

    def __call__(self, event, effects) -> None:
        engine, tracker = self.desk.engine, self.desk.engine.tracker
        if isinstance(event, Fill):
            self.fills[event.i, event.trade_id] = event
            self.counts["fills"] += 1
        for effect in effects:
            if isinstance(effect, PlaceOrder):
                self.placed(effect)
        for i, account in enumerate(engine.accounts):
            mine = [o for o in tracker.open.values() if o.i == i]
            assert tracker.buys[i] == sum(o.left for o in mine if o.side > 0)
            assert tracker.sells[i] == sum(o.left for o in mine if o.side < 0)
            assert tracker.count[i] == len(mine)
            assert account.total() == account.equity() * account.rate, "the parts are the change of equity"
            booked = sum(f.side * f.sz for (k, _), f in self.fills.items() if k == i)
            assert account.position == booked, "I5"
            self.slots(i, engine.quoters[i])
        assert all(o.filled <= o.sz for o in tracker.open.values()), "I6"
        self.counts["killed"] += engine.lattice.desk is Lattice.KILLED
        self.counts["tasks"] += bool(engine.tasks.running)

    def placed(self, effect: PlaceOrder) -> None:
        engine, i = self.desk.engine, effect.i
        self.counts["places"] += 1
        assert effect.oid not in self.created, "I1"
        self.created.add(effect.oid)
        account, tracker = engine.accounts[i], engine.tracker
        item = engine.setup.instruments[i]
        if effect.purpose == "quote":
            assert engine.lattice.effective(i) is Lattice.RUNNING, "I2"
            assert engine.books[i].quotable and not engine.protections.reasons[i], "I8"
            assert effect.tif == "GTX", "I9"
            book = engine.books[i]
            assert effect.px < book.ask if effect.side > 0 else effect.px > book.bid, "I9"
            across = [o.px for o in tracker.open.values() if o.i == i and o.side == -effect.side]
            assert all(effect.side * (px - effect.px) > 0 for px in across), "I9: own orders never cross"
            long = account.position + tracker.buys[i]
            short = account.position - tracker.sells[i]
            limit = engine.gate.position_limits[i]
            if effect.side > 0:
                assert long <= max(limit, 0), "I3"
            else:
                assert -short <= limit, "I3"
        if effect.purpose in ("hedge", "roll", "manual"):
            assert engine.lattice.effective(i) in (Lattice.RUNNING, Lattice.PAUSED) or (
                engine.lattice.effective(i) is Lattice.HALTED and effect.purpose != "hedge"
            ), "nothing of it in STOPPED or KILLED"
            self.counts[effect.purpose] = self.counts.get(effect.purpose, 0) + 1
        if effect.purpose == "hedge":
            net = engine.tasks.desk.net(item.instrument.base)
            size = account.grid.base_lots(effect.sz, engine.books[i].mid2())
            assert net * effect.side < 0 and size <= abs(net), "a hedge never turns the sign of delta"
            assert sum(o.purpose == "hedge" for o in tracker.open.values()) == 1, "one hedge at a time"
        if item.instrument.kind == "spot" and effect.side < 0:
            assert tracker.sells[i] <= engine.gate.baselines[i] + account.position, "spot is not sold short"
        if effect.reduce_only:
            assert effect.sz <= abs(account.position) and effect.side * account.position < 0

    def slots(self, i: int, quoter) -> None:
        for side in (1, -1):
            held = [o for o in quoter.slots[side] if o is not None]
            assert all(o.open and o.side == side and o.i == i for o in held)
            quotes = [
                o
                for o in self.desk.engine.tracker.open.values()
                if o.i == i and o.side == side and o.purpose == "quote"
            ]
            assert {o.oid for o in held} == {o.oid for o in quotes}
            for o in held:
                assert quoter.slots[side][o.level] is o


def settle(desk: Desk) -> None:
    """Quiet time without new orders: everything on the way arrives."""
    desk.press("pause")
    desk.press("abort")
    for _ in range(120):
        desk.runner.advance(desk.now + 100 * MS)


@pytest.mark.parametrize("faults", [False, True])
@given(seed=st.integers(0, 1 << 40))
@settings(max_examples=40, deadline=None)
def test_in_every_life_the_invariants_hold(faults, seed):
    desk = Desk(desk_setup(seed), seed=seed)
    check = desk.after = Invariants(desk)
    desk.books()
    desk.press("start")
    walk = Walk(desk, seed, faults)
    for _ in range(250):
        walk.step()
    settle(desk)
    engine = desk.engine
    assert not [o for o in engine.tracker.open.values() if o.state is State.UNKNOWN]
    for v in range(3):
        resting = [o.oid for o in engine.tracker.open.values() if engine.venue_of[o.i] == v]
        assert sorted(resting) == desk.venue.open_orders(v)
    assert [a.position for a in engine.accounts] == [desk.venue.position(i) for i in range(3)]
    if engine.lattice.desk < Lattice.STOPPED:
        assert all(o.purpose in ("manual", "hedge") for o in engine.tracker.open.values()), "PAUSED lets these rest"
    assert check.counts["places"] >= 0


def test_the_random_lives_are_lively():
    """What is never reached is not tested."""
    total: dict[str, int] = {}
    for seed in range(16):
        desk = Desk(desk_setup(seed), seed=seed)
        check = desk.after = Invariants(desk)
        desk.books()
        desk.press("start")
        walk = Walk(desk, seed)
        for _ in range(250):
            walk.step()
        for name, count in check.counts.items():
            total[name] = total.get(name, 0) + count
    assert total["hedge"] > 20 and total["manual"] > 5 and total["roll"] > 3, total
    assert total["places"] > 500 and total["fills"] > 100 and total["killed"] > 100 and total["tasks"] > 20, total
