"""How long each layer of a kill takes, over loopback exchanges and real processes, with all other layers switched off.

    python tests/kill_layers.py [--rounds N] [--only NAME ...]      (a few seconds a round)

"key" is the act at the host's socket; "zero" is read at the exchanges themselves, "verified" is what the layer claims.
Rules of this file: it measures and prints; every round begins with orders open at every venue.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "kits"), str(HERE / "host")]

from conftest import Home  # noqa: E402
from live_kit import GuardProcess, LiveDesk, until  # noqa: E402
from loopback_kit import Loopback  # noqa: E402

from mmtui.host.ctl import new_id, result, status  # noqa: E402
from mmtui.link.blocking import BlockingConnection, hello  # noqa: E402
from mmtui.link.messages import Cmd, Frame, View  # noqa: E402
from mmtui.link.parts import TripRow  # noqa: E402

PAUSE_S = 0.005
LOSS = {"lost_request": 0.15, "lost_answer": 0.15}
ALONE = 'enabled = false\nremote = "127.0.0.1:{port}"\nsecret = "env:GUARD_SECRET"\nremote_silence_s = 1.0'


class Bench:
    """Exchanges and one desk on them; gone with it."""

    def __init__(self, guard: str = "enabled = false", spin: bool = False, remote: bool = False) -> None:
        self.home = Home(Path(tempfile.mkdtemp(prefix="mm")))
        self.servers = [Loopback("binance-usdm", "--seed", "5"), Loopback("binance-spot", "--seed", "5")]
        self.servers[0].admin(no_switch=True)
        self.guard: GuardProcess | None = None
        if remote:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            guard = ALONE.format(port=port)
            self.home.env["GUARD_SECRET"] = "what-both-hosts-know"
        self.desk = LiveDesk(self.home, self.servers, guard=guard)
        if remote:
            root = self.home.root / "2"
            env = {**self.home.env, "XDG_STATE_HOME": f"{root}/s", "XDG_RUNTIME_DIR": f"{root}/r"}
            for name in ("s", "r"):
                (root / name).mkdir(parents=True)
            self.guard = GuardProcess(env, self.desk.config, "--listen", f"127.0.0.1:{port}")
        _ = self.desk.run_to_spin() if spin else self.desk.run()
        if guard != "enabled = false" and not remote:
            until(lambda: self.desk.status()["guards"]["guard"]["state"] == "armed")
        self.desk.start()

    def faults(self, **changes: float) -> None:
        for server in self.servers:
            server.admin(**changes)

    def again(self) -> None:
        """Back to orders at every venue, by an operator."""
        self.faults(delay_ms=0, lost_request=0, lost_answer=0, error_429=0)
        until(lambda: self.desk.status()["kill_proven"] and not self.desk.status()["unknown_orders"])

        def resumed() -> bool:
            self.desk.act("resume", "--reason", "next round", code=None)
            return bool(self.desk.status()["state"] == "PAUSED")

        until(resumed)
        self.quoting()

    def quoting(self) -> None:
        def done() -> bool:
            self.desk.act("start", code=None)
            return all(server.admin()["open_orders"] for server in self.servers)

        until(done)

    def close(self) -> None:
        if self.guard is not None:
            self.guard.close()
        for server in self.servers:
            server.close()
        self.home.close()


def pressed(bench: Bench) -> float:
    """The key, until the host itself says: zero, proven by every venue. The exchanges agree."""
    with BlockingConnection(Path(bench.desk.ready["socket"]), hello(client="ctl")) as connection:
        began = time.monotonic()
        result(connection, Cmd(id=new_id(), action="kill", reason="round"), 20.0)
        until(lambda: status(connection, 20.0)["kill_proven"], 60.0, PAUSE_S)
        took = time.monotonic() - began
    bench.faults(delay_ms=0, lost_request=0, lost_answer=0, error_429=0)
    assert not bench.desk.open_orders()
    return took


def zero(bench: Bench, act: Callable[[], None], servers: list[Loopback] | None = None) -> float:
    """From an act to zero at the exchanges."""
    began = time.monotonic()
    act()
    until(lambda: not any(len(one.admin()["open_orders"]) for one in servers or bench.servers), 60.0, PAUSE_S)
    return time.monotonic() - began


def under(name: str, **faults: float) -> Callable[[int], list[float]]:
    """The key with something wrong at every venue."""

    def run(rounds: int) -> list[float]:
        bench, out = Bench(), []
        try:
            for place in range(rounds):
                if place:
                    bench.again()
                bench.faults(**faults)
                out.append(pressed(bench))
        finally:
            bench.close()
        return out

    run.__doc__ = name
    return run


def dead_venue(what: Callable[[TripRow, TripRow], bool]) -> Callable[[int], list[float]]:
    """The key with one venue dead (SIGSTOP), until a frame's trip card says `what` of the living and the dead one."""

    def run(rounds: int) -> list[float]:
        out = []
        for _ in range(max(1, rounds // 5)):
            bench = Bench()
            try:
                with BlockingConnection(Path(bench.desk.ready["socket"]), hello(client="cockpit")) as connection:
                    connection.send(View(fps=10.0, instruments=[], depth=1))
                    os.kill(bench.servers[1].process.pid, signal.SIGSTOP)
                    out.append(card(bench, connection, what))
            finally:
                os.kill(bench.servers[1].process.pid, signal.SIGCONT)
                bench.close()
        return out

    return run


def alive_verified(alive: TripRow, dead: TripRow) -> bool:
    return alive.verified_ms >= 0


def dead_is_red(alive: TripRow, dead: TripRow) -> bool:
    return dead.silent_ms >= 0 or dead.unknown > 0  # as view/trip.py colours it


def card(bench: Bench, connection: BlockingConnection, what: Callable[[TripRow, TripRow], bool]) -> float:
    """From the key until the trip card on a cockpit says so; the dead venue is never called zero."""
    began = time.monotonic()
    connection.send(Cmd(id=new_id(), action="kill", reason="round"))
    while time.monotonic() - began < 60.0:
        message = connection.receive(1.0)
        if not isinstance(message, Frame) or message.trip is None:
            continue
        rows = {row.venue: row for row in message.trip.rows}
        living, dead = (rows[one.protocol] for one in bench.servers)
        assert dead.verified_ms < 0 and not message.trip.proven
        if what(living, dead):
            took = time.monotonic() - began
            assert living.verified_ms < 0 or not bench.servers[0].admin()["open_orders"]
            return took
    raise AssertionError("the trip card never said so")


def command(rounds: int) -> list[float]:
    """mmtui kill with the engine dead (interpreter's start included): until it exits 0"""
    out = []
    for _ in range(max(1, rounds // 5)):
        bench = Bench()
        try:
            bench.desk.process.kill()
            bench.desk.process.wait()
            began = time.monotonic()
            bench.home.run("kill", bench.desk.name)
            out.append(time.monotonic() - began)
            assert not bench.desk.open_orders()
        finally:
            bench.close()
    return out


def halted(guard: str, spin: bool = False, remote: bool = False) -> Callable[[int], list[float]]:
    def run(rounds: int) -> list[float]:
        bench, out = Bench(guard, spin, remote), []
        desk = bench.desk
        try:
            for place in range(rounds):
                if place:
                    bench.again()
                time.sleep(0.5)
                if spin:
                    out.append(zero(bench, desk.spin.touch))
                    desk.spin.unlink()
                else:
                    out.append(zero(bench, lambda: os.kill(desk.process.pid, signal.SIGSTOP)))
                    desk.go_on()
                until(lambda: desk.status()["state"] == "KILLED")
        finally:
            bench.close()
        return out

    return run


def switch(rounds: int) -> list[float]:
    """engine and guard dead: the venue's dead-man switch (USDM; 10 s, refreshed every 3)"""
    out = []
    for _ in range(max(1, rounds // 5)):
        bench = Bench()
        try:
            bench.servers[0].admin(no_switch=False)
            time.sleep(3.0)
            out.append(zero(bench, bench.desk.process.kill, bench.servers[:1]))
        finally:
            bench.close()
    return out


SCENARIOS: dict[str, tuple[str, Callable[[int], list[float]]]] = {
    "key": ("L1 key -> zero verified, 2 venues", under("key")),
    "delay": ("L1 the same, 50 ms of added round trip", under("delay", delay_ms=50)),
    "loss": ("L1 the same, 30 % of calls lost, 50 ms", under("loss", delay_ms=50, **LOSS)),
    "429": ("L1 the same, 30 % answered 429, 50 ms", under("429", delay_ms=50, error_429=0.3)),
    "dead": ("L1 one venue dead: key -> the other verified, on a card", dead_venue(alive_verified)),
    "red": ("L1 one venue dead: key -> the dead one red, on a card", dead_venue(dead_is_red)),
    "command": ("L2 mmtui kill, engine dead -> exit 0", command),
    "stopped": ("L3 SIGSTOP -> guard has cancelled", halted("silence_s = 0.8")),
    "spinning": ("L3 spinning engine -> guard has cancelled", halted("silence_s = 0.8", spin=True)),
    "remote": ("L4 SIGSTOP -> remote guard has cancelled (1 s)", halted("", remote=True)),
    "switch": ("L5 engine killed, no guard -> dead-man switch", switch),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, metavar="N")
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), metavar="NAME")
    args = parser.parse_args()
    subprocess.run([sys.executable, "-m", "mmtui", "--version"], check=True, stdout=subprocess.DEVNULL)
    print(f"{'layer':<56} {'rounds':>6} {'p50 ms':>9} {'p99 ms':>9}", flush=True)
    for name in args.only:
        what, run = SCENARIOS[name]
        times = sorted(1e3 * one for one in run(args.rounds))
        p50, p99 = times[len(times) // 2], times[min(len(times) - 1, round(0.99 * len(times)))]
        print(f"{what:<56} {len(times):>6} {p50:>9.1f} {p99:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
