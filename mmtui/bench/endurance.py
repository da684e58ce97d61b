"""A session of eight hours, accelerated: does the memory of cockpit and host stay flat while the screens change?

Rules of this file: starts the real commands in a home of their own, reads what they write, and ends them.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from statistics import mean
from typing import Any

from mmtui.bench.cockpit import MMTUI, Terminal, home, host_pid, rss_mib

HOURS = 8.0
#: Wall seconds that it may take; MMTUI_BENCH_S sets another bound, and how far it came is in the result.
WALL_S = 300.0
WARM_S = 20.0
LOOK_S = 2.0
_CONFIG = """
[desk]
name = "long"
mode = "paper"
autostart = true
[[venue]]
id = "sim-usdm"
source = "synthetic:trend"
[[instrument]]
id = "sim-usdm:BTCUSDT"
max_position = 5.0
[quoting.default]
spread_bps = 4.0
levels = 2
[limits]
daily_loss = 1_000_000.0
drawdown = 1_000_000.0
"""
#: Pressed one after the other: every screen, help, palette and filter, steps of the ladder, spread up and down.
_KEYS = (*(bytes([k]) for k in b"123456789"), b"?", b"?", b"/", b"\x1b", b"1", b"(", b")", b"]", b"[", b"o", b"2", b"t")


def bench_session() -> dict[str, Any]:
    """MiB of both processes over the hours of the desk's clock, and the slope of each over the second half."""
    bound = float(os.environ.get("MMTUI_BENCH_S", WALL_S))
    with home() as env:
        config = Path(env["XDG_STATE_HOME"]) / "long.toml"
        config.write_text(_CONFIG)
        terminal = Terminal([*MMTUI, "run", str(config), "--speed", "max"], env)
        try:
            terminal.read(15.0, b"mid")
            terminal.press(b"/")
            terminal.read(0.5)
            terminal.press(b"fps 30\r")
            terminal.read(WARM_S)
            host = host_pid(env)
            first, begun, at = _hours(env), time.monotonic(), 0
            seen: list[tuple[float, float, float]] = []  # wall s, cockpit, host
            bytes_before, hours = terminal.bytes, 0.0
            while time.monotonic() - begun < bound and hours < HOURS:
                terminal.press(_KEYS[at % len(_KEYS)])
                at += 1
                terminal.read(LOOK_S)
                seen.append((time.monotonic() - begun, rss_mib(terminal.pid), rss_mib(host)))
                if not at % 15:
                    hours = _hours(env) - first
            span = time.monotonic() - begun
            hours = _hours(env) - first
            return {
                "hours_of_the_desk": round(hours, 2),
                "wall_s": round(span),
                "keys": at,
                "painted_mb": round((terminal.bytes - bytes_before) / 1e6, 1),
                **_flat("cockpit", [(s * hours / span, mib) for s, mib, _ in seen]),
                **_flat("host", [(s * hours / span, mib) for s, _, mib in seen]),
            }
        finally:
            terminal.end()


def _flat(name: str, seen: list[tuple[float, float]]) -> dict[str, float]:
    """First and last of a process, and MiB an hour of the desk's clock by least squares over the second half."""
    half = seen[len(seen) // 2 :]
    x, y = mean(hour for hour, _ in half), mean(mib for _, mib in half)
    spread = sum((hour - x) ** 2 for hour, _ in half)
    slope = sum((hour - x) * (mib - y) for hour, mib in half) / spread if spread else 0.0
    return {
        f"{name}_mib_first": round(seen[0][1], 1),
        f"{name}_mib_last": round(seen[-1][1], 1),
        f"{name}_mib_per_hour": round(slope, 2),
    }


def _hours(env: dict[str, str]) -> float:
    """The desk's clock, hours."""
    done = subprocess.run([*MMTUI, "ctl", "long", "status", "--json"], env=env, capture_output=True, check=True)
    return float(json.loads(done.stdout)["ts"]) / 3.6e12
