"""The world: order of time, streams of chance, strikes and their cells, healing."""

from __future__ import annotations

from importlib.util import find_spec

from mmtui.sim.faults import COUNT, FAULTS
from mmtui.sim.world import ALL_ORDERS, SECOND, START, World

ALWAYS = 1_000_000


def test_what_is_due_first_is_done_first_and_at_one_instant_in_the_order_asked_for():
    world, done = World(1, {}), []
    world.after(20, done.append, "c")
    world.after(10, done.append, "a")
    world.after(10, done.append, "b")
    world.run(START + 20)
    assert done == ["a", "b", "c"]
    assert world.now == START + 20


def test_what_is_past_is_done_next_and_time_never_goes_back():
    world, seen = World(1, {}), []
    world.run(START + SECOND)
    world.at(START, lambda: seen.append(world.now))
    world.run(START + SECOND)
    assert seen == [START + SECOND]


def test_a_run_ends_where_somebody_stops_it():
    world, done = World(1, {}), []
    world.after(1, lambda: setattr(world, "stopped", True))
    world.after(2, done.append, "late")
    world.run(START + SECOND)
    assert not done and world.now == START + 1


def test_streams_are_named_and_do_not_disturb_each_other():
    one, other = World(7, {1: ALWAYS // 2}), World(7, {1: ALWAYS // 2, 2: ALWAYS // 2})
    a = [one.strikes(1) for _ in range(100)]
    b = []
    for _ in range(100):
        other.strikes(2)
        b.append(other.strikes(1))
    assert a == b and any(a) and not all(a)
    assert one.rng("x").bits() == other.rng("x").bits() != one.rng("y").bits()


def test_a_strike_is_counted_in_the_cell_of_the_order_that_it_hit():
    world = World(1, {1: ALWAYS, 22: ALWAYS})
    world.order_state = {5: "SENT", 6: "LIVE"}.__getitem__
    world.open_states = lambda: ["LIVE", "UNKNOWN"]
    assert world.strikes(1, 5) and world.strikes(1, 6) and world.strikes(1)
    assert world.strikes(22, ALL_ORDERS)
    assert world.cells == {(1, "SENT"): 1, (1, "LIVE"): 1, (1, "-"): 1, (22, "LIVE"): 1, (22, "UNKNOWN"): 1}
    assert world.script == [(START, 1, 0, 5), (START, 1, 1, 6), (START, 1, 2, 0), (START, 22, 0, ALL_ORDERS)]


def test_a_fault_that_is_not_drawn_never_strikes():
    world = World(1, {2: ALWAYS})
    assert not any(world.strikes(n) for n in FAULTS if n != 2)
    assert world.draws(2) and not world.draws(1)


def test_a_skipped_strike_is_drawn_and_not_carried_out():
    rates = {3: ALWAYS // 2}
    whole = World(4, rates)
    drawn = [whole.strikes(3) for _ in range(40)]
    places = [k for k, hit in enumerate(drawn) if hit]
    less = World(4, rates, skip=frozenset({(3, 1)}))
    again = [less.strikes(3) for _ in range(40)]
    assert [k for k, hit in enumerate(again) if hit] == [places[0], *places[2:]]


def test_healing_ends_all_strikes_and_tells_whoever_asked():
    world, told = World(1, dict.fromkeys(FAULTS, ALWAYS)), []
    world.on_heal(lambda: told.append(world.healed))
    world.heal()
    assert told == [True]
    assert not any(world.strikes(n) or world.draws(n) for n in FAULTS)


def test_the_table_has_all_faults_each_with_who_strikes_it_and_where_it_can_hit():
    assert list(FAULTS) == list(range(1, COUNT + 1))
    states = {"-", "SENT", "LIVE", "CANCELLING", "UNKNOWN"}
    for fault in FAULTS.values():
        assert fault.name and fault.what and fault.who
        assert set(fault.reach) <= states
        assert fault.high <= ALWAYS
        assert bool(fault.reach) == bool(fault.low), "a fault that strikes hits something"
        names = [] if fault.who == "nobody" else fault.who.replace(" and ", ", ").split(", ")
        assert all(find_spec(f"mmtui.sim.{name}") for name in names), fault.who
    assert [n for n, fault in FAULTS.items() if not fault.low] == [15], "no checksum in the form that is spoken"
