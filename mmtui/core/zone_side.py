"""What the rules of risk zones measure, and the zone that follows from it, on the beat of the engine.

Rules of this file: measures; the limit of the pre-trade gate goes with the zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmtui.core.ledger.ledger import DOLLARS
from mmtui.core.quoting import zones
from mmtui.core.quoting.fair import NOBODY, touch
from mmtui.core.quoting.quoter import Quoter

if TYPE_CHECKING:
    from mmtui.core.engine import Engine
    from mmtui.core.setup import InstrumentSetup


def pegs(instruments: Sequence[InstrumentSetup], i: int) -> list[int]:
    """Markets of one dollar against another that say whether the money of instrument i holds."""
    mine = {instruments[i].instrument.quote, instruments[i].instrument.settle} & DOLLARS
    out = []
    for j, item in enumerate(instruments):
        pair = {item.instrument.base, item.instrument.quote}
        if len(pair) == 2 and pair <= DOLLARS and pair & mine:
            out.append(j)
    return out


def blind(instruments: Sequence[InstrumentSetup], i: int, text: str) -> str:
    """What zone_rules ask of instrument i that this desk cannot see; "" when it sees everything."""
    if "depeg" in zones.names(text) and not pegs(instruments, i):
        return "depeg needs a market of its quote or settlement currency on this desk, like USDC against USDT"
    return ""


def look(engine: Engine, quoter: Quoter, ts: int) -> None:
    """Decide the zone of one instrument anew."""
    params, found = quoter.params, quoter.zones
    if params.risk_zone != "auto":
        return
    found.measured(
        zones.VOLATILITY, quoter.volatility.bps(params.vol_horizon_s), params.amber_vol_bps, params.red_vol_bps
    )
    for kind, amber, red in found.rules:
        found.measured(kind, measure(engine, quoter, kind, ts), amber, red)
    before = quoter.zone
    if quoter.enter(*found.worst()):
        engine.gate.position_limits[quoter.i] = quoter.capped()
        if quoter.zone != before:
            why = f": {quoter.zone_why}" if quoter.zone_why else ""
            text = f"{engine.name(quoter.i)}: risk zone {before} -> {quoter.zone}{why}"
            engine.alert("info" if quoter.zone == "green" else "warn", "zone", text, quoter.i)


def measure(engine: Engine, quoter: Quoter, kind: str, ts: int) -> float:
    """The value of one rule (see zones.KINDS); 0.0 while there is nothing to measure."""
    i = quoter.i
    if kind == "inventory":
        return abs(engine.accounts[i].position) / (quoter.limit or 1)
    if kind == "loss":
        return engine.watch.loss(engine) / engine.watch.daily_loss
    if kind == "drawdown":
        return engine.ledger.drawdown() / engine.watch.drawdown
    if kind == "age":
        return (ts - engine.protections.seen[i]) * 1e-9 if engine.protections.seen[i] else 0.0
    if kind == "latency":
        late = quoter.steps.widening.latency
        return late.mean if late is not None else 0.0
    if kind == "depeg":
        return _depeg(engine, i)
    book = engine.books[i]
    if not book.quotable:
        return 0.0
    bid, _, ask, _ = touch(book, quoter.shown() if quoter.live else NOBODY)
    return 2e4 * (ask - bid) / (ask + bid)


def _depeg(engine: Engine, i: int) -> float:
    """The greatest distance from one, bps, of the markets that say what the instrument's money is worth."""
    worst = 0.0
    for j in pegs(engine.setup.instruments, i):
        account = engine.accounts[j]
        mid2 = account.references.last()
        if mid2:
            worst = max(worst, abs(mid2 / 2 * float(account.grid.tick) - 1.0) * 1e4)
    return worst
