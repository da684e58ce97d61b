"""Which instruments a desk's sources have, with tick and lot: from a config, the bundled table, or the data.

Rules of this file: asks the venues' profiles and the sources; the one part of `venues` that loading a config calls.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.core.orders.inplace import Amending
from mmtui.venues.binance import profile
from mmtui.venues.binance.links import LINKS
from mmtui.venues.ccxt_market.names import PREFIX, exchange_of, instrument
from mmtui.venues.market_links import MARKET_LINKS
from mmtui.venues.traders import TRADERS

#: Venues that a config may name without a source.
KNOWN = (*profile.MARKETS, *MARKET_LINKS)
#: ... whose live market a desk can be connected to.
LIVE = (*LINKS, *MARKET_LINKS)
#: Steps of an instrument of which nothing is known before the venue is asked.
FINE = "0.00000001"


def captured(files: list[Path]) -> tuple[list[Instrument], dict[str, float]]:
    """Instruments of raw captures, by their content, and a price of each. SourceError names a file that is none."""
    from mmtui.venues.capture.source import open_captures

    captures = open_captures(files)
    return captures.instruments, captures.price_hint


def scenarios() -> dict[str, str]:
    """What may happen in the synthetic market: name -> what it is."""
    from mmtui.venues.synthetic.scenarios import SCENARIOS

    return SCENARIOS


def simulated(scenario: str, seed: int) -> list[Instrument]:
    """Instruments of the synthetic market; KeyError for a scenario that does not exist."""
    from mmtui.venues.synthetic.market import SCENARIOS, SyntheticMarket

    if scenario not in SCENARIOS:
        raise KeyError(", ".join(SCENARIOS))
    items: list[Instrument] = SyntheticMarket(seed, scenario, 0).setup_instruments()
    return items


def live(venue: str, symbol: str, tick: str = "", lot: str = "") -> Instrument | None:
    """An instrument of a venue whose data is not at hand; None when neither the table nor the caller knows its grid."""
    if venue.startswith(PREFIX):
        return instrument(venue, symbol, tick, lot)
    if venue in MARKET_LINKS:
        return _listed_later(venue, symbol, tick, lot)
    market = profile.MARKETS[venue]
    grid = profile.known_grid(venue, symbol)
    origin: Literal["config", "table"] = "table"
    if tick and lot:
        grid, origin = (tick, lot), "config"
    return profile.instrument(market, symbol, *grid, origin) if grid else None


def missing(venue: str, symbol: str) -> str:
    """Why `live` found no instrument."""
    if venue.startswith(PREFIX):
        return f'"{symbol}" is no unified symbol of ccxt; give one like BTC/USDT or BTC/USDT:USDT'
    return f"tick and lot of {venue}:{symbol} are not known; give both"


def _listed_later(venue: str, symbol: str, tick: str, lot: str) -> Instrument:
    """An instrument of a venue that is asked about it before the desk runs; until then as far as it is known."""
    from mmtui.venues.listings import MAJORS
    from mmtui.venues.market_table import inferred

    links = MARKET_LINKS[venue]
    known = links.grids.get(symbol)
    item = inferred(venue, symbol, tick or FINE, lot or FINE)
    maker, taker = links.fee(item.kind)
    item = msgspec.structs.replace(item, maker_bps=maker, taker_bps=taker, major=item.base in MAJORS)
    if known is not None:
        item = msgspec.structs.replace(
            item, tick=known[0], lot=known[1], contract_size=known[2], min_notional=known[3], grid="table"
        )
    return msgspec.structs.replace(item, tick=tick, lot=lot, grid="config") if tick and lot else item


def known(venue: str) -> bool:
    """Whether a config may name a venue without a source."""
    return venue in KNOWN or bool(exchange_of(venue))


def without_orders(venue: str) -> str:
    """Why a desk cannot trade at a venue whose data it can have; "" where it can, or nothing is known of it."""
    if venue in TRADERS or (venue not in MARKET_LINKS and not exchange_of(venue)):
        return ""
    return f'"live" needs code that sends orders, and {venue} has none here; give "paper" or "shadow"'


def usual(venue: str) -> list[str]:
    """Symbols of a venue whose tick and lot are known here, the most traded first."""
    if venue in MARKET_LINKS:
        return list(MARKET_LINKS[venue].grids)
    return [symbol for market, symbol in profile.TABLE if market == venue]


#: A create may arrive so late where the venue lets it never expire, and be listed so much later than that (ms).
LATEST_MS, LANDING_SLACK_MS = 10_000, 2_000


def landing_ms(venue: str) -> int:
    """How late a create may land after it was sent, and be listed."""
    from mmtui.venues.facts import facts_of

    facts = facts_of(venue)
    return (facts.expiry_ms or LATEST_MS) + facts.lag.open_ms + LANDING_SLACK_MS


def amends(venues: list[str]) -> dict[str, Amending]:
    """How the venues that change orders in place do it."""
    from mmtui.venues.facts import TRADING

    known = {venue: TRADING[venue].amend for venue in venues if venue in TRADING}
    return {venue: how for venue, how in known.items() if how is not None}
