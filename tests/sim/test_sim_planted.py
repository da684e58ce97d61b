"""The peers' failures: every one is covered, and the simulator finds what is planted.

Here only those that show within a few seeds; `python tests/sim/planted.py` hunts for all of them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bugs import BUGS, find, named, planted
from planted import ROOMS
from rows import COUNT, rows

ROOT = Path(__file__).parent.parent.parent
#: Bug -> a seed that shows it soon; where the seeds have changed since, one of the next fourteen does.
QUICK = {
    "orders_after_stop": 3,
    "restart_runs": 10,
    "restart_orders": 10,
    "cancel_done_on_request": 7,
    "ghosts": 9,
    "zombies": 9,
    "random_trade_ids": 4,
    "reconnect_blocked": 11,
    "no_resync": 9,
    "frozen_is_live": 2,
    "cancels_expire": 7,
}


@pytest.mark.parametrize("name", QUICK)
def test_the_simulator_finds_a_planted_bug(name):
    found = find(named(name), 15, QUICK[name])
    assert found.seeds, f"{name} is in, and fifteen seeds hold"


def test_each_row_of_the_peers_failures_is_covered():
    table = rows()
    assert [row.number for row in table] == list(range(1, COUNT + 1))
    assert all(row.planted or row.tests for row in table)


def test_every_planted_bug_belongs_to_a_row_and_every_row_names_bugs_that_exist():
    said = {(row.number, name) for row in rows() for name in row.planted}
    assert said == {(one.row, one.name) for one in BUGS}
    assert len({one.name for one in BUGS}) == len(BUGS) and ROOMS


@pytest.mark.parametrize("ident", sorted({ident for row in rows() for ident in row.tests}))
def test_every_test_that_a_row_names_exists(ident):
    file, _, name = ident.partition("::")
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE), ident


@pytest.mark.parametrize("one", BUGS, ids=lambda one: one.name)
def test_what_was_planted_is_taken_out_again(one):
    patches = one.patches() + one.scene()
    before = [owner.__dict__[key] for owner, key, _ in patches]
    with planted(patches):
        assert all(owner.__dict__[key] is not old for (owner, key, _), old in zip(patches, before, strict=True))
    assert all(owner.__dict__[key] is old for (owner, key, _), old in zip(patches, before, strict=True))
