"""The layers of a kill, each with all the others switched off, over the loopback exchange and real processes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest
from live_kit import LiveDesk, until
from loopback_kit import Loopback

from mmtui.core.events import Command
from mmtui.tape.reader import TapeReader


@pytest.fixture
def server() -> Iterator[Loopback]:
    made = Loopback("binance-usdm", "--seed", "5")
    yield made
    made.close()


def unswitched(server: Loopback) -> None:
    """The venue's dead-man switch does nothing while another layer is tested."""
    server.admin(no_switch=True)


def armed(desk: LiveDesk) -> None:
    until(lambda: desk.status()["guards"]["guard"]["state"] == "armed")


def test_layer_1_the_engine_alone(home, server):
    unswitched(server)
    desk = LiveDesk(home, [server]).run().start()
    assert desk.status()["guards"]["guard"]["state"] == "off"
    desk.act("kill")
    until(lambda: not desk.open_orders(), 3.0)
    until(lambda: desk.status()["kill_proven"])
    orders = server.admin()["orders"]
    time.sleep(0.5)
    assert server.admin()["orders"] == orders
    assert "KILLED" in until(desk.latched)["desk"]


def test_layer_2_mmtui_kill_with_the_engine_dead(home, server):
    unswitched(server)
    desk = LiveDesk(home, [server]).run().start()
    desk.process.kill()
    desk.process.wait()
    assert desk.open_orders()
    done = json.loads(home.run("kill", "loop", "--json").stdout)
    assert done["proven"] is True
    row = done["desks"][0]["venues"]["binance-usdm"]
    assert row["sent_ms"] is not None and row["verified_ms"] is not None
    assert not desk.open_orders()
    assert "KILLED" in desk.latched()["desk"]


def test_layer_3_a_stopped_engine_is_cancelled_by_its_guard_and_finds_itself_fenced(home, server):
    unswitched(server)
    desk = LiveDesk(home, [server], guard="silence_s = 0.8").run()
    armed(desk)
    desk.start()
    desk.stop()
    until(lambda: not desk.open_orders(), 5.0)
    assert "decision loop" in until(desk.latched)["desk"]
    until(lambda: '"zero"' in desk.guard_log(), 10.0)
    orders = server.admin()["orders"]
    desk.go_on()
    body = until(lambda: (body := desk.status())["state"] == "KILLED" and body)
    assert "guard" in body["reason"]
    until(lambda: desk.status()["kill_proven"])
    assert server.admin()["orders"] == orders  # nothing was created by what it had queued
    assert not desk.open_orders()
    # an operator's word, and it is watched anew
    until(lambda: desk.status()["unknown_orders"] == 0)
    desk.act("resume", "--reason", "looked at it")
    armed(desk)
    desk.act("start")
    until(desk.open_orders)
    desk.stop()
    until(lambda: not desk.open_orders(), 5.0)
    desk.go_on()
    until(lambda: desk.status()["state"] == "KILLED")
    tape = TapeReader(home.state / "sessions" / desk.ready["session"])
    acts = [event.origin for _, event, _ in tape.records() if isinstance(event, Command) and event.action == "kill"]
    assert acts == ["guard", "guard"]


def test_layer_3_a_spinning_engine_is_cancelled_by_its_guard(home, server):
    unswitched(server)
    desk = LiveDesk(home, [server], guard="silence_s = 0.8").run_to_spin()
    armed(desk)
    desk.start()
    desk.spin.touch()
    until(lambda: not desk.open_orders(), 5.0)
    assert "KILLED" in until(desk.latched)["desk"]
    desk.spin.unlink()
    until(lambda: desk.status()["state"] == "KILLED")
    assert not desk.open_orders()


def test_layer_3_a_killed_engine_is_cancelled_by_its_guard_which_then_goes(home, server):
    unswitched(server)
    desk = LiveDesk(home, [server], guard="silence_s = 0.8").run()
    armed(desk)
    desk.start()
    guard = desk.guard_pid()
    desk.process.kill()
    desk.process.wait()
    until(lambda: not desk.open_orders(), 5.0)
    assert "KILLED" in until(desk.latched)["desk"]
    until(lambda: not alive(guard))
    desk.run()
    until(lambda: desk.status()["state"] == "KILLED")


def test_a_guard_keeps_still_for_a_paused_desk_and_an_ordered_end(home, server):
    desk = LiveDesk(home, [server], guard="silence_s = 0.8").run()
    armed(desk)
    guard = desk.guard_pid()
    time.sleep(1.5)  # paused all the while
    assert desk.status()["state"] == "PAUSED"
    desk.start()
    desk.act("pause")
    time.sleep(1.0)
    desk.act("shutdown")
    assert desk.process.wait(10) == 0
    until(lambda: not alive(guard))
    assert '"over"' in desk.guard_log()
    assert "cancelling" not in desk.guard_log()
    assert not desk.latched()


def test_a_guard_that_died_is_said_and_started_again(home, server):
    desk = LiveDesk(home, [server]).run()
    assert desk.status()["guards"]["guard"]["state"] == "off"
    other = LiveDesk(home, [server], guard="", name="other").run()
    armed(other)
    os.kill(other.guard_pid(), signal.SIGKILL)
    until(lambda: other.status()["guards"]["guard"]["state"] == "absent", 6.0)
    armed(other)


def test_layer_5_the_venues_switch_with_engine_and_guard_dead(home, server):
    desk = LiveDesk(home, [server], guard="").run()
    armed(desk)
    desk.start()
    os.kill(desk.guard_pid(), signal.SIGKILL)
    desk.process.kill()
    desk.process.wait()
    assert desk.open_orders()
    until(lambda: not desk.open_orders(), 14.0)  # 10 s, refreshed every 3


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False
