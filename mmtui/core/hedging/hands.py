"""The acts of ticket, hedge and roll: what an operator may ask of them, and the answer.

Rules of this file: arguments are checked here; a bad one changes nothing.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from mmtui.core.errors import Refusal
from mmtui.core.events import Command
from mmtui.core.hedging import roll
from mmtui.core.hedging.params import Hedge
from mmtui.core.market.instrument import plain
from mmtui.core.quoting.params import in_words

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

Answer = tuple[str, str, str]


class Hands:
    """Acts on the engine that owns it; each answers (text, before, after) or refuses."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def ticket(self, event: Command, args: dict[str, Any]) -> Answer:
        """One order by hand; with `preview` it is only priced."""
        engine = self.engine
        ticket = engine.tickets.read(event.i, args, event.operator)
        if args.get("preview"):
            quote = engine.setup.instruments[ticket.i].instrument.quote
            return f"{ticket.text}: expected cost {ticket.expected:.2f}, worst {ticket.worst:.2f} {quote}", "", ""
        text = engine.tickets.send(ticket)
        engine.version += 1
        return text, "", ""

    def hedge(self, event: Command, args: dict[str, Any]) -> Answer:
        """The hedger of one asset (or of all that have one): how it stands, on, off, or other parameters."""
        engine = self.engine
        given = {key: value for key, value in args.items() if key not in ("op", "asset")}
        op, assets = str(args.get("op", "")), self._assets(event, args)
        if op not in ("", "on", "off", "set"):
            raise Refusal(f"hedge takes on, off or set KEY=VALUE, not {op!r}")
        if op == "set" and not given:
            raise Refusal("hedge set needs KEY=VALUE")
        if not op:
            return "; ".join(self._state(asset) for asset in assets), "", ""
        if op != "set":
            given["on"] = op == "on"
        before = self._texts(assets, given)
        new = {asset: self._params(asset, given) for asset in assets}
        for asset, params in new.items():
            engine.hedger.change(asset, params)
        words = "; ".join(self._state(asset) for asset in assets)
        return words, before, self._texts(assets, given)

    def _assets(self, event: Command, args: dict[str, Any]) -> list[str]:
        engine = self.engine
        every = engine.tasks.desk.assets()
        asset = str(args.get("asset", ""))
        if not asset and event.i >= 0:
            asset = engine.setup.instruments[event.i].instrument.base
        if asset and asset not in every:
            raise Refusal(f"no asset {asset!r} on this desk; there are {', '.join(every)}")
        if asset:
            return [asset]
        found = list(engine.hedger.assets) or (every if len(every) == 1 else [])
        if not found:
            raise Refusal(f"hedge which asset: {', '.join(every)}?")
        return found

    def _params(self, asset: str, given: dict[str, Any]) -> Hedge:
        hedge = self.engine.hedger.assets.get(asset)
        if hedge is None and "band" not in given:
            raise Refusal(f"{asset} has no hedge band: give one first, such as hedge set band=0.1")
        table = msgspec.to_builtins(hedge.params) if hedge is not None else {}
        unknown = [key for key in given if key not in Hedge.__struct_fields__]
        if unknown:
            raise Refusal(f"no hedge parameter {unknown[0]!r}; there are {', '.join(Hedge.__struct_fields__)}")
        names = given.get("instruments")
        if isinstance(names, str):
            given = {**given, "instruments": [name for name in names.split(",") if name]}
        table.update(given)
        try:
            params = msgspec.convert(table, Hedge, strict=False)
        except msgspec.ValidationError as error:
            raise Refusal(in_words(error, given)) from None
        if not all(isfinite(value) for value in msgspec.structs.astuple(params) if isinstance(value, float)):
            raise Refusal("a number must be finite")
        if wrong := misplaced(params, asset, self._ids(asset)):
            raise Refusal(wrong)
        return params

    def _ids(self, asset: str) -> list[str]:
        items = [item.instrument for item in self.engine.setup.instruments]
        return [one.id for one in items if one.base == asset]

    def _state(self, asset: str) -> str:
        hedge = self.engine.hedger.assets.get(asset)
        if hedge is None:
            return f"hedge {asset}: no band"
        delta = plain(round(self.engine.tasks.desk.net(asset), 8))
        words = self.engine.hedger.words(asset)
        return f"hedge {asset}: {words}; delta {delta} off target, band {hedge.params.band:g}"

    def _texts(self, assets: list[str], given: dict[str, Any]) -> str:
        held = self.engine.hedger.assets
        found = {
            asset: {key: getattr(held[asset].params, key, None) for key in given} for asset in assets if asset in held
        }
        return json.dumps(found, sort_keys=True)

    def roll(self, event: Command, args: dict[str, Any]) -> Answer:
        """Move the position of one contract to another of its asset; with `preview` it is only priced."""
        engine, source = self.engine, event.i
        if source < 0:
            raise Refusal("roll needs the instrument that it rolls from")
        to = engine.setup.index(str(args.get("to", "")))
        items = engine.setup.instruments
        if to < 0 or to == source or items[to].instrument.base != items[source].instrument.base:
            raise Refusal(f"{str(args.get('to', ''))!r} is no other instrument of {items[source].instrument.base} here")
        if "spot" in (items[source].instrument.kind, items[to].instrument.kind):
            raise Refusal("a roll is between two contracts, not spot")
        desk, account = engine.tasks.desk, engine.accounts[source]
        lots = abs(account.position)
        if args.get("size", "") != "":
            lots = engine.tickets.whole(args["size"], account.grid.lot, account.lot_step, "size of the roll")
        if not 0 < lots <= abs(account.position):
            held = account.grid.size_text(account.position)
            raise Refusal(f"the position on {engine.name(source)} is {held}: there is not so much to roll")
        dead = [engine.name(i) for i in (source, to) if not desk.live(i)]
        if dead:
            raise Refusal(f"{dead[0]} is dead: nothing can be rolled")
        plan = roll.plan(desk, source, to, lots)
        if args.get("preview"):
            quote = items[source].instrument.quote
            return f"{plan.text}: expected cost {plan.expected:.2f}, worst {plan.worst:.2f} {quote}", "", ""
        why = engine.tasks.begin_roll(source, to, lots, args.get("post_only") is True, event.operator)
        if why:
            raise Refusal(why)
        return f"{plan.text} begun", "", ""


def misplaced(params: Hedge, asset: str, ids: list[str]) -> str:
    """What is wrong with the instruments of a hedge; "" when nothing is."""
    for name in params.instruments:
        if name not in ids:
            return f"{name!r} is no instrument of {asset} on this desk; there are {', '.join(ids)}"
    return ""
