"""Keys under a flood of events, and a terminal that stalls: the cockpit in a pseudo-terminal, its host at full speed.

The cockpit is the product's own; a few lines run before it that write down when a key's handler and each turn of its
clock begin (monotonic time is one for all processes of a machine).
Rules of this file: starts the real commands in a home of their own, reads what they write, and ends them.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

from mmtui.bench import material
from mmtui.bench.cockpit import MMTUI, Terminal, home
from mmtui.link.client import connect
from mmtui.link.messages import PROTOCOL, Frame, Hello, View

PRESSES = 120
#: The host takes recorded events as fast as this many times their pace, where it can.
FLOOD = 30
STALL_S = 6.0
_WATCH = """
import sys, time
from mmtui.tui.app import Cockpit
told = open(sys.argv.pop(1), "w", buffering=1)
press, tick = Cockpit.action_press, Cockpit.tick
def action_press(self, key):
    told.write(f"key {time.monotonic_ns()}\\n")
    press(self, key)
def ticked(self, at_once=False):
    told.write(f"tick {time.monotonic_ns()}\\n")
    tick(self, at_once)
Cockpit.action_press, Cockpit.tick = action_press, ticked
from mmtui.__main__ import main
main()
"""
#: Two keys that answer in the row above the keys, and a part of each answer.
_ANSWERS = ((b"t", b"works on"), (b"h", b"alert wa"))


def bench_keys() -> dict[str, Any]:
    """Milliseconds from a key's bytes in the terminal to its handler, and to its answer's bytes in the terminal."""
    with home() as env:
        folder = Path(env["XDG_STATE_HOME"])
        config, name = material.six(folder)
        engine = subprocess.Popen([*MMTUI, "engine", str(config), "--speed", str(FLOOD)], env=env,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
        assert engine.stdout is not None
        engine.stdout.readline()
        terminal = Terminal([sys.executable, "-c", _WATCH, str(folder / "told"), "attach", "six"], env)
        try:
            out: dict[str, Any] = {"source": f"{name}, {FLOOD} times as fast where the host can"}
            terminal.read(15.0, b"mid")
            terminal.press(b"h")
            terminal.read(0.5)
            before, begun = _messages(folder), time.monotonic()
            pressed, painted = _press(terminal)
            out["events_per_s"] = round((_messages(folder) - before) / (time.monotonic() - begun))
            handled = _handled(folder / "told", pressed)
            out |= _shares("key_to_handler_ms", handled) | _shares("key_to_painted_ms", painted)
            out["keys"], out["painted"] = len(pressed), len(painted)
            return out | _stall(terminal, folder / "told")
        finally:
            terminal.end()
            engine.terminate()
            engine.wait(timeout=30)


def _press(terminal: Terminal) -> tuple[list[int], list[float]]:
    """When each key was written, ns; how long each answer took, ms."""
    rng = Random(7)
    pressed: list[int] = []
    painted: list[float] = []
    for at in range(PRESSES):
        terminal.read(0.06 + 0.08 * rng.random())
        key, answer = _ANSWERS[at % 2]
        terminal.seen = b""
        pressed.append(time.monotonic_ns())
        terminal.press(key)
        if terminal.read(2.0, answer):
            painted.append((time.monotonic_ns() - pressed[-1]) / 1e6)
    return pressed, painted


def _handled(path: Path, pressed: list[int]) -> list[float]:
    """The handler that follows each press, ms after it."""
    times = [int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("key ")]
    times = [ts for ts in times if ts >= pressed[0]]
    return [(then - at) / 1e6 for at, then in zip(pressed, times, strict=False)]


def _stall(terminal: Terminal, path: Path) -> dict[str, Any]:
    """Nothing is read for so long: the longest gap between two turns of the cockpit, and what comes after it."""
    begun = time.monotonic_ns()
    time.sleep(STALL_S)
    ended = time.monotonic_ns()
    turns = [int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("tick ")]
    inside = [ts for ts in turns if begun <= ts <= ended]
    gaps = [b - a for a, b in pairwise(inside)]
    before = terminal.bytes
    terminal.read(0.5)
    return {
        "stall_s": STALL_S,
        "stall_turns": len(inside),
        "stall_longest_gap_ms": round(max(gaps, default=STALL_S * 1e9) / 1e6, 1),
        "stall_bytes_in_the_half_second_after": terminal.bytes - before,
    }


def _messages(folder: Path) -> int:
    """Messages that the host has taken, by a frame of its own."""

    async def ask() -> int:
        hello = Hello(protocol=PROTOCOL, role="observer", operator="bench", origin="local")
        async with connect(next(folder.glob("mmtui/*.sock")), hello) as line:
            await line.send(View(near=[]))
            async for message in line:
                if isinstance(message, Frame):
                    return sum(one.messages for one in message.instruments)
        return 0

    return asyncio.run(ask())


def _shares(name: str, values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100) if len(values) > 1 else [float("nan")] * 99
    return {f"{name}_p50": round(cuts[49], 2), f"{name}_p99": round(cuts[98], 2)}
