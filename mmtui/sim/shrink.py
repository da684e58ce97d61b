"""Shrinking the script of faults of a seed that failed: which strikes are needed for the same breach.

Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 2002, ddmin):
strikes are left out in ever smaller parts while the same invariant still breaks.  A strike is named by its fault and
ordinal; leaving one out changes what follows, so that ordinals beyond it may name others: the result is a script that
fails, not the only one.

Rules of this file: runs seeds; changes nothing in them but what does not strike.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.sim.run import Outcome, run_seed

Strike = tuple[int, int]
#: Runs that are spent at most.
TRIES = 400


def shrink(first: Outcome, tell: Callable[[str], None]) -> tuple[frozenset[Strike], Outcome]:
    """Strikes that are not needed, and the outcome without them."""
    skip: frozenset[Strike] = frozenset()
    best = first
    parts, tries = 2, 0
    while tries < TRIES:
        strikes = [(n, ordinal) for _, n, ordinal, _ in best.script]
        if not strikes:
            break
        size = max(1, -(-len(strikes) // parts))
        for start in range(0, len(strikes), size):
            tries += 1
            without = skip | frozenset(strikes[start : start + size])
            outcome = run_seed(first.seed, None, without)
            if outcome.breach == first.breach:
                skip, best = without, outcome
                tell(f"{len(best.script)} strikes left")
                parts = max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(strikes), parts * 2)
    return skip, best
