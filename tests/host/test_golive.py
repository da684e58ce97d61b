"""The question before a desk trades: what it shows, who may go on, what it never shows."""

from __future__ import annotations

import io

import msgspec
import pytest

from mmtui.config.defaults import default_setup
from mmtui.config.load import load_config
from mmtui.config.schema import LiveVenue
from mmtui.core.errors import UserError
from mmtui.host.golive import consent, links_of, summary, unbounded
from mmtui.host.live import VenueAccess
from mmtui.venues.binance import profile
from mmtui.venues.binance.links import LINKS
from mmtui.venues.live.checks import Listed, Report, objections, on_grid
from mmtui.venues.live.keys import Pair

SECRET = "a-secret-that-nobody-may-see"
BTC = profile.instrument(profile.USDM, "BTCUSDT", "0.1", "0.001", "table")


def report(**more):
    said = {
        "reached": True, "signed": True, "trades": True, "withdraws": False, "bound_to_ip": True, "one_way": True,
        "symbols": {"BTCUSDT": Listed("TRADING", "0.1", "0.001", "100")}, "fees": {"BTCUSDT": "2/5"},
        "holds": ["wallet 1000 USDT"], "dead_man": "countdown per symbol",
    }  # fmt: skip
    return Report("binance-usdm", **(said | more))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def setup():
    return default_setup([BTC], "desk", mode="live")


def test_on_a_terminal_the_name_is_asked_for_once(setup, monkeypatch, capsys):
    access = [VenueAccess("binance-usdm", LINKS["binance-usdm"], Pair("k" * 12, SECRET, open=True))]
    monkeypatch.setattr("sys.stdin", Terminal("desk\n"))
    consent(setup, access, [report()])
    shown = capsys.readouterr().err
    assert "no withdrawals" in shown and "countdown per symbol" in shown and "environment" in shown
    assert SECRET not in shown and "k" * 12 not in shown
    for answer in ("\n", "yes\n", ""):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        with pytest.raises(UserError, match="not confirmed"):
            consent(setup, access, [report()])


def test_without_a_terminal_it_is_shown_and_nobody_is_asked(setup, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    consent(setup, [], [report()])
    assert "LIVE desk 'desk'" in capsys.readouterr().err


def test_a_key_that_is_not_bound_to_an_address_is_said(setup):
    assert any("NOT bound" in line for line in summary(setup, [report(bound_to_ip=False)]))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"reached": False, "why": "it does not answer"}, "does not answer"),
        ({"withdraws": True}, "withdrawal rights"),
        ({"withdraws": None}, "could not be read"),
        ({"trades": False}, "may not trade"),
        ({"one_way": False}, "hedge mode"),
        ({"symbols": {}}, "does not list it"),
        ({"symbols": {"BTCUSDT": Listed("BREAK", "0.1", "0.001", "5")}}, "BREAK"),
    ],
)
def test_what_keeps_a_desk_from_trading(more, why):
    assert why in "; ".join(objections(report(**more), [BTC], live=True))
    assert objections(report(), [BTC], live=True) == []


@pytest.mark.parametrize(
    ("one_way", "hedge", "why"),
    [
        (True, False, ""),
        (False, True, ""),
        (True, True, "one-way positions; set it to hedge mode"),
        (False, False, 'give position_mode = "hedge"'),
        (None, True, "could not be read"),
        (None, False, ""),
    ],
)
def test_config_and_account_agree_on_the_position_mode(one_way, hedge, why):
    said = objections(report(one_way=one_way), [msgspec.structs.replace(BTC, hedge_mode=hedge)], live=True)
    assert len(said) == bool(why) and why in "".join(said)


def test_the_venues_grid_goes_before_the_table_and_behind_the_config():
    listed = Listed("TRADING", "0.01", "0.0001", "50")
    found = on_grid(BTC, listed)
    assert (found.tick, found.lot, found.min_notional, found.grid) == ("0.01", "0.0001", "50", "venue")
    given = profile.instrument(profile.USDM, "BTCUSDT", "0.5", "0.01", "config")
    assert on_grid(given, listed) is given


def test_an_address_of_the_config_replaces_every_address_of_the_venue():
    links = links_of(LiveVenue("binance-spot", "http://127.0.0.1:1/", "ws://127.0.0.1:1"))
    hosts = {links.rest, links.ws, links.account, links.api_ws}
    assert hosts == {"http://127.0.0.1:1", "ws://127.0.0.1:1"}
    assert links_of(LiveVenue("binance-spot")) == LINKS["binance-spot"]
    coin = links_of(LiveVenue("binance-coinm", "http://127.0.0.1:1", "ws://127.0.0.1:1"))
    assert {coin.rest, coin.ws, coin.account} == {"http://127.0.0.1:1", "ws://127.0.0.1:1"}
    with pytest.raises(UserError, match="no live link yet"):
        links_of(LiveVenue("binance-options"))


BYBIT = """
[desk]
name = "one"
mode = "live"
equity = 100_000
[quoting.small]
size = 0.01
levels = 1
[[venue]]
id = "bybit"
keys = "env:X"
{}
[[instrument]]
id = "bybit:BTCUSDT"
quoting = "small"
"""


@pytest.mark.parametrize(
    ("more", "told", "why"),
    [
        ("", {"bounded": True}, ""),
        ("", {}, ""),  # as the venue's table says
        ("", {"bounded": False}, "accept_unbounded = true"),
        ("accept_unbounded = true", {"bounded": False, "prices": {"BTCUSDT": 60_000.0}}, ""),
        ("accept_unbounded = true", {"bounded": False, "prices": {"BTCUSDT": 900_000.0}}, "above 10 % of equity"),
    ],
)
def test_an_account_without_the_venues_switch_is_unbounded(tmp_path, more, told, why):
    path = tmp_path / "one.toml"
    path.write_text(BYBIT.format(more))
    said = unbounded(load_config(path), [Report("bybit", reached=True, **told)])
    assert why in "; ".join(said) and bool(said) == bool(why)
