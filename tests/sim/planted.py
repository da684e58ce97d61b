"""The peers' failures, planted one by one; the simulator must find every one.

    python tests/sim/planted.py [NAME ...] [--seeds 400]

Prints the table of the README: in how many seeds each is found; without names, with the rows that are tests too.
"""

from __future__ import annotations

import statistics
import sys
import time

import bugs_books
import bugs_fills
import bugs_kill
import bugs_orders
from bugs import BUGS, find
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
    needed, missed = [], 0
    print("| row | peer | planted, or tested | found by | seeds |\n|---|---|---|---|---|")
    for row in rows() if not argv else []:
        if not row.planted:
            tests = ", ".join(ident.partition("::")[2] for ident in row.tests)
            print(f"| {row.number} | {row.peer} | {row.failure} | {tests} | - |")
    for one in sorted(BUGS, key=lambda one: (one.row, one.name)):
        if argv and one.name not in argv:
            continue
        begun = time.monotonic()
        found = find(one, limit)
        missed += not found.seeds
        needed.append(found.seeds or limit)
        seeds = found.seeds or f"> {limit}"
        print(f"| {one.row} | {one.peer} | {one.what} | {found.invariant or 'NOT FOUND'} | {seeds} |", flush=True)
        print(f"    {one.name}: {time.monotonic() - begun:.1f} s: {found.text[:140]}", file=sys.stderr, flush=True)
    print(f"\n{len(needed) - missed} of {len(needed)} found, median {statistics.median(needed):g} seeds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
