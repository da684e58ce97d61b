"""The benchmark of the decision: what "full pipeline" is, and that a reader changes no decision."""

from __future__ import annotations

from mmtui.bench import market, material
from mmtui.core.engine import Engine
from mmtui.review.request import override


def setups():
    path = material.made()
    captures = material.opened(path)
    default = material.desk_of(captures, levels=5)
    return material.lines(path)[:1_500], captures.instruments[0], default, override(default, list(market.EVERYTHING))


def test_the_full_pipeline_has_a_step_of_every_kind_and_the_default_the_plain_ones() -> None:
    _, _, default, full = setups()
    plain, whole = Engine(default).quoters[0], Engine(full).quoters[0]
    assert plain.plain and not whole.plain and plain.params.levels == whole.params.levels == 5
    assert plain.pricing is plain.guards is plain.flow is plain.best is plain.steps.signals is None
    assert None not in (whole.pricing, whole.guards, whole.flow, whole.best, whole.steps.signals)
    assert len(whole.steps.signals.weights) == 3 and whole.steps.widening.latency is not None


def test_every_message_and_every_depth_message_is_timed_also_with_a_reader() -> None:
    bodies, instrument, _, full = setups()
    for look in (False, True):
        made, depth = market._latencies(bodies, full, instrument, look)
        assert len(made) == len(bodies) and 0 < len(depth) < len(made)
        assert all(took > 0 for took in made)
