"""A share of the long runs of flips.py: cuts and flipped bits, none of which may give a wrong record or be silent."""

import random

import pytest
from damage import flips, session, truncations
from kills import kill_once

from mmtui.tape import writer as writing


@pytest.mark.parametrize(("name", "every"), [("tape", 37), ("tail", 17), ("index", 5)])
def test_truncation_gives_a_prefix(name, every):
    done, silent = truncations(session(2_010, 12_000), name, every)
    assert done > 20
    assert name != "tail" or silent <= done // 20  # cut between two batches it is one that ended there


@pytest.mark.parametrize("close", [False, True])
def test_every_flipped_bit_is_said_and_gives_no_wrong_record(close):
    outcome = flips(session(400, 4_000, close), 500, seed=7)
    assert outcome["silent"] == 0
    assert outcome["read"] > 300


def test_a_real_kill_loses_nothing_that_was_said(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_BYTES", 4_000)
    monkeypatch.setattr(writing, "TAIL_BYTES", 20_000)
    dice = random.Random(3)
    counts = [kill_once(tmp_path / "s", dice)[1] for _ in range(6)]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0] > 0
