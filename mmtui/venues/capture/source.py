"""Captures as a source of events: files grouped by instrument, read in their order, merged by receive time.

Rules of this file: the order of lines in a file is never changed; several files of one instrument are one chain, read
in the order given; chains merge by the running maximum of their receive times, ties by the order given.  What cannot
be read is skipped, counted and said, never raised.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from mmtui.core.errors import SourceError
from mmtui.core.events import BookGap, Damage, Event, FeedStatus, SourceEnded
from mmtui.core.market.instrument import Instrument
from mmtui.venues.binance import profile
from mmtui.venues.binance.wire import Decoder, Feed, RefinedError
from mmtui.venues.capture.peek import Peek, inferred_grid, peek
from mmtui.venues.capture.reader import LineReader, split_line

#: Every damaged line is counted; an event is made of the first so many of a file, then of every thousandth.
DAMAGE_SAID = 100
#: A receive time this far ahead of everything before it is believed only when the next line agrees.
LEAP_NS = 3600 * 10**9


class Captures:
    """Opened capture files. `damage` counts lines skipped a file, `gaps` sequence gaps an instrument."""

    def __init__(self, peeks: list[Peek], instruments: list[Instrument]) -> None:
        self._peeks = peeks
        self.instruments = instruments
        self.files = [p.path for p in peeks]
        self.damage: dict[Path, int] = {p.path: 0 for p in peeks}
        self.damage_notes: list[str] = []  # one sentence each, the first of every file
        self.warnings = _out_of_order(peeks)
        #: instrument -> one of its first prices, to size orders by notional where nobody did
        self.price_hint = {f"{p.market}:{symbol}": price for p in reversed(peeks) for symbol, price in p.prices.items()}
        self.gaps: dict[str, int] = {item.id: 0 for item in instruments}
        self.first_ts = min(p.first_ts for p in peeks)
        self.bytes_total = sum(p.size for p in peeks)
        self._readers: list[LineReader] = []
        self._done = 0

    @property
    def bytes_read(self) -> int:
        return self._done + sum(reader.bytes_read for reader in self._readers)

    def events(self, index: dict[str, int], venues: dict[str, int]) -> Iterator[Event]:
        """Every event of the instruments in `index`, in one order of time, then SourceEnded."""
        last = self.first_ts
        self._readers, self._done, self.damage_notes = [], 0, []
        self.damage = dict.fromkeys(self.files, 0)
        self.gaps = {item.id: 0 for item in self.instruments}
        feeds = {
            item.id: Feed(item, index[item.id], venues[item.venue]) for item in self.instruments if item.id in index
        }
        chains = [self._chain(files, feeds, venues) for files in self._chains(feeds)]
        for v in sorted({feed.v for feed in feeds.values()}):
            yield FeedStatus(last, v, True, "capture")
        if len(chains) == 1:
            last = yield from chains[0]
        else:
            for event in heapq.merge(*chains, key=_ts):
                last = event.ts
                yield event
        yield SourceEnded(last, ", ".join(path.name for path in self.files))

    def _chains(self, feeds: dict[str, Feed]) -> list[list[Peek]]:
        """Files that share an instrument stay together, in the order given; unwanted instruments are left out."""
        chains: list[tuple[set[str], list[Peek]]] = []
        for item in self._peeks:
            ids = {f"{item.market}:{symbol}" for symbol in item.symbols}
            if not ids & feeds.keys():
                self._done += item.size
                continue
            touching = [chain for chain in chains if chain[0] & ids]
            if not touching:
                chains.append((ids, [item]))
                continue
            first = touching[0]
            for other in touching[1:]:
                first[0].update(other[0])
                first[1].extend(other[1])
                chains.remove(other)
            first[0].update(ids)
            first[1].append(item)
        order = {id(item): place for place, item in enumerate(self._peeks)}
        return [sorted(files, key=lambda item: order[id(item)]) for _, files in chains]

    def _chain(
        self, files: list[Peek], feeds: dict[str, Feed], venues: dict[str, int]
    ) -> Generator[Event, None, int]:
        """Returns the instant of the last line."""
        now = files[0].first_ts
        for item in files:
            now = yield from self._file(item, feeds, venues[item.market], now)
        return now

    def _file(self, item: Peek, feeds: dict[str, Feed], v: int, now: int) -> Generator[Event, None, int]:
        """Returns the instant of the last line; never one before `now`."""
        reader = LineReader(item.path)
        self._readers.append(reader)
        known = {symbol: feeds.get(f"{item.market}:{symbol}") for symbol in item.symbols}
        decoder = Decoder(
            v,
            {symbol: feed for symbol, feed in known.items() if feed is not None},
            known[item.symbols[0]] if len(item.symbols) == 1 else None,
            frozenset(symbol for symbol, feed in known.items() if feed is None),
        )
        now = max(now, item.first_ts)
        decode = decoder.decode
        for first, lines, following in reader.blocks():
            for number, line in enumerate(lines, first):
                try:
                    ts, body = split_line(line)
                    if ts > now:
                        if ts > now + LEAP_NS:
                            place = number - first + 1
                            ahead = lines[place] if place < len(lines) else following
                            if ahead is not None and _stamp(ahead) < ts - LEAP_NS:
                                raise ValueError("its receive time is hours ahead of the lines around it")
                        now = ts
                    events = decode(now, body)
                except ValueError as error:  # WireError is one
                    if isinstance(error, RefinedError):
                        yield from error.events
                    if line.strip():
                        yield from self._damaged(item, now, number, str(error))
                    continue
                for event in events:
                    if event.__class__ is BookGap:
                        self._gap(event, feeds)
                    yield event
        for number, what in reader.damage:
            yield from self._damaged(item, now, number, what, always=True)
        return now

    def _gap(self, event: Event, feeds: dict[str, Feed]) -> None:
        assert isinstance(event, BookGap)
        self.gaps[self._id(event.i, feeds)] += 1

    def _id(self, i: int, feeds: dict[str, Feed]) -> str:
        return next(name for name, feed in feeds.items() if feed.i == i)

    def _damaged(self, item: Peek, now: int, line: int, what: str, *, always: bool = False) -> Iterator[Event]:
        count = self.damage[item.path] = self.damage[item.path] + 1
        if count <= DAMAGE_SAID or always:
            self.damage_notes.append(f"{item.path}:{line}: {what}")
        if count <= DAMAGE_SAID or count % 1000 == 0 or always:
            yield Damage(now, item.path.name, line, count, what)


def _out_of_order(peeks: list[Peek]) -> list[str]:
    """Files of one instrument are read in the order given, which may not be what was meant."""
    last: dict[tuple[str, str], Peek] = {}
    said = []
    for item in peeks:
        for symbol in item.symbols:
            earlier = last.get((item.market, symbol))
            if earlier is not None and item.first_ts < earlier.first_ts:
                said.append(f"{item.path}: begins before {earlier.path.name}, but is read after it, as given")
            last[item.market, symbol] = item
    return said


def _ts(event: Event) -> int:
    return event.ts


def _stamp(line: bytes) -> int:
    try:
        return split_line(line)[0]
    except ValueError:
        return 1 << 62


def open_captures(files: list[Path], setup_instruments: list[Instrument] | None = None) -> Captures:
    """Look into the files: market and symbols from their content, grid from `setup_instruments`, else the bundled
    table, else inferred from the decimals seen. SourceError names the file that is missing, empty or no capture."""
    if not files:
        raise SourceError("no capture file was given")
    peeks = _name_nameless([peek(path) for path in files])
    given = {item.id: item for item in setup_instruments or ()}
    instruments: dict[str, Instrument] = {}
    for item in peeks:
        market = profile.MARKETS[item.market]
        for symbol in item.symbols:
            name = f"{item.market}:{symbol}"
            if name in instruments:
                continue
            if name in given:
                instruments[name] = given[name]
            elif grid := profile.known_grid(item.market, symbol):
                instruments[name] = profile.instrument(market, symbol, *grid, "table")
            else:
                seen = [other for other in peeks if other.market == item.market and symbol in other.symbols]
                instruments[name] = profile.instrument(market, symbol, *inferred_grid(seen, symbol), "inferred")
    return Captures(peeks, list(instruments.values()))


def _name_nameless(peeks: list[Peek]) -> list[Peek]:
    """A file that names no symbol (snapshots alone) belongs to the only instrument that the others name."""
    named = {(item.market, item.symbols) for item in peeks if item.symbols}
    done = []
    for item in peeks:
        if item.symbols:
            done.append(item)
            continue
        fitting = {symbols for market, symbols in named if market == item.market}
        if len(fitting) != 1 or len(next(iter(fitting))) != 1:
            raise SourceError(f"{item.path}: its messages name no symbol, so its instrument is not known")
        done.append(msgspec.structs.replace(item, symbols=next(iter(fitting))))
    return done

