"""A desk for simulated days: memory must not grow, every container must stay at its cap.

    python tests/sim/soak.py [--days 7] [--seed 1]

Two venues, an operator who changes his mind, faults at low rates, a crash now and then.  Prints a line an hour and the
slope of the resident memory after the first day.  What the simulated venues and the watcher remember is let go every
hour, and what the simulated disk holds is taken off, so that what is measured is the desk.
"""

from __future__ import annotations

import gc
import os
import sys
import time

import msgspec

from mmtui.sim import checks
from mmtui.sim.run import Simulation
from mmtui.sim.swarm import draw
from mmtui.sim.world import SECOND, START

HOUR = 3_600 * SECOND
DAY = 24 * HOUR


def rss_kb() -> float:
    """Resident memory of this process (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def slope(points: list[tuple[float, float]]) -> float:
    """Least squares, y by x."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


def main(argv: list[str]) -> int:
    days = float(argv[argv.index("--days") + 1]) if "--days" in argv else 7.0
    seed = int(argv[argv.index("--seed") + 1]) if "--seed" in argv else 1
    plan = draw(seed)
    while len(plan.setup.venues) < 2:
        seed += 1
        plan = draw(seed)
    quiet = dict.fromkeys((1, 2, 4, 8, 10, 13, 14, 21, 23, 26, 33, 38), 20)
    plan = msgspec.structs.replace(plan, rates=quiet, paces=[4_000] * len(plan.paces), busy_ms=600_000)
    simulation = Simulation(plan, None, frozenset())
    world, desk = simulation.world, simulation.desk
    desk.boot()
    simulation.operators.begin()
    points: list[tuple[float, float]] = []
    begun = time.process_time()
    hour = 0
    while hour < days * 24:
        hour += 1
        world.run(START + hour * HOUR)
        simulation.watcher.forget(world.now - HOUR)
        if hour % 24 == 0:
            simulation.operators.pull(power_loss=False)
        world.script.clear()
        checks.checkpoint(simulation.watcher, desk.engine)
        gc.collect()
        points.append((hour / 24, rss_kb() - simulation.disk.held() / 1024))
        if hour % 6 == 0:
            full = [f"{name} {size}" for name, size, cap in checks.containers(desk.engine) if size > cap * 0.9]
            print(
                f"day {hour / 24:5.2f}  {points[-1][1] / 1024:7.1f} MB  {simulation.watcher.records:>10,} records"
                f"  {time.process_time() - begun:6.0f} s  lives {desk.lives}  {', '.join(full)}",
                flush=True,
            )
    warm = [point for point in points if point[0] > min(1.0, days / 2)]
    grows = slope(warm) / 1024
    print(f"{days:g} days, {simulation.watcher.records:,} records: {grows:+.3f} MB a day after warm-up")
    return 0 if grows <= 1.0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
