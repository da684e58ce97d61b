"""The user's keymap: what is wrong is one sentence, and kill cannot be lost."""

import pytest

from mmtui.core.errors import UserError
from mmtui.tui.actions import BY_ID
from mmtui.tui.keymap import load_keymap


def load(tmp_path, text):
    file = tmp_path / "keymap.toml"
    file.write_text(text)
    return load_keymap(file)


def test_without_a_file_the_table_stands(tmp_path):
    assert load_keymap(tmp_path / "none.toml").keys["kill"] == BY_ID["kill"].keys


def test_keys_move(tmp_path):
    keymap = load(tmp_path, '[keys]\nstart = "f5, S"\nkill = "f9,ctrl+backslash"\ntheme = ""\n')
    assert keymap.resolve("f5", False).id == "start"
    assert keymap.resolve("S", False).id == "start"
    assert keymap.resolve("s", False) is None
    assert keymap.resolve("f9", False).id == "kill"
    assert keymap.keys["theme"] == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\nfly = "f"', "fly: there is no such action"),
        ('[keys]\nstart = "notakey"', "'notakey' is no key"),
        ("[keys]\nstart = 5", "start: must be text"),
        ('[keys]\nkill = ""', "may be moved, but not away"),
        ('[keys]\nkill = "k"', "used when typing text"),
        ('[keys]\nkill = "ctrl+a"', "used when typing text"),
        ('[keys]\nstart = "f12"', "start: 'f12' belongs to kill"),
        ('[keys]\nstart = "x"', "'x' is given to both start and stop"),
        ('keys = "x"', "only a table [keys]"),
        ("[other]", "other: only a table [keys]"),
        ("[keys", "keymap.toml"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    with pytest.raises(UserError) as error:
        load(tmp_path, text)
    assert said in str(error.value)
    assert "\n" not in str(error.value).strip().split("(at line")[0]
