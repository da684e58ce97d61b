"""Group commit: the tape of a running host reaches the disk by itself, and a failure is said."""

import time

from mmtui.core.events import Timer
from mmtui.core.setup import DeskSetup
from mmtui.host.commit import GroupCommit
from mmtui.tape.format import Header
from mmtui.tape.writer import TapeWriter


def tape(folder):
    setup = DeskSetup(name="t", mode="paper", currency="USDT", equity="1", instruments=[], venues=[])
    return TapeWriter(folder / "s", Header(session="s", created_ns=0, setup=setup))


def until(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_what_is_flushed_is_synced_while_the_host_runs(tmp_path):
    writer = tape(tmp_path)
    with GroupCommit(writer):
        for n in range(5):
            writer.append(Timer(n), [])
            writer.flush()
            assert until(lambda: writer._synced == writer._writes)
    writer.close("h")
    assert not writer.trouble


def test_a_sync_that_fails_is_said(tmp_path):
    writer = tape(tmp_path)

    def broken():
        raise OSError(5, "Input/output error")

    with GroupCommit(writer):
        writer._tape = type("Broken", (), {"sync": staticmethod(broken), "close": staticmethod(lambda: None)})()
        writer.append(Timer(1), [])
        writer.flush()
        assert until(lambda: "Input/output error" in writer.trouble)
