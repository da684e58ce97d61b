"""`mmtui audit verify SESSION`: is the record whole, and is it the one that was written?

Checks the chain of chunk hashes, the checks of the tail's records, the end that was signed off and the side journal.
Rules of this file: reads only, knows nothing of what the records mean (`replay --verify` does).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mmtui.review.sessions import find_session
from mmtui.tape.journal import check_journal
from mmtui.tape.reader import TapeReader


def run(args: argparse.Namespace) -> int:
    """The sub-command: exit 1 when something does not fit."""
    result = audit(find_session(args.session))
    if args.json:
        print(json.dumps(result))
    else:
        for sentence in result["problems"]:
            print(sentence)
        end = "closed" if result["closed"] else "not closed: running, or its host died"
        verdict = "whole" if result["ok"] else "NOT whole"
        print(
            f"{result['session']}: {verdict}, {end}: {result['records']:,} records in {result['chunks']} chunks and a"
            f" tail of {result['tail_records']}, {result['journal']} lines of journal, chain {result['chain'][:16]}"
        )
    return 0 if result["ok"] else 1


def audit(directory: Path) -> dict[str, Any]:
    """What was checked, and every problem as a sentence."""
    reader = TapeReader(directory)
    problems = list(reader.check())
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
        "problems": problems,
    }
