"""`mmtui init`: the questions, what is written, and that it loads."""

import gzip
from argparse import Namespace

import pytest

from mmtui.cli import main
from mmtui.config.load import load_config
from mmtui.config.wizard import Asker, make, write
from mmtui.core.errors import UserError
from mmtui.venues.market_links import MARKET_LINKS


def answered(*answers):
    """An asker that is given these answers, one after the other; what it printed is not looked at."""
    given = list(answers)

    def read(question):
        if not given:
            raise EOFError
        return given.pop(0)

    return Asker(False, read)


def arguments(**changes):
    return Namespace(**{"name": None, "market": None, "capture": [], **changes})


def test_every_default_makes_a_desk_on_the_synthetic_market(tmp_path, capsys):
    path = tmp_path / "desk.toml"
    assert main(["init", str(path), "--yes", "--name", "night"]) == 0
    setup = load_config(path).setup
    assert (setup.name, setup.mode, setup.autostart, setup.limits.daily_loss) == ("night", "paper", False, 1_000)
    assert [item.instrument.venue for item in setup.instruments] == ["sim-spot", "sim-usdm", "sim-coinm"]
    assert setup.instruments[0].baseline == "1" and setup.instruments[1].baseline == "0"
    assert f"mmtui run {path}" in capsys.readouterr().out
    assert path.read_text().index("[desk]") < path.read_text().index("[[venue]]")


def test_an_existing_file_is_never_written_over(tmp_path, capsys):
    path = tmp_path / "desk.toml"
    path.write_text("mine")
    assert main(["init", str(path), "--yes"]) == 2
    assert path.read_text() == "mine"
    assert capsys.readouterr().err == f"mmtui: {path}: is there already; name another file\n"


def test_answers_are_asked_again_until_they_can_be(tmp_path, capsys):
    ask = answered(
        "my desk", "kill", "alpha", "99", "1", "nothing", "trend", "4", "1,3", "EUR", "-5", "50000", "2", "8", "3"
    )
    document = make(ask, arguments(), tmp_path)
    path = tmp_path / "a.toml"
    write(path, document)
    setup = load_config(path).setup
    assert (setup.name, setup.currency, setup.equity) == ("alpha", "EUR", "50000")
    assert [item.instrument.venue for item in setup.instruments] == ["sim-spot", "sim-coinm"]
    assert [(item.quoting.spread_bps, item.quoting.levels) for item in setup.instruments] == [(8, 3), (8, 3)]
    assert (setup.limits.daily_loss, setup.limits.drawdown) == (1_000, 1_500)
    said = capsys.readouterr().out
    assert "is not allowed" in said and "is a word of `mmtui ctl`" in said
    assert "give one of synthetic, captures" in said and "numbers from 1 to 3" in said


def test_the_end_of_the_input_writes_nothing(tmp_path):
    with pytest.raises(UserError, match="nothing was written"):
        make(answered("alpha", "1"), arguments(), tmp_path)


def test_without_a_terminal_it_says_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["init", str(tmp_path / "a.toml")]) == 2
    assert "--yes" in capsys.readouterr().err


def test_captures_are_named_relative_to_the_config(tmp_path):
    head = '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","s":"BTCUSDT","b":"100.0","B":"1","a":"100.1",'
    lines = [head + f'"A":"2","u":{n},"T":1723161256298,"E":1723161256299}}}}' for n in range(1, 4)]
    with gzip.open(tmp_path / "one.gz", "wt") as file:
        file.writelines(f"{1_723_161_255_000_000_000 + n} {line}\n" for n, line in enumerate(lines))
    path = tmp_path / "c.toml"
    assert main(["init", str(path), "--yes", "--capture", str(tmp_path / "*.gz")]) == 0
    loaded = load_config(path)
    assert 'source = [\n    "one.gz",\n]' in path.read_text()
    assert loaded.setup.instruments[0].quoting.size > 0


@pytest.mark.parametrize(
    "wrong", [["--market", "moon"], ["--capture", "/nowhere/x.gz"], ["--name", "a b"], ["--market", "captures"]]
)
def test_what_cannot_be_is_one_sentence(tmp_path, capsys, wrong, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "x.toml", "--yes", *wrong]) == 2
    said = capsys.readouterr().err
    assert said.startswith("mmtui: init: ") and said.count("\n") == 1 and not (tmp_path / "x.toml").exists()


@pytest.mark.parametrize("venue", ["binance-spot", "binance-usdm"])
def test_a_live_venue_on_paper_needs_no_keys(tmp_path, venue):
    path = tmp_path / "live.toml"
    assert main(["init", str(path), "--yes", "--market", venue]) == 0
    loaded = load_config(path)
    assert (loaded.setup.mode, [item.instrument.symbol for item in loaded.setup.instruments]) == (
        "paper", ["BTCUSDT", "ETHUSDT"]
    )  # fmt: skip
    assert [type(source).__name__ for source in loaded.sources] == ["LiveVenue"]
    assert "keys" not in path.read_text()


@pytest.mark.parametrize("venue", MARKET_LINKS)
def test_the_live_market_of_a_venue_on_paper_is_two_markets_with_sizes_that_suit_them(tmp_path, venue):
    path = tmp_path / "desk.toml"
    assert main(["init", str(path), "--yes", "--market", venue]) == 0
    found = load_config(path)
    assert [source.venue for source in found.sources] == [venue]
    assert len(found.setup.instruments) == min(2, len(MARKET_LINKS[venue].grids)) and found.setup.mode == "paper"
    for item in found.setup.instruments:
        one = item.instrument
        size = item.quoting.size if one.kind == "inverse" else item.quoting.size * float(one.contract_size)
        wanted = 3000 if one.kind == "inverse" else {"BTC": 0.05, "ETH": 1.0}[one.base]
        assert size == pytest.approx(wanted), one.id
        assert one.maker_bps and one.taker_bps
