"""Eight cockpits press against each other on one real desk and hub, each with a screen as old as its line is slow.

    python tests/press_schedules.py [SCHEDULES] [SEED]        10,000 and 1 where none is given

A schedule draws who presses what, which bytes arrive when (torn anywhere, several acts at once), and who has read how
much of what the desk said.  Judged from what the cockpits received, by a model of its own:

    one order     all eight saw the same results in the same order, without a hole
    escalation    a pause, stop or kill is never refused, whatever its cockpit has seen, and its state holds from then
                  on; only an act whose cockpit had seen the present state goes back up
    the end       the desk is in the state that the model says

The command ends with 1 and names the schedule when one does not hold.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from mmtui.core.risk.limits import Limits
from mmtui.core.risk.states import LATCHED, Desk
from mmtui.core.setup import DeskSetup
from mmtui.host.feed import Source, synthetic_instruments
from mmtui.host.hub import Client, Hub
from mmtui.host.life import open_desk
from mmtui.host.main import _demo_instrument
from mmtui.link.codec import cockpit_decoder, encode
from mmtui.link.messages import PROTOCOL, Cmd, Hello, Item, Snapshot

COCKPITS = 8
ACTS = ("kill", "stop", "pause", "pause", "start", "start", "start", "resume", "resume", "skew", "flatten", "abort")
DOWN = {"kill": Desk.KILLED, "stop": Desk.STOPPED, "pause": Desk.PAUSED}
UP = ("start", "resume")


class Wrong(Exception):
    """What must hold does not."""


class Clock:
    """The loop's side that the hub needs: a time that the schedule moves, and timers that never ring."""

    def __init__(self) -> None:
        self.now = 1.0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, act: Any) -> Clock:
        return self

    def cancel(self) -> None:
        """A timer's."""


class Pipe:
    """A transport whose other end reads when the schedule says so."""

    def __init__(self) -> None:
        self.unread = bytearray()

    def write(self, data: bytes) -> None:
        self.unread += data

    def get_write_buffer_size(self) -> int:
        return 1  # no frames: what is tested are the results

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        raise Wrong("a cockpit was disconnected")

    abort = close


