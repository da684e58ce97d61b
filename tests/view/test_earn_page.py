"""The page of what the desk earns: every number in words, n/a where there is none, rows as wide as the screen."""

import msgspec
import pytest

from mmtui.view.earn import page
from mmtui.view.rows import ROLES, plain, width


def lines(model, cells=120):
    model.screen = "pnl"
    rows = page(model, cells, 100)
    assert all(width(row) <= cells for row in rows)
    assert all(role.rstrip("~") in ROLES for row in rows for _, role in row)
    return [plain(row).rstrip() for row in rows]


def below(said, head, count):
    at = next(k for k, line in enumerate(said) if line.startswith(head))
    return said[at + 1 : at + 1 + count]


@pytest.mark.parametrize("cells", [40, 60, 80, 120, 200])
def test_it_keeps_to_its_place(model, cells):
    assert len(lines(model, cells)) > 20


def test_markouts_stand_with_their_interval_and_their_fills(model):
    assert below(lines(model), "markouts", 7) == [
        "                          0.1 s          1 s          5 s         30 s         60 s",
        " spot        no fill yet",
        " usdm        both   +1.20 ±0.31  +0.60 ±0.35  +0.30 ±0.40  −0.10 ±0.80  −0.90 ±0.80",
        "             bids   +1.20 ±0.31  +0.60 ±0.35  +0.30 ±0.40  −0.10 ±0.80  −0.90 ±0.80",
        "             asks    +1.00 ±n/a          n/a          n/a          n/a          n/a",
        "             fills          240          239          236          220          201",
        " coinm       no fill yet",
    ]


def test_a_markout_has_colour_only_when_its_interval_does_not_hold_zero(model):
    row = next(row for row in page(model, 120, 100) if plain(row).startswith(" usdm        both"))
    assert [role for _, role in row[2:]] == ["ok", "ok", "text", "text", "loss"]


def test_orders_and_inventory_say_n_a_before_there_is_anything(model):
    assert below(lines(model), "orders and inventory", 3) == [
        "              fill ratio  quotes/trade  half-life  of volume  at best bid     ask  both sides",
        " spot                n/a           n/a        n/a        n/a        41.0%   38.0%       97.0%",
        " usdm               8.3%          23.4      184 s      1.23%        41.0%   38.0%       97.0%",
    ]


def test_depth_beyond_what_is_known_is_marked(model):
    assert below(lines(model, 110), "health", 4) == [
        "             market      spread      ±0.1%        ±1%        ±2%    known    own  back in",
        " spot        healthy     0.002%      6.10M      46.0M     >51.0M    ±1.9%   0.4%      n/a",
        " usdm        healthy     0.000%      6.10M      46.0M     >51.0M    ±1.2%   0.4%     0.8s",
        " coinm       THIN        0.350%      6.10M     >46.0M     >51.0M   ±0.25%   0.4%      n/a  spread 0.350 % is"
        " …",
    ]


def test_a_market_that_is_not_known_far_enough_is_neither(model):
    frame = model.frame
    frame.earn[0] = msgspec.structs.replace(frame.earn[0], healthy=None, why="known to ±0.25 % only, 120,000 there")
    assert "not known" in below(lines(model), "health", 2)[1]


def test_obligations_say_what_is_earned_and_what_the_rest_must_hold(model):
    assert below(lines(model), "obligations", 4) == [
        " Alpha MM             INSIDE       700 of 720 = 97.2%   rest 82.8%   asked 90.0% of 1,440   kept",
        " Launch pool          OUTSIDE      300 of 720 = 41.7%   LOST today   asked 90.0% of 1,440",
        "   sim-usdm:BTCUSDT: spread 12.4 of 10 bps",
        " Winter               not today    asked 90.0% of 1,440",
    ]


def test_without_programmes_there_is_no_such_table(model):
    model.frame.obligations = []
    assert not [line for line in lines(model) if line.startswith("obligations")]


def test_sides_and_levels_of_the_selected_market_stand_with_their_parts(model):
    assert below(lines(model), "by side and level", 3) == [
        " quote    BUY  level 1         +812.40   spread +955.70  inventory −201.07  fees +57.77",
        " quote    SELL level 2          −44.10   spread +12.00  inventory −56.10",
        " carry                           +3.20   funding +3.20",
    ]
    model.selected = 0
    assert not [line for line in lines(model) if line.startswith("by side")]


def test_own_orders_say_how_probably_they_trade(model):
    model.screen = "orders"
    from mmtui.view.pages import page as any_page

    said = [plain(row) for row in any_page(model, 140, 20)]
    assert "in 10 s" in said[1]
    assert sum("62%" in line for line in said) == 2
