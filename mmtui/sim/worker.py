"""A process that runs seeds and prints an outcome a line: started by main.py, with a hash seed of its own.

    python -m mmtui.sim.worker FIRST STEP COUNT

Rules of this file: JSON lines on standard output and nothing else.
"""

from __future__ import annotations

import gc
import sys

import msgspec

from mmtui.sim.run import Outcome, run_seed


def main(argv: list[str]) -> None:
    first, step, count = map(int, argv)
    gc.collect()
    gc.freeze()
    gc.disable()  # a seed is over before its garbage matters
    out = sys.stdout.buffer
    for k in range(count):
        out.write(msgspec.json.encode(one(first + k * step)) + b"\n")
        out.flush()
        gc.collect()


def one(seed: int) -> Outcome:
    """A seed's outcome; what is raised beside a breach is the simulator's own fault, and said as such."""
    try:
        outcome = run_seed(seed)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return Outcome(seed=seed, records=0, hash="", seconds=0.0, lives=0, breach="simulator", text=text)
    outcome.script = []
    return outcome


if __name__ == "__main__":
    main(sys.argv[1:])
