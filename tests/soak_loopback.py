"""A live desk on loopback exchanges with faults on, while server, engine and guard are killed at random times.

    python tests/soak_loopback.py [--minutes 30] [--seed 1] [--untimed] [--keep]

Real processes and sockets: `mmtui venue serve` (Binance spot and USDM, with journals), `mmtui engine CONFIG --live` and
its guard. An operator brings the desk back as an operator would. At the end the venues' journals (what was true) are
held against the tape (what the desk knew): limits, duplicate ids, fills, positions, kills, UNKNOWN orders, orphans.
Exit 1 with a sentence for each breach.

Rules of this file: the schedule and the table; acts are in kits/soak_stage.py, the judgement in kits/soak_judge.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "kits"), str(HERE / "host")]

from conftest import Home  # noqa: E402
from soak_judge import Judge  # noqa: E402
from soak_stage import SoakError, Stage  # noqa: E402

#: Act -> how often, against the others. The first of every run is kill_engine: ids of a dead life make orphans.
WEIGHTS = {
    "spell": 6, "cancelled_behind": 4, "orphan": 4, "press": 2, "kill_server": 2, "kill_engine": 2, "kill_guard": 1,
    "kill_both": 1, "kill_engine_and_server": 1,
}  # fmt: skip
PAUSE_S = (0.5, 3.0)


def soak(stage: Stage, seconds: float, *, say: bool = True) -> Judge:
    """Run, end in order, judge."""
    until = time.monotonic() + seconds
    stage.run()
    stage.quoting()
    stage.guarded()
    first = ["kill_engine", "orphan", "cancelled_behind"]
    while time.monotonic() < until:
        name = first.pop(0) if first else stage.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        getattr(stage, name)()
        stage.quoting()
        if say:
            at, what, of = stage.log[-1]
            print(f"{time.strftime('%H:%M:%S', time.gmtime(at // 10**9))} {what} {of}", file=sys.stderr, flush=True)
        time.sleep(stage.dice.uniform(*PAUSE_S))
    return Judge(stage, stage.finish()).run()


def table(judge: Judge) -> None:
    counts = Counter(what for _, what, _ in judge.stage.log)
    for what, count in sorted(counts.items()):
        print(f"{what:<60} {count}")
    for what, text in judge.figures:
        print(f"{what:<60} {text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--untimed", action="store_true", help="judge what is right, not how long it took")
    parser.add_argument("--keep", action="store_true", help="keep the folder with tape and journals, and name it")
    args = parser.parse_args()
    home = Home(Path(tempfile.mkdtemp(prefix="mm")))
    stage = Stage(home, args.seed)
    try:
        judge = soak(stage, 60 * args.minutes)
        table(judge)
        found = judge.breaches + ([] if args.untimed else judge.late)
        for text in found:
            print(f"BREACH: {text}")
        if not found:
            print("no breach")
        return 1 if found else 0
    except SoakError as error:
        print(f"BREACH: {error}")
        return 1
    finally:
        if args.keep:
            print(f"kept: {home.root}", file=sys.stderr)
        for server in stage.servers.values():
            server.close()
        if not args.keep:
            home.close()
        else:
            for process in home.children:
                if process.poll() is None:
                    process.kill()


if __name__ == "__main__":
    sys.exit(main())
