"""A live desk, its guard and two loopback exchanges with journals, and what may be done to them at random.

Rules of this file: acts on processes and sockets, as an operator or as fate; what it did is in `log`, nothing is
judged here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from live_kit import LiveDesk
from loopback_kit import Loopback

from mmtui.host.ctl import new_id, result, status
from mmtui.link.blocking import BlockingConnection, hello
from mmtui.link.codec import LinkError
from mmtui.link.messages import Cmd
from mmtui.venues.loopback.journal import read

PROTOCOLS = ("binance-usdm", "binance-spot")
MAX_POSITION = "0.05"
#: What goes wrong all the time.
USUAL = {
    "delay_ms": 15, "jitter_ms": 30, "lost_request": 0.01, "lost_answer": 0.01, "error_500": 0.01, "error_503": 0.02,
    "error_429": 0.003, "gap": 0.002, "stream_delay_ms": 5, "half_open": False, "silent": False, "refuse": False,
}  # fmt: skip
#: ... and what for some seconds.
SPELLS: dict[str, dict[str, Any]] = {
    "delay 300 ms": {"delay_ms": 300, "jitter_ms": 200},
    "loss 20 %": {"lost_request": 0.2, "lost_answer": 0.2},
    "429 30 %": {"error_429": 0.3},
    "5xx 30 %": {"error_500": 0.15, "error_503": 0.15},
    "gaps 20 %": {"gap": 0.2},
    "half open": {"half_open": True},
    "silent streams": {"silent": True},
    "disconnects": {"drop": True},
    "refused": {"refuse": True, "drop": True},
}
#: An operator's patience; how long a placed orphan is waited for.
WAIT_S = 60.0
FOUND_S = 15.0


class SoakError(Exception):
    """The desk did not come to where an operator brings it."""


class Stage:
    """Everything that runs."""

    def __init__(self, home: Any, seed: int) -> None:
        self.home = home
        self.dice = Random(seed)
        self.seed = seed
        self.log: list[tuple[int, str, str]] = []  # instant, what, of what
        self.outages: list[tuple[str, int, int]] = []  # a server was dead, or refused everybody
        self.orphans: list[tuple[int, str, str, int, bool]] = []  # instant, kind, protocol, order, quiet
        self.journals = {one: home.root / f"{one}.journal" for one in PROTOCOLS}
        self.servers = {one: self._serve(one, 0) for one in PROTOCOLS}
        self.desk = LiveDesk(home, list(self.servers.values()), guard="")
        text = self.desk.config.read_text()
        self.desk.config.write_text(text.replace("max_position = 1.0", f"max_position = {MAX_POSITION}"))
        self.errors = home.root / "engine.err"

    def _serve(self, protocol: str, port: int) -> Loopback:
        made = Loopback(protocol, "--seed", str(self.seed), "--journal", str(self.journals[protocol]), port=port)
        made.admin(**USUAL)
        return made

    # -- the desk --------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """The host, as an operator starts it: again, where a venue did not answer it."""
        until = time.monotonic() + WAIT_S
        while True:
            with self.errors.open("a") as errors:
                self.desk.process = subprocess.Popen(
                    [sys.executable, "-m", "mmtui", "engine", str(self.desk.config), "--live"],
                    env=self.home.env, stdout=subprocess.PIPE, stderr=errors, text=True,
                )  # fmt: skip
            self.home.children.append(self.desk.process)
            assert self.desk.process.stdout is not None
            line = self.desk.process.stdout.readline()
            if line:
                self.desk.ready = json.loads(line)
                return
            if time.monotonic() > until:
                raise SoakError(f"the desk does not start: {self.errors.read_text()[-300:]}")
            self.desk.process.wait()
            self.note("start refused", self.errors.read_text()[-100:].strip())

    def note(self, what: str, of: str = "") -> None:
        self.log.append((time.time_ns(), what, of))

    def status(self) -> dict[str, Any]:
        with BlockingConnection(Path(self.desk.ready["socket"]), hello(client="ctl")) as connection:
            return status(connection, 10.0)

    def act(self, action: str, reason: str = "", instrument: str = "") -> bool:
        cmd = Cmd(id=new_id(), action=action, reason=reason, instrument=instrument or None)
        with BlockingConnection(Path(self.desk.ready["socket"]), hello(client="ctl")) as connection:
            return bool(result(connection, cmd, 10.0).ok)

    def until(self, what: str, done: Callable[[], Any], seconds: float = WAIT_S) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = done()
            except (OSError, LinkError):
                answer = None
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise SoakError(f"{what}: not within {seconds:.0f} s; {json.dumps(self.last())[:800]}")
            time.sleep(0.1)

    def last(self) -> dict[str, Any]:
        """What the desk says of itself, in short."""
        try:
            body = self.status()
        except (OSError, LinkError) as error:
            return {"error": str(error)}
        rows = {name: (row["reason"], row["open_orders"], row["unknown"]) for name, row in body["instruments"].items()}
        return {key: body[key] for key in ("state", "reason", "kill_proven", "unknown_orders", "guards")} | rows

    def quoting(self) -> None:
        """What an operator does until orders are open at every venue: resume with a reason, start; and start what a
        protection paused because it tripped too often."""

        def done() -> bool:
            body = self.status()
            if body["state"] in ("KILLED", "HALTED"):
                self.act("resume", "looked at it")
            elif body["state"] == "PAUSED":
                self.act("start")
            else:
                for name, row in body["instruments"].items():
                    if row["reason"] in ("PAUSED", "HALTED"):
                        self.note(f"{row['reason']} by the desk", name)
                        self.act("resume", "looked at it", name)
            rows = body["instruments"].values()
            blind = any("account stream" in row["reason"] or "reconciling" in row["reason"] for row in rows)
            return body["state"] == "RUNNING" and not blind and all(row["open_orders"] for row in rows)

        self.until("quoting at every venue", done)

    def guarded(self) -> None:
        self.until("an armed guard", lambda: self.status()["guards"]["guard"]["state"] == "armed")

    # -- what happens ------------------------------------------------------------------------------------------------

    def spell(self) -> None:
        """Something more goes wrong at one venue, or at both."""
        name = self.dice.choice(list(SPELLS))
        which = self.dice.choice([[PROTOCOLS[0]], [PROTOCOLS[1]], list(PROTOCOLS)])
        self.note("spell", f"{name} at {' '.join(which)}")
        began = time.time_ns()
        for one in which:
            self.servers[one].admin(**SPELLS[name])
        time.sleep(self.dice.uniform(1.5, 5.0))
        for one in which:
            self.servers[one].admin(**USUAL)
            if name == "refused":
                self.outages.append((one, began, time.time_ns()))

    def kill_server(self) -> None:
        self._kill_server(self.dice.choice(PROTOCOLS), self.dice.uniform(0.2, 3.0))

    def _kill_server(self, protocol: str, seconds: float) -> None:
        self.note("kill -9 server", protocol)
        server, began = self.servers[protocol], time.time_ns()
        server.process.kill()
        server.process.wait()
        time.sleep(seconds)
        self.servers[protocol] = again = self._serve(protocol, server.port)
        self.outages.append((protocol, began, time.time_ns()))
        self.desk.servers = list(self.servers.values())
        assert again.port == server.port

    def kill_engine(self) -> None:
        """The guard strikes; the operator comes when he comes."""
        self.note("kill -9 engine")
        self.desk.process.kill()
        self.desk.process.wait()
        time.sleep(self.dice.uniform(0.0, 5.0))
        self.run()

    def kill_guard(self) -> None:
        self.guarded()
        self.note("kill -9 guard")
        os.kill(self.desk.guard_pid(), signal.SIGKILL)
        self.until("the guard is missed", lambda: self.status()["guards"]["guard"]["state"] != "armed", 6.0)
        self.guarded()

    def kill_both(self) -> None:
        """The engine, and the guard before, while or after it strikes."""
        guard = self.desk.guard_pid()
        self.note("kill -9 engine and guard")
        self.desk.process.kill()
        self.desk.process.wait()
        time.sleep(self.dice.uniform(0.0, 2.0))
        try:
            os.kill(guard, signal.SIGKILL)
        except ProcessLookupError:
            self.note("the guard had gone")
        time.sleep(self.dice.uniform(0.0, 3.0))
        self.run()

    def kill_engine_and_server(self) -> None:
        self.desk.process.kill()
        self.desk.process.wait()
        self.note("kill -9 engine")
        self._kill_server(self.dice.choice(PROTOCOLS), self.dice.uniform(0.2, 2.0))
        self.run()

    def press(self) -> None:
        """The key, in the middle of whatever goes wrong."""
        name = self.dice.choice(list(SPELLS)) if self.dice.random() < 0.5 else ""
        began = time.time_ns()
        for server in self.servers.values() if name else ():
            server.admin(**SPELLS[name])
        self.note("kill pressed", name)
        self.act("kill", "soak")
        time.sleep(self.dice.uniform(0.0, 3.0))
        for one, server in self.servers.items():
            server.admin(**USUAL)
            if name == "refused":
                self.outages.append((one, began, time.time_ns()))
        self.until("zero after a kill", lambda: self.status()["kill_proven"])

    # -- orders that are not as the desk thinks ------------------------------------------------------------------

    def orphan(self) -> None:
        """An order with an id of ours whose record is lost: ids of an earlier life that no order of the tape has."""
        protocol, quiet = self.dice.choice(PROTOCOLS), self.dice.random() < 0.5
        head, oid = self._unused()
        if not oid:
            return
        bid = self.status()["instruments"][f"{protocol}:BTCUSDT"]["bid"]
        if not bid:
            return
        order = {
            "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01",
            "price": f"{round(bid * 0.97):d}", "newClientOrderId": f"{head}{oid}", "quiet": quiet,
        }  # fmt: skip
        self.note("orphan", f"{protocol} {oid} {'quiet' if quiet else 'told'}")
        began = time.time_ns()
        self.servers[protocol].admin(place=order)
        self.orphans.append((began, "placed", protocol, oid, quiet))
        self._gone(protocol, f"{head}{oid}")

    def _unused(self) -> tuple[str, int]:
        """An id below those of the present life and above those of the last one, which reserved them."""
        head, used = self.head(), self._used()
        gaps = [low for low, high in pairwise(used) if high - low > 50]
        taken = {one[3] for one in self.orphans}
        free = [low + 20 + k for low in gaps for k in range(25) if low + 20 + k not in taken]
        return head, self.dice.choice(free) if free else 0

    def head(self) -> str:
        return f"mm{self.desk.ready['session'][-4:]}-"

    def _used(self) -> list[int]:
        head, used = self.head(), set()
        for path in self.journals.values():
            for row in read(path):
                if row["k"] in ("new", "refused") and row["client"].startswith(head) and not row.get("by"):
                    used.add(int(row["client"][len(head) :]))
        return sorted(used)

    def cancelled_behind(self) -> None:
        """An own order is cancelled at the venue, by somebody else."""
        protocol, quiet = self.dice.choice(PROTOCOLS), self.dice.random() < 0.5
        head = self.head()
        ours = [one for one in self.servers[protocol].admin()["open_orders"] if one["client"].startswith(head)]
        if not ours:
            return
        client = self.dice.choice(ours)["client"]
        oid = int(client[len(head) :])
        began = time.time_ns()
        try:
            self.servers[protocol].admin(
                cancel={"symbol": "BTCUSDT", "origClientOrderId": client, "quiet": quiet}
            )
        except OSError:
            return  # gone meanwhile
        self.note("cancelled behind", f"{protocol} {oid} {'quiet' if quiet else 'told'}")
        self.orphans.append((began, "cancelled", protocol, oid, quiet))
        time.sleep(0.5)

    def _gone(self, protocol: str, client: str) -> None:
        deadline = time.monotonic() + FOUND_S
        while time.monotonic() < deadline:
            if not any(one["client"] == client for one in self.servers[protocol].admin()["open_orders"]):
                return
            time.sleep(0.1)

    # -- the end -----------------------------------------------------------------------------------------------------

    def finish(self) -> dict[str, Any]:
        """Everything in order: kill, zero, the same positions here and there, an orderly end. The last status."""
        for server in self.servers.values():
            server.admin(**dict.fromkeys(USUAL, 0) | {"half_open": False, "silent": False, "refuse": False})
        self.act("kill", "the end of the soak")
        self.until("zero at the end", lambda: (body := self.status())["kill_proven"] and not body["unknown_orders"])
        self.until("the account is reconciled", self._settled, 30.0)
        body = self.status()
        self.act("shutdown")
        self.desk.process.wait(30)
        return body

    def _settled(self) -> bool:
        """Positions here and at the venues."""
        body = self.status()["instruments"]
        usdm = float(self.servers["binance-usdm"].admin()["positions"]["BTCUSDT"])
        spot = float(self.servers["binance-spot"].admin()["balances"]["BTC"]) - 20.0
        return (
            abs(body["binance-usdm:BTCUSDT"]["position"] - usdm) < 1e-9
            and abs(body["binance-spot:BTCUSDT"]["position"] - spot) < 0.00002 + 1e-9
        )

    def close(self) -> None:
        for server in self.servers.values():
            server.close()
        self.home.close()
