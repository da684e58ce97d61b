"""Canary keys: a live desk with keys that are looked for afterwards in every place where something of it is left.

Faults on the way: a venue that repeats key and secret in its errors, a refused key, a bad signature, signers that die,
a crash, damaged configs, debug output.  Nothing may be found: no twelve characters in a row.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import secrets
import select
import signal
import string
import struct
import sys
import termios
import time
from functools import partial
from pathlib import Path

import live_kit
import pytest
from loopback_kit import Loopback

from mmtui.tape.reader import TapeReader

pytest.importorskip("cryptography")
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc")

BTC = "binance-usdm:BTCUSDT"
WAIT_S = 40.0
until = partial(live_kit.until, seconds=WAIT_S)
PIECE = 12
ALPHABET = string.ascii_letters + string.digits

CONFIG = """
[desk]
name = "canary"
mode = "live"
equity = 100_000
[[venue]]
id = "binance-usdm"
rest = "{rest}"
ws = "{ws}"
keys = "{keys}"
[[instrument]]
id = "binance-usdm:BTCUSDT"
quoting = "tight"
max_position = 1.0
[quoting.tight]
spread_bps = 0.3
fee_floor = false
size = 0.05
levels = 2
"""


def canary(length=64):
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


class Watch:
    """What is looked for, and where it was found."""

    def __init__(self, *canaries):
        self.pieces = {one[at : at + PIECE].encode() for one in canaries for at in range(len(one) - PIECE + 1)}
        self.found = []
        self.places = 0

    def look(self, where, data):
        self.places += 1
        data = data.encode() if isinstance(data, str) else data
        self.found += [where for piece in self.pieces if piece in data][:1]

    def files(self, root, but):
        for path in root.rglob("*"):
            if path.is_file() and path not in but:
                self.look(path, path.read_bytes())

    def tapes(self, root):
        for session in (root / "sessions").iterdir():
            reader = TapeReader(session)
            for number in range(len(reader.chunks)):
                self.look(f"chunk {number} of {session.name}", reader.body(number) or b"")
            for _, event, effects in reader.records():
                self.look(type(event).__name__, f"{event}{effects}")


def relatives(home, but):
    """Processes that live in this home."""
    mark = f"XDG_STATE_HOME={home.root}/s".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) not in (os.getpid(), *but):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    yield folder


def signers(parent):
    """Signer processes of a host: its child, and the twins of that."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                if b"mmtui.host.signer" in (folder / "cmdline").read_bytes():
                    found.append((int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])))
    mine = {pid for pid, above in found if above == parent}
    return [pid for pid, above in found if pid in mine or above in mine]


