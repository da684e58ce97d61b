"""Pricing parameters that cannot stand together: refused by config, by `--set`, each in one sentence at its place."""

import pytest

from mmtui.config.errors import ConfigError
from mmtui.config.load import load_config
from mmtui.core.errors import UserError
from mmtui.review.request import open_sources, override

CONFIG = """[desk]
name = "pricing"
[[venue]]
id = "binance-usdm"
[[instrument]]
id = "binance-usdm:BTCUSDT"
quoting = "tight"
[quoting.tight]
size = 0.01
{line}
"""

WRONG = [
    ({"fair_value": "blend", "fair_blend": "micro:x"}, "fair_blend", "'micro:x' is no NAME:NUMBER; give kinds with"),
    ({"min_spread_bps": 9.0, "max_spread_bps": 5.0}, "min_spread_bps", "is above max_spread_bps 5; give a smaller one"),
    ({"skew_curve": "2:1"}, "skew_curve", "2 is no share of the limit above 0 and up to 1; give shares"),
    ({"momentum_fast_s": 60.0}, "momentum_fast_s", "is not below momentum_slow_s 60; give a smaller one"),
    ({"premium_weight": 1.0}, "premium_weight", "needs a lead; give fair_source as well"),
    ({"lead_age_bps_per_s": 1.0}, "lead_age_bps_per_s", "needs a lead; give fair_source as well"),
    ({"amber_vol_bps": 40.0}, "amber_vol_bps", "is above red_vol_bps 30; give a smaller one"),
]


def toml(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.mark.parametrize(("given", "key", "words"), WRONG)
def test_a_config_says_which_line_is_wrong(tmp_path, given, key, words):
    path = tmp_path / "desk.toml"
    lines = [f"{name} = {toml(value)}" for name, value in given.items()]
    path.write_text(CONFIG.format(line="\n".join(lines)))
    with pytest.raises(ConfigError) as found:
        load_config(path)
    line = 10 + list(given).index(key)
    assert f"desk.toml:{line}: quoting.tight.{key}: " in str(found.value) and words in str(found.value)


@pytest.mark.parametrize(("given", "key", "words"), WRONG)
def test_a_set_is_refused_in_the_same_words(given, key, words):
    setup = open_sources(["synthetic:trend:5"], None, 1.0, None).setup
    with pytest.raises(UserError) as found:
        override(setup, list(given.items()))
    assert str(found.value).startswith(f"--set {key}: ") and words in str(found.value)


def test_a_lead_has_to_be_another_instrument(tmp_path):
    path = tmp_path / "desk.toml"
    path.write_text(CONFIG.format(line='premium_weight = 0.5\nfair_source = "binance-usdm:BTCUSDT"'))
    with pytest.raises(ConfigError, match=r"desk.toml:11: quoting.tight.fair_source: .*not another instrument"):
        load_config(path)


def test_what_stands_together_is_taken(tmp_path):
    path = tmp_path / "desk.toml"
    path.write_text(CONFIG.format(line='fair_value = "blend"\nfair_blend = "micro:0.7, mark:0.3"'))
    assert load_config(path).setup.instruments[0].quoting.fair_blend == "micro:0.7, mark:0.3"
