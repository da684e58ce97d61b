"""Actions to commands: what an action sends, with which arguments, and what its echo says.

Rules of this file: no Textual; the model is read, nothing is changed.
"""

from __future__ import annotations

from uuid import uuid4

from mmtui.core.errors import UserError
from mmtui.link.messages import Cmd
from mmtui.link.words import HANDS
from mmtui.tui.actions import Action
from mmtui.view.model import Model

Args = dict[str, str | int | float | bool | list[str]]


def step_bps(model: Model) -> float:
    """What one key press moves: the larger of one tick and 10 % of the present width."""
    chosen, view = model.instrument, model.view()
    if chosen is None or view is None:
        return 0.0
    tick = float(model.scales[chosen.id].tick) / view.fair * 10_000 if view.fair else 0.0
    width = view.spread_bps or view.base_spread_bps + view.operator_spread_bps
    return round(max(tick, width / 10), 4)


def command(model: Model, action: Action, extra: Args | None = None, reason: str = "") -> Cmd | str:
    """The command of an action, or the sentence why there is none."""
    chosen = model.instrument
    args: Args = dict(action.args) | (extra or {})
    if action.id in ("wider", "tighter", "skew_up", "skew_down") and "bps" not in args:
        step = step_bps(model)
        if not step:
            return "no fair value yet: there is nothing to step"
        args["bps"] = step if action.id in ("wider", "skew_up") else -step
    if action.id == "cancel_order":
        order = next((o for o in model.orders() if o.oid == model.marked), None)
        if order is None:
            return "no order is marked: o marks one"
        args["order"] = order.oid
        return _cmd(model, action, args, order.instrument, None, reason)
    if action.id == "hedge" and action.act == "ticket":
        plan = model.plan("hedge", chosen.base) if chosen is not None else None
        if plan is None:
            return "delta is at its target: there is nothing to hedge"
        ticket = plan.ticket
        args |= {key: ticket[key] for key in ("side", "size", "price", "type")}
        return _cmd(model, action, args, ticket["instrument"], None, reason)
    if action.id == "flatten" and chosen is not None:
        args["asset"] = chosen.base
    instrument = chosen.id if chosen and action.scope == "instrument" else None
    venue = chosen.venue if chosen and action.scope == "venue" else None
    return _cmd(model, action, args, instrument, venue, reason)


def _cmd(model: Model, action: Action, args: Args, instrument: str | None, venue: str | None, reason: str) -> Cmd:
    return Cmd(
        id=uuid4().hex,
        action=action.act,
        args=args,
        instrument=instrument,
        venue=venue,
        version=model.frame.version if model.frame else 0,
        reason=reason,
    )


def label(model: Model, cmd: Cmd) -> str:
    """What the echo says until the engine answers."""
    where = f" {model.label(cmd.instrument)}" if cmd.instrument else f" {model.name(cmd.venue)}" if cmd.venue else ""
    bps = cmd.args.get("bps")
    if isinstance(bps, float):
        return f"{cmd.action}{where} {bps:+.2f} bps"
    pct = cmd.args.get("pct")
    if isinstance(pct, float):
        return f"{cmd.action}{where} {pct:+.0f} %"
    what = cmd.args.get("side") or cmd.args.get("order") or cmd.args.get("asset") or ""
    return f"{cmd.action}{where}{f' {what}' if what else ''}".upper() if cmd.action == "kill" else (
        f"{cmd.action}{where}{f' {what}' if what else ''}"
    )  # fmt: skip


def parse_line(model: Model, line: str) -> tuple[str, Args] | str | None:
    """A typed act: `spread 1.5`, `skew -2`, `size 20`, `set levels=3 size=0.1`, `profile wide`, `revert`,
    `ticket buy 0.1 market`, `hedge off`, `roll TO`.

    None: no such line.
    """
    words = line.split()
    if len(words) == 2 and words[0] == "profile":
        return "profile", {"name": words[1]}
    if words[:1] == ["revert"]:
        return "revert", {"keys": words[1:]} if words[1:] else {}
    if len(words) > 1 and words[0] in HANDS:
        try:
            return words[0], HANDS[words[0]](words[1:])
        except UserError as error:
            return str(error)
    if len(words) < 2 or words[0] not in ("spread", "skew", "size", "set"):
        return None
    if words[0] == "set":
        pairs = [word.partition("=") for word in words[1:]]
        if any(not sign or not value for _, sign, value in pairs):
            return "set KEY=VALUE, with nothing around the ="
        return "set", {key: value for key, _, value in pairs}
    try:
        value = float(words[1].replace("−", "-"))
    except ValueError:
        return f"{words[1]!r} is no number"
    if len(words) > 2 or value != value or abs(value) > 1e6:
        return f"{line!r}: one number, please"
    return words[0], {"pct" if words[0] == "size" else "bps": value}
