"""Starting hosts detached, finding them, and hosts that end by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from mmtui.cli import default
from mmtui.core.errors import UserError
from mmtui.host import launch, loop
from mmtui.host.registry import (
    Desk,
    DeskLock,
    RunsAlready,
    check_name,
    desk_names,
    find,
    lookup,
    lookup_started,
    running,
)


@pytest.fixture
def here(home, monkeypatch):
    """The home's folders for this process too."""
    for key in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(key, home.env[key])
    return home


def test_a_detached_host_is_its_own_session_and_a_second_run_finds_it(here):
    config = here.config("found")
    first = launch.start_desk(config, None)
    path = first.socket()
    desk = lookup("found")
    assert desk is not None
    assert desk.socket == path
    assert os.getsid(desk.pid) == desk.pid
    assert desk.pid != os.getpid()
    assert launch.start_desk(config, None).socket() == path
    assert [found.name for found in running()] == ["found"]
    os.kill(desk.pid, signal.SIGHUP)
    time.sleep(0.2)
    assert lookup("found") is not None
    here.run("ctl", "shutdown")


def test_a_demo_is_found_again_and_another_seed_is_another_demo(here):
    first = launch.start_demo(None, None)
    path = first.socket()
    assert isinstance(launch.start_demo(None, None), launch.Found)
    other = launch.start_demo(5, "trend").socket()
    assert other != path
    assert [desk.name for desk in running()] == ["demo", "demo-trend-5"]
    with pytest.raises(UserError, match="2 desks run"):
        find(None)
    for name in ("demo", "demo-trend-5"):
        here.run("ctl", name, "shutdown")


def test_why_a_host_cannot_start_is_its_own_sentence(here):
    config = here.config("wrong")
    config.write_text(config.read_text().replace("[desk]", "[desk]\ncolour = 1"))
    with pytest.raises(UserError, match=r"wrong\.toml:\d+: .*colour"):
        launch.start_desk(config, None).socket()
    with pytest.raises(UserError, match="scenario 'storm'"):
        launch.start_demo(1, "storm").socket()
    with pytest.raises(UserError, match="no session"):
        launch.start_replay("never", None, None).socket()
    assert not running()


def test_mmtui_alone_lists_several_desks(here, capsys):
    for name in ("left", "right"):
        here.engine(here.config(name))
    assert default() == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "mmtui attach left" in err
    assert "mmtui attach right" in err


def test_a_lock_is_held_once_and_says_by_whom(here):
    lock = DeskLock("mine")
    lock.publish(Desk("mine", "PAPER", 4242, Path("/x.sock"), "s"))
    with pytest.raises(RunsAlready, match="4242"):
        DeskLock("mine")
    assert find("mine").pid == 4242
    lock.release()
    assert lookup("mine") is None
    DeskLock("mine").release()


@pytest.mark.parametrize("name", ["", "kill", "status", "a/b", "../x", "-x", ".x", "a b", "x" * 41, "a\n"])
def test_a_desk_cannot_have_any_name(name):
    with pytest.raises(UserError):
        check_name(name)


def test_a_demo_that_left_leaves_no_desk_to_kill(here):
    path = launch.start_demo(None, None).socket()
    assert path.exists()
    here.run("ctl", "shutdown")
    deadline = time.monotonic() + 10
    while list(desk_names()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "nothing to kill" in here.run("kill").stdout


def test_a_kill_waits_for_a_host_that_is_just_starting(here):
    lock = DeskLock("slow")
    assert lookup("slow") is None
    assert lookup_started("slow", 0.1) is None
    lock.publish(Desk("slow", "PAPER", 1, Path("/x.sock"), "s"))
    assert lookup_started("slow", 0.1) is not None
    lock.release()


class IdleStage:
    """A stage on which nothing happens."""

    def __init__(self, faults=0):
        self.outbox = []
        self.stopping = self.regrid = self.behind = self.over = False
        self.told = []
        self.faults = faults

    def slice(self):
        if self.faults:
            self.faults -= 1
            raise ValueError("planted")

    def after_slice(self):
        pass

    def flush(self):
        pass

    def journal(self, kind, **fields):
        pass

    async def leave(self):
        """Nothing to close."""

    def signalled(self, action, name):
        self.told.append((action, name))
        if action == "shutdown":
            self.stopping = True
            self.over = name != "stuck"


@pytest.fixture
def run_loop(monkeypatch):
    """Runs a HostLoop in this process; signal handlers are put back."""
    kept = {
        number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
    }
    folder = Path(tempfile.mkdtemp(prefix="mm"))

    def run(stage, idle_limit=None, ready=lambda: None):
        made = loop.HostLoop(stage, folder / "x.sock", idle_limit)
        made.run(ready)
        assert not (folder / "x.sock").exists()
        return made

    yield run
    import gc

    gc.enable()
    gc.unfreeze()
    for number, handler in kept.items():
        signal.signal(number, handler)
    asyncio.set_event_loop(None)
    folder.rmdir()


def test_a_host_without_cockpits_ends_after_its_limit(run_loop):
    stage = IdleStage()
    made = run_loop(stage, idle_limit=0.2)
    assert stage.told == [("shutdown", "no cockpit")]
    assert not made.timed_out


def test_a_shutdown_that_never_ends_is_cut_and_known(run_loop, monkeypatch):
    monkeypatch.setattr(loop, "SHUTDOWN_S", 0.2)
    stage = IdleStage()
    made = run_loop(stage, ready=lambda: stage.signalled("shutdown", "stuck"))
    assert made.timed_out


def test_a_fault_of_the_loop_is_a_kill_and_the_loop_goes_on(run_loop, monkeypatch, capsys):
    monkeypatch.setattr(loop, "FAULT_S", 0.01)
    stage = IdleStage(faults=3)
    run_loop(stage, idle_limit=0.2)
    assert stage.told == [("kill", "fault of the host"), ("shutdown", "no cockpit")]
    assert "planted" in capsys.readouterr().err


def test_a_signal_becomes_an_act(run_loop):
    stage = IdleStage()

    def ready():
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGTERM)

    run_loop(stage, ready=ready)
    assert ("kill", "SIGUSR1") in stage.told
    assert ("shutdown", "SIGTERM") in stage.told
