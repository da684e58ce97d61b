"""[[event]] in a config."""

import pytest

from mmtui.config.errors import ConfigError
from mmtui.config.load import load_config

BASE = """
[desk]
name = "calendar"
mode = "demo"
[[venue]]
id = "sim-usdm"
source = "synthetic:calm"
"""


def load(tmp_path, text):
    path = tmp_path / "desk.toml"
    path.write_text(BASE + text)
    return load_config(path).setup


def test_events_are_read(tmp_path):
    setup = load(tmp_path, '[[event]]\nname = "funding"\nevery = "08:00"\naction = "widen"\nbps = 4\n')
    assert [(one.name, one.every, one.bps, one.action) for one in setup.events] == [("funding", "08:00", 4.0, "widen")]
    assert load(tmp_path, "").events == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "x"', "give one of at and every"),
        ('name = "x"\nevery = "25:00"', "is no time of day"),
        ('name = "x"\nevery = "08:00"\ninstruments = ["sim-usdm:NO"]', "is no instrument of the desk"),
        ('name = "x"\nevery = "08:00"\naction = "hide"', 'give one of "pull", "widen"'),
        ('name = "x"\nevery = "08:00"\nbps = 0', "bps"),
    ],
)
def test_a_mistake_names_its_key(tmp_path, text, says):
    with pytest.raises(ConfigError, match=says):
        load(tmp_path, f"[[event]]\n{text}\n")
