"""`mmtui doctor CONFIG`: what a live config's venues answer.

Rules of this file: asks and prints; changes nothing at a venue; no secret is shown.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from mmtui.config.schema import DeskConfig, LiveVenue
from mmtui.core.errors import UserError
from mmtui.core.market.instrument import Instrument
from mmtui.host.golive import inquire, links_of, unbounded
from mmtui.host.signer_client import HeldKey, hold
from mmtui.venues.live.checks import Report, objections

Rows = list[tuple[str, ...]]
ANSWERS = (
    "venue",
    "reached",
    "clock",
    "answer",
    "key",
    "trades",
    "withdrawals",
    "bound to ip",
    "dead-man switch",
    "positions",
    "account",
)
GRIDS = ("instrument", "listed", "tick", "lot", "least notional", "fees bps", "against the config")


def live(config: DeskConfig) -> tuple[Rows, Rows, list[str]]:
    """Rows of venues and of instruments, and what is wrong, a sentence each."""
    sources = [source for source in config.sources if isinstance(source, LiveVenue)]
    troubles: list[str] = []
    wanted_keys = {source.venue: source.keys for source in sources if source.keys}
    pairs: dict[str, HeldKey | None] = {source.venue: None for source in sources}
    try:
        pairs |= hold(wanted_keys, Path(config.path).resolve().parent)
    except UserError as error:
        troubles.append(str(error))
    wanted = {
        source.venue: [i.instrument for i in config.setup.instruments if i.instrument.venue == source.venue]
        for source in sources
    }

    async def everything() -> list[Report]:
        asked = [inquire(one.venue, links_of(one), wanted[one.venue], pairs[one.venue]) for one in sources]
        return list(await asyncio.gather(*asked))

    reports = asyncio.run(everything())
    for pair in pairs.values():
        if pair is not None:
            pair.client.close()
    trades = config.setup.mode == "live"
    for report in reports:
        troubles += objections(report, wanted[report.venue], trades)
    if trades:
        troubles += unbounded(config, reports)
    venues = [_answer(report, pairs[report.venue] is not None) for report in reports]
    grids = [_grid(report, item) for report in reports for item in wanted[report.venue]]
    return venues, grids, troubles


def _word(value: bool | None) -> str:
    return "?" if value is None else "yes" if value else "no"


def _answer(report: Report, keyed: bool) -> tuple[str, ...]:
    return (
        report.venue,
        _word(report.reached),
        f"{report.offset_ms:+.1f} ms (\u00b1{report.error_ms:.1f})" if report.reached else "?",
        f"{report.answer_ms:.1f} ms" if report.reached else "?",
        ("taken" if report.signed else "REFUSED") if keyed else "none",
        _word(report.trades if report.signed else None),
        _word(report.withdraws),
        _word(report.bound_to_ip),
        report.dead_man or "?",
        "-" if report.one_way is None else "one-way" if report.one_way else "hedge mode",
        "; ".join(report.holds) or "-",
    )


def _grid(report: Report, item: Instrument) -> tuple[str, ...]:
    listed = report.symbols.get(item.symbol)
    if listed is None:
        return (item.id, "NOT LISTED" if report.reached else "?", "?", "?", "?", "?", "-")
    differs = [
        f"{name} {ours} here"
        for name, ours, theirs in (("tick", item.tick, listed.tick), ("lot", item.lot, listed.lot))
        if ours != theirs
    ]
    fees = report.fees.get(item.symbol, "")
    if fees and fees != f"{item.maker_bps}/{item.taker_bps}":
        differs.append(f"fees {item.maker_bps}/{item.taker_bps} here")
    if differs and item.grid != "config":
        differs.append("the venue's tick and lot will be used")
    same = "the same" if not differs else "; ".join(differs)
    return (item.id, listed.status, listed.tick, listed.lot, listed.min_notional, fees or "?", same)
