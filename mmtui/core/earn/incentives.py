"""What programmes pay for a day that is kept: estimated from their config, and what an operator books by hand.

A reward is booked when the day's snapshots have reached what the programme asks (nothing can take the day away from
then on): `reward_per_day` at once, in equal parts over the programme's instruments, and `reward_bps` of the worth of
own maker fills of that day, on the instrument of each.  Until then nothing is booked, and a day that is not kept books
nothing.  It stays an estimate: the programme's own count decides, and `incentive` corrects it.

Money that is only estimated buys no room under a loss limit: see `since`.
Rules of this file: units of 10**-27 of the desk's currency; money enters the accounts by `pay` alone.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core.earn.obligations import DAY_S, SECOND, Meter
from mmtui.core.events import Fill
from mmtui.core.ledger.ledger import UNIT, money

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

#: Said with every number that was not counted by who pays it.
ESTIMATED = "estimated: the programme's own count decides"
#: Bps are counted in millionths.
MILLIONTHS = 10**6


class Reward:
    """Of one programme: today's maker fills, and what has been earned and not booked yet, by place."""

    __slots__ = ("bps", "daily", "day", "due", "kept", "meter", "today", "waiting")

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.daily = int(Decimal(repr(meter.terms.reward_per_day)) * UNIT)
        self.bps = int(Decimal(repr(meter.terms.reward_bps)) * MILLIONTHS)
        self.day = -1
        self.kept = False  # the day has reached what is asked
        self.waiting = [0] * len(meter.places)  # by volume, for a day that is not kept yet
        self.due = [0] * len(meter.places)
        self.today = 0  # booked

    def traded(self, i: int, worth: int) -> None:
        """A maker fill of so much worth."""
        if i in self.meter.places:
            earned = worth * self.bps // (10_000 * MILLIONTHS)
            (self.due if self.kept else self.waiting)[self.meter.places.index(i)] += earned

    def beat(self) -> bool:
        """The meter has been read: True when the day has just been kept."""
        meter = self.meter
        if meter.day != self.day:
            self.day, self.kept, self.today = meter.day, False, 0
            self.waiting = [0] * len(self.waiting)
        if self.kept or not meter.places or not meter.active(meter.day) or meter.held < meter.required:
            return False
        self.kept = True
        share, rest = divmod(self.daily, len(meter.places))
        for k, waiting in enumerate(self.waiting):
            self.due[k] += share + waiting + (rest if not k else 0)
            self.waiting[k] = 0
        return True

    def words(self, currency: str) -> str:
        """Booked today, and what a kept day would bring."""
        booked = f"{money(self.today + sum(self.due))} {currency} booked"
        return booked if self.kept else f"{booked}, {money(self.daily + sum(self.waiting))} if the day is kept"

    def digest(self) -> tuple[object, ...]:
        return (self.day, self.kept, [str(one) for one in self.waiting], [str(one) for one in self.due])


class Incentives:
    """Rewards of every programme of a desk, and all that has been booked of incentives."""

    def __init__(self, meters: list[Meter]) -> None:
        self.rewards = [Reward(one) if one.terms.reward_per_day or one.terms.reward_bps else None for one in meters]
        self.booked: dict[int, int] = {}  # day -> units, of the last days

    def traded(self, engine: Engine, event: Fill) -> None:
        """An own maker fill."""
        worth = engine.accounts[event.i].grid.notional_atoms(2 * event.px, event.sz) * engine.ledger.quote_rate(event.i)
        for reward in self.rewards:
            if reward is not None:
                reward.traded(event.i, worth)

    def beat(self, engine: Engine) -> None:
        """Book what has been earned."""
        for reward in self.rewards:
            if reward is None:
                continue
            if reward.beat():
                name, what = reward.meter.terms.name, money(sum(reward.due))
                engine.alert("info", "incentive", f"{name}: {what} {engine.setup.currency} for today ({ESTIMATED})")
            for k, i in enumerate(reward.meter.places):
                if reward.due[k] and self.book(engine, i, reward.due[k]):
                    reward.today += reward.due[k]
                    reward.due[k] = 0

    def book(self, engine: Engine, i: int, units: int) -> bool:
        """Money for an instrument; False while its settlement asset has no rate."""
        account, ledger = engine.accounts[i], engine.ledger
        if not account.rate:
            account.convert(ledger.rate(i))
        if not account.rate:
            return False
        sign = 1 if units > 0 else -1
        account.pay("incentives", sign * (abs(units) // account.rate))
        day = engine.ts // SECOND // DAY_S
        self.booked[day] = self.booked.get(day, 0) + units
        for old in [one for one in self.booked if one < day - 1]:
            del self.booked[old]
        if units > 0:
            ledger.peak += units  # a drawdown is not made good by it
        return True

    def since(self, ts: int) -> tuple[int, int]:
        """What was booked today, and since yesterday; not below 0. Loss limits are measured without it."""
        day = ts // SECOND // DAY_S
        today = max(0, self.booked.get(day, 0))
        return today, today + max(0, self.booked.get(day - 1, 0))

    def digest(self) -> tuple[object, ...]:
        rewards = [one.digest() for one in self.rewards if one is not None]
        return (rewards, [(day, str(units)) for day, units in self.booked.items()])
