"""Loop lag, clock steps and a disk that fills up: gauges all the time, a warning first, then PAUSED, each said once."""

from __future__ import annotations

from pathlib import Path

from mmtui.core.risk.limits import Limits
from mmtui.host.surroundings import CLOCK_EVERY, DISK_EVERY, MS, REST_NS, SECOND, Surroundings


class Machine:
    """Clocks and a disk of a test's own."""

    def __init__(self, **limits):
        self.mono = 1_000 * SECOND
        self.off = 1_700_000_000 * SECOND
        self.free = 10_000_000_000
        self.around = Surroundings(Limits(**limits), Path("/"), lambda: self.mono + self.off, lambda folder: self.free)
        self.turn(0)

    def turn(self, ms):
        self.mono += ms * MS
        return [(one.name, one.pauses) for one in self.around.look(self.mono)]

    def rest(self, seconds):
        return [found for _ in range(seconds * 50) for found in self.turn(20)]

    def gauge(self, name):
        return next(one for one in self.around.readings() if one.name == name)


def test_a_quiet_machine_says_nothing_and_shows_where_it_would_act():
    machine = Machine()
    assert machine.rest(25) == []
    assert {one.name: one.fires_at for one in machine.around.readings()} == {
        "loop lag": "would PAUSE at 5,000 ms", "clock step": "would PAUSE at 2,500 ms", "disk": "would PAUSE at 100 MB",
    }  # fmt: skip
    assert all(one.level == "ok" for one in machine.around.readings())


def test_a_loop_that_stands_still_warns_and_then_pauses_each_time_once():
    machine = Machine(loop_lag_ms=2_000)
    assert machine.turn(300 + REST_NS // MS) == []
    assert machine.turn(500 + REST_NS // MS) == [("loop lag", False)]
    assert machine.turn(20) == []
    assert machine.turn(2_000 + REST_NS // MS) == [("loop lag", True)]
    assert machine.gauge("loop lag").level == "act"
    assert machine.gauge("loop lag").text == "the loop stood still for 2,000 ms, limit 2,000 ms"
    machine.rest(59)
    assert machine.gauge("loop lag").level == "act", "it is shown for a minute"
    machine.rest(2)
    assert machine.gauge("loop lag").level == "ok"


def test_a_clock_that_steps_warns_and_then_pauses():
    machine = Machine()
    machine.rest(3)
    machine.off += 300 * MS
    assert machine.rest(1) == [("clock step", False)]
    assert machine.rest(3) == []
    machine.off -= 2_600 * MS
    assert machine.rest(1) == [("clock step", True)]
    assert machine.gauge("clock step").text == "this machine's clock stepped by -2,600 ms, limit 2,500 ms"
    machine.off += 2_600 * MS
    assert CLOCK_EVERY == SECOND
    assert machine.rest(3) == []  # back again at once is the same trouble, said already


def test_a_disk_that_fills_up_warns_and_then_pauses_until_there_is_room():
    machine = Machine()
    machine.free = 400_000_000
    assert machine.rest(DISK_EVERY // SECOND + 1) == [("disk", False)]
    machine.free = 90_000_000
    assert machine.rest(DISK_EVERY // SECOND) == [("disk", True)]
    assert machine.rest(DISK_EVERY // SECOND) == []
    assert machine.gauge("disk").text == "90 MB free where the tape is, limit 100 MB"
    machine.free = 10_000_000_000
    assert machine.rest(DISK_EVERY // SECOND) == []
    assert machine.gauge("disk").level == "ok"
    machine.free = 1
    assert machine.rest(DISK_EVERY // SECOND) == [("disk", True)]


def test_a_limit_of_0_is_none():
    machine = Machine(loop_lag_ms=0, clock_step_ms=0, disk_free_mb=0)
    machine.off += 100 * SECOND
    machine.free = 0
    assert machine.turn(60_000) == [] and machine.rest(2) == [] and machine.around.readings() == []


def test_a_disk_that_cannot_be_asked_is_said():
    machine = Machine()

    def gone(folder):
        raise OSError(5, "Input/output error")

    machine.around._free = gone
    assert machine.rest(DISK_EVERY // SECOND + 1) == [("disk", False)]
