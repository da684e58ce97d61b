"""A desk recovered from an emergency segment, which lacks market events: orders and positions are the recorded ones."""

import pytest
from memory_disk import HOME, MemoryDisk
from taped_desk import desk_records

from mmtui.core.effects import PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.orders.recorded import follow
from mmtui.tape.format import Header
from mmtui.tape.recovery import recover
from mmtui.tape.writer import TapeWriter


def lives_and_fills(engine):
    return {oid: (o.i, o.side, o.px, o.sz, o.filled, o.purpose) for oid, o in engine.tracker.open.items()}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_orders_after_an_emergency_segment_are_those_that_left(share):
    setup, records = desk_records()
    disk = MemoryDisk()
    header = Header(session="partial", created_ns=records[0][0].ts, setup=setup, source={})
    tape, truth = TapeWriter(HOME, header, disk), Engine(setup)
    for number, (event, effects) in enumerate(records[:-1]):
        if number == int(share * len(records)):
            disk.room = 0
        tape.append(event, effects)
        assert truth.process(event) == effects
    tape.flush()
    found = recover(HOME, disk)
    assert found.reader.partial_from > 0
    kept = {number: (event, effects) for number, event, effects in found.reader.records()}
    assert len(kept) < len(records) - 1  # market events are missing

    blind = Engine(setup)  # what an engine makes of it that does not look at what was recorded
    made = {number: blind.process(event) for number, (event, _) in kept.items()}
    placing = {n: effects for n, (_, effects) in kept.items() if any(isinstance(e, PlaceOrder) for e in effects)}
    assert any(made[n] != effects for n, effects in placing.items())

    assert lives_and_fills(found.engine) == lives_and_fills(truth)
    assert found.engine.tracker.next_oid == truth.tracker.next_oid
    for side in ("buys", "sells", "count"):
        assert getattr(found.engine.tracker, side) == getattr(truth.tracker, side)
    assert [a.position for a in found.engine.accounts] == [a.position for a in truth.accounts]


def test_a_whole_tape_is_followed_without_a_change():
    setup, records = desk_records()
    one, other = Engine(setup), Engine(setup)
    for event, effects in records:
        one.process(event)
        follow(other, other.process(event), effects)
    assert one.state_hash() == other.state_hash()
