"""A real pseudo-terminal: hang-up, SIGTERM, a terminal that stops reading."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

from mmtui.core.errors import UserError
from mmtui.tui.run import run_cockpit

FAKE = Path(__file__).parent / "fakedesk.py"


class Terminal:
    """The cockpit on the fake desk, in a pty of 120×40."""

    def __init__(self, **env):
        full = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | env
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.execve(sys.executable, [sys.executable, str(FAKE), "PAPER"], full)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.seen = b""
        self.gone = False

    def hang_up(self):
        self.gone = True
        os.close(self.fd)

    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    return

    def until(self, word, seconds=60.0):
        end = time.monotonic() + seconds
        while word not in self.seen and time.monotonic() < end:
            self.read(0.1)
        assert word in self.seen, word

    def ended(self, seconds=60.0):
        """Its exit code; what it still writes is read, for a writer that waits for us would never end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.gone:
                self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return None

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


def test_a_hang_up_ends_the_cockpit_cleanly(terminal):
    terminal.until(b"RUNNING")
    terminal.hang_up()
    assert terminal.ended() == 0


def test_sigterm_ends_it_and_restores_the_screen(terminal):
    terminal.until(b"RUNNING")
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.ended() == 0
    assert b"\x1b[?1049l" in terminal.seen


def test_a_key_is_answered_after_the_terminal_had_stopped_reading(terminal):
    terminal.until(b"RUNNING")
    for _ in range(10):  # nobody reads: the pty fills up, the writer's thread waits, the loop does not
        os.write(terminal.fd, b"T")  # another theme draws the whole screen
        time.sleep(0.2)
    time.sleep(3.0)
    os.write(terminal.fd, b"]")  # typed into the stall: dropped
    terminal.read(2.0)
    terminal.until(b"line stalled")
    terminal.seen = b""
    os.write(terminal.fd, b"p")
    terminal.until(b"PAUSED")
    os.write(terminal.fd, b"q")
    assert terminal.ended() == 0


def test_bytes_that_are_no_keys_are_dropped_and_keys_go_on(terminal):
    terminal.until(b"RUNNING")
    for junk in (
        b"\x80\xff\xfe",
        b"\xc3(",
        b"\x1b[999999999999;1;1;1u\x1b[<1;2",
        b"\x1b[200~\x84" + b"y" * 9_000 + b"\x1b[201~",
        b"\x1b[200~abc\x1b[Aqqq\x1bq\x1b[201~",
    ):
        os.write(terminal.fd, junk)
        terminal.read(0.3)
    os.write(terminal.fd, b"p")
    terminal.until(b"PAUSED")
    os.write(terminal.fd, b"q")
    assert terminal.ended() == 0
    assert b"Traceback" not in terminal.seen and b"Error" not in terminal.seen


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "xterm", "COLORTERM": ""}])
def test_poor_terminals(env):
    terminal = Terminal(**env)
    try:
        terminal.until(b"RUNNING")
        os.write(terminal.fd, b"q")
        assert terminal.ended() == 0
        assert b"Traceback" not in terminal.seen
    finally:
        terminal.close()


def test_without_a_terminal_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "__stdin__", open(os.devnull))  # noqa: SIM115
    with pytest.raises(UserError, match="needs a terminal"):
        run_cockpit(tmp_path / "no.sock")
