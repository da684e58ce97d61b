"""Where a desk's alerts go beside its cockpits: a webhook, with nobody attached too.

The desk writes a line to a pipe and goes on: a pipe that is full costs the alert its webhook, never the desk its time.
Rules of this file: the address is a secret, named in the config by env: or file:, told to the child through the pipe.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mmtui.config.schema import Alerts
from mmtui.core.errors import UserError
from mmtui.link.messages import Item

#: A line of the pipe is written whole or not at all (PIPE_BUF is 4096).
TEXT_MAX = 1_000
#: A child that has ended is started again at most so often.
AGAIN_S = 30.0
#: A halt and a kill are changes of state; the others are alerts.
_KINDS = ("alert", "state")
_RANK = {"info": 0, "warn": 1, "danger": 2}


def address(source: str, base: Path) -> str:
    """The webhook's address that a config names. UserError says what is wrong with it, and nothing of what it is."""
    kind, _, name = source.partition(":")
    text = os.environ.get(name, "").strip() if kind == "env" else _read(name, base)
    if not text:
        raise UserError(f"[alerts] webhook: the environment variable {name} is not set")
    wrong = "[alerts] webhook: what stands there is no address; give https://..., or http:// on this machine"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise UserError(wrong) from None
    if not host or not text.isascii() or any(c.isspace() for c in text):
        raise UserError(wrong)
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(host)):
        raise UserError(wrong)
    return text


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read(name: str, base: Path) -> str:
    path = Path(name).expanduser()
    path = path if path.is_absolute() else base / path
    try:
        facts = path.stat()
        if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
            raise UserError(f"[alerts] webhook: {path} can be read by others: chmod 600 it")
        return path.read_text(encoding="utf-8").strip() or " "
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"[alerts] webhook: {path}: {getattr(error, 'strerror', '') or 'is no text'}") from None


class Webhook:
    """The child, and the pipe to it. `say` is told sentences about deliveries, for the log and the cockpits."""

    def __init__(
        self, config: Alerts, url: str, desk: str, mode: str, loop: AbstractEventLoop, say: Callable[[str], None]
    ) -> None:
        self.least = _RANK[config.severity]
        self.dropped = 0
        self._first = {
            "url": url, "desk": desk, "mode": mode, "repeat_s": config.repeat_s, "repeats": config.repeats,
        }  # fmt: skip
        self._loop = loop
        self._say = say
        self._child: subprocess.Popen[bytes] | None = None
        self._started = -AGAIN_S
        self._start()

    def publish(self, items: Iterable[Item]) -> None:
        """Alerts among the items go out."""
        for item in items:
            if item.kind in _KINDS and _RANK.get(item.severity, 0) >= self.least and item.code != "webhook":
                line = {"n": item.n, "ts": item.ts, "severity": item.severity, "code": item.code,
                        "text": item.text[:TEXT_MAX]}  # fmt: skip
                self._write(line)

    def heard(self, n: int) -> None:
        """A cockpit has acknowledged the alerts up to a number."""
        self._write({"heard": n})

    def release(self) -> None:
        """No more alerts, and the loop has ended: the child sends what waits and ends by itself."""
        child, self._child = self._child, None
        if child is not None and child.stdin is not None:
            child.stdin.close()

    def _start(self) -> None:
        now = self._loop.time()
        if now - self._started < AGAIN_S:
            return
        self._started = now
        command = [sys.executable, "-m", "mmtui.host.webhook"]
        try:
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        except OSError as error:
            self._say(f"webhook: its process cannot be started: {error.strerror}")
            return
        assert child.stdin is not None and child.stdout is not None
        os.set_blocking(child.stdin.fileno(), False)
        os.set_blocking(child.stdout.fileno(), False)
        self._loop.add_reader(child.stdout.fileno(), self._told, child)
        self._child = child
        self._write(self._first)

    def _write(self, line: dict[str, Any]) -> None:
        if self._child is None:
            self._start()
        child = self._child
        if child is None or child.stdin is None:
            self.dropped += 1
            return
        try:
            os.write(child.stdin.fileno(), json.dumps(line).encode() + b"\n")
        except BlockingIOError:
            self.dropped += 1
        except OSError:
            self._ended(child)

    def _told(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(child.stdout.fileno(), 65536)
            if not data:
                self._ended(child)
        for line in data.decode(errors="replace").splitlines():
            self._say(line)

    def _ended(self, child: subprocess.Popen[bytes]) -> None:
        """It has died: it is started again with an alert that comes later."""
        if child is not self._child or child.stdin is None or child.stdout is None:
            return
        self._loop.remove_reader(child.stdout.fileno())
        self._child = None
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        child.poll()
        self._say("webhook: its process has ended; it is started again with a later alert")
