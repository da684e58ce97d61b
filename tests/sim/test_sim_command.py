"""`mmtui sim`: what it prints, what it exits with, and that a seed is the same in any process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mmtui.cli import main
from mmtui.sim.demands import Breach
from mmtui.sim.faults import FAULTS
from mmtui.sim.main import CELL_LEAST, Tally
from mmtui.sim.run import Outcome, run_seed
from mmtui.sim.shrink import shrink
from mmtui.sim.story import Book
from mmtui.sim.watcher import Watcher


def outcome(**changes):
    fields = {"seed": 1, "records": 10, "hash": "a", "seconds": 1.0, "lives": 1, **changes}
    return Outcome(**fields)


def test_seeds_are_run_in_two_processes_with_the_same_tapes(capfd):
    assert main(["sim", "--seeds", "4", "--from", "11", "--jobs", "2", "--json"]) == 0
    out, err = capfd.readouterr()
    body = json.loads(out)
    assert (body["seeds"], body["runs_each"], body["breaches"], body["differ"]) == (4, 2, [], [])
    assert body["records"] > 1_000 and not err


def test_one_seed_tells_its_story(capsys):
    assert main(["sim", "--seed", "1"]) == 0
    out = capsys.readouterr().out
    assert "operator  ann: start" in out and "PlaceOrder" in out
    assert "every invariant held" in out.splitlines()[-1]


def test_a_breach_prints_seed_commit_invariant_and_the_last_events(monkeypatch, capsys):
    real = Watcher.record

    def broken(self, engine, event, effects, count):
        real(self, engine, event, effects, count)
        if self.records == 300:
            raise Breach("I3", "the worst case is beyond the limit")

    monkeypatch.setattr(Watcher, "record", broken)
    assert main(["sim", "--seed", "1"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("seed 1, commit ") and err.rstrip().endswith("I3: the worst case is beyond the limit")
    assert "desk" in out


@pytest.mark.parametrize(
    "words", [["--seeds", "0"], ["--jobs", "0"], ["--seeds", "x"], ["--shrink"], ["--seed", "1", "--seeds", "2"]]
)
def test_wrong_arguments_are_one_sentence(words, capsys):
    try:
        code = main(["sim", *words])
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_seed_leaves_the_same_bytes_whatever_the_hash_seed_and_the_story():
    here = run_seed(7)
    told = run_seed(7, Book())
    script = "from mmtui.sim.run import run_seed; print(run_seed(7).hash)"
    environment = {**os.environ, "PYTHONHASHSEED": "99"}
    there = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert here.hash == told.hash == there.stdout.strip()
    assert told.lines and not here.breach


def test_reachable_cells_that_are_thin_make_a_long_run_red():
    tally = Tally()
    assert "1 SENT" in tally.thin()
    tally.add(outcome(cells={f"{n} {state}": CELL_LEAST for n, fault in FAULTS.items() for state in fault.reach}))
    assert not tally.thin()


def test_shrinking_leaves_out_what_is_not_needed(monkeypatch):
    """A breach that needs two strikes of fault 4, among forty."""
    strikes = [(k, 4 if k in (7, 23) else 2, k, 0) for k in range(40)]

    def run(seed, book, skip):
        left = [s for s in strikes if (s[1], s[2]) not in skip]
        broken = sum(1 for s in left if s[1] == 4) == 2
        return outcome(breach="I5" if broken else "", script=left)

    monkeypatch.setattr("mmtui.sim.shrink.run_seed", run)
    skip, best = shrink(outcome(breach="I5", script=strikes), lambda text: None)
    assert [(s[1], s[2]) for s in best.script] == [(4, 7), (4, 23)]
    assert len(skip) == 38
