"""Whatever a desk is in the middle of (kills, tasks, faults, restarts), its state comes back whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmtui.tape import image


@pytest.fixture
def random_desk(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "core"))
    import random_desk

    return random_desk


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_desk_goes_on_the_same_from_any_state(random_desk, seed):
    desk = random_desk.Desk(random_desk.desk_setup(seed), seed=seed)
    desk.books()
    desk.press("start")
    walk = random_desk.Walk(desk, seed)
    seen = []
    desk.after = lambda event, effects: seen.append((event, effects))
    copy = image.decode(image.encode(desk.engine))
    for number in range(1, 501):
        walk.step()
        for event, effects in seen:
            assert copy.process(event) == effects
        seen.clear()
        if number % 29 == 0:
            assert copy.state_hash() == desk.engine.state_hash()
            copy = image.decode(image.encode(copy if number % 2 else desk.engine))
    assert copy.state_hash() == desk.engine.state_hash()
