"""Blotters sorted and narrowed, parameters narrowed, the heat map over all markets."""

import msgspec
import pytest
from fakedesk import FakeHost, parameters

from mmtui.link.messages import ParamsRequest
from mmtui.view.heat import heat
from mmtui.view.heat_history import SECOND
from mmtui.view.heat_sum import consolidated
from mmtui.view.orders_page import SORTS, fills, own_orders
from mmtui.view.parameters import chosen_param, listed
from mmtui.view.parameters import parameters as page
from mmtui.view.rows import plain


def column(rows, at):
    return [plain(row).split()[at] for row in rows]


@pytest.fixture
def traded(model):
    host = FakeHost()
    model.fills = [host.fill() for _ in range(5)]
    for n, item in enumerate(model.fills):
        item.fill.px += (n * 7) % 5 * 10
        item.fill.edge_bps = (0.3, -0.2, 0.9, 0.1, -0.7)[n]
        item.fill.sz = (50, 10, 30, 20, 40)[n]
    return model


def test_orders_are_sorted_by_what_the_trader_chose(model):
    model.sort = "size"
    assert " by size" in plain(own_orders(model, 120, 20)[0])
    for name, key in (("price", lambda o: -o.px), ("side", lambda o: -o.side)):
        model.sort = name
        prices = column(own_orders(model, 120, 20)[2:6], 2)
        wanted = [model.scales[o.instrument].price(o.px) for o in sorted(model.orders(), key=key)]
        assert prices == wanted, name
    model.sort = "edge"
    assert " by " not in plain(own_orders(model, 120, 20)[0]), "an order has no edge"


def test_fills_are_sorted_by_what_the_trader_chose(traded):
    def edges():
        return [float(text.replace("−", "-")) for text in column(fills(traded, 120, 20)[2:7], 5)]

    assert edges() == [-0.7, 0.1, 0.9, -0.2, 0.3], "the newest first"
    traded.sort = "edge"
    assert edges() == [-0.7, -0.2, 0.1, 0.3, 0.9], "the worst first"
    traded.sort = "size"
    assert column(fills(traded, 120, 20)[2:7], 4) == ["0.050", "0.040", "0.030", "0.020", "0.010"]
    assert set(SORTS) == {"", "instrument", "side", "price", "size", "age", "edge"}


def test_parameters_are_found_by_a_text_and_those_off_their_profile_by_a_word(model):
    model.params = parameters(ParamsRequest(id="page", instrument=model.instrument.id))
    model.filter = "SKEW"
    assert [one.name for one in listed(model)] == ["skew_bps"] == [chosen_param(model).name]
    assert "1 with 'SKEW'" in plain(page(model, 120, 30)[0])
    model.params.params[0] = msgspec.structs.replace(model.params.params[0], value="7.0")
    model.filter = "differ"
    assert [one.name for one in listed(model)] == ["spread_bps"]
    model.filter = "nothing has this"
    assert chosen_param(model) is None and "none of them" in plain(page(model, 80, 18)[2])


def test_a_range_that_does_not_fit_its_column_stands_below(model):
    model.params = parameters(ParamsRequest(id="page", instrument=model.instrument.id))
    allowed = "blend | consolidated | ewma | index | last | mark | micro | mid | weighted"
    model.params.params[0] = msgspec.structs.replace(model.params.params[0], allowed=allowed)
    said = " ".join(plain(row).strip() for row in page(model, 80, 20))
    assert f"allowed: {allowed}" in said


@pytest.fixture
def seen(model, maker):
    for k in range(20):
        frame = maker.frame()
        frame.ts += k * SECOND
        model.framed(frame, 0.0)
    return model


def total(second):
    levels = list(second.levels)
    return sum(abs(lots) for lots in levels[1::2])


def test_the_heat_map_over_all_markets_holds_what_each_has(seen):
    history = seen.heat.histories[seen.instrument.id]
    summed = consolidated(seen, history)
    assert [one.start for one in summed] == [one.start for one in history.columns]
    own, both = history.columns[-1], summed[-1]
    scale = seen.scales[seen.instrument.id]
    added = 0.0
    for item in seen.family():
        if item is not seen.instrument:
            other = seen.heat.histories[item.id].columns[-1]
            pairs = iter(other.levels)
            added += sum(seen.scales[item.id].base_size(abs(next(pairs)), px) for px in pairs)
    assert (total(both) - total(own)) * scale.lot == pytest.approx(added, rel=0.02)
    assert (both.bid, both.ask) == (own.bid, own.ask)
    again = consolidated(seen, history)
    assert again[:-1] == summed[:-1], "a second that is over is summed once"


def test_the_heat_map_says_which_it_shows(seen):
    seen.screen = "heat"
    assert "Σ on" not in plain(heat(seen, 120, 30)[0])
    seen.heat_sum = True
    assert "Σ on sim-usdm:BTCUSDT" in plain(heat(seen, 120, 30)[0])
    assert set(seen.looked_at()) == {item.id for item in seen.family()}
