"""UTC days as numbers since 1970-01-01, and their text, in integers.

The conversion is Howard Hinnant's ("chrono-Compatible Low-Level Date Algorithms": days_from_civil, civil_from_days),
for years 1970 to 9999.  Rules of this file: pure arithmetic; no clock, no library that has one.
"""

from __future__ import annotations

import re

_TEXT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def day_number(text: str) -> int:
    """Days since 1970 of "2026-11-01". Raises ValueError for what is no day."""
    match = _TEXT.fullmatch(text)
    if match is not None:
        year, month, day = (int(part) for part in match.groups())
        if year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31:
            number = _from_civil(year, month, day)
            if day_text(number) == text:
                return number
    raise ValueError(f'"{text}" is no day; write it as 2026-11-01')


def day_text(number: int) -> str:
    """2026-11-01 of its number."""
    z = number + 719_468
    era, doe = divmod(z, 146_097)
    yoe = (doe - doe // 1_460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    return f"{year:04d}-{month:02d}-{doy - (153 * mp + 2) // 5 + 1:02d}"


def _from_civil(year: int, month: int, day: int) -> int:
    year -= month <= 2
    era, yoe = divmod(year, 400)
    doy = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719_468
