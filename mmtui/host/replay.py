"""A recorded session as a stage: the tape's events into the engine again, at any pace, forwards and backwards.

Effects are discarded and acts refused: nothing is sent.  A jump loads the nearest state, one of the session's
checkpoints or one that this replay has kept (a pickle that never leaves this process), and runs forward from there;
marks (fills, alerts, keys) are read from the tape in spare time.

Rules of this file: what a screen shows comes from the engine that the events make, never from the tape itself.
"""

from __future__ import annotations

import json
import pickle
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mmtui.config.paths import sessions_dir
from mmtui.core.commands import BY_NAME
from mmtui.core.effects import Alert, Effect
from mmtui.core.errors import Refusal, UserError
from mmtui.core.events import MARKET, Command, Event, Fill, GridRefined
from mmtui.core.orders.recorded import follow
from mmtui.host import parameters
from mmtui.host.frames import Extras, FrameBuilder
from mmtui.host.pace import Pace
from mmtui.host.snapshot import restored
from mmtui.host.whatif import WhatIf, refused
from mmtui.link.messages import (
    PROTOCOL,
    Cmd,
    Frame,
    Hello,
    Item,
    Params,
    ParamsRequest,
    Transport,
    View,
    Welcome,
)
from mmtui.link.replayed import Mark, ReplayView
from mmtui.tape.checkpoint import Checkpoints
from mmtui.tape.part import beginning
from mmtui.tape.reader import TapeReader

CHECKPOINT = 20_000
CHECKPOINTS_MAX = 64
#: Rolling so few records forward costs less than loading a state.
ROLL = 2_000
SLICE_NS = 8_000_000
#: A frame carries at most so many marks, spread over the session.
MARKS_SHOWN = 400
_MARKET = frozenset(MARKET)
Record = tuple[int, Event, list[Effect]]


