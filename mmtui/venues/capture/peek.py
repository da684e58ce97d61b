"""A look at the first lines of a capture: which market, which symbols, how many decimals.

Rules of this file: reads only; what the file's name says is never asked.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from mmtui.core.errors import SourceError
from mmtui.venues.binance.grid import DECIMALS_MAX, PRODUCT_DECIMALS_MAX, step_text
from mmtui.venues.binance.wire import WireError, identify
from mmtui.venues.capture.reader import LineReader, split_line

#: Lines looked at.
LINES = 2_000
#: A symbol seen once beside another seen this often is a damaged line, not an instrument.
RARE = 50

_PAIR = re.compile(rb'\["(\d{1,18}(?:\.\d{1,18})?)","(\d{1,18}(?:\.\d{1,18})?)"\]')
_PRICES = re.compile(rb'"[pba]":"(\d{1,18}(?:\.\d{1,18})?)"')
_QUOTED = re.compile(rb'"(?:p|a)":"(\d{1,18}(?:\.\d{1,18})?)"')
_SIZES = re.compile(rb'"[qBA]":"(\d{1,18}(?:\.\d{1,18})?)"')


class Peek(msgspec.Struct, frozen=True):
    """What a file's first lines tell. `decimals` are those of prices and sizes, trailing zeros stripped, a symbol."""

    path: Path
    market: str
    symbols: tuple[str, ...]
    first_ts: int
    size: int
    decimals: dict[str, tuple[int, int]]
    prices: dict[str, float]  # one of the first prices a symbol: for sizes by notional, never for quoting


def peek(path: Path) -> Peek:
    """SourceError when the file cannot be read or holds no message of a known venue."""
    reader = LineReader(path)
    strong: dict[str, int] = {}
    weak = ""
    symbols: dict[str, int] = {}
    decimals: dict[str, tuple[int, int]] = {}
    prices: dict[str, float] = {}
    first = 0
    for number, line in reader:
        if number > LINES:
            break
        try:
            ts, body = split_line(line)
            market, symbol = identify(body)
        except (ValueError, WireError):
            continue
        first = min(first, ts) if first else ts
        if symbol:
            symbols[symbol] = symbols.get(symbol, 0) + 1
        if market and symbol:
            strong[market] = strong.get(market, 0) + 1
        elif market and not weak:
            weak = market
        px, sz = decimals.get(symbol, (0, 0))
        decimals[symbol] = _decimals(body, px, sz)
        if symbol and symbol not in prices and (found := _QUOTED.search(body)):
            prices[symbol] = float(found.group(1))
    market = max(strong, key=strong.__getitem__) if strong else weak
    if not market or not first:
        raise SourceError(f"{path}: no message of a known venue in its first {LINES} lines: is it a raw capture?")
    most = max(symbols.values(), default=0)
    names = tuple(name for name, count in symbols.items() if count > 1 or most < RARE)
    return Peek(path, market, names, first, reader.size, decimals, prices)


def _decimals(body: bytes, px: int, sz: int) -> tuple[int, int]:
    for price, size in _PAIR.findall(body):
        px, sz = max(px, _places(price)), max(sz, _places(size))
    for price in _PRICES.findall(body):
        px = max(px, _places(price))
    for size in _SIZES.findall(body):
        sz = max(sz, _places(size))
    return px, sz


def _places(text: bytes) -> int:
    return len(text.partition(b".")[2].rstrip(b"0"))


def inferred_grid(peeks: list[Peek], symbol: str) -> tuple[str, str]:
    """Tick and lot as fine as the decimals seen (a message without a symbol counts for every symbol of its file)."""
    seen = [item.decimals[name] for item in peeks for name in (symbol, "") if name in item.decimals]
    px = min(max((pair[0] for pair in seen), default=2), DECIMALS_MAX)
    sz = min(max((pair[1] for pair in seen), default=8), DECIMALS_MAX, PRODUCT_DECIMALS_MAX - px)
    return step_text(1, px), step_text(1, sz)
