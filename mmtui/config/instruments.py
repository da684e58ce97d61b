"""[[instrument]] tables and what their source says of them -> the instruments of a desk, with their profiles.

Rules of this file: what the keys mean together; nothing is asked of venues here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from mmtui.config.convert import Converter
from mmtui.config.defaults import default_baseline, default_quoting
from mmtui.config.schema import Fees, InstrumentKeys, Venue
from mmtui.core.market.instrument import Grid, Instrument, plain
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.params_guards import needs_lead
from mmtui.core.setup import InstrumentSetup
from mmtui.core.zone_side import blind


def grid_keys(to: Converter, keys: InstrumentKeys, where: tuple[str, ...]) -> tuple[str, str]:
    """Tick and lot of the config, "" where it has none."""
    tick, lot = (
        "" if value is None else to.amount(value, (*where, name), above="0")
        for name, value in (("tick", keys.tick), ("lot", keys.lot))
    )
    return tick, lot


class Instruments:
    """The instruments of one config. `prices`: instrument -> a price of its capture, for default sizes."""

    def __init__(self, to: Converter, profiles: dict[str, Quoting], prices: dict[str, float]) -> None:
        self.to, self.error = to, to.error
        self.profiles, self.prices = profiles, prices

    def setups(
        self, wanted: list[InstrumentKeys], found: dict[str, Instrument], venues: list[Venue]
    ) -> list[InstrumentSetup]:
        """The instruments asked for; of a venue for which none is, all that its source has."""
        named = {keys.id.partition(":")[0] for keys in wanted}
        fees = {venue.id: venue.fees_bps for venue in venues}
        done: list[InstrumentSetup] = []
        for place, keys in enumerate(wanted):
            where = ("instrument", str(place))
            if keys.id not in found:
                have = ", ".join(found) or "none"
                raise self.error((*where, "id"), f'"{keys.id}" is in no source; the sources have: {have}')
            done.append(self._instrument(keys, found[keys.id], where))
        done += [self._unnamed(item) for item in found.values() if item.venue not in named]
        self._check(done)
        if not done:
            raise self.error(("instrument",), 'no instrument; add [[instrument]] with id = "venue:SYMBOL"')
        return self._in_mode([_with_fees(item, fees[item.instrument.venue]) for item in done], venues)

    def _in_mode(self, done: list[InstrumentSetup], venues: list[Venue]) -> list[InstrumentSetup]:
        """Contracts of venues whose accounts are in hedge mode have two legs."""
        hedged = {venue.id: place for place, venue in enumerate(venues) if venue.position_mode == "hedge"}
        for name, place in hedged.items():
            if all(item.instrument.kind == "spot" for item in done if item.instrument.venue == name):
                what = f'"hedge" is a mode of contracts, and the desk has none at {name}; give "net"'
                raise self.error(("venue", str(place), "position_mode"), what)
        return [
            msgspec.structs.replace(item, instrument=msgspec.structs.replace(item.instrument, hedge_mode=True))
            if item.instrument.venue in hedged and item.instrument.kind != "spot"
            else item
            for item in done
        ]

    def _check(self, done: list[InstrumentSetup]) -> None:
        """What a profile says of other instruments must be of this desk."""
        ids = {item.instrument.id for item in done}
        for item in done:
            if needs_lead(item.quoting) and item.quoting.fair_source not in ids - {item.instrument.id}:
                source = item.quoting.fair_source
                what = f'"{source}" is not another instrument of the desk; give one of {", ".join(sorted(ids))}'
                raise self.error(("quoting", item.profile, "fair_source"), what)
            if unseen := blind(done, done.index(item), item.quoting.zone_rules):
                raise self.error(("quoting", item.profile, "zone_rules"), unseen)
            if item.quoting.leg and item.quoting.leg not in ids - {item.instrument.id}:
                leg, others = item.quoting.leg, ", ".join(sorted(ids - {item.instrument.id}))
                what = f'"{leg}" is not another instrument of the desk; give one of {others}'
                raise self.error(("quoting", item.profile, "leg"), what)

    def _unnamed(self, item: Instrument) -> InstrumentSetup:
        """An instrument that the config does not name: defaults, and on spot something to sell."""
        setup = self._instrument(InstrumentKeys(id=item.id), item, ())
        return msgspec.structs.replace(setup, baseline=default_baseline(item, setup.quoting))

    def _instrument(self, keys: InstrumentKeys, item: Instrument, where: tuple[str, ...]) -> InstrumentSetup:
        profiles = self.profiles
        changes: dict[str, Any] = {}
        tick, lot = grid_keys(self.to, keys, where)
        if tick or lot:
            origin: Literal["config"] = "config"
            changes |= {"tick": tick or item.tick, "lot": lot or item.lot, "grid": origin}
        if keys.contract_size is not None:
            changes["contract_size"] = self.to.amount(keys.contract_size, (*where, "contract_size"), above="0")
        if keys.min_notional is not None:
            changes["min_notional"] = self.to.amount(keys.min_notional, (*where, "min_notional"), least="0")
        if changes:
            item = msgspec.structs.replace(item, **changes)
            try:
                Grid(item)
            except ValueError as error:
                raise self.error(where, f"{error}; give a coarser tick or lot") from None
        if keys.quoting and keys.quoting not in profiles:
            have = ", ".join(profiles) or "none is defined: add [quoting.NAME]"
            raise self.error((*where, "quoting"), f'"{keys.quoting}" is no profile; give one of: {have}')
        name = keys.quoting or "default"
        quoting = profiles.get(name) or default_quoting(item, self.prices.get(item.id, 0.0))
        if Decimal(repr(quoting.size)) < Decimal(item.lot):
            what = f"{quoting.size:g} is below one lot of {item.id} ({item.lot}); give at least that"
            raise self.error(("quoting", name, "size"), what)
        return InstrumentSetup(
            instrument=item,
            quoting=quoting,
            profile=name,
            quote=keys.quote,
            target=self.to.amount(keys.target, (*where, "target")),
            max_position=self.to.amount(keys.max_position, (*where, "max_position"), least="0"),
            max_order=self.to.amount(keys.max_order, (*where, "max_order"), least="0"),
            baseline=self.to.amount(keys.baseline, (*where, "baseline"), least="0"),
        )


def _with_fees(item: InstrumentSetup, fees: Fees | None) -> InstrumentSetup:
    if fees is None:
        return item
    instrument = msgspec.structs.replace(item.instrument, maker_bps=_bps(fees.maker), taker_bps=_bps(fees.taker))
    return msgspec.structs.replace(item, instrument=instrument)


def _bps(value: float) -> str:
    return plain(Decimal(repr(value)))
