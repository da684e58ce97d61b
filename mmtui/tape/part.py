"""A part of a session: a tape that opens by itself, for its first record follows a state that it carries.

The state stands before record 0, as the first of the folder's checkpoints; there it is no cache: without it the records
mean nothing.  It is taken from other code too, if the hash that it names is the one that it has here.

Rules of this file: what a session begins from, whole or part, is asked for here and nowhere else.
"""

from __future__ import annotations

import msgspec

from mmtui.core.engine import Engine
from mmtui.core.events import BookSnapshot, Event, FeedStatus
from mmtui.core.setup import DeskSetup
from mmtui.tape.checkpoint import Checkpoints, Loaded, Place
from mmtui.tape.format import Header, TapeError
from mmtui.tape.reader import TapeReader

#: `source.kind` of a part; beside it `of` (the session), `first` (record) and `around` (ns).
PART = "part"


def is_part(header: Header) -> bool:
    return header.source.get("kind") == PART


def beginning(reader: TapeReader) -> Loaded:
    """The state before a session's first record: a desk that has seen nothing, or the one that a part carries.

    Raises TapeError when that one cannot be used here.
    """
    header = reader.header
    if not is_part(header):
        return Loaded(Place(0, 0, 0, 0), Engine(header.setup), b"")
    loaded = Checkpoints(reader.directory, header, reader.files).carried()
    if loaded is None:
        raise TapeError(
            f"{reader.directory.name}: the state that it begins from cannot be used: it is damaged, or was written by"
            f" another mmtui than this (it names {header.version or 'none'})"
        )
    return loaded


def market(engine: Engine, ts: int) -> list[Event]:
    """The books and connections of an engine as events of the instant `ts`: for a desk that begins in the middle."""
    events: list[Event] = [
        FeedStatus(ts, v, False, "was down") for v, up in enumerate(engine.protections.connected) if not up
    ]
    for i, book in enumerate(engine.books):
        if book.valid:
            sides = [list(zip(*side.top(len(side.sizes)), strict=True)) or [(), ()] for side in (book.bids, book.asks)]
            (bid_px, bid_sz), (ask_px, ask_sz) = sides
            levels = (list(bid_px), list(bid_sz), list(ask_px), list(ask_sz))
            events.append(BookSnapshot(ts, book.ts_event, i, book.seq, *levels))
    return events


def present(engine: Engine) -> DeskSetup:
    """The desk's setup with its instruments as they are known by now: their grids may have been refined."""
    setup = engine.setup
    pairs = zip(setup.instruments, engine.accounts, strict=True)
    items = [msgspec.structs.replace(item, instrument=account.instrument) for item, account in pairs]
    return msgspec.structs.replace(setup, instruments=items)
