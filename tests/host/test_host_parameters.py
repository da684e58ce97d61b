"""What a host answers to the page of parameters; a preview changes nothing."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))

import pytest
from desk_kit import Desk, item, setup_of

from mmtui.core.quoting.params import REFERENCE
from mmtui.host.parameters import answer
from mmtui.link.messages import ParamsRequest


def running():
    desk = Desk(setup_of(item("linear")))
    desk.running()
    desk.wait(200)
    return desk


def ask(desk, **preview):
    return answer(desk.engine, ParamsRequest(id="1", instrument=desk.engine.name(0), preview=preview))


def test_every_parameter_is_there_with_value_range_and_text():
    found = ask(running())
    assert [one.name for one in found.params] == list(REFERENCE)
    assert all(one.text and one.allowed and one.value == one.profile for one in found.params)
    assert found.profile == "default" and not found.wrong and found.then is None


def test_now_is_what_the_desk_quotes():
    desk = running()
    quoter = desk.engine.quoters[0]
    found = ask(desk).now
    assert [level.px for level in found.bids] == list(quoter.want[0])
    assert [level.px for level in found.asks] == list(quoter.want[1])
    assert [level.sz for level in found.bids] == list(quoter.sizes.of[1])


def test_a_preview_is_wider_and_changes_nothing():
    desk = running()
    before, orders = desk.engine.state_hash(), len(desk.places())
    found = ask(desk, spread_bps="50", levels=3)
    assert found.then.width_bps == 50 and len(found.then.bids) == 3
    assert found.then.bids[0].px < found.now.bids[0].px and found.then.asks[0].px > found.now.asks[0].px
    assert desk.engine.state_hash() == before and len(desk.places()) == orders


def test_what_cannot_be_is_said():
    found = ask(running(), levels="99")
    assert found.then is None and "levels=99 is not allowed" in found.wrong
    desk = running()
    assert answer(desk.engine, ParamsRequest(id="1", instrument="moon")).wrong == "no such instrument"


def test_without_a_book_there_is_no_preview():
    desk = running()
    desk.gap()
    assert ask(desk).now is None


@pytest.mark.parametrize(
    "changes",
    [
        {"best_price": "behind", "best_depth": 500.0},
        {"best_price": "improve", "improve": True},
        {"levels": 2, "equity_pct": 3.0},
        {"pong": "last", "pong_bps": 30.0},
        {"leg": "cash:BTC", "hedge_floor": True},
        {"wide_market": 0.001, "wide_market_size": 2.0},
        {"risk_zone": "amber"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_preview_is_what_is_quoted_once_it_is_set(changes):
    desk = Desk(setup_of(item("linear"), item("spot", quote=False))).running()
    desk.book(size=100, gap=70)
    desk.trade_into(10)
    desk.wait(1_500)
    then = ask(desk, **{name: str(value) for name, value in changes.items()}).then
    assert desk.press("set", i=0, **changes).ok
    desk.wait(300)
    assert ask(desk).now == then
