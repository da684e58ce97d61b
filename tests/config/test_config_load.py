"""Configs: every sample loads, and every mistake is one sentence with file, line, key and what is allowed."""

from __future__ import annotations

import contextlib
import os
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.config import schema
from mmtui.config.defaults import default_setup, default_size
from mmtui.config.errors import ConfigError
from mmtui.config.lines import KeyLines
from mmtui.config.load import check_name, load_config
from mmtui.config.save import save_quoting
from mmtui.core.commands import ACTS
from mmtui.core.earn.programme import Obligation
from mmtui.core.errors import UserError
from mmtui.core.quoting.params import Quoting
from mmtui.core.setup import PaperSetup
from mmtui.venues.binance import profile

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = Path(os.environ.get("MMTUI_CAPTURES") or ROOT.parent / "shared" / "data" / "captures")
SAMPLES = sorted((ROOT / "sample_configs").glob("*.toml"))

GOOD = """\
[desk]
name = "one"
equity = 50_000

[[venue]]
id = "binance-usdm"

[[instrument]]
id = "binance-usdm:BTCUSDT"
quoting = "tight"
max_position = 1.5

[quoting.tight]
spread_bps = 5.0
size = 0.05
levels = 2

[limits]
daily_loss = 500.0
"""


def load(tmp_path, text=GOOD, *changes):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "desk.toml"
    path.write_text(text)
    return load_config(path)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_config_loads(path, monkeypatch):
    if "MMTUI_CAPTURES" in path.read_text().replace("#", ""):
        if not CAPTURES.is_dir():
            pytest.skip("skipped: no captures")
        monkeypatch.setenv("MMTUI_CAPTURES", str(CAPTURES.resolve()))
    config = load_config(path)
    assert config.setup.name and config.setup.instruments and config.sources
    assert all(item.instrument.venue in config.setup.venues for item in config.setup.instruments)


def test_there_are_sample_configs():
    assert {path.stem for path in SAMPLES} >= {"captures", "demo", "minimal"}


def test_a_config_becomes_a_setup(tmp_path):
    fees = ('id = "binance-usdm"\n', 'id = "binance-usdm"\nfees_bps = { maker = -0.5, taker = 4 }\n')
    config = load(tmp_path, GOOD, ("[limits]", '[paper]\nmodel = "optimistic"\n[limits]'), fees)
    item = config.setup.instruments[0]
    assert (item.instrument.tick, item.instrument.lot, item.instrument.grid) == ("0.1", "0.001", "table")
    assert (item.instrument.maker_bps, item.instrument.taker_bps) == ("-0.5", "4")
    assert (item.quoting.spread_bps, item.quoting.levels, item.profile, item.max_position) == (5.0, 2, "tight", "1.5")
    assert (config.setup.equity, config.setup.limits.daily_loss) == ("50000", 500.0)
    assert config.setup.paper.model == "optimistic" and config.setup.autostart is False
    assert config.sources == [schema.LiveVenue("binance-usdm")] and config.text.startswith("[desk]")


