"""Which instruments a desk's sources have, with tick and lot: from a config, the bundled table, or the data.

Rules of this file: asks the venues' profiles and the sources; the one part of `venues` that loading a config calls.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mmtui.core.market.instrument import Instrument
from mmtui.core.orders.inplace import Amending
from mmtui.venues.binance import profile

#: Venues that wire code exists for.
KNOWN = tuple(profile.MARKETS)


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
    market = profile.MARKETS[venue]
    grid = profile.known_grid(venue, symbol)
    origin: Literal["config", "table"] = "table"
    if tick and lot:
        grid, origin = (tick, lot), "config"
    return profile.instrument(market, symbol, *grid, origin) if grid else None


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
