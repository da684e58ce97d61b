"""Reading a config: TOML text -> DeskConfig, every mistake as one ConfigError.

Rules of this file: what the sections mean together; shapes and ranges are in schema.py, where data come from in
sources.py, what an instrument is made of in instruments.py.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from mmtui.config.convert import Converter
from mmtui.config.errors import ConfigError
from mmtui.config.instruments import Instruments
from mmtui.config.live_venues import RECONCILE_S, misguarded
from mmtui.config.schema import Access, Alerts, Desk, DeskConfig, Guard, InstrumentKeys, Tape, Venue
from mmtui.config.sources import Sources
from mmtui.core.commands import BY_NAME
from mmtui.core.earn.days import day_number
from mmtui.core.earn.programme import Obligation
from mmtui.core.hedging.hands import misplaced
from mmtui.core.hedging.params import Hedge
from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.checks import misfit
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.calendar import CalendarEvent
from mmtui.core.risk.calendar import misplaced as misdated
from mmtui.core.risk.limits import CONFIGURED, Limits
from mmtui.core.setup import DeskSetup, InstrumentSetup, PaperSetup

SECTIONS = ["desk", "venue", "instrument", "quoting", "limits", "paper", "tape", "alerts", "hedge", "obligation",
            "event", "guard", "access"]  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


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
        given = document.get("limits", {})
        limits = to.table({**CONFIGURED, **given} if isinstance(given, dict) else given, Limits, ("limits",))
        paper = self._paper()
        tape = to.table(document.get("tape", {}), Tape, ("tape",))
        guard = to.table(document.get("guard", {}), Guard, ("guard",))
        key, wrong = misguarded(guard)
        if wrong:
            raise self.error(("guard", key), wrong)
        alerts = to.table(document.get("alerts", {}), Alerts, ("alerts",))
        access = to.table(document.get("access", {}), Access, ("access",))
        if limits.admins_raise and not access.admins:
            raise self.error(("limits", "admins_raise"), "nobody is an admin; name users in [access] admins")
        market = Sources(to, venues)
        if self.given is None:
            sources = market.sources(desk)
            found = market.instruments(sources, wanted)
        else:
            sources = []
            found = {item.id: item for item in self.given if item.venue in {venue.id for venue in venues}}
            if not found:
                have = ", ".join(item.id for item in self.given)
                raise self.error(("venue",), f"none of these venues is in the sources; they hold {have}")
            wanted = [keys for keys in wanted if keys.id in found]
        instruments = Instruments(to, profiles, market.prices).setups(wanted, found, venues)
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
            amends=resolve.amends([venue.id for venue in venues]),
            hedges=self._hedges(instruments),
            venue_equity=self._equity(venues),
        )
        return DeskConfig(
            setup=setup, sources=sources, path=self.path, text=self.text, tape=tape, guard=guard, alerts=alerts,
            access=access,
        )

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
