"""The venues that are traded in their own words: one Trader each.

Rules of this file: the list; Binance, whose feed and account came first, has code of its own in binance/.
"""

from __future__ import annotations

from mmtui.venues.bybit.trade import BybitTrader
from mmtui.venues.deribit.trade import DeribitTrader
from mmtui.venues.hyperliquid.trade import HyperliquidTrader
from mmtui.venues.kraken.trade import KrakenTrader
from mmtui.venues.kraken.trade_futures import KrakenFuturesTrader
from mmtui.venues.okx.trade import OkxTrader
from mmtui.venues.trader import Trader

TRADERS: dict[str, type[Trader]] = {
    trader.venue: trader
    for trader in (OkxTrader, BybitTrader, DeribitTrader, HyperliquidTrader, KrakenTrader, KrakenFuturesTrader)
}
