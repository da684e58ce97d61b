"""The JSON Schema of a config names every key of every section, with its text."""

import json

import msgspec

from mmtui.cli import main
from mmtui.config.json_schema import Config, schema
from mmtui.config.load import SECTIONS
from mmtui.core.risk import limits


def test_every_section_and_key_is_described(capsys):
    assert main(["schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(schema()))
    parts = printed["$defs"]
    assert sorted(parts["Config"]["properties"]) == sorted(SECTIONS)
    assert parts["Config"]["additionalProperties"] is False
    for name in ("Desk", "Venue", "InstrumentKeys", "Quoting", "Limits", "Hedge", "PaperSetup"):
        for key, one in parts[name]["properties"].items():
            assert one.get("description"), f"{name}.{key}"


def test_ranges_and_choices_are_those_that_a_config_is_read_with():
    quoting = schema()["$defs"]["Quoting"]["properties"]
    assert quoting["levels"]["maximum"] == 20 and quoting["levels"]["default"] == 1
    assert "microprice" in str(quoting["fair_value"]) or "micro" in quoting["fair_value"]["enum"]


def test_the_schema_knows_every_section_that_is_loaded():
    assert sorted(field.name for field in msgspec.structs.fields(Config)) == sorted(SECTIONS)


def test_every_limit_has_its_text():
    assert list(limits.REFERENCE) == [field.name for field in msgspec.structs.fields(limits.Limits)]
