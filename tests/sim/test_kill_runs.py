"""The judge of random kills: it passes the desk, and notices what is created, or sent, after a kill was accepted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from kill_runs import Run

from mmtui.core.engine import Engine
from mmtui.core.risk import gate
from mmtui.core.risk.states import Desk
from mmtui.sim.demands import Breach
from mmtui.sim.desk_life import Life
from mmtui.venues.account_messages import Create


def played(first, seeds, most):
    runs = [Run(seed, most) for seed in range(first, first + seeds)]
    for run in runs:
        run.play()
    return [run.judge for run in runs]


def test_nothing_is_created_after_a_kill():
    judges = played(1, 3, 12)
    assert sum(judge.anew for judge in judges) >= 15


def test_an_order_that_leaves_in_killed_is_noticed(monkeypatch):
    every = frozenset({"quote", "manual", "hedge", "flatten", "close"})
    activate = Engine.activate

    def broken(self, i):
        if self.lattice.effective(i) is Desk.KILLED and self.quoters[i].active:
            return
        activate(self, i)

    monkeypatch.setattr(gate, "MAY_SEND", dict.fromkeys(Desk, every))
    monkeypatch.setattr(Engine, "activate", broken)
    with pytest.raises(Breach, match=r"decided|I2"):
        played(1, 6, 20)


def test_a_create_that_waited_and_leaves_after_the_kill_is_noticed():
    run = Run(1, 8)
    run.play()
    judge, oid = run.judge, next(iter(run.watcher.orders))
    judge.killed = {(-1, -1)}
    judge._left = lambda session, request, now: None
    new = type("New", (), {"oid": oid})
    with pytest.raises(Breach, match=f"sent: order {oid} leaves"):
        judge.left(None, Create(0, [new]), 0)


def test_a_kill_that_a_restart_forgets_is_noticed(monkeypatch):
    boot = Life.__init__

    def forgetful(self, desk, engine, tape, ids, latched, shift, tag):
        engine.lattice.desk = Desk.PAUSED
        latched.clear()
        boot(self, desk, engine, tape, ids, latched, shift, tag)

    run = Run(2)
    run.play()
    monkeypatch.setattr(Life, "__init__", forgetful)
    assert (-1, -1) in run.judge.killed
    run.watcher.power_lost = run.watcher.blurred = False
    run.world.struck[30] = 0
    run.desk.crash(False)
    with pytest.raises(Breach, match=r"kept|I12"):
        run.desk.boot()

