"""[guard] and the keys of kills: defaults, ranges, and what belongs together."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmtui.config.errors import ConfigError
from mmtui.config.load import load_config
from mmtui.config.schema import REFERENCE, Guard

DESK = """
[desk]
name = "d"
mode = "{mode}"
[[venue]]
id = "binance-usdm"
keys = "env:K"
kill_keys = "env:KILL"
[[instrument]]
id = "binance-usdm:BTCUSDT"
"""


def load(tmp_path: Path, guard: str, mode: str = "live"):
    path = tmp_path / "d.toml"
    path.write_text(DESK.format(mode=mode) + (f"[guard]\n{guard}\n" if guard else ""))
    return load_config(path)


def test_a_guard_is_there_unless_it_is_switched_off(tmp_path):
    assert load(tmp_path, "").guard == Guard()
    assert Guard().enabled and Guard().silence_s == 0.8
    assert not load(tmp_path, "enabled = false").guard.enabled


def test_every_key_has_its_words_and_kill_keys_come_through(tmp_path):
    assert set(REFERENCE["guard"]) == set(Guard.__struct_fields__)
    assert load(tmp_path, "").sources[0].kill_keys == "env:KILL"


@pytest.mark.parametrize(("key", "low", "high"), [("silence_s", 0.3, 30), ("remote_silence_s", 1, 120)])
def test_silences_have_their_ranges(tmp_path, key, low, high):
    for value in (low, high):
        assert getattr(load(tmp_path, f"{key} = {value}").guard, key) == value
    for value in (low * 0.9, high * 1.1):
        with pytest.raises(ConfigError, match=key):
            load(tmp_path, f"{key} = {value}")


@pytest.mark.parametrize("remote", ["host", "host:", "host:0", "host:70000", "a b:9", "http://host:9"])
def test_a_remote_guard_is_a_host_and_a_port(tmp_path, remote):
    with pytest.raises(ConfigError, match="remote"):
        load(tmp_path, f'remote = "{remote}"\nsecret = "env:S"')


def test_a_remote_guard_needs_a_secret_that_is_named_and_never_written_out(tmp_path):
    with pytest.raises(ConfigError, match="secret"):
        load(tmp_path, 'remote = "second:9400"')
    with pytest.raises(ConfigError, match="secret"):
        load(tmp_path, 'remote = "second:9400"\nsecret = "the words themselves"')
    assert load(tmp_path, 'remote = "[::1]:9400"\nsecret = "file:s"').guard.remote == "[::1]:9400"
