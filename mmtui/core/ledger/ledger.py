"""The ledger of the desk: accounts, conversion into its currency, delta by asset, day, drawdown.

Rules of this file: reads accounts and books, changes accounts only; conversion rates come from the desk's own books.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from mmtui.core.ledger.account import PARTS, RATE, Account
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import ATOMS, HALF
from mmtui.core.setup import DeskSetup

#: Treated as one dollar each until their own books say otherwise; the screen says so where it is used.
DOLLARS = frozenset({"USD", "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI"})
DAY = 86_400_000_000_000
MINUTE = 60_000_000_000
UNIT = ATOMS * RATE  # of parts and totals


class Rate:
    """How one asset becomes currency: fixed, or the mid of one instrument."""

    __slots__ = ("fixed", "i", "scale_den", "scale_num")

    def __init__(self, fixed: int, i: int, tick: Decimal) -> None:
        self.fixed = fixed
        self.i = i
        ratio = tick * RATE / HALF
        self.scale_num, self.scale_den = ratio.as_integer_ratio()

    def now(self, accounts: list[Account]) -> int:
        """Rate x 10**9, 0 when it is not known yet."""
        if self.i < 0:
            return self.fixed
        return accounts[self.i].references.last() * self.scale_num // self.scale_den


class Ledger:
    """All accounts; `total` in units of 10**-27 of the desk's currency."""

    def __init__(self, setup: DeskSetup) -> None:
        self.setup = setup
        self.accounts = [Account(item.instrument) for item in setup.instruments]
        self.currency = setup.currency
        self.rates = [self._rate(item.instrument.settle) for item in setup.instruments]
        self.common: list[tuple[int, int, int]] = []  # (instrument, numerator, denominator) of the common reference
        self._commons()
        self.peak = 0
        self.day = 0
        self.day_start = 0
        self.minutes: deque[tuple[int, int]] = deque(maxlen=1_442)  # a total a minute, 24 h

    def _rate(self, asset: str) -> Rate:
        if asset == self.currency or (asset in DOLLARS and self.currency in DOLLARS):
            return Rate(RATE, -1, Decimal(1))
        best = -1
        for i, item in enumerate(self.setup.instruments):
            one = item.instrument
            quoted = one.quote == self.currency or (one.quote in DOLLARS and self.currency in DOLLARS)
            if one.base != asset or not quoted:
                continue
            if best < 0 or (one.kind == "spot" and self.setup.instruments[best].instrument.kind != "spot"):
                best = i
        tick = Decimal(self.setup.instruments[best].instrument.tick) if best >= 0 else Decimal(1)
        return Rate(0, best, tick)

    def _commons(self) -> None:
        """The spot market of an asset is the reference that its derivatives' basis is measured from."""
        self.common = []
        for item in self.setup.instruments:
            one = item.instrument
            found = (-1, 0, 1)
            if one.kind != "spot":
                for j, other in enumerate(self.setup.instruments):
                    spot = other.instrument
                    if spot.kind == "spot" and spot.base == one.base:
                        ratio = self.accounts[j].grid.tick / self.accounts[self.setup.index(one.id)].grid.tick
                        found = (j, *ratio.as_integer_ratio())
                        break
            self.common.append(found)

    def regrid(self) -> None:
        """A grid has changed: conversions and common references are in ticks, so they are made anew."""
        for i, account in enumerate(self.accounts):
            j = self.rates[i].i
            if j >= 0:
                self.rates[i] = Rate(0, j, self.accounts[j].grid.tick)
            k = self.common[i][0]
            if k >= 0:
                ratio = self.accounts[k].grid.tick / account.grid.tick
                self.common[i] = (k, *ratio.as_integer_ratio())

    def common_value(self, i: int) -> int:
        """Atoms of one lot of instrument i at its asset's spot mid; 0 when it has no spot market here."""
        j, num, den = self.common[i]
        if j < 0:
            return 0
        mid2 = self.accounts[j].references.last()
        return self.accounts[i].grid.value(mid2 * num // den) if mid2 * num >= den else 0

    def rate(self, i: int) -> int:
        """Settlement asset of i in currency, x 10**9; its own price stands in until the rate's book is there."""
        rate = self.rates[i]
        found = rate.now(self.accounts)
        if found or rate.i < 0:
            return found
        own = self.accounts[i]
        return int(own.references.last() * own.grid.tick * RATE / HALF) if own.grid.inverse else 0

    def quote_rate(self, i: int) -> int:
        """Quote asset of an instrument in currency x 10**9; inverse contracts are quoted in dollars."""
        return RATE if self.accounts[i].grid.inverse else self.rate(i)

    def mark(self, i: int) -> None:
        account = self.accounts[i]
        account.mark(account.references.last(), self.rate(i), self.common_value(i))

    def mark_all(self, ts: int) -> None:
        """Mark every account, roll the day, note the peak."""
        for i, account in enumerate(self.accounts):
            if account.fills or account.position:
                self.mark(i)
                account.markouts_due(ts)
        total = self.total()
        day = ts // DAY
        if day != self.day:
            self.day, self.day_start = day, total
        self.peak = max(self.peak, total)
        minute = ts // MINUTE
        minutes = self.minutes
        if not minutes or minutes[-1][0] != minute:
            minutes.append((minute, total))
        while len(minutes) > 1 and minutes[1][0] <= minute - 1_440:
            minutes.popleft()

    def total(self) -> int:
        return sum(account.total() for account in self.accounts)

    def day_total(self) -> int:
        return self.total() - self.day_start

    def rolling(self) -> int:
        """Change over the last 24 hours (or since the start)."""
        if not self.minutes:
            return self.total()
        then, total = self.minutes[0]
        return self.total() - (total if then <= self.minutes[-1][0] - 1_440 else 0)

    def drawdown(self) -> int:
        return self.peak - self.total()

    def parts(self) -> dict[str, int]:
        out = dict.fromkeys(PARTS, 0)
        for account in self.accounts:
            for part, value in account.parts.items():
                out[part] += value
        return out

    def held(self) -> tuple[list[int], list[int]]:
        """Position of every instrument in lots, and of the short leg of those in hedge mode (else 0)."""
        legs = [account.legs.short.lots if account.legs is not None else 0 for account in self.accounts]
        return [account.position for account in self.accounts], legs

    # ------------------------------------------------------------ delta

    def delta(self, i: int, books: list[OrderBook]) -> Decimal:
        """Delta of one instrument in base units (spot: over the baseline)."""
        account = self.accounts[i]
        mid2 = books[i].mid2() or account.references.last()
        return account.grid.base_lots(account.position, mid2)

    def wallet(self, i: int) -> Decimal:
        """Coin-margined wallet and unrealised profit in coin, from this session's trading."""
        account = self.accounts[i]
        return Decimal(account.equity()) / ATOMS if account.grid.inverse else Decimal(0)

    def asset_delta(self, asset: str, books: list[OrderBook]) -> Decimal:
        total = Decimal(0)
        for i, account in enumerate(self.accounts):
            if account.instrument.base == asset:
                total += self.delta(i, books) + self.wallet(i)
        return total

    def digest(self) -> tuple[object, ...]:
        return ([account.digest() for account in self.accounts], str(self.peak), self.day, str(self.day_start))


def money(units: int, places: int = 2) -> str:
    """Currency text of 10**-27 units, rounded half away from zero to `places` decimals."""
    scale = UNIT // 10**places
    whole = (abs(units) + scale // 2) // scale
    text = f"{whole // 10**places}.{whole % 10**places:0{places}d}" if places else f"{whole}"
    return f"-{text}" if units < 0 and whole else text
