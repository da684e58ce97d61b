"""What a trader must not miss: cut texts say so, a change stays on a narrow page, danger is seen without colours."""

import pytest
from fakedesk import FrameMaker, welcome
from rich.style import Style
from textual.filter import Monochrome

from mmtui.link.messages import Rungs
from mmtui.link.replayed import RunRow, RunView, WhatifView
from mmtui.tui.roles import filtered, grey, styles
from mmtui.tui.themes import load_themes
from mmtui.view import formats as fmt
from mmtui.view.inventory import lean_word, summary
from mmtui.view.model import Model
from mmtui.view.pages import page
from mmtui.view.parameters import _rungs
from mmtui.view.rows import plain, scrolled, width


@pytest.fixture
def seen():
    made = Model()
    made.welcomed(welcome("DEMO"))
    made.framed(FrameMaker(seed=7).frame(), 0.0)
    made.link, made.selected = "up", 1
    return made


def test_a_page_says_how_many_rows_follow():
    rows = [((f"row {n}", "text"),) for n in range(10)]
    first = scrolled(rows, 0, 40, 4)
    assert [plain(row) for row in first[:3]] == ["row 0", "row 1", "row 2"]
    assert plain(first[3]).strip() == "▼ 7 rows more · PgDn" and width(first[3]) == 40
    assert scrolled(rows, 6, 40, 4) == rows[6:] == scrolled(rows, 99, 40, 4)
    assert scrolled(rows, 0, 40, 10) == rows


@pytest.mark.parametrize("name", ["risk", "pnl", "venues", "why"])
def test_every_page_that_is_longer_than_the_screen_says_so(seen, name):
    seen.screen = name
    rows = page(seen, 80, 8)
    assert len(rows) == 8 and "rows more · PgDn" in plain(rows[-1])


def test_a_large_amount_stands_without_its_cents():
    assert fmt.rounded("17576.99 of 3000000.00 USDT") == "17,577 of 3,000,000 USDT"
    assert fmt.rounded("0.19 of 10000.00 USDT") == "0.19 of 10,000 USDT"
    assert fmt.rounded("-0.05 of ±1 BTC") == "−0.05 of ±1 BTC"
    assert fmt.rounded("0.01x of 3x on sim-coinm") == "0.01x of 3x on sim-coinm"


@pytest.mark.parametrize(("skew", "word"), [(0.004, "even"), (-0.004, "even"), (0.006, "LEAN BUY"), (-2, "LEAN SELL")])
def test_a_skew_that_shows_as_zero_leans_nowhere(skew, word):
    assert lean_word(skew) == word


def test_the_summary_row_names_its_units(seen):
    said = plain(summary(seen, 120))
    assert " BTC  orders " in said and " USDT" in said


def test_an_own_order_in_the_preview_has_its_asset():
    scale = Model()
    scale.welcomed(welcome("DEMO"))
    rungs = Rungs(bids=[], asks=[], width_bps=5.0, skew_bps=0.1)
    said = plain(_rungs("now", rungs, next(iter(scale.scales.values())), 80))
    assert " bps  BTC " in said


def test_the_change_stays_on_a_narrow_what_if(seen):
    def run(name, total):
        row = RunRow(
            id="sim-usdm:BTCUSDT", bid="61656.5", ask="61663.1", bid_size="0.05", ask_size="0.05", reason_bid="",
            reason_ask="", position="-0.792", orders=1, fills=1, pnl=total,
        )  # fmt: skip
        return RunView(name=name, rows=[row], pnl={"total": total})

    order = "sim-usdm:BTCUSDT BUY 0.05 @ 59972.4, sim-usdm:BTCUSDT SELL 0.05 @ 60002.5"
    runs = [run("recorded", "10"), run("as it was", "8.5"), run("what if", "11")]
    found = WhatifView(what="spread_bps=3", progress=1.0, at=1, runs=runs, first=5, was=order, then=order)
    seen.welcomed(welcome("REPLAY"))
    seen.framed(FrameMaker(seed=7, mode="REPLAY").frame(), 0.0)
    seen.frame.replay.whatif = found
    seen.screen = "whatif"
    text = "\n".join(plain(row) for row in page(seen, 80, 40))
    assert "change" in text and "+2.50" in text and "−0.792" in text and " position BTC" in text
    assert "BUY 0.05 @ 59,972.4, SELL 0.05 @ 60,002.5" in text


def test_danger_stands_out_without_colours():
    looks = filtered(styles({}, True, False), [Monochrome()])
    bright, danger = looks["bright"].color, looks["danger"]
    assert isinstance(danger, Style) and danger.bold and danger.color == bright
    assert looks["dim"].color != bright


def test_without_colours_bids_are_brighter_than_asks_in_every_theme():
    def light(role):
        colour = looks[role].color.triplet
        return abs(sum(colour) - sum(looks["text"].bgcolor.triplet))

    for theme in load_themes()[0]:
        if theme.ansi:
            continue
        looks = filtered(styles(grey(dict(theme.variables), theme.dark), theme.dark, theme.ansi), [Monochrome()])
        assert light("bid") > 1.3 * light("ask"), theme.name
        assert light("bidbar") > 1.5 * light("askbar"), theme.name
        assert light("loss") >= light("bid"), theme.name
