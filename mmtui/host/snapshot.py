"""Checkpoints of a desk that runs, written by a child process: the desk itself pays for a fork and nothing else.

The child encodes, writes and ends; it holds no socket, no lock and no signal handler of its parent's.  There is never
more than one; while it is still at work the next one waits.
Rules of this file: looks at a desk between its slices; what fails here costs a later start some time, never the desk.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
import warnings
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from mmtui.core.effects import Effect
from mmtui.core.engine import Engine
from mmtui.core.errors import SourceError
from mmtui.core.events import MARKET, Event
from mmtui.host.frames import HISTORY, KEEP, FrameBuilder
from mmtui.link.messages import Item
from mmtui.tape.checkpoint import RECORDS, CheckpointWriter, Place, due
from mmtui.tape.files import DISK
from mmtui.tape.format import decode_header

if TYPE_CHECKING:
    from mmtui.host.desk import Desk

#: Without a quiet moment for so many records a busy desk pays for the fork anyway.
BUSY_RECORDS = 2 * RECORDS
#: At the end a child gets so long.
WAIT_S = 2.0
#: The child's share of the processor comes last.
NICE = 10
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
_MARKET = frozenset(MARKET)


class Shown(msgspec.Struct, array_like=True):
    """What cockpits were shown beside the engine's state: the kept entries of the lossless lane, the PnL's line."""

    n: int
    second: int
    history: list[float]
    items: list[Item]


def pack_shown(frames: FrameBuilder) -> bytes:
    """The part of a checkpoint that is the host's."""
    return msgspec.msgpack.encode(Shown(frames.n, frames.second, list(frames.history), frames.snapshot().items))


def restored(engine: Engine, extra: bytes) -> FrameBuilder:
    """The builder that `pack_shown` was given, around the engine of the same checkpoint; a new one for no bytes."""
    frames = FrameBuilder(engine)
    try:
        shown = msgspec.msgpack.decode(extra, type=Shown)
    except msgspec.MsgspecError:
        return frames
    frames.n, frames.second = shown.n, shown.second
    frames.history = deque(shown.history, HISTORY)
    for item in shown.items:
        frames.kept.setdefault(item.kind, deque(maxlen=KEEP)).append(item)
    return frames


def follow(frames: FrameBuilder) -> Callable[[Event, list[Effect]], None]:
    """Shows a builder the records that are rolled forward, as a desk that runs would."""

    def see(event: Event, effects: list[Effect]) -> None:
        if effects or type(event) not in _MARKET:
            frames.items(event, effects)

    return see


class Snapshots:
    """The checkpoints of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        directory = desk.tape.directory
        header = decode_header(DISK.read(directory / "header.json"), directory.name)
        self.child = 0  # process that writes, 0: none
        self._writing: Place | None = None
        self._writer = CheckpointWriter(directory, header, desk.tape.count)
        self._last = self._writer.last  # tried, whatever became of it
        self._said = False
        self._broken = False  # a fault of this file: no more checkpoints

    def look(self, busy: bool = False) -> None:
        """Between two slices: begin a checkpoint if one is due, see what became of the last. busy: more is due."""
        if self._broken:
            return
        try:
            if self.child:
                self._reap(os.WNOHANG)
            elif self._due(busy):
                self._fork()
        except Exception:
            traceback.print_exc()
            self._broken = True

    def _due(self, busy: bool) -> bool:
        number, last = self.desk.tape.count, self._last
        if busy and number - (last.number if last else 0) < BUSY_RECORDS:
            return False
        return due(last, self._writer.weight, number, self.desk.engine.ts)

    def finish(self) -> None:
        """After the desk's last record: the state that the session ended with, written here."""
        until = time.monotonic() + WAIT_S
        while self.child:
            if time.monotonic() > until:
                os.kill(self.child, signal.SIGKILL)
                self._reap(0)
            elif not self._reap(os.WNOHANG):
                time.sleep(0.005)
        place = self._place()
        if place is not None and place != self._writer.last:
            try:
                self._writer.write(place, self.desk.engine, pack_shown(self.desk.frames))
            except (OSError, SourceError) as error:
                self._say(str(error))

    def _place(self) -> Place | None:
        """Where the desk stands; None where its state is not what its tape makes."""
        desk = self.desk
        if desk.fault or desk.tape.trouble or not desk.tape.count:
            return None
        market = desk.source.read - desk.source.ahead
        return Place(desk.tape.count, desk.engine.ts, market, desk.engine.epoch)

    def _fork(self) -> None:
        self.desk.flush()  # nothing is in a checkpoint that is not on the tape
        place = self._place()
        if place is None:
            return
        self._last = self._writing = place
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: this child uses no lock of theirs
            try:
                self.child = os.fork()
            except OSError as error:
                self._say(f"no checkpoint: {error.strerror}")
                return
        if not self.child:
            self._write(place)

    def _write(self, place: Place) -> None:
        """The child's whole life."""
        code = 1
        try:
            for number in _HANDLED:
                signal.signal(number, signal.SIG_DFL)
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # the desk's lock and sockets are its own
            os.nice(NICE)
            self._writer.write(place, self.desk.engine, pack_shown(self.desk.frames))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _reap(self, options: int) -> bool:
        """Take note of a child that has ended; True when it has."""
        try:
            ended, status = os.waitpid(self.child, options)
        except ChildProcessError:
            ended, status = self.child, 1
        if not ended:
            return False
        self.child = 0
        if status == 0 and self._writing is not None:
            self._writer.wrote(self._writing)
        else:
            self._say("a checkpoint could not be written: a later start takes longer")
        return True

    def _say(self, text: str) -> None:
        """Once: a disk that refuses one refuses the next."""
        if not self._said:
            self._said = True
            print(f"mmtui: {text}", file=sys.stderr, flush=True)
