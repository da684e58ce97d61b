"""A live desk on coin-margined contracts over real sockets: quotes, fills in contracts, a kill, the coin's wallet."""

from __future__ import annotations

from live_kit import LiveDesk, until
from loopback_kit import Loopback

PERP = "binance-coinm:BTCUSD_PERP"


def test_a_live_desk_trades_coin_margined_contracts_and_holds_what_the_venue_says(home):
    server = Loopback("binance-coinm", "--seed", "5")
    try:
        desk = LiveDesk(home, [server], "enabled = true").run().start()
        until(lambda: server.admin()["fills"] > 2)
        assert desk.status()["venues"]["binance-coinm"]["dead_man"].startswith("armed")
        assert server.admin()["switches"]["BTCUSD_PERP"]
        desk.act("kill")
        until(lambda: not server.admin()["open_orders"], 5.0)
        until(lambda: desk.status()["kill_proven"])

        def agrees() -> bool:
            return desk.status()["instruments"][PERP]["position"] == float(server.admin()["positions"]["BTCUSD_PERP"])

        until(agrees)
        assert 0 < float(server.admin()["balances"]["BTC"]) != 20  # fees and gains are in the coin
        server.admin(fund="BTCUSD_PERP")
        desk.act("shutdown")
        assert desk.process.wait(10) == 0
        assert not server.admin()["switches"]
    finally:
        server.close()


def test_the_doctor_reads_grids_mode_and_fees_of_coin_margined_contracts(home):
    server = Loopback("binance-coinm", "--seed", "5")
    try:
        said = home.run("doctor", str(LiveDesk(home, [server]).config)).stdout
        for words in ("taken", "countdown per symbol", "TRADING", "the same", "20 BTC"):
            assert words in said, said[-3000:]
    finally:
        server.close()
