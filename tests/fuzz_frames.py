"""Random frames at a host's frame decoder, hub and acts, in one process: none may be accepted wrongly, none may crash.

    python tests/fuzz_frames.py [FRAMES] [SEED]        10,000,000 and 1 where none is given

The frames of fuzz_socket.py (which sends them to a real host, over its socket), without the socket and without the
side journal: bytes go into the same decoder, greetings and acts into the same hub, engine and tape, torn anywhere and
several at a time.  The desk is made anew every 200,000 frames.  Accepted wrongly is: an act of an observer, of somebody
who has not greeted, of broken bytes, or that no desk can carry out, whose result says ok; a message made of bytes that
are none; a desk that is not RUNNING any more.  The command ends with 1 and says what it was.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fuzz_socket import Frames
from press_schedules import Clock, Table

from mmtui.core.risk.limits import Limits
from mmtui.core.risk.states import Desk
from mmtui.host.hub import Client
from mmtui.link.codec import LinkError, host_decoder
from mmtui.link.messages import Item

BLOCK = 200_000
#: Frames between two looks at what the desk has answered.
LOOK = 400


class Wrong(Exception):
    """What must not be accepted was, or something was raised."""


class Line:
    """A transport that nobody reads; `empty`: it takes frames as well."""

    def __init__(self) -> None:
        self.empty = self.closed = False

    def write(self, data: bytes) -> None:
        if not data:
            raise Wrong("nothing was sent")

    def get_write_buffer_size(self) -> int:
        return 0 if self.empty else 1

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


class Host:
    """A desk that quotes and its hub; an observer and an operator are connected."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.frames = Frames(seed)
        self.table = Table(seed, cockpits=0, limits=Limits(observers_may_kill=False, daily_loss=1e9, drawdown=1e9))
        self.desk, self.hub = self.table.desk, self.table.hub
        self.clock: Clock = self.table.clock
        self.desk.journal = lambda kind, **fields: None
        self.desk.signalled("start", "drill")
        self.look()
        self.clients: dict[str, Client] = {}
        self.tally: Counter[str] = Counter()
        self.answers = 0

    def client(self, role: str) -> Client:
        """Who is connected as that ("": has not greeted); anew where the host has let them go."""
        found = self.clients.get(role)
        if found is None or found._transport is None or found._transport.is_closing() or not role:
            if found is not None:
                found.connection_lost(None)
            found = self.clients[role] = self.hub.accept(self.hub.uid, 1)
            found.connection_made(Line())  # type: ignore[arg-type]
            if role:
                found.data_received(self.frames.hello(role))
        return found

    def one(self) -> None:
        """One frame, to whom it is for."""
        draw = self.chance.random()
        if draw < 0.5:
            self.broken()
        elif draw < 0.75:
            self.send("observer", self.frames.act())
        elif draw < 0.95:
            self.send("operator", self.frames.impossible())
        elif draw < 0.995:
            self.send("", self.frames.act())
        else:
            self.send(self.chance.choice(("observer", "operator")), self.frames.asked())
            self.clients["observer"]._transport.empty = self.chance.random() < 0.1  # type: ignore[union-attr]

    def send(self, role: str, data: bytes) -> None:
        """The bytes of one whole frame, sometimes torn."""
        self.tally[role or "without a greeting"] += 1
        client = self.client(role)
        if self.chance.random() < 0.2:
            cut = self.chance.randrange(len(data))
            client.data_received(data[:cut])
            data = data[cut:]
        client.data_received(data)
        if not role and not client._transport.is_closing():  # type: ignore[union-attr]
            raise Wrong("somebody who did not greet stays connected")

    def broken(self) -> None:
        """Bytes that are no frame; what the decoder takes for one is an observer's."""
        data = self.frames.broken(True)
        decoder = host_decoder()
        self.tally["broken"] += 1
        try:
            messages = decoder.feed(data)
        except LinkError:
            self.tally["refused by the decoder"] += 1
            with contextlib.suppress(LinkError):
                if decoder.feed(data):
                    raise Wrong("a decoder that has failed goes on") from None
            return
        for message in messages:
            self.tally["read as a message"] += 1
            self.hub.receive(self.client("observer"), message)

    def look(self) -> None:
        """What the desk has done since."""
        self.clock.now += 10.0  # the allowance of acts a second is not what is tested
        self.desk.slice(0.0)
        self.desk.after_slice()
        items, self.desk.outbox[:] = self.desk.outbox[:], []
        self.hub.publish(items)
        for item in items:
            self.judge(item)

    def judge(self, item: Item) -> None:
        if item.kind != "result" or not item.command.startswith(("f", "i")):
            return
        self.answers += 1
        if item.ok:
            raise Wrong(f"accepted: {item.text}")

    def after(self) -> None:
        engine = self.desk.runner.engine
        if engine.lattice.desk is not Desk.RUNNING or self.desk.fault:
            raise Wrong(f"the desk is {engine.lattice.desk.name} {self.desk.fault}")
        self.desk.stop("the end")


def run(frames: int, seed: int, tally: Counter[str]) -> int:
    """So many frames at one host; how many acts were answered. Raises Wrong."""
    with tempfile.TemporaryDirectory(prefix="fuzz") as home:
        for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            os.environ[name] = home
        Path(home).chmod(0o700)
        host = Host(seed)
        for k in range(frames):
            try:
                host.one()
            except Wrong:
                raise
            except Exception as error:
                raise Wrong(f"frame {k}: {type(error).__name__}: {error}") from error
            if k % LOOK == 0:
                host.look()
        host.look()
        host.after()
        tally += host.tally
        return host.answers


def main(argv: list[str]) -> int:
    wanted = int(argv[0]) if argv else 10_000_000
    seed = int(argv[1]) if len(argv) > 1 else 1
    tally: Counter[str] = Counter()
    begun, done, answers = time.process_time(), 0, 0
    errors = io.StringIO()
    while done < wanted:
        some = min(BLOCK, wanted - done)
        try:
            with contextlib.redirect_stderr(errors):
                answers += run(some, seed, tally)
        except Wrong as error:
            print(f"block of seed {seed}: {error}")
            return 1
        if "Traceback" in errors.getvalue():
            print(f"block of seed {seed}: {errors.getvalue()[-2_000:]}")
            return 1
        done += some
        seed += 1
        print(f"{done:,} frames, {time.process_time() - begun:.0f} s", file=sys.stderr, flush=True)
    took = time.process_time() - begun
    said = ", ".join(f"{name} {count:,}" for name, count in sorted(tally.items()))
    print(f"{done:,} frames, {answers:,} acts answered: 0 accepted wrongly, 0 crashes ({said}); {took:.0f} s,")
    print(f"{done / max(took, 1e-9):,.0f} frames a second of one core")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
