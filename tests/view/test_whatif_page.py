"""The page of a what-if: three columns at the present instant, and where the decisions part."""

import pytest
from fakeframes import FrameMaker, welcome

from mmtui.link.replayed import Mark, RunRow, RunView, WhatifView
from mmtui.view.desk import panel, places
from mmtui.view.model import Model
from mmtui.view.rows import plain, width
from mmtui.view.transport import tape


def run(name, total, bid, reason=""):
    row = RunRow(
        id="sim-usdm:BTCUSDT", bid=bid, ask="61663.1", bid_size="0.05", ask_size="0.05", reason_bid=reason,
        reason_ask="", position="-0.792", orders=1204, fills=31, pnl=total,
    )  # fmt: skip
    return RunView(name=name, rows=[row], pnl={"total": total, "spread": "12.5", "basis": "0", "fees": "-3"})


def whatif(**more):
    runs = [run("recorded", "10", "61656.5"), run("as it was", "8.5", "61656.5"), run("what if", "11", "61650.1")]
    return WhatifView(what="spread_bps=8", progress=0.43, at=1_763_647_500 * 10**9, runs=runs, **more)


@pytest.fixture
def seen():
    made = Model()
    made.welcomed(welcome("REPLAY"))
    made.framed(FrameMaker(seed=7, mode="REPLAY").frame(), 0.0)
    made.link, made.selected, made.screen = "up", 1, "whatif"
    return made


def text(model, w=120, h=40):
    place = next(p for p in places(model, w, h) if p.name == "page")
    rows = panel(model, "page", place.w, place.h)
    assert all(width(row) <= place.w for row in rows) and len(rows) <= place.h
    return "\n".join(plain(row).rstrip() for row in rows)


def test_without_one_it_says_how_to_ask(seen):
    assert "w asks for one" in text(seen)


def test_the_runs_stand_side_by_side(seen):
    seen.frame.replay.whatif = whatif(first=1_763_647_440 * 10**9, was="usdm BUY 0.05 @ 61656.5", then="nothing")
    said = text(seen)
    assert "what-if spread_bps=8" in said and "43% run" in said
    assert "≠ first decision that differs 14:04:00.000  j goes there" in said
    line = next(one for one in said.splitlines() if one.startswith(" PnL total"))
    assert line.split()[-4:] == ["+10.00", "+8.50", "+11.00", "+2.50"]
    assert "61,656.5 ×0.05" in said and "61,650.1 ×0.05" in said
    assert " PnL basis" not in said and " PnL fees" in said


def test_a_narrow_screen_keeps_the_three_runs(seen):
    seen.frame.replay.whatif = whatif()
    said = text(seen, 80, 24)
    assert "what if" in said and "no decision differs so far" in said


def test_figures_that_are_not_here_yet_are_said(seen):
    seen.frame.replay.whatif = whatif()
    del seen.frame.replay.whatif.runs[1:]
    assert "the runs are not here yet" in text(seen)


def test_what_is_wrong_is_said(seen):
    seen.frame.replay.whatif = WhatifView(what="", progress=0.0, at=0, runs=[], wrong="no quoting parameter 'x'")
    assert "no quoting parameter 'x'" in text(seen)


def test_the_difference_stands_on_the_time_line(seen):
    view = seen.frame.replay
    view.marks.append(Mark(view.start + (view.end - view.start) // 2, "whatif", "x"))
    assert "≠" in "".join(part for part, _ in tape(view, 60))