def test_tick_lot_and_contract_size_of_the_config_go_before_the_table(tmp_path):
    more = 'max_position = 1.5\ntick = "0.50"\nlot = 0.01\ncontract_size = 2\nmin_notional = 7'
    item = load(tmp_path, GOOD, ("max_position = 1.5", more)).setup.instruments[0].instrument
    assert (item.tick, item.lot, item.contract_size, item.min_notional) == ("0.5", "0.01", "2", "7")
    assert item.grid == "config"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "wanted"),
    [
        ("spread_bps", "spred_bps", 14, "quoting.tight.spred_bps", "did you mean spread_bps?"),
        ("[limits]", "[limmits]", 18, "limmits", "did you mean limits?"),
        ("equity", "eqity", 3, "desk.eqity", "did you mean equity?"),
        ("daily_loss", "daily_los", 19, "limits.daily_los", "did you mean daily_loss?"),
        ("max_position", "max_pos", 11, "instrument[0].max_pos", "did you mean max_position?"),
        ("levels = 2", 'levels = "two"', 16, "quoting.tight.levels", "a whole number from 1 to 20"),
        ("levels = 2", "levels = 21", 16, "quoting.tight.levels", "a whole number from 1 to 20"),
        ("levels = 2", "levels = 1.5", 16, "quoting.tight.levels", "a whole number from 1 to 20"),
        ("spread_bps = 5.0", "spread_bps = 0", 14, "quoting.tight.spread_bps", "above 0 and of at most 5000"),
        ("spread_bps = 5.0", "spread_bps = nan", 14, "quoting.tight.spread_bps", "nan is not allowed"),
        ("spread_bps = 5.0", "spread_bps = true", 14, "quoting.tight.spread_bps", "true is not allowed"),
        ("size = 0.05", "size = inf", 15, "quoting.tight.size", "inf is not allowed"),
        ("size = 0.05", "size = 1e308", 15, "quoting.tight.size", "of at most 1e+12"),
        ("daily_loss = 500.0", "daily_loss = 1e308", 19, "limits.daily_loss", "of at most 1e+15"),
        ("max_position = 1.5", "max_position = 1e300", 11, "instrument[0].max_position", "of at most 1e+15"),
        ('id = "binance-usdm"\n', 'id = "binance-usdm"\nsource = "."\n', 7, "venue[0].source", "is a folder"),
        ("size = 0.05", "size = 0.0001", 15, "quoting.tight.size", "below one lot"),
        ("levels = 2", 'fair_value = "middle"', 16, "quoting.tight.fair_value", '"micro", "mid"'),
        ("levels = 2", 'fair_value = "other"\nfair_source = "binance-usdm:BTCUSDT"', 17, "quoting.tight.fair_source",
         "not another instrument"),
        ("max_position = 1.5", 'tick = "1e-12"\nlot = "1e-12"', 8, "instrument[0]", "give a coarser"),
        ("levels = 2", "size_factor = 1" + "0" * 400, 16, "quoting.tight.size_factor", "a number above 0"),
        ("levels = 2", "levels = 2024-01-01", 16, "quoting.tight.levels", "a whole number"),
        ("levels = 2", "min_spread_bps = 600", 16, "quoting.tight.min_spread_bps", "max_spread_bps"),
        ("max_position = 1.5", "max_position = -1", 11, "instrument[0].max_position", "at least 0"),
        ("max_position = 1.5", 'max_position = "lots"', 11, "instrument[0].max_position", "give a number"),
        ("max_position = 1.5", "max_position = [1]", 11, "instrument[0].max_position", "a number"),
        ('quoting = "tight"', 'quoting = "wide"', 10, "instrument[0].quoting", "give one of: tight"),
        ("equity = 50_000", "equity = 0", 3, "desk.equity", "above 0"),
        ("equity = 50_000", 'mode = "papr"', 3, "desk.mode", '"paper"'),
        ("equity = 50_000", "autostart = 1", 3, "desk.autostart", "true or false"),
        ('name = "one"', 'name = "kill"', 2, "desk.name", "mmtui ctl"),
        ('name = "one"', 'name = "a/b"', 2, "desk.name", "letters, digits"),
        ('name = "one"', "name = 1", 2, "desk.name", "a text"),
        ('name = "one"\n', "", 1, "desk", "name is missing"),
        ('id = "binance-usdm"\n', 'id = "binance"\n', 6, "venue[0].id", "binance-spot"),
        ('id = "binance-usdm"\n', 'id = "binance-usdm"\nsource = "x.gz"\n', 7, "venue[0].source", "no such file"),
        ('id = "binance-usdm"\n', 'id = "binance-usdm"\nsource = ["${MMTUI_NOT_SET}/x"]\n', 7, "venue[0].source",
         "MMTUI_NOT_SET is not set"),
        ('id = "binance-usdm"\n', 'id = "binance-usdm"\nsource = ["synthetic:calm", "x"]\n', 7, "venue[0].source",
         "synthetic:SCENARIO"),
        ('id = "binance-usdm"\n', 'id = "binance-usdm"\nfees_bps = { maker = 2 }\n', 7, "venue[0].fees_bps",
         "taker is missing"),
        ('id = "binance-usdm"\n', 'id = "binance-usdm"\nfees_bps = 2\n', 7, "venue[0].fees_bps", "a table { maker"),
        ('"binance-usdm:BTCUSDT"', '"BTCUSDT"', 9, "instrument[0].id", "is not allowed"),
        ('"binance-usdm:BTCUSDT"', '"binance-usdm:XYZUSDT"', 9, "instrument[0].id", "tick and lot"),
        ('"binance-usdm:BTCUSDT"', '"binance-spot:BTCUSDT"', 9, "instrument[0].id", "is in no source"),
        ("[[venue]]", "[venue]", 5, "venue", "two brackets"),
        ("daily_loss = 500.0", "daily_loss = -1", 19, "limits.daily_loss", "above 0"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_line_key_and_what_is_allowed(tmp_path, monkeypatch, old, new, line, key, wanted):
    monkeypatch.delenv("MMTUI_NOT_SET", raising=False)
    with pytest.raises(ConfigError) as error:
        load(tmp_path, GOOD, (old, new))
    text = str(error.value)
    assert text.startswith(f"{tmp_path / 'desk.toml'}:{line}: {key}: ") and wanted in text and "\n" not in text
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [("[desk\n", 1, "not valid TOML"), ("[desk]\nname = \n", 2, "not valid TOML"),
     ('[desk]\nname="a"\nname="b"\n', 3, "not valid TOML"),
     ("", 0, "begin with [desk]"), ('[desk]\nname = "a"\n', 0, "no venue")],
)  # fmt: skip
def test_texts_that_are_no_config(tmp_path, text, line, wanted):
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert error.value.line == line and wanted in str(error.value)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.text(max_size=8))
def test_a_garbled_config_loads_or_ends_with_one_sentence(tmp_path_factory, place, cut, more):
    path = tmp_path_factory.mktemp("garbled") / "desk.toml"
    path.write_text(GOOD[:place] + more + GOOD[place + cut :], encoding="utf-8", errors="replace")
    with contextlib.suppress(UserError):
        load_config(path)


