"""The manual under --help: every command has it, and every example is a line that the parser takes."""

import shlex

import pytest

from mmtui.cli import build_parser, ctl_order, main
from mmtui.cli_commands import COMMANDS
from mmtui.cli_help import MANUAL

EXAMPLES = [(name, line) for name, (_, lines) in MANUAL.items() for line, _ in lines if line.startswith("mmtui ")]


def test_every_command_has_a_page():
    assert list(MANUAL) == [sub.name for sub in COMMANDS]


@pytest.mark.parametrize("name", MANUAL)
def test_the_help_of_a_command_shows_what_it_is_for(capsys, name):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    said = capsys.readouterr().out
    text, examples = MANUAL[name]
    assert text in said and "exit codes: 0 done" in said
    assert all(line in said for line, _ in examples)
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_every_example_is_taken_by_the_parser(name, line):
    command, *words = shlex.split(line.partition(" >")[0])[1:]
    _, parsers = build_parser()
    sub = next(sub for sub in COMMANDS if sub.name == command)
    sub.arguments(parsers[command])
    parsers[command].parse_args(ctl_order(words) if command == "ctl" else words)


def test_a_keymap_that_is_wrong_is_said_before_a_host_is_started(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "mmtui").mkdir()
    (tmp_path / "mmtui" / "keymap.toml").write_text('[keys]\nfly = "f"\n')
    monkeypatch.setattr("mmtui.tui.terminal.require_terminal", lambda: None)

    def started(*_args):
        raise AssertionError("a host was started")

    monkeypatch.setattr("mmtui.host.launch.start_demo", started)
    assert main(["demo"]) == 2
    assert "fly: there is no such action" in capsys.readouterr().err


