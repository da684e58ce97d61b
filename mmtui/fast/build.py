"""Compiles the engine: `python -m mmtui.fast.build FOLDER` makes a copy of the package with its hot rooms compiled;
with `simulator` at the end, the rooms of `mmtui sim` too.

The sources are the same, so both paths decide the same: mypyc turns typed Python into C extensions (it comes with
mypy).  numba was planned for this place: it would need every kernel a second time beside the pure function, and the
cost of a quote lies in many small methods over objects, which numba does not compile.

A module is compiled when all its classes are plain (messages are msgspec's and errors Python's own).  Constants of a
module are marked as such for the compiler: who changes one at run time changes it for the pure path alone.
Three things keep the bits of the interpreter: no fused multiply-add (-ffp-contract=off); integers beyond 2**53 are
divided as Python divides them (`EXACT`); attributes that are annotated float are floats on both paths.
Rules of this file: runs in no hot path and is imported by none; every failure is one sentence.
"""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from mmtui.core.errors import UserError

#: What is compiled, as far as its classes allow: the engine, the paper venues, the decoder of the captures.
ROOMS = ("mmtui/core", "mmtui/venues/paper", "mmtui/venues/binance/wire.py", "mmtui/venues/binance/sequence.py")
#: What a build for long simulations takes as well: the world around the desk, its sessions and its tape.
SIMULATOR = (
    *ROOMS, "mmtui/sim", "mmtui/tape", "mmtui/venues/account*.py", "mmtui/venues/binance/private.py",
    "mmtui/venues/numbers.py", "mmtui/venues/private_words.py", "mmtui/link/acts.py",
)  # fmt: skip
#: Bases that a class may have in a compiled module, beside classes of compiled modules.
BASES = ("NamedTuple", "Protocol", "Generic", "IntEnum", "dict")
#: Of these, the ones that mypyc leaves as Python makes them: they are not marked.
UNMARKED = {"NamedTuple", "Protocol", "IntEnum"}
_FUTURE = "from __future__ import annotations\n"
_MARK = "from typing import TYPE_CHECKING, Final\n\nif TYPE_CHECKING:\n    from mypy_extensions import mypyc_attr\n\n"
#: Classes behave as Python's do: made without __init__ by checkpoints, subclassed by tests.
_OPEN = "@mypyc_attr(allow_interpreted_subclasses=True)"
#: mypyc divides two machine integers as doubles, which rounds twice beyond 2**53: there Python's own division is taken.
EXACT = (
    "if (likely(!CPyTagged_CheckLong(x) && !CPyTagged_CheckLong(y))) {\n        return (double)",
    "if (likely(!CPyTagged_CheckLong(x) && !CPyTagged_CheckLong(y)\n"
    "               && (size_t)((Py_ssize_t)x >> 1) + (1ULL << 53) <= (1ULL << 54)\n"
    "               && (size_t)((Py_ssize_t)y >> 1) + (1ULL << 53) <= (1ULL << 54))) {\n        return (double)",
)
#: Values of constants that are known to be no tuples, beside sums and the like of others.
_KEPT = (ast.Constant, ast.UnaryOp, ast.Dict, ast.DictComp, ast.List, ast.ListComp, ast.Set)
_CHECKS = ["--strict", "--allow-untyped-decorators", "--ignore-missing-imports", "--no-warn-unreachable"]


def copied(source: Path, folder: Path) -> None:
    """The package and its data beside each other in `folder`; what stood there of an earlier build is gone."""
    for name in ("mmtui", "themes", "sample_configs"):
        shutil.rmtree(folder / name, ignore_errors=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))


def plain(tree: ast.Module) -> bool:
    """Whether mypyc compiles all classes of a module as what they are."""
    own = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).partition("[")[0] for base in node.bases]
            ours = [base for base in bases if base not in BASES and base not in own and base != "tasks.Task"]
            if node.decorator_list or node.keywords or ours:
                return False
    return True


def modules(folder: Path, rooms: tuple[str, ...] = ROOMS) -> list[str]:
    """Paths of the modules to compile, relative to `folder`."""
    found: list[str] = []
    for room in rooms:
        path = folder / room
        for one in sorted(path.rglob("*.py") if path.is_dir() else folder.glob(room)):
            if one.name != "__init__.py" and plain(ast.parse(one.read_text("utf-8"))):
                found.append(one.relative_to(folder).as_posix())
    return found


def opened(text: str) -> str:
    """A source whose plain classes are marked for mypyc and whose constants are said to be constant: lines moved and
    annotations added, but no statement changed."""
    tree, lines = ast.parse(text), text.split("\n")
    stored = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    for node in reversed(tree.body):
        if isinstance(node, ast.ClassDef):
            if not UNMARKED & {ast.unparse(base) for base in node.bases}:
                lines.insert(node.lineno - 1, _OPEN)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and stored[target.id] == 1 and target.id.isupper() and _constant(node):
                _final(lines, node, target)
    return "\n".join(lines).replace(_FUTURE, _FUTURE + _MARK, 1)


