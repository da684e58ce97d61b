"""A paper desk on seven live venues at once, each a loopback server in its own protocol: start, quote, lose, heal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import live_kit
import pytest
from loopback_kit import Loopback

from mmtui.core.events import BookDelta, BookGap, BookSnapshot, FeedStatus
from mmtui.tape.reader import TapeReader

SYMBOLS = {
    "okx": "BTC-USDT-SWAP",
    "bybit": "BTCUSDT",
    "hyperliquid": "BTC",
    "deribit": "BTC-PERPETUAL",
    "kraken-spot": "BTC/USD",
    "kraken-futures": "PF_XBTUSD",
    "coinbase": "BTC-USD",
}
SPOT = ("kraken-spot", "coinbase")
WAIT_S = 40.0
until = partial(live_kit.until, seconds=WAIT_S)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Loopback]]:
    with ThreadPoolExecutor(len(SYMBOLS)) as pool:
        made = dict(zip(SYMBOLS, pool.map(lambda venue: Loopback(venue, "--seed", "5"), SYMBOLS), strict=True))
    yield made
    for server in made.values():
        server.close()


def config(servers: dict[str, Loopback], mode: str = "paper", venues: tuple[str, ...] = tuple(SYMBOLS)) -> str:
    text = f'[desk]\nname = "seven"\nmode = "{mode}"\nequity = 1_000_000\nautostart = true\n'
    for venue in venues:
        text += f'[[venue]]\nid = "{venue}"\nrest = "{servers[venue].rest}"\nws = "{servers[venue].ws}"\n'
        text += f'[[instrument]]\nid = "{venue}:{SYMBOLS[venue]}"\n' + ("baseline = 5\n" if venue in SPOT else "")
    return text


def test_a_paper_desk_quotes_on_all_of_them_and_heals_what_each_can_lose(home, servers):
    path = home.root / "seven.toml"
    path.write_text(config(servers))
    process, ready = home.engine(path)

    def books() -> dict[str, Any]:
        found: dict[str, Any] = home.status("seven")["instruments"]
        return found

    until(lambda: all(one["open_orders"] == 2 for one in books().values()))
    for venue, server in servers.items():
        server.admin(miss=SYMBOLS[venue])

    def gapped() -> bool:
        """Every book has had its gap; a message that a checksum of the best ten cannot notice is missed once more."""
        without = [name for name, one in books().items() if not one["gaps"] and name != "hyperliquid:BTC"]
        if "kraken-spot:BTC/USD" in without:
            servers["kraken-spot"].admin(miss=SYMBOLS["kraken-spot"])
        return not without

    until(gapped)
    until(lambda: all(one["open_orders"] == 2 and not one["reason"] for one in books().values()))
    assert books()["hyperliquid:BTC"]["gaps"] == 0  # every message is the whole book
    links = home.status("seven")["links"]
    assert set(links) == set(SYMBOLS)
    for venue, body in links.items():
        assert body["feed"] and body["clock_offset_ms"] is not None and body["damaged"] == 0, (venue, body)
    for server in servers.values():
        server.admin(drop=True)
    until(lambda: all(server.admin()["connections"] == 2 for server in servers.values()))
    until(lambda: all(one["open_orders"] == 2 for one in books().values()))
    home.run("ctl", "seven", "shutdown")
    assert process.wait(10) == 0
    told = [event for _, event, _ in TapeReader(home.state / "sessions" / ready["session"]).records()]
    check_tape(told)
    verified = json.loads(home.run("replay", ready["session"], "--verify").stdout)
    assert not verified["differences"]


def check_tape(told: list[Any]) -> None:
    """A snapshot after each connection, and exactly one after each gap."""
    for i, venue in enumerate(SYMBOLS):
        ends = [event for event in told if isinstance(event, FeedStatus) and event.v == i and not event.connected]
        assert ends  # the drop, and whatever a busy machine adds
        mine = [event for event in told if isinstance(event, BookSnapshot | BookDelta | BookGap) and event.i == i]
        if venue == "hyperliquid":
            assert {type(event) for event in mine} == {BookSnapshot}
            continue
        assert isinstance(mine[0], BookSnapshot)
        kinds = [type(event) for event in mine if not isinstance(event, BookDelta)]
        gaps = [at for at, kind in enumerate(kinds) if kind is BookGap]
        assert gaps, venue
        assert kinds.count(BookSnapshot) == 1 + len(gaps) + len(ends), venue
        assert all(kinds[at + 1] is BookSnapshot for at in gaps)


def test_shadow_runs_on_them_and_live_is_refused_in_one_sentence(home, servers):
    path = home.root / "seven.toml"
    path.write_text(config(servers, "shadow", ("okx", "deribit")))
    process, _ = home.engine(path)
    until(lambda: all(one["open_orders"] == 2 for one in home.status("seven")["instruments"].values()))
    assert home.status("seven")["mode"] == "SHADOW"
    home.run("ctl", "seven", "shutdown")
    assert process.wait(10) == 0
    path.write_text(config(servers, "live", ("coinbase",)))
    said = home.run("engine", str(path), "--live", code=2).stderr
    assert len(said.splitlines()) == 1
    assert "coinbase has none here" in said and "desk.mode" in said


def test_the_doctor_asks_them_and_says_what_differs(home, servers):
    path = home.root / "seven.toml"
    text = config(servers) + 'tick = 0.5\nlot = 0.001\n'  # of the last one, coinbase
    path.write_text(text)
    said = home.run("doctor", str(path)).stdout
    for venue, symbol in SYMBOLS.items():
        (row,) = [line for line in said.splitlines() if line.startswith(f"  {venue}:{symbol} ") and "TRADING" in line]
        assert ("0.5 here" in row) == (venue == "coinbase"), row
    assert "the same" in said


def test_what_a_venue_does_not_list_or_quote_is_one_sentence(home, servers):
    path = home.root / "seven.toml"
    path.write_text(config(servers, "paper", ("okx",)).replace("BTC-USDT-SWAP", "XYZ-USDT"))
    assert "okx:XYZ-USDT: the venue does not list it" in home.run("engine", str(path), code=2).stderr
    small = config(servers, "paper", ("deribit",)) + 'quoting = "s"\n[quoting.s]\nsize = 10\n'
    path.write_text(small.replace("size = 10", "size = 1"))
    assert "is below one lot" in home.run("engine", str(path), code=2).stderr
    two = config(servers, "paper", ("bybit",)) + '[[instrument]]\nid = "bybit:BTCUSD"\n'
    path.write_text(two)
    assert "linear and inverse instruments have an address each" in home.run("engine", str(path), code=3).stderr
    gone = config(servers, "paper", ("okx",)).replace(servers["okx"].rest, "http://127.0.0.1:9")
    path.write_text(gone)
    assert "http://127.0.0.1:9 does not answer" in home.run("engine", str(path), code=3).stderr
