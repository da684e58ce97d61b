"""What is watched on every beat: loss limits, drawdown, time in the market; and the gauges that show them.

Rules of this file: measures; a breach calls the engine's `halt` and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmtui.core.ledger.ledger import DAY, MINUTE, UNIT, money
from mmtui.core.orders.reconcile import APART, ROUNDING
from mmtui.core.orders.rounds import lots_of
from mmtui.core.orders.table import RESTING
from mmtui.core.orders.tracker import Order
from mmtui.core.risk.states import Desk
from mmtui.core.setup import DeskSetup

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

MS, SECOND = 1_000_000, 1_000_000_000
WARN, REDUCE, ACT = 0.70, 0.90, 1.00


class Reading(NamedTuple):
    """A gauge: share of its limit, and what it would do at which number."""

    name: str
    scope: str
    share: float
    text: str
    fires_at: str

    @property
    def level(self) -> str:
        if self.share >= ACT:
            return "act"
        return "reduce" if self.share >= REDUCE else "warn" if self.share >= WARN else "ok"


class Uptime:
    """Nanoseconds of quoting time, and how much of it each side was in the market."""

    __slots__ = ("ask", "bid", "both", "last", "total")

    def __init__(self) -> None:
        self.last = self.total = self.bid = self.ask = self.both = 0


def _rests(slots: list[Order | None]) -> bool:
    """Whether an order stands in the book."""
    for order in slots:  # noqa: SIM110 - on every beat: a generator costs more than the loop
        if order is not None and order.state in RESTING:
            return True
    return False


class Watch:
    """Loss limits in units of 10**-27 currency."""

    def __init__(self, setup: DeskSetup) -> None:
        equity = float(setup.equity)
        limits = setup.limits
        self.daily_loss = max(1, int((limits.daily_loss or equity * 0.01) * 1e6) * (UNIT // 10**6))
        self.drawdown = max(1, int((limits.drawdown or equity * 0.015) * 1e6) * (UNIT // 10**6))
        self.guard = ""  # reduce-only by a loss gauge, and why
        self.accepted = 0  # loss that an operator has resumed from, and until when that stands
        self.accepted_until = 0
        self.times = [Uptime() for _ in setup.instruments]

    def losses(self, engine: Engine) -> None:
        """HALT the desk on a day's loss (UTC day or rolling 24 hours) or a drawdown."""
        if engine.lattice.desk >= Desk.HALTED:
            return
        ledger = engine.ledger
        currency = engine.setup.currency
        loss = self.loss(engine)
        fallen = ledger.drawdown()
        self._guard(engine, loss, fallen)
        if loss >= self.daily_loss:
            engine.halt(-1, f"daily loss {money(loss)} {currency} reached its limit {money(self.daily_loss)}")
            return
        if fallen >= self.drawdown:
            engine.halt(-1, f"drawdown {money(fallen)} {currency} reached its limit {money(self.drawdown)}")

    def _guard(self, engine: Engine, loss: int, fallen: int) -> None:
        """Reduce-only from 90 % of a loss limit on, until it is below 70 % again."""
        name, share = max(
            ("daily loss", loss / self.daily_loss), ("drawdown", fallen / self.drawdown), key=lambda pair: pair[1]
        )
        held = bool(self.guard)
        guard = f"REDUCE: {name} at 90 % of its limit" if share >= (WARN if held else REDUCE) else ""
        if bool(guard) is held:
            return
        self.guard = guard
        engine.version += 1
        engine.alert("warn", "limit", guard if guard else "losses below 70 % of their limits: both sides again")
        for quoter in engine.quoters:
            quoter.guard = guard
            engine.market.requote(quoter.i)

    def loss(self, engine: Engine) -> int:
        """The greater loss of UTC day and rolling 24 hours, beyond what an operator has resumed from.

        Incentives are estimated or typed: they do not make good a loss.
        """
        ledger = engine.ledger
        today, since_yesterday = engine.earn.incentives.since(engine.ts)
        least = min(ledger.day_total() - today, ledger.rolling() - since_yesterday)
        return -least - self._accepted(engine.ts)

    def _accepted(self, ts: int) -> int:
        return self.accepted if ts < self.accepted_until else 0

    def accept(self, engine: Engine) -> None:
        """An operator resumes from HALTED with a reason: limits count from here, or the next beat would halt again."""
        self.accepted = max(0, self.loss(engine) + self._accepted(engine.ts))
        self.accepted_until = (engine.ts + DAY) // MINUTE * MINUTE + MINUTE  # the rolling day counts in minutes
        engine.ledger.peak = engine.ledger.total()

    def uptime(self, engine: Engine, i: int, ts: int) -> None:
        times = self.times[i]
        quoter = engine.quoters[i]
        span = ts - times.last if times.last else 0
        times.last = ts
        if engine.lattice.effective(i) is not Desk.RUNNING or not quoter.enabled or engine.ended:
            return
        times.total += span
        bid, ask = _rests(quoter.slots[1]), _rests(quoter.slots[-1])
        times.bid += span if bid else 0
        times.ask += span if ask else 0
        times.both += span if bid and ask else 0

    def readings(self, engine: Engine) -> list[Reading]:
        """Every gauge of the desk, worst of its kind where a limit is per instrument or venue."""
        ledger, gate = engine.ledger, engine.gate
        currency = engine.setup.currency
        out = [self._position(engine)]
        loss = max(0, self.loss(engine))
        fallen = max(0, ledger.drawdown())
        gross = gate.gross()
        for name, value, limit in (
            ("loss day", loss, self.daily_loss),
            ("drawdown", fallen, self.drawdown),
            ("notional", gross, gate.gross_notional),
        ):
            fires = f"would {'refuse orders' if name == 'notional' else 'HALT'} at {money(limit)} {currency}"
            share = value / limit if limit else 0.0
            out.append(Reading(name, "desk", share, f"{money(value)} of {money(limit)} {currency}", fires))
        out += [*self._leverage(engine), *self._unhedged(engine)]
        v = max(range(len(engine.setup.venues)), key=lambda k: gate.rate(k, engine.ts))
        rate = gate.rate(v, engine.ts)
        text = f"{rate} of {gate.per_s} on {engine.setup.venues[v]}"
        out.append(
            Reading("msgs/s", engine.setup.venues[v], rate / gate.per_s, text, f"no creates at {gate.creates_per_s}")
        )
        out += [self._stale(engine), *self._break(engine)]
        if engine.repeats is not None:
            out.append(engine.repeats.reading(engine))
        return out

    def _leverage(self, engine: Engine) -> list[Reading]:
        """Gross of contracts over equity, of the venue that is nearest to its cap; none on a desk of spot."""
        gate, cap = engine.gate, engine.gate.leverage_cap
        places = sorted({v for v, spot in zip(engine.venue_of, gate.spot, strict=True) if not spot})
        if not places:
            return []
        gross = {v: gate.contracts(v) for v in places}
        v = max(places, key=lambda k: gross[k] / gate.leverage[k])
        name = engine.setup.venues[v]
        text = f"{gross[v] / gate.equity[v]:.2f}x of {cap:g}x on {name}"
        return [Reading("leverage", name, gross[v] / gate.leverage[v], text, f"would refuse orders at {cap:g}x")]

    def _stale(self, engine: Engine) -> Reading:
        """Age of the data of the instrument that is nearest to having its quotes pulled."""
        protections, ts = engine.protections, engine.ts
        ages = [ts - seen if seen else 0 for seen in protections.seen]
        i = max(range(len(ages)), key=lambda k: ages[k] / protections.stale_after[k])
        limit = protections.stale_after[i]
        text = f"{ages[i] // MS:,} of {limit // MS:,} ms since the venue last spoke of it"
        return Reading("data age", engine.name(i), ages[i] / limit, text, f"would pull quotes at {limit // MS:,} ms")

    def _break(self, engine: Engine) -> list[Reading]:
        """Lots that a venue's position is off what is booked; none where no venue is compared with."""
        if not engine.reconcile.every:
            return []
        found = [(lots_of(gap), i) for one in engine.reconcile.rounds for i, (gap, _) in one.suspects.items()]
        lots, i = max(found, default=(0, -1))
        text = f"{lots:,} lots unexplained in the last poll"
        fires = f"would HALT above {ROUNDING} lot in two polls {APART // SECOND} s apart"
        return [Reading("break", engine.name(i) if i >= 0 else "desk", REDUCE if lots else 0.0, text, fires)]

    def _unhedged(self, engine: Engine) -> list[Reading]:
        """Unhedged seconds of the asset that is nearest to its limit; none without a hedger."""
        hedger = engine.hedger
        if not hedger.assets:
            return []
        worst = max(hedger.assets.values(), key=lambda one: hedger.unhedged_s(one) / one.params.unhedged_s)
        seconds, most = hedger.unhedged_s(worst), worst.params.unhedged_s
        text = f"{seconds:.1f} of {most:g} s outside of the band"
        return [Reading("unhedged", worst.asset, seconds / most, text, f"would alert at {most:g} s")]

    def _position(self, engine: Engine) -> Reading:
        """Of the instrument that is nearest to its limit, the first of equals."""
        limits = engine.gate.position_limits
        shares = [abs(one.position) / limits[k] if limits[k] else 0.0 for k, one in enumerate(engine.accounts)]
        i = max(range(len(shares)), key=lambda k: shares[k])
        account, limit, tracker = engine.accounts[i], limits[i], engine.tracker
        worst = max(account.position + tracker.buys[i], tracker.sells[i] - account.position)
        grid = account.grid
        text = f"{grid.size_text(account.position)} of ±{grid.size_text(limit)} {account.instrument.symbol}"
        fires = f"adds refused at {grid.size_text(limit)}, worst case {grid.size_text(worst)}"
        return Reading("position", account.instrument.id, shares[i], text, fires)
