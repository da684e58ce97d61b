"""Columns read as arrays say what the events say."""

from itertools import pairwise
from pathlib import Path

import pytest
from taped_desk import desk_records, write_tape

from mmtui.tape import arrays
from mmtui.tape import writer as writing
from mmtui.tape.reader import TapeReader


def as_records(reader, start=0):
    """Every event, from its columns."""
    found = {}
    for chunk in arrays.chunks(reader, start):
        found.update(chunk.others)
        for kind, made in chunk.columns.items():
            values = {}
            for name, field in made.fields.items():
                if name in made.lengths:
                    ends = [0, *made.lengths[name].cumsum().tolist()]
                    values[name] = [field[a:b].tolist() for a, b in pairwise(ends)]
                else:
                    values[name] = field.tolist()
            for k, number in enumerate(made.number.tolist()):
                found[number] = kind(int(made.ts[k]), **{name: column[k] for name, column in values.items()})
    return [found[number] for number in sorted(found)]


@pytest.mark.parametrize("close", [False, True])
def test_arrays_say_what_the_records_say(tmp_path, monkeypatch, close):
    monkeypatch.setattr(writing, "CHUNK_BYTES", 30_000)
    write_tape(tmp_path / "s", close=close)
    reader = TapeReader(tmp_path / "s")
    assert as_records(reader) == [event for event, _ in desk_records()[1]]
    assert len(reader.chunks) > 3
    later = as_records(reader, 3000)
    assert later == [event for event, _ in desk_records()[1]][-len(later) :]
    assert len(later) < reader.count


def test_a_session_of_yesterday_reads_as_arrays_too():
    reader = TapeReader(Path(__file__).parent / "yesterday" / "crashed")
    assert as_records(reader) == [event for _, event, _ in reader.records()]
