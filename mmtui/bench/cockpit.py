"""Benchmarks of the whole program in a pseudo-terminal: start-up, frames, memory.

Rules of this file: starts the real commands in a home of their own, reads what they write, and ends them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from mmtui.bench import material
from mmtui.view.model import SCREENS

COLUMNS, ROWS = 200, 50
STEADY_S = 10.0
SETTLE_S = 3.0
SCREEN_SETTLE_S, SCREEN_S = 1.5, 4.0
PEAK = 3
MMTUI = [sys.executable, "-m", "mmtui"]


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far; nan where the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


class Terminal:
    """A program in a pseudo-terminal that answers what Textual asks."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.begun = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.seen = b""
        self.bytes = 0

    def read(self, seconds: float, until: bytes = b"") -> bool:
        """Read for so long, or until a text has been written; True when it was."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if not select.select([self.fd], [], [], min(left, 0.05))[0]:
                continue
            try:
                data = os.read(self.fd, 65_536)
            except OSError:
                return False
            self.bytes += len(data)
            self.seen = (self.seen + data)[-200_000:]
            if b"\x1b[?2026$p" in data:
                os.write(self.fd, b"\x1b[?2026;2$y")
            if until and until in self.seen:
                return True
        return False

    def press(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
        self.read(1.0)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self.fd)


@contextlib.contextmanager
def home() -> Iterator[dict[str, str]]:
    """State and sockets in a folder of their own; every desk in it is ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="mmb", ignore_cleanup_errors=True) as folder:
        env = {
            **os.environ,
            "XDG_STATE_HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        try:
            yield env
        finally:
            pid = host_pid(env)
            subprocess.run([*MMTUI, "ctl", "shutdown"], env=env, capture_output=True, check=False, timeout=30)
            end = time.perf_counter() + 10.0
            while pid and alive(pid) and time.perf_counter() < end:
                time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def host_pid(env: dict[str, str]) -> int:
    """The pid that the desk's lock file tells."""
    for lock in Path(env["XDG_STATE_HOME"]).glob("mmtui/desks/*/host.lock"):
        with contextlib.suppress(ValueError, OSError):
            return int(json.loads(lock.read_text())["pid"])
    return 0


def bench_frame() -> dict[str, Any]:
    """Cockpit of a quoting demo at 200x50 and 10 frames/s: CPU and bytes a frame over ten seconds."""
    with home() as env:
        terminal = Terminal([*MMTUI, "demo"], env)
        try:
            terminal.read(15.0, b"mid")
            terminal.press(b"s")
            terminal.read(SETTLE_S)
            cpu, written, begun = cpu_s(terminal.pid), terminal.bytes, time.perf_counter()
            terminal.read(STEADY_S)
            span = time.perf_counter() - begun
            frames = span * 10.0
            used = cpu_s(terminal.pid) - cpu
            return {
                "size": f"{COLUMNS}x{ROWS}",
                "frames_per_s": 10,
                "cpu_ms_per_frame": round(used / frames * 1e3, 2),
                "bytes_per_frame": round((terminal.bytes - written) / frames),
                "cockpit_cpu_percent": round(used / span * 100, 1),
                "cockpit_rss_mib": round(rss_mib(terminal.pid), 1),
            }
        finally:
            terminal.end()


def bench_screens() -> dict[str, Any]:
    """CPU and bytes a frame of each screen at 200x50 and 10 frames/s: six instruments, at PEAK times their pace."""
    out: dict[str, Any] = {}
    with home() as env:
        config, name = material.six(Path(env["XDG_STATE_HOME"]))
        out["source"] = f"{name}, {PEAK} times as fast"
        terminal = Terminal([*MMTUI, "run", str(config), "--speed", str(PEAK)], env)
        try:
            terminal.read(15.0, b"mid")
            terminal.press(b"s")
            terminal.read(SETTLE_S)
            for at, name in enumerate(SCREENS, 1):
                terminal.press(str(at).encode())
                terminal.read(SCREEN_SETTLE_S)
                cpu, written, begun = cpu_s(terminal.pid), terminal.bytes, time.perf_counter()
                terminal.read(SCREEN_S)
                span = time.perf_counter() - begun
                used = cpu_s(terminal.pid) - cpu
                out[f"{name}_cpu_ms_per_frame"] = round(used / span / 10.0 * 1e3, 2)
                out[f"{name}_bytes_per_frame"] = round((terminal.bytes - written) / span / 10.0)
            return out
        finally:
            terminal.end()


def bench_start() -> dict[str, Any]:
    """From exec: --help, cockpit to its first moving books (the host is started on the way), engine to ready."""
    helps = []
    for _ in range(5):
        before = os.times()
        subprocess.run([*MMTUI, "--help"], capture_output=True, check=True)
        after = os.times()
        helps.append(after.children_user + after.children_system - before.children_user - before.children_system)
    wall, cpu, keys = [], [], []
    for _ in range(3):
        with home() as env:
            terminal = Terminal([*MMTUI, "demo"], env)
            try:
                terminal.read(20.0, b"mid")
                wall.append(time.perf_counter() - terminal.begun)
                cpu.append(cpu_s(terminal.pid))
                terminal.read(1.0)
                terminal.seen = b""
                begun = time.perf_counter()
                terminal.press(b"s")
                terminal.read(10.0, b"RUNNING")
                keys.append(time.perf_counter() - begun)
            finally:
                terminal.end()
    return {
        "help_cpu_ms": round(median(helps) * 1e3, 1),
        "demo_to_books_wall_s": round(median(wall), 2),
        "demo_to_books_cpu_s": round(median(cpu), 2),
        "start_key_to_running_wall_ms": round(median(keys) * 1e3, 1),
    }


def bench_memory() -> dict[str, Any]:
    """Memory and CPU of the demo's engine host, fresh and after ten seconds of quoting."""
    with home() as env:
        terminal = Terminal([*MMTUI, "demo"], env)
        try:
            terminal.read(15.0, b"mid")
            pid = host_pid(env)
            fresh = rss_mib(pid)
            terminal.press(b"s")
            terminal.read(SETTLE_S)
            cpu = cpu_s(pid)
            terminal.read(STEADY_S)
            return {
                "host_rss_mib": round(fresh, 1),
                "host_rss_mib_after_quoting": round(rss_mib(pid), 1),
                "host_cpu_percent": round((cpu_s(pid) - cpu) / STEADY_S * 100, 1),
            }
        finally:
            terminal.end()