def test_a_missing_folder_or_binary_file_is_one_sentence(tmp_path):
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for path, wanted in ((tmp_path / "no.toml", "no such file"), (tmp_path, "folder"),
                         (tmp_path / "binary.toml", "UTF-8")):  # fmt: skip
        with pytest.raises(ConfigError, match=wanted) as error:
            load_config(path)
        assert isinstance(error.value, UserError)


def test_captures_relative_to_the_config_and_through_the_environment(tmp_path, monkeypatch):
    line = b'1723161255088169167 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":9,"s":"BTCUSDT",' \
           b'"b":"1.0","B":"2","a":"1.1","A":"2","E":1}}\n'  # fmt: skip
    (tmp_path / "some.txt").write_bytes(line)
    config = load(tmp_path, GOOD, ('id = "binance-usdm"\n', 'id = "binance-usdm"\nsource = "some.txt"\n'))
    assert config.sources == [schema.CaptureFiles("binance-usdm", [tmp_path / "some.txt"])]
    monkeypatch.setenv("SOME_DIR", str(tmp_path))
    source = 'id = "binance-usdm"\nsource = ["${SOME_DIR}/some.txt"]\n'
    assert load(tmp_path, GOOD, ('id = "binance-usdm"\n', source)).sources == config.sources
    with pytest.raises(ConfigError, match="they are of binance-usdm"):
        load(tmp_path, GOOD, ('id = "binance-usdm"\n', source.replace("binance-usdm", "binance-spot")))


def test_without_instruments_everything_in_the_source_is_quoted_with_a_size_that_suits(tmp_path):
    line = b'1723161255088169167 {"stream":"btcusd_perp@bookTicker","data":{"e":"bookTicker","u":9,"s":"BTCUSD_PERP",' \
           b'"b":"1.0","B":"2","a":"1.1","A":"2","E":1}}\n'  # fmt: skip
    (tmp_path / "some.txt").write_bytes(line)
    text = '[desk]\nname = "a"\n[[venue]]\nid = "binance-coinm"\nsource = "some.txt"\n'
    items = load(tmp_path, text).setup.instruments
    assert [(item.instrument.id, item.quoting.size) for item in items] == [("binance-coinm:BTCUSD_PERP", 30)]


