"""Quotes that are changed in place over real sockets: a live desk at the loopback exchange, its tape afterwards."""

from __future__ import annotations

import json
from functools import partial

import live_kit
import pytest
from loopback_kit import Loopback

from mmtui.core.effects import AmendOrder
from mmtui.core.events import AmendRejected, OrderAmended, OrderUnknown
from mmtui.tape.reader import TapeReader

until = partial(live_kit.until, seconds=25.0)

CONFIG = """
[desk]
name = "amends"
mode = "live"
equity = 100_000
[[venue]]
id = "{venue}"
rest = "{rest}"
ws = "{ws}"
keys = "env:LOOPBACK"
{more}
[[instrument]]
id = "{venue}:BTCUSDT"
quoting = "q"
max_position = 1.0
{baseline}
[quoting.q]
spread_bps = 2.0
fee_floor = false
size = 0.05
requote_tolerance_bps = {tolerance}
min_life_ms = 0
amend = "{amend}"
"""


@pytest.mark.parametrize(
    ("venue", "amend", "tolerance"), [("binance-usdm", "always", 0.0), ("binance-spot", "keep", 200.0)]
)
def test_a_live_desk_amends_its_quotes_at_the_venue(home, venue, amend, tolerance):
    server = Loopback(venue)
    try:
        home.env |= {"LOOPBACK_KEY": server.ready["key"], "LOOPBACK_SECRET": server.ready["secret"]}
        spot = venue == "binance-spot"
        config = home.root / "amends.toml"
        config.write_text(
            CONFIG.format(
                venue=venue, rest=server.rest, ws=server.ws, amend=amend, tolerance=tolerance,
                more="accept_unbounded = true" if spot else "", baseline="baseline = 20" if spot else "",
            )
        )  # fmt: skip
        process, ready = home.engine(config, "--live")
        name = f"{venue}:BTCUSDT"

        def reason():
            return json.loads(home.run("ctl", "amends", "status", "--json").stdout)["instruments"][name]["reason"]

        until(lambda: reason() == "PAUSED")
        home.run("ctl", "amends", "start")
        until(lambda: server.admin()["open_orders"])
        if spot:
            home.run("ctl", "amends", "set", "size=0.02", "--instrument", name)
        tape = home.state / "sessions" / ready["session"]

        def amended():
            return [e for _, e, _ in TapeReader(tape).records() if isinstance(e, OrderAmended | AmendRejected)]

        until(lambda: len(amended()) >= (1 if spot else 4))
        home.run("ctl", "amends", "kill", "--reason", "the test is over")
        until(lambda: not server.admin()["open_orders"])
        home.run("ctl", "amends", "shutdown")
        process.wait(10)
    finally:
        server.close()
    records = list(TapeReader(tape).records())
    sent = {(e.oid, e.amend): e for _, _, effects in records for e in effects if isinstance(e, AmendOrder)}
    done = [e for _, e, _ in records if isinstance(e, OrderAmended)]
    assert done and all((e.px, e.sz) == (sent[e.oid, e.amend].px, sent[e.oid, e.amend].sz) for e in done)
    assert not [e for _, e, _ in records if isinstance(e, OrderUnknown)]
