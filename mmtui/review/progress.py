"""A bar on standard error while a long source is read; only on a terminal.

Rules of this file: draws; the events pass through unchanged.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

EVERY = 0x4000
WIDTH = 30


def watched(events: Iterable[T], share: Callable[[], float]) -> Iterator[T]:
    """The same events, with a bar that says how much of the source has been read."""
    if not sys.stderr.isatty():
        yield from events
        return
    begun = time.perf_counter()
    count = 0
    try:
        for event in events:
            count += 1
            if not count % EVERY:
                done = min(1.0, share())
                bar = "━" * int(done * WIDTH) + "─" * (WIDTH - int(done * WIDTH))
                rate = count / max(1e-9, time.perf_counter() - begun)
                sys.stderr.write(f"\r{bar} {done:4.0%}  {count:,} events  {rate:,.0f}/s ")
                sys.stderr.flush()
            yield event
    finally:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()
