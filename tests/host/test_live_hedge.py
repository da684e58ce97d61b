"""Hedge mode over real sockets: a live desk with a long and a short leg at the loopback exchange dies, and closes.

Rules of this file: it waits for states and never for a time.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import live_kit
import pytest
from live_kit import LiveDesk
from loopback_kit import Loopback

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import LegFill, LegMove, LegPositions, OrderRejected
from mmtui.tape.reader import TapeReader

BTC = "binance-usdm:BTCUSDT"
until = partial(live_kit.until, seconds=40.0)


@pytest.fixture
def server():
    made = Loopback("binance-usdm", "--seed", "5")
    yield made
    made.close()


def desk_at(home: Any, server: Loopback) -> LiveDesk:
    desk = LiveDesk(home, [server])
    text = desk.config.read_text().replace('keys = "env:LOOPBACK"', 'keys = "env:LOOPBACK"\nposition_mode = "hedge"')
    desk.config.write_text(text)
    return desk


def legs(desk: LiveDesk) -> tuple[float, float]:
    both = desk.status()["instruments"][BTC]["legs"]
    return both["long"]["size"], both["short"]["size"]


def at_venue(server: Loopback) -> tuple[float, float]:
    told = server.admin()["legs"]
    return float(told["BTCUSDT LONG"]), -float(told["BTCUSDT SHORT"])


def test_config_and_account_must_agree_on_the_position_mode(home, server):
    desk = desk_at(home, server)
    said = home.run("engine", str(desk.config), "--live", code=2).stderr
    assert 'position_mode = "hedge", but the account has one-way positions' in said and len(said.splitlines()) == 1
    assert "one-way positions" in home.run("doctor", str(desk.config), code=1).stderr
    server.admin(hedge_mode=True)
    net = LiveDesk(home, [server], name="other")
    assert "the account is in hedge mode" in home.run("engine", str(net.config), "--live", code=2).stderr


def test_a_desk_in_hedge_mode_trades_dies_and_closes_both_legs(home, server):
    server.admin(hedge_mode=True)
    desk = desk_at(home, server).run()
    until(desk.reconciled)
    desk.act("ticket", "buy", "0.05", "market", "--instrument", BTC)
    until(lambda: legs(desk) == (0.05, 0.0))
    by_hand = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.03", "positionSide": "SHORT"}
    server.admin(place=by_hand)
    until(lambda: legs(desk) == (0.05, 0.03))
    assert desk.status()["instruments"][BTC]["legs"]["locked"] == 0.03
    assert "(0.05 long, 0.03 short)" in desk.act("status")

    desk.act("start")
    bids = until(lambda: [one for one in server.admin()["open_orders"] if one["side"] == "BUY"])
    assert bids[0]["leg"] == "SHORT"  # it reduces the short leg before it opens
    desk.process.kill()
    desk.process.wait()
    desk.run()
    until(desk.reconciled)
    until(lambda: not server.admin()["open_orders"])
    until(lambda: legs(desk) == at_venue(server))

    desk.act("close")
    until(lambda: at_venue(server) == (0.0, 0.0))
    until(lambda: legs(desk) == (0.0, 0.0))
    desk.act("shutdown")
    assert desk.process.wait(20) == 0
    records = list(TapeReader(home.state / "sessions" / desk.ready["session"]).records())
    events = [event for _, event, _ in records]
    placed = [e for _, _, effects in records for e in effects if isinstance(e, PlaceOrder)]
    assert all(e.reduce_only for e in placed if e.purpose == "close")
    assert {type(event) for event in events} >= {LegFill, LegMove, LegPositions}
    refused = [event.reason for event in events if isinstance(event, OrderRejected)]
    assert not [why for why in refused if "-1106" in why or "-4061" in why or "-2022" in why]
