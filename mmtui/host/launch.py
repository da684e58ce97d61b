"""Starts hosts detached: own session, no terminal, output to a log; the starter becomes the cockpit meanwhile.

Rules of this file: it starts and waits for one line; nothing of the engine is imported here.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mmtui.config.paths import socket_path, state_dir
from mmtui.core.errors import SourceError, UserError
from mmtui.host.registry import lookup, lookup_started

#: Opening many large captures takes a moment; nothing takes this long.
START_S = 60.0
LOG = "launch.log"


class Started:
    """A host that is on its way."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        log = state_dir() / LOG
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mmtui.host.main", json.dumps(spec)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                cwd="/" if not spec.get("cwd") else spec["cwd"],
            )

    def socket(self) -> Path:
        """Wait until clients can connect. Raises UserError with the host's own sentence when it cannot start."""
        answer = self._answer()
        if "socket" in answer:
            return Path(answer["socket"])
        if "running" in answer:
            return _running(answer["running"])
        raise (SourceError if answer.get("exit") == 3 else UserError)(answer["error"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        data = b""
        until = time.monotonic() + START_S
        while b"\n" not in data:
            left = until - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                self._process.kill()
                raise SourceError(f"the host did not start within {START_S:.0f} s (its log: {state_dir() / LOG})")
            chunk = os.read(fd, 65536)
            if not chunk:
                raise SourceError(f"the host ended while it started (its log: {state_dir() / LOG})")
            data += chunk
        answer = json.loads(data.partition(b"\n")[0])
        assert isinstance(answer, dict)
        return answer


class Found:
    """A host that runs already."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def socket(self) -> Path:
        return self._path


def _running(name: str) -> Path:
    """The socket of a desk whose lock is held; it may be starting still."""
    desk = lookup_started(name, START_S)
    return desk.socket if desk is not None else socket_path(name)


def start_demo(seed: int | None, scenario: str | None) -> Started | Found:
    """The demo: one of this user, or one a seed and scenario when they are asked for."""
    name = "demo"
    if seed is not None or scenario is not None:
        name = f"demo-{scenario or 'calm'}-{1 if seed is None else seed}"
    if (desk := lookup(name)) is not None:
        return Found(desk.socket)
    return Started({"kind": "demo", "name": name, "seed": 1 if seed is None else seed, "scenario": scenario or "calm"})


def start_desk(config: Path, speed: float | None, live: bool = False) -> Started:
    """The desk of a config; the host itself finds out whether it runs already."""
    spec = {"kind": "config", "path": str(config), "name": None, "speed": speed, "live": live, "cwd": os.getcwd()}
    return Started(spec)


def start_replay(session: str, speed: float | None, at: str | None) -> Started:
    """A host that serves a recorded session."""
    return Started({"kind": "replay", "session": session, "speed": speed, "at": at, "cwd": os.getcwd()})
