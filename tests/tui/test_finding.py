"""The palette finds what a trader means by the few letters that he types."""

import pytest

from mmtui.tui.actions import Keymap
from mmtui.tui.finding import found


@pytest.mark.parametrize(
    ("line", "first"),
    [("sp", "tighter"), ("spread w", "wider"), ("kil", "kill"), ("skew", "skew down"), ("heat", "heat span"),
     ("flat", "flatten"), ("paus", "pause"), ("cumul", "cumulative"), ("theme", "theme")],
)  # fmt: skip
def test_the_first_match_is_what_is_meant(line, first):
    assert found(Keymap().listing(False), line)[0][1] == first


def test_nothing_is_found_for_what_is_nothing():
    assert not found(Keymap().listing(False), "zzqx")
