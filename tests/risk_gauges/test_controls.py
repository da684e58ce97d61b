"""The controls table says what is so: its places import, its tests exist, README and doctor have it as it is."""

import argparse
import importlib
import re
from functools import reduce
from pathlib import Path

import pytest

from mmtui.bench import doctor
from mmtui.core.risk.controls import CONTROLS, HEAD, rows

TESTS = Path(__file__).resolve().parents[1]
NAMES = [one.name for one in CONTROLS]


@pytest.mark.parametrize("control", CONTROLS, ids=NAMES)
def test_what_does_a_control_is_there_and_so_is_its_test(control):
    assert bool(control.where) is bool(control.test)
    assert control.state == "yes" or control.missing
    if control.where:
        module, _, name = control.where.partition(":")
        assert callable(reduce(getattr, name.split("."), importlib.import_module(f"mmtui.{module}")))
        file, _, function = control.test.partition("::")
        assert re.search(rf"^(async )?def {function}\(", (TESTS / file).read_text(), re.MULTILINE)


def test_every_row_of_the_reference_is_there():
    assert [one.number for one in CONTROLS] == list(range(1, 21))


def test_the_readme_has_the_table_as_it_is():
    text = TESTS.parent.joinpath("README.md").read_text()
    assert "\n".join(f"| {' | '.join(row)} |" for row in rows()) in text
    assert f"| {' | '.join(HEAD)} |" in text


def test_the_doctor_prints_every_control(capsys):
    doctor.run(argparse.Namespace(config=None))
    out = capsys.readouterr().out
    assert "\ncontrols" in out
    for one in CONTROLS:
        assert one.name in out and (one.missing or one.name) in out
