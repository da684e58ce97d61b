"""Bookmarks of a replayed session: instants that this trader wants to come back to, kept from one opening to the next.

Rules of this file: no Textual; a file that cannot be read or written costs the bookmarks, never the cockpit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

from mmtui.config.paths import state_dir
from mmtui.tui.store import Store
from mmtui.tui.tape import Tape
from mmtui.view import formats as fmt

#: A bookmark as near as this is the one that the tape stands on.
NEAR_NS = 500_000_000
#: Jumping backwards passes over the bookmark that playing has only just left.
LEFT_NS = 2_000_000_000


class Bookmarks:
    def __init__(self, store: Store, tape: Tape) -> None:
        self.store = store
        self.tape = tape
        self._session = ""

    def handlers(self) -> dict[str, Callable[[], None]]:
        """The actions of this file, by their names."""
        return {
            "bookmark": self.toggle,
            "next_bookmark": lambda: self.jump(1),
            "previous_bookmark": lambda: self.jump(-1),
        }

    def read(self) -> None:
        """Those of the session that is replayed now, once."""
        model = self.store.model
        view = model.frame.replay if model.frame is not None else None
        if view is None or view.session == self._session:
            return
        self._session, model.bookmarks = view.session, []
        with suppress(OSError, ValueError):
            kept = json.loads(self._file().read_text(encoding="utf-8"))
            model.bookmarks = sorted(at for at in kept if isinstance(at, int) and view.start <= at <= view.end)

    def toggle(self) -> None:
        """Keep this instant, or forget the bookmark that stands here."""
        now, at, marks = monotonic(), self.tape.at, self.store.model.bookmarks
        if not at:
            self.store.say("no tape yet: there is no instant to keep", now)
            return
        here = [mark for mark in marks if abs(mark - at) <= NEAR_NS]
        self.store.model.bookmarks = sorted(set(marks) - set(here)) if here else sorted([*marks, at])
        clock = fmt.clock(here[0] if here else at, millis=True)
        said = f"bookmark at {clock} taken away" if here else f"bookmark at {clock}: l and ; jump between them"
        wrong = self._write()
        self.store.say(wrong or said, now, "warn" if wrong else "hot")

    def jump(self, by: int) -> None:
        """To the next, or the previous one."""
        at, marks = self.tape.at, self.store.model.bookmarks
        left = LEFT_NS if self._playing() else NEAR_NS
        ahead = [mark for mark in marks if (mark > at + NEAR_NS if by > 0 else mark < at - left)]
        if ahead:
            self.tape.move("seek", at=ahead[0] if by > 0 else ahead[-1])
        else:
            what = "further on" if by > 0 else "before this"
            self.store.say(f"no bookmark {what}" if marks else "no bookmarks: b keeps an instant", monotonic())

    def _playing(self) -> bool:
        frame = self.store.model.frame
        return frame is not None and frame.replay is not None and frame.replay.playing

    def _file(self) -> Path:
        return state_dir() / "bookmarks" / f"{Path(self._session).name}.json"

    def _write(self) -> str:
        """Keep them; what is wrong, or nothing."""
        try:
            self._file().parent.mkdir(parents=True, exist_ok=True)
            self._file().write_text(json.dumps(self.store.model.bookmarks) + "\n", encoding="utf-8")
        except OSError as error:
            return f"the bookmark is for this time only: {error.strerror or error}"
        return ""
