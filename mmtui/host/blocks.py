"""Blocks of order ids for a desk that runs: the next one is reserved in a thread, so that no order waits for the disk.

Rules of this file: asks for one block at a time; what the disk says is raised in the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread

from mmtui.tape.ids import OrderIds


class IdBlocks:
    """Around the ids of one life of a desk."""

    def __init__(self, ids: OrderIds) -> None:
        self.ids = ids
        self._coming: Future[int] | None = None

    def look(self, next_oid: int) -> int:
        """The new limit once a block has been reserved, else 0. Raises TapeError where the disk refuses."""
        if self._coming is None:
            if next_oid >= self.ids.renew_at:
                self._coming = _in_a_thread(self.ids.extend)
        elif self._coming.done():
            done, self._coming = self._coming, None
            return done.result()
        return 0


def _in_a_thread(act: Callable[[], int]) -> Future[int]:
    future: Future[int] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="ids", daemon=True).start()
    return future
