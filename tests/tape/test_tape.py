"""The tape: what is written comes back, from any byte at which the writer died, and damage is said."""

import shutil

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.effects import Alert, PlaceOrder, Wake
from mmtui.core.errors import UserError
from mmtui.core.events import BestQuote, BookDelta, Command, Fill, HostStarted, Trade
from mmtui.core.setup import DeskSetup
from mmtui.tape import writer as writing
from mmtui.tape.format import (
    BATCH,
    CHUNK_HEAD,
    TAIL_HEAD,
    Header,
    TapeError,
    decode_header,
    encode_header,
    new_session,
)
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter

MS = 1_000_000
SETUP = DeskSetup(name="t", mode="paper", currency="USDT", equity="1000", instruments=[], venues=["x"])


def header(name="t-1"):
    return Header(session=name, created_ns=7, setup=SETUP, source={"kind": "synthetic", "seed": 3})


def record(n):
    """A record of every kind in turn; its ts is n ms."""
    ts = n * MS
    effects = []
    match n % 5:
        case 0:
            event = BookDelta(ts, ts, 0, n, n, [100 + n, 99], [5, 0], [101 + n], [7])
        case 1:
            event = BestQuote(ts, ts, 0, n, 100, 5, 101, 6)
            effects = [PlaceOrder(0, n, 1, 100, 5, "GTX", False, "quote", 0), Wake(ts + 5)]
        case 2:
            event = Trade(ts, ts, 0, n, 100, 3, -1)
        case 3:
            event = Command(ts, f"id{n}", "ann", "operator", "local", 3, "spread", '{"bps":"-1.5"}')
            effects = [Alert("warn", "command", "spread −1.5 bps")]
        case _:
            event = Fill(ts, ts - 5, 0, n, f"p{n}", 1, 100, 3, True, "0.0000012", "USDT")
    return event, effects


def write(directory, count, start=0, chunk=None, monkeypatch=None):
    if monkeypatch:
        monkeypatch.setattr(writing, "CHUNK_BYTES", chunk)
        monkeypatch.setattr(writing, "ROLL_LATE", 0)
        monkeypatch.setattr(writing, "TAIL_BYTES", chunk)
    tape = TapeWriter(directory, header())
    for n in range(start, count):
        tape.append(*record(n))
    return tape


def read(directory):
    reader = TapeReader(directory)
    found = list(reader.records())
    return reader, found


def expected(*numbers):
    return [(n, *record(n)) for n in numbers]


def test_what_was_written_comes_back_and_a_clean_end_is_known(tmp_path, monkeypatch):
    tape = write(tmp_path / "s", 100, chunk=1000, monkeypatch=monkeypatch)
    tape.close("cafe")
    reader, found = read(tmp_path / "s")
    assert found == expected(*range(100))
    assert (reader.closed, reader.state_hash, reader.count) == (True, "cafe", 100)
    assert (reader.start, reader.end) == (0, 99 * MS)
    assert reader.header == header()
    assert not reader.damage
    assert len(reader.chunks) > 3
    assert not (tmp_path / "s" / "tail").exists()
    assert not (tmp_path / "s" / "reserve").exists()


def test_records_start_anywhere_and_instants_are_found(tmp_path, monkeypatch):
    write(tmp_path / "s", 97, chunk=1300, monkeypatch=monkeypatch)
    reader = TapeReader(tmp_path / "s")
    assert reader.chunks and reader.tail_records
    for start in range(reader.count + 1):
        assert list(reader.records(start)) == expected(*range(start, reader.count))
        assert reader.index_at(start * MS) == start
        assert reader.index_at(start * MS - 1) == start
    assert reader.index_at(99 * MS + 1) == reader.count


def test_what_somebody_acts_on_is_in_the_kernel_before_append_returns(tmp_path):
    tape = TapeWriter(tmp_path / "s", header())
    tape.append(*record(0))
    assert TapeReader(tmp_path / "s").count == 0
    tape.append(*record(1))  # places an order
    assert TapeReader(tmp_path / "s").count == 2


def test_nothing_is_buffered_longer_than_50_ms_of_the_events_own_time(tmp_path):
    tape = TapeWriter(tmp_path / "s", header())
    tape.append(*record(5))
    tape.append(*record(54))
    assert TapeReader(tmp_path / "s").count == 0
    tape.append(*record(55))
    assert TapeReader(tmp_path / "s").count == 3


