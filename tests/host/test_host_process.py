"""Hosts as processes: started, watched, killed, crashed, brought back."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import msgspec

from mmtui.core.engine import Engine
from mmtui.core.events import Command, Fill, HostStopped, OpenOrders
from mmtui.link.blocking import BlockingConnection
from mmtui.link.messages import PROTOCOL, Cmd, Frame, Hello, Item, View
from mmtui.tape.reader import TapeReader

SPOT = "binance-spot:BTCUSDT"


def hello(role="operator", client="cockpit"):
    return Hello(protocol=PROTOCOL, role=role, operator="tester", origin="local", client=client)


def result_of(connection, cmd):
    connection.send(cmd)
    while (message := connection.receive(10.0)) is not None:
        if isinstance(message, Item) and message.command == cmd.id and message.kind == "result":
            return message
    raise AssertionError("no result")


def records(home, session):
    return list(TapeReader(home.state / "sessions" / session).records())


def test_a_host_says_ready_in_one_json_line_and_shutdown_ends_it_with_0(home):
    process, ready = home.engine(home.config("one"))
    assert ready["ready"] is True
    assert ready["name"] == "one"
    assert os.stat(ready["socket"]).st_mode & 0o777 == 0o600
    assert os.stat(Path(ready["socket"]).parent).st_mode & 0o777 == 0o700
    body = home.until("one", lambda body: body["instruments"][SPOT]["open_orders"] > 0)
    assert body["state"] == "RUNNING"
    assert body["mode"] == "PAPER"
    assert body["session"] == ready["session"]
    assert set(body) >= {"name", "state", "mode", "session", "venues", "instruments", "pnl", "risk"}
    assert set(body["venues"]["binance-spot"]) >= {"connected", "age_ms", "dead_man"}
    fields = {"bid", "ask", "position", "open_orders", "spread_bps", "skew_bps", "reason"}
    assert set(body["instruments"][SPOT]) >= fields
    assert isinstance(body["instruments"][SPOT]["open_orders"], int)
    answer = json.loads(home.run("ctl", "shutdown", "--json").stdout)
    assert answer["ok"] is True
    rest, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert rest == ""
    assert not Path(ready["socket"]).exists()
    reader = TapeReader(home.state / "sessions" / ready["session"])
    assert reader.closed
    assert not reader.damage
    *_, (_, last, _) = reader.records()
    assert isinstance(last, HostStopped)


def test_a_second_host_of_one_desk_is_one_sentence_and_exit_2(home):
    config = home.config("twice")
    process, _ = home.engine(config)
    second = home.run("engine", str(config), code=2)
    assert second.stdout == ""
    assert len(second.stderr.splitlines()) == 1
    assert "runs already" in second.stderr
    assert str(process.pid) in second.stderr
    assert home.status("twice")["state"] == "RUNNING"


def test_acts_by_ctl_are_answered_and_refusals_exit_1(home):
    home.engine(home.config("acts"))
    assert "LEAN SELL" in home.run("ctl", "skew", "-1.0").stdout
    assert home.run("ctl", "acts", "spread", "+2", "--instrument", SPOT).stdout
    refused = home.run("ctl", "spread", "1", "--instrument", "binance-spot:NOPE", code=1)
    assert "no instrument of this desk" in refused.stderr
    assert "no quoting parameter" in home.run("ctl", "set", "nonsense=1", code=1).stderr
    assert home.run("ctl", "nosuch", "status", code=2).stderr.count("\n") == 1
    assert home.run("ctl", "frobnicate", code=2).stderr.count("\n") == 1


def test_a_hang_up_of_the_terminal_changes_nothing(home):
    process, _ = home.engine(home.config("hup"))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert process.poll() is None
    assert home.status("hup")["state"] == "RUNNING"


def test_sigusr1_kills_and_sigterm_ends_in_order(home):
    process, _ = home.engine(home.config("sig"))
    home.until("sig", lambda body: body["instruments"][SPOT]["open_orders"] > 0)
    process.send_signal(signal.SIGUSR1)
    home.until("sig", lambda body: body["state"] == "KILLED" and body["instruments"][SPOT]["open_orders"] == 0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_an_end_without_the_proof_of_zero_is_said_and_exit_1(home):
    config = home.config("slow")
    config.write_text(config.read_text() + "[paper]\nlatency_in_ms = 60000\n")
    process, _ = home.engine(config)
    home.until("slow", lambda body: body["instruments"][SPOT]["open_orders"] > 0)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "ended without the proof of zero open orders" in err


def test_kill_proves_zero_and_stays_killed_over_a_restart(home):
    config = home.config("dead")
    process, _ = home.engine(config)
    home.until("dead", lambda body: body["instruments"][SPOT]["open_orders"] > 0)
    answer = json.loads(home.run("kill", "--json").stdout)
    assert answer["proven"] is True
    assert answer["desks"][0]["open_orders"] == 0
    assert home.status("dead")["state"] == "KILLED"
    assert "reason" in home.run("ctl", "resume", code=1).stderr
    home.run("ctl", "shutdown")
    process.wait(10)
    home.engine(config)
    assert home.status("dead")["state"] == "KILLED"
    home.run("ctl", "resume", "--reason", "looked at it")
    assert home.status("dead")["state"] == "PAUSED"


def test_kill_without_a_host_latches_on_disk(home):
    config = home.config("cold")
    assert "KILLED" in home.run("kill", "--config", str(config)).stdout
    home.engine(config)
    assert home.status("cold")["state"] == "KILLED"


def test_after_kill_9_the_same_session_comes_back_paused_with_the_same_ledger(home):
    config = home.config("crash")
    process, ready = home.engine(config, "--speed", "4")
    home.until("crash", lambda body: body["instruments"][SPOT]["fills"] > 2)
    process.kill()
    process.wait(10)
    engine = Engine(TapeReader(home.state / "sessions" / ready["session"]).header.setup)
    for _, event, _ in records(home, ready["session"]):
        engine.process(event)
    assert engine.tracker.open, "nothing was open when it died"
    _, again = home.engine(config, "--speed", "1")
    assert again["session"] == ready["session"]
    body = home.until("crash", lambda body: body["instruments"][SPOT]["open_orders"] == 0)
    assert body["state"] == "PAUSED"
    assert body["instruments"][SPOT]["fills"] == engine.accounts[0].fills
    lots = float(engine.accounts[0].grid.size_text(engine.accounts[0].position))
    assert body["instruments"][SPOT]["position"] == lots
    home.run("ctl", "crash", "shutdown")
    tape = records(home, ready["session"])
    recovery = next(n for n, event, _ in tape if getattr(event, "cause", "") == "recovery")
    said = [event for n, event, _ in tape if n > recovery and isinstance(event, OpenOrders)]
    assert {event.endpoint for event in said} == {1, 2} and not any(event.oids for event in said)
    assert not any(isinstance(event, Fill) for n, event, _ in tape if n > recovery)
    market = [event for _, event, _ in tape if type(event).__name__ == "Trade"]
    assert len({event.trade_id for event in market}) == len(market), "a trade was fed twice"
    assert json.loads(home.run("replay", ready["session"], "--verify").stdout)


def test_watching_changes_nothing_on_the_tape(home):
    tapes = []
    config = home.config("same", seconds=8.0)
    for name in ("alone", "watched"):
        _, ready = home.engine(config, "--speed", "4")
        if name == "watched":
            watcher = BlockingConnection(Path(ready["socket"]), hello())
            watcher.send(View(fps=30.0))
            assert any(isinstance(watcher.receive(5.0), Frame) for _ in range(5))
        home.until("same", lambda body: body["state"] == "PAUSED")
        time.sleep(1.0)  # the clock of an ended source comes to rest
        home.run("ctl", "same", "shutdown")
        ends = [(event, effects) for _, event, effects in records(home, ready["session"])]
        stop = next(n for n, (event, _) in enumerate(ends) if isinstance(event, Command))
        tapes.append([msgspec.msgpack.encode(record) for record in ends[:stop]])
        journal = (home.state / "sessions" / ready["session"] / "journal").read_text()
        assert ('"attach"' in journal) == (name == "watched")
    assert len(tapes[0]) > 300
    assert tapes[0] == tapes[1]


def test_a_repeated_command_id_is_carried_out_once(home):
    _, ready = home.engine(home.config("idem"))
    cmd = Cmd(id="same-id", action="skew", args={"bps": 1.0})
    with BlockingConnection(Path(ready["socket"]), hello()) as connection:
        first = result_of(connection, cmd)
        second = result_of(connection, cmd)
    assert first.text == second.text
    home.run("ctl", "shutdown")
    acts = [event for _, event, _ in records(home, ready["session"]) if isinstance(event, Command)]
    assert [event.action for event in acts] == ["skew", "shutdown"]


def test_an_observer_looks_and_kills_where_the_config_lets_him(home):
    _, ready = home.engine(home.config("look", observers=True))
    with BlockingConnection(Path(ready["socket"]), hello("observer")) as connection:
        assert connection.welcome.role == "observer"
        refused = result_of(connection, Cmd(id="a", action="skew", args={"bps": 1.0}))
        assert not refused.ok
        assert result_of(connection, Cmd(id="b", action="kill")).ok
    _, ready = home.engine(home.config("nolook", observers=False))
    with BlockingConnection(Path(ready["socket"]), hello("observer")) as connection:
        assert not result_of(connection, Cmd(id="a", action="kill")).ok
    assert home.status("nolook")["state"] == "RUNNING"


def test_a_cockpit_that_dies_is_only_a_line_in_the_journal(home):
    _, ready = home.engine(home.config("dies"))
    with BlockingConnection(Path(ready["socket"]), hello()) as connection:
        connection.send(View(fps=30.0))
        connection.receive(5.0)
    assert home.status("dies")["state"] == "RUNNING"
    journal = home.state / "sessions" / ready["session"] / "journal"
    deadline = time.monotonic() + 5
    while '"detach"' not in journal.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_garbage_on_the_socket_ends_that_connection_only(home):
    _, ready = home.engine(home.config("junk"))
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(ready["socket"])
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
        raw.settimeout(5)
        while raw.recv(65536):
            pass
    assert home.status("junk")["state"] == "RUNNING"


def test_when_the_source_ends_the_desk_pauses_and_the_host_stays(home):
    process, _ = home.engine(home.config("end", seconds=2.0), "--speed", "10")
    home.until("end", lambda body: body["state"] == "PAUSED")
    assert process.poll() is None
    assert "SOURCE ENDED" in home.run("ctl", "start", code=1).stderr
    assert json.loads(home.run("kill", "--json").stdout)["proven"] is True


def test_a_config_mistake_is_one_line_that_names_file_and_line(home):
    config = home.config("bad")
    config.write_text(config.read_text() + "\n[desk2]\nx = 1\n")
    done = home.run("engine", str(config), code=2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "bad.toml:" in done.stderr
    missing = home.run("run", str(home.root / "none.toml"), code=2)
    assert len(missing.stderr.splitlines()) == 1
    assert "none.toml" in missing.stderr
