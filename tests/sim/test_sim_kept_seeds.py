"""Seeds that once broke an invariant, whole. What was wrong has a test of its own where it was; these stay by it."""

from __future__ import annotations

import pytest

from mmtui.sim.run import run_seed

KEPT = {
    50118: "amends charged to a counter that left nothing for questions",
    51158: "a desk from the emergency segment made orders again that had never left",
    55237: "a positions endpoint half a second behind, taken for more",
    55654: "lists without fills settled no order",
    57024: "an order decided after all that a loss of power left of the tape is an orphan, and the judge had it let go",
    59542: "a fill that only the positions told of",
    62667: "a limit that a zone lowered in the same record, after the order that the judge held against it",
}


@pytest.mark.parametrize("seed", KEPT)
def test_it_holds(seed):
    outcome = run_seed(seed)
    assert not outcome.breach, f"{outcome.breach}: {outcome.text}"
