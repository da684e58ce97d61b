"""Sources of a review: raw captures or a recorded session, as one stream of market events.

Rules of this file: says what a source holds and gives its events; interprets none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import Event
from mmtui.core.market.instrument import Instrument
from mmtui.core.setup import DeskSetup
from mmtui.review.bundle_file import is_bundle

#: Sentences about damage printed for one source; the rest is only counted.
NOTES_SAID = 10


class Inputs:
    """Opened sources: `instruments`, and `events(index, venues)`; `finish()` says the damage on standard error."""

    def __init__(
        self,
        instruments: list[Instrument],
        events: Callable[[dict[str, int], dict[str, int]], Iterator[Event]],
        notes: Callable[[], list[str]],
        damaged: Callable[[], int],
        progress: Callable[[], float] = lambda: 0.0,
        setup: DeskSetup | None = None,
        price_hint: dict[str, float] | None = None,
    ) -> None:
        self.instruments = instruments
        self.events = events
        self._notes = notes
        self._damaged = damaged
        self.progress = progress  # share read so far, 0..1
        self.setup = setup  # of a recorded session
        self.price_hint = price_hint or {}  # instrument id -> a price seen

    def find(self, name: str) -> Instrument:
        """The instrument of that id; UserError with the list of those that are there."""
        for item in self.instruments:
            if item.id == name:
                return item
        have = ", ".join(item.id for item in self.instruments)
        raise UserError(f"no instrument {name!r} in the source; there are: {have}")

    def finish(self) -> None:
        notes, damaged = self._notes(), self._damaged()
        for note in notes[:NOTES_SAID]:
            print(f"mmtui: {note}", file=sys.stderr)
        if damaged > NOTES_SAID:
            print(f"mmtui: {damaged} damaged lines skipped in all", file=sys.stderr)


def open_inputs(sources: list[str]) -> Inputs:
    """Raw capture files, or one session's folder."""
    paths = [Path(source).expanduser() for source in sources]
    if not paths:
        raise UserError("no source was given: name capture files or a session")
    folders = [path for path in paths if path.is_dir() or not path.exists() or is_bundle(path)]
    if not folders:
        return _captures(paths)
    if len(paths) == 1:
        return _session(paths[0])
    missing = next((path for path in folders if not path.exists()), None)
    if missing is not None:
        raise SourceError(f"{missing}: there is no such file")
    raise UserError(f"{folders[0]} is a session: give one session alone, or capture files")


def _captures(paths: list[Path]) -> Inputs:
    from mmtui.venues.capture.source import open_captures

    captures = open_captures(paths)
    return Inputs(
        captures.instruments,
        captures.events,
        lambda: captures.warnings + captures.damage_notes,
        lambda: sum(captures.damage.values()),
        lambda: captures.bytes_read / max(1, captures.bytes_total),
        price_hint=captures.price_hint,
    )


def _session(path: Path) -> Inputs:
    from mmtui.review.sessions import find_session
    from mmtui.tape.part import beginning, is_part, market, present
    from mmtui.tape.reader import TapeReader

    path = find_session(str(path))
    reader = TapeReader(path)
    begun = beginning(reader).engine
    setup = present(begun)
    before = market(begun, reader.start) if is_part(reader.header) else []
    instruments = [item.instrument for item in setup.instruments]
    here = {place: item.id for place, item in enumerate(instruments)}

    def events(index: dict[str, int], venues: dict[str, int]) -> Iterator[Event]:
        import msgspec

        for event in chain(before, (event for _, event, _ in reader.records())):
            i = getattr(event, "i", None)
            if i is None:
                yield event
            elif here.get(i) in index:
                yield msgspec.structs.replace(event, i=index[here[i]]) if index[here[i]] != i else event

    return Inputs(instruments, events, lambda: list(reader.damage), lambda: len(reader.damage), setup=setup)
