"""Retention in a host: what a config asks for, and what stays in any case."""

import time

from mmtui.config.paths import desk_dir, sessions_dir
from mmtui.config.schema import Tape
from mmtui.core.setup import DeskSetup
from mmtui.host.tidy import once
from mmtui.tape.format import Header
from mmtui.tape.writer import TapeWriter

SETUP = DeskSetup(name="t", mode="paper", currency="USDT", equity="1", instruments=[], venues=[])
DAY_NS = 86_400 * 10**9


def test_old_sessions_go_and_a_desks_last_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name, age in (("one", 9), ("two", 8), ("new", 1)):
        header = Header(session=name, created_ns=time.time_ns() - age * DAY_NS, setup=SETUP)
        TapeWriter(sessions_dir() / name, header).close("h")
    (desk_dir("t") / "session").write_text("two\n")
    assert once(Tape(keep_days=0, keep_gb=0)) == ""
    assert once(Tape(keep_days=5)).startswith("retention: removed one (")
    assert sorted(path.name for path in sessions_dir().iterdir()) == ["new", "two"]
