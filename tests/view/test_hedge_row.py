"""The inventory panel says what the hedger does, for how long delta has been open, and what is locked."""

from mmtui.view.inventory import inventory


def said(model):
    return ["".join(text for text, _ in row) for row in inventory(model, 60, 20)]


def test_a_desk_without_a_hedger_shows_no_row(model):
    assert not [row for row in said(model) if "hedge" in row or "locked" in row]


def test_hedge_clock_and_locked_quantity(model):
    (asset,) = [one for one in model.frame.assets if one.asset == "BTC"]
    asset.hedge, asset.band, asset.locked = "in band", "0.05", "0.3"
    (row,) = [row for row in said(model) if row.startswith(" hedge")]
    assert "in band" in row and row.rstrip().endswith("±0.05")
    assert any("locked 0.3" in row for row in said(model))
    asset.hedge, asset.unhedged_s = "failed: cap 15 bps reached", 12.4
    (row,) = [row for row in said(model) if row.startswith(" hedge")]
    assert "failed: cap 15 bps reached" in row and "unhedged 12 s" in row
