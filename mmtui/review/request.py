"""What a what-if is asked to do: sources, desk setup, overrides.

Rules of this file: turns arguments into a Request, with one sentence for every mistake; runs nothing.
"""

from __future__ import annotations

import argparse
import json
import secrets
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import Event
from mmtui.core.ledger.ledger import DOLLARS
from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.checks import misfit
from mmtui.core.quoting.params import Quoting, in_words
from mmtui.core.quoting.params_guards import needs_lead
from mmtui.core.setup import DeskSetup
from mmtui.core.zone_side import blind

#: Length of a synthetic what-if without --seconds.
SYNTHETIC_S = 300
START_NS = 1_700_000_000_000_000_000


class Request:
    """Sources opened and a desk made for them."""

    def __init__(
        self,
        setup: DeskSetup,
        events: Callable[[], Iterator[Event]],
        sources: list[dict[str, Any]],
        progress: Callable[[], float],
        finish: Callable[[], None],
    ) -> None:
        self.setup = setup
        self.events = events
        self.sources = sources
        self.progress = progress
        self.finish = finish
        self.session = ""

    def described(self) -> list[dict[str, Any]]:
        return self.sources

    def directory(self, out: str | None) -> Path:
        """Where the session goes: --out, or a new folder under the sessions of this user."""
        if out:
            from mmtui.review.importer import target

            return target(out)
        from mmtui.config.paths import sessions_dir
        from mmtui.tape.format import new_session

        self.session = f"{new_session('whatif', time.time_ns())}{secrets.token_hex(1)}"
        return sessions_dir() / self.session


def prepare(args: argparse.Namespace) -> Request:
    """From the command line."""
    overrides = [parse_set(text) for text in args.set or []]
    config = Path(args.config) if args.config else None
    request = open_sources(list(args.source), config, getattr(args, "seconds", None), getattr(args, "seed", None))
    request.setup = override(request.setup, overrides)
    return request


def again(header: Any) -> Request:
    """From the header of a what-if session: the same sources, if they are the same still."""
    sources = header.source["sources"]
    names = [str(source["path"]) for source in sources]
    for source in sources:
        if source.get("sha256") and file_sha256(Path(source["path"])) != source["sha256"]:
            raise SourceError(f"{source['path']}: is not the file that this what-if was run on")
    return open_sources(names, header.setup, sources[0].get("seconds"), None)


def open_sources(
    names: list[str], desk_of: Path | DeskSetup | None, seconds: float | None, seed: int | None
) -> Request:
    """`desk_of`: a config, a setup that is known already, or None for default parameters."""
    if not names:
        raise UserError("no source was given: name capture files, a session, or synthetic:SCENARIO[:SEED]")
    if any(name.startswith("synthetic:") for name in names):
        if len(names) > 1:
            raise UserError("a synthetic market is a source alone")
        return _synthetic(names[0], desk_of, seconds or SYNTHETIC_S, seed)
    return _recorded(names, desk_of, seed, seconds)


def _setup_of(desk_of: Path | DeskSetup | None, instruments: list[Instrument]) -> DeskSetup | None:
    if not isinstance(desk_of, Path):
        return desk_of
    from mmtui.config.load import load_config

    return load_config(desk_of, instruments).setup


