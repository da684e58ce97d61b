"""A desk without a config: default parameters on every instrument, with a size that suits each.

Rules of this file: numbers and their reasons.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.core.market.instrument import Instrument, plain
from mmtui.core.orders.inplace import Amending
from mmtui.core.quoting.params import Quoting
from mmtui.core.setup import DeskSetup, InstrumentSetup

#: Notional of the first rung, in quote, where the base has no size of its own below.
NOTIONAL = Decimal(3_000)
SIZES = {"BTC": Decimal("0.05"), "ETH": Decimal(1)}
#: Lots of the first rung where not even a price is known.
BLIND_LOTS = 100


def default_size(instrument: Instrument, price: float = 0.0) -> Decimal:
    """About 3000 quote units, in whole lots: base units, contracts on inverse instruments."""
    lot = instrument.lot_decimal
    contract = Decimal(instrument.contract_size)
    if instrument.kind == "inverse":
        wanted = NOTIONAL / contract
    elif instrument.base in SIZES:
        wanted = SIZES[instrument.base] / contract
    elif price > 0:
        wanted = NOTIONAL / (Decimal(repr(price)) * contract)
    else:
        wanted = lot * BLIND_LOTS
    return max(wanted // lot, Decimal(1)) * lot


def default_quoting(instrument: Instrument, price: float = 0.0) -> Quoting:
    return Quoting(size=float(default_size(instrument, price)))


def default_baseline(instrument: Instrument, quoting: Quoting) -> str:
    """Spot cannot be sold short: a treasury of 20 sizes, so that both sides can be quoted from the start."""
    return plain(Decimal(repr(quoting.size)) * 20) if instrument.kind == "spot" else "0"


def default_setup(
    instruments: list[Instrument],
    name: str = "whatif",
    currency: str = "USDT",
    *,
    mode: str = "paper",
    equity: str = "100000",
    price_hint: dict[str, float] | None = None,
    seed: int = 1,
    autostart: bool = True,
    amends: dict[str, Amending] | None = None,
) -> DeskSetup:
    """Every instrument quoted with the defaults. `price_hint`: instrument id -> a recent price."""
    hints = price_hint or {}
    return DeskSetup(
        name=name,
        mode=mode,
        currency=currency,
        equity=equity,
        instruments=[
            InstrumentSetup(instrument=item, quoting=default_quoting(item, hints.get(item.id, 0.0)))
            for item in instruments
        ],
        venues=list(dict.fromkeys(item.venue for item in instruments)),
        amends=amends or {},
        autostart=autostart,
        seed=seed,
    )
