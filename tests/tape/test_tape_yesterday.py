"""Sessions that earlier versions wrote still open: tests/tape/yesterday was written by mmtui of schema 1.

A desk on the synthetic market, an operator's act, orders and fills; `closed` in order, `crashed` in its third second.
"""

import json
import shutil
from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest

from mmtui.core.engine import Engine
from mmtui.core.events import Fill, Timer
from mmtui.review.audit import audit
from mmtui.tape.format import SCHEMA
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter

YESTERDAY = Path(__file__).parent / "yesterday"
EXPECTED = json.loads((YESTERDAY / "expected.json").read_text())


def digest(reader, fields):
    """Of every record, with the fields that its types had then."""

    def plain(value):
        name = type(value).__name__
        return [name, *msgspec.structs.astuple(value)[: fields[name]]]

    made = blake2b(digest_size=16)
    for number, event, effects in reader.records():
        made.update(msgspec.msgpack.encode([number, plain(event), [plain(effect) for effect in effects]]))
    return made.hexdigest()


@pytest.mark.parametrize("name", ["closed", "crashed"])
def test_it_opens_and_says_what_it_said_then(name):
    reader, then = TapeReader(YESTERDAY / name), EXPECTED[name]
    assert reader.header.schema == 1 < SCHEMA
    assert (reader.count, reader.start, reader.end) == (then["records"], then["start"], then["end"])
    assert (len(reader.chunks), len(reader.tail_records)) == (then["chunks"], then["tail"])
    assert (reader.chain.hex(), reader.state_hash) == (then["chain"], then["state_hash"])
    assert reader.closed == (name == "closed")
    assert digest(reader, then["fields"]) == then["digest"]
    assert sum(isinstance(event, Fill) for _, event, _ in reader.records()) == then["fills"] > 0
    assert not reader.check()
    for number, event, _ in list(reader.records())[::97]:
        at = reader.index_at(event.ts)
        assert at <= number
        assert next(reader.records(at))[1].ts == event.ts


@pytest.mark.parametrize("name", ["closed", "crashed"])
def test_it_is_whole_by_its_chain_and_its_events_still_make_a_desk(name):
    assert audit(YESTERDAY / name)["ok"]
    reader = TapeReader(YESTERDAY / name)
    engine = Engine(reader.header.setup)
    for _, event, _ in reader.records():
        engine.process(event)
    lots = dict.fromkeys(range(len(engine.accounts)), 0)
    for _, event, _ in reader.records():
        if isinstance(event, Fill):
            lots[event.i] += event.side * event.sz
    assert [account.position for account in engine.accounts] == list(lots.values())


def test_every_flipped_bit_of_it_is_noticed(tmp_path):
    session = shutil.copytree(YESTERDAY / "crashed", tmp_path / "crashed")
    whole = {number: (event, effects) for number, event, effects in TapeReader(session).records()}
    for name in ("tape", "tail"):
        data = (session / name).read_bytes()
        for bit in range(0, len(data) * 8, 3001):
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            (session / name).write_bytes(changed)
            reader = TapeReader(session)
            for number, event, effects in reader.records():
                assert whole[number] == (event, effects)
            assert reader.damage
        (session / name).write_bytes(data)


def test_one_that_crashed_goes_on_today(tmp_path):
    session = shutil.copytree(YESTERDAY / "crashed", tmp_path / "crashed")
    before = list(TapeReader(session).records())
    tape = TapeWriter.resume(session)
    assert tape.count == len(before)
    for n in range(3000):
        tape.append(Timer(before[-1][1].ts + n), [])
    tape.close("h")
    reader = TapeReader(session)
    assert reader.header.schema == SCHEMA
    assert {chunk.schema for chunk in reader.chunks} == {1, 2}
    after = list(reader.records())
    assert after[: len(before)] == before
    assert len(after) == len(before) + 3000
    assert not reader.check()
