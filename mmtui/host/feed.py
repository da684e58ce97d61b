"""Sources of a desk as one iterator of events, and the few facts that open the same source again after a crash.

Rules of this file: it opens and merges; what an event means is the venue's business.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmtui.core.errors import UserError
from mmtui.core.events import Event
from mmtui.core.market.instrument import Instrument

#: The synthetic market starts on a whole second, so that a screen's first second is a whole one.
_SECOND = 1_000_000_000


class Source(NamedTuple):
    """How to open a source again; stands in the tape's header."""

    kind: str  # capture | synthetic | live (what comes is not opened here)
    files: tuple[str, ...] = ()
    scenario: str = ""
    seed: int = 0
    start_ns: int = 0

    @classmethod
    def captures(cls, files: list[Path]) -> Source:
        return cls("capture", files=tuple(str(file.resolve()) for file in files))

    @classmethod
    def synthetic(cls, scenario: str, seed: int) -> Source:
        return cls("synthetic", scenario=scenario, seed=seed, start_ns=time.time_ns() // _SECOND * _SECOND)

    def body(self) -> dict[str, Any]:
        """For the header of a tape."""
        return {**self._asdict(), "files": list(self.files)}

    @classmethod
    def of(cls, body: dict[str, Any]) -> Source:
        """From the header of a tape."""
        return cls(**{**body, "files": tuple(body["files"])})


def synthetic_instruments(source: Source) -> list[Instrument]:
    """The instruments of a synthetic market."""
    from mmtui.venues.synthetic.market import SyntheticMarket

    return SyntheticMarket(source.seed, source.scenario, source.start_ns).setup_instruments()


def check_scenario(name: str) -> str:
    """A scenario by its name. Raises UserError with the list."""
    from mmtui.venues.synthetic.market import SCENARIOS

    if name not in SCENARIOS:
        raise UserError(f"scenario {name!r}: one of {', '.join(SCENARIOS)}")
    return name


def open_source(source: Source, instruments: list[Instrument], venues: list[str]) -> Iterator[Event]:
    """Every event of the source, in the order of its clock; none of a live one."""
    if source.kind == "live":
        return iter(())
    index = {item.id: i for i, item in enumerate(instruments)}
    places = {venue: v for v, venue in enumerate(venues)}
    if source.kind == "synthetic":
        from mmtui.venues.synthetic.market import SyntheticMarket

        return SyntheticMarket(source.seed, source.scenario, source.start_ns).events(index, places)
    from mmtui.venues.capture.source import open_captures

    return open_captures([Path(file) for file in source.files], instruments).events(index, places)
