"""`mmtui report SESSION...`: the handover of a shift, Markdown on standard output; with --obligations the month's.

Rules of this file: finds sessions and prints; what is said is made in shift.py, report_text.py and report_month.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mmtui.config.paths import sessions_dir
from mmtui.core.errors import UserError
from mmtui.review.report_month import gather_month, month_markdown, month_of
from mmtui.review.report_text import markdown, money_text, table
from mmtui.review.sessions import find_session
from mmtui.review.shift import gather


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    if args.obligations:
        return _month(args)
    if args.month or args.desk:
        raise UserError("--month and --desk belong to --obligations")
    if not args.session:
        raise UserError("name a session, or give --obligations --month 2026-11; `mmtui sessions` lists them")
    shifts = [gather(find_session(name)) for name in args.session]
    if args.json:
        print(json.dumps(shifts if len(shifts) > 1 else shifts[0]))
        return 0
    texts = [markdown(shift, args.charts) for shift in shifts]
    if len(shifts) > 1:
        texts.append(_all(shifts))
    print("\n".join(texts), end="")
    return 0


def _all(shifts: list[dict[str, Any]]) -> str:
    """All sessions in one table; sums a currency."""
    body = [[one["session"], one["ccy"], money_text(one["pnl"]["total"])] for one in shifts]
    for ccy in dict.fromkeys(one["ccy"] for one in shifts):
        total = sum(float(one["pnl"]["total"]) for one in shifts if one["ccy"] == ccy)
        body.append(["**all**", ccy, money_text(f"{total:.2f}")])
    return f"# All {len(shifts)} sessions\n\n{table(['session', 'ccy', 'PnL'], body, left=2)}\n"


def _month(args: argparse.Namespace) -> int:
    if not args.month:
        raise UserError("--obligations needs a month: --month 2026-11")
    month = month_of(args.month)
    folders: list[Path] = [find_session(name) for name in args.session]
    folders = folders or sorted(path for path in sessions_dir().iterdir() if path.is_dir())
    rows = gather_month(folders, month, args.desk or "")
    print(json.dumps(rows) if args.json else month_markdown(rows, month), end="\n" if args.json else "")
    return 0
