"""`mmtui ctl`: one act, or the status, over the desk's socket. No event loop: it must start in no time.

Rules of this file: words to a Cmd, a result to a line; the acts themselves are a table in core.commands.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

import msgspec

from mmtui.core.commands import ACTS, BY_NAME, Act
from mmtui.core.errors import SourceError, UserError
from mmtui.host.registry import find
from mmtui.link.acts import typed
from mmtui.link.blocking import BlockingConnection, hello
from mmtui.link.codec import LinkError
from mmtui.link.messages import Cmd, Item, Refused, Status, StatusRequest
from mmtui.link.words import HANDS

#: An act is answered in milliseconds; a shutdown has to prove zero first.
ANSWER_S = 10.0

Value = str | int | float | bool | list[str]


def run(args: argparse.Namespace) -> int:
    """Carry out `mmtui ctl ...`."""
    name, action, rest = split(args.words)
    if action != "status":
        given = arguments(BY_NAME[action], rest)
        act = BY_NAME[action]
        if (args.instrument or args.venue) and not act.scoped:
            raise UserError(f"{action} is for the whole desk: leave --instrument and --venue out")
        cmd = Cmd(
            id=new_id(),
            action=action,
            args=given,
            instrument=args.instrument,
            venue=args.venue,
            reason=args.reason,
        )
    elif rest:
        raise UserError(f"status takes no arguments: {' '.join(rest)}")
    if args.socket and name:
        raise UserError("give a desk's NAME or --socket, not both")
    desk = None if args.socket else find(name, replays=name is not None)
    path = args.socket if desk is None else desk.socket
    try:
        with BlockingConnection(path, hello("admin" if args.admin else "operator", "ctl")) as connection:
            if action == "status":
                return _print_status(status(connection), args.json)
            return _act(connection, cmd, args.json)
    except LinkError as error:
        raise SourceError(f"desk {desk.name!r}: {error}" if desk else str(error)) from None


def split(words: list[str]) -> tuple[str | None, str, list[str]]:
    """[NAME] ACTION [ARGS]: the first word that is an action is the action."""
    for place, word in enumerate(words[:2]):
        if word in BY_NAME or word == "status":
            return (words[0] if place else None), word, words[place + 1 :]
    if not words:
        raise UserError("no action given: status, " + ", ".join(act.name for act in ACTS))
    wrong = words[0] if len(words) == 1 else words[1]
    raise UserError(f"{wrong!r} is no action; there are status, {', '.join(act.name for act in ACTS)}")


def arguments(act: Act, words: list[str]) -> dict[str, Value]:
    """The words after an action, as the engine wants them."""
    if act.name in ("spread", "skew", "size"):
        return {"pct" if act.name == "size" else "bps": _number(act, words)}
    if act.name == "incentive":
        return {"amount": _number(act, words)}
    if act.name in ("set", "limit"):
        return _settings(act, words)
    if act.name == "profile" and len(words) == 1:
        return {"name": words[0]}
    if act.name == "revert":
        return {"keys": words} if words else {}
    if act.name == "cancel":
        return _cancel(words)
    if act.name in HANDS:
        return HANDS[act.name](words)
    if act.name == "stop" and words == ["drain"]:
        return {"drain": True}
    if act.name == "kill" and len(words) == 1:
        return {"profile": words[0]}
    if act.name == "flatten" and len(words) == 1:
        return {"asset": words[0]}
    if words:
        raise UserError(f"usage: mmtui ctl {act.name} {act.args}".rstrip() + f" (not {' '.join(words)!r})")
    return {}


def _number(act: Act, words: list[str]) -> float:
    try:
        [word] = words
        value = float(word.removesuffix("%"))
    except ValueError:
        raise UserError(f"usage: mmtui ctl {act.name} {act.args}: one number, such as -1.0") from None
    if not abs(value) < 1e6:
        raise UserError(f"{act.name} {words[0]}: a finite number of a sensible size")
    return value


def _settings(act: Act, words: list[str]) -> dict[str, Value]:
    given: dict[str, Value] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise UserError(f"usage: mmtui ctl {act.name} KEY=VALUE ... (not {word!r})")
        given[key] = typed(text)
    if not given:
        raise UserError(f"usage: mmtui ctl {act.name} KEY=VALUE ...")
    return given


def _cancel(words: list[str]) -> dict[str, Value]:
    if not words:
        return {}
    if len(words) == 1 and words[0] in ("buy", "sell"):
        return {"side": words[0]}
    if len(words) == 1 and words[0].isdigit():
        return {"order": int(words[0])}
    raise UserError(f"usage: mmtui ctl cancel [ORDER | buy | sell] (not {' '.join(words)!r})")


def new_id() -> str:
    """An idempotency key: unique, and it says who made it."""
    return f"ctl-{os.getpid()}-{os.urandom(4).hex()}"


def status(connection: BlockingConnection, timeout: float = ANSWER_S) -> dict[str, Any]:
    """The desk's status body."""
    connection.send(StatusRequest(id="status"))
    until = time.monotonic() + timeout
    while (message := connection.receive(until - time.monotonic())) is not None:
        if isinstance(message, Status):
            body = msgspec.msgpack.decode(message.body)
            assert isinstance(body, dict)
            return body
        if isinstance(message, Refused):
            raise LinkError(message.why)
    raise LinkError(f"no answer within {timeout:.0f} s")


