"""The guard on a second host: the same command over TCP, with every other layer switched off."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_kit import GuardProcess, LiveDesk, until
from loopback_kit import Loopback

from mmtui.core.events import Command
from mmtui.tape.reader import TapeReader

SECRET = "what-both-hosts-know-0123"
KEYS = 'enabled = false\nremote = "127.0.0.1:{port}"\nsecret = "env:GUARD_SECRET"\nremote_silence_s = 1.5'


@pytest.fixture
def server() -> Iterator[Loopback]:
    made = Loopback("binance-usdm", "--seed", "5")
    made.admin(no_switch=True)
    yield made
    made.close()


class Pair:
    """A desk and its guard on a second host (other folders, the same account)."""

    def __init__(self, home: Any, server: Loopback) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        home.env["GUARD_SECRET"] = SECRET
        self.home = home
        self.desk = LiveDesk(home, [server], guard=KEYS.format(port=self.port))
        self.guard = self.listen()

    def listen(self) -> GuardProcess:
        root = self.home.root / "second"
        env = {**self.home.env, "XDG_STATE_HOME": str(root / "s"), "XDG_RUNTIME_DIR": str(root / "r")}
        for name in ("s", "r"):
            (root / name).mkdir(parents=True, exist_ok=True)
        return GuardProcess(env, self.desk.config, "--listen", f"127.0.0.1:{self.port}")

    def state(self) -> str:
        return str(self.desk.status()["guards"]["remote guard"]["state"])


@pytest.fixture
def pair(home, server) -> Iterator[Pair]:
    made = Pair(home, server)
    yield made
    made.guard.close()


def test_layer_4_the_remote_guard_alone(pair):
    desk = pair.desk.run()
    assert pair.guard.event()["event"] == "armed"
    desk.start()
    desk.stop()
    until(lambda: not desk.open_orders(), 6.0)
    assert pair.guard.event()["event"] == "venue zero"
    assert pair.guard.event()["event"] == "zero"
    desk.go_on()
    body = until(lambda: (body := desk.status())["state"] == "KILLED" and body)
    assert "guard" in body["reason"]
    latched = json.loads((pair.home.root / "second/s/mmtui/desks/loop/latch.json").read_text())
    assert "KILLED: remote guard" in latched["desk"]
    # a guard that is started again still fences what it cancelled; an operator's word begins a new life
    pair.guard.close()
    pair.guard = pair.listen()
    until(lambda: pair.state() == "waiting")
    assert desk.status()["state"] == "KILLED"
    until(lambda: desk.status()["kill_proven"] and not desk.status()["unknown_orders"])
    desk.act("resume", "--reason", "looked at it")
    assert pair.guard.event()["event"] == "armed"
    desk.act("start")
    until(desk.open_orders)
    desk.act("shutdown")
    assert pair.guard.event()["event"] == "over"


def test_a_desk_out_of_contact_stops_before_its_guard_begins(pair):
    desk = pair.desk.run()
    desk.start()
    pair.guard.process.kill()
    body = until(lambda: (body := desk.status())["state"] != "RUNNING" and body, 5.0)
    until(lambda: not desk.open_orders(), 3.0)
    body = until(lambda: (body := desk.status())["state"] == "KILLED" and body, 5.0)
    assert "guard" in body["reason"]
    tape = TapeReader(pair.home.state / "sessions" / desk.ready["session"])
    acts = [(e.action, e.reason) for _, e, _ in tape.records() if isinstance(e, Command) and e.origin == "guard"]
    assert [action for action, _ in acts] == ["pause", "kill"]
    assert "no contact" in acts[1][1]
    said = desk.act("resume", "--reason", "why not", code=None)
    assert "is not green" in said
    pair.guard.close()
    pair.guard = pair.listen()
    until(lambda: pair.state() in ("waiting", "armed"))
    desk.act("resume", "--reason", "the guard is back")
    desk.act("start")
    until(desk.open_orders)


def test_a_venue_without_a_dead_man_switch_is_taken_with_a_green_second_host_guard_and_refused_without(home):
    spot = Loopback("binance-spot", "--seed", "5")
    made = Pair(home, spot)
    try:
        config = made.desk.config
        config.write_text(config.read_text().replace("accept_unbounded = true\n", ""))
        desk = made.desk.run().start()
        assert desk.open_orders()
        desk.act("shutdown")
        assert desk.process.wait(10) == 0
        config.write_text(config.read_text().replace(f'remote = "127.0.0.1:{made.port}"\n', ""))
        assert "second host" in home.run("engine", str(config), "--live", code=2).stderr
    finally:
        made.guard.close()
        spot.close()


def test_without_its_guard_or_with_another_secret_a_desk_is_refused_and_nothing_is_told(pair):
    pair.home.env["GUARD_SECRET"] = "another-secret-0123456789"
    done = pair.home.run("engine", str(pair.desk.config), "--live", code=3)
    assert "remote guard at 127.0.0.1" in done.stderr
    pair.guard.process.kill()
    refused = pair.guard.errors()
    assert "another secret" in refused
    done = pair.home.run("engine", str(pair.desk.config), "--live", code=3)
    assert "cannot be reached" in done.stderr
    for text in (done.stderr, refused):
        assert SECRET not in text and "another-secret-0123456789" not in text
    for path in pair.home.root.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_garbage_and_a_slow_drip_leave_a_heartbeat_alone(pair):
    desk = pair.desk.run()
    assert pair.guard.event()["event"] == "armed"
    held = []
    for first in (b"GET / HTTP/1.1\r\n\r\n", b"mmguard1", os.urandom(64), b"mmguard1" + bytes(16) + b"\xff\xff"):
        for _ in range(5):
            one = socket.create_connection(("127.0.0.1", pair.port), 2)
            one.sendall(first)
            held.append(one)
    until(lambda: all(ended(one) for one in held), 6.0)
    assert desk.status()["state"] == "PAUSED"
    assert pair.state() == "armed"


def ended(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        while one.recv(100):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_a_secret_that_others_can_read_or_that_is_short_is_refused(home, server):
    file: Path = home.root / "secret"
    file.write_text(SECRET)
    file.chmod(0o644)
    desk = LiveDesk(home, [server], guard='secret = "file:secret"')
    listen = ("guard", str(desk.config), "--listen", "127.0.0.1:0")
    assert "chmod 600" in home.run(*listen, code=2).stderr
    file.chmod(0o600)
    file.write_text("short")
    assert "fewer than 16" in home.run(*listen, code=2).stderr
    desk.config.write_text(desk.config.read_text().replace('secret = "file:secret"', 'remote = "127.0.0.1:9"'))
    assert "secret" in home.run("engine", str(desk.config), "--live", code=2).stderr
