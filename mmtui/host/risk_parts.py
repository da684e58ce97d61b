"""What the desk could lose now: VaR, stress, venues and pegs, from the engine's positions and the returns it has seen.

Rules of this file: reads the engine; one sample a second, one view a second while somebody asks.  numpy comes in a
thread after the host has begun, so that no start and no kill waits for it; what is not known yet says so.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from mmtui.core.engine import Engine
from mmtui.core.ledger.account import RATE
from mmtui.core.ledger.ledger import DOLLARS, UNIT
from mmtui.link import risked as m
from mmtui.link.risked import HORIZONS

if TYPE_CHECKING:
    from mmtui.host.var import Returns

SECOND = 1_000_000_000
#: Moves of every base factor, and of every contract against its base.
MOVES = (0.01, 0.02, 0.05, 0.10)
BASIS_BPS = 50.0
#: A venue is lost with its equity, and what it hedged is left to a move of so much.
LOST_MOVE = 0.05
#: Why margin is not known, by the desk's mode.
_UNTOLD = {
    "live": "n/a: the venue's account has not told it",
    "shadow": "n/a: a shadow desk does not ask the account",
}
#: A horizon speaks after so many of itself.
LEAST = 2


class Meter:
    """The risk of one engine's positions."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.returns: Returns | None = None
        self._view: m.RiskView | None = None
        self._rows: dict[int, list[m.VarRow]] = {}
        self._made = 0
        self._begun = False
        #: venue -> maintenance margin (None: not told), share of the price to the nearest liquidation; of a live desk
        self.margins: dict[str, tuple[float | None, float | None]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Checkpoints of a replay keep no returns: after a seek they are gathered anew."""
        return {
            "engine": self.engine, "returns": None, "_view": None, "_rows": {}, "_made": 0, "_begun": False,
            "margins": {},
        }  # fmt: skip

    def load(self) -> None:
        """Bring numpy in, and begin."""
        from mmtui.host.var import Returns

        self.returns = Returns(bases(self.engine))

    def sample(self, second: int) -> None:
        """The mids of one second of the engine's clock."""
        if self.returns is None:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self.load, name="numpy", daemon=True).start()
            return
        self.returns.sample(second, [account.references.last() * float(account.grid.tick) * 0.5
                                     for account in self.engine.accounts])  # fmt: skip

    def view(self, now: int) -> m.RiskView:
        """Made anew once a second, one horizon of VaR at a time: no row is older than three."""
        if self._view is None or not 0 <= now - self._made < SECOND:
            self._made = now
            began = time.perf_counter_ns()
            due = now // SECOND % len(HORIZONS)
            self._view = risk_view(self.engine, self.returns, self._rows, HORIZONS[due])
            for one in self._view.venues:
                if (told := self.margins.get(one.venue)) is not None:
                    one.margin, distance = told
                    one.liquidation_pct = None if distance is None else 100.0 * distance
                    one.why = "; ".join([
                        *(["maintenance margin n/a: the venue does not tell it with its positions"]
                          if one.margin is None else []),
                        *(["no position there has a liquidation price"] if distance is None else []),
                    ])  # fmt: skip
            self._view.cost_us = (time.perf_counter_ns() - began) // 1_000
        return self._view


def bases(engine: Engine) -> list[int]:
    """The instrument that is the base factor of each: the spot market of its asset, else the asset's first."""
    assets = [item.instrument.base for item in engine.setup.instruments]
    spots = [place for place, _, _ in engine.ledger.common]
    return [spots[i] if spots[i] >= 0 else i if item.instrument.kind == "spot" else assets.index(assets[i])
            for i, item in enumerate(engine.setup.instruments)]  # fmt: skip


