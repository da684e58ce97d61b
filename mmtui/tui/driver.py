"""The terminal driver: knows whether the terminal takes what is written, so that the loop never waits for it.

Rules of this file: the only place that touches Textual's private writer.  A stalled line (SSH that hangs) blocks the
writer's thread, never the loop, as long as nothing is painted while its queue is deep.
"""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import IO

from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from mmtui.tui.typed import decoder

#: Paint only while fewer writes wait (one frame is up to three).
GATE = 4
#: A write that takes longer than this is a stall of the line.
STALL_S = 1.0
#: Keys that arrive so soon after a stall were typed during it.
BURST_S = 0.5


class GateWriter(WriterThread):
    """Textual's writer, with its progress to be seen; a terminal that has gone swallows the rest."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file)
        self.queued = 0
        self.written = 0
        self.busy_since = 0.0
        self.stall_ended = -1e9
        self.stalled_for = 0.0
        self.bytes = 0  # written out
        self.busy = 0.0  # seconds that writes have taken

    def write(self, text: str) -> None:
        self.queued += 1
        super().write(text)

    def run(self) -> None:
        while True:
            text = self._queue.get()
            if text is None:
                break
            self.busy_since = began = monotonic()
            try:
                self._file.write(text)
                if not self._queue.qsize():
                    self._file.flush()
            except (OSError, ValueError):
                pass  # the terminal is gone: SIGHUP ends us, and nothing may block until then
            self.busy_since = 0.0
            now = monotonic()
            self.bytes += len(text)  # nearly all of it is ASCII
            self.busy += now - began
            if now - began > STALL_S:
                self.stall_ended, self.stalled_for = now, now - began
            self.written += 1
        with suppress(OSError, ValueError):
            self._file.flush()


class GateDriver(LinuxDriver):
    """LinuxDriver with a GateWriter."""

    def start_application_mode(self) -> None:
        # LinuxDriver makes its writer by this name, and has no other way in
        ordinary = getattr(linux_driver, "WriterThread")  # noqa: B009
        setattr(linux_driver, "WriterThread", GateWriter)  # noqa: B010
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
        finally:
            setattr(linux_driver, "WriterThread", ordinary)  # noqa: B010

    def run_input_thread(self) -> None:
        """Read keys; a terminal that has gone ends the app as SIGHUP does, whichever comes first.

        Bytes that are no keys (a binary paste, a broken line) are dropped: KILL must still be read after them.
        """
        setattr(linux_driver, "getincrementaldecoder", decoder)  # noqa: B010
        while not self.exit_event.is_set():
            try:
                super().run_input_thread()
            except (OSError, EOFError):
                self._app.call_later(self._app.exit, 0)
                return
            except Exception:  # of Textual's parser: what it held is lost, what comes next is read
                continue

    @property
    def _gate(self) -> GateWriter | None:
        writer = self._writer_thread
        return writer if isinstance(writer, GateWriter) else None

    def open(self) -> bool:
        """Whether a frame may be painted now."""
        gate = self._gate
        return gate is None or gate._queue.qsize() < GATE

    def mark(self) -> int:
        """A mark behind everything handed over so far; `passed` says when it has been written out."""
        gate = self._gate
        return gate.queued if gate else 0

    def passed(self, mark: int) -> bool:
        gate = self._gate
        return gate is None or gate.written >= mark

    def meter(self, now: float) -> tuple[int, float]:
        """Bytes that the terminal has taken, seconds that it has kept the writer waiting, the present wait too."""
        gate = self._gate
        if gate is None:
            return 0, 0.0
        began = gate.busy_since
        return gate.bytes, gate.busy + (now - began if began else 0.0)

    def stalled(self, now: float) -> bool:
        """Whether a key that arrives now may have been typed into a line that hung."""
        gate = self._gate
        if gate is None:
            return False
        hung = bool(gate.busy_since) and now - gate.busy_since > STALL_S
        return hung or now - gate.stall_ended < BURST_S

    @property
    def stalled_for(self) -> float:
        gate = self._gate
        return gate.stalled_for if gate else 0.0
