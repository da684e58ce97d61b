"""A home of its own for every test that starts hosts, and a small market recorded in the format of captures."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmtui.core.setup import DeskSetup
from mmtui.host.feed import Source, synthetic_instruments
from mmtui.host.life import open_desk
from mmtui.host.main import _demo_instrument

START_NS = 1_700_000_000_000_000_000
WAIT_S = 30.0

CONFIG = """
[desk]
name = "{name}"
mode = "paper"
equity = 100_000
autostart = {autostart}
[[venue]]
id = "binance-spot"
source = ["{capture}"]
[[instrument]]
id = "binance-spot:BTCUSDT"
quoting = "tight"
max_position = 1.0
baseline = 1.0
[quoting.tight]
fee_floor = false
spread_bps = 0.06
size = 0.05
levels = 2
[limits]
observers_may_kill = {observers}
"""


def write_capture(path: Path, seconds: float, step_ms: int = 40) -> None:
    """A spot market of one symbol: a snapshot, then depth, ticker and trades that wander."""
    lines = []
    seq = 1000
    bids = [[f"{60000 - 0.5 * k:.2f}", "1.5"] for k in range(40)]
    asks = [[f"{60000.5 + 0.5 * k:.2f}", "1.5"] for k in range(40)]

    def put(ts: int, body: object) -> None:
        lines.append(f"{ts} {json.dumps(body, separators=(',', ':'))}")

    put(START_NS, {"lastUpdateId": seq, "bids": bids, "asks": asks})
    for step in range(1, int(seconds * 1000 / step_ms)):
        ts = START_NS + step * step_ms * 1_000_000
        size = f"{1.0 + (step * 7 % 13) / 10:.1f}"
        level = step % 20
        depth = {
            "e": "depthUpdate",
            "E": ts // 1_000_000,
            "s": "BTCUSDT",
            "U": seq + 1,
            "u": seq + 2,
            "b": [[bids[level][0], size]],
            "a": [[asks[level][0], size]],
        }
        put(ts, {"stream": "btcusdt@depth@100ms", "data": depth})
        seq += 2
        if step % 3 == 0:
            sold = step % 4 != 0
            trade = {
                "e": "trade",
                "E": ts // 1_000_000,
                "s": "BTCUSDT",
                "t": step,
                "p": bids[0][0] if sold else asks[0][0],
                "q": "2.0",
                "T": ts // 1_000_000,
                "m": sold,
                "M": True,
            }
            put(ts + 1_000, {"stream": "btcusdt@trade", "data": trade})
    path.write_text("\n".join(lines) + "\n")


class Home:
    """Runs mmtui in folders of its own, and ends what it started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {**os.environ, "XDG_STATE_HOME": str(root / "s"), "XDG_RUNTIME_DIR": str(root / "r")}
        self.state = root / "s" / "mmtui"
        self.children: list[subprocess.Popen[str]] = []
        for name in ("s", "r"):
            (root / name).mkdir()

    def config(self, name: str, *, seconds: float = 60.0, autostart: bool = True, observers: bool = True) -> Path:
        capture = self.root / f"{name}.txt"
        write_capture(capture, seconds)
        path = self.root / f"{name}.toml"
        flags = {"autostart": str(autostart).lower(), "observers": str(observers).lower()}
        path.write_text(CONFIG.format(name=name, capture=capture, **flags))
        return path

    def run(self, *args: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run to the end; `code` is the exit code that it must have."""
        command = [sys.executable, "-m", "mmtui", *args]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=WAIT_S, check=False)
        assert code is None or done.returncode == code, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def engine(self, config: Path, *args: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        """Start a host in the foreground of a process of its own; its ready line."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mmtui", "engine", str(config), *args],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        return process, json.loads(line)

    def status(self, name: str) -> dict[str, Any]:
        body = json.loads(self.run("ctl", name, "status", "--json").stdout)
        assert isinstance(body, dict)
        return body

    def until(self, name: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask for the status until it is as wanted."""
        deadline = time.monotonic() + WAIT_S
        while True:
            body = self.status(name)
            if wanted(body):
                return body
            assert time.monotonic() < deadline, body
            time.sleep(0.05)

    def close(self) -> None:
        for process in self.children:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for lock in self.state.glob("desks/*/host.lock"):
            with contextlib.suppress(ValueError, KeyError, ProcessLookupError):
                os.kill(int(json.loads(lock.read_text())["pid"]), signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.fixture
def home() -> Iterator[Home]:
    """Short paths: a socket's may not pass 103 bytes."""
    made = Home(Path(tempfile.mkdtemp(prefix="mm")))
    yield made
    made.close()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State of this process in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "mmtui"


@pytest.fixture
def open_synthetic(state: Path) -> Callable[..., Any]:
    """A desk on the synthetic market, in this process, as fast as it goes."""

    def make(name: str = "unit", *, autostart: bool = True, keep: bool = True) -> Any:
        source = Source("synthetic", scenario="calm", seed=7, start_ns=START_NS)
        instruments = [_demo_instrument(item) for item in synthetic_instruments(source)]
        setup = DeskSetup(
            name=name,
            mode="paper",
            currency="USDT",
            equity="1000000",
            instruments=instruments,
            venues=list(dict.fromkeys(item.instrument.venue for item in instruments)),
            autostart=autostart,
        )
        return open_desk(setup, source, speed=0.0, keep=keep)

    return make
