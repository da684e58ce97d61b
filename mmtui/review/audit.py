"""`mmtui audit verify SESSION`: is the record whole, and is it the one that was written? And `mmtui audit roots`.

Checks the chain of chunk hashes, the checks of the tail's records, the end that was signed off and the side journal.
Operators' acts are listed: who (user id, role, origin), what, before and after.
Rules of this file: reads only, knows nothing of what market and orders mean (`replay --verify` does).
"""

from __future__ import annotations

import argparse
import contextlib
import json
from pathlib import Path
from typing import Any

from mmtui.config.paths import sessions_dir
from mmtui.core.effects import Effect, Result
from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import Command
from mmtui.review.sessions import find_session
from mmtui.tape.format import instant
from mmtui.tape.journal import check_journal
from mmtui.tape.reader import TapeReader


def run(args: argparse.Namespace) -> int:
    """The sub-command: exit 1 when something does not fit."""
    if args.verify == "roots":
        return _roots(args)
    if not args.session:
        raise UserError("mmtui audit verify SESSION: which one? `mmtui sessions` lists them")
    result = audit(find_session(args.session))
    if args.json:
        print(json.dumps(result))
    else:
        for act in result["acts"]:
            print(_sentence(act))
        for sentence in result["problems"]:
            print(sentence)
        end = "closed" if result["closed"] else "not closed: running, or its host died"
        verdict = "whole" if result["ok"] else "NOT whole"
        print(
            f"{result['session']}: {verdict}, {end}: {result['records']:,} records in {result['chunks']} chunks and a"
            f" tail of {result['tail_records']}, {result['journal']} lines of journal, chain {result['chain'][:16]}"
        )
    return 0 if result["ok"] else 1


def _roots(args: argparse.Namespace) -> int:
    """The end of each session's chain: kept where nobody of this machine can write, it proves what stands here."""
    if args.session:
        raise UserError("mmtui audit roots is of every session: leave SESSION out")
    rows = roots()
    if args.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(f"{row['session']}  {row['records']:>12,}  {'closed' if row['closed'] else 'open  '}  {row['chain']}")
    return 0


def roots() -> list[dict[str, Any]]:
    """Session, records, whether it is closed, and its chain so far; by name. What cannot be read is left out."""
    found = []
    for path in sorted(path for path in sessions_dir().iterdir() if path.is_dir()):
        with contextlib.suppress(SourceError):
            reader = TapeReader(path)
            body = {"session": path.name, "records": reader.count, "closed": reader.closed, "chain": reader.chain.hex()}
            found.append(body)
    return found


def audit(directory: Path) -> dict[str, Any]:
    """What was checked, and every problem as a sentence."""
    reader = TapeReader(directory)
    acts = [_act(index, event, effects) for index, event, effects in reader.records() if isinstance(event, Command)]
    problems = list(reader.damage)
    lines, wrong = check_journal(directory)
    problems += wrong
    return {
        "session": reader.header.session,
        "ok": not problems,
        "closed": reader.closed,
        "records": reader.count,
        "chunks": len(reader.chunks),
        "tail_records": len(reader.tail_records),
        "journal": lines,
        "chain": reader.chain.hex(),
        "state_hash": reader.state_hash or None,
        "acts": acts,
        "problems": problems,
    }


def _act(index: int, event: Command, effects: list[Effect]) -> dict[str, Any]:
    """An operator's act as the tape has it: who, what, what it was before and after."""
    result = next((effect for effect in effects if isinstance(effect, Result)), None)
    return {
        "record": index,
        "ts": event.ts,
        "operator": event.operator,
        "uid": event.uid,
        "role": event.role,
        "origin": event.origin,
        "action": event.action,
        "args": event.args,
        "reason": event.reason,
        "ok": result.ok if result else None,
        "text": result.text if result else "",
        "before": result.before if result else "",
        "after": result.after if result else "",
    }


def _sentence(act: dict[str, Any]) -> str:
    who = f"{act['operator']} (uid {act['uid']}, {act['role']}, {act['origin']})"
    what = act["action"] if act["args"] == "{}" else f"{act['action']} {act['args']}"
    change = f": {act['before']} -> {act['after']}" if act["before"] or act["after"] else f": {act['text']}"
    reason = f" ({act['reason']})" if act["reason"] else ""
    refused = " REFUSED" if act["ok"] is False else ""
    return f"record {act['record']}, {instant(act['ts'])}: {who}: {what}{refused}{change}{reason}"
