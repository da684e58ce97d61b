"""Plans of seeds: repeatable, different, and such that an engine can be made of them."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from mmtui.core.engine import Engine
from mmtui.core.market.instrument import Grid
from mmtui.sim.faults import FAULTS
from mmtui.sim.swarm import draw, landing_ms
from mmtui.venues.facts import TRADING

SEEDS = range(400)


def test_a_seed_is_always_the_same_plan_in_any_process():
    code = "import msgspec; from mmtui.sim.swarm import draw; print([msgspec.json.encode(draw(s)) for s in range(30)])"
    runs = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout != b""
    assert len({msgspec.json.encode(draw(seed)) for seed in range(30)}) == 30


def test_some_seeds_are_quiet_some_have_one_fault_at_its_highest_rate_the_others_several():
    plans = [draw(seed) for seed in SEEDS]
    counts = [len(plan.rates) for plan in plans]
    assert counts.count(0) > 20 and counts.count(1) > 60 and max(counts) > 6
    seen = {n for plan in plans for n in plan.rates}
    assert seen == set(FAULTS) - {15}
    for plan in plans:
        for n, rate in plan.rates.items():
            assert FAULTS[n].low <= rate <= FAULTS[n].high


def test_every_venue_kind_and_length_comes():
    plans = [draw(seed) for seed in SEEDS]
    assert {venue for plan in plans for venue in plan.setup.venues} == set(TRADING)
    assert {item.instrument.kind for plan in plans for item in plan.setup.instruments} == {"spot", "linear", "inverse"}
    assert {len(plan.setup.venues) for plan in plans} == {1, 2, 3}
    short = [plan.seconds for plan in plans if plan.seconds <= 20]
    assert len(short) > 250 and max(plan.seconds for plan in plans) >= 120


def test_an_engine_can_be_made_of_every_plan_and_prices_and_sizes_are_on_the_grid():
    for seed in SEEDS:
        plan = draw(seed)
        setup = plan.setup
        Engine(setup)
        assert len(plan.starts) == len(plan.paces) == len(plan.bases) == len(setup.instruments)
        for item, base in zip(setup.instruments, plan.bases, strict=True):
            grid = Grid(item.instrument)
            assert grid.size_text(base) == item.baseline or base == 0
            lots = item.quoting.size / float(item.instrument.lot)
            assert abs(lots - round(lots)) < 1e-9 and lots >= 1


def test_a_create_can_land_for_as_long_as_the_setup_says():
    for venue, facts in TRADING.items():
        assert landing_ms(venue) > facts.expiry_ms + facts.lag.open_ms
    plan = draw(3)
    assert plan.setup.landing_ms == [landing_ms(venue) for venue in plan.setup.venues]
