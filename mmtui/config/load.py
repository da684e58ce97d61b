"""Reading a config: TOML text -> DeskConfig, every mistake as one ConfigError.

Rules of this file: what the sections mean together; shapes and ranges are in schema.py.  Ticks, lots and what a capture
holds are facts of venues: this is the one place of the room that asks mmtui.venues, and only while it loads.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from mmtui.config.convert import Converter
from mmtui.config.defaults import default_baseline, default_quoting
from mmtui.config.errors import ConfigError
from mmtui.config.live_venues import RECONCILE_S, live_venue, misguarded
from mmtui.config.schema import (
    CaptureFiles,
    Desk,
    DeskConfig,
    Fees,
    Guard,
    InstrumentKeys,
    LiveVenue,
    Source,
    Synthetic,
    Tape,
    Venue,
)
from mmtui.core.commands import BY_NAME
from mmtui.core.earn.days import day_number
from mmtui.core.earn.programme import Obligation
from mmtui.core.hedging.hands import misplaced
from mmtui.core.hedging.params import Hedge
from mmtui.core.market.instrument import Grid, Instrument, plain
from mmtui.core.quoting.checks import misfit
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.params_price import needs_lead
from mmtui.core.risk.calendar import CalendarEvent
from mmtui.core.risk.calendar import misplaced as misdated
from mmtui.core.risk.limits import Limits
from mmtui.core.setup import DeskSetup, InstrumentSetup, PaperSetup

SECTIONS = ["desk", "venue", "instrument", "quoting", "limits", "paper", "tape", "hedge", "obligation", "event",
            "guard"]  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_SYNTHETIC = re.compile(r"synthetic:([a-z0-9-]+)(?::([0-9]{1,18}))?")


def check_name(name: str) -> str:
    """What is wrong with a desk's name; "" when nothing is."""
    if _NAME.fullmatch(name) is None:
        return f'"{name[:40]}" is not allowed; give letters, digits, - and _, at most 40'
    if name in BY_NAME or name == "status":
        return f'"{name}" is a word of `mmtui ctl`; give the desk another name'
    return ""


def load_config(path: Path, given: list[Instrument] | None = None) -> DeskConfig:
    """Read, check and complete a config. ConfigError: file:line: key: what is wrong; what is allowed.

    With `given` (what another source holds) the config's own sources are not looked at, and only those of its
    instruments that are given remain: a what-if runs a desk on another market than its own.
    """
    text = _read(path)
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ConfigError(path, 0, "", "is nested too deeply; a config has tables of plain keys") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(found.group(1)) if found else len(text.splitlines()) or 1
        what = str(error).partition(" (at ")[0]
        raise ConfigError(path, line, "", f"not valid TOML: {what[:1].lower()}{what[1:]}") from None
    return _Loader(path, text, document, given).load()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(path, 0, "", "there is no such file; give the path of a TOML config") from None
    except IsADirectoryError:
        raise ConfigError(path, 0, "", "is a folder; give the path of a TOML config") from None
    except UnicodeDecodeError:
        raise ConfigError(path, 0, "", "is no UTF-8 text; a config is a TOML file") from None
    except OSError as error:
        raise ConfigError(path, 0, "", f"cannot be read: {error.strerror or error}") from None


