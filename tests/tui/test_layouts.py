"""What is looked at comes back: by desk and by size; a wrong file costs only itself."""

import json
import os
from pathlib import Path

import pytest
from fakedesk import FakeHost
from fakeframes import INSTRUMENTS, FrameMaker, welcome
from test_actions import cockpit, ready, until

from mmtui.tui.layouts import NAME, Layouts, size_of
from mmtui.view.model import Model


@pytest.fixture
def model():
    made = Model()
    made.welcomed(welcome())
    made.framed(FrameMaker(seed=7).frame(), 0.0)
    made.selected = 1
    return made


def state():
    return Path(os.environ["XDG_STATE_HOME"]) / "mmtui"


def test_sizes():
    assert [size_of(*size) for size in ((80, 24), (200, 24), (100, 50))] == ["small"] * 3
    assert size_of(120, 40) == "large"


def test_each_size_keeps_its_own(model, tmp_path):
    layouts = Layouts(tmp_path)
    assert not layouts.fit(model, 120, 40)
    model.screen, model.steps, model.selected, model.heat_span = "risk", {"BTC": 10**12}, 2, 5
    layouts.fit(model, 80, 24)
    model.screen, model.cumulative = "why", True
    layouts.fit(model, 120, 40)
    assert (model.screen, model.steps, model.selected, model.heat_span) == ("risk", {"BTC": 10**12}, 2, 5)
    assert not model.cumulative
    layouts.note(model)
    layouts.save()
    again = Layouts(tmp_path)
    model.screen, model.selected = "desk", 0
    assert again.fit(model, 80, 24)
    assert (model.screen, model.cumulative) == ("why", True)


def test_what_does_not_fit_the_desk_is_left_out(model, tmp_path):
    kept = {"demo": {"large": {"screen": "gone", "instrument": "no:such", "steps": {"XYZ": 5}, "heat_span": 99}}}
    (tmp_path / NAME).write_text(json.dumps(kept))
    layouts = Layouts(tmp_path)
    assert layouts.fit(model, 120, 40) and not layouts.wrong
    assert (model.screen, model.selected, model.steps, model.heat_span) == ("desk", 1, {}, 1)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"demo": {"huge": {}}}', '{"demo": {"small": {"steps": {"BTC": -1}}}}', "\xff"]
)
def test_a_wrong_file_is_one_sentence_and_the_defaults(model, tmp_path, text):
    (tmp_path / NAME).write_bytes(text.encode("latin-1"))
    layouts = Layouts(tmp_path)
    assert layouts.wrong.startswith(f"{NAME}: ") and layouts.wrong.endswith("the default layout is used")
    assert not layouts.fit(model, 120, 40) and model.screen == "desk"
    layouts.note(model)
    layouts.save()
    assert not Layouts(tmp_path).wrong


def test_a_folder_that_cannot_be_written_costs_nothing(model, tmp_path):
    layouts = Layouts(tmp_path / "gone")
    layouts.fit(model, 120, 40)
    layouts.note(model)
    layouts.save()


async def test_the_next_cockpit_looks_as_the_last_one_did():
    for again in (False, True):
        host = FakeHost(mode="PAPER", live=False)
        async with cockpit(host).run_test(size=(120, 40)) as pilot:
            await ready(pilot)
            model = pilot.app.store.model
            if again:
                assert model.screen == "risk" and model.instrument.id == INSTRUMENTS[2].id
                await pilot.press("I")
                assert model.screen == "desk"
                assert "demo" not in json.loads((state() / NAME).read_text())
            else:
                await pilot.press("down", "4", "q")
                await until(pilot, lambda: (state() / NAME).exists())


async def test_a_wrong_file_is_said_at_the_start():
    state().mkdir(parents=True, exist_ok=True)
    (state() / NAME).write_text("{")
    async with cockpit(FakeHost(live=False)).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert "the default layout is used" in pilot.app.store.model.notice.text


def test_a_layout_that_comes_late_leaves_the_operator_on_the_screen_that_he_went_to(model, tmp_path):
    layouts = Layouts(tmp_path)
    layouts.fit(model, 120, 40)
    model.screen, model.cumulative = "risk", True
    layouts.note(model)
    layouts.save()
    model.screen, model.cumulative = "desk", False
    assert Layouts(tmp_path).fit(model, 120, 40, gone=True)
    assert (model.screen, model.cumulative) == ("desk", True)
    assert Layouts(tmp_path).fit(model, 120, 40)
    assert model.screen == "risk"
