"""Instruments: tick, lot and contract arithmetic, exact.

Rules of this file: integers and decimal text only; the one place that knows how a price in ticks
and a size in lots become money.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

Kind = Literal["spot", "linear", "inverse"]

#: Money in the ledger is an integer number of atoms, 10**-18 of the settlement asset.
ATOMS = 10**18
#: Reference prices are in half ticks, so that a mid price is an integer too.
HALF = 2


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One market of one venue. Decimal fields are text: exact, and the same in TOML, JSON and on the tape."""

    id: str  # venue:SYMBOL
    venue: str
    symbol: str
    kind: Kind
    base: str
    quote: str
    settle: str  # asset in which profit is paid: quote, or base on inverse contracts
    tick: str  # price increment, in quote
    lot: str  # size increment: base on spot and linear, contracts on inverse
    contract_size: str = "1"  # inverse: quote units a contract (100 USD); linear: base units a contract
    min_notional: str = "0"  # in quote
    maker_bps: str = "0"
    taker_bps: str = "0"
    major: bool = True  # stale and collar defaults differ for majors and others
    grid: Literal["config", "venue", "table", "inferred"] = "table"
    simulated: bool = False  # a synthetic market
    hedge_mode: bool = False  # a contract of which the account there holds a long and a short leg at once

    @property
    def lot_decimal(self) -> Decimal:
        return Decimal(self.lot)


class Grid:
    """Integer arithmetic of one instrument, prepared once.

    `value(p2)` is the worth in atoms of settlement asset of being long one lot at the price p2 (half ticks):
    p * lot * contract_size on spot and linear, -lot * contract_size / p on inverse contracts, so that profit is
    always position * (value(now) - value(then)).  Inverse values are rounded once a price, toward zero; everything
    after that is exact integer arithmetic.
    """

    __slots__ = ("instrument", "inverse", "tick", "lot", "size_base", "_linear", "_inverse")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.inverse = instrument.kind == "inverse"
        self.tick = Decimal(instrument.tick)
        self.lot = Decimal(instrument.lot)
        size = self.lot * Decimal(instrument.contract_size)  # base (or quote, inverse) a lot
        self.size_base = size
        linear = self.tick * size * ATOMS / HALF
        if linear != int(linear) and not self.inverse:
            raise ValueError(f"{instrument.id}: tick {instrument.tick} x lot {instrument.lot} is finer than 1e-18")
        self._linear = int(linear)
        # inverse: -size / (p2 * tick / 2) in atoms = -(size * 2 * ATOMS / tick) / p2
        self._inverse = int(size * HALF * ATOMS / self.tick)

    def value(self, p2: int) -> int:
        """Atoms of settlement asset of one lot long at p2 half ticks (p2 > 0)."""
        return -(self._inverse // p2) if self.inverse else self._linear * p2

    def notional_atoms(self, p2: int, lots: int) -> int:
        """Absolute notional in atoms of *quote* of `lots` at p2 half ticks."""
        if self.inverse:
            return abs(lots) * int(self.size_base * ATOMS)
        return abs(lots) * self._linear * p2

    def fee_atoms(self, p2: int, lots: int, bps: str) -> int:
        """Fee in atoms of the settlement asset (positive: paid), rounded up away from zero like a venue does."""
        value = abs(self.value(p2)) * abs(lots)
        rate = Decimal(bps)
        scaled = value * int(rate * 10**6)
        quotient, rest = divmod(abs(scaled), 10**10)
        quotient += 1 if rest else 0
        return quotient if scaled >= 0 else -quotient

    def price_text(self, ticks: int) -> str:
        """Exact decimal text of a price in ticks, without trailing zeros or exponent."""
        return plain(self.tick * ticks)

    def size_text(self, lots: int) -> str:
        """Exact decimal text of a size in lots, as the venue counts it."""
        return plain(self.lot * lots)

    def base_lots(self, lots: int, p2: int) -> Decimal:
        """Size in base units: lots x lot x contract size, divided by the price on inverse contracts."""
        if self.inverse:
            return self.size_base * lots * HALF / (self.tick * p2) if p2 else Decimal(0)
        return self.size_base * lots


def plain(value: Decimal) -> str:
    """Decimal text without exponent, trailing zeros or a negative zero."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def atoms_text(atoms: int, places: int = 8) -> str:
    """Exact decimal text of money in atoms, cut (toward zero) after `places` decimals."""
    sign = "-" if atoms < 0 else ""
    whole, part = divmod(abs(atoms), ATOMS)
    digits = f"{part:018d}"[:places].rstrip("0")
    text = f"{whole}.{digits}" if digits else f"{whole}"
    return "0" if text == "0" else sign + text
