"""Decimal texts of the venue -> integer ticks and lots, exactly, with a memory of texts seen.

Rules of this file: no float ever; a text that is no plain positive decimal is a WireError, a text finer than the grid
is an OffGrid, which the decoder answers by refining the grid.
"""

from __future__ import annotations

import math
import re

from mmtui.core.events import Event

#: A cache is emptied when it holds more texts than this.
CACHE_MAX = 20_000
#: More decimals or digits than any real price or size has.
DECIMALS_MAX = 12
UNITS_MAX = 10**17
#: tick x lot of one instrument may not be finer than this many decimals: money is counted in 1e-18.
PRODUCT_DECIMALS_MAX = 17

_PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)


class WireError(ValueError):
    """A message that cannot be what it claims; its text says why."""


class RefinedError(WireError):
    """A refused message that had refined the grid before: `events` must still reach the engine."""

    def __init__(self, text: str, events: list[Event]) -> None:
        super().__init__(text)
        self.events = events


class OffGrid(Exception):
    """A decimal text finer than the grid."""

    def __init__(self, units: Units, text: str) -> None:
        self.units = units
        self.text = text


def parse_step(step: str) -> tuple[int, int]:
    """"0.25" -> (25, 2): numerator and decimals of a tick or lot, trailing zeros stripped."""
    number, decimals = parse(step)
    if number <= 0:
        raise WireError(f"{step!r} is no tick or lot")
    return number, decimals


def parse(text: str) -> tuple[int, int]:
    """Digits as an integer and the number of decimals, trailing zeros stripped."""
    if _PLAIN.fullmatch(text) is None:
        raise WireError(f"{text[:40]!r} is no plain decimal number")
    whole, _, frac = text.partition(".")
    frac = frac.rstrip("0")
    if len(frac) > DECIMALS_MAX:
        raise WireError(f"{text[:40]!r} has more than {DECIMALS_MAX} decimals")
    return int(whole + frac), len(frac)


def step_text(number: int, decimals: int) -> str:
    """(25, 2) -> "0.25"."""
    if not decimals:
        return str(number)
    digits = str(number).rjust(decimals + 1, "0")
    text = f"{digits[:-decimals]}.{digits[-decimals:]}"
    return text.rstrip("0").rstrip(".")


def finer(step: str, text: str) -> tuple[str, int]:
    """The coarsest step that divides `step` and on which `text` lies, and step / that: a whole number.

    A power of ten where one will do (0.1 with 61800.25 gives 0.01), else the greatest common divisor.
    """
    number, decimals = parse_step(step)
    value, places = parse(text)
    scale = max(decimals, places)
    old = number * 10 ** (scale - decimals)
    unit = 10 ** (scale - places)
    new = unit if old % unit == 0 else math.gcd(old, value * 10 ** (scale - places))
    return step_text(new, scale), old // new


class Units(dict[str, int]):
    """text -> whole number of steps; computed once a text."""

    __slots__ = ("_decimals", "_divisor", "_number", "_places", "step", "zero")

    def __init__(self, step: str) -> None:
        super().__init__()
        self.refine(step)

    def refine(self, step: str) -> None:
        self.clear()
        self.step = step
        self.zero = False  # whether a text of 0 has been seen since
        self._number, self._decimals = parse_step(step)
        self._places = 0  # decimals of the texts that come, trailing zeros and all: nearly always the same
        self._divisor = 0

    def __missing__(self, text: str) -> int:
        places = self._places
        digits = text[: -places - 1] + text[-places:] if places and text[-places - 1 : -places] == "." else ""
        if places < len(digits) <= 18 and digits.isdecimal() and digits.isascii():
            number, rest = divmod(int(digits), self._divisor)
            if rest:
                number = self._slow(text)
        else:
            number = self._slow(text)
        if number > UNITS_MAX:
            raise WireError(f"{text[:40]!r} is absurdly large")
        if len(self) > CACHE_MAX:
            self.clear()
        if not number:
            self.zero = True
        self[text] = number
        return number

    def _slow(self, text: str) -> int:
        """Any plain decimal; learns how many decimals the texts have."""
        value, decimals = parse(text)
        number, rest = divmod(value * int(10 ** max(self._decimals - decimals, 0)), self._number)
        if decimals > self._decimals or rest:
            raise OffGrid(self, text)
        places = len(text.partition(".")[2])
        if places >= self._decimals:
            self._places = places
            self._divisor = self._number * int(10 ** (places - self._decimals))
        return number
