"""What a process really imports: the arrows of the house, asked of sys.modules in fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"textual", "rich", "aiohttp", "ccxt", "numpy", "asyncio", "msgspec", "zstandard", "plotext"}


def modules_after(code: str) -> set[str]:
    """Names in sys.modules after running `code` in a fresh interpreter."""
    script = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy():
    found = modules_after(
        "import mmtui.cli\ntry:\n    mmtui.cli.main(['--help'])\nexcept SystemExit:\n    pass",
    )
    assert not found & HEAVY
    line = {"mmtui.cli", "mmtui.cli_commands", "mmtui.cli_live", "mmtui.cli_review"}
    light = {"mmtui.core", "mmtui.core.errors", "mmtui.fast"}
    assert not {name for name in found if name.startswith("mmtui.")} - line - light


@pytest.mark.parametrize("module", ["mmtui.host.ctl", "mmtui.host.kill", "mmtui.host.launch", "mmtui.host.registry"])
def test_ctl_and_kill_start_without_a_loop_or_an_engine(module):
    found = modules_after(f"import {module}")
    assert not found & (HEAVY - {"msgspec"})
    light = {"mmtui.tape", "mmtui.tape.files", "mmtui.tape.latch"}  # where KILLED is kept on disk
    rooms = ("mmtui.core.engine", "mmtui.tape", "mmtui.venues")
    assert not {name for name in found if name.startswith(rooms)} - light


@pytest.mark.parametrize("module", ["mmtui.host.main", "mmtui.host.life", "mmtui.host.loop", "mmtui.host.replay"])
def test_a_host_never_imports_the_cockpit(module):
    found = modules_after(f"import {module}")
    assert not found & {"textual", "rich", "ccxt", "aiohttp", "numpy", "plotext"}
    assert not {name for name in found if name.startswith(("mmtui.tui", "mmtui.view", "mmtui.review"))}


def test_core_imports_no_other_room_and_nothing_impure():
    found = modules_after("import pkgutil, importlib, mmtui.core as core\n" + _IMPORT_ALL.format(package="core"))
    rooms = {name.split(".")[1] for name in found if name.startswith("mmtui.")}
    assert rooms == {"core"}
    assert not found & {"asyncio", "socket", "random", "logging", "numpy"}


def test_view_and_link_import_no_textual():
    for room in ("view", "link", "tape", "venues", "config"):
        found = modules_after(
            f"import pkgutil, importlib, mmtui.{room} as {room}\n" + _IMPORT_ALL.format(package=room),
        )
        assert "textual" not in found, room
        assert "ccxt" not in found, room


def test_the_cockpit_knows_no_engine():
    found = modules_after("import mmtui.tui.app")
    assert not {
        name for name in found if name.startswith(("mmtui.host", "mmtui.venues", "mmtui.tape", "mmtui.core.engine"))
    }


_IMPORT_ALL = (
    "for found in pkgutil.walk_packages({package}.__path__, {package}.__name__ + '.'):\n"
    "    importlib.import_module(found.name)"
)
