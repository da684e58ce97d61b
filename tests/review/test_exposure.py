"""Inventory statistics of a run."""

from types import SimpleNamespace

import pytest

from mmtui.core.ledger.ledger import UNIT
from mmtui.core.risk.states import Desk
from mmtui.review.exposure import SECOND, Exposure


def engine_of(positions, price=100, state=Desk.RUNNING):
    def account(lots):
        grid = SimpleNamespace(lot=0.1, notional_atoms=lambda mid, n: n * mid * UNIT // 1000)
        return SimpleNamespace(position=lots, grid=grid, references=SimpleNamespace(last=lambda: price))

    ledger = SimpleNamespace(quote_rate=lambda i: 1)
    return SimpleNamespace(
        accounts=[account(lots) for lots in positions], ledger=ledger, lattice=SimpleNamespace(desk=state)
    )


def test_mean_and_deviation_of_a_position_and_of_the_desk():
    engine = engine_of([0, 10])
    exposure = Exposure(engine)
    for second, lots in enumerate((0, 10, 20, 30)):
        engine.accounts[0].position = lots
        exposure.look(second * SECOND + 5)
    assert exposure.position(0) == pytest.approx((1.5, 125**0.5 * 0.1))
    assert exposure.position(1) == pytest.approx((1.0, 0.0))
    assert exposure.worth() == pytest.approx((2.5, 125**0.5 / 10))


def test_long_and_short_legs_net():
    exposure = Exposure(engine_of([7, -7]))
    exposure.look(1)
    assert exposure.worth() == (0.0, 0.0) and exposure.position(1)[0] == pytest.approx(-0.7)


def test_one_sample_a_second_and_none_while_the_desk_does_not_run():
    engine = engine_of([1])
    exposure = Exposure(engine)
    for ts in (1, 2, SECOND - 1, SECOND, SECOND + 1):
        exposure.look(ts)
    assert exposure.seconds == 2
    engine.lattice.desk = Desk.PAUSED
    exposure.look(5 * SECOND)
    assert exposure.seconds == 2
    assert Exposure(engine).worth() == (0.0, 0.0) and Exposure(engine).position(0) == (0.0, 0.0)