def test_spot_that_no_config_names_has_a_treasury_to_sell_from(tmp_path):
    line = b'1723161255088169167 {"stream":"btcusdt@bookTicker","data":{"u":9,"s":"BTCUSDT","b":"1.0","B":"2",' \
           b'"a":"1.1","A":"2"}}\n'  # fmt: skip
    (tmp_path / "some.txt").write_bytes(line)
    text = '[desk]\nname = "a"\n[[venue]]\nid = "binance-spot"\nsource = "some.txt"\n'
    assert load(tmp_path, text).setup.instruments[0].baseline == "1"
    named = text + '[[instrument]]\nid = "binance-spot:BTCUSDT"\n'
    assert load(tmp_path, named).setup.instruments[0].baseline == "0"


def test_a_default_size_is_worth_something_at_the_price_of_the_capture(tmp_path):
    line = b'1723161255088169167 {"stream":"shibusdt@trade","data":{"e":"trade","E":1,"s":"SHIBUSDT","t":1,' \
           b'"p":"0.00001500","q":"5","T":1,"m":true,"M":true}}\n'  # fmt: skip
    (tmp_path / "some.txt").write_bytes(line)
    text = '[desk]\nname = "a"\n[[venue]]\nid = "binance-spot"\nsource = "some.txt"\n'
    assert load(tmp_path, text).setup.instruments[0].quoting.size == 200_000_000


def test_lines_of_keys_in_every_form_of_toml():
    lines = KeyLines('a = 1\n[x.y]\n"b c" = 2\nd.e = 3\n[[t]]\nk = 1\n[[t]]\n# no\nk = 2\n[t.sub]\nz = 1\n')
    assert [lines.find(*path) for path in [("a",), ("x", "y", "b c"), ("x", "y", "d", "e"), ("t", "0", "k"),
            ("t", "1", "k"), ("t", "1", "nothing"), ("nowhere",)]] == [1, 3, 4, 6, 9, 7, 0]  # fmt: skip


def test_no_desk_is_named_like_an_act():
    assert all(check_name(act.name) for act in ACTS) and check_name("status")
    assert not check_name("Colo-1_b")
    for name in ("", "-a", "a b", "é", "a" * 41, "../x"):
        assert check_name(name)


def test_every_key_has_its_reference_text():
    shapes = {"desk": schema.Desk, "venue": schema.Venue, "instrument": schema.InstrumentKeys, "paper": PaperSetup}
    shapes["obligation"] = Obligation
    for section, shape in shapes.items():
        assert set(schema.REFERENCE[section]) == set(shape.__struct_fields__)


OBLIGED = GOOD + """
[[obligation]]
name = "Alpha MM"
instruments = ["binance-usdm:BTCUSDT"]
max_spread_bps = 20
min_depth = 5_000
share_of_time = 0.95
snapshot_s = 10
from_day = "2026-11-01"
to_day = "2026-11-30"
keep = true
"""


def test_obligations_become_part_of_the_setup(tmp_path):
    assert load(tmp_path).setup.obligations == []
    (one,) = load(tmp_path, OBLIGED).setup.obligations
    assert (one.name, one.instruments, one.max_spread_bps) == ("Alpha MM", ["binance-usdm:BTCUSDT"], 20)
    assert (one.min_depth, one.share_of_time, one.snapshot_s, one.keep) == (5_000, 0.95, 10, True)
    assert (one.both_sides, one.within_bps, one.coverage) == (True, 100.0, 1.0)


