"""The monthly report of obligations: every programme over all sessions of a desk.

A day's snapshots may have been taken by several sessions: what each held is added.  A day of the programme in which no
session looked holds nothing, as the venue sees it; days after the last session are not told, nor those before the
first one where the programme has no first day of its own.
Rules of this file: reads last states; plain data in, Markdown out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mmtui.core.earn.days import day_number, day_text
from mmtui.core.earn.incentives import ESTIMATED
from mmtui.core.earn.obligations import DAY_S, SECOND
from mmtui.core.engine import Engine
from mmtui.core.errors import UserError
from mmtui.review.report_text import table
from mmtui.review.shift import days, final
from mmtui.tape.reader import TapeReader


class Month(NamedTuple):
    """First and last day, as numbers since 1970."""

    text: str
    first: int
    last: int


def month_of(text: str) -> Month:
    """2026-11; UserError for what is none."""
    if re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) is None or text < "1970":
        raise UserError(f"--month {text!r}: write a month as 2026-11")
    year, month = int(text[:4]), int(text[5:])
    following = f"{year + month // 12:04d}-{month % 12 + 1:02d}-01"
    return Month(text, day_number(f"{text}-01"), day_number(following) - 1)


def gather_month(folders: Iterable[Path], month: Month, desk: str = "") -> list[dict[str, Any]]:
    """A row a desk and programme: what each day of the month held. Sessions that cannot be read are passed over."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for folder in folders:
        reader = _reader(folder)
        if reader is None or (desk and reader.header.setup.name != desk) or not reader.header.setup.obligations:
            continue
        begun, ended = (ts // SECOND // DAY_S for ts in (reader.start, reader.end))
        if not reader.count or ended < month.first or begun > month.last:
            continue
        _add(found, final(folder), begun, ended)
    return [_summed(one, month) for one in found.values()]


def _reader(folder: Path) -> TapeReader | None:
    try:
        return TapeReader(folder)
    except UserError:
        return None


def _add(found: dict[tuple[str, str], dict[str, Any]], engine: Engine, begun: int, ended: int) -> None:
    """The days of one session; its programmes count with their newest terms."""
    for meter in engine.obligations.meters:
        key = (engine.setup.name, meter.terms.name)
        fresh = {"desk": key[0], "name": key[1], "days": {}, "sessions": 0, "until": 0, "since": begun}
        one = found.setdefault(key, fresh)
        one["sessions"] += 1
        one["until"], one["since"] = max(one["until"], ended), min(one["since"], begun)
        one |= {"total": meter.total, "required": meter.required, "first": meter.first, "last": meter.last}
        one |= {"reward": meter.terms.reward_per_day, "currency": engine.setup.currency}
    for day in days(engine):
        so_far = found[engine.setup.name, day["name"]]["days"]
        taken, held = so_far.get(day["day"], (0, 0))
        so_far[day["day"]] = (min(day["total"], taken + day["taken"]), min(day["total"], held + day["held"]))


def _summed(one: dict[str, Any], month: Month) -> dict[str, Any]:
    first, last = max(month.first, one["first"] or one["since"]), min(month.last, one["last"], one["until"])
    rows = []
    for day in range(first, last + 1):
        taken, held = one["days"].get(day, (0, 0))
        share, earned = held / one["total"], held >= one["required"]
        rows.append({"day": day_text(day), "taken": taken, "held": held, "share": share, "earned": earned})
    earned_days = sum(row["earned"] for row in rows)
    return {
        "desk": one["desk"],
        "name": one["name"],
        "month": month.text,
        "sessions": one["sessions"],
        "snapshots_a_day": one["total"],
        "required_a_day": one["required"],
        "days": rows,
        "earned_days": earned_days,
        "reward": f"{earned_days * one['reward']:,.2f} {one['currency']}" if one["reward"] else "",
        "share": sum(row["held"] for row in rows) / (one["total"] * len(rows)) if rows else 0.0,
    }


def month_markdown(rows: list[dict[str, Any]], month: Month) -> str:
    """The monthly report."""
    blocks = [f"# Obligations in {month.text}"]
    for one in rows:
        asked = one["required_a_day"] / one["snapshots_a_day"]
        body = [
            [row["day"], f"{row['taken']:,}", f"{row['held']:,}", f"{row['share']:.1%}", ("NO", "yes")[row["earned"]]]
            for row in one["days"]
        ]
        text = (
            f"{one['earned_days']} of {len(one['days'])} days earned ({asked:.1%} of {one['snapshots_a_day']:,}"
            f" snapshots asked a day); {one['share']:.1%} of all snapshots held; {one['sessions']} sessions."
        )
        if one["reward"]:
            text += f" {one['reward']} for the days ({ESTIMATED}; what its fills earned beside it is in the PnL)."
        head = table(["day (UTC)", "looked at", "held", "share of the day", "earned"], body)
        blocks.append(f"## {one['name']} · desk {one['desk']}\n\n{text}\n\n{head}")
    if not rows:
        blocks.append("No session of this month has an obligation.")
    return "\n\n".join(blocks) + "\n"
