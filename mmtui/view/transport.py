"""The transport bar of a replay: where on the tape, how fast, what happened where.

Rules of this file: rows only.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmtui.link.replayed import Mark, ReplayView
from mmtui.view import formats as fmt
from mmtui.view.rows import Row, Span, clean, clip, cut

_MARK = {
    "fill": ("f", "own"), "alert": ("!", "warn"), "key": ("k", "hot"), "whatif": ("≠", "danger"),
    "bookmark": ("◆", "own"),
}  # fmt: skip
_RANK = {"alert": 0, "fill": 1, "key": 2, "whatif": 3, "bookmark": 4}


def transport(view: ReplayView, cells: int, bookmarks: Sequence[int] = ()) -> Row:
    """Play state, time, speed, the tape with its marks, the key that the operator pressed last."""
    play = "▶" if view.playing else "▮▮"
    head: list[Span] = [
        (f" {play:<2} ", "hot"),
        (f"{fmt.date(view.at)} " if cells >= 100 else "", "dim"),
        (fmt.clock(view.at, millis=True), "bright"),
        (f" ×{view.speed:g} ".ljust(7), "text"),
    ]
    key = clean(view.last_key)
    key = cut(key, 28 if cells >= 100 else 14)
    tail: list[Span] = [(f" key: {key}".ljust(35 if cells >= 100 else 21), "hot")] if key else []
    room = cells - sum(len(t) for t, _ in head) - sum(len(t) for t, _ in tail) - 3
    return clip([*head, *tape(view, room, bookmarks), *tail], cells)


def tape(view: ReplayView, cells: int, bookmarks: Sequence[int] = ()) -> list[Span]:
    """The whole session as a line; what has been seen is bright, marks stand where they happened."""
    if cells < 6:
        return []
    span = max(1, view.end - view.start)
    line: list[tuple[str, str]] = [("─", "faint")] * cells
    here = min(cells - 1, max(0, (view.at - view.start) * cells // span))
    for x in range(here):
        line[x] = ("─", "text")
    marks = [*view.marks, *(Mark(at, "bookmark", "") for at in bookmarks)]
    for mark in sorted(marks, key=lambda m: _RANK.get(m.kind, 0)):
        x = min(cells - 1, max(0, (mark.ts - view.start) * cells // span))
        line[x] = _MARK.get(mark.kind, ("·", "dim"))
    line[here] = ("█", "replay~") if line[here][0] == "─" else (line[here][0], "replay")
    out: list[Span] = [("├", "faint")]
    for text, role in line:
        if out[-1][1] == role:
            out[-1] = (out[-1][0] + text, role)
        else:
            out.append((text, role))
    out.append(("┤", "faint"))
    return out


def near_marks(view: ReplayView, cells: int, height: int, bookmarks: Sequence[int] = ()) -> list[Row]:
    """The marks around the present place: what came last, what comes next."""
    ordered = sorted([*view.marks, *(Mark(at, "bookmark", "bookmark") for at in bookmarks)], key=lambda m: m.ts)
    before = [m for m in ordered if m.ts <= view.at]
    chosen = [*before[-(height - 2) :], *[m for m in ordered if m.ts > view.at][:2]]
    rows: list[Row] = []
    for mark in chosen[-height:]:
        sign, role = _MARK.get(mark.kind, ("·", "dim"))
        past = mark.ts <= view.at
        rows.append(
            clip(
                [
                    (f" {fmt.clock(mark.ts, millis=True)} ", "dim"),
                    (f"{sign} ", role),
                    (clean(mark.text), "text" if past else "dim"),
                ],
                cells,
            )
        )
    return rows
