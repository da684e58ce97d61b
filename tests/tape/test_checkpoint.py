"""Checkpoints: a state that comes back whole, is used only where it belongs, and never costs a record."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from taped_desk import desk_records, header_of, write_tape

from mmtui.core.engine import Engine
from mmtui.core.errors import SourceError
from mmtui.core.events import MARKET
from mmtui.tape import checkpoint, image, writer
from mmtui.tape.checkpoint import (
    HEAD_BYTES,
    INDEX,
    NAME,
    Checkpoints,
    CheckpointWriter,
    Keeper,
    Place,
    due,
    encode_head,
)
from mmtui.tape.format import TapeError
from mmtui.tape.recovery import recover

SECOND = 10**9


def engine_at(count):
    """The engine after the first `count` records."""
    setup, records = desk_records()
    engine = Engine(setup)
    for event, _ in records[:count]:
        engine.process(event)
    return engine


def place_at(count):
    records = desk_records()[1][:count]
    return Place(count, records[-1][0].ts, sum(isinstance(event, MARKET) for event, _ in records), 1)


def test_a_state_goes_on_as_if_it_had_never_been_written():
    setup, records = desk_records()
    dice = random.Random(11)
    engine = Engine(setup)
    at = sorted(dice.sample(range(len(records)), 12))
    for number, (event, _) in enumerate(records):
        if number in at:
            again = image.decode(image.encode(engine))
            assert again.state_hash() == engine.state_hash()
            for following, effects in records[number : number + 400]:
                assert again.process(following) == effects
        engine.process(event)


def test_an_image_is_the_same_after_a_round_trip():
    picture = image.encode(engine_at(3000))
    assert image.encode(image.decode(picture)) == picture


def test_what_was_shared_is_shared_again():
    again = image.decode(image.encode(engine_at(1500)))
    assert again.protections.books is again.books
    assert again.protections.sources is again.sources
    assert again.accounts is again.ledger.accounts
    assert again.orders.engine is again
    for quoter in again.quoters:
        for order in (order for slots in quoter.slots.values() for order in slots if order is not None):
            assert again.tracker.get(order.oid) is order


@pytest.fixture
def session(tmp_path) -> Path:
    """2,500 records, with checkpoints after 800, 1,600 and 2,400."""
    write_tape(tmp_path / "s", 2500)
    writer = CheckpointWriter(tmp_path / "s", header_of(desk_records()[0], "s"))
    for count in (800, 1600, 2400):
        writer.write(place_at(count), engine_at(count), f"extra {count}".encode())
    return tmp_path / "s"


def header(session):
    return header_of(desk_records()[0], session.name)


def test_the_nearest_state_is_loaded(session):
    states = Checkpoints(session, header(session))
    assert [one.place.number for one in states] == [800, 1600, 2400]
    assert states.load(799) is None and states.nearest(799) == -1
    for number, expected in ((800, 800), (1599, 800), (1600, 1600), (10**9, 2400)):
        loaded = states.load(number)
        assert loaded.place == place_at(expected) and states.nearest(number) == expected
        assert loaded.extra == f"extra {expected}".encode()
        assert loaded.engine.state_hash() == engine_at(expected).state_hash()


def test_every_prefix_recovers_to_the_state_of_a_replay_from_the_start(tmp_path):
    dice = random.Random(5)
    setup, records = desk_records()
    for number in range(8):
        folder = tmp_path / f"s{number}"
        count = dice.randrange(1, len(records))
        write_tape(folder, count)
        writer = CheckpointWriter(folder, header_of(setup, folder.name))
        begins = [dice.randrange(1, len(records)) for _ in range(dice.randrange(3))]
        for begin in sorted(set(begins)):  # some of them beyond the tape's end: a loss of power took their records
            writer.write(place_at(begin), engine_at(begin))
        found = recover(folder)
        assert found.engine.state_hash() == engine_at(count).state_hash()
        assert Place(found.records, found.ts, found.market, found.epoch) == place_at(count)
        assert found.began == max((begin for begin in begins if begin <= count), default=0)


@pytest.mark.parametrize(
    ("name", "place"), [(INDEX, 0), (INDEX, 20), (INDEX, 60), (INDEX, HEAD_BYTES - 1), (NAME, 0), (NAME, 2000)]
)
def test_a_flipped_bit_costs_a_checkpoint_and_nothing_else(session, name, place):
    last = list(Checkpoints(session, header(session)))[-1]
    data = bytearray((session / name).read_bytes())
    data[place + (2 * HEAD_BYTES if name == INDEX else last.offset)] ^= 4
    (session / name).write_bytes(data)
    assert Checkpoints(session, header(session)).load(10**9).place.number == 1600
    assert recover(session).engine.state_hash() == engine_at(2500).state_hash()


def test_a_torn_end_is_cut_by_the_next_one(session):
    last = list(Checkpoints(session, header(session)))[-1]
    for name, sizes in ((INDEX, (HEAD_BYTES * 3 - 1, HEAD_BYTES * 2 + 1)), (NAME, (last.end - 1, last.offset))):
        whole = (session / name).read_bytes()
        for size in sizes:
            (session / name).write_bytes(whole[:size])
            assert [one.place.number for one in Checkpoints(session, header(session))] == [800, 1600]
        if name == INDEX:
            (session / name).write_bytes(whole)
    CheckpointWriter(session, header(session), 2500).write(place_at(2500), engine_at(2500))
    assert [one.place.number for one in Checkpoints(session, header(session))] == [800, 1600, 2500]
    assert Checkpoints(session, header(session)).load(2500).place.number == 2500


def test_states_of_records_that_were_lost_are_forgotten_when_the_session_goes_on(session):
    writer = CheckpointWriter(session, header(session), records=2000)
    assert writer.last == place_at(1600)
    writer.write(place_at(2100), engine_at(2100))
    assert [one.place.number for one in Checkpoints(session, header(session))] == [800, 1600, 2100]


def test_a_state_of_other_code_or_of_another_session_is_not_used(session, monkeypatch):
    assert Checkpoints(session, header_of(desk_records()[0], "other")).load(10**9) is None
    monkeypatch.setattr(checkpoint, "_code", lambda: b"another engine")
    assert Checkpoints(session, header(session)).load(10**9) is None
    assert recover(session).engine.state_hash() == engine_at(2500).state_hash()


def test_a_state_that_is_not_what_it_says_is_passed_over(session):
    writer = CheckpointWriter(session, header(session), 2500)
    writer.write(place_at(2500), engine_at(2499))
    states = Checkpoints(session, header(session))
    said = states.found[-1]._replace(state=bytes.fromhex(engine_at(2500).state_hash()))
    (session / INDEX).write_bytes((session / INDEX).read_bytes()[:-HEAD_BYTES] + encode_head(said))
    states = Checkpoints(session, header(session))
    assert states.nearest(2500) == 2500 and states.load(2500).place.number == 2400


def test_when_a_state_is_due():
    last = Place(100_000, 500 * SECOND, 0, 1)
    assert not due(last, 9_000, 101_999, 700 * SECOND)  # rolling so few forward costs less than loading
    assert due(last, 9_000, 102_000, 530 * SECOND)
    assert not due(last, 9_000, 149_999, 529 * SECOND)
    assert due(last, 9_000, 150_000, 501 * SECOND)
    assert not due(None, 0, 1_999, 0) and due(None, 0, 2_000, 0)
    assert not due(last, 400_000, 139_999, 529 * SECOND)  # a large state: ten bytes a record are its share
    assert due(last, 400_000, 140_000, 530 * SECOND)


def test_a_disk_that_refuses_is_said(session):
    writer = CheckpointWriter(session, header(session), 2500)
    writer.path = session / "no" / "such"
    with pytest.raises(TapeError, match="checkpoint cannot be written"):
        writer.write(place_at(2500), engine_at(2500))


def test_damage_before_a_checkpoint_does_not_stop_a_recovery(tmp_path, monkeypatch):
    """The state after the lost records is known, and its hash is compared."""
    folder = tmp_path / "s"
    records = desk_records()[1]
    monkeypatch.setattr(writer, "TAIL_BYTES", 0)  # else the tail would have these records too
    write_tape(folder)
    data = bytearray((folder / "tape").read_bytes())
    data[400] ^= 1
    (folder / "tape").write_bytes(data)
    with pytest.raises(SourceError, match="damaged from record 0 on"):
        recover(folder)
    CheckpointWriter(folder, header_of(desk_records()[0], "s")).write(
        place_at(len(records) - 50), engine_at(len(records) - 50)
    )
    assert recover(folder).engine.state_hash() == engine_at(len(records)).state_hash()


def test_an_import_goes_on_without_checkpoints_where_they_cannot_be_written(tmp_path, monkeypatch):
    setup, records = desk_records()
    monkeypatch.setattr(checkpoint, "WORTH", 500)
    engine = Engine(setup)
    keeper = Keeper(tmp_path / "no" / "such", header_of(setup), engine)
    for event, _ in records[:1500]:
        engine.process(event)
        keeper.see(event)
    assert "cannot be written" in keeper.trouble
    keeper.keep()
