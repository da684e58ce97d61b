"""The keys of a replay: they move the host's tape.

Rules of this file: no Textual; it reads the model and sends Transport messages.
"""

from __future__ import annotations

from time import monotonic

from mmtui.link.messages import Transport
from mmtui.tui.session import Session
from mmtui.tui.store import Store

_SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1000.0)


class Tape:
    def __init__(self, store: Store, session: Session) -> None:
        self.store = store
        self.session = session

    def toggle(self) -> None:
        """Play, or pause."""
        frame = self.store.model.frame
        playing = frame is not None and frame.replay is not None and frame.replay.playing
        self.move("pause" if playing else "play")

    @property
    def at(self) -> int:
        """Where the tape stands, ns."""
        frame = self.store.model.frame
        return frame.replay.at if frame is not None and frame.replay is not None else 0

    def speed(self, by: int) -> None:
        """The next faster or slower speed."""
        frame = self.store.model.frame
        now = frame.replay.speed if frame is not None and frame.replay is not None else 1.0
        nearest = min(range(len(_SPEEDS)), key=lambda i: abs(_SPEEDS[i] - now))
        self.move("speed", _SPEEDS[max(0, min(len(_SPEEDS) - 1, nearest + by))])

    def move(self, op: str, value: float = 0.0, at: int = 0, kind: str = "") -> None:
        if not self.session.send(Transport(op=op, value=value, at=at, kind=kind)):
            self.store.say("no host: the tape cannot move", monotonic())
