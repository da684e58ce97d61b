"""Decoders of every venue, and the frames of the golden files, for tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mmtui.venues.market_decoder import feeds_of
from mmtui.venues.market_table import DECODERS, inferred

GOLDEN = Path(__file__).with_name("golden")
ROOT = Path(__file__).resolve().parents[2]
CAPTURES = Path(os.environ.get("MMTUI_CAPTURES") or ROOT.parent / "shared" / "data" / "captures")
#: Messages of other venues, beside the captures.
WIRE = CAPTURES.parent / "wire"

SYMBOLS = {
    "okx": ("BTC-USDT", "BTC-USDT-SWAP"),
    "bybit": ("BTCUSDT",),
    "hyperliquid": ("BTC",),
    "deribit": ("BTC-PERPETUAL",),
    "kraken-spot": ("BTC/USD",),
    "kraken-futures": ("PF_XBTUSD",),
    "coinbase": ("BTC-USD",),
    "coinbase-exchange": ("ETH-BTC",),
    "dydx": ("BTC-USD",),
    "bitmex": ("XBTUSD",),
    "bitget": ("BTCUSDT", "ETHUSDT"),
    "gate-spot": ("BTC_USDT", "ETH_USDT"),
    "gate-futures": ("BTC_USDT",),
}


def decoder(venue: str, *symbols: str):
    """A decoder as a session has it, with fine grids."""
    names = symbols or SYMBOLS[venue]
    return DECODERS[venue](3, feeds_of(enumerate(inferred(venue, name, "0.00001", "0.00000001") for name in names)))


def frames(family: str) -> list[tuple[int, bytes]]:
    """(receive time, body) of a golden file."""
    lines = (GOLDEN / f"{family}.frames").read_bytes().splitlines()
    return [(int(stamp), body) for stamp, _, body in (line.partition(b" ") for line in lines)]


def of(venue: str) -> list[tuple[int, bytes]]:
    """The golden frames of a socket that are this venue's."""
    cls = DECODERS[venue]
    return [(ts, body) for ts, body in frames(cls.facts.family) if cls.mine(body) and not body.startswith(b"http")]


def rows(capsys, venue: str, path: Path) -> list[dict]:
    """What `mmtui wire` prints."""
    import argparse

    from mmtui.review import wire

    wire.run(argparse.Namespace(venue=venue, file=path))
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
