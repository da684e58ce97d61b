"""Old sessions go, the oldest first; open ones and a desk's last one stay."""

import pytest

from mmtui.core.setup import DeskSetup
from mmtui.tape.files import DISK
from mmtui.tape.format import Header
from mmtui.tape.retention import DAY_NS, said, sessions, tidy
from mmtui.tape.writer import TapeWriter

SETUP = DeskSetup(name="t", mode="paper", currency="USDT", equity="1", instruments=[], venues=[])
NOW = 1000 * DAY_NS


@pytest.fixture
def folder(tmp_path):
    """a to e, of 50, 40, 30, 20 and 10 days ago; c was never closed; each has 1 MB."""
    for name, age in zip("abcde", (50, 40, 30, 20, 10), strict=True):
        created = NOW - age * DAY_NS
        header = Header(session=name, created_ns=created, setup=SETUP, source={"kind": "whatif"})
        tape = TapeWriter(tmp_path / name, header)
        (tmp_path / name / "note").write_bytes(bytes(1_000_000))
        tape.close("h") if name != "c" else tape.abandon()
    (tmp_path / "no session").mkdir()
    return tmp_path


def left(folder):
    return [session.name for session in sessions(DISK, folder)]


def test_what_is_too_old_goes_but_never_an_open_one_or_a_desks_last(folder):
    assert left(folder) == list("abcde")
    gone, freed = tidy(DISK, folder, 15, 0, NOW, {"b"})
    assert gone == ["a", "d"]
    assert 2_000_000 < freed < 2_100_000
    assert left(folder) == ["b", "c", "e"]


def test_the_oldest_go_until_there_is_room(folder):
    gone, _ = tidy(DISK, folder, 0, 0.003_1, NOW, set())
    assert gone == ["a", "b"]
    assert left(folder) == ["c", "d", "e"]


def test_no_limit_removes_nothing(folder):
    assert tidy(DISK, folder, 0, 0, NOW, set()) == ([], 0)
    assert left(folder) == list("abcde")


def test_what_a_dead_host_left_half_removed_goes_too(folder):
    (folder / "a").rename(folder / ".gone-a")
    (folder / ".gone-a" / "header.json").unlink()
    tidy(DISK, folder, 0, 0, NOW, set())
    assert not (folder / ".gone-a").exists()
    assert (folder / "no session").exists()


def test_it_is_said_in_one_line():
    assert said(["a"], 1_500_000) == "retention: removed a (1.5 MB)"
    assert said(["a", "b", "c"], 0) == "retention: removed 3 sessions, a to c (0.0 MB)"
