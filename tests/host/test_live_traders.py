"""Live desks at the venues that a Trader speaks for, over real sockets: the same host, the venue's own protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from live_kit import LiveDesk, until
from loopback_kit import Loopback

from mmtui.core.events import OrderUnknown
from mmtui.tape.reader import TapeReader
from mmtui.venues.hyperliquid.curve import address_of, key_of

PERPS = {
    "okx": "BTC-USDT-SWAP", "bybit": "BTCUSDT", "deribit": "BTC-PERPETUAL", "hyperliquid": "BTC",
    "kraken-futures": "PF_XBTUSD",
}  # fmt: skip
#: Whose dead-man switch is a time that runs; the others' wait for the stream to end.
TIMED = ("okx", "hyperliquid", "kraken-spot", "kraken-futures")
#: ... and markets of spot, of which the desk has 20 coins that are not its own.
COINS = {"okx": "BTC-USDT", "kraken-spot": "BTC/USD"}
VENUES = sorted({**PERPS, **COINS})
#: Half of them here, the others in a file of their own, so that two processes share the waiting.
HERE, ELSEWHERE = VENUES[:3], VENUES[3:]


@pytest.fixture(params=HERE)
def server(request) -> Iterator[Loopback]:
    made = Loopback(request.param, "--seed", "5")
    yield made
    made.close()


def agrees(desk: LiveDesk, server: Loopback) -> bool:
    """What the desk believes to hold is what the venue says."""
    venue = server.protocol
    if venue in PERPS:
        symbol = PERPS[venue]
        position = desk.status()["instruments"][f"{venue}:{symbol}"]["position"]
        if position != float(server.admin()["positions"][symbol]):
            return False
    if venue not in COINS:
        return True
    spot = desk.status()["instruments"][f"{venue}:{COINS[venue]}"]["position"]  # fees in coin leave dust below a lot
    return abs(float(server.admin()["balances"]["BTC"]) - 20 - spot) < 1e-6


def test_a_live_desk_quotes_is_filled_and_a_kill_leaves_nothing(home, server):
    desk = LiveDesk(home, [server], "enabled = true").run().start()
    venue = server.protocol
    until(lambda: server.admin()["fills"] > 2)
    assert desk.status()["venues"][venue]["dead_man"].startswith("armed")
    assert bool(server.admin()["switches"]) == (venue in TIMED)
    if venue in PERPS:  # the account has told it
        until(lambda: desk.status()["exposure"]["venues"][0]["margin"] is not None)
    desk.act("kill")
    until(lambda: not server.admin()["open_orders"], 5.0)
    until(lambda: desk.status()["kill_proven"])
    until(lambda: agrees(desk, server))
    desk.act("shutdown")
    out, errors = desk.process.communicate(timeout=15)
    assert desk.process.returncode == 0, errors
    secrets = [server.ready["secret"]] + [server.ready[name] for name in ("passphrase",) if server.ready.get(name)]
    for path in home.state.rglob("*"):
        for secret in secrets:
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path
            assert secret not in out + errors + json.dumps(desk.ready)


def test_an_engine_that_was_killed_comes_back_reconciled_and_finds_its_orders(home, server):
    desk = LiveDesk(home, [server]).run().start()
    until(lambda: server.admin()["fills"] > 0 and len(server.admin()["open_orders"]) > 1)
    desk.process.kill()
    desk.process.wait()
    desk.run()
    until(desk.reconciled, 90.0)
    until(lambda: not server.admin()["open_orders"])
    until(lambda: agrees(desk, server))
    until(lambda: desk.status()["unknown_orders"] == 0, 60.0)  # Kraken spot allows one question a second


def test_a_kill_without_a_host_cancels_at_the_venue_and_proves_zero(home, server):
    desk = LiveDesk(home, [server]).run().start()
    desk.process.kill()
    desk.process.wait()
    done = json.loads(home.run("kill", "loop", "--json").stdout)
    assert done["proven"] is True
    assert not server.admin()["open_orders"]


def test_the_dead_man_switch_of_the_venue_clears_what_a_dead_host_left(home, server):
    desk = LiveDesk(home, [server]).run().start()
    until(lambda: desk.status()["venues"][server.protocol]["dead_man"].startswith("armed"))
    desk.process.kill()
    desk.process.wait()
    until(lambda: not server.admin()["open_orders"], 40.0)  # ten seconds, and nobody is left to say so
    assert not desk.latched()


def test_requests_whose_fate_is_not_known_are_resolved(home, server):
    desk = LiveDesk(home, [server], "enabled = true").run().start()
    server.admin(error_503=0.15)
    until(lambda: desk.status()["unknown_orders"] > 0)
    server.admin(error_503=0.0)
    until(lambda: desk.status()["unknown_orders"] == 0, 90.0)  # Kraken's questions may come one a second
    desk.act("kill")
    until(lambda: not server.admin()["open_orders"])
    until(lambda: desk.status()["kill_proven"], 60.0)
    until(lambda: agrees(desk, server))
    records = TapeReader(home.state / "sessions" / desk.ready["session"]).records()
    assert any(isinstance(event, OrderUnknown) for _, event, _ in records)


def test_a_key_with_withdrawal_rights_or_a_wrong_secret_is_refused(home, server):
    desk = LiveDesk(home, [server])
    if server.protocol == "hyperliquid":
        refuses_what_is_no_agent(home, server, desk)
        return
    said = home.run("doctor", str(desk.config)).stdout
    assert "taken" in said and server.ready["secret"] not in said, said[-3000:]
    if server.protocol != "kraken-futures":  # whose keys move money to the owner's spot wallet at the most
        server.admin(withdrawals=True)
        assert "withdrawal rights" in home.run("engine", str(desk.config), "--live", code=2).stderr
        server.admin(withdrawals=False)
    wrong = "notTheSecretOfThisAccount+AAAAAAAAAA"  # base64, as Kraken's are
    home.env["LOOPBACK_SECRET"] = wrong
    done = home.run("engine", str(desk.config), "--live", code=2)
    assert "refuses the key" in done.stderr
    assert wrong not in done.stderr


def refuses_what_is_no_agent(home, server, desk):
    """Hyperliquid: an agent cannot withdraw, an account's own key can; who has traded little is unbounded."""
    said = home.run("doctor", str(desk.config)).stdout
    assert "taken" in said and server.ready["secret"] not in said, said[-3000:]
    server.admin(small=True)
    assert "accept_unbounded" in home.run("engine", str(desk.config), "--live", code=2).stderr
    server.admin(small=False)
    for key, secret, why in (
        (address_of(key_of("0x" + "3c" * 32)), "0x" + "3c" * 32, "own private key, which can withdraw"),
        (server.ready["key"], "0x" + "3c" * 32, "refuses the key"),
        (server.ready["key"], "not-the-secret-of-this-account", "64 hex digits"),
        ("not-an-address", server.ready["secret"], "the account's address"),
    ):
        home.env |= {"LOOPBACK_KEY": key, "LOOPBACK_SECRET": secret}
        errors = home.run("engine", str(desk.config), "--live", code=2).stderr
        assert why in errors and secret not in errors, errors
