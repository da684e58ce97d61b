"""Group commit: what the tape has handed to the kernel is on the disk within 50 ms, and no order waits for it.

Rules of this file: a thread that does nothing but sync; the tape says by itself when that fails.
"""

from __future__ import annotations

import threading
from types import TracebackType

from mmtui.tape.writer import TapeWriter

#: Seconds between two syncs; with the loop's flushes (host.loop.FLUSH_GAP_S) and the fsync itself less than 50 ms.
COMMIT_S = 0.025


class GroupCommit:
    """Syncs a tape while its host runs. Entering syncs once: the session is on the disk before its first order."""

    def __init__(self, tape: TapeWriter) -> None:
        self._tape = tape
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commit", daemon=True)

    def __enter__(self) -> GroupCommit:
        self._tape.sync()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(COMMIT_S):
            self._tape.sync()