@pytest.mark.parametrize(
    ("old", "new", "key", "wanted"),
    [
        ('"binance-usdm:BTCUSDT"]', '"binance-usdm:NOPE"]', "obligation[0].instruments", "it has: binance-usdm:"),
        ('"2026-11-01"', '"November"', "obligation[0].from_day", "write it as 2026-11-01"),
        ('"2026-11-30"', '"2026-10-30"', "obligation[0].to_day", "before from_day"),
        ("share_of_time = 0.95", "share_of_time = 95", "obligation[0].share_of_time", "above 0 and of at most 1"),
        ("snapshot_s = 10", "snapshot_s = 0", "obligation[0].snapshot_s", "from 1 to 3600"),
        ("max_spread_bps = 20", "max_spred_bps = 20", "obligation[0].max_spred_bps", "did you mean max_spread_bps?"),
        ('name = "Alpha MM"\n', "", "obligation[0]", "name is missing"),
        ("keep = true", '[[obligation]]\nname = "Alpha MM"', "obligation[1].name", "each name may stand once"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_obligation_is_named(tmp_path, old, new, key, wanted):
    with pytest.raises(UserError) as caught:
        load(tmp_path, OBLIGED, (old, new))
    assert f" {key}: " in str(caught.value) and wanted in str(caught.value)


def test_default_sizes_suit_the_instrument():
    def size(market, symbol, tick, lot, price=0.0):
        return str(default_size(profile.instrument(market, symbol, tick, lot, "table"), price))

    assert size(profile.SPOT, "BTCUSDT", "0.01", "0.00001") == "0.05000"
    assert size(profile.COINM, "BTCUSD_PERP", "0.1", "1") == "30"
    assert size(profile.COINM, "ETHUSD_PERP", "0.01", "1") == "300"
    assert size(profile.USDM, "SOLUSDT", "0.01", "1", 150.0) == "20"
    assert size(profile.SPOT, "SHIBUSDT", "0.00000001", "1", 0.000015) == "200000000"
    setup = default_setup([profile.instrument(profile.SPOT, "BTCUSDT", "0.01", "0.00001", "table")], "whatif")
    assert setup.venues == ["binance-spot"] and setup.instruments[0].quoting.size == 0.05 and setup.autostart


def test_a_saved_profile_is_read_again(tmp_path):
    config = load(tmp_path)
    save_quoting(config.path, "tight", Quoting(spread_bps=7.5, levels=3, size=0.1))
    again = load_config(config.path)
    assert again.setup.profiles["tight"] == Quoting(spread_bps=7.5, levels=3, size=0.1)
    assert msgspec.structs.replace(again.setup, profiles={}, instruments=[]) == msgspec.structs.replace(
        config.setup, profiles={}, instruments=[]
    )
    before = config.path.read_text()
    with pytest.raises(ConfigError):
        save_quoting(config.path, "tight", Quoting(size=0.00001))
    assert config.path.read_text() == before and tomllib.loads(before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk.toml", "desk.toml.bak"]


LIVE = """
[desk]
name = "real"
mode = "live"
[[venue]]
id = "binance-usdm"
keys = "env:NAME"
rest = "http://127.0.0.1:1"
ws = "ws://127.0.0.1:1"
[[instrument]]
id = "binance-usdm:BTCUSDT"
"""


def test_a_live_venue_names_its_address_and_its_keys(tmp_path):
    config = load(tmp_path, LIVE)
    assert config.sources == [schema.LiveVenue("binance-usdm", "http://127.0.0.1:1", "ws://127.0.0.1:1", "env:NAME")]
    assert config.setup.landing_ms and config.setup.reconcile_s > 0


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "wanted"),
    [
        ('keys = "env:NAME"', "", 4, "venue[0].keys", "needs keys"),
        ('ws = "ws://127.0.0.1:1"', "", 8, "venue[0].rest", "give both"),
        ('keys = "env:NAME"', 'keys = "my-secret"', 7, "venue[0].keys", "a text like"),
        ('rest = "http://127.0.0.1:1"', 'rest = "ftp://x"', 8, "venue[0].rest", "a text like"),
    ],
)
def test_what_a_live_venue_lacks_is_one_sentence(tmp_path, old, new, line, key, wanted):
    with pytest.raises(ConfigError) as error:
        load(tmp_path, LIVE, (old, new))
    assert key in str(error.value) and wanted in str(error.value)


def test_the_sample_of_alerts_names_its_webhook_and_escalates():
    config = load_config(ROOT / "sample_configs" / "alerts.toml")
    alerts = config.alerts
    assert (alerts.webhook, alerts.severity, alerts.repeat_s, alerts.repeats) == ("env:DESK_WEBHOOK", "warn", 120.0, 5)
    text = "".join(line[1:].lstrip() for line in config.text.splitlines(keepends=True) if line.startswith("#   "))
    terminal = tomllib.loads(text.partition("[alerts]")[1] + text.partition("[alerts]")[2])
    assert set(terminal["alerts"]) == {"bell", "desktop", "repeat_s"}
