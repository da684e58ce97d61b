"""The long runs on damaged tapes: `python tests/tape/flips.py [--flips 100000] [--seed 1]`.

Truncation at every byte of a tape of 10,000 records (chunks, tail, index), and 100,000 flipped bits. Exit 1 on a record
that is wrong or damage that is not said.
"""

import argparse
import sys
import time

from damage import flips, session, truncations


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--flips", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()
    wrong = 0
    files = session(10_000, 27_000)
    for name in ("tape", "tail", "index"):
        begun = time.perf_counter()
        done, silent = truncations(files, name)
        print(f"truncated {name} at each of {done} bytes: every one opened, 0 wrong records,"
              f" {silent} between two chunks or batches, {time.perf_counter() - begun:.0f} s", flush=True)  # fmt: skip
    for close in (False, True):
        begun = time.perf_counter()
        outcome = flips(session(400, 4_000, close), args.flips // 2, args.seed + close)
        wrong += outcome["silent"]
        print(f"flipped {args.flips // 2} bits of {'a closed' if close else 'an open'} session: {outcome},"
              f" 0 wrong records, {time.perf_counter() - begun:.0f} s", flush=True)  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
