"""Benchmark of recovery: a live desk with 1,000 open orders at four venues dies by kill -9, again and again.

From the start of the new process to the account known and reconciled: simulated time of the network and the venues'
own rules (request expiry, index lag, rate budgets), and on top of it the CPU time that the process really used.
Rules of this file: the simulator's venues, network and disk; the product's recovery, sessions and engine.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from mmtui.bench.market import quiet
from mmtui.core.setup import InstrumentSetup
from mmtui.sim import checks
from mmtui.sim.run import Simulation
from mmtui.sim.swarm import Plan, draw
from mmtui.sim.world import MS, SECOND, START
from mmtui.tape.recovery import recover

#: Kraken futures is left out: what the last life has spent of its 500 units in 10 s can make the next one wait 12 s.
VENUES = ("binance-usdm", "okx", "bybit", "gate")
ORDERS = 1_000
LEVELS = 20
CRASHES = 20
#: Records between checkpoints: what the real host's 30 s come to at this desk's rate.
EVERY = 4_500
PATIENCE = 60 * SECOND


def bench_recovery() -> dict[str, Any]:
    """Milliseconds from exec to reconciled; percentiles over crashes."""
    simulation = Simulation(_plan(), None, frozenset())
    desk, world = simulation.desk, simulation.world
    desk.every = EVERY
    simulated: list[float] = []
    cpu: list[float] = []
    orders: list[int] = []
    records = 0
    with quiet():
        desk.boot()
        world.run(START + 5 * SECOND)
        for _ in range(CRASHES):
            simulation.operators.press("start")
            world.run(world.now + 15 * SECOND)
            orders.append(len(desk.engine.tracker.open))
            records = desk.count
            desk.crash(False)
            world.run(world.now + 50 * MS)
            begun, used = world.now, time.process_time()
            recover(desk.path, simulation.disk)
            booted = time.process_time() - used
            world.run(begun + round(booted * 1e9))  # while the process reads its tape, time goes on at the venues
            desk.boot()
            while checks.unsettled(simulation.watcher, desk) and world.now < begun + PATIENCE:
                world.run(world.now + 20 * MS)
            simulated.append((world.now - begun) / 1e6)
            cpu.append(booted * 1e3)
    total = sorted(simulated)
    return {
        "crashes": CRASHES,
        "open_orders": sorted(orders)[len(orders) // 2],
        "venues": len(VENUES),
        "tape_records": records,
        "reconciled_p50_ms": round(total[len(total) // 2]),
        "reconciled_p99_ms": round(total[-1]),
        "of_it_cpu_ms": round(sorted(cpu)[len(cpu) // 2]),
    }


def _plan() -> Plan:
    """Four venues, 25 instruments, twenty rungs a side."""
    plan = draw(1)
    some = plan.setup.instruments[0]
    instruments: list[InstrumentSetup] = []
    for k in range(ORDERS // (2 * LEVELS)):
        venue = VENUES[k % len(VENUES)]
        symbol = f"C{k}USDT"
        instrument = msgspec.structs.replace(
            some.instrument,
            id=f"{venue}:{symbol}",
            venue=venue,
            symbol=symbol,
            base=f"C{k}",
            kind="linear",
            quote="USDT",
            settle="USDT",
            tick="0.1",
            lot="0.001",
            contract_size="1",
            min_notional="5",
        )
        quoting = msgspec.structs.replace(
            some.quoting,
            levels=LEVELS,
            size=0.02,
            spread_bps=20.0,
            spacing_bps=4.0,
            requote_tolerance_bps=30.0,
            min_life_ms=0,
        )
        instruments.append(InstrumentSetup(instrument=instrument, quoting=quoting, max_position="5"))
    count = len(instruments)
    setup = msgspec.structs.replace(
        plan.setup,
        instruments=instruments,
        venues=list(VENUES),
        equity="100000000",
        landing_ms=[],
        limits=msgspec.structs.replace(plan.setup.limits, messages_per_s=500, daily_loss=1e9, drawdown=1e9),
    )
    return Plan(
        seed=1,
        rates={},
        setup=setup,
        starts=[240_000] * count,
        paces=[500] * count,
        bases=[0] * count,
        seconds=0,
        busy_ms=10_000,
    )
