"""Breakeven and liquidation in the ladder, prices with the taker fee, the age of own orders."""

import msgspec
import pytest

from mmtui.link.risked import VenueRisk
from mmtui.view.entry import breakeven, lines, liquidation, row_of
from mmtui.view.formats import UNIT
from mmtui.view.ladder import ladder
from mmtui.view.levels import order_row
from mmtui.view.rows import plain


def held(model, position, average, instrument=1):
    view = model.views[model.instruments[instrument].id]
    view.position_lots, view.avg_price = position, average
    return model.instruments[instrument]


def said(model, cells=120, height=40):
    return "\n".join(plain(row) for row in ladder(model, cells, height))


@pytest.mark.parametrize(("position", "price"), [(500, 61_684.656), (-500, 61_635.344)])
def test_breakeven_holds_the_maker_fees_of_both_ways(model, position, price):
    line = breakeven(model, held(model, position, "61660"))
    assert line.units / UNIT == pytest.approx(price)


def test_without_a_position_there_is_no_line(model):
    for view in model.views.values():
        view.position_lots = 0
    assert lines(model) == []


def test_a_breakeven_stands_in_its_price_row_rounded_away_from_the_entry(model):
    item = held(model, 500, "61650")
    line = breakeven(model, item)
    step = 2 * UNIT
    assert row_of(line, step) * 2 >= line.units / UNIT
    assert "┄ breakeven usdm ┄" in said(model)
    model.net = True
    assert "breakeven" not in said(model)


def test_a_liquidation_off_the_screen_is_named_at_the_edge(model, monkeypatch):
    item = held(model, 500, "61650")

    class Risk:
        venues = (VenueRisk(venue=item.venue, gross=0.0, net=0.0, liquidation_pct=10.0),)

    monkeypatch.setattr(model, "frame", msgspec.structs.replace(model.frame, risk=Risk()))
    line = liquidation(model, item)
    assert line.role == "danger" and line.units / UNIT == pytest.approx(61_660 * 0.9, rel=1e-3)
    assert "▼ liq usdm 55,4" in said(model)


def test_the_taker_fee_makes_asks_dearer_and_bids_cheaper(model):
    plainly = said(model)
    model.net = True
    model.tops.clear()
    netted = said(model)
    assert "net fee" in netted and "net fee" not in plainly
    spot = [row[:12].strip(" ·") for row in netted.splitlines()[1:]]
    assert sum(map(bool, spot)) > 4, "the market with the highest fee is among the rows too"
    order = next(o for o in model.orders() if o.side > 0)
    scale = model.scales[order.instrument]
    step = UNIT
    fee = 4 / 10_000
    moved = order_row(order, scale, step, fee) - order_row(order, scale, step)
    assert moved == pytest.approx(-61_660 * fee, abs=1.1), "an own buy stands with the bids of its price"


def test_an_own_order_says_its_age(model):
    assert " next 4s" in said(model, 100)
