"""The judge of random frames: it passes the hub, and notices an act that is accepted, and a host that raises."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz_frames import Wrong, run

from mmtui.core.acts import Acts
from mmtui.host.hub import Hub


@pytest.fixture(autouse=True)
def keep_environment(monkeypatch):
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, "/nowhere")  # the fuzz sets its own: put back afterwards


def test_random_frames_are_refused_and_answered():
    tally: Counter[str] = Counter()
    answers = run(3_000, 1, tally)
    assert answers > 1_000
    assert tally["refused by the decoder"] > 1_000 and tally["read as a message"] > 10
    assert tally["without a greeting"] > 50


def test_an_observer_who_may_act_is_noticed(monkeypatch):
    def allowed(self, event):
        return {"bps": 1.0}

    monkeypatch.setattr(Hub, "_command", lambda self, client, who, cmd: self.stage.command(cmd, who))
    monkeypatch.setattr(Acts, "_allowed", allowed)
    with pytest.raises(Wrong, match="accepted"):
        run(3_000, 1, Counter())


def test_a_host_that_raises_is_noticed(monkeypatch):
    monkeypatch.setattr(Hub, "_greet", lambda self, client, message: {}[message])
    with pytest.raises(Wrong, match="Error"):
        run(3_000, 1, Counter())