def result(connection: BlockingConnection, cmd: Cmd, timeout: float = ANSWER_S) -> Item:
    """Send an act and wait for what became of it."""
    connection.send(cmd)
    until = time.monotonic() + timeout
    while (message := connection.receive(until - time.monotonic())) is not None:
        if isinstance(message, Item) and message.kind == "result" and message.command == cmd.id:
            return message
        if isinstance(message, Refused):
            raise LinkError(message.why)
    raise LinkError(f"no answer to {cmd.action} within {timeout:.0f} s")


def _act(connection: BlockingConnection, cmd: Cmd, as_json: bool) -> int:
    item = result(connection, cmd)
    ok = item.ok
    text = item.text
    if ok and cmd.action == "shutdown":
        ok, text = _gone(connection)
    if as_json:
        body = {"ok": ok, "text": text, "desk": connection.welcome.name, "action": cmd.action, "version": item.version}
        print(json.dumps(body, ensure_ascii=False))
    else:
        print(text, file=sys.stdout if ok else sys.stderr)
    return 0 if ok else 1


def _gone(connection: BlockingConnection) -> tuple[bool, str]:
    """Wait until the host has ended: it says first whether zero was verified."""
    verified = False
    until = time.monotonic() + ANSWER_S
    try:
        while (message := connection.receive(until - time.monotonic())) is not None:
            if isinstance(message, Item) and message.code == "shutdown":
                verified = message.ok
            if isinstance(message, Refused):
                break
    except LinkError:
        pass  # it has gone: that is what was asked for
    if verified:
        return True, "shut down: zero open orders, verified"
    return False, "the host has not verified zero open orders"


def _print_status(body: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print(json.dumps(body, ensure_ascii=False))
        return 0
    pnl = body["pnl"]
    print(
        f"{body['name']}  {body['mode']}  {body['state']}  PnL {pnl['total']} {pnl['ccy']}  session {body['session']}"
    )
    for ident, venue in body["venues"].items():
        up = "connected" if venue["connected"] else "DOWN"
        doubt = f", {venue['book']}" if "book" in venue else ""
        print(f"  {ident:<24} {up}, data {venue['age_ms']} ms old, dead man {venue['dead_man']}{doubt}")
    for ident, row in body["instruments"].items():
        legs = row.get("legs")
        held = f"{row['position']}"
        held += f" ({legs['long']['size']} long, {legs['short']['size']} short)" if legs else ""
        print(
            f"  {ident:<24} {row['bid']} / {row['ask']}  position {held}  orders {row['open_orders']}  "
            f"spread {row['spread_bps']} bps  skew {row['skew_bps']} bps  {row['reason']}"
        )
    for asset, row in body["hedges"].items():
        print(
            f"  hedge {asset:<18} {row['text']}, delta {row['delta']:g} of {row['target']:g} ± {row['band']:g}, "
            f"unhedged {row['unhedged_s']:.1f} s"
        )
    return 0