def _synthetic(name: str, desk_of: Path | DeskSetup | None, seconds: float, seed: int | None) -> Request:
    from mmtui.venues.synthetic.market import SCENARIOS, SyntheticMarket

    _, scenario, number, *_ = [*name.split(":"), "", ""]
    if scenario not in SCENARIOS:
        raise UserError(f"no scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
    if number and not number.isdecimal():
        raise UserError(f"{name}: the seed is a whole number")
    seed = int(number or seed or 1)

    def market() -> Any:
        return SyntheticMarket(seed, scenario, START_NS)

    instruments = market().setup_instruments()
    made = _setup_of(desk_of, instruments) or desk(instruments, {}, seed)
    here = {"last": START_NS}
    end = START_NS + int(seconds * 1e9)

    def events() -> Iterator[Event]:
        for event in market().events(*places(made)):
            if event.ts > end:
                return
            here["last"] = event.ts
            yield event

    described = [{"path": f"synthetic:{scenario}:{seed}", "seconds": seconds}]
    return Request(made, events, described, lambda: (here["last"] - START_NS) / (end - START_NS), lambda: None)


def _recorded(names: list[str], desk_of: Path | DeskSetup | None, seed: int | None, seconds: float | None) -> Request:
    from mmtui.review.inputs import open_inputs

    inputs = open_inputs(names)
    setup = _setup_of(desk_of, inputs.instruments)
    if setup is None:
        setup = inputs.setup or desk(inputs.instruments, inputs.price_hint, seed or 1)
    elif not any(setup.index(item.id) >= 0 for item in inputs.instruments):
        have = ", ".join(item.id for item in inputs.instruments)
        raise UserError(f"none of the config's instruments is in the sources; they hold {have}")
    if seed is not None:
        setup = msgspec.structs.replace(setup, seed=seed)
    made = setup
    sources = [{**describe(Path(name)), **({"seconds": seconds} if seconds else {})} for name in names]
    return Request(
        made,
        lambda: limited(inputs.events(*places(made)), seconds),
        sources,
        inputs.progress,
        inputs.finish,
    )


def limited(events: Iterator[Event], seconds: float | None) -> Iterator[Event]:
    """The first so many seconds of the source's clock; everything where none are named."""
    return _first(events, seconds) if seconds else events


def _first(events: Iterator[Event], seconds: float) -> Iterator[Event]:
    end = 0
    for event in events:
        end = end or event.ts + int(seconds * 1e9)
        if event.ts > end:
            return
        yield event


def describe(path: Path) -> dict[str, Any]:
    """A source as the session remembers it."""
    return {"path": str(path.resolve()), "sha256": file_sha256(path)} if path.is_file() else {"path": str(path)}


def file_sha256(path: Path) -> str:
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    return digest.hexdigest()


def places(setup: DeskSetup) -> tuple[dict[str, int], dict[str, int]]:
    """Instrument and venue tables of a desk."""
    return (
        {item.instrument.id: i for i, item in enumerate(setup.instruments)},
        {venue: v for v, venue in enumerate(setup.venues)},
    )


def desk(instruments: list[Instrument], hints: dict[str, float], seed: int) -> DeskSetup:
    """Default parameters on every instrument, in a currency that everything converts to; spot with a treasury, which
    a configured desk has as well."""
    from mmtui.config.defaults import default_baseline, default_setup
    from mmtui.venues.resolve import amends

    currency = "USDT"
    settled = {item.settle for item in instruments if item.kind != "inverse"}
    if settled and not settled & (DOLLARS | {item.base for item in instruments}):
        currency = sorted(settled)[0]
    how = amends([item.venue for item in instruments])
    setup = default_setup(instruments, "whatif", currency, price_hint=hints, seed=seed, amends=how)
    items = [
        msgspec.structs.replace(item, baseline=default_baseline(item.instrument, item.quoting))
        for item in setup.instruments
    ]
    return msgspec.structs.replace(setup, instruments=items)


def parse_set(text: str) -> tuple[str, object]:
    """KEY=VALUE; a value that is JSON is that, else it is text."""
    key, found, value = text.partition("=")
    if not found or not key:
        raise UserError(f"--set {text}: KEY=VALUE is wanted")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def override(setup: DeskSetup, sets: list[tuple[str, object]]) -> DeskSetup:
    """Quoting keys go to every instrument; limits.KEY, paper.KEY, and max_position, target, baseline as they say."""
    for key, value in sets:
        head, dot, rest = key.partition(".")
        if dot and head in ("limits", "paper"):
            part = getattr(setup, head)
            setup = msgspec.structs.replace(setup, **{head: _with(part, rest, value, key)})
        elif key in ("max_position", "target", "baseline"):
            items = [msgspec.structs.replace(item, **{key: str(value)}) for item in setup.instruments]
            setup = msgspec.structs.replace(setup, instruments=items)
        else:
            items = [
                msgspec.structs.replace(item, quoting=_with(item.quoting, key, value, key))
                for item in setup.instruments
            ]
            setup = msgspec.structs.replace(setup, instruments=items)
    for item in setup.instruments:
        name, why = misfit(item.quoting)
        if name:
            raise UserError(f"--set {name}: {why}")
        if needs_lead(item.quoting) and setup.index(item.quoting.fair_source) < 0:
            raise UserError(f"--set fair_source={item.quoting.fair_source}: is no instrument here")
        if unseen := blind(setup.instruments, setup.index(item.instrument.id), item.quoting.zone_rules):
            raise UserError(f"--set zone_rules: {unseen}")
    return setup


def _with(part: Any, key: str, value: object, said: str) -> Any:
    table = msgspec.to_builtins(part)
    if key not in table:
        more = ", limits.KEY, paper.KEY, max_position, target, baseline" if isinstance(part, Quoting) else ""
        raise UserError(f"--set {said}: there is no such key; there are {', '.join(table)}{more}")
    table[key] = value
    try:
        return msgspec.convert(table, type(part), strict=False)
    except msgspec.ValidationError as error:
        raise UserError(f"--set {said}: {in_words(error, {key: value})}") from None
