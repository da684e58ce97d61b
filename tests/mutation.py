"""Mutation score of the rooms on which money depends: `python tests/mutation.py [ROOM ...]` (pip install -e .[dev]).

Clones the last commit into a temporary folder, lets mutmut change one thing at a time there, and prints for each room
how many of the changes some test has noticed, and every change that none has.  Survivors that cannot be noticed, or
that change words only, stand with their reason in tests/mutation_equivalent.toml.  Exit 1 below 90 %.

Rules of this file: a command for people, half an hour of one core; nothing of it runs in CI or touches the project.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LEAST = 0.90
#: What mutmut says of a change that a test has noticed.
NOTICED = frozenset({"killed", "timeout", "segfault", "suspicious", "caught by type check"})

SETTINGS = """
[tool.mutmut]
source_paths = {sources}
also_copy = ["mmtui/", "themes/", "sample_configs/", "tests/"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-n", "0"]
pytest_add_cli_args_test_selection = {tests}
"""

#: Tests of books, ledger, quoting, random lives and files are left out: a survivor would cost a quarter of a minute.
CORE = (
    "acts", "amends*", "gate", "kill*", "legs*", "loss_limits", "orders*", "protections", "reconcile", "repeats",
    "risk*", "tasks",
)  # fmt: skip
TAPE = ("codec*", "tape_numbers", "tape_yesterday")


class Room(NamedTuple):
    sources: tuple[str, ...]
    folder: str  # of its tests
    tests: tuple[str, ...]


ROOMS = {
    "orders": Room(("mmtui/core/orders/", "mmtui/core/order_side.py"), "core", CORE),
    "risk": Room(
        tuple(f"mmtui/core/risk/{name}.py" for name in ("gate", "protections", "states", "triggers", "watch")),
        "core",
        CORE,
    ),
    "kill": Room(("mmtui/core/risk/sweep.py",), "core", CORE),
    "tape": Room(
        tuple(f"mmtui/tape/{name}.py" for name in ("format", "columns", "chunks", "tails", "index")), "tape", TAPE
    ),
}


class Survivor(NamedTuple):
    function: str
    diff: str  # the lines that differ, without their indentation
    why: str  # why no test can or should notice; "" when nobody has said


def plain(diff: str) -> str:
    """The changed lines of a diff, without headers and indentation."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("---", "+++")]
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines)


def readable(name: str) -> str:
    """mmtui.core.risk.gate.xǁGateǁcheck__mutmut_3 -> core.risk.gate.Gate.check"""
    name = re.sub(r"__mutmut_\d+$", "", name).removeprefix("mmtui.")
    return re.sub(r"\.x_(?=[^.]+$)", ".", name.replace("xǁ", "").replace("ǁ", "."))


def reasons() -> dict[tuple[str, str], str]:
    listed = tomllib.loads(Path(__file__).with_name("mutation_equivalent.toml").read_text())["survivor"]
    return {(one["function"], plain(one["diff"])): one["why"] for one in listed}


def mutmut(folder: Path, *args: str, show: bool = False) -> str:
    """One call of mutmut in the clone; its output."""
    out = None if show else subprocess.PIPE
    done = subprocess.run([sys.executable, "-m", "mutmut", *args], cwd=folder, stdout=out, text=True, check=not show)
    return done.stdout or ""


def measure(folder: Path, rooms: list[str], children: int) -> dict[str, str]:
    """Run mutmut over rooms that share their tests; change -> what became of it."""
    tests = sorted(
        str(path.relative_to(folder))
        for pattern in ROOMS[rooms[0]].tests
        for path in folder.glob(f"tests/{ROOMS[rooms[0]].folder}/test_{pattern}.py")
    )
    sources = [source for room in rooms for source in ROOMS[room].sources]
    settings = folder / "pyproject.toml"
    settings.write_text(settings.read_text() + SETTINGS.format(sources=sources, tests=tests))
    mutmut(folder, "run", "--max-children", str(children), show=True)
    rows = [line.strip().rpartition(": ") for line in mutmut(folder, "results", "--all", "true").splitlines()]
    return {name: status for name, colon, status in rows if colon}


def belongs(name: str, room: str) -> bool:
    path = readable(name).replace(".", "/")
    return any(f"mmtui/{path}".startswith(source.removesuffix(".py")) for source in ROOMS[room].sources)


def report(folder: Path, room: str, results: dict[str, str], known: dict[tuple[str, str], str]) -> bool:
    """Print the score and the survivors of a room; whether it is enough."""
    mine = {name: status for name, status in results.items() if belongs(name, room)}
    left = [name for name, status in mine.items() if status not in NOTICED]
    survivors = []
    for name in left:
        function, diff = readable(name), plain(mutmut(folder, "show", name))
        survivors.append(Survivor(function, diff, known.get((function, diff), "")))
    score = 1 - len(left) / len(mine) if mine else 0.0
    explained = sum(1 for one in survivors if one.why)
    print(f"\n{room}: {score:.1%} of {len(mine)} changes noticed; {len(left)} survive, {explained} of them explained")
    for one in survivors:
        print(f"  {one.function}: {one.why or '?'}")
        print("\n".join(f"    {line}" for line in one.diff.splitlines()))
    return score >= LEAST


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("room", nargs="*", help=f"of {', '.join(ROOMS)}; all of them by default")
    parser.add_argument("--children", type=int, default=1, help="processes at once")
    args = parser.parse_args()
    rooms = args.room or list(ROOMS)
    if unknown := sorted(set(rooms) - set(ROOMS)):
        parser.error(f"no room {', '.join(unknown)}; there are {', '.join(ROOMS)}")
    os.nice(10)
    enough = True
    for folder_of_tests in ("core", "tape"):
        group = [room for room in rooms if ROOMS[room].folder == folder_of_tests]
        if not group:
            continue
        with tempfile.TemporaryDirectory(prefix="mutation-") as name:
            folder = Path(name, "clone")
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
            results = measure(folder, group, args.children)
            for room in group:
                enough = report(folder, room, results, reasons()) and enough
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
