"""Number formats: the one place where a number becomes text for the screen.

Rules of this file: pure; fixed decimals and widths, so that columns do not jump as digits change; the minus is U+2212,
as wide as the plus.  Prices are integers of UNIT (1e-12 quote), so that ticks of all venues share one exact axis.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from math import floor, isfinite, log10

from mmtui.core.market.instrument import Instrument
from mmtui.view.rows import Span

UNIT = 10**12
MINUS = "−"
_DAY_S = 86_400


class Scale:
    """How prices and sizes of one instrument are shown."""

    __slots__ = ("base", "decimals", "instrument", "inverse", "lot", "tick", "tick_u")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.tick = Decimal(instrument.tick)
        self.tick_u = int(self.tick * UNIT)
        self.decimals = max(0, -int(self.tick.normalize().as_tuple().exponent))
        self.inverse = instrument.kind == "inverse"
        self.lot = float(Decimal(instrument.lot) * Decimal(instrument.contract_size))
        self.base = instrument.base

    def price(self, ticks: int) -> str:
        """A price in ticks."""
        return price(ticks * self.tick_u, self.decimals)

    def base_size(self, lots: int, ticks: int) -> float:
        """A size in units of the base asset (contracts divided by the price on inverse contracts)."""
        if self.inverse:
            value = ticks * self.tick_u / UNIT
            return self.lot * lots / value if value else 0.0
        return self.lot * lots


def price(units: int, decimals: int) -> str:
    """An exact price in UNITs, grouped, with fixed decimals (cut where finer)."""
    sign = MINUS if units < 0 else ""
    whole, part = divmod(abs(units), UNIT)
    if not decimals:
        return f"{sign}{whole:,}"
    return f"{sign}{whole:,}.{part * 10**decimals // UNIT:0{decimals}d}"


def number(value: float, decimals: int) -> str:
    """Grouped, fixed decimals, real minus; never a negative zero."""
    if not isfinite(value):
        return "n/a"
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and text.strip("0.,") else text


_WHOLE = re.compile(r"(?<![\d.,])\d{4,}(?![\d,])")


def grouped(text: str) -> str:
    """A text of the host with the whole part of its numbers grouped: 50,213.09 of 750,000.00 USDT."""
    return _WHOLE.sub(lambda found: f"{int(found[0]):,}", text)


_CENTS = re.compile(r"(?<![\d.,])\d{4,}\.\d+")
_HYPHEN = re.compile(r"(?<!\S)-(?=\d)")


def rounded(text: str) -> str:
    """As grouped, a real minus, no decimals of numbers from 1,000 on: 50,213 of 750,000 USDT."""
    return grouped(_HYPHEN.sub(MINUS, _CENTS.sub(lambda found: f"{float(found[0]):.0f}", text)))


def signed(value: float, decimals: int) -> str:
    """As number, with a plus where it is positive; zero has no sign."""
    text = number(value, decimals)
    return "+" + text if value > 0 and text.strip("0.,") else text


def amount(text: str) -> float:
    """Decimal text of the protocol as a number for the screen; what is no number is 0."""
    try:
        return float(Decimal(text))
    except (InvalidOperation, ValueError):
        return 0.0


def money(text: str, decimals: int = 2) -> str:
    """Decimal text as signed money."""
    return signed(amount(text), decimals)


def tone(value: float) -> str:
    """Role of a signed amount."""
    return "ok" if value > 0 else "loss" if value < 0 else "dim"


def size_decimals(mid: float) -> int:
    """Decimals of sizes for an asset of this price: a step is worth some ten quote units."""
    return max(0, min(6, floor(log10(mid)) - 1)) if mid > 0 else 3


def size_spans(value: float, decimals: int, cells: int, role: str = "text") -> tuple[Span, Span, Span]:
    """A size, right-aligned, its leading zero and trailing zeros dimmed."""
    text = number(value, decimals)
    if value and not text.strip("0."):
        return (" " * (cells - len(text) - 1), role), ("<", role), (number(10.0**-decimals, decimals), role)
    if len(text) > cells:
        text = compact(value)
    body = text.rstrip("0").rstrip(".") if "." in text else text
    if body in ("", "0"):
        body = ""
    lead = "0" if body.startswith("0.") else ""
    body = body[len(lead) :]
    rest = text[len(lead) + len(body) :]
    return (" " * (cells - len(text)) + lead, "faint"), (body, role), (rest, "faint")


def compact(value: float) -> str:
    """A large number short: 12.5K, 3.40M."""
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= limit:
            scaled = value / limit
            return number(scaled, 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0) + letter
    return number(value, 0 if abs(value) >= 100 else 2)


def age(ms: float) -> str:
    """Age of data in at most five cells: 4ms 31ms 1.2s 45s 3m 2h 5d."""
    if ms < 0:
        return "n/a"
    if ms < 1_000:
        return f"{int(ms)}ms"
    s = ms / 1_000
    if s < 10:
        return f"{s:.1f}s"
    if s < 120:
        return f"{int(s)}s"
    if s < 7_200:
        return f"{int(s / 60)}m"
    return f"{int(s / 3_600)}h" if s < 2 * _DAY_S else f"{int(s / _DAY_S)}d"


def whole_age(ms: float) -> str:
    """Age in whole units, at most four cells: <1s 4s 45s 3m 2h 5d."""
    return "<1s" if 0 <= ms < 1_000 else f"{int(ms / 1_000)}s" if 0 <= ms < 10_000 else age(ms)


def calm_age(ms: float) -> str:
    """Age that does not flicker while data is fresh: <0.1s, then tenths, then whole seconds."""
    if ms < 0:
        return "n/a"
    if ms < 100:
        return "<0.1s"
    return f"{ms // 100 / 10:.1f}s" if ms < 10_000 else age(ms)


def bps(value: float, decimals: int = 1) -> str:
    """Signed basis points, without the unit."""
    return signed(value, decimals)


def percent(share: float) -> str:
    """A share as whole per cent, four cells."""
    return f"{min(9.99, max(0.0, share)) * 100:3.0f}%"


def clock(ns: int, millis: bool = False) -> str:
    """Time of day, UTC."""
    s, rest = divmod(ns, 1_000_000_000)
    s %= _DAY_S
    text = f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}"
    return f"{text}.{rest // 1_000_000:03d}" if millis else text


def date(ns: int) -> str:
    """Calendar day, UTC (civil from days, Howard Hinnant's algorithm: no clock, no locale)."""
    z = ns // 1_000_000_000 // _DAY_S + 719_468
    era, doe = divmod(z, 146_097)
    yoe = (doe - doe // 1_460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    day, month = doy - (153 * mp + 2) // 5 + 1, mp + 3 if mp < 10 else mp - 9
    return f"{yoe + era * 400 + (month <= 2):04d}-{month:02d}-{day:02d}"


def duration(ns: int) -> str:
    """Hours, minutes, seconds."""
    s = max(0, ns) // 1_000_000_000
    return f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}"


def parse_time(text: str, near_ns: int) -> int:
    """A typed time as ns: HH:MM[:SS[.mmm]] on the day of `near_ns`, or whole ns. ValueError says what is allowed."""
    text = text.strip()
    if text.isdigit() and len(text) > 12:
        return int(text)
    try:
        parts = text.split(":")
        hours, minutes = int(parts[0]), int(parts[1])
        seconds = Decimal(parts[2]) if len(parts) == 3 else Decimal(0)
        if not (len(parts) <= 3 and 0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
            raise ValueError
    except (ValueError, IndexError, InvalidOperation):
        raise ValueError(f"{text!r} is no time: HH:MM, HH:MM:SS or HH:MM:SS.mmm (UTC)") from None
    day = near_ns // 1_000_000_000 // _DAY_S * _DAY_S
    return (day + hours * 3600 + minutes * 60) * 1_000_000_000 + int(seconds * 1_000_000_000)


def short_names(venues: list[str]) -> dict[str, str]:
    """Shortest names of venues that are still unique: binance-usdm is usdm where only one venue ends so."""
    tails = [venue.rsplit("-", 1)[-1] for venue in venues]
    return {venue: tail if tails.count(tail) == 1 else venue for venue, tail in zip(venues, tails, strict=True)}
