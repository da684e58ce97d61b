"""The figures of a run, as JSON and as a table for a terminal.

Rules of this file: reads an engine at the end of a run; numbers in the desk's currency and in the venue's units.
"""

from __future__ import annotations

from typing import Any

from mmtui.core.engine import Engine
from mmtui.core.ledger.account import HORIZONS, PARTS
from mmtui.core.ledger.ledger import UNIT
from mmtui.core.market.instrument import ATOMS
from mmtui.review.exposure import Exposure


def amount(units: int, scale: int = UNIT) -> float:
    """Integer money as a number, to ten decimals."""
    return round(units * 10**10 / scale) / 10**10 if abs(units) < 10**40 else units / scale


def pnl(parts: dict[str, int], currency: str) -> dict[str, Any]:
    return {
        "ccy": currency,
        "total": amount(sum(parts.values())),
        **{part: amount(parts[part]) for part in PARTS},
    }


def outcome(engine: Engine, exposure: Exposure) -> dict[str, Any]:
    """`instruments` and `pnl_total` of the contract, the inventory held, and the damage that was skipped."""
    instruments = {}
    currency = engine.setup.currency
    for i, account in enumerate(engine.accounts):
        book, grid = engine.books[i], account.grid
        times = engine.watch.times[i]
        total = times.total or 1
        mean, deviation = exposure.position(i)
        instruments[account.instrument.id] = {
            "messages": book.messages,
            "gaps": book.gaps,
            "bid": float(grid.price_text(book.bid)) or None,
            "ask": float(grid.price_text(book.ask)) or None,
            "mid": float(grid.tick * book.mid2() / 2) or None,
            "valid": book.valid,
            "orders": engine.tracker.sent[i],
            "fills": account.fills,
            "bought": float(grid.size_text(account.bought)),
            "sold": float(grid.size_text(account.sold)),
            "position": float(grid.size_text(account.position)),
            "max_position": float(grid.size_text(account.max_position)),
            "inventory": {"mean": round(mean, 12), "deviation": round(deviation, 12)},
            "volume_quote": amount(account.volume, ATOMS),
            "pnl": pnl(account.parts, currency),
            "markout_bps": {f"{h}s": account.markout(k) for k, h in enumerate(HORIZONS)},
            "uptime": {
                "quoting_s": round(times.total / 1e9, 3),
                "two_sided": round(times.both / total, 6),
                "bid": round(times.bid / total, 6),
                "ask": round(times.ask / total, 6),
            },
        }
    total_pnl = amount(engine.ledger.total())
    mean, deviation = exposure.worth()
    return {
        "instruments": instruments,
        "pnl_total": {"ccy": currency, "total": total_pnl},
        "inventory": {"ccy": currency, "mean": round(mean, 6), "deviation": round(deviation, 6)},
        "damaged": dict(engine.damaged),
    }


def print_outcome(result: dict[str, Any]) -> None:
    """For a person: a row an instrument, both fill models."""
    currency = result["pnl_total"]["ccy"]
    print(f"{result['events']:,} market events in {result['elapsed_s']:.1f} s   hash {result['hash']}")
    head = (
        "instrument",
        "messages",
        "gaps",
        "orders",
        "fills",
        "position",
        f"pnl {currency}",
        "spread",
        "1s",
        "5s",
        "30s",
    )
    rows = [head]
    for name, one in result["instruments"].items():
        marks = [f"{value:+.2f}" if value is not None else "-" for value in one["markout_bps"].values()]
        rows.append(
            (
                name,
                f"{one['messages']:,}",
                str(one["gaps"]),
                f"{one['orders']:,}",
                f"{one['fills']:,}",
                f"{one['position']:g}",
                f"{one['pnl']['total']:+,.2f}",
                f"{one['pnl']['spread']:+,.2f}",
                *marks,
            )
        )
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    for row in rows:
        print(
            "  ".join(
                cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
        )
    print(f"total {result['pnl_total']['total']:+,.2f} {currency} ({result['model']} fills)", end="")
    if "optimistic" in result and result["model"] != "optimistic":
        print(f", {result['optimistic']['pnl_total']['total']:+,.2f} {currency} (optimistic fills)", end="")
    print(f"\nsession {result['session']}")
    for source, count in result["damaged"].items():
        print(f"{source}: {count} damaged lines skipped")
