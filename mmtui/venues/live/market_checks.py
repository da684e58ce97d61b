"""What a venue without execution code answers before a desk takes its data: clock, and its instruments.

Rules of this file: asks public questions only; answers become values and sentences.
"""

from __future__ import annotations

import time

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.venues.live.checks import Listed, Report
from mmtui.venues.live.market_http import MarketHttp
from mmtui.venues.market_links import MarketLinks
from mmtui.venues.market_table import MARKET_FACTS


async def ask_market(links: MarketLinks, instruments: list[Instrument]) -> Report:
    """Everything about one venue that needs no account."""
    report = Report(links.venue, symbols={}, fees={}, holds=[], prices={}, found={})
    kinds = dict.fromkeys(item.kind for item in instruments)
    if len({_stream(links.venue, kind) for kind in kinds}) > 1:
        report.why = f"{' and '.join(kinds)} instruments have an address each there; a desk has one of them"
        return report
    http = MarketHttp(links, time.time_ns)
    try:
        listed = await http.instruments()
        report.answer_ms = http.took_ms
        report.reached = listed is not None
        if listed is None:
            report.why = f"{links.home} does not answer with its instruments"
            return report
        await http.settle()
        report.offset_ms, report.error_ms = http.clock.offset / 1e6, http.clock.error / 1e6
        report.dead_man = "no orders here"
        for item in instruments:
            found = next((one for one in listed if (one.symbol, one.kind) == (item.symbol, item.kind)), None)
            if found is not None:
                report.found[item.symbol] = found
                report.symbols[item.symbol] = Listed("TRADING", found.tick, found.lot, found.min_notional)
    finally:
        await http.close()
    return report


def _stream(venue: str, kind: str) -> str:
    return next((url for of, url in MARKET_FACTS[venue].urls if of in ("", kind)), "")


def as_listed(item: Instrument, found: Instrument) -> Instrument:
    """An instrument as the venue lists it, with the config's fees; left alone where the config gives the grid."""
    if item.grid == "config":
        return item
    return msgspec.structs.replace(found, maker_bps=item.maker_bps, taker_bps=item.taker_bps)
