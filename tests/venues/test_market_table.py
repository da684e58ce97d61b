"""The tables of how venues publish: each is whole, says where it comes from, and can be printed."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from mmtui.venues.market_table import COLUMNS, DECODERS, MARKET_FACTS, capabilities, inferred


@pytest.mark.parametrize("venue", MARKET_FACTS)
def test_a_table_says_when_and_against_what_it_was_checked(venue):
    facts = MARKET_FACTS[venue]
    assert facts.id == venue and facts.source
    assert datetime.date.fromisoformat(facts.verified)
    for name in facts.recalled:
        getattr(facts, name)
    assert all(url.startswith("wss://") for _, url in facts.urls)
    assert facts.sequence and facts.ping_s > 0 and facts.batch > 0


def test_the_table_of_capabilities_has_a_row_for_each_venue():
    found = capabilities()
    assert [row[0] for row in found] == list(MARKET_FACTS)
    assert all(len(row) == len(COLUMNS) and all(row) for row in found)
    assert set(DECODERS) < set(MARKET_FACTS)


@pytest.mark.parametrize(
    ("venue", "symbol", "kind", "base", "settle"),
    [
        ("okx", "BTC-USDT", "spot", "BTC", "USDT"),
        ("okx", "BTC-USDT-SWAP", "linear", "BTC", "USDT"),
        ("okx", "BTC-USD-250627", "inverse", "BTC", "BTC"),
        ("bybit", "BTCUSDT", "linear", "BTC", "USDT"),
        ("bybit", "ETHUSDU23", "inverse", "ETH", "ETH"),
        ("bybit", "BTCPERP", "linear", "BTC", "USDC"),
        ("hyperliquid", "BTC", "linear", "BTC", "USDC"),
        ("hyperliquid", "PURR/USDC", "spot", "PURR", "USDC"),
        ("deribit", "BTC-PERPETUAL", "inverse", "BTC", "BTC"),
        ("deribit", "SOL_USDC-PERPETUAL", "linear", "SOL", "USDC"),
        ("deribit", "BTC_USDC", "spot", "BTC", "USDC"),
        ("kraken-spot", "BTC/USD", "spot", "BTC", "USD"),
        ("kraken-futures", "PI_XBTUSD", "inverse", "BTC", "BTC"),
        ("kraken-futures", "PF_ETHUSD", "linear", "ETH", "USD"),
        ("gate-spot", "BTC_USDT", "spot", "BTC", "USDT"),
        ("gate-futures", "BTC_USD", "inverse", "BTC", "BTC"),
        ("dydx", "ETH-USD", "linear", "ETH", "USDC"),
        ("bitmex", "XBTUSD", "inverse", "BTC", "BTC"),
        ("bitmex", "XBT_USDT", "spot", "BTC", "USDT"),
        ("coinbase", "BTC-USD", "spot", "BTC", "USD"),
        ("coinbase", "BTC-PERP-INTX", "linear", "BTC", "USDC"),
    ],
)
def test_a_symbol_says_what_it_is(venue, symbol, kind, base, settle):
    item = inferred(venue, symbol)
    assert (item.id, item.kind, item.base, item.settle) == (f"{venue}:{symbol}", kind, base, settle)


def test_the_readme_has_the_table_as_the_facts_are():
    text = Path(__file__).resolve().parents[2].joinpath("README.md").read_text()
    for row in (COLUMNS, *capabilities()):
        assert f"| {' | '.join(row)} |\n" in text
