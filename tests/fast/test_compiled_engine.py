"""The compiled path decides what the pure one decides: the same sources, the same tapes, the same images of state."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmtui import fast
from mmtui.core.errors import UserError
from mmtui.fast import build

ROOT = Path(build.__file__).resolve().parents[2]
#: Small, hot, and of every kind that matters: floats, integers, slots, methods that are bound, subclasses of nothing.
SOME = (
    "mmtui/core/maths.py",
    "mmtui/core/market/book.py",
    "mmtui/core/quoting/ewma.py",
    "mmtui/core/quoting/ladder.py",
    "mmtui/core/quoting/model.py",
    "mmtui/core/orders/tracker.py",
    "mmtui/core/risk/states.py",
    "mmtui/sim/market.py",
)
#: Runs some seeds of the simulator and prices of the arithmetic that is easiest to get wrong.
PROBE = """
import json, sys
from mmtui.core import maths
from mmtui.core.market import book
from mmtui.core.quoting import ladder
from mmtui.sim.run import run_seed
from mmtui.tape import image
numbers = [maths.exp(k * 0.37 - 40.0).hex() for k in range(200)] + [maths.pow(k + 0.5, 1.7).hex() for k in range(50)]
numbers += [maths.log(k * 1e15 + 3.0).hex() for k in range(1, 50)]
rungs = [ladder.prices(1000.0 + k / 7, 5.0, -0.3 * k, (0.0, 1.5, 3.25), 999 + k, 1001 + k) for k in range(50)]
seeds = [(one.hash, one.breach, one.records) for one in map(run_seed, (1, 3, 6))]
print(json.dumps([book.__file__.endswith(".py"), [numbers, rungs, seeds]]))
"""


def probe(folder: Path) -> tuple[bool, object]:
    """Whether the book is interpreted in a process that finds the package in `folder`, and what it decides."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    interpreted, said = json.loads(done.stdout)
    return interpreted, said


def test_compiled_modules_make_the_same_tapes_as_the_pure_ones(tmp_path: Path) -> None:
    missing = build.ready()
    if missing:
        pytest.skip(f"skipped: {missing}")
    assert build.build(ROOT, tmp_path, SOME, level="0") == list(SOME)
    interpreted, compiled = probe(tmp_path)
    assert not interpreted
    for one in tmp_path.rglob("*.so"):
        one.unlink()
    again, pure = probe(tmp_path)
    assert again and compiled == pure  # tapes hold checkpoints: the images of compiled objects are the same bytes
    for name in SOME:
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes(), name


def test_messages_and_errors_stay_interpreted() -> None:
    chosen = build.modules(ROOT)
    assert {"mmtui/core/engine.py", "mmtui/core/market/book.py", "mmtui/core/maths.py"} <= set(chosen)
    for name in ("events", "effects", "errors", "setup", "quoting/params"):
        assert f"mmtui/core/{name}.py" not in chosen


def test_the_rooms_of_the_simulator_are_compiled_where_they_are_asked_for() -> None:
    plain, wide = set(build.modules(ROOT)), set(build.modules(ROOT, build.SIMULATOR))
    assert plain < wide and not any(name.startswith("mmtui/sim/") for name in plain)
    for name in ("sim/world", "sim/watcher", "sim/market", "sim/exchange", "venues/account", "tape/writer"):
        assert f"mmtui/{name}.py" in wide


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ("class A:\n    pass\n", True),
        ("class A(NamedTuple):\n    pass\n", True),
        ("class A:\n    pass\nclass B(A):\n    pass\n", True),
        ("class A(Struct, frozen=True):\n    pass\n", False),
        ("class A(IntEnum):\n    pass\n", True),
        ("class A(dict[int, bytes]):\n    pass\n", True),
        ("class A(StrEnum):\n    pass\n", False),
        ("class A(ValueError):\n    pass\n", False),
        ("@dataclass\nclass A:\n    pass\n", False),
    ],
)
def test_a_module_is_compiled_when_its_classes_are_plain(text: str, whether: bool) -> None:
    assert build.plain(ast.parse(text)) is whether


@pytest.mark.parametrize("name", ["core/orders/tracker.py", "core/maths.py", "sim/network.py", "core/risk/states.py"])
def test_marking_a_source_changes_no_statement(name: str) -> None:
    text = (ROOT / "mmtui" / name).read_text("utf-8")
    marked = build.opened(text)
    plain = [n for n in ast.parse(text).body if isinstance(n, ast.ClassDef) and "IntEnum" not in ast.unparse(n)]
    kept = [line for line in marked.replace(build._MARK, "", 1).splitlines() if not line.startswith("@mypyc_attr")]
    assert len(kept) == len(text.splitlines())
    kept = [re.sub(r"^(\w+): Final =", r"\1 =", line) for line in kept]
    kept = [re.sub(r"^(\w+): Final\[(.*?)\] =", r"\1: \2 =", line) for line in kept]
    assert kept == text.splitlines()
    assert marked.count("@mypyc_attr") == len([n for n in plain if "Protocol" not in ast.unparse(n)])


def test_constants_are_marked_and_what_changes_is_not() -> None:
    text = "A = 1\nB: dict[int, str] = {}\nC = D = 2\nE = 3\nE = 4\nlower = 5\nT = TypeVar('T')\nF, G = 1, 2\n"
    said = text.replace("A = 1", "A: Final = 1").replace("B: dict[int, str]", "B: Final[dict[int, str]]")
    assert build.opened(text) == said


def test_what_is_missing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(UserError, match=r"no-such-compiler|pip install mypy setuptools"):
        build.build(ROOT, tmp_path)
    assert not any(tmp_path.iterdir())
    assert build.main([]) == 2


def test_what_runs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "SHOWN", str(tmp_path / "engine"))
    assert fast.kind() == "pure Python"
    (tmp_path / "engine.py").touch()
    (tmp_path / f"engine{fast.EXTENSION_SUFFIXES[0]}").touch()
    assert fast.kind() == "compiled by mypyc"
