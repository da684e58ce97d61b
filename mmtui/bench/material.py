"""What benchmarks run on: the captures where MMTUI_CAPTURES names them, else a capture made from the synthetic market.

Rules of this file: makes and finds inputs; measures nothing.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Trade
from mmtui.core.market.instrument import Grid
from mmtui.core.setup import DeskSetup
from mmtui.venues.capture.source import Captures, open_captures

REAL = "usdm_btcusdt_20240808.gz"
MADE_S = 120


def capture() -> tuple[Path, str]:
    """A USDS-M BTCUSDT capture, and how to call it in a table."""
    for folder in _folders():
        if (Path(folder) / REAL).is_file():
            return Path(folder) / REAL, REAL
    return made(), f"synthetic, {MADE_S} s (set MMTUI_CAPTURES for real captures)"


SIX = (
    ("binance-spot", "spot_btcusdt_20240808.gz", "BTCUSDT"),
    ("binance-spot", "spot_ethusdt_20240808.gz", "ETHUSDT"),
    ("binance-usdm", "usdm_btcusdt_20240808.gz", "BTCUSDT"),
    ("binance-usdm", "usdm_ethusdt_20240808.gz", "ETHUSDT"),
    ("binance-coinm", "cm_btcusd_perp_20240808.gz", "BTCUSD_PERP"),
    ("binance-coinm", "cm_ethusd_perp_20240808.gz", "ETHUSD_PERP"),
)
_SYNTHETIC = (("sim-spot", "BTCUSDT"), ("sim-usdm", "BTCUSDT"), ("sim-coinm", "BTCUSD_PERP"))


def six(folder: Path) -> tuple[Path, str]:
    """A config that quotes six instruments of three venues at once, and how to call it; synthetic without captures."""
    found = next((Path(f) for f in _folders() if all((Path(f) / name).is_file() for _, name, _ in SIX)), None)
    lines = ["[desk]", 'name = "six"', 'mode = "paper"', "autostart = true", "equity = 1_000_000"]
    markets = SIX if found else tuple((venue, "synthetic:trend", symbol) for venue, symbol in _SYNTHETIC)
    for venue in dict.fromkeys(venue for venue, _, _ in markets):
        files = ", ".join(f'"{found / name if found else name}"' for of, name, _ in markets if of == venue)
        lines += ["[[venue]]", f'id = "{venue}"', f"source = [{files}]" if found else f"source = {files}"]
    for venue, _, symbol in markets:
        lines += ["[[instrument]]", f'id = "{venue}:{symbol}"']
        lines.append('quoting = "contracts"' if "coinm" in venue else 'quoting = "coins"')
        lines += ["baseline = 100"] if "spot" in venue else []
    for profile, size in (("coins", "0.05"), ("contracts", "30")):
        lines += [f"[quoting.{profile}]", "spread_bps = 4.0", "levels = 2", f"size = {size}"]
    path = folder / "six.toml"
    path.write_text("\n".join(lines) + "\n")
    return path, "six captures" if found else "three synthetic markets (set MMTUI_CAPTURES for six captures)"


def _folders() -> list[str]:
    named = os.environ.get("MMTUI_CAPTURES")
    return [*filter(None, [named]), str(Path.cwd().parent / "shared" / "data" / "captures")]


def made() -> Path:
    """The synthetic futures market, written as Binance sends it."""
    from mmtui.venues.synthetic.market import SyntheticMarket

    path = Path(tempfile.gettempdir()) / f"mmtui-bench-{os.getuid()}.txt"
    market = SyntheticMarket(7, "calm", 1_700_000_000_000_000_000)
    instruments = market.setup_instruments()
    index = {item.id: i for i, item in enumerate(instruments)}
    venues = {item.venue: i for i, item in enumerate(instruments)}
    place = next(i for i, item in enumerate(instruments) if item.kind == "linear")
    grid = Grid(instruments[place])
    lines: list[str] = []
    end = 0
    last = 0
    for event in market.events(index, venues):
        end = end or event.ts + MADE_S * 1_000_000_000
        if event.ts > end:
            break
        if getattr(event, "i", -1) != place:
            continue
        ms = event.ts // 1_000_000
        if isinstance(event, BookSnapshot):
            body = f'{{"lastUpdateId":{event.seq},"E":{ms},"T":{ms},{_levels(event, grid, "bids", "asks")}}}'
            last = event.seq
        elif isinstance(event, BookDelta):
            body = (
                f'{{"stream":"btcusdt@depth@0ms","data":{{"e":"depthUpdate","E":{ms},"T":{ms},"s":"BTCUSDT",'
                f'"U":{event.first_seq},"u":{event.seq},"pu":{last},{_levels(event, grid, "b", "a")}}}}}'
            )
            last = event.seq
        elif isinstance(event, BestQuote):
            body = (
                f'{{"stream":"btcusdt@bookTicker","data":{{"e":"bookTicker","u":{event.seq},"s":"BTCUSDT",'
                f'"b":"{grid.price_text(event.bid_px)}","B":"{grid.size_text(event.bid_sz)}",'
                f'"a":"{grid.price_text(event.ask_px)}","A":"{grid.size_text(event.ask_sz)}","T":{ms},"E":{ms}}}}}'
            )
        elif isinstance(event, Trade):
            maker = "true" if event.side < 0 else "false"
            body = (
                f'{{"stream":"btcusdt@trade","data":{{"e":"trade","E":{ms},"T":{ms},"s":"BTCUSDT","t":{event.trade_id},'
                f'"p":"{grid.price_text(event.px)}","q":"{grid.size_text(event.sz)}","X":"MARKET","m":{maker}}}}}'
            )
        else:
            continue
        lines.append(f"{event.ts} {body}\n")
    path.write_text("".join(lines))
    return path


def _levels(event: BookSnapshot | BookDelta, grid: Grid, bids: str, asks: str) -> str:
    def side(prices: list[int], sizes: list[int]) -> str:
        pairs = zip(prices, sizes, strict=True)
        return "[" + ",".join(f'["{grid.price_text(p)}","{grid.size_text(q)}"]' for p, q in pairs) + "]"

    return f'"{bids}":{side(event.bid_px, event.bid_sz)},"{asks}":{side(event.ask_px, event.ask_sz)}'


def lines(path: Path) -> list[tuple[int, bytes]]:
    """Receive time and body of every line."""
    from mmtui.venues.capture.reader import LineReader, split_line

    return [split_line(line) for _, line in LineReader(path)]


def desk_of(captures: Captures, levels: int = 1) -> DeskSetup:
    from mmtui.review.request import desk, override

    made_desk = desk(captures.instruments, {}, 1)
    return override(made_desk, [("levels", levels)]) if levels != 1 else made_desk


def opened(path: Path) -> Captures:
    return open_captures([path])
