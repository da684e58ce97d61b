"""Shell completion: every command, option and act is offered, and the script is one that the shell reads."""

import shutil
import subprocess

import pytest

from mmtui.cli import main
from mmtui.cli_commands import COMMANDS
from mmtui.completion import SHELLS, script
from mmtui.core.commands import ACTS


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_act_is_offered(shell, capsys):
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert text == script(shell)
    for word in (*(sub.name for sub in COMMANDS), *(act.name for act in ACTS), "sweep", "verify"):
        assert word in text


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_can_read_it(shell):
    if not shutil.which(shell):
        pytest.skip(f"skipped: no {shell} here")
    subprocess.run([shell, "-n"], input=script(shell), text=True, check=True)


def complete(*words):
    """What bash offers for the last of the words."""
    line = " ".join(words)
    code = f'{script("bash")}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _mmtui; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_options_and_acts():
    assert complete("mmtui", "wha") == ["whatif"]
    assert complete("mmtui", "whatif", "--sw") == ["--sweep"]
    assert complete("mmtui", "ctl", "fla") == ["flatten"]
    assert complete("mmtui", "replay", "fla") == []