class Replay:
    """The stage of a replay host (host.hub.Stage, host.loop.Runs)."""

    def __init__(self, reader: TapeReader, speed: float) -> None:
        self.reader = reader
        self.setup = reader.header.setup
        self.session = reader.header.session
        self.outbox: list[Item] = []
        self.stopping = False
        self.behind = False
        self.over = False
        self.regrid = False
        self.jumped: Callable[[], None] = lambda: None
        self.playing = True
        self.pace = Pace(speed or 1000.0)
        self.index = 0  # number of the record that comes next
        self.at = reader.start
        self.last_key = ""
        self.target: int | None = None  # record up to which a jump runs
        self._wanted = 0  # instant that a seek asked for
        self._states = Checkpoints(reader.directory, reader.header)
        self._checkpoints: dict[int, bytes] = {}
        self._marks: list[tuple[int, Mark]] = []
        self._scan: Iterator[Record] | None = reader.records()
        self._whatif: WhatIf | None = None
        self._wrong = ""  # why the last what-if that was asked for cannot be
        self._engine = beginning(reader).engine
        self._frames = FrameBuilder(self._engine)
        self._records = reader.records()
        self._next: Record | None = next(self._records, None)
        self._save()
        self._anchor()

    # ------------------------------------------------------------ time

    def slice(self) -> float | None:
        """Play what is due, or run a jump on, or read marks; seconds until there is more."""
        stop = time.monotonic_ns() + SLICE_NS
        if self.target is not None:
            return self._run_jump(stop)
        busy = self._scan is not None and self._read_marks(stop)
        if self._whatif is not None and not self._whatif.done and not busy:
            busy = self._whatif.slice(time.monotonic_ns() + SLICE_NS // 2)
        delay = self._play(stop) if self.playing else None
        return 0.0 if busy else delay

    def _play(self, stop: int) -> float | None:
        """Process what is due; seconds until the next record, None at the end."""
        mono = time.monotonic_ns()
        while self._next is not None:
            due = self._next[1].ts
            now = self.pace.now(mono)
            if due > now:
                self.at = max(self.at, now)
                return self.pace.seconds_until(due, mono)
            self._process()
            mono = time.monotonic_ns()
            if mono >= stop:
                return 0.0
        self.playing = False
        return None

    def after_slice(self) -> None:
        """Nothing is recorded."""

    def flush(self) -> None:
        """Nothing is buffered."""

    async def leave(self) -> None:
        """A replay has no sockets of its own."""

    def signalled(self, action: str, name: str) -> None:
        """Every signal ends a replay: there is nothing to kill."""
        self.over = True

    def transport(self, message: Transport) -> None:
        """The transport keys."""
        op = message.op
        if op == "play":
            self.playing = True
        elif op == "pause":
            self.playing = False
        elif op == "speed" and 0.001 <= message.value <= 10_000:
            self.pace.speed = message.value
        elif op == "step":
            self.playing = False
            self.jump(self.index + max(1, int(message.value)))
        elif op == "back":
            self.playing = False
            self.jump(self.index - max(1, int(message.value)))
        elif op == "seek":
            wanted = min(max(message.at, self.reader.start), self.reader.end)
            self.jump(self.reader.index_at(wanted + 1))  # with everything that happened at that instant
            self._wanted = wanted
        elif op in ("next", "prev"):
            self._jump_to_mark(op, message.kind)
        elif op == "whatif":
            self._compare(message)
        self._anchor()

    def _compare(self, message: Transport) -> None:
        """Another what-if beside the tape, or none."""
        self._whatif, self._wrong = None, ""
        if message.args:
            reader = TapeReader(self.reader.directory)
            try:
                self._whatif = WhatIf(reader, message.args, message.instrument)
            except Refusal as error:
                self._wrong = str(error)

    def jump(self, index: int) -> None:
        """Make the engine what it was before record `index`."""
        index = min(max(index, 0), self.reader.count)
        self.outbox.clear()
        if index < self.index or index > self.index + ROLL:
            self._load_before(index)
        self.target = index
        self._wanted = 0

    def _run_jump(self, stop: int) -> float:
        assert self.target is not None
        while self.index < self.target and self._next is not None:
            self._process()
            if time.monotonic_ns() >= stop:
                return 0.0
        self.target = None
        self.at = max(self.at, self._wanted)
        self._anchor()
        return 0.0

    def _jump_to_mark(self, op: str, kind: str) -> None:
        found = [place for place, mark in self._marks if not kind or mark.kind == kind]
        # a jump ends behind its mark: the screen shows what the mark did
        if op == "next":
            after = bisect_left(found, self.index)
            if after < len(found):
                self.jump(found[after] + 1)
        else:
            before = bisect_left(found, self.index - 1) - 1
            self.jump(found[before] + 1 if before >= 0 else 0)

    def _anchor(self) -> None:
        """The clock goes on from here."""
        self.pace.anchor(self.at, time.monotonic_ns())

    # ------------------------------------------------------------ records

    def _process(self) -> None:
        record = self._next
        assert record is not None
        number, event, effects = record
        try:
            made = self._engine.process(event)
        except Exception as error:  # a tape with a hole: said, and the rest is not guessed
            self._stop(f"the engine cannot go on after record {number}: {type(error).__name__}: {error}")
            return
        if 0 <= self.reader.partial_from <= number:
            follow(self._engine, made, effects)
        self.at = event.ts
        self.index = number + 1
        if type(event) is GridRefined:
            self.regrid = True
        if effects or type(event) not in _MARKET:
            items = self._frames.items(event, effects)
            self.outbox.extend(items)
            if isinstance(event, Command):
                self.last_key = next((item.text for item in items if item.kind == "key"), "")
        self._next = next(self._records, None)
        if self.index % CHECKPOINT == 0 and self.index not in self._checkpoints:
            self._save()

    def _stop(self, why: str) -> None:
        self.playing = False
        self._next = None
        self.outbox.append(Item(n=0, ts=self.at, kind="alert", text=why, severity="danger", code="tape"))

    def _save(self) -> None:
        if len(self._checkpoints) >= CHECKPOINTS_MAX:  # every other one is enough on a long tape
            for key in sorted(self._checkpoints)[1::2]:
                del self._checkpoints[key]
        state = (self._engine, self._frames, self.at, self.last_key)
        self._checkpoints[self.index] = pickle.dumps(state, pickle.HIGHEST_PROTOCOL)

    def _load_before(self, index: int) -> None:
        """Go to the last known state that is not after record `index`, unless that is where the replay is already."""
        kept = max(key for key in self._checkpoints if key <= index)
        begin = -1 if index < self.index else self.index  # a state before this is of no use
        if self._states.nearest(index) > max(kept, begin):
            loaded = self._states.load(index)
            if loaded is not None and loaded.place.number > max(kept, begin):
                self._engine, self._frames = loaded.engine, restored(loaded.engine, loaded.extra)
                self.at = loaded.place.ts
                keys = self._frames.kept.get("key")
                self.last_key = keys[-1].text if keys else ""
                self._go_on(loaded.place.number)
                return
        if kept > begin:
            self._engine, self._frames, self.at, self.last_key = pickle.loads(self._checkpoints[kept])
            self._go_on(kept)

    def _go_on(self, index: int) -> None:
        self.index = index
        self._records = self.reader.records(index)
        self._next = next(self._records, None)
        self.jumped()

    def _read_marks(self, stop: int) -> bool:
        """Read on through the tape for marks; True while there is more."""
        assert self._scan is not None
        for count, (number, event, effects) in enumerate(self._scan, 1):
            mark = mark_of(event, effects, self.setup.instruments)
            if mark is not None:
                self._marks.append((number, mark))
            if count % 64 == 0 and time.monotonic_ns() >= stop:
                return True
        self._scan = None
        return False

    # ------------------------------------------------------------ what the cockpit sees

    def welcome(self, role: str) -> Welcome:
        return Welcome(
            protocol=PROTOCOL,
            name=self.setup.name,
            mode="REPLAY",
            session=self.session,
            role=role,
            currency=self.setup.currency,
            instruments=[account.instrument for account in self._engine.accounts],
            venues=list(self.setup.venues),
            simulated=any(item.instrument.simulated for item in self.setup.instruments),
            profiles=sorted(self.setup.profiles),
        )

    def frame(self, view: View, cockpits: int, operators: list[str]) -> Frame:
        marks = [mark for _, mark in self._marks]
        every = max(1, len(marks) // MARKS_SHOWN + (len(marks) % MARKS_SHOWN > 0))
        beside = self._whatif
        found = beside.mark() if beside is not None else []
        replay = ReplayView(
            session=self.session,
            start=self.reader.start,
            end=self.reader.end,
            at=self.at,
            playing=self.playing,
            speed=self.pace.speed,
            marks=marks[::every] + found,
            last_key=self.last_key,
            whatif=beside.view(self.at, self._engine) if beside is not None else refused(self._wrong),
        )
        extras = self._extras()
        extras.cockpits, extras.operators, extras.replay = cockpits, operators, replay
        return self._frames.frame(view, extras)

    def parameters(self, request: ParamsRequest) -> Params:
        return parameters.answer(self._engine, request)

    def status(self, cockpits: int = 0) -> dict[str, Any]:
        return {**self._frames.status(self._extras()), "at": self.at}

    def _extras(self) -> Extras:
        return Extras(now=max(self.at, self._engine.ts), mode="REPLAY", session=self.session)

    def command(self, cmd: Cmd, who: Hello) -> None:
        """Only leaving is an act here."""
        if cmd.action == "shutdown":
            self.over = True
        else:
            self.refuse(cmd, "replay: nothing is sent", who)

    def refuse(self, cmd: Cmd, why: str, who: Hello) -> None:
        text = f"{cmd.action}: {why}"
        self.outbox.append(
            Item(n=0, ts=self.at, kind="result", text=text, severity="warn", code="command", command=cmd.id, ok=False)
        )

    def observer_may(self, action: str) -> bool:
        return action == "shutdown"

    def journal(self, kind: str, **fields: Any) -> None:
        """Watching a replay leaves no trace in the session."""


def key_text(event: Command) -> str:
    """What an operator pressed, as text: `op1: skew -1.0`."""
    args = json.loads(event.args or "{}")
    words = " ".join(f"{value}" if len(args) == 1 else f"{key}={value}" for key, value in args.items())
    return f"{event.operator}: {event.action} {words}".rstrip()


def mark_of(event: Event, effects: list[Effect], instruments: list[Any]) -> Mark | None:
    """The mark that a record leaves on the time line."""
    if isinstance(event, Command) and event.action in BY_NAME:
        return Mark(event.ts, "key", key_text(event))
    if isinstance(event, Fill):
        word = "bought" if event.side > 0 else "sold"
        return Mark(event.ts, "fill", f"{word} on {instruments[event.i].instrument.id}")
    for effect in effects:
        if isinstance(effect, Alert) and effect.severity != "info":
            return Mark(event.ts, "alert", effect.text)
    return None


def session_path(name: str) -> Path:
    """The folder of a session, by its name or path."""
    path = Path(name).expanduser()
    if path.is_dir() and (path / "header.json").exists():
        return path
    inside = sessions_dir() / name
    if "/" not in name and inside.is_dir():
        return inside
    raise UserError(f"there is no session {name!r}: `mmtui sessions` lists them")


def open_replay(session: str, speed: float, at: str | None) -> Replay:
    """A replay, ready to serve."""
    reader = TapeReader(session_path(session))
    if not reader.count:
        raise UserError(f"session {session!r} has no records")
    replay = Replay(reader, speed)
    if at is not None:
        if not at.isdigit():
            raise UserError(f"--at {at}: an instant in ns since 1970")
        replay.transport(Transport(op="seek", at=int(at)))
    return replay
