"""Where the data of a desk come from: captures, a synthetic market or live venues, and which instruments they have.

Rules of this file: what [[venue]] tables mean together.  Ticks, lots and what a capture holds are facts of venues: they
are asked of mmtui.venues, and only while a config is loaded.
"""

from __future__ import annotations

import re
from pathlib import Path

from mmtui.config.convert import Converter
from mmtui.config.instruments import grid_keys
from mmtui.config.live_venues import live_venue
from mmtui.config.schema import CaptureFiles, Desk, InstrumentKeys, LiveVenue, Source, Synthetic, Venue
from mmtui.core.market.instrument import Instrument

_SYNTHETIC = re.compile(r"synthetic:([a-z0-9-]+)(?::([0-9]{1,18}))?")


class Sources:
    """The sources of a config's venues."""

    def __init__(self, to: Converter, venues: list[Venue]) -> None:
        self.to, self.error, self.path = to, to.error, to.path
        self.venues = venues
        self.prices: dict[str, float] = {}  # instrument -> a price of its capture

    def sources(self, desk: Desk) -> list[Source]:
        """Where the data come from: one kind for all venues."""
        from mmtui.venues import resolve

        venues = self.venues
        sources: list[Source] = []
        synthetic: Synthetic | None = None
        for place, venue in enumerate(venues):
            where = ("venue", str(place), "source")
            texts = [venue.source] if isinstance(venue.source, str) else venue.source
            if not venue.source:
                no_orders = resolve.without_orders(venue.id)
                sources.append(live_venue(self.error, place, venue, desk.mode, no_orders))
            elif len(texts) == 1 and (match := _SYNTHETIC.fullmatch(texts[0])):
                one = Synthetic(match.group(1), int(match.group(2) or desk.seed))
                if synthetic is not None and synthetic != one:
                    raise self.error(where, "differs from another venue's; all synthetic venues are one market")
                if synthetic is None:
                    sources.append(one)
                synthetic = one
            else:
                sources.append(CaptureFiles(venue.id, [self._file(text, where) for text in texts]))
        kinds = {type(source) for source in sources}
        if len(kinds) > 1:
            where = ("venue", "0", "source")
            raise self.error(where, "venues mix live, synthetic and captures; a desk runs on one clock: give one kind")
        if desk.mode == "demo" and kinds != {Synthetic}:
            raise self.error(("desk", "mode"), '"demo" is for a synthetic market; give "paper"')
        if desk.mode in ("live", "shadow") and kinds != {LiveVenue}:
            raise self.error(("desk", "mode"), f'"{desk.mode}" needs live venues; with a source give "paper"')
        return sources

    def _file(self, text: str, where: tuple[str, ...]) -> Path:
        if text.startswith("synthetic"):
            raise self.error(where, f'"{text}" is not allowed; give synthetic:SCENARIO[:SEED], and nothing beside it')
        path = Path(text).expanduser()
        path = path if path.is_absolute() else self.path.resolve().parent / path
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "there is no such file"
            raise self.error(where, f"{path}: {what}; give the path of a raw capture")
        return path

    def instruments(self, sources: list[Source], wanted: list[InstrumentKeys]) -> dict[str, Instrument]:
        """Every instrument that the sources have, by id."""
        from mmtui.venues import resolve

        venues = self.venues
        found: dict[str, Instrument] = {}
        for source in sources:
            if isinstance(source, Synthetic):
                try:
                    items = resolve.simulated(source.scenario, source.seed)
                except KeyError as error:
                    what = f'"{source.scenario}" is no scenario; give one of {error.args[0]}'
                    raise self.error(("venue", "0", "source"), what) from None
                ids = {item.venue for item in items}
                for place, venue in enumerate(venues):
                    if venue.id not in ids:
                        what = f'"{venue.id}" is no synthetic venue; give one of {", ".join(sorted(ids))}'
                        raise self.error(("venue", str(place), "id"), what)
                items = [item for item in items if item.venue in {venue.id for venue in venues}]
            elif isinstance(source, CaptureFiles):
                items, prices = resolve.captured(source.paths)
                self.prices |= prices
                where = ("venue", str([venue.id for venue in venues].index(source.venue)), "id")
                for item in items:
                    if item.venue != source.venue:
                        what = f'"{source.venue}" is not what its captures hold: they are of {item.venue}'
                        raise self.error(where, what)
            else:
                items = self._live(source, wanted)
            found.update((item.id, item) for item in items)
        return found

    def _live(self, source: LiveVenue, wanted: list[InstrumentKeys]) -> list[Instrument]:
        from mmtui.venues import resolve

        if not resolve.known(source.venue):
            where = ("venue", str([venue.id for venue in self.venues].index(source.venue)), "id")
            have = f"{', '.join(resolve.KNOWN)}, or ccxt-NAME with an exchange of ccxt.pro"
            raise self.error(where, f'"{source.venue}" is no known venue; give one of {have}')
        items = []
        for place, keys in enumerate(wanted):
            venue, _, symbol = keys.id.partition(":")
            if venue == source.venue:
                tick, lot = grid_keys(self.to, keys, ("instrument", str(place)))
                item = resolve.live(venue, symbol, tick, lot)
                if item is None:
                    raise self.error(("instrument", str(place), "id"), resolve.missing(venue, symbol))
                items.append(item)
        return items