def copy(source, target):
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
    return target


def test_a_kill_at_every_byte_of_the_tail_loses_only_the_batch_that_was_torn(tmp_path):
    tape = write(tmp_path / "s", 20)
    tape.flush()
    data = (tmp_path / "s" / "tail").read_bytes()
    ends, offset = {TAIL_HEAD.size: 0}, TAIL_HEAD.size
    while offset < len(data):
        count, size, _ = BATCH.unpack_from(data, offset)
        ends[offset + BATCH.size + size] = ends[offset] + count
        offset += BATCH.size + size
    assert ends[len(data)] == 20 > len(ends)
    torn = copy(tmp_path / "s", tmp_path / "torn")
    for length in range(TAIL_HEAD.size, len(data) + 1):
        (torn / "tail").write_bytes(data[:length])
        reader, found = read(torn)
        assert found == expected(*range(max(count for end, count in ends.items() if end <= length)))
        assert bool(reader.damage) == (length not in ends)


def test_a_session_goes_on_after_a_kill_at_every_byte_of_the_tail(tmp_path):
    tape = write(tmp_path / "s", 6)
    tape.flush()
    data = (tmp_path / "s" / "tail").read_bytes()
    for length in range(TAIL_HEAD.size, len(data) + 1):
        torn = copy(tmp_path / "s", tmp_path / "torn")
        (torn / "tail").write_bytes(data[:length])
        resumed = TapeWriter.resume(torn)
        for n in range(resumed.count, 9):
            resumed.append(*record(n))
        resumed.close("h")
        reader, found = read(torn)
        assert found == expected(*range(9))
        assert reader.closed
        assert not reader.damage


def test_a_resumed_session_keeps_its_chain_of_hashes(tmp_path, monkeypatch):
    write(tmp_path / "s", 60, chunk=800, monkeypatch=monkeypatch).abandon()
    resumed = TapeWriter.resume(tmp_path / "s")
    for n in range(resumed.count, 120):
        resumed.append(*record(n))
    resumed.close("h")
    assert not TapeReader(tmp_path / "s").check()
    with pytest.raises(TapeError, match="was closed"):
        TapeWriter.resume(tmp_path / "s")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_flipped_bit_of_a_chunk_is_noticed_and_costs_that_chunk_only(tmp_path_factory, data):
    root = tmp_path_factory.mktemp("flip")
    with pytest.MonkeyPatch.context() as patch:
        tape = write(root / "s", 100, chunk=1000, monkeypatch=patch)
        tape.close("h")
    whole = TapeReader(root / "s")
    raw = bytearray((root / "s" / "tape").read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    (root / "s" / "tape").write_bytes(raw)
    reader, found = read(root / "s")
    (hit,) = [k for k, chunk in enumerate(whole.chunks) if chunk.offset <= place < chunk.end]
    gone = whole.chunks[hit]
    assert reader.damage
    kept = [n for n in range(100) if not gone.first <= n < gone.first + gone.records]
    assert found == expected(*kept)


def test_damage_in_the_middle_names_chunk_records_and_time(tmp_path, monkeypatch):
    write(tmp_path / "s", 100, chunk=1000, monkeypatch=monkeypatch).close("h")
    whole = TapeReader(tmp_path / "s")
    chunk = whole.chunks[2]
    raw = bytearray((tmp_path / "s" / "tape").read_bytes())
    raw[chunk.offset + CHUNK_HEAD + 5] ^= 255
    (tmp_path / "s" / "tape").write_bytes(raw)
    reader, found = read(tmp_path / "s")
    last = chunk.first + chunk.records - 1
    assert len(reader.damage) == 1
    assert f"chunk 2 is damaged (its hash does not fit): records {chunk.first} to {last} are lost" in reader.damage[0]
    assert "1970-01-01 00:00:00" in reader.damage[0]
    assert [n for n, _, _ in found] == [n for n in range(100) if not chunk.first <= n <= last]


def test_a_chunk_whose_header_is_gone_is_passed_over(tmp_path, monkeypatch):
    write(tmp_path / "s", 100, chunk=1000, monkeypatch=monkeypatch).close("h")
    chunk = TapeReader(tmp_path / "s").chunks[1]
    raw = bytearray((tmp_path / "s" / "tape").read_bytes())
    raw[chunk.offset : chunk.offset + 8] = bytes(8)
    (tmp_path / "s" / "tape").write_bytes(raw)
    reader, found = read(tmp_path / "s")
    last = chunk.first + chunk.records - 1
    assert f"records {chunk.first} to {last} are lost" in reader.damage[0]
    assert [n for n, _, _ in found] == [n for n in range(100) if not chunk.first <= n <= last]


def test_chunks_that_were_exchanged_with_another_session_are_noticed(tmp_path, monkeypatch):
    write(tmp_path / "s", 100, chunk=1000, monkeypatch=monkeypatch).close("h")
    write(tmp_path / "other", 130, start=30, chunk=1000, monkeypatch=monkeypatch).close("h")
    assert TapeReader(tmp_path / "other").check() == []
    ours, theirs = TapeReader(tmp_path / "s").chunks, TapeReader(tmp_path / "other").chunks
    raw = (tmp_path / "s" / "tape").read_bytes()[: ours[1].end]
    raw += (tmp_path / "other" / "tape").read_bytes()[theirs[2].offset :]
    (tmp_path / "s" / "tape").write_bytes(raw)
    assert TapeReader(tmp_path / "s").check()


def test_the_same_session_read_while_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_BYTES", 600)
    tape = TapeWriter(tmp_path / "s", header())
    for n in range(60):
        tape.append(*record(n))
        tape.flush()
        reader, found = read(tmp_path / "s")
        assert found == expected(*range(n + 1))
        assert not reader.damage
        assert not reader.closed


def test_a_session_without_records_opens(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "header.json").write_bytes(encode_header(header()))
    reader, found = read(tmp_path / "s")
    assert (found, reader.count, reader.start, reader.end, reader.index_at(5)) == ([], 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "not a session: header.json"),
        (b"{", "header.json"),
        (b'{"schema": 99}', "schema 99 is not known here"),
        (b'{"schema": 1, "session": "s"}', "missing required field"),
    ],
)
def test_what_is_no_session_is_said_in_one_sentence(tmp_path, content, sentence):
    (tmp_path / "s").mkdir()
    if content is not None:
        (tmp_path / "s" / "header.json").write_bytes(content)
    with pytest.raises(UserError, match=sentence) as error:
        TapeReader(tmp_path / "s")
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 3
    with pytest.raises(UserError, match="no such session"):
        TapeReader(tmp_path / "nowhere")


