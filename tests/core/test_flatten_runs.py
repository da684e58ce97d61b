"""The judge of random flattens: it passes the engine, and notices a task that trades too much."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from flatten_runs import Past, Run

from mmtui.core import tasks
from mmtui.core.effects import PlaceOrder


def played(runs):
    for number in range(1, runs + 1):
        Run(number).play()


def test_no_task_trades_past_its_goal():
    played(60)


def test_a_task_that_rounds_up_is_noticed(monkeypatch):
    lots = tasks.Desk.lots
    monkeypatch.setattr(tasks.Desk, "lots", lambda desk, i, base: lots(desk, i, base * Decimal("1.3")))
    with pytest.raises(Past, match=r"lots$|the net went from"):
        played(60)


def test_a_slice_past_the_cap_is_noticed(monkeypatch):
    monkeypatch.setattr(tasks.Desk, "cap_bps", lambda desk, i: 500.0)
    with pytest.raises(Past, match="bps from the mid of the press"):
        played(60)


def test_a_slice_beside_resting_quotes_is_noticed():
    run = next(run for run in map(Run, range(1, 20)) if run.desk.engine.tracker.open)
    with pytest.raises(Past, match="quotes rest"):
        run.leaves(PlaceOrder(0, 99, 1, 1_000_000, 1, "IOC", False, run.kind, 0))
