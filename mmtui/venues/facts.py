"""Which venue trades how: the tables of all venues, by venue id.

Rules of this file: the list of tables; the facts stand in each venue's trading.py, their shape in trading.py here.
"""

from __future__ import annotations

from mmtui.venues.binance.trading import TRADING as _BINANCE
from mmtui.venues.bybit.trading import TRADING as _BYBIT
from mmtui.venues.coinbase.trading import TRADING as _COINBASE
from mmtui.venues.deribit.trading import TRADING as _DERIBIT
from mmtui.venues.gate.trading import TRADING as _GATE
from mmtui.venues.hyperliquid.trading import TRADING as _HYPERLIQUID
from mmtui.venues.kraken.trading import TRADING as _KRAKEN
from mmtui.venues.okx.trading import TRADING as _OKX
from mmtui.venues.trading import TradingFacts

__all__ = ["TRADING", "TradingFacts", "facts_of"]

#: Venue id -> how it trades, in a fixed order.
TRADING: dict[str, TradingFacts] = {
    **_BINANCE,
    **_OKX,
    **_BYBIT,
    **_KRAKEN,
    **_DERIBIT,
    **_HYPERLIQUID,
    **_COINBASE,
    **_GATE,
}


def facts_of(venue: str) -> TradingFacts:
    """The table of a venue; KeyError when there is none."""
    return TRADING[venue]
