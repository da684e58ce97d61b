"""The PnL page's bars, lines and curves: they add up, have a scale, and fill a wide screen."""

import pytest

from mmtui.view.attribution import attribution, curves, top
from mmtui.view.earn import BESIDE, LEFT, TALL, page
from mmtui.view.plots import charted
from mmtui.view.pnl import history
from mmtui.view.pnl_history import spark
from mmtui.view.rows import plain, width


def test_a_plot_says_its_highest_and_lowest_value_and_zero():
    lines = charted([-2.0, 0.0, 2.0], 20, 5, lambda value: f"{value:+.1f}")
    assert [label.strip() for label, _ in lines] == ["+2.0", "", "+0.0", "", "-2.0"]
    assert {len(label) + len(line) for label, line in lines} == {20}


@pytest.mark.parametrize("value", [0.0, -7.5, 3.0])
def test_a_value_that_never_moves_is_one_label(value):
    labels = [label.strip() for label, _ in charted([value] * 9, 20, 5, str)]
    assert labels == ["", "", str(value), "", ""]


def test_the_longest_bar_is_the_largest_part_and_losses_go_left(model):
    model.frame.pnl.total, model.frame.pnl.parts = "10.00", {"spread": "40.00", "fees": "-30.00", "inventory": "0.00"}
    bars = {plain(row).split()[0]: plain(row)[27:] for row in attribution(model, model.frame.pnl, 60, 12)}
    assert bars["spread"].rstrip() == " " * 12 + "│" + "█" * 12
    assert bars["fees"].rstrip() == " " * 3 + "█" * 9 + "│"
    assert "█" not in bars["inventory"]
    assert bars["total"].rstrip() == " " * 12 + "│" + "█" * 3


def test_a_narrow_plot_has_no_scale_and_a_wide_one_has(model):
    model.frame.pnl.history = [0.0, 5.0, -5.0]
    assert plain(history(model.frame.pnl, 10, 3)[0]).strip()[:1] not in "+0123456789"
    assert plain(history(model.frame.pnl, 40, 3)[0]).startswith("+5.00 ")


def test_the_curve_of_the_selected_instrument_has_its_horizons(model):
    model.selected = 1
    rows = [plain(row) for row in curves(model, 80)]
    assert rows[0].startswith("markout curves · usdm")
    assert "+1.20" in rows[1] and rows[1].startswith(" both")
    assert rows[7].split() == ["0.1", "s", "1", "s", "5", "s", "30", "s", "60", "s"]
    assert any("no curve yet" in row for row in rows)  # own sales have one horizon only


@pytest.mark.parametrize(("cells", "height"), [(100, 30), (140, 50), (BESIDE, TALL), (200, 46), (250, 70), (200, 20)])
def test_the_page_keeps_to_its_place_and_shows_its_head(model, cells, height):
    model.screen = "pnl"
    rows = page(model, cells, height)
    assert len(rows) <= height and all(width(row) <= cells for row in rows)
    assert plain(rows[0]) == plain(top(model, model.frame.pnl, cells)[0])


def test_curves_stand_beside_the_tables_where_there_is_room(model):
    model.screen, model.selected = "pnl", 1
    rows = [plain(row) for row in page(model, 200, 46)]
    assert any(row.find("markout curves") == LEFT + 2 for row in rows)
    assert any(row.startswith("markouts: bps") for row in rows)


def test_each_part_has_its_line_over_time(model, maker):
    for k in range(30):
        frame = maker.frame()
        frame.ts += k * 1_000_000_000
        frame.pnl.parts["spread"] = str(1_000 + k)
        model.framed(frame, 0.0)
    lines = model.part_lines
    assert lines.seconds == 30 and list(lines.lines["spread"])[-1] == 1_029
    rows = {plain(row).split()[0]: plain(row) for row in top(model, model.frame.pnl, 120)[1:13]}
    assert "▁▁▂▂▃" in rows["spread"] and "█" in rows["spread"]
    assert "▂" not in rows["fees"], "what does not change has no line"
    assert "parts: last 30s" in plain(top(model, model.frame.pnl, 120)[0])
    frame = maker.frame()
    frame.ts -= 10_000_000_000
    model.framed(frame, 0.0)
    assert lines.seconds == 1, "a seek begins anew"


def test_a_spark_keeps_to_its_cells():
    assert len(spark([1.0, 2.0, 3.0], 6)) == 6 and spark([1.0, 8.0], 2) == "▁█"
    assert spark([5.0, 5.0], 4) == "    " == spark([], 4)