class Desk:
    """A live desk with sealed canary keys on a loopback exchange that takes them."""

    def __init__(self, home, monkeypatch):
        self.home = home
        self.key, self.secret, self.phrase = canary(), canary(), canary(40)
        self.watch = Watch(self.key, self.secret, self.phrase)
        monkeypatch.setenv("MMTUI_LOOPBACK_KEY", self.key)
        monkeypatch.setenv("MMTUI_LOOPBACK_SECRET", self.secret)
        self.server = Loopback("binance-usdm", "--seed", "5")
        assert self.server.ready["secret"] == self.secret
        monkeypatch.delenv("MMTUI_LOOPBACK_KEY")
        monkeypatch.delenv("MMTUI_LOOPBACK_SECRET")
        self.kept = home.root / "phrase"
        self.kept.write_text(self.phrase + "\n")
        self.kept.chmod(0o600)
        home.env |= {"MMTUI_PASSPHRASE_FILE": str(self.kept), "PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1"}
        self.config = home.root / "canary.toml"
        self.config.write_text(CONFIG.format(rest=self.server.rest, ws=self.server.ws, keys="sealed:desk"))
        self.process = None
        self.ready = {}

    def keys(self, name, key, secret):
        import subprocess

        command = [sys.executable, "-m", "mmtui", "keys", "add", name]
        done = subprocess.run(command, input=f"{key}\n{secret}\n", env=self.home.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.watch.look("keys add", done.stdout + done.stderr)

    def run(self):
        self.process, self.ready = self.home.engine(self.config, "--live")
        return self

    def said(self, *words, code=0):
        done = self.home.run(*words, code=code)
        self.watch.look(f"mmtui {' '.join(words)}", done.stdout + done.stderr)
        return done.stdout + done.stderr

    def status(self):
        body = self.said("ctl", "canary", "status", "--json")
        return json.loads(body[body.index("{") :].splitlines()[0])

    def start(self):
        until(lambda: self.status()["instruments"][BTC]["reason"] == "PAUSED")
        self.said("ctl", "canary", "start")
        until(lambda: self.server.admin()["open_orders"])

    def screens(self):
        """A cockpit in a pseudo-terminal: every screen once."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execvpe(sys.executable, [sys.executable, "-m", "mmtui", "attach", "canary"], self.home.env)
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        data = b""
        try:
            for keys in (b"", b"", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9", b"0", b"?"):
                os.write(fd, keys)
                until = time.monotonic() + (2.0 if not keys else 0.5)
                while (left := until - time.monotonic()) > 0 and select.select([fd], [], [], left)[0]:
                    data += os.read(fd, 65_536)
            for name in ("cmdline", "environ"):
                self.watch.look(f"the cockpit's {name}", Path(f"/proc/{pid}/{name}").read_bytes())
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(fd)
        self.watch.look("screens", re.sub(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]", b"", data))
        return data

    def ended(self):
        out, errors = self.process.communicate(timeout=30)
        self.watch.look("engine's output", out + errors)

    def memory(self):
        """Everything that the engine's process has written into its memory."""
        data = b""
        with contextlib.suppress(PermissionError), open(f"/proc/{self.process.pid}/mem", "rb", 0) as memory:
            for line in Path(f"/proc/{self.process.pid}/maps").read_text().splitlines():
                span, rights, *_ = line.split()
                first, last = (int(part, 16) for part in span.split("-"))
                if rights.startswith("rw"):
                    with contextlib.suppress(OSError, OverflowError, ValueError):
                        memory.seek(first)
                        data += memory.read(last - first)
        return data


@pytest.fixture
def desk(home, monkeypatch):
    made = Desk(home, monkeypatch)
    made.keys("desk", made.key, made.secret)
    yield made
    made.server.close()


@linux
def test_no_sink_of_a_desk_that_meets_every_fault_has_its_keys(desk):
    watch, server, home = desk.watch, desk.server, desk.home
    desk.run().start()
    memory = desk.memory()
    assert not memory or desk.key.encode() in memory  # it is the right process: the API key goes into every request
    assert desk.secret.encode() not in memory
    assert desk.phrase.encode() not in memory
    del memory
    until(lambda: server.admin()["fills"] > 0)
    server.admin(echo=0.4)  # the venue repeats what nobody may hear
    desk.said("doctor", str(desk.config), code=None)
    shown = desk.screens()
    assert b"BTCUSDT" in shown, shown[-2_000:]
    first = signers(desk.process.pid)
    assert len(first) == 2
    for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first: neither makes a twin when the other dies
        for pid in first:
            os.kill(pid, number)
    until(lambda: len(set(signers(desk.process.pid)) - set(first)) == 2)  # a new one, and its twin
    server.admin(echo=0.0, error_503=0.1)
    until(lambda: desk.status()["links"]["binance-usdm"]["account"])
    time.sleep(1.0)
    server.admin(error_503=0.0)
    for folder in relatives(home, (server.process.pid,)):
        watch.look(f"{folder}/cmdline", (folder / "cmdline").read_bytes())
        watch.look(f"{folder}/environ", (folder / "environ").read_bytes())
    os.kill(desk.process.pid, signal.SIGABRT)  # a crash
    desk.ended()
    desk.run()
    server.admin(echo=0.3)
    until(lambda: desk.status()["state"] in ("PAUSED", "KILLED"))  # its guard may have struck when it died
    server.admin(echo=0.0)
    desk.said("kill", "canary", "--json")
    desk.said("ctl", "canary", "shutdown")
    desk.ended()
    session = desk.ready["session"]
    for words in (("report", session), ("audit", "verify", session), ("sessions",), ("replay", session, "--verify")):
        desk.said(*words, code=None)
    watch.files(home.root, but={desk.kept})
    watch.tapes(home.state)
    assert watch.places > 100
    assert watch.found == []
    told = "".join(str(event) for _, event, _ in TapeReader(home.state / "sessions" / session).records())
    assert "Mistaken: ***" in told, "the venue's careless words did come in, and were masked"


@linux
def test_keys_that_are_refused_or_stand_in_the_wrong_place_are_not_shown(desk):
    watch, home = desk.watch, desk.home
    wrong = canary()
    watch.pieces |= Watch(wrong).pieces
    desk.keys("bad", desk.key, wrong)
    text = desk.config.read_text()
    desk.config.write_text(text.replace("sealed:desk", "sealed:bad"))
    said = desk.said("engine", str(desk.config), "--live", code=2)
    assert "refuses the key" in said
    desk.server.admin(echo=1.0)
    desk.said("engine", str(desk.config), "--live", code=None)
    desk.server.admin(echo=0.0)
    right = 'keys = "sealed:desk"'
    for damage in (f'keys = "{wrong}"', f'key = "{wrong}"\n{right}', f'keys = ["{wrong}"]', f"keys = {wrong}"):
        desk.config.write_text(text.replace(right, damage))
        desk.said("engine", str(desk.config), "--live", code=2)
    desk.config.write_text(text)
    sealed = home.state / "keys.sealed"
    whole = sealed.read_bytes()
    for data in (b"", whole[:-40], whole.replace(b"box", b"bax"), json.dumps({"key": wrong}).encode()):
        sealed.write_bytes(data)
        assert "damaged" in desk.said("engine", str(desk.config), "--live", code=2)
    sealed.write_bytes(whole)
    sealed.chmod(0o604)
    assert "chmod 600" in desk.said("engine", str(desk.config), "--live", code=2)
    sealed.chmod(0o600)
    desk.server.admin(withdrawals=True)
    assert "withdrawal rights" in desk.said("engine", str(desk.config), "--live", code=2)
    assert watch.found == []
