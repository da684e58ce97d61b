"""One long run of the simulator in blocks that are kept: what was interrupted goes on where it stopped.

    python tests/sim/long.py --seeds 100000 --into FOLDER [--block 1000] [--jobs 2]

Every block is `mmtui sim --seeds BLOCK --from S --once --json`, and its answer is kept as FOLDER/S.json beside a digest
of every source file that a simulated desk runs; blocks of other sources are refused (a commit that touches the screens
alone goes on).  When all are there their sum is printed and judged as one run: no breach, and no cell of fault and
order state that can be reached below its count.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

import msgspec

from mmtui.sim.main import CELL_LEAST, Tally, commit

SUMS = ("seeds", "records", "events", "lives", "restarts", "simulated_s", "wall_s", "cpu_s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100_000)
    parser.add_argument("--block", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--into", type=Path, required=True)
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)
    mark, now = args.into / "sources", sources()
    if mark.exists() and mark.read_text() != now:
        print(f"{args.into} holds blocks of sources {mark.read_text()}, these are {now}", file=sys.stderr)
        return 2
    mark.write_text(now)
    for first in range(1, args.seeds + 1, args.block):
        path = args.into / f"{first}.json"
        if not path.exists():
            path.write_bytes(block(first, min(args.block, args.seeds - first + 1), args.jobs))
            print(f"{min(first + args.block - 1, args.seeds)} of {args.seeds}", file=sys.stderr, flush=True)
    return judge(args.into, f"commit {commit()}, sources {now}")


def sources() -> str:
    """Digest of the files of every module of the project that is loaded once a seed has run."""
    ran = "import mmtui.sim.main, mmtui.sim.worker; from mmtui.sim.run import run_seed; run_seed(1)"
    ours = "m.__file__ for n, m in sys.modules.items() if n.startswith('mmtui') and m.__file__"
    told = f"import sys; print(*sorted({ours}))"
    done = subprocess.run([sys.executable, "-c", f"{ran}\n{told}"], capture_output=True, text=True, check=True)
    digest = blake2b(digest_size=8)
    for name in done.stdout.split():
        digest.update(Path(name).read_bytes())
    return digest.hexdigest()


def block(first: int, count: int, jobs: int) -> bytes:
    """The answer of one block; what it says of a breach goes on to standard error."""
    command = [sys.executable, "-m", "mmtui", "sim", "--seeds", str(count), "--from", str(first), "--once", "--json"]
    return subprocess.run([*command, "--jobs", str(jobs)], stdout=subprocess.PIPE, check=False).stdout


def judge(folder: Path, now: str) -> int:
    """Print the sum of all blocks; 0 when it holds."""
    total = dict.fromkeys(SUMS, 0.0)
    tally = Tally()
    breaches, longest = [], 0
    for path in sorted(folder.glob("*.json"), key=lambda one: int(one.stem)):
        body = msgspec.json.decode(path.read_bytes())
        for name in SUMS:
            total[name] += body[name]
        breaches += body["breaches"]
        longest = max(longest, body["converged_ms"]["max"])
        for cell, count in body["cells"].items():
            tally.cells[cell] = tally.cells.get(cell, 0) + count
    thin = tally.thin()
    print(f"{now}: {total['seeds']:,.0f} seeds, {len(breaches)} breaches, {total['records']:,.0f} records,")
    print(f"{total['restarts']:,.0f} restarts, {total['simulated_s'] / 86_400:,.1f} simulated days,")
    cpu = max(total["cpu_s"], 1e-9)
    said = f"{total['events'] / cpu:,.0f} events and {total['records'] / cpu:,.0f} records a second of one core"
    print(f"{said}, longest to converge {longest} ms;")
    print(f"cells below {CELL_LEAST}: {', '.join(thin) or 'none'} of {len(tally.cells)}")
    for one in breaches:
        print(f"seed {one['seed']}: {one['invariant']}: {one['text']}")
    return 1 if breaches or thin else 0


if __name__ == "__main__":
    sys.exit(main())
