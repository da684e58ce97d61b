"""The same events make the same effects and the same state: in one process, after a restore, with any hash seed."""

import ast
import os
import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from random_desk import story

from mmtui.core.engine import Engine

PACKAGE = Path(__file__).parents[2] / "mmtui"
IMPURE = {
    "asyncio", "time", "random", "os", "socket", "logging", "datetime", "uuid", "threading", "secrets", "subprocess",
    "multiprocessing", "tempfile", "signal", "select", "ssl", "locale", "platform", "pathlib", "io", "numpy",
}  # fmt: skip
PURE_FILES = sorted(
    path
    for pattern in ("core/**/*.py", "venues/*/wire*.py", "venues/*/sequence.py", "tape/format.py", "link/codec.py",
                    "link/messages.py", "link/parts.py", "venues/paper/*.py")
    for path in PACKAGE.glob(pattern)
)  # fmt: skip


@pytest.mark.parametrize("path", PURE_FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pure_rooms_import_no_clock_no_chance_and_no_world(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if not (
                name == "datetime" and path.name == "format.py"
            ):  # the tape names sessions by an instant it is given
                assert name.split(".")[0] not in IMPURE, f"line {node.lineno} imports {name}"
            if "core" in path.relative_to(PACKAGE).parts:
                assert not name.startswith("mmtui.") or name.startswith("mmtui.core"), f"line {node.lineno}: {name}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("now", "utcnow", "today") or "core" in path.parts, f"line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("hash", "id", "open", "input", "print"), f"line {node.lineno}"


def test_the_purity_test_sees_the_engine():
    assert PACKAGE / "core" / "engine.py" in PURE_FILES and len(PURE_FILES) > 30


def again(desk, engine=None, start=0):
    """The events of a desk's life into a fresh engine; its effects."""
    engine = engine or Engine(desk.setup)
    return engine, [engine.process(event) for event in desk.events[start:]]


@pytest.mark.parametrize("seed", range(4))
def test_the_tape_again_makes_the_same_effects_and_the_same_state(seed):
    desk = story(seed, 400)
    engine, effects = again(desk)
    assert effects == desk.effects
    assert engine.state_hash() == desk.engine.state_hash()


@pytest.mark.parametrize("seed", range(3))
def test_an_engine_restored_from_any_point_goes_on_identically(seed):
    desk = story(seed, 300)
    engine = Engine(desk.setup)
    for at, event in enumerate(desk.events):
        if at % 97 == 13:
            before = engine.state_hash()
            engine = pickle.loads(pickle.dumps(engine))
            assert engine.state_hash() == before
        assert engine.process(event) == desk.effects[at]
    assert engine.state_hash() == desk.engine.state_hash()


def test_events_and_effects_survive_the_tape_codec_exactly():
    from mmtui.core.effects import Effect
    from mmtui.core.events import Event

    desk = story(1, 200)
    events = msgspec.msgpack.Decoder(list[Event]).decode(msgspec.msgpack.encode(desk.events))
    effects = msgspec.msgpack.Decoder(list[list[Effect]]).decode(msgspec.msgpack.encode(desk.effects))
    assert events == desk.events and effects == desk.effects


def test_reading_an_engine_changes_nothing():
    """Gauges, waterfalls, totals and hashes are for looking: a cockpit must not change the desk."""
    quiet, watched = story(2, 200), story(2, 200, look=True)
    assert watched.effects == quiet.effects
    assert watched.engine.state_hash() == quiet.engine.state_hash()


def test_a_different_story_has_a_different_hash():
    assert len({story(seed, 100).engine.state_hash() for seed in range(5)}) == 5


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from random_desk import story
desk = story(5, 400)
print(desk.engine.state_hash(), len(desk.events), sum(map(len, desk.effects)))
"""


def test_the_hash_is_the_same_in_any_process_with_any_hash_seed():
    here = str(Path(__file__).parent)
    said = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, here],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(PACKAGE.parent)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "4711")
    }  # fmt: skip
    assert len(said) == 1
    assert said.pop().split()[0] == story(5, 400).engine.state_hash()
