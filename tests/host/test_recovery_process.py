"""A real host keeps checkpoints while it serves, and comes back from them after kill -9."""

from __future__ import annotations

import os
import time

from mmtui.tape.checkpoint import NAME, Checkpoints
from mmtui.tape.reader import TapeReader
from mmtui.tape.recovery import recover

SPOT = "binance-spot:BTCUSDT"
WAIT_S = 60.0


def states(path):
    return [one.place.number for one in Checkpoints(path, TapeReader(path).header)]


def test_a_host_that_was_killed_comes_back_from_its_checkpoint(home):
    config = home.config("kept", seconds=300.0)
    process, ready = home.engine(config, "--speed", "max")
    path = home.state / "sessions" / ready["session"]
    deadline = time.monotonic() + WAIT_S
    while not states(path):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    before = home.status("kept")
    process.kill()
    process.wait(10)
    found = recover(path)
    assert found.began == states(path)[-1] >= 5_000
    assert found.records == TapeReader(path).count
    again, ready = home.engine(config, "--speed", "max")
    assert home.state / "sessions" / ready["session"] == path
    after = home.status("kept")
    assert after["instruments"][SPOT]["fills"] >= before["instruments"][SPOT]["fills"]
    home.run("ctl", "kept", "shutdown")
    again.wait(20)
    assert states(path)[-1] == TapeReader(path).count, "the last state is the end's"
    assert os.stat(path / NAME).st_mode & 0o077 == 0
    last = Checkpoints(path, TapeReader(path).header).load(10**9)
    assert last.engine.state_hash() == TapeReader(path).state_hash