def test_a_second_writer_of_a_session_is_refused(tmp_path):
    TapeWriter(tmp_path / "s", header()).abandon()
    with pytest.raises(TapeError, match="a session is there already"):
        TapeWriter(tmp_path / "s", header())


FILES = ("header.json", "tape", "tail", "end.json")


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_is_done_to_the_files_there_is_no_traceback(tmp_path_factory, data):
    directory = tmp_path_factory.mktemp("fuzz") / "s"
    with pytest.MonkeyPatch.context() as patch:
        tape = write(directory, 60, chunk=900, monkeypatch=patch)
        if data.draw(st.booleans()):
            tape.close("h")
        else:
            tape.flush()
            tape.abandon()
    path = directory / data.draw(st.sampled_from([name for name in FILES if (directory / name).exists()]))
    raw = path.read_bytes()
    at = data.draw(st.integers(0, len(raw)))
    cut = data.draw(st.integers(0, 40))
    path.write_bytes(raw[:at] + data.draw(st.binary(max_size=40)) + raw[at + cut :])
    try:
        reader = TapeReader(directory)
    except UserError:
        return
    for index, event, effects in reader.records():
        if path.name != "header.json":
            assert (event, effects) == record(index)
    reader.index_at(30 * MS)


def test_header_and_session_name(tmp_path):
    assert decode_header(encode_header(header()), "s") == header()
    assert msgspec.json.decode(encode_header(header()))["setup"]["name"] == "t"
    name = new_session("desk", 1_723_075_200_123_456_789)
    assert name.startswith("desk-20240808T000000-")
    assert len(name) == len("desk-20240808T000000-") + 4
    assert name != new_session("desk", 1_723_075_200_123_456_790)


def test_latched_states_and_long_texts_survive(tmp_path):
    tape = TapeWriter(tmp_path / "s", header())
    event = HostStarted(5, 3, "recovery", {"desk": "KILLED by ann: Überlauf"}, True)
    tape.append(event, [])
    tape.close("")
    assert read(tmp_path / "s")[1] == [(0, event, [])]