class Exposures:
    """Currency that each instrument gains per unit of its return: present, and the two ends of the worst case."""

    def __init__(self, engine: Engine) -> None:
        tracker = engine.tracker
        self.now: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        for i, account in enumerate(engine.accounts):
            rate = engine.ledger.quote_rate(i)
            lot = account.grid.notional_atoms(account.references.last(), 1) * rate / UNIT
            coin = float(engine.ledger.wallet(i)) * engine.ledger.rate(i) / RATE  # of coin-margined contracts
            self.now.append(account.position * lot + coin)
            self.low.append((account.position - tracker.sells[i]) * lot + coin)
            self.high.append((account.position + tracker.buys[i]) * lot + coin)

    def profit(self, moves: list[float]) -> tuple[float, float]:
        """Of a scenario (a return for each instrument): at present, and with every fill that loses."""
        present = sum(one * move for one, move in zip(self.now, moves, strict=True))
        worst = sum(min(a * move, b * move) for a, b, move in zip(self.low, self.high, moves, strict=True))
        return present, worst


def risk_view(
    engine: Engine, returns: Returns | None, last: dict[int, list[m.VarRow]] | None = None, due: int = 0
) -> m.RiskView:
    """Everything; VaR as far as returns are known: of the horizon that is due, and what `last` does not hold yet."""
    exposures = Exposures(engine)
    base = bases(engine)
    held = [i for i in range(len(base)) if exposures.low[i] or exposures.high[i]]
    view = m.RiskView(ccy=engine.setup.currency, confidence=0.99, known_s=0, known="0 s known")
    if returns is not None:
        view.known_s = min((returns.known(i) for i in held or range(len(base))), default=0)
        view.known = f"{span(view.known_s)} known"
        view.notes += [f"{engine.name(i)} moves with its base while its own returns are not known"
                       for i in held if returns.stands_in(i)]  # fmt: skip
    rows = {} if last is None else last
    for horizon in HORIZONS:
        if horizon == due or horizon not in rows:
            rows[horizon] = var_rows(exposures, returns, view.known_s, horizon)
        view.rows += rows[horizon]
    for i, account in enumerate(engine.accounts):
        if account.position and not engine.ledger.quote_rate(i):
            view.notes.append(f"{engine.name(i)} is left out: no conversion rate")
    view.stress = stress_rows(engine, exposures, base)
    view.venues = [venue_risk(engine, v, exposures) for v in range(len(engine.setup.venues))]
    view.pegs = pegs(engine)
    view.events = events(engine)
    return view


def span(seconds: int) -> str:
    """ "40 s", "2 min", "1 h 05 min" """
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def var_rows(exposures: Exposures, returns: Returns | None, known: int, horizon: int) -> list[m.VarRow]:
    """One horizon, present and worst case."""
    rows = [m.VarRow(horizon_s=horizon, positions=name) for name in ("present", "worst")]
    least = LEAST * horizon
    if returns is None or known < least:
        for row in rows:
            row.why = f"n/a: {span(known)} of {span(least)} known"
        return rows
    import numpy as np

    from mmtui.host import var

    now, low, high = (np.array(one) for one in (exposures.now, exposures.low, exposures.high))
    seconds, places = returns.scenarios(1, known), returns.scenarios(horizon, known)
    for row, a, b in zip(rows, (now, low), (now, high), strict=True):
        row.samples = places.stop - places.start
        profits = returns.profits(horizon, places, a, b)
        row.var, row.es = var.historical(profits)
        row.var_ewma, row.es_ewma = var.ewma(returns.profits(1, seconds, a, b), horizon)
        if row.positions == "present":
            base = returns.base_profits(horizon, places, now)
            row.var_base = var.historical(base).var
            row.var_basis = var.historical(profits - base).var
    return rows


def stress_rows(engine: Engine, exposures: Exposures, base: list[int]) -> list[m.StressRow]:
    """Every base factor up and down, every contract against its base, every venue lost."""
    count = len(base)
    rows = []
    for move in (*(-one for one in reversed(MOVES)), *MOVES):
        present, worst = exposures.profit([move] * count)
        rows.append(m.StressRow(name=f"{move * 100:+.0f} %", present=present, worst=worst))
    for bps in (-BASIS_BPS, BASIS_BPS):
        present, worst = exposures.profit([bps * 1e-4 if base[i] != i else 0.0 for i in range(count)])
        rows.append(m.StressRow(name=f"basis {bps:+.0f} bps", present=present, worst=worst))
    return rows + [_lost(engine, exposures, v) for v in range(len(engine.setup.venues))]


