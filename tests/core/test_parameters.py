"""Live quoting parameters: set, profile, revert, undo; what is refused changes nothing."""

import json

import pytest
from desk_kit import SECOND, Desk, item, setup_of

from mmtui.core.quoting.params import Quoting, ranges


def desk(**profiles):
    made = Desk(setup_of(item("linear"), item("linear", instrument_changes={"id": "b:X", "symbol": "X"}),
                         profiles=profiles))  # fmt: skip
    made.books()
    return made


def params(made, i=0):
    return made.engine.quoters[i].params


def test_set_is_undone_with_one_key():
    made = desk()
    was = params(made)
    assert made.press("set", i=0, levels=3, spread_bps=9.0).ok
    assert (params(made).levels, params(made).spread_bps, params(made, 1)) == (3, 9.0, was)
    answer = made.press("undo")
    assert answer.ok and "set levels=3" in answer.text and params(made) == was
    assert not made.press("undo").ok


def test_set_says_before_and_after():
    made = desk()
    answer = made.press("set", i=0, levels=2)
    assert (json.loads(answer.before), json.loads(answer.after)) == ({"levels": 1}, {"levels": 2})
    assert made.press("set", i=0, levels=2).text == "set levels=2: so it is already"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"nonsense": 1}, "no quoting parameter 'nonsense'"),
        ({"levels": 99}, "levels=99 is not allowed; give a whole number <= 20"),
        ({"min_spread_bps": 600.0}, "min_spread_bps 600 is above max_spread_bps 500"),
        ({"size": 1e-9}, "is below one lot"),
        ({"fair_value": "other", "fair_source": "moon"}, "is no instrument of this desk"),
        ({}, "set needs KEY=VALUE"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(args, said):
    made = desk()
    was = params(made)
    answer = made.press("set", **args)
    assert not answer.ok and said in answer.text and params(made) == was


def test_another_profile_and_back():
    wide = Quoting(spread_bps=30.0, size=1.0, levels=2)
    made = desk(wide=wide)
    own = params(made)
    answer = made.press("profile", i=0, name="wide")
    assert answer.ok and params(made) == wide and params(made, 1) == own
    assert json.loads(answer.after)["profile"] == "wide"
    assert made.press("undo").ok and params(made) == own
    assert made.engine.acts.adjust.parameters.profiles == ["default", "default"]
    assert made.press("profile", name="wide").ok
    assert made.press("profile", name="default").ok and params(made) == params(made, 1) == own
    refused = made.press("profile", name="moon")
    assert not refused.ok and "there are default, wide" in refused.text


def test_revert_takes_named_parameters_or_all_back_to_the_profile():
    made = desk()
    own = params(made)
    made.press("set", i=0, levels=3, spread_bps=9.0)
    assert made.press("revert", i=0, keys=["levels"]).ok
    assert (params(made).levels, params(made).spread_bps) == (own.levels, 9.0)
    assert made.engine.acts.adjust.parameters.differs(0) == {"spread_bps": (json.dumps(own.spread_bps), "9.0")}
    assert made.press("revert", i=0).ok and params(made) == own
    assert not made.press("revert", keys=["moon"]).ok


def test_undo_is_refused_once_somebody_else_has_changed_it():
    made = desk()
    made.press("set", i=0, levels=3)
    made.press("set", i=0, operator="bob", levels=4)
    assert made.press("undo").text == "somebody has changed it since"
    assert made.press("undo", operator="bob").ok and params(made).levels == 3


def test_who_changed_what_and_when_is_known():
    made = desk()
    made.wait(1_000)
    made.press("set", i=1, operator="bob", levels=2)
    kept = made.engine.acts.adjust.parameters.changed
    assert kept[0] == {} and list(kept[1]) == ["levels"]
    assert (kept[1]["levels"].by, kept[1]["levels"].before) == ("bob", "1")
    assert 0 <= made.now - kept[1]["levels"].ts < SECOND


def test_a_range_in_words_for_every_parameter():
    words = ranges()
    assert words["levels"] == "1 .. 20" and words["spread_bps"] == "> 0 .. 5,000"
    assert words["post_only"] == "true | false"
    assert "glft" in words["spread_model"] and words["fair_source"] == "text"
    assert all(words.values())
