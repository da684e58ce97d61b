"""`mmtui replay SESSION --verify`: the engine again over a recorded session, every effect and the state hash compared.

Rules of this file: reads and compares; nothing is written. A session that a what-if left is run again from its sources.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.core.runner import Machine
from mmtui.review.sessions import find_session
from mmtui.tape.format import instant
from mmtui.tape.reader import TapeReader


def run(args: argparse.Namespace) -> int:
    """The sub-command: JSON on standard output, exit 1 on a difference."""
    directory = find_session(args.session)
    reader = TapeReader(directory)
    if reader.header.source.get("kind") == "whatif" and not reader.count:
        from mmtui.review.whatif import expand

        directory = expand(directory)
    result = verify(directory)
    for sentence in result["damage"]:
        print(f"mmtui: {sentence}", file=sys.stderr)
    if result["first_difference"]:
        print(f"mmtui: {_sentence(result['first_difference'])}", file=sys.stderr)
    print(json.dumps(result))
    return 0 if result["equal"] else 1


def verify(directory: Path) -> dict[str, Any]:
    """Compare a session with what the engine makes of its events now.

    `recorded_hash` is null where the session was never closed; then only effects are compared.
    """
    from mmtui.tape.part import beginning

    reader = TapeReader(directory)
    machine = beginning(reader).engine
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        records, differences, first = compare(reader, machine)
    finally:
        gc.enable()
        gc.unfreeze()
    if first and 0 <= reader.partial_from <= int(first["index"]):
        first["why"] += f"; from record {reader.partial_from} on market events are missing (emergency segment)"
    made, recorded = machine.state_hash(), reader.state_hash if reader.closed else None
    if not first and recorded is not None and made != recorded:
        first = {"index": records, "ts": reader.end, "why": "state hash", "recorded": recorded, "made": made}
    return {
        "session": reader.header.session,
        "records": records,
        "equal": first is None,
        "differences": differences,
        "first_difference": first,
        "hash": made,
        "recorded_hash": recorded,
        "damage": list(reader.damage),
    }


def compare(reader: TapeReader, machine: Machine) -> tuple[int, int, dict[str, Any] | None]:
    """(records read, records whose effects differ, the first difference)."""
    count = differences = 0
    following = 0
    first: dict[str, Any] | None = None
    for index, event, recorded in reader.records():
        if index != following:
            differences += 1
            why = f"records {following} to {index - 1} are lost"
            first = first or {"index": following, "ts": event.ts, "why": why, "recorded": None, "made": None}
        following = index + 1
        count += 1
        made, why = _process(machine, event)
        if made != recorded or why:
            differences += 1
            first = first or {
                "index": index,
                "ts": event.ts,
                "why": why or "effects",
                "event": _plain(event),
                "recorded": [_plain(effect) for effect in recorded],
                "made": [_plain(effect) for effect in made],
            }
    return count, differences, first


def _process(machine: Machine, event: Event) -> tuple[list[Effect], str]:
    try:
        return machine.process(event), ""
    except Exception as error:  # an engine that fails on a recorded event is a difference, not the end of the proof
        return [], f"the engine failed: {type(error).__name__}: {error}"


def _plain(value: msgspec.Struct) -> list[Any]:
    """An event or effect for JSON: its name, then its fields by name."""
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    return [type(value).__name__, msgspec.to_builtins(fields)]


def _sentence(first: dict[str, Any]) -> str:
    return f"record {first['index']} ({instant(first['ts'])}) differs: {first['why']}"