def _lost(engine: Engine, exposures: Exposures, v: int) -> m.StressRow:
    """The venue's equity is gone, and what is left of each asset elsewhere moves against the desk."""
    left: dict[str, list[float]] = {}
    for i, item in enumerate(engine.setup.instruments):
        if engine.venue_of[i] != v:
            sums = left.setdefault(item.instrument.base, [0.0, 0.0, 0.0])
            for k, one in enumerate((exposures.now[i], exposures.low[i], exposures.high[i])):
                sums[k] += one
    equity = _equity(engine, v)
    present = -LOST_MOVE * sum(abs(one[0]) for one in left.values()) - (equity or 0.0)
    worst = -LOST_MOVE * sum(max(abs(one[1]), abs(one[2])) for one in left.values()) - (equity or 0.0)
    note = f"what is left moves {LOST_MOVE:.0%} against the desk"
    note += "" if equity is not None else "; equity there n/a: the config does not say it"
    return m.StressRow(name=f"{engine.setup.venues[v]} lost", present=present, worst=worst, note=note)


def _equity(engine: Engine, v: int) -> float | None:
    """What a venue's account holds, where the config says so."""
    texts = engine.setup.venue_equity
    return float(texts[v]) if v < len(texts) and float(texts[v]) else None


def venue_risk(engine: Engine, v: int, exposures: Exposures) -> m.VenueRisk:
    """Concentration and leverage; margin and liquidation are what a live account says (`Meter.margins`)."""
    setup, gate = engine.setup, engine.gate
    gross = [0.0] * len(setup.venues)
    for i, place in enumerate(engine.venue_of):
        gross[place] += gate.worth(i) / UNIT
    known = [_equity(engine, k) for k in range(len(setup.venues))]
    equities = [one for one in known if one is not None]
    if len(equities) == len(known):
        share, of = equities[v] / sum(equities), "equity"
    else:
        share, of = gross[v] / sum(gross) if sum(gross) else 0.0, "gross"
    contracts = any(place == v and not spot for place, spot in zip(engine.venue_of, gate.spot, strict=True))
    return m.VenueRisk(
        venue=setup.venues[v],
        gross=gross[v],
        net=sum(one for place, one in zip(engine.venue_of, exposures.now, strict=True) if place == v),
        equity=known[v],
        share=share,
        share_of=of,
        leverage=gate.contracts(v) / gate.equity[v] if contracts else None,
        why=_UNTOLD.get(setup.mode, "n/a: a paper account has no margin") if contracts else "n/a: no contracts there",
    )


def pegs(engine: Engine) -> list[m.Peg]:
    """Each dollar coin that the desk quotes in or counts in, by a book of it against another one."""
    instruments = [item.instrument for item in engine.setup.instruments]
    coins = dict.fromkeys(one.quote for one in instruments if one.quote in DOLLARS)
    coins |= dict.fromkeys(one.base for one in instruments if one.base in DOLLARS)
    out = []
    for coin in coins:
        peg = m.Peg(currency=coin)
        out.append(peg)
        for i, one in enumerate(instruments):
            sides = (one.base, one.quote)
            mid = engine.accounts[i].references.last() * float(engine.accounts[i].grid.tick) * 0.5
            if coin in sides and sides[0] in DOLLARS and sides[1] in DOLLARS and one.kind != "inverse" and mid > 0.0:
                peg.bps = ((mid if one.base == coin else 1.0 / mid) - 1.0) * 1e4
                peg.book, peg.against = one.id, one.quote if one.base == coin else one.base
                break
    return out


def events(engine: Engine) -> list[m.EventView]:
    """Each event of the calendar that is in force or comes, the next first."""
    calendar = engine.calendar
    if calendar is None:
        return []
    out = []
    for k, one in enumerate(calendar.events):
        window = calendar.window(k, engine.ts)
        if window is not None:
            out.append(m.EventView(name=one.name, action=calendar.words(k), active=calendar.active[k],
                                   starts=window.starts, ends=window.ends, instruments=one.instruments))  # fmt: skip
    return sorted(out, key=lambda view: view.starts)


def risk_status(view: m.RiskView) -> dict[str, Any]:
    """`var`, `stress`, `venue_risk` and `pegs` of `ctl status --json`."""
    import msgspec

    body = msgspec.to_builtins(view)
    assert isinstance(body, dict)
    return body
