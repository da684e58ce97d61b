"""`mmtui kill`: needs no engine and no cockpit. It latches KILLED on disk where no host runs, and where one does, it
sends the act and asks until every venue has reported zero open orders of ours.

Rules of this file: it never gives up by itself; it exits 0 only when everything in its scope is proven.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from mmtui.config.paths import state_dir
from mmtui.core.errors import UserError
from mmtui.host import latch
from mmtui.host.ctl import new_id, result, status
from mmtui.host.leftover import left_behind
from mmtui.host.registry import Desk, check_name, desk_names, lookup, lookup_started
from mmtui.link.blocking import BlockingConnection, hello, operator
from mmtui.link.codec import LinkError
from mmtui.link.messages import Cmd

POLL_S = 0.05
#: A host that does not answer for so long is told by signal.
ANSWER_S = 2.0
RETRY_S = 0.5


def run(args: argparse.Namespace) -> int:
    """Carry out `mmtui kill ...`."""
    names = _names(args.name, args.config)
    if not names:
        return _say([], args.json)
    reason = args.reason or "mmtui kill"
    rows: list[dict[str, Any]] = []
    for name in names:  # first every desk is told, then each is waited for
        rows.append(_press(name, reason))
    for row in rows:
        _prove(row, reason)
    return _say(rows, args.json)


def _names(name: str | None, config: Path | None) -> list[str]:
    if name is not None and config is not None:
        raise UserError("give a desk's NAME or --config, not both")
    if config is not None:
        from mmtui.config.load import load_config

        return [load_config(config).setup.name]
    if name is None:
        return [found for found in desk_names() if not found.startswith("replay-")]
    if not (state_dir() / "desks" / check_name(name)).is_dir():
        known = ", ".join(desk_names()) or "none yet"
        raise UserError(f"there is no desk {name!r} (desks: {known})")
    return [name]


def _press(name: str, reason: str) -> dict[str, Any]:
    """Send the act, or latch on disk where there is nobody to send it to."""
    desk = lookup_started(name)
    if desk is None:
        return _latch(name, reason)
    row = {"desk": name, "pid": desk.pid, "how": "host", "proven": False, "open_orders": None}
    if not _send(desk, reason) and lookup(name) is not None:
        # it lives and does not answer: by signal, and on disk for its next life
        _latch(name, reason)
        with contextlib.suppress(ProcessLookupError):
            os.kill(desk.pid, signal.SIGUSR1)
        row["how"] = "signal"
    return row


def _send(desk: Desk, reason: str) -> bool:
    try:
        with BlockingConnection(desk.socket, hello(client="ctl")) as connection:
            return result(connection, Cmd(id=new_id(), action="kill", reason=reason), ANSWER_S).ok
    except LinkError as error:
        print(f"mmtui: desk {desk.name!r}: {error}", file=sys.stderr)
        return False


def _latch(name: str, reason: str) -> dict[str, Any]:
    """No host: the next one starts KILLED. Paper orders live in the host, so there are none; those of a live desk that
    did not end in order are cancelled at the venue, from here."""
    why = f"{reason} by {operator()}"
    latch.save(name, latch.change(latch.load(name), "desk", "KILLED", why))
    row = {"desk": name, "pid": 0, "how": "latched on disk", "proven": True, "open_orders": 0}
    if left_behind(name) is not None:
        row |= {"how": "at the venue, without a host", "proven": False, "open_orders": None}
    return row


def _prove(row: dict[str, Any], reason: str) -> None:
    """Ask until the desk's venues have all said zero; press again when the host has gone meanwhile."""
    name = row["desk"]
    if row["how"] == "at the venue, without a host":
        _out_of_band(row)
        return
    told = time.monotonic()
    while not row["proven"]:
        desk = lookup(name)
        if desk is None:
            row.update(_latch(name, reason))
            return _prove(row, reason) if not row["proven"] else None
        try:
            with BlockingConnection(desk.socket, hello(client="ctl")) as connection:
                while not row["proven"]:
                    body = status(connection, ANSWER_S)
                    row["open_orders"] = sum(item["open_orders"] for item in body["instruments"].values())
                    row["proven"] = body["state"] == "KILLED" and body["kill_proven"] and not row["open_orders"]
                    if body["state"] != "KILLED":
                        _send(desk, reason)
                    if time.monotonic() - told > 2.0 and not row["proven"]:
                        told = time.monotonic()
                        print(f"mmtui: desk {name!r}: {row['open_orders']} orders open, still trying", file=sys.stderr)
                    time.sleep(0.0 if row["proven"] else POLL_S)
        except LinkError:
            time.sleep(RETRY_S)


def _out_of_band(row: dict[str, Any]) -> None:
    """Straight to the venues; what keeps us from that is said, and the row stays unproven."""
    from mmtui.host.outofband import cancel_until_zero

    left = left_behind(row["desk"])
    try:
        if left is None:
            raise UserError(f"desk {row['desk']!r}: what it left at its venues is not known")
        venues = cancel_until_zero(row["desk"], left)
    except UserError as error:
        print(f"mmtui: {error}", file=sys.stderr)
        return
    row.update(proven=True, open_orders=0, venues=venues)


def _say(rows: list[dict[str, Any]], as_json: bool) -> int:
    proven = all(row["proven"] for row in rows)
    if as_json:
        print(json.dumps({"proven": proven, "desks": rows}, ensure_ascii=False))
    elif not rows:
        print("no desk of yours: nothing to kill")
    else:
        for row in rows:
            proof = f"{row['open_orders']} open orders, verified" if row["proven"] else "open orders NOT verified"
            print(f"{row['desk']}: KILLED ({row['how']}), {proof}")
    return 0 if proven else 1
