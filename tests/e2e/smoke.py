"""`mmtui demo` in a pseudo-terminal, as a user meets it: books move, `s` quotes, Ctrl+\\ kills with proof, `q` leaves.

Run it: python tests/e2e/smoke.py [COMMAND ...]; exit code 0 when everything was seen.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable

CSI = rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]"
STRING = rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_].*?\x1b\\"
CONTROL = re.compile(CSI + b"|" + STRING + rb"|\x1b.", re.DOTALL)
PRICE = re.compile(r"\d\d,\d\d\d")
OWN_ORDER = re.compile(r"[BS] (spot|usdm|coinm) [0-9.]+")
SIZE = (45, 160)


class Terminal:
    """A process in a pty of its own; what it has written, without control sequences."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.started = time.monotonic()
        self.text = ""
        self.exit_code: int | None = None
        self._raw = b""
        self._mark = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))

    def read(self, seconds: float) -> None:
        """Take what comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                return
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                _, status = os.waitpid(self.pid, 0)
                self.exit_code = os.waitstatus_to_exitcode(status)
                return
            if b"\x1b[?2026$p" in data:
                os.write(self.fd, b"\x1b[?2026;2$y")
            self._raw = self._raw[-200:] + data
            self.text += CONTROL.sub(b" ", data).decode("utf-8", "replace")

    def press(self, keys: bytes) -> None:
        """Press keys; what is looked for next must be written after this."""
        self._mark = len(self.text)
        os.write(self.fd, keys)

    def until(self, what: str, seen: Callable[[str], object], seconds: float) -> float:
        """Wait until `seen` says yes to what was written since the last key; how long it took."""
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            self.read(0.05)
            if seen(self.text[self._mark :]):
                return time.monotonic() - begin
            if self.exit_code is not None:
                break
        tail = self.text[-3000:]
        raise SystemExit(f"smoke: not seen within {seconds:.0f} s: {what} (exit code {self.exit_code})\n{tail}")

    def close(self) -> None:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def play(command: list[str], env: dict[str, str]) -> None:
    """The whole visit."""
    terminal = Terminal([*command, "demo"], env)
    try:
        terminal.until("prices on the screen", lambda text: len(set(PRICE.findall(text))) > 5, 20)
        shown = time.monotonic() - terminal.started
        first = len(terminal.text)
        terminal.until("moving books", lambda text: len(PRICE.findall(text[first:])) > 10, 10)
        terminal.press(b"s")
        quoted = terminal.until("own quotes after s", OWN_ORDER.search, 10)
        terminal.press(b"\x1c")
        killed = terminal.until("KILLED after Ctrl+\\", lambda text: "KILLED" in text, 10)
        terminal.press(b"q")
        terminal.until("the shell again", lambda text: terminal.exit_code is not None, 15)
        if terminal.exit_code != 0:
            raise SystemExit(f"smoke: mmtui demo ended with {terminal.exit_code}")
    finally:
        terminal.close()
    print(f"smoke: books after {shown:.2f} s, own quotes {quoted:.2f} s after s, KILLED {killed:.2f} s after Ctrl+\\")


def no_host_left(env: dict[str, str]) -> None:
    """The demo's host ends with q."""
    from mmtui.host.registry import running

    os.environ.update(env)
    until = time.monotonic() + 10
    while running():
        if time.monotonic() > until:
            for desk in running():
                os.kill(desk.pid, signal.SIGKILL)
            raise SystemExit("smoke: the demo's host is still there after q")
        time.sleep(0.1)


def main() -> None:
    root = tempfile.mkdtemp(prefix="mm")
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    env |= {"XDG_STATE_HOME": f"{root}/s", "XDG_RUNTIME_DIR": f"{root}/r", "XDG_CONFIG_HOME": f"{root}/c"}
    for name in "src":
        os.mkdir(f"{root}/{name}")
    try:
        play(sys.argv[1:] or [sys.executable, "-m", "mmtui"], env)
        no_host_left(env)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