def _constant(node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether its value, by how it is written, is one that mypyc keeps as a constant: no tuple, whose place it takes
    for empty (mypyc 2.4)."""
    value = node.value
    if value is None or isinstance(value, ast.Tuple):
        return False
    if isinstance(node, ast.AnnAssign):
        return not ast.unparse(node.annotation).startswith("tuple")
    if isinstance(value, ast.BinOp):
        return not any(isinstance(part, ast.Tuple) for part in ast.walk(value))
    return len(node.targets) == 1 and (isinstance(value, _KEPT) or ast.unparse(value).startswith("frozenset("))


def _final(lines: list[str], node: ast.Assign | ast.AnnAssign, target: ast.Name) -> None:
    """Annotate: mypyc then takes the value itself, or a place of its own, instead of a look into the module's dict."""
    place, column = target.lineno - 1, target.end_col_offset or 0  # columns count bytes: names here are ASCII
    line = lines[place]
    if isinstance(node, ast.Assign):
        lines[place] = f"{line[:column]}: Final{line[column:]}"
    elif node.annotation.end_lineno == node.lineno:
        begin, end = node.annotation.col_offset, node.annotation.end_col_offset
        lines[place] = f"{line[:begin]}Final[{line[begin:end]}]{line[end:]}"


def ready() -> str:
    """What is missing for a build, a sentence; "" when nothing is."""
    absent = [name for name in ("mypyc", "setuptools") if find_spec(name) is None]
    if absent:
        return f"compiling needs mypy and setuptools: pip install mypy setuptools ({absent[0]} is missing)"
    compiler = os.environ.get("CC", "cc").split()[0]
    return "" if shutil.which(compiler) else f"compiling needs a C compiler: there is no {compiler!r} here"


def build(source: Path, folder: Path, rooms: tuple[str, ...] = ROOMS, level: str = "2") -> list[str]:
    """Compile a copy of the package at `source` in `folder`; the modules compiled. Raises UserError.

    `level`: how far the C compiler optimises, 0 to 3.
    """
    missing = ready()
    if missing:
        raise UserError(missing)
    folder.mkdir(parents=True, exist_ok=True)
    copied(source, folder)
    chosen = modules(folder, rooms)
    with _originals(folder, chosen):
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, level, *chosen], cwd=folder, capture_output=True, text=True, check=False
        )
    shutil.rmtree(folder / "build", ignore_errors=True)
    shutil.rmtree(folder / ".mypy_cache", ignore_errors=True)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if "error" in line.lower()]
        raise UserError(f"the engine was not compiled: {said[-1].strip() if said else f'code {done.returncode}'}")
    return chosen


@contextlib.contextmanager
def _originals(folder: Path, chosen: list[str]) -> Iterator[None]:
    """The sources are marked while they are compiled; what stays beside the extensions is what was written."""
    before = {name: (folder / name).read_text("utf-8") for name in chosen}
    try:
        for name, text in before.items():
            (folder / name).write_text(opened(text), "utf-8")
        yield
    finally:
        for name, text in before.items():
            (folder / name).write_text(text, "utf-8")


#: Runs in a process of its own: setuptools changes the one that it runs in.
_SCRIPT = f"""
import sys
from pathlib import Path
from mypyc.build import mypycify
from setuptools import setup

level, *chosen = sys.argv[1:]
extensions = mypycify([*{_CHECKS!r}, *chosen], opt_level=level, debug_level="0", multi_file=True)
divide = Path("build/int_ops.c")
text = divide.read_text()
if {EXACT[0]!r} not in text:
    sys.exit("error: this version of mypyc divides integers in another way: its place in int_ops.c is not known")
divide.write_text(text.replace(*{EXACT!r}))
for one in extensions:
    one.extra_compile_args.append("-ffp-contract=off")
setup(name="mmtui", packages=[], ext_modules=extensions, script_args=["-q", "build_ext", "--inplace"])
"""


def main(arguments: list[str]) -> int:
    """`python -m mmtui.fast.build FOLDER [LEVEL] [simulator]`."""
    rooms = SIMULATOR if arguments[1:] and arguments[-1] == "simulator" else ROOMS
    places = arguments[:-1] if rooms is SIMULATOR else arguments
    if len(places) not in (1, 2) or places[0].startswith("-"):
        print("usage: python -m mmtui.fast.build FOLDER [LEVEL] [simulator]", file=sys.stderr)
        return 2
    source, level = Path(__file__).resolve().parents[2], places[1] if len(places) > 1 else "2"
    try:
        done = build(source, Path(places[0]).resolve(), rooms, level)
    except (UserError, OSError) as error:
        print(f"mmtui.fast.build: {error}", file=sys.stderr)
        return 1
    print(f"{len(done)} modules compiled into {places[0]}: run with PYTHONPATH={places[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
