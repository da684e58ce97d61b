"""What a config says of a venue through ccxt: `ccxt-NAME`, instruments by ccxt's unified symbols.

BTC/USDT is spot, BTC/USDT:USDT a linear contract, BTC/USD:BTC an inverse one, BTC/USDT:USDT-260925 a dated one.

Rules of this file: names only; ccxt is not imported, it is only looked for.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Literal

import msgspec

from mmtui.core.market.instrument import Instrument, Kind
from mmtui.venues.listings import MAJORS

PREFIX = "ccxt-"
UNVERIFIED = "unverified book"
#: Steps of an instrument before the venue is asked.
FINE = "0.00000001"

#: Whose books ccxt (4.5) proves on every update, and how; all others are "unverified book".
CHECKED: dict[str, str] = {"bitfinex": "checksum", "cryptocom": "sequence", "htx": "sequence"}

_SYMBOL = re.compile(r"([\w.]{1,20})/([\w.]{1,20})(?::([\w.]{1,20})(?:-\d{6})?)?")


class CcxtLinks(msgspec.Struct, frozen=True):
    """A venue through ccxt: its exchange id there. Where it is, ccxt knows."""

    exchange: str

    @property
    def proof(self) -> str:
        """What proves its books."""
        return CHECKED.get(self.exchange, UNVERIFIED)


def unverified(venue: str) -> str:
    """The label of a venue whose books nothing proves; "" of any other."""
    name = venue.removeprefix(PREFIX)
    return UNVERIFIED if venue.startswith(PREFIX) and name not in CHECKED else ""


def exchange_of(venue: str) -> str:
    """The exchange id of `ccxt-NAME`; "" where it is none, or ccxt has no streams of it."""
    name = venue.removeprefix(PREFIX)
    if not venue.startswith(PREFIX) or not name.isalnum():
        return ""
    spec = importlib.util.find_spec("ccxt")
    if spec is None or spec.origin is None:
        return ""
    return name if (Path(spec.origin).parent / "pro" / f"{name}.py").is_file() else ""


def instrument(venue: str, symbol: str, tick: str = "", lot: str = "") -> Instrument | None:
    """An instrument by its unified symbol, on a fine grid until the venue is asked; None: no unified symbol."""
    match = _SYMBOL.fullmatch(symbol)
    if match is None:
        return None
    base, quote, settle = match.groups()
    kind: Kind = "spot" if settle is None else "inverse" if settle == base else "linear"
    origin: Literal["config", "inferred"] = "config" if tick and lot else "inferred"
    return Instrument(
        id=f"{venue}:{symbol}",
        venue=venue,
        symbol=symbol,
        kind=kind,
        base=base,
        quote=quote,
        settle=settle or quote,
        tick=tick or FINE,
        lot=lot or FINE,
        maker_bps="10" if kind == "spot" else "2",
        taker_bps="10" if kind == "spot" else "5",
        major=base in MAJORS,
        grid=origin,
    )
