"""Quoting parameters in force: set by name, another profile, back to the profile; who changed what, and when.

Rules of this file: everything is checked before anything is changed; what is refused changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mmtui.core.errors import Refusal
from mmtui.core.events import Command
from mmtui.core.quoting.checks import misfit
from mmtui.core.quoting.params import Quoting, in_words
from mmtui.core.quoting.params_guards import needs_lead
from mmtui.core.zone_side import blind

if TYPE_CHECKING:
    from mmtui.core.engine import Engine


class Swap(NamedTuple):
    """Other parameters for an instrument, and the profile that they are said to be of."""

    i: int
    before: Quoting
    after: Quoting
    was: str
    profile: str

    def back(self) -> Swap:
        return Swap(self.i, self.after, self.before, self.profile, self.was)


class Changed(NamedTuple):
    """The last change of one parameter of one instrument."""

    ts: int
    by: str
    before: str  # JSON


def changed(engine: Engine, i: int, params: Quoting, args: Mapping[str, Any]) -> Quoting:
    """Parameters with some of them changed. Refusal: one sentence that names the key and what is allowed."""
    table = msgspec.to_builtins(params)
    unknown = [key for key in args if key not in table]
    if unknown:
        raise Refusal(f"no quoting parameter {unknown[0]!r}; there are {', '.join(table)}")
    table.update(args)
    try:
        new = msgspec.convert(table, Quoting, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal(in_words(error, args)) from None
    if not all(isfinite(value) for value in msgspec.structs.astuple(new) if isinstance(value, float)):
        raise Refusal("a number must be finite")
    key, why = misfit(new)
    if key:
        raise Refusal(f"{key} {why}")
    if new.leg and engine.setup.index(new.leg) in (-1, i):
        raise Refusal(f"leg {new.leg!r} is no other instrument of this desk")
    if needs_lead(new) and engine.setup.index(new.fair_source) < 0:
        raise Refusal(f"fair_source {new.fair_source!r} is no instrument of this desk")
    if new.zone_rules and (unseen := blind(engine.setup.instruments, i, new.zone_rules)):
        raise Refusal(f"zone_rules: {unseen}")
    lot = engine.accounts[i].grid.lot
    if "size" in args and Decimal(repr(new.size)) < lot:
        raise Refusal(f"size={new.size:g} is below one lot of {engine.name(i)}; give at least {lot.normalize():f}")
    return new


def differences(swap: Swap) -> tuple[str, str]:
    """What a swap changes, before and after, as JSON."""
    old, new = msgspec.to_builtins(swap.before), msgspec.to_builtins(swap.after)
    keys = [key for key in old if old[key] != new[key]]
    before = {key: old[key] for key in keys}
    after = {key: new[key] for key in keys}
    if swap.was != swap.profile:
        before["profile"], after["profile"] = swap.was, swap.profile
    return json.dumps(before, sort_keys=True), json.dumps(after, sort_keys=True)


class Parameters:
    """Of the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.profiles = [item.profile for item in engine.setup.instruments]  # in force, by instrument
        self.changed: list[dict[str, Changed]] = [{} for _ in engine.setup.instruments]

    def profile(self, i: int, name: str) -> Quoting:
        """A profile as the config has it. Refusal when it has none of that name."""
        setup = self.engine.setup
        item = setup.instruments[i]
        if name == item.profile:
            return item.quoting
        found = setup.profiles.get(name)
        if found is None:
            have = ", ".join(dict.fromkeys([item.profile, *setup.profiles]))
            raise Refusal(f"no profile {name!r} for {self.engine.name(i)}; there are {have}")
        return found

    def now(self, i: int) -> tuple[Quoting, str]:
        """Parameters and profile in force."""
        return self.engine.quoters[i].params, self.profiles[i]

    def put(self, event: Command, swaps: Sequence[Swap]) -> None:
        """Parameters that have been checked are in force from here."""
        engine = self.engine
        for swap in swaps:
            i, quoter = swap.i, engine.quoters[swap.i]
            old, new = msgspec.to_builtins(swap.before), msgspec.to_builtins(swap.after)
            for key, value in old.items():
                if new[key] != value:
                    self.changed[i][key] = Changed(event.ts, event.operator, json.dumps(value))
            self.profiles[i] = swap.profile
            quoter.derive(swap.after)
            engine.gate.position_limits[i] = quoter.capped()
        if swaps:
            engine.market.link_sources()
            engine.version += 1
        for swap in swaps:
            engine.market.requote(swap.i)

    def _swap(self, i: int, after: Quoting, profile: str) -> Swap:
        before, was = self.now(i)
        return Swap(i, before, after, was, profile)

    # -- the acts: (text, swaps) each; nothing is changed here ---------------------------------------------------------

    def set(self, scope: list[int], args: dict[str, Any]) -> tuple[str, list[Swap]]:
        """Some parameters by name, on every instrument in scope."""
        if not args:
            raise Refusal("set needs KEY=VALUE")
        swaps = []
        for i in scope:
            params, profile = self.now(i)
            swaps.append(self._swap(i, changed(self.engine, i, params, args), profile))
        return f"set {', '.join(f'{k}={v}' for k, v in args.items())}", swaps

    def use(self, scope: list[int], args: dict[str, Any]) -> tuple[str, list[Swap]]:
        """Another profile of the config."""
        name = args.get("name")
        if not isinstance(name, str) or not name:
            raise Refusal("profile needs the NAME of one")
        return f"profile {name}", [self._swap(i, self._fitting(i, name), name) for i in scope]

    def _fitting(self, i: int, name: str) -> Quoting:
        found = self.profile(i, name)
        return changed(self.engine, i, found, {"size": found.size})

    def revert(self, scope: list[int], args: dict[str, Any]) -> tuple[str, list[Swap]]:
        """The named parameters, or all, as the profile in force has them."""
        keys = args.get("keys") or []
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise Refusal("revert takes names of parameters")
        swaps = []
        for i in scope:
            now, name = self.now(i)
            plain = self.profile(i, name)
            table = msgspec.to_builtins(plain)
            unknown = [key for key in keys if key not in table]
            if unknown:
                raise Refusal(f"no quoting parameter {unknown[0]!r}; there are {', '.join(table)}")
            after = changed(self.engine, i, now, {key: table[key] for key in keys}) if keys else plain
            swaps.append(self._swap(i, after, name))
        return f"{', '.join(keys) or 'everything'} back to the profile", swaps

    def differs(self, i: int) -> dict[str, tuple[str, str]]:
        """Key -> (in the profile, in force), as JSON, where they differ."""
        plain = msgspec.to_builtins(self.profile(i, self.profiles[i]))
        now = msgspec.to_builtins(self.engine.quoters[i].params)
        return {key: (json.dumps(plain[key]), json.dumps(value)) for key, value in now.items() if plain[key] != value}

    def digest(self) -> tuple[object, ...]:
        return (self.profiles,)
