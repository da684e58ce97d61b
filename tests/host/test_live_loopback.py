"""A live desk over real sockets: the loopback exchange in one process, the engine in another, both may die."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_kit import LiveDesk, until
from loopback_kit import Loopback

from mmtui.core.events import BookGap, FeedStatus, HostStarted, OrderUnknown
from mmtui.tape.reader import TapeReader

BTC = "binance-usdm:BTCUSDT"
GUARDED = "enabled = true"


@pytest.fixture
def server() -> Iterator[Loopback]:
    made = Loopback("binance-usdm", "--seed", "5")
    yield made
    made.close()


def test_a_live_desk_quotes_is_filled_and_a_kill_leaves_nothing(home, server):
    desk = LiveDesk(home, [server], GUARDED).run().start()
    secret = server.ready["secret"]
    listed = Path(f"/proc/{desk.process.pid}/cmdline")
    assert not listed.exists() or secret.encode() not in listed.read_bytes()
    until(lambda: server.admin()["fills"] > 2)
    body = desk.status()
    assert body["mode"] == "LIVE"
    assert body["venues"]["binance-usdm"]["dead_man"].startswith("armed")
    assert server.admin()["switches"]["BTCUSDT"]
    desk.act("kill")
    until(lambda: not server.admin()["open_orders"], 2.0)
    body = until(lambda: (body := desk.status())["kill_proven"] and body)
    assert body["state"] == "KILLED"
    assert body["instruments"][BTC]["open_orders"] == 0
    # what the desk believes to hold is what the venue says, whatever was filled on the way
    until(lambda: desk.status()["instruments"][BTC]["position"] == float(server.admin()["positions"]["BTCUSDT"]))
    desk.act("shutdown")
    out, errors = desk.process.communicate(timeout=10)
    assert desk.process.returncode == 0, errors
    assert not server.admin()["switches"]  # turned off, zero being proven
    assert secret not in out + errors + json.dumps(desk.ready)
    for path in home.state.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    for _, event, effects in reader(home, desk).records():
        assert secret not in f"{event}{effects}"
    verified = json.loads(home.run("replay", desk.ready["session"], "--verify").stdout)
    assert not verified["differences"]


def test_a_desk_on_spot_and_futures_knows_what_each_venue_holds(home, server):
    spot = Loopback("binance-spot", "--seed", "5")
    try:
        desk = LiveDesk(home, [server, spot], GUARDED).run().start()
        until(lambda: spot.admin()["fills"] > 3 and server.admin()["fills"] > 3)
        desk.act("kill")
        until(lambda: not spot.admin()["open_orders"] and not server.admin()["open_orders"], 2.0)
        until(lambda: desk.status()["kill_proven"])

        def held() -> bool:
            position = desk.status()["instruments"]["binance-spot:BTCUSDT"]["position"]
            return abs(float(spot.admin()["balances"]["BTC"]) - 20.0 - position) < 0.00002  # a fee may be half a lot

        until(held)
        desk.act("shutdown")
        assert desk.process.wait(10) == 0
    finally:
        spot.close()


def test_a_venue_without_a_dead_man_switch_is_refused_unless_accepted_and_small(home):
    spot = Loopback("binance-spot", "--seed", "5")
    try:
        desk = LiveDesk(home, [spot], GUARDED)
        accepted = desk.config.read_text()
        desk.config.write_text(accepted.replace("accept_unbounded = true\n", ""))
        assert "accept_unbounded = true" in home.run("engine", str(desk.config), "--live", code=2).stderr
        desk.config.write_text(accepted.replace("size = 0.02", "size = 0.5"))
        assert "above 10 % of equity" in home.run("engine", str(desk.config), "--live", code=2).stderr
    finally:
        spot.close()


def test_kill_without_a_host_cancels_at_the_venue_and_proves_zero(home, server):
    desk = LiveDesk(home, [server]).run().start()
    desk.process.kill()
    desk.process.wait()
    assert server.admin()["open_orders"]
    done = json.loads(home.run("kill", "loop", "--json").stdout)
    assert done["proven"] is True
    assert done["desks"][0]["how"] == "at the venue, without a host"
    assert not server.admin()["open_orders"]
    desk.run()
    until(lambda: desk.status()["state"] == "KILLED")


def test_an_engine_that_was_killed_comes_back_paused_and_reconciled(home, server):
    desk = LiveDesk(home, [server]).run().start()
    until(lambda: server.admin()["fills"] > 0)
    until(lambda: len(server.admin()["open_orders"]) > 1)
    desk.process.kill()
    desk.process.wait()
    left = server.admin()["open_orders"]
    assert left  # a dead host cancels nothing by itself
    desk.run()
    until(desk.reconciled)
    body = desk.status()
    assert body["state"] == "PAUSED"
    assert body["unknown_orders"] == 0
    assert body["session"] == desk.ready["session"]
    # found, and cancelled: a paused desk has no quotes
    until(lambda: not server.admin()["open_orders"])
    until(lambda: desk.status()["instruments"][BTC]["position"] == float(server.admin()["positions"]["BTCUSDT"]))
    lives = [event for _, event, _ in reader(home, desk).records() if isinstance(event, HostStarted)]
    assert [event.cause for event in lives] == ["start", "recovery"]


def test_a_server_that_dies_takes_the_quotes_and_brings_them_back(home, server):
    desk = LiveDesk(home, [server], GUARDED).run().start()
    server.process.kill()
    server.process.wait()
    until(lambda: not desk.status()["venues"]["binance-usdm"]["connected"])
    assert desk.status()["instruments"][BTC]["reason"]
    again = Loopback("binance-usdm", "--seed", "6", port=server.port)
    try:
        until(lambda: desk.status()["venues"]["binance-usdm"]["connected"])
        body = until(lambda: (body := desk.status())["instruments"][BTC]["open_orders"] == 4 and body, 40.0)
        assert body["state"] in ("RUNNING", "PAUSED", "HALTED")
    finally:
        again.close()


def test_a_notice_of_the_venue_is_met_with_a_second_connection_and_no_hole(home, server):
    desk = LiveDesk(home, [server], GUARDED, mode="paper").run()
    until(desk.reconciled)
    server.admin(notice=4)
    until(lambda: desk.status()["links"]["binance-usdm"]["taken_over"] == 1)
    time.sleep(2.5)  # the old connections are closed by now
    assert desk.status()["instruments"][BTC]["gaps"] == 0
    desk.act("shutdown")
    assert desk.process.wait(10) == 0
    told = [event for _, event, _ in reader(home, desk).records() if isinstance(event, FeedStatus | BookGap)]
    assert [type(event) for event in told] == [FeedStatus]
    assert told[0].connected


@pytest.mark.parametrize("mode", ["paper", "shadow"])
def test_paper_and_shadow_on_a_live_feed_send_nothing(home, server, mode):
    desk = LiveDesk(home, [server], GUARDED, mode=mode).run()
    until(desk.reconciled)
    desk.act("start")
    until(lambda: desk.status()["instruments"][BTC]["open_orders"] == 4)
    assert desk.status()["mode"] == mode.upper()
    assert server.admin()["orders"] == 0
    desk.act("shutdown")
    assert desk.process.wait(10) == 0


def test_live_needs_both_words_and_a_key_without_withdrawals(home, server):
    desk = LiveDesk(home, [server], GUARDED)
    done = home.run("engine", str(desk.config), code=2)
    assert "--live" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    paper = LiveDesk(home, [server], GUARDED, "other", "paper")
    assert 'mode = "live"' in home.run("engine", str(paper.config), "--live", code=2).stderr
    server.admin(withdrawals=True)
    assert "withdrawal rights" in home.run("engine", str(desk.config), "--live", code=2).stderr
    server.admin(withdrawals=False)
    home.env["LOOPBACK_SECRET"] = "not-the-secret-of-this-account"
    done = home.run("engine", str(desk.config), "--live", code=2)
    assert "-1022" in done.stderr or "refuses the key" in done.stderr
    assert "not-the-secret" not in done.stderr


def test_requests_whose_fate_is_not_known_are_resolved(home, server):
    desk = LiveDesk(home, [server], GUARDED).run().start()
    server.admin(error_503=0.15)
    until(lambda: desk.status()["unknown_orders"] > 0)
    until(lambda: server.admin()["orders"] > 15)
    server.admin(error_503=0.0)
    until(lambda: desk.status()["unknown_orders"] == 0)
    desk.act("kill")
    until(lambda: not server.admin()["open_orders"])
    until(lambda: desk.status()["kill_proven"])
    until(lambda: desk.status()["instruments"][BTC]["position"] == float(server.admin()["positions"]["BTCUSDT"]))
    assert any(isinstance(event, OrderUnknown) for _, event, _ in reader(home, desk).records())


def reader(home: Any, desk: LiveDesk) -> TapeReader:
    return TapeReader(home.state / "sessions" / desk.ready["session"])


def test_the_doctor_asks_the_venue_and_says_what_differs(home, server):
    desk = LiveDesk(home, [server], GUARDED)
    said = home.run("doctor", str(desk.config)).stdout
    for words in ("venues: what they answer", "taken", "countdown per symbol", "TRADING", "the same"):
        assert words in said, said[-3000:]
    assert server.ready["secret"] not in said and server.ready["key"] not in said
    server.admin(withdrawals=True)
    done = home.run("doctor", str(desk.config), code=1)
    assert "withdrawal rights" in done.stderr
