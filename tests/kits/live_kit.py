"""A live desk on loopback exchanges, for tests of what happens to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from loopback_kit import Loopback

WAIT_S = 20.0

HEAD = """
[desk]
name = "{name}"
mode = "{mode}"
equity = 100_000
[quoting.tight]
spread_bps = 0.3
fee_floor = false
size = 0.05
levels = 2
[quoting.small]
spread_bps = 0.3
fee_floor = false
size = 0.02
levels = 2
[quoting.contracts]
spread_bps = 0.3
fee_floor = false
size = 30
levels = 2
[quoting.dollars]
spread_bps = 0.3
fee_floor = false
size = 3000
levels = 2
[quoting.tenths]
spread_bps = 0.3
fee_floor = false
size = 3
levels = 2
"""

VENUES = {
    "binance-usdm": """
[[venue]]
id = "binance-usdm"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "binance-usdm:BTCUSDT"
quoting = "tight"
max_position = 1.0
""",
    "binance-coinm": """
[[venue]]
id = "binance-coinm"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "binance-coinm:BTCUSD_PERP"
quoting = "contracts"
max_position = 600
""",
    "okx": """
[[venue]]
id = "okx"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "okx:BTC-USDT-SWAP"
quoting = "tenths"
max_position = 100
[[instrument]]
id = "okx:BTC-USDT"
quoting = "small"
max_position = 1.0
baseline = 20
""",
    "bybit": """
[[venue]]
id = "bybit"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "bybit:BTCUSDT"
quoting = "tight"
max_position = 1.0
""",
    "deribit": """
[[venue]]
id = "deribit"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "deribit:BTC-PERPETUAL"
quoting = "dollars"
max_position = 60000
""",
    "hyperliquid": """
[[venue]]
id = "hyperliquid"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "hyperliquid:BTC"
quoting = "tight"
max_position = 1.0
""",
    "kraken-spot": """
[[venue]]
id = "kraken-spot"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "kraken-spot:BTC/USD"
quoting = "small"
max_position = 1.0
baseline = 20
""",
    "kraken-futures": """
[[venue]]
id = "kraken-futures"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
[[instrument]]
id = "kraken-futures:PF_XBTUSD"
quoting = "tight"
max_position = 1.0
""",
    "binance-spot": """
[[venue]]
id = "binance-spot"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
accept_unbounded = true
[[instrument]]
id = "binance-spot:BTCUSDT"
quoting = "small"
max_position = 1.0
baseline = 20
""",
}


SPIN = """
import os, sys
from mmtui.cli import main
from mmtui.host.live import LiveDesk
inner = LiveDesk.slice
def slice(self, *args):
    while os.path.exists({flag!r}):
        pass
    return inner(self, *args)
LiveDesk.slice = slice
sys.exit(main(["engine", {config!r}, "--live"]))
"""


def until(what: Callable[[], Any], seconds: float = WAIT_S, pause: float = 0.05) -> Any:
    """Ask until the answer is true."""
    deadline = time.monotonic() + seconds
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(pause)


class LiveDesk:
    """One desk of one home; its guard as the config says (`guard`: the lines of [guard])."""

    def __init__(
        self,
        home: Any,
        servers: list[Loopback],
        guard: str = "enabled = false",
        name: str = "loop",
        mode: str = "live",
    ) -> None:
        self.home = home
        self.servers = servers
        self.name = name
        ready = servers[0].ready
        home.env |= {"LOOPBACK_KEY": ready["key"], "LOOPBACK_SECRET": ready["secret"]}
        home.env |= {"LOOPBACK_PASSPHRASE": ready.get("passphrase", "")}
        self.config: Path = home.root / f"{name}.toml"
        text = HEAD.format(name=name, mode=mode) + f"[guard]\n{guard}\n"
        text += "".join(VENUES[one.protocol].format(rest=one.rest, ws=one.ws) for one in servers)
        self.config.write_text(text)
        self.flags = ["--live"] if mode == "live" else []
        self.process: Any = None
        self.ready: dict[str, Any] = {}

    def run(self) -> LiveDesk:
        self.process, self.ready = self.home.engine(self.config, *self.flags)
        return self

    def run_to_spin(self) -> LiveDesk:
        """As run, with a decision loop that turns on the spot for as long as `spin` is there."""
        self.spin = self.home.root / "spin"
        code = SPIN.format(flag=str(self.spin), config=str(self.config))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], env=self.home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.home.children.append(self.process)
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        return self

    def status(self) -> dict[str, Any]:
        body: dict[str, Any] = self.home.status(self.name)
        return body

    def act(self, *words: str, code: int | None = 0) -> str:
        done = self.home.run("ctl", self.name, *words, code=code)
        return str(done.stdout + done.stderr)

    def reconciled(self) -> bool:
        return {one["reason"] for one in self.status()["instruments"].values()} == {"PAUSED"}

    def start(self) -> LiveDesk:
        """Quoting on every venue."""
        until(self.reconciled)
        self.act("start")
        until(lambda: all(server.admin()["open_orders"] for server in self.servers))
        return self

    def stop(self) -> None:
        """SIGSTOP, with orders open everywhere."""
        while True:
            os.kill(self.process.pid, signal.SIGSTOP)
            if all(self.open_at(server) for server in self.servers):
                return
            os.kill(self.process.pid, signal.SIGCONT)
            time.sleep(0.1)

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def open_at(self, server: Loopback) -> int:
        return len(server.admin()["open_orders"])

    def open_orders(self) -> int:
        return sum(self.open_at(server) for server in self.servers)

    def latched(self) -> dict[str, str]:
        path = self.home.state / "desks" / self.name / "latch.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def guard_log(self) -> str:
        path = self.home.state / "desks" / self.name / "guard.log"
        return path.read_text() if path.exists() else ""

    def guard_pid(self) -> int:
        text = (self.home.state / "desks" / self.name / "guard.lock").read_text()
        return int(text)


class GuardProcess:
    """`mmtui guard CONFIG ...` of a home of its own."""

    def __init__(self, env: dict[str, str], config: Path, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mmtui", "guard", str(config), *args],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read() if self.process.stderr else ""
        self.ready: dict[str, Any] = json.loads(line)
        self._told: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(line)

    def event(self) -> dict[str, Any]:
        """The next thing that it tells."""
        body = json.loads(self._told.get(timeout=WAIT_S))
        assert isinstance(body, dict)
        return body

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def errors(self) -> str:
        """What it said to people, once it has ended."""
        assert self.process.stderr is not None
        return self.process.stderr.read()
