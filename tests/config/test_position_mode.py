"""`position_mode` of a [[venue]]: contracts there have two legs, spot has none."""

from __future__ import annotations

import pytest

from mmtui.config.errors import ConfigError
from mmtui.config.load import load_config as load
from mmtui.core.engine import Engine

TEXT = """
[desk]
name = "modes"
mode = "demo"

[[venue]]
id = "sim-spot"
source = "synthetic:calm:1"

[[venue]]
id = "sim-usdm"
source = "synthetic:calm:1"
"""


def modes(path, text):
    path.write_text(text)
    return {item.instrument.venue: item.instrument.hedge_mode for item in load(path).setup.instruments}


def test_net_is_the_default_and_hedge_gives_contracts_two_legs(tmp_path):
    path = tmp_path / "desk.toml"
    assert modes(path, TEXT) == {"sim-spot": False, "sim-usdm": False}
    assert modes(path, TEXT + 'position_mode = "net"\n') == {"sim-spot": False, "sim-usdm": False}
    assert modes(path, TEXT + 'position_mode = "hedge"\n') == {"sim-spot": False, "sim-usdm": True}
    engine = Engine(load(path).setup)
    assert [account.legs is not None for account in engine.accounts] == [
        account.instrument.venue == "sim-usdm" for account in engine.accounts
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT + 'position_mode = "both"\n', 'give one of "hedge", "net"'),
        (TEXT.replace('id = "sim-spot"', 'id = "sim-spot"\nposition_mode = "hedge"'), "none at sim-spot"),
    ],
)
def test_what_it_may_not_be_is_one_sentence_with_its_line(tmp_path, text, says):
    path = tmp_path / "desk.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(path)
    assert says in str(raised.value) and "position_mode" in str(raised.value) and "\n" not in str(raised.value)