class _Loader:
    """One reading of one file."""

    def __init__(self, path: Path, text: str, document: dict[str, Any], given: list[Instrument] | None) -> None:
        self.path, self.text, self.document, self.given = path, text, document, given
        self.to = Converter(path, text)
        self.error = self.to.error
        self.prices: dict[str, float] = {}  # instrument -> a price of its capture

    def load(self) -> DeskConfig:
        from mmtui.venues import resolve

        to, document = self.to, self.document
        to.known(document, SECTIONS, ())
        if "desk" not in document:
            raise self.error(("desk",), 'the section is missing; begin with [desk] and name = "..."')
        desk = to.table(document["desk"], Desk, ("desk",))
        if wrong := check_name(desk.name):
            raise self.error(("desk", "name"), wrong)
        venues = self._tables("venue", Venue)
        wanted = self._tables("instrument", InstrumentKeys)
        profiles = self._profiles()
        limits = to.table(document.get("limits", {}), Limits, ("limits",))
        paper = self._paper()
        tape = to.table(document.get("tape", {}), Tape, ("tape",))
        guard = to.table(document.get("guard", {}), Guard, ("guard",))
        key, wrong = misguarded(guard)
        if wrong:
            raise self.error(("guard", key), wrong)
        if self.given is None:
            sources = self._sources(venues, desk)
            found = self._found(venues, sources, wanted)
        else:
            sources = []
            found = {item.id: item for item in self.given if item.venue in {venue.id for venue in venues}}
            if not found:
                have = ", ".join(item.id for item in self.given)
                raise self.error(("venue",), f"none of these venues is in the sources; they hold {have}")
            wanted = [keys for keys in wanted if keys.id in found]
        instruments = self._instruments(wanted, found, venues, profiles)
        names = [item.instrument.id for item in instruments]
        setup = DeskSetup(
            name=desk.name,
            mode=desk.mode,
            currency=desk.currency,
            equity=to.amount(desk.equity, ("desk", "equity"), above="0"),
            instruments=instruments,
            venues=[venue.id for venue in venues],
            limits=limits,
            profiles=profiles,
            paper=paper,
            autostart=desk.autostart,
            seed=desk.seed,
            landing_ms=[resolve.landing_ms(venue.id) for venue in venues] if desk.mode == "live" else [],
            reconcile_s=RECONCILE_S if desk.mode == "live" else 0.0,
            obligations=self._obligations(names),
            events=self._events(names),
            hedges=self._hedges(instruments),
            venue_equity=self._equity(venues),
        )
        return DeskConfig(setup=setup, sources=sources, path=self.path, text=self.text, tape=tape, guard=guard)

    def _tables(self, name: str, shape: type[Any], key: str = "id") -> list[Any]:
        """[[name]] tables, each with a `key` of its own."""
        value = self.document.get(name, [])
        if not isinstance(value, list):
            raise self.error((name,), f"write [[{name}]] with two brackets: there may be several")
        done: list[Any] = []
        for place, item in enumerate(value):
            if self.given is not None and shape is Venue and isinstance(item, dict):
                item = {key: text for key, text in item.items() if key != "source"}  # another source is in its place
            table = self.to.table(item, shape, (name, str(place)))
            mine = getattr(table, key)
            if any(mine == getattr(other, key) for other in done):
                raise self.error((name, str(place), key), f'"{mine}" is there twice; each {key} may stand once')
            done.append(table)
        if name == "venue" and not done:
            raise self.error(("venue",), 'no venue; add [[venue]] with id = "..."')
        return done

    def _profiles(self) -> dict[str, Quoting]:
        value = self.document.get("quoting", {})
        if not isinstance(value, dict):
            raise self.error(("quoting",), "write [quoting.NAME] tables")
        profiles: dict[str, Quoting] = {}
        for name, table in value.items():
            if not isinstance(table, dict):
                raise self.error(("quoting", name), f"write [quoting.NAME] tables; {name} stands outside of one")
            # below cost only when told to: a profile of a config has the floor unless it says no
            quoting = self.to.table({"fee_floor": True, **table}, Quoting, ("quoting", name))
            key, what = misfit(quoting)
            if key:
                raise self.error(("quoting", name, key), what)
            profiles[name] = quoting
        return profiles

    def _obligations(self, names: list[str]) -> list[Obligation]:
        """[[obligation]] tables; of markets of the desk (a what-if on another market keeps those that are there)."""
        done: list[Obligation] = []
        for place, one in enumerate(self._tables("obligation", Obligation, "name")):
            where = ("obligation", str(place))
            unknown = [name for name in one.instruments if name not in names]
            if unknown and self.given is None:
                have = ", ".join(names)
                what = f'"{unknown[0]}" is no instrument of the desk; it has: {have}'
                raise self.error((*where, "instruments"), what)
            for key in ("from_day", "to_day"):
                try:
                    day_number(getattr(one, key) or "1970-01-01")
                except ValueError as error:
                    raise self.error((*where, key), str(error)) from None
            if one.to_day and one.to_day < one.from_day:
                what = f'"{one.to_day}" is before from_day "{one.from_day}"; give a later day'
                raise self.error((*where, "to_day"), what)
            done.append(one)
        return done

    def _events(self, names: list[str]) -> list[CalendarEvent]:
        """[[event]] tables: the calendar."""
        done: list[CalendarEvent] = []
        for place, one in enumerate(self._tables("event", CalendarEvent, "name")):
            key, what = misdated(one)
            unknown = [name for name in one.instruments if name not in names]
            if unknown and self.given is None:
                key, what = "instruments", f'"{unknown[0]}" is no instrument of the desk; it has: {", ".join(names)}'
            if key:
                raise self.error(("event", str(place), key), what)
            done.append(one)
        return done

    def _hedges(self, instruments: list[InstrumentSetup]) -> dict[str, Hedge]:
        """[hedge.ASSET] tables; of a what-if on another market only those whose asset is there."""
        value = self.document.get("hedge", {})
        assets = list(dict.fromkeys(item.instrument.base for item in instruments))
        if not isinstance(value, dict):
            raise self.error(("hedge",), "write [hedge.ASSET] tables")
        done: dict[str, Hedge] = {}
        for asset, table in value.items():
            where = ("hedge", asset)
            if asset not in assets and self.given is None:
                raise self.error(where, f'"{asset}" is no asset of the desk; give one of {", ".join(assets)}')
            hedge = self.to.table(table, Hedge, where)
            if asset in assets:
                ids = [item.instrument.id for item in instruments if item.instrument.base == asset]
                wrong = misplaced(hedge, asset, ids) if self.given is None else ""
                if wrong:
                    raise self.error((*where, "instruments"), wrong)
                done[asset] = hedge
        return done

    def _equity(self, venues: list[Venue]) -> list[str]:
        """What each venue's account holds; [] when no venue says."""
        texts = [
            self.to.amount(venue.equity, ("venue", str(place), "equity"), least="0")
            for place, venue in enumerate(venues)
        ]
        return texts if any(text != "0" for text in texts) else []

    def _paper(self) -> PaperSetup:
        paper = self.to.table(self.document.get("paper", {}), PaperSetup, ("paper",))
        for name in ("latency_in_ms", "latency_out_ms"):
            self.to.amount(getattr(paper, name), ("paper", name), above="0")
        self.to.amount(paper.jitter_ms, ("paper", "jitter_ms"), least="0")
        if paper.model not in ("pessimistic", "optimistic"):
            what = f'"{paper.model}" is not allowed; give one of "pessimistic", "optimistic"'
            raise self.error(("paper", "model"), what)
        return paper

    def _sources(self, venues: list[Venue], desk: Desk) -> list[Source]:
        sources: list[Source] = []
        synthetic: Synthetic | None = None
        for place, venue in enumerate(venues):
            where = ("venue", str(place), "source")
            texts = [venue.source] if isinstance(venue.source, str) else venue.source
            if not venue.source:
                sources.append(live_venue(self.error, place, venue, desk.mode))
            elif len(texts) == 1 and (match := _SYNTHETIC.fullmatch(texts[0])):
                one = Synthetic(match.group(1), int(match.group(2) or desk.seed))
                if synthetic is not None and synthetic != one:
                    raise self.error(where, "differs from another venue's; all synthetic venues are one market")
                if synthetic is None:
                    sources.append(one)
                synthetic = one
            else:
                sources.append(CaptureFiles(venue.id, [self._file(text, where) for text in texts]))
        kinds = {type(source) for source in sources}
        if len(kinds) > 1:
            where = ("venue", "0", "source")
            raise self.error(where, "venues mix live, synthetic and captures; a desk runs on one clock: give one kind")
        if desk.mode == "demo" and kinds != {Synthetic}:
            raise self.error(("desk", "mode"), '"demo" is for a synthetic market; give "paper"')
        if desk.mode in ("live", "shadow") and kinds != {LiveVenue}:
            raise self.error(("desk", "mode"), f'"{desk.mode}" needs live venues; with a source give "paper"')
        return sources

    def _file(self, text: str, where: tuple[str, ...]) -> Path:
        if text.startswith("synthetic"):
            raise self.error(where, f'"{text}" is not allowed; give synthetic:SCENARIO[:SEED], and nothing beside it')
        path = Path(text).expanduser()
        path = path if path.is_absolute() else self.path.resolve().parent / path
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "there is no such file"
            raise self.error(where, f"{path}: {what}; give the path of a raw capture")
        return path

    def _found(self, venues: list[Venue], sources: list[Source], wanted: list[InstrumentKeys]) -> dict[str, Instrument]:
        """Every instrument that the sources have, by id."""
        from mmtui.venues import resolve

        found: dict[str, Instrument] = {}
        for source in sources:
            if isinstance(source, Synthetic):
                try:
                    items = resolve.simulated(source.scenario, source.seed)
                except KeyError as error:
                    what = f'"{source.scenario}" is no scenario; give one of {error.args[0]}'
                    raise self.error(("venue", "0", "source"), what) from None
                ids = {item.venue for item in items}
                for place, venue in enumerate(venues):
                    if venue.id not in ids:
                        what = f'"{venue.id}" is no synthetic venue; give one of {", ".join(sorted(ids))}'
                        raise self.error(("venue", str(place), "id"), what)
                items = [item for item in items if item.venue in {venue.id for venue in venues}]
            elif isinstance(source, CaptureFiles):
                items, prices = resolve.captured(source.paths)
                self.prices |= prices
                where = ("venue", str([venue.id for venue in venues].index(source.venue)), "id")
                for item in items:
                    if item.venue != source.venue:
                        what = f'"{source.venue}" is not what its captures hold: they are of {item.venue}'
                        raise self.error(where, what)
            else:
                items = self._live(source, venues, wanted)
            found.update((item.id, item) for item in items)
        return found

    def _live(self, source: LiveVenue, venues: list[Venue], wanted: list[InstrumentKeys]) -> list[Instrument]:
        from mmtui.venues import resolve

        if source.venue not in resolve.KNOWN:
            where = ("venue", str([venue.id for venue in venues].index(source.venue)), "id")
            raise self.error(where, f'"{source.venue}" is no known venue; give one of {", ".join(resolve.KNOWN)}')
        items = []
        for place, keys in enumerate(wanted):
            venue, _, symbol = keys.id.partition(":")
            if venue == source.venue:
                tick, lot = self._grid(keys, ("instrument", str(place)))
                item = resolve.live(venue, symbol, tick, lot)
                if item is None:
                    what = f"tick and lot of {keys.id} are not known; give both"
                    raise self.error(("instrument", str(place), "id"), what)
                items.append(item)
        return items

    def _grid(self, keys: InstrumentKeys, where: tuple[str, ...]) -> tuple[str, str]:
        """Tick and lot of the config, "" where it has none."""
        tick, lot = (
            "" if value is None else self.to.amount(value, (*where, name), above="0")
            for name, value in (("tick", keys.tick), ("lot", keys.lot))
        )
        return tick, lot

    def _instruments(
        self,
        wanted: list[InstrumentKeys],
        found: dict[str, Instrument],
        venues: list[Venue],
        profiles: dict[str, Quoting],
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
            done.append(self._instrument(keys, found[keys.id], where, profiles))
        done += [self._unnamed(item, profiles) for item in found.values() if item.venue not in named]
        ids = {item.instrument.id for item in done}
        for item in done:
            if needs_lead(item.quoting) and item.quoting.fair_source not in ids - {item.instrument.id}:
                source = item.quoting.fair_source
                what = f'"{source}" is not another instrument of the desk; give one of {", ".join(sorted(ids))}'
                raise self.error(("quoting", item.profile, "fair_source"), what)
            if item.quoting.leg and item.quoting.leg not in ids - {item.instrument.id}:
                leg, others = item.quoting.leg, ", ".join(sorted(ids - {item.instrument.id}))
                what = f'"{leg}" is not another instrument of the desk; give one of {others}'
                raise self.error(("quoting", item.profile, "leg"), what)
        if not done:
            raise self.error(("instrument",), 'no instrument; add [[instrument]] with id = "venue:SYMBOL"')
        return [_with_fees(item, fees[item.instrument.venue]) for item in done]

    def _unnamed(self, item: Instrument, profiles: dict[str, Quoting]) -> InstrumentSetup:
        """An instrument that the config does not name: defaults, and on spot something to sell."""
        setup = self._instrument(InstrumentKeys(id=item.id), item, (), profiles)
        return msgspec.structs.replace(setup, baseline=default_baseline(item, setup.quoting))

    def _instrument(
        self, keys: InstrumentKeys, item: Instrument, where: tuple[str, ...], profiles: dict[str, Quoting]
    ) -> InstrumentSetup:
        changes: dict[str, Any] = {}
        tick, lot = self._grid(keys, where)
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
            baseline=self.to.amount(keys.baseline, (*where, "baseline"), least="0"),
        )


def _with_fees(item: InstrumentSetup, fees: Fees | None) -> InstrumentSetup:
    if fees is None:
        return item
    instrument = msgspec.structs.replace(item.instrument, maker_bps=_bps(fees.maker), taker_bps=_bps(fees.taker))
    return msgspec.structs.replace(item, instrument=instrument)


def _bps(value: float) -> str:
    return plain(Decimal(repr(value)))
