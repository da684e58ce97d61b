"""Hedge mode on the screens: both legs in the inventory panel and on the risk page, nothing of them in net mode."""

from mmtui.link.parts import LegView
from mmtui.view import legs
from mmtui.view.inventory import inventory
from mmtui.view.risk_page import page


def said(rows):
    return ["".join(text for text, _ in row) for row in rows]


def hedged(model):
    view = model.views[next(item.id for item in model.instruments if item.kind == "linear")]
    view.legs = [LegView("0.05", "60000.0", "12.5"), LegView("0.03", "60100.0", "-4.25")]
    return view


def test_a_net_desk_shows_no_legs(model):
    assert legs.rows(model, 80) == []
    assert not [row for row in said(page(model, 120, 200)) if "hedge mode" in row]
    assert not [row for row in said(inventory(model, 60, 20)) if " L 0" in row]


def test_both_legs_with_what_is_locked_their_entries_and_profits(model):
    hedged(model)
    head, names, long, short = said(legs.rows(model, 80))[1:]
    assert "locked: long and short at once" in head and "average entry" in names
    assert "long" in long and "0.050" in long and "0.030" in long and "+12.50" in long
    assert "short" in short and short.count("0.030") == 1 and "−4.25" in short.replace("-", "−")
    for cells in (80, 120, 200):
        assert any("legs" in row and "hedge mode" in row for row in said(page(model, cells, 200)))
        assert max(map(len, said(page(model, cells, 200)))) <= cells


def test_the_inventory_panel_has_the_legs_beside_the_net(model):
    hedged(model)
    assert any("L 0.050 S 0.030" in row for row in said(inventory(model, 60, 20)))
