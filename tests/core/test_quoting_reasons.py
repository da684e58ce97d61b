"""The closed list of reasons why a side is not quoted: every reason that a desk gives is in it."""

import pytest
from desk_kit import Desk
from random_desk import Walk, desk_setup

from mmtui.core.quoting import reasons


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("REDUCE", "REDUCE"),
        ("REDUCE: drawdown at 90 % of its limit", "REDUCE"),
        ("cancelled by ann", "cancelled by"),
        ("price collar 100 bps", "price collar"),
        ("position at 90 % of its limit", "position at 90 % of its limit"),
        ("no sizeable thing", ""),
    ],
)
def test_a_reason_is_found_by_its_first_words(reason, word):
    assert reasons.word_of(reason) == word


def test_every_reason_has_a_sentence():
    for word, sentence in reasons.REASONS.items():
        assert word and sentence.endswith(".") and sentence[0].isupper()


@pytest.mark.parametrize("seed", range(6))
def test_in_a_random_life_every_side_without_a_quote_has_a_reason_of_the_list(seed):
    desk = Desk(desk_setup(seed), seed=seed)

    def check(event, effects):
        for quoter in desk.engine.quoters:
            for side in (1, -1):
                if quoter.reasons[side] or not any(quoter.slots[side]):
                    assert reasons.word_of(quoter.reasons[side]), (event, quoter.reasons[side])

    desk.after = check
    desk.books()
    desk.press("start")
    walk = Walk(desk, seed)
    for _ in range(200):
        walk.step()
