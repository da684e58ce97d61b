"""A small run of the gate's fuzz, every time; `python tests/fuzz_gate.py` is the long one."""

import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz_gate import BAD, Fuzz, run

from mmtui.core.risk.states import Desk as State


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_random_order_leaves_past_a_limit(seed):
    wrong, fuzz = run(5_000, seed)
    assert wrong == []
    assert fuzz.passed[""] > 100 and len(fuzz.passed) > 10  # enough of them leave, and every limit has been met


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 2**62, 10**400, True, 1.0])
@pytest.mark.parametrize("what", ["px", "lots"])
def test_what_is_no_number_of_ticks_or_lots_does_not_leave(bad, what):
    fuzz = Fuzz(1)
    given = {"px": 1_000_000, "lots": 10} | {what: bad}
    for purpose in ("quote", "flatten"):
        answer = fuzz.engine.gate.check(
            1, 1, given["px"], given["lots"], purpose, State.RUNNING, fuzz.ts, 2_000_000, 100.0
        )
        assert answer == "no size"


@pytest.mark.parametrize(("reference", "collar"), [(math.nan, 100.0), (math.inf, 100.0), (2_000_000, math.nan),
                                                   (2_000_000, math.inf), (2_000_000, -1.0),
                                                   (2_000_000.0, 100.0)])  # fmt: skip
def test_a_reference_or_collar_that_is_no_number_lets_nothing_through(reference, collar):
    fuzz = Fuzz(1)
    assert fuzz.engine.gate.check(1, 1, 1_000_000, 10, "flatten", State.RUNNING, fuzz.ts, reference, collar)
    assert len(BAD) > 10
