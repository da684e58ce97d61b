"""The peers' failures, planted one by one; the simulator must find every one.

    python tests/sim/planted.py [NAME ...] [--seeds 400]

Prints the table of the README: in how many seeds each is found, and which test holds where nothing is planted.
"""

from __future__ import annotations

import statistics
import sys
import time

import bugs_books
import bugs_fills
import bugs_kill
import bugs_orders
from bugs import BUGS, find, named
from rows import rows

ROOMS = (bugs_kill, bugs_orders, bugs_fills, bugs_books)


def main(argv: list[str]) -> int:
    limit = 400
    if "--seeds" in argv:
        place = argv.index("--seeds")
        limit = int(argv[place + 1])
        del argv[place : place + 2]
    unknown = set(argv) - {one.name for one in BUGS}
    if unknown:
        print(f"no bug is named {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    needed: list[int] = []
    missed = 0
    print("| row | peer | what happened there | planted, or test | found by | seeds |\n|---|---|---|---|---|---|")
    for row in rows():
        for name in row.planted:
            if argv and name not in argv:
                continue
            one = named(name)
            begun = time.monotonic()
            found = find(one, limit)
            missed += not found.seeds
            needed.append(found.seeds or limit)
            seeds = found.seeds or f"> {limit}"
            by = found.invariant or "NOT FOUND"
            print(f"| {row.number} | {one.peer} | {one.what} | `{name}` | {by} | {seeds} |", flush=True)
            print(f"    {name}: {time.monotonic() - begun:.1f} s: {found.text[:140]}", file=sys.stderr, flush=True)
        if not row.planted and not argv:
            tests = ", ".join(ident.rpartition("/")[2] for ident in row.tests)
            print(f"| {row.number} | {row.peer} | {row.failure} | {tests} | the test | - |", flush=True)
    print(f"\n{len(needed) - missed} of {len(needed)} found, median {statistics.median(needed):g} seeds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
