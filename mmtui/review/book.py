"""`mmtui book`: the depth book of one instrument as it stood at given instants, from captures or a session."""

from __future__ import annotations

import argparse
import sys

import msgspec

from mmtui.core.errors import UserError
from mmtui.core.events import BookDelta, BookGap, BookSnapshot, Event, GridRefined
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import Grid, Instrument
from mmtui.review.inputs import Inputs, open_inputs
from mmtui.review.progress import watched


class BookAt(msgspec.Struct):
    """One answer; prices and sizes are exact decimal texts, sizes as the venue counts them."""

    instrument: str
    at: int
    seq: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    valid: bool


class DepthBook:
    """A depth book with its grid, fed by market events of one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.grid = Grid(instrument)
        self.book = OrderBook()

    def feed(self, event: Event) -> None:
        kind = type(event)
        if kind is BookDelta:
            self.book.delta(event)  # type: ignore[arg-type]
        elif kind is BookSnapshot:
            self.book.snapshot(event)  # type: ignore[arg-type]
        elif isinstance(event, BookGap):
            self.book.invalidate(event.why)
        elif isinstance(event, GridRefined):
            self.instrument = msgspec.structs.replace(self.instrument, tick=event.tick, lot=event.lot)
            self.grid = Grid(self.instrument)
            self.book.rescale(event.px_factor, event.sz_factor)

    def at(self, instant: int, depth: int) -> BookAt:
        grid = self.grid
        bids, asks = ([(grid.price_text(px), grid.size_text(sz)) for px, sz in side] for side in self.book.top(depth))
        return BookAt(self.instrument.id, instant, self.book.seq, bids, asks, self.book.valid)


def books_at(inputs: Inputs, instrument: Instrument, instants: list[int], depth: int) -> list[BookAt]:
    """The book after the last message received at or before each instant, in the order of `instants`."""
    book = DepthBook(instrument)
    waiting = sorted(set(instants), reverse=True)
    answers: dict[int, BookAt] = {}
    events = inputs.events({instrument.id: 0}, {item.venue: 0 for item in inputs.instruments})
    for event in watched(events, inputs.progress):
        while waiting and event.ts > waiting[-1]:
            instant = waiting.pop()
            answers[instant] = book.at(instant, depth)
        if not waiting:
            break
        book.feed(event)
    for instant in waiting:
        answers[instant] = book.at(instant, depth)
    return [answers[instant] for instant in instants]


def parse_instants(texts: list[str] | str) -> list[int]:
    """`--at` may be repeated and may hold a list with commas."""
    instants = []
    for text in [texts] if isinstance(texts, str) else texts:
        for part in str(text).split(","):
            part = part.strip()
            if not part.isascii() or not part.isdigit() or len(part) > 19:
                raise UserError(f"--at {part!r}: give instants as whole nanoseconds since 1970, separated by commas")
            instants.append(int(part))
    if not instants:
        raise UserError("--at: give at least one instant (nanoseconds since 1970)")
    return instants


def run(args: argparse.Namespace) -> int:
    """Print the books as JSON."""
    instants = parse_instants(args.at or [])
    depth = 20 if args.depth is None else args.depth
    if depth < 1:
        raise UserError(f"--depth {depth}: give a whole number of levels, at least 1")
    inputs = open_inputs(args.source)
    instrument = inputs.find(args.instrument)
    answers = books_at(inputs, instrument, instants, depth)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(answers), indent=0).decode() + "\n")
    inputs.finish()
    return 0