class Cockpit:
    """One operator's screen: what it has seen, and the bytes that are on their way."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.pipe = Pipe()
        self.client: Client = hub.accept(hub.uid, 1)
        self.client.connection_made(self.pipe)  # type: ignore[arg-type]
        self.client.data_received(encode(Hello(protocol=PROTOCOL, role="operator", operator=name, origin="ssh")))
        self.decoder = cockpit_decoder()
        self.version = 0
        self.results: list[tuple[int, str, bool, int, str]] = []
        self.n = -1
        self.sending = bytearray()
        self.read()

    def read(self) -> None:
        data, self.pipe.unread = bytes(self.pipe.unread), bytearray()
        for message in self.decoder.feed(data):
            if isinstance(message, Snapshot):
                self.n = message.n
            elif isinstance(message, Item):
                if message.n != self.n + 1:
                    raise Wrong(f"a hole after item {self.n}: {message.n}")
                self.n = message.n
                self.version = max(self.version, message.version)
                if message.kind == "result":
                    self.results.append((message.n, message.command, message.ok, message.version, message.text))


class Table:
    """One desk, its hub, eight cockpits, and every schedule on them."""

    def __init__(self, seed: int, cockpits: int = COCKPITS, limits: Limits = Limits()) -> None:
        self.dice = random.Random(seed)
        source = Source("synthetic", scenario="calm", seed=7, start_ns=1_700_000_000_000_000_000)
        instruments = [_demo_instrument(one) for one in synthetic_instruments(source)][:2]
        venues = list(dict.fromkeys(one.instrument.venue for one in instruments))
        setup = DeskSetup(
            name="press", mode="paper", currency="USDT", equity="1000000", instruments=instruments, venues=venues,
            limits=limits,
        )
        self.desk = open_desk(setup, source, speed=0.0, keep=False)
        self.clock = Clock()
        self.hub = Hub(self.desk, self.clock, os.getuid())  # type: ignore[arg-type]
        self.cockpits = [Cockpit(self.hub, f"op{k}") for k in range(cockpits)]
        self.pressed: dict[str, tuple[str, int]] = {}  # id -> act, version that its cockpit had seen
        self.state = self.desk.runner.engine.lattice.desk
        self.moved = 0  # version at the last change of state
        self.count = 0
        self.tally: Counter[str] = Counter()
        self.turn(40)

    def turn(self, slices: int = 1) -> None:
        """The host's loop."""
        for _ in range(slices):
            self.desk.slice(0.0)
            self.desk.after_slice()
            items = self.desk.outbox[:]
            self.desk.outbox.clear()
            self.hub.publish(items)

    def schedule(self) -> None:
        """From a running desk to the end of one tangle."""
        dice, cockpits = self.dice, self.cockpits
        self.clock.now += 10.0
        self.calm()
        for _ in range(dice.randint(10, 60)):
            one = dice.choice(cockpits)
            draw = dice.random()
            if draw < 0.4:
                self.press(one)
            elif draw < 0.7:
                self.deliver(one, dice.randint(1, max(1, len(one.sending))))
            elif draw < 0.9:
                one.read()
            else:
                self.turn(dice.randint(1, 20))
        for one in cockpits:
            self.deliver(one, len(one.sending))
        self.settle()

    def press(self, one: Cockpit, act: str = "") -> None:
        act = act or self.dice.choice(ACTS)
        self.count += 1
        ident = f"k{self.count}"
        self.pressed[ident] = act, one.version
        args: dict[str, Any] = {"bps": 0.1} if act == "skew" else {}
        one.sending += encode(Cmd(id=ident, action=act, args=args, version=one.version, reason="drill"))

    def deliver(self, one: Cockpit, size: int) -> None:
        if one.sending:
            one.client.data_received(bytes(one.sending[:size]))
            del one.sending[:size]
            self.turn(self.dice.choice((0, 0, 1)))

    def settle(self) -> None:
        """Everything is carried out and read, and judged."""
        self.turn(2)
        for one in self.cockpits:
            one.read()
        first = self.cockpits[0].results
        for one in self.cockpits[1:]:
            if one.results != first:
                raise Wrong("two cockpits saw results in different orders")
        for result in first:
            self.judge(*result)
        if self.pressed:
            raise Wrong(f"{len(self.pressed)} acts without a result")
        for one in self.cockpits:
            one.results.clear()
        engine = self.desk.runner.engine
        if engine.lattice.desk is not self.state:
            raise Wrong(f"the desk is {engine.lattice.desk.name}, the results make it {self.state.name}")

    def judge(self, n: int, ident: str, ok: bool, version: int, text: str) -> None:
        act, seen = self.pressed.pop(ident)
        self.tally[f"{act} {'done' if ok else 'refused'}"] += 1
        if act in DOWN:
            if not ok:
                raise Wrong(f"{act} was refused: {text}")
            if DOWN[act] > self.state:
                self.state, self.moved = DOWN[act], version
        elif act in UP and ok:
            if seen and seen < self.moved:
                raise Wrong(f"{act} of a cockpit that had seen version {seen} undid {self.state.name} of {self.moved}")
            if act == "start" and self.state in LATCHED:
                raise Wrong(f"start undid {self.state.name}")
            state = Desk.PAUSED if self.state in LATCHED else Desk.RUNNING
            if state is not self.state:
                self.state, self.moved = state, version
        elif act == "flatten" and ok and self.state is Desk.RUNNING:
            self.state, self.moved = Desk.PAUSED, version

    def calm(self) -> None:
        """RUNNING again, by one operator who looks."""
        one = self.cockpits[0]
        for _ in range(400):
            if self.state is Desk.RUNNING:
                return
            self.turn(20)
            one.read()
            self.press(one, "resume" if self.state in LATCHED else "start")
            self.deliver(one, len(one.sending))
            self.clock.now += 1.0
            self.settle()
        raise Wrong(f"the desk stays {self.state.name}")


def main(argv: list[str]) -> int:
    count = int(argv[0]) if argv else 10_000
    seed = int(argv[1]) if len(argv) > 1 else 1
    with tempfile.TemporaryDirectory() as home:
        for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            os.environ[name] = home
        Path(home).chmod(0o700)
        table = Table(seed)
        begun = time.process_time()
        for number in range(1, count + 1):
            try:
                table.schedule()
            except Wrong as error:
                print(f"schedule {number} of seed {seed}: {error}", file=sys.stderr)
                return 1
        said = ", ".join(f"{name} {n:,}" for name, n in sorted(table.tally.items()))
        print(f"{count:,} schedules of {COCKPITS} cockpits, {table.count:,} acts: one order, escalation won")
        print(f"({said}); {time.process_time() - begun:.0f} s")
        table.desk.stop("the end")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
