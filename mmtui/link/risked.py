"""What a frame says about what the desk could lose: VaR, stress, venues, stablecoins, events of the calendar.

Amounts are floats in the desk's currency (estimates, never booked); a loss is positive in VaR and ES, negative in a
stress.  None: not known, and `why` or `note` says why.  Rules of this file: data only; parts of messages.py.
"""

from __future__ import annotations

import msgspec

#: Seconds over which VaR and ES look.
HORIZONS = (60, 300, 1_800)


class VarRow(msgspec.Struct, kw_only=True):
    """VaR and ES of one horizon, positions as they are ("present") or after the fills that would hurt ("worst")."""

    horizon_s: int
    positions: str  # present | worst
    var: float | None = None  # historical
    es: float | None = None
    var_ewma: float | None = None
    es_ewma: float | None = None
    var_base: float | None = None  # historical, of the base factors alone (present positions)
    var_basis: float | None = None  # historical, of the basis factors alone
    samples: int = 0  # overlapping windows that it is made of
    why: str = ""  # "n/a: 40 s of 120 s known"


class StressRow(msgspec.Struct, kw_only=True):
    """Profit of one scenario at present and worst-case positions."""

    name: str  # "-5 %", "basis +50 bps", "binance-usdm lost"
    present: float
    worst: float
    note: str = ""


class VenueRisk(msgspec.Struct, kw_only=True):
    """One venue: what lies there, and how far it is from a liquidation."""

    venue: str
    gross: float  # worst case
    net: float
    equity: float | None = None  # of the config; None: it does not say
    share: float | None = None  # of the equity of all venues; where that is not known, of the gross
    share_of: str = "gross"  # equity | gross
    leverage: float | None = None  # gross of contracts / equity; None: no contracts there
    margin: float | None = None
    liquidation_pct: float | None = None  # distance from mark to the nearest liquidation price
    why: str = ""  # why margin and liquidation are n/a


class Peg(msgspec.Struct, kw_only=True):
    """A dollar coin that the desk quotes in, against another one."""

    currency: str
    bps: float | None = None  # price - 1; None: no book of the pair is on the desk
    book: str = ""  # venue:SYMBOL that says so
    against: str = ""


class EventView(msgspec.Struct, kw_only=True):
    """An event of the calendar: the one in force or the next."""

    name: str
    action: str  # "widen 10 bps" | "pull"
    active: bool
    starts: int  # ns; of the window round the event
    ends: int
    instruments: list[str]  # [] all


class RiskView(msgspec.Struct, kw_only=True):
    """Made once a second while somebody asks."""

    ccy: str
    confidence: float
    known_s: int  # seconds of returns that are known, of the instruments that matter
    known: str  # "2 min known"
    rows: list[VarRow] = []
    stress: list[StressRow] = []
    venues: list[VenueRisk] = []
    pegs: list[Peg] = []
    events: list[EventView] = []
    notes: list[str] = []  # what stands in for what is not known
    cost_us: int = 0  # time that making it took
