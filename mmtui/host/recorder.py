"""The tape and the side journal of a desk that runs: what they refuse is said once, brakes the desk, and pauses it.

Rules of this file: the first trouble is told inside the event that met it, so that nothing more of that event adds
risk; the pause waits until the slice is over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.tape.format import TapeError
from mmtui.tape.journal import SideJournal
from mmtui.tape.writer import TapeWriter


class Recorder:
    """`on_trouble` is told a sentence, before the next slice at the latest. `fault`: the tape takes nothing more."""

    def __init__(self, tape: TapeWriter, journal: SideJournal, on_trouble: Callable[[str], None]) -> None:
        self.tape = tape
        self.fault = ""
        self._journal = journal
        self._on_trouble = on_trouble
        self._reserve_said = False
        self._pause = ""
        self._ts = 0  # of the last record

    @property
    def trouble(self) -> str:
        """Why the desk may only get smaller; "" when it need not."""
        return self.fault or self.tape.trouble

    def append(self, event: Event, effects: list[Effect]) -> None:
        self._ts = event.ts
        if not self.fault:
            try:
                self.tape.append(event, effects)
            except (OSError, TapeError) as error:
                self.failed(str(error))

    def flush(self) -> None:
        """The host is idle: nothing stays in the tape's buffer."""
        if not self.fault:
            try:
                self.tape.flush()
            except (OSError, TapeError) as error:
                self.failed(str(error))

    def close(self, state_hash: str) -> None:
        """The clean end of the session."""
        try:
            self.tape.close(state_hash)
        except (OSError, TapeError) as error:
            self.failed(str(error))

    def journal(self, kind: str, **fields: Any) -> None:
        """A line of the side journal: what was done beside commanding, and after which instant of the tape."""
        try:
            self._journal.write(kind, ts=self._ts, **fields)
        except (OSError, TapeError) as error:
            self.failed(str(error))

    def failed(self, why: str) -> None:
        """Nothing can be kept from here on."""
        if not self.fault:
            self.fault = why
            print(why, file=sys.stderr, flush=True)
            self._tell(why)

    def look(self) -> str:
        """Between slices: why the desk is to be paused now, once; ""."""
        if not self.fault and self.tape.trouble and not self._reserve_said:
            self._reserve_said = True
            self._tell(self.tape.trouble)
        why, self._pause = self._pause, ""
        return why

    def _tell(self, why: str) -> None:
        self._pause = why
        self._on_trouble(why)
