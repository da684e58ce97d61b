"""How peers failed on the screen: thresholds that were misread, panels that were stale while they looked alive."""

from __future__ import annotations

import pytest

from mmtui.view.desk import PANELS, panel
from mmtui.view.header import second_row
from mmtui.view.rows import plain


def test_the_screen_says_at_which_number_a_limit_would_fire(model):
    """hummingbot#2969: a user misread what the threshold of the kill meant."""
    shown = [plain(row) for row in panel(model, "risk", 100, 12)]
    gauges = model.frame.gauges
    assert gauges
    for gauge in gauges[:8]:
        row = next(row for row in shown if gauge.name in row)
        assert gauge.fires_at.replace(",", "")[-6:] in row.replace(",", ""), row


@pytest.mark.parametrize("name", sorted(set(PANELS) - {"tiny", "page", "trip", "transport"}))
def test_no_panel_looks_alive_when_the_engine_is_silent(model, name):
    """hummingbot#3042, #3015, #3127, #4712, #4621: a frozen user interface while trading went on."""
    fresh = panel(model, name, 90, 20)
    assert any(not role.endswith("~") for row in fresh for text, role in row if text.strip())
    model.now = 5.0
    old = panel(model, name, 90, 20)
    assert all(role.endswith("~") for row in old for text, role in row if text.strip()), "faded"
    assert "STALE" in plain(second_row(model, 120))


@pytest.mark.parametrize("name", ["inventory", "risk", "venues", "instruments", "pnl"])
def test_each_panel_says_the_age_of_its_data_by_itself(model, name):
    """hummingbot#4621: panels that each must be believed, or not."""
    model.now = 7.0
    head = plain(panel(model, name, 90, 20)[0])
    assert "7.0s" in head, head
