"""The page of parameters: the list, the text of the chosen one, the preview."""

import pytest

from mmtui.link.messages import Params
from mmtui.link.parts import Level, Param, Rungs
from mmtui.view.parameters import parameters, said
from mmtui.view.rows import plain, width


def rungs(px):
    return Rungs(bids=[Level(px, 50)], asks=[Level(px + 3, 40)], width_bps=5.0, skew_bps=-0.4)


@pytest.fixture
def page(model):
    rows = [
        Param(name=f"key_{n}", value=str(n), profile=str(n), unit="bps", allowed="0 .. 9", text=f"what {n} does")
        for n in range(40)
    ]
    rows[3] = Param(
        name="levels", value="3", profile="1", unit="", allowed="1 .. 20", text="rungs a side",
        changed_by="ann", changed_at=1_763_647_402_000_000_000, before="1",
    )  # fmt: skip
    model.params = Params(
        id="page", instrument=model.instrument.id, profile="calm", profiles=["calm"], params=rows, now=rungs(616_600)
    )
    model.screen, model.param = "parameters", 3
    return model


@pytest.mark.parametrize(("cells", "height"), [(80, 20), (120, 34), (200, 44)])
def test_it_keeps_to_its_place_and_shows_the_chosen_one(page, cells, height):
    for at in (0, 3, 20, 39):
        page.param = at
        rows = parameters(page, cells, height)
        assert len(rows) <= height and all(width(row) <= cells for row in rows)
        assert sum("❯" in plain(row) for row in rows) == 1


def test_value_profile_range_text_and_last_change_are_there(page):
    text = "\n".join(plain(row) for row in parameters(page, 120, 34))
    for part in ("profile calm", "1 differ", "levels", "1 .. 20", "rungs a side", "was 1 until", "changed by ann"):
        assert part in text


def test_the_quotes_now_and_as_they_would_be(page):
    text = "\n".join(plain(row) for row in parameters(page, 120, 34))
    assert "now" in text and "0.0500 @ 61,660.0" in text and "0.0400 @ 61,660.3" in text and "then" not in text
    page.params.then = rungs(616_000)
    assert "61,600.0" in "\n".join(plain(row) for row in parameters(page, 120, 34))
    page.params.then, page.params.wrong = None, "levels=99 is not allowed"
    assert "levels=99 is not allowed" in "\n".join(plain(row) for row in parameters(page, 120, 34))


def test_another_instrument_s_answer_is_not_shown(page):
    page.selected = 0
    assert "asking the host" in plain(parameters(page, 120, 34)[1])


@pytest.mark.parametrize(
    ("text", "words"), [("1.0", "1"), ("0.1", "0.1"), ("true", "true"), ('""', '""'), ('"mid"', "mid")]
)
def test_values_as_people_write_them(text, words):
    assert said(text) == words
