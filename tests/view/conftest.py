"""Rows are made from the fake desk's frames."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tui"))

from fakeframes import FrameMaker, welcome

from mmtui.view.model import Model


@pytest.fixture
def maker():
    return FrameMaker(seed=7)


@pytest.fixture
def model(maker):
    """A model with one frame, the linear market selected."""
    made = Model()
    made.welcomed(welcome())
    made.framed(maker.frame(), 0.0)
    made.link = "up"
    made.selected = 1
    return made
