"""quoting_rows.toml: every key is one of ours, every test that it names is in the suite, no parameter is forgotten."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from mmtui.core.commands import BY_NAME
from mmtui.core.hedging.params import Hedge
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.limits import Limits
from mmtui.core.setup import InstrumentSetup

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
import readme_tables  # noqa: E402

WHOLE = tomllib.loads(readme_tables.ROWS.read_text())
ROWS, OURS = WHOLE["row"], WHOLE["ours"]
KEYS = {
    "": set(Quoting.__struct_fields__),
    "hedge": set(Hedge.__struct_fields__),
    "limits": set(Limits.__struct_fields__),
    "instrument": set(InstrumentSetup.__struct_fields__),
    "act": set(BY_NAME),
}


@pytest.fixture(scope="module")
def suite():
    """Names of all test functions under tests/, by reading the files."""
    return {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize("row", [*ROWS, *OURS], ids=lambda row: str(row.get("term", row.get("what"))).replace(" ", "-"))
def test_a_row_names_keys_and_tests_that_are_there_or_says_why_it_is_left_out(row, suite):
    for key in row.get("keys", []):
        head, _, name = key.rpartition(".")
        assert name in KEYS[head], key
    for name in row.get("tests", []):
        assert name in suite, name
    said = [word for word in ("keys", "always", "left") if row.get(word)]
    assert len(said) == 1
    assert bool(row.get("tests")) == (said != ["left"])
    assert "left" not in row or ("without" not in row and len(row["left"]) > 10)


def test_every_quoting_parameter_stands_in_a_row_or_among_our_own():
    standard = {key for row in ROWS for key in row.get("keys", [])}
    ours = [key for row in OURS for key in row["keys"]]
    assert len(ours) == len(set(ours)) and not standard & set(ours)
    assert (standard | set(ours)) & KEYS[""] == KEYS[""]


def test_the_sections_are_as_long_as_what_they_were_compared_with():
    count = {}
    for row in ROWS:
        count[row["section"]] = count.get(row["section"], 0) + 1
    assert list(count.values()) == [18, 8, 7, 9, 20]


def test_every_parameter_is_in_one_group_of_the_readme():
    names = [name for group in readme_tables.groups().values() for name in group]
    assert sorted(names) == sorted(Quoting.__struct_fields__)


def test_the_readme_holds_what_the_code_says():
    """`python tests/readme_tables.py` writes it."""
    _, inside, _ = readme_tables.parts(readme_tables.README.read_text())
    assert inside == readme_tables.section()
