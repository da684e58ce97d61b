"""The command line's contract: words, numbers, exit codes, one line for a mistake."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mmtui import cli
from mmtui.cli import build_parser, ctl_order, main
from mmtui.cli_commands import COMMANDS
from mmtui.config.paths import data_dir
from mmtui.core.commands import ACTS, BY_NAME
from mmtui.core.errors import SourceError, UserError
from mmtui.host.ctl import arguments, split


@pytest.fixture(autouse=True)
def quiet_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "r"))


def run_line(capsys, *argv):
    """Exit code, standard output, standard error."""
    code = main(list(argv))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    "argv",
    [
        ["frobnicate"],
        ["--frobnicate"],
        ["book"],
        ["book", "x.gz", "--instrument", "a:B"],
        ["run"],
        ["run", "x.toml", "--speed", "-1"],
        ["run", "x.toml", "--speed", "nan"],
        ["ctl"],
        ["ctl", "frobnicate"],
        ["ctl", "status", "now"],
        ["ctl", "skew"],
        ["ctl", "skew", "a"],
        ["ctl", "skew", "nan"],
        ["ctl", "skew", "1", "2"],
        ["ctl", "set", "spread_bps"],
        ["ctl", "cancel", "everything"],
        ["ctl", "pause", "please"],
        ["ctl", "shutdown", "--venue", "binance-spot"],
        ["ctl", "--frobnicate", "status"],
        ["ctl", "status"],
        ["attach"],
        ["attach", "nobody"],
        ["kill", "nobody"],
        ["kill", "start"],
        ["whatif", "a.gz", "--model", "wishful"],
        ["audit", "verfy", "s"],
        ["demo", "--seed", "-1"],
        ["whatif", "synthetic:calm", "--set", "levels=x"],
        ["replay"],
    ],
)
def test_wrong_usage_is_exit_2_and_one_line(capsys, argv):
    code, out, err = run_line(capsys, *argv)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("mmtui: ")
    assert "Traceback" not in err


def test_a_failed_file_is_exit_3(capsys, monkeypatch):
    def fail(args):
        raise SourceError("the venue said no")

    monkeypatch.setattr(cli, "_front", lambda target: fail)
    assert run_line(capsys, "sessions") == (3, "", "mmtui: the venue said no\n")


@pytest.mark.parametrize(
    ("argv", "wanted", "said"),
    [
        (["demo"], 2, "needs a terminal"),
        (["demo", "--scenario", "nope"], 2, "no scenario 'nope'"),
        (["run", str(data_dir("sample_configs") / "minimal.toml")], 2, "needs a terminal"),
        (["run", "none.toml"], 2, "none.toml: there is no such file"),
        (["replay", "nothing"], 3, "no such session"),
    ],
)
def test_without_a_terminal_no_host_is_started_and_a_mistake_is_said_first(capsys, monkeypatch, argv, wanted, said):
    monkeypatch.setattr(sys, "__stdin__", None)
    monkeypatch.setattr("mmtui.host.launch.Started.__init__", lambda self, spec: pytest.fail("a host was started"))
    code, out, err = run_line(capsys, *argv)
    assert (code, out) == (wanted, "") and said in err


def test_an_os_error_is_a_sentence_and_exit_3(capsys, monkeypatch):
    def fail(args):
        raise PermissionError(13, "Permission denied", "/some/file")

    monkeypatch.setattr(cli, "_front", lambda target: fail)
    assert run_line(capsys, "sessions") == (3, "", "mmtui: /some/file: Permission denied\n")


def test_an_interrupt_is_quiet(capsys, monkeypatch):
    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_front", lambda target: interrupt)
    assert run_line(capsys, "sessions") == (130, "", "")


def test_a_reader_that_has_gone_is_quiet():
    code = "import sys; sys.argv = ['mmtui', '--help']; from mmtui.__main__ import main; main()"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("argv", [["--help"], *([sub.name, "--help"] for sub in COMMANDS)])
def test_every_command_has_a_help_text(capsys, argv):
    with pytest.raises(SystemExit) as leave:
        main(argv)
    assert leave.value.code == 0
    out, err = capsys.readouterr()
    assert "usage: mmtui" in out
    assert err == ""


def test_the_help_of_ctl_names_every_act(capsys):
    with pytest.raises(SystemExit):
        main(["ctl", "--help"])
    out = capsys.readouterr().out
    for act in ACTS:
        assert f"\n  {act.name}" in out
        assert act.help in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["skew", "-1.0"], ["--", "skew", "-1.0"]),
        (["skew", "-1e-1", "--json"], ["--json", "--", "skew", "-1e-1"]),
        (["skew", "--instrument", "a:B", "-.5"], ["--instrument", "a:B", "--", "skew", "-.5"]),
        (["--reason=x y", "resume"], ["--reason=x y", "--", "resume"]),
        (["size", "-25%"], ["--", "size", "-25%"]),
        (["resume", "--reason", "-1"], ["--reason", "-1", "--", "resume"]),
    ],
)
def test_negative_numbers_are_words(words, expected):
    assert ctl_order(words) == expected


def test_negative_numbers_reach_the_parser():
    _, parsers = build_parser()
    sub = next(sub for sub in COMMANDS if sub.name == "ctl")
    sub.arguments(parsers["ctl"])
    args = parsers["ctl"].parse_args(ctl_order(["desk", "skew", "-1.0", "--json"]))
    assert args.words == ["desk", "skew", "-1.0"]
    assert args.json is True


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["status"], (None, "status", [])),
        (["mine", "status"], ("mine", "status", [])),
        (["skew", "-1"], (None, "skew", ["-1"])),
        (["mine", "set", "levels=3"], ("mine", "set", ["levels=3"])),
        (["kill", "kill"], (None, "kill", ["kill"])),
    ],
)
def test_the_first_word_that_is_an_action_is_the_action(words, expected):
    assert split(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["spread", "+2"], {"bps": 2.0}),
        (["skew", "-1.5"], {"bps": -1.5}),
        (["size", "-25%"], {"pct": -25.0}),
        (["stop"], {}),
        (["stop", "drain"], {"drain": True}),
        (["cancel"], {}),
        (["cancel", "buy"], {"side": "buy"}),
        (["cancel", "17"], {"order": 17}),
        (["flatten", "BTC"], {"asset": "BTC"}),
        (["set", "levels=3", "fair_value=mid", "post_only=false", "size=0.5"], None),
    ],
)
def test_words_become_the_arguments_of_an_act(words, expected):
    found = arguments(BY_NAME[words[0]], words[1:])
    if expected is None:
        expected = {"levels": 3, "fair_value": "mid", "post_only": False, "size": 0.5}
    assert found == expected


def test_every_act_is_reachable_from_ctl():
    samples = {"spread": ["1"], "skew": ["1"], "size": ["1"], "set": ["levels=1"], "roll": ["perp:BTC_26DEC"]}
    samples |= {"ticket": ["buy", "1", "market"], "limit": ["leverage=1"], "incentive": ["-2.5"]}
    for act in ACTS:
        assert isinstance(arguments(act, samples.get(act.name, [])), dict)


def test_an_error_of_a_parser_is_a_user_error():
    parser, _ = build_parser()
    with pytest.raises(UserError, match="--help"):
        parser.parse_args(["demo", "--frobnicate"])


def test_sealed_keys_of_a_detached_host_need_their_passphrase_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("MMTUI_PASSPHRASE_FILE", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    path = tmp_path / "live.toml"
    path.write_text(
        '[desk]\nname = "live"\nmode = "live"\n[[venue]]\nid = "binance-usdm"\nrest = "http://127.0.0.1:9"\n'
        'ws = "ws://127.0.0.1:9"\nkeys = "sealed:desk"\n[[instrument]]\nid = "binance-usdm:BTCUSDT"\n'
    )
    from mmtui.cli_live import ask

    with pytest.raises(UserError, match="run `mmtui engine` on a terminal"):
        ask(path)
