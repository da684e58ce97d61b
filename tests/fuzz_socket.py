"""Random frames at the socket of a real host: none may be accepted wrongly, none may crash it.

    python tests/fuzz_socket.py [FRAMES] [SEED]        100,000 and 1 where none is given

Frames are noise, cut and over-long messages, messages with flipped bytes, messages with values of the wrong kind, acts
without a greeting, acts of an observer, and an operator's acts that no desk can carry out.  Accepted wrongly is: an act
whose result says ok, or that changed something on the tape (read at the end), or a host that is not RUNNING any more.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from mmtui.core.effects import Result
from mmtui.core.events import Command
from mmtui.link.messages import PROTOCOL, Cmd, Hello, ParamsRequest, StatusRequest, Transport, View
from mmtui.tape.reader import TapeReader

CONFIG = """
[desk]
name = "fuzzed"
mode = "demo"
autostart = true
[[venue]]
id = "sim-usdm"
source = "synthetic:calm:5"
[limits]
observers_may_kill = false
"""
#: Frames that one connection carries before it is given up for a new one.
PER_CONNECTION = 200
ACTS = ("start", "stop", "pause", "resume", "kill", "shutdown", "spread", "set", "limit", "flatten", "cancel", "ticket")
WORDS = ("", "\x00", "\x1b]0;x\x07", "NaN", "sim-usdm:BTCUSDT", "🦊" * 40, "a" * 5_000, "-1", "../../etc/passwd")
#: Acts that no desk can carry out, whoever asks: (action, arguments).
IMPOSSIBLE = (
    ("nothing", {}), ("", {}), ("spread", {"bps": "much"}), ("spread", {}), ("spread", {"bps": 1e300}),
    ("skew", {"bps": True}), ("size", {"pct": [1]}), ("set", {"spread_bps": -1e9}), ("set", {"nonsense": 1}),
    ("profile", {"name": "no such"}), ("limit", {"leverage": -1}), ("limit", {"leverage": "x"}), ("limit", {}),
    ("cancel", {"order": 10**9}), ("cancel", {"side": "up"}),
    ("flatten", {"asset": "NOPE"}), ("ticket", {"side": "up", "size": "1", "price": "1"}), ("ticket", {}),
    ("extend", {}), ("abort", {}), ("roll", {"to": "nowhere"}), ("hedge", {"op": "set", "band": -1}),
)  # fmt: skip


class Frames:
    """Makes frames; all of them are bad in some way."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.encode = msgspec.msgpack.Encoder().encode
        self.count = 0

    def wire(self, body: bytes) -> bytes:
        return len(body).to_bytes(4, "little") + body

    def hello(self, role: str) -> bytes:
        return self.wire(self.encode(Hello(protocol=PROTOCOL, role=role, operator="fuzz", origin="local",
                                           client="cockpit")))  # fmt: skip

    def act(self) -> bytes:
        """An act that is well made: of an observer, or before the greeting, it must not be taken."""
        chance = self.random
        self.count += 1
        return self.wire(self.encode(Cmd(
            id=f"f{self.count}", action=chance.choice(ACTS), args={"bps": 1.0, "leverage": 1.0, "side": "buy"},
            instrument=None, venue=None, reason=chance.choice(WORDS), version=chance.choice((0, 1, 2**62)),
        )))  # fmt: skip

    def impossible(self) -> bytes:
        action, args = self.random.choice(IMPOSSIBLE)
        self.count += 1
        return self.wire(self.encode(Cmd(id=f"i{self.count}", action=action, args=args, instrument=None, venue=None,
                                         reason=self.random.choice(WORDS))))  # fmt: skip

    def asked(self) -> bytes:
        """Requests with texts of every kind."""
        word = self.random.choice(WORDS)
        return self.wire(self.encode(self.random.choice((
            View(instruments=[word], depth=self.random.choice((0, 1, 10**6, -5))), StatusRequest(id=word),
            ParamsRequest(id=word, instrument=word, preview={word: word}), Transport(op=word),
        ))))  # fmt: skip

    def broken(self, flips: bool) -> bytes:
        """What is no message: noise, a cut or over-long one, flipped bytes, values of the wrong kind."""
        chance = self.random
        kind = chance.randrange(5 if flips else 4)  # an operator's act with a flipped byte may be one that is meant
        if kind == 0:
            return self.wire(chance.randbytes(chance.randint(0, 200)))
        if kind == 1:
            return chance.randbytes(4) + chance.randbytes(chance.randint(0, 100))
        if kind == 2:
            return (2**32 - 1 - chance.randrange(2**31)).to_bytes(4, "little") + b"x"
        if kind == 3:
            wrong = {"type": chance.choice(("cmd", "hello", "view", "", "frame", 7, None)), "id": chance.random(),
                     "action": [1], "args": chance.choice(WORDS), "version": "v"}  # fmt: skip
            return self.wire(msgspec.msgpack.encode(wrong))
        body = bytearray(self.act()[4:])
        for _ in range(chance.randint(1, 8)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        return self.wire(bytes(body))


class Fuzz:
    """One host, and connections to it."""

    def __init__(self, root: Path, seed: int) -> None:
        self.frames = Frames(seed)
        self.chance = random.Random(seed + 1)
        self.env = {**os.environ, "XDG_STATE_HOME": str(root / "s"), "XDG_RUNTIME_DIR": str(root / "r")}
        (root / "s").mkdir()
        (root / "r").mkdir(mode=0o700)
        config = root / "fuzzed.toml"
        config.write_text(CONFIG)
        self.errors = (root / "errors.txt").open("w+")
        self.process = subprocess.Popen([sys.executable, "-m", "mmtui", "engine", str(config)], env=self.env,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)  # fmt: skip
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        self.state = root / "s" / "mmtui"
        self.sent = self.connections = 0

    def connection(self) -> None:
        """One connection with as many frames as it takes."""
        self.connections += 1
        role = self.chance.choice(("observer", "observer", "operator", ""))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(5.0)
            try:
                line.connect(self.ready["socket"])
                if role:
                    line.sendall(self.frames.hello(role))
                for _ in range(PER_CONNECTION):
                    line.sendall(self.frame(role))
                    self.sent += 1
                line.shutdown(socket.SHUT_WR)
                while line.recv(1 << 20):
                    pass
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                pass  # the host has let it go: as it should

    def frame(self, role: str) -> bytes:
        chance = self.chance.random()
        if not role:
            return self.frames.act() if chance < 0.5 else self.frames.broken(True)
        if chance < 0.02:
            return self.frames.broken(role == "observer")
        if chance < 0.1:
            return self.frames.asked()
        return self.frames.impossible() if role == "operator" else self.frames.act()

    def ctl(self, *words: str) -> dict[str, object]:
        done = subprocess.run([sys.executable, "-m", "mmtui", "ctl", *words, "--json"], env=self.env,
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        return json.loads(done.stdout) if done.stdout else {"failed": done.stderr}

    def wrong(self) -> list[str]:
        """What went wrong, after all frames."""
        found = [] if self.process.poll() is None else [f"the host has ended: {self.process.returncode}"]
        body = self.ctl("status")
        if body.get("state") != "RUNNING" or "failed" in body:
            found.append(f"the desk is {body.get('state')}: {body.get('reason', body)}")
        self.ctl("shutdown")
        self.process.wait(30)
        self.errors.seek(0)
        if "Traceback" in (text := self.errors.read()):
            found.append(text[-2_000:])
        for _, event, effects in TapeReader(self.state / "sessions" / self.ready["session"]).records():
            if isinstance(event, Command) and event.action != "shutdown":
                found += [f"accepted: {event}" for one in effects if isinstance(one, Result) and one.ok]
        return found


def main(frames: int, seed: int) -> int:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="fuzz") as root:
        fuzz = Fuzz(Path(root), seed)
        try:
            while fuzz.sent < frames and fuzz.process.poll() is None:
                fuzz.connection()
            wrong = fuzz.wrong()
        finally:
            if fuzz.process.poll() is None:
                fuzz.process.kill()
            fuzz.errors.close()
    for line in wrong[:20]:
        print(line)
    took = time.perf_counter() - began
    print(f"{fuzz.sent:,} frames on {fuzz.connections:,} connections in {took:.0f} s: {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sys.exit(main(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
