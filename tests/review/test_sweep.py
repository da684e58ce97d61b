"""`mmtui whatif --sweep`: the settings, the frontier, and that a row is the run that its line names."""

import json
import shlex

import pytest

from mmtui.cli import main
from mmtui.core.errors import UserError
from mmtui.review.charts import Series, chart
from mmtui.review.sweep import mark_frontier, parse_sweep, settings

MARKET = ["whatif", "synthetic:calm:2", "--seconds", "12"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("levels=1..5:5", [1, 2, 3, 4, 5]),
        ("levels=1..5:3", [1, 3, 5]),
        ("skew_bps=0..1:3", [0.0, 0.5, 1.0]),
        ("spread_bps=5..2:4", [5, 4, 3, 2]),
        ("spread_bps=0.1..0.3:3", [0.1, 0.2, 0.3]),
        ("fair_value=micro,mid", ["micro", "mid"]),
        ("calibrate=true,false", [True, False]),
        ("skew_bps=0,2.5", [0, 2.5]),
    ],
)
def test_an_axis_is_a_range_or_a_list(text, values):
    key, found = parse_sweep(text)
    assert found == values and [type(one) for one in found] == [type(one) for one in values]
    assert key == text.partition("=")[0]


@pytest.mark.parametrize(
    "text",
    ["", "spread_bps", "spread_bps=", "x=1..2", "x=1..2:1", "x=a..b:3", "x=0..inf:3", "x=1..2:9999999", "=1..2:3"],
)
def test_an_axis_that_cannot_be_is_refused_with_its_text(text):
    with pytest.raises(UserError) as refused:
        parse_sweep(text)
    assert str(refused.value).startswith(f"--sweep {text}: ") and "\n" not in str(refused.value)


def test_axes_are_combined_and_a_key_stands_once():
    assert settings(["a=1,2", "b=3..4:2"]) == [
        (("a", 1), ("b", 3)), (("a", 1), ("b", 4)), (("a", 2), ("b", 3)), (("a", 2), ("b", 4))
    ]  # fmt: skip
    for twice in (["a=1,2", "a=3,4"], ["a=1..100:100", "b=1..100:100"]):
        with pytest.raises(UserError):
            settings(twice)


def test_the_frontier_is_what_nothing_beats():
    rows = [{"inventory_deviation": d, "pnl": p} for d, p in ((0.0, 0.0), (1, 5), (1, 4), (2, 5), (3, 6), (4, -1))]
    mark_frontier(rows)
    assert [row["frontier"] for row in rows] == [True, True, False, False, True, False]


def test_a_row_is_the_run_that_its_line_names(capsys):
    assert main([*MARKET, "--sweep", "spread_bps=1,9", "--sweep", "levels=1..2:2", "--jobs", "2", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    rows = table["sweep"]
    assert [row["set"] for row in rows] == [
        {"spread_bps": s, "levels": n} for s, n in ((1, 1), (1, 2), (9, 1), (9, 2))
    ]
    assert len({row["hash"] for row in rows}) == 4
    for row in rows[::3]:
        words = shlex.split(row["again"])
        assert words[0] == "mmtui"
        assert main([*words[1:], "--json"]) == 0
        alone = json.loads(capsys.readouterr().out)
        assert alone["hash"] == row["hash"] and alone["pnl_total"]["total"] == row["pnl"]
        assert alone["inventory"]["deviation"] == row["inventory_deviation"]
        assert sum(one["fills"] for one in alone["instruments"].values()) == row["fills"]


def test_the_table_names_every_setting_and_marks_the_frontier(capsys):
    assert main([*MARKET, "--sweep", "spread_bps=1..9:2", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "frontier" in out and "inventory sd USDT" in out and "most pnl: mmtui whatif synthetic:calm:2" in out
    assert len([line for line in out.splitlines() if line.split()[:1] in (["1"], ["9"])]) == 2
    assert "\x1b" not in out


def test_what_cannot_be_set_is_said_before_anything_runs(capsys):
    assert main([*MARKET, "--sweep", "levels=1..100:2"]) == 2
    said = "mmtui: --set levels: levels=100 is not allowed; give a whole number <= 20"
    assert capsys.readouterr().err.strip() == said
    assert main([*MARKET, "--sweep", "levels=1,2", "--out", "x"]) == 2


def test_a_chart_of_nothing_is_nothing():
    assert chart([Series("a", [])], "t", "x", "y") == ""
    assert "title" in chart([Series("a", [(1.0, 2.0)])], "title", "x", "y")
