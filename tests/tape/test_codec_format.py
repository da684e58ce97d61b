"""The words of the tape: headers, chunks, batches and ends, byte by byte, and every way in which they can lie."""

import time
from zlib import crc32

import msgspec
import pytest

from mmtui.core.effects import CancelOrder, Wake
from mmtui.core.events import Timer, Trade
from mmtui.core.setup import DeskSetup
from mmtui.tape import format as tape
from mmtui.tape.format import (
    BATCH,
    CHUNK_HEAD,
    CHUNK_MAGIC,
    CRC,
    TAIL_MAGIC,
    ChunkHead,
    Header,
    TapeError,
    chain_hash,
    chain_start,
    chunk_is_whole,
    decode_end,
    decode_header,
    encode_end,
    encode_header,
    instant,
    new_session,
    pack_batch,
    pack_chunk,
    previous_hash,
    read_batches,
    read_chunk_head,
    tail_head,
)

SETUP = DeskSetup(name="t", mode="paper", currency="USDT", equity="1000", instruments=[], venues=["x"])
HEADER = Header(session="t-1", created_ns=7, setup=SETUP, source={"kind": "synthetic"}, version="0.1")
CHAIN = chain_start(b"header")
BODY = b"packed bytes"


# ---------------------------------------------------------------- header and end


def test_a_header_is_text_for_people_and_comes_back():
    data = encode_header(HEADER)
    assert data.startswith(b'{\n  "schema": 2,\n  "session": "t-1",\n  "created_ns": 7,') and data.endswith(b"}\n")
    assert decode_header(data, "t-1") == HEADER


@pytest.mark.parametrize("schema", [0, 3, 99])
def test_a_schema_of_tomorrow_is_said_with_those_that_are_known(schema):
    data = encode_header(msgspec.structs.replace(HEADER, schema=schema))
    with pytest.raises(TapeError) as error:
        decode_header(data, "s")
    assert str(error.value) == f"s: header.json: schema {schema} is not known here (this mmtui reads 1 and 2)"


@pytest.mark.parametrize("schema", [1, 2])
def test_both_schemas_open(schema):
    assert decode_header(encode_header(msgspec.structs.replace(HEADER, schema=schema)), "s").schema == schema


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"schema": "2"}', b'{"schema": 2}', b'{"schema": 2, "\xff": 1}'])
def test_a_header_that_cannot_be_read_is_one_sentence_with_the_sessions_name(data):
    with pytest.raises(TapeError, match=r"^s: header\.json: .") as error:
        decode_header(data, "s")
    assert error.value.__cause__ is not None


def test_an_end_comes_back_and_says_so_when_a_figure_was_changed():
    data = encode_end(12, "cafe", b"\1\2")
    end = decode_end(data, 2)
    assert (end.records, end.state_hash, end.chain, len(end.check)) == (12, "cafe", "0102", 16)
    assert data == (
        b'{"records":12,"state_hash":"cafe","chain":"0102","check":"' + end.check.encode() + b'"}\n'
    )
    for was, now in ((b"12", b"13"), (b"cafe", b"caff"), (b"0102", b"0103"), (b'"check":"', b'"check":"0')):
        for schema in (1, 2):
            with pytest.raises(ValueError, match=r"^its check does not fit$"):
                decode_end(data.replace(was, now, 1), schema)


def test_an_end_of_schema_1_had_no_check_and_one_of_schema_2_must_have_it():
    data = b'{"records":12,"state_hash":"cafe","chain":"0102"}'
    assert decode_end(data, 1).records == 12
    with pytest.raises(ValueError, match=r"^its check does not fit$"):
        decode_end(data, 2)


def test_the_check_of_an_end_is_of_all_three_figures():
    assert decode_end(encode_end(1, "a", b""), 2).check == "ceaca823998f7902"


# ---------------------------------------------------------------- chunks


def chunk(previous=CHAIN):
    return pack_chunk(previous, 5, 100, -7, 9_000, 4_096, BODY)


def test_a_chunk_is_its_place_its_hash_and_its_body():
    data = chunk()
    head = read_chunk_head(data, 64)
    assert head == ChunkHead(64, 5, 100, -7, 9_000, 4_096, len(BODY), head.hash, 2)
    assert (CHUNK_HEAD, head.body, head.end) == (8 + 4 + 8 * 3 + 8 + 32 + 32 + 4, 64 + CHUNK_HEAD, 64 + len(data))
    assert data[CHUNK_HEAD:] == BODY and data.startswith(CHUNK_MAGIC)
    assert previous_hash(data) == CHAIN
    assert head.hash == chain_hash(CHAIN, data[:76], BODY)
    assert chunk_is_whole(data[:CHUNK_HEAD], BODY)


def test_the_bytes_of_a_chunk_are_those_of_schema_2():
    data = pack_chunk(bytes(32), 1, 2, 3, 4, 5, b"x")
    assert data[:76].hex() == (
        "6d6d747569636832" "01000000" "0200000000000000" "0300000000000000" "0400000000000000" "05000000" "01000000"
        + "00" * 32
    )  # fmt: skip
    assert data[76:108].hex() == "b31c17e3514cb891e56d1d34ff39cb26f3a2dab7d2fced889271bd1eb20ef77f"
    assert data[108:] == CRC.pack(crc32(data[:108])) + b"x"


def test_a_chunk_of_schema_1_has_a_shorter_head():
    assert ChunkHead(10, 1, 0, 0, 0, 0, 7, b"", 1).body == 10 + CHUNK_HEAD - 32
    assert ChunkHead(10, 1, 0, 0, 0, 0, 7, b"", 1).end == 10 + CHUNK_HEAD - 32 + 7


def test_every_flipped_bit_of_a_head_and_every_shorter_head_is_none():
    data = chunk()[:CHUNK_HEAD]
    assert read_chunk_head(data, 0) is not None
    for length in range(CHUNK_HEAD):
        assert read_chunk_head(data[:length], 0) is None
    for bit in range(len(data) * 8):
        bad = bytearray(data)
        bad[bit // 8] ^= 1 << bit % 8
        assert read_chunk_head(bytes(bad), 0) is None


def test_another_magic_with_a_right_checksum_is_no_chunk():
    head = b"mmtuich3" + chunk()[8:108]
    assert read_chunk_head(head + CRC.pack(crc32(head)), 0) is None


@pytest.mark.parametrize("what", ["body", "field", "previous"])
def test_a_chunk_is_not_whole_when_anything_that_its_hash_covers_was_changed(what):
    data = bytearray(chunk())
    place = {"body": CHUNK_HEAD, "field": 9, "previous": 50}[what]
    data[place] ^= 1
    assert not chunk_is_whole(bytes(data[:CHUNK_HEAD]), bytes(data[CHUNK_HEAD:]))


def test_the_chain_begins_with_the_header_and_every_link_covers_the_one_before():
    assert len(CHAIN) == 32 and chain_start(b"header") != chain_start(b"Header")
    assert chain_start(b"").hex() == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
    assert chunk(CHAIN)[76:108] != chunk(chain_start(b"other"))[76:108]
    assert chain_hash(b"a", b"bc", b"d") != chain_hash(b"a", b"bd", b"c")


# ---------------------------------------------------------------- batches


def records(first, count):
    return [(Timer(n), [Wake(n + 1), CancelOrder(0, n)] if n % 2 else []) for n in range(first, first + count)]


def batch(first, count):
    made = records(first, count)
    return pack_batch([event for event, _ in made], [effects for _, effects in made], first)


def test_a_batch_is_its_head_and_what_it_holds():
    data = batch(3, 1)
    assert data.hex() == "010000000e000000807a1aad9291922803919292050493020003"
    count, size, _ = BATCH.unpack_from(data)
    assert (count, size) == (1, len(data) - BATCH.size)


def test_a_tail_names_its_first_record_twice():
    assert tail_head(TAIL_MAGIC, 258, 5).hex() == "6d6d747569746c32" + "0201000000000000" * 2 + "05000000"


def whole(*counts, first=10):
    data, number = b"head", first
    for count in counts:
        data += batch(number, count)
        number += count
    return data


def test_batches_are_read_in_their_order_with_their_numbers():
    data = whole(2, 1, 3)
    found = read_batches(data, 4, 10)
    assert found.records == records(10, 6)
    assert (found.start, found.end, found.missing, found.total, found.damaged) == (10, len(data), 0, 6, 0)


def test_no_batch_passes_for_one_of_another_number():
    data = whole(2, 1)
    for first in (0, 9, 11, 10 + (1 << 32)):
        found = read_batches(data, 4, first)
        assert (found.records, found.total, found.end) == ([], 0, 4)


def test_a_torn_batch_ends_the_tail_and_says_how_many_records_it_had():
    data, good = whole(2, 3), len(whole(2))
    for length in range(good, len(data)):
        found = read_batches(data[:length], 4, 10)
        assert (found.records, found.end, found.total) == (records(10, 2), good, 2)
        assert found.missing == (3 if length >= good + BATCH.size else 0)


def test_every_flipped_bit_of_a_batch_is_noticed():
    data, good = whole(2, 3), len(whole(2))
    for bit in range(good * 8, len(data) * 8):
        bad = bytearray(data)
        bad[bit // 8] ^= 1 << bit % 8
        found = read_batches(bytes(bad), 4, 10)
        assert found.records == records(10, 2) and found.end == good


def test_a_head_that_says_more_records_than_bytes_is_not_believed():
    data = whole(2) + BATCH.pack(9, 8, 0) + bytes(8)
    assert read_batches(data, 4, 10).missing == 0
    data = whole(2) + BATCH.pack(8, 8, 0) + bytes(8)
    assert read_batches(data, 4, 10).missing == 8


def test_zeros_after_the_last_batch_are_nothing():
    found = read_batches(whole(2) + bytes(500), 4, 10)
    assert (found.total, found.missing, found.end) == (2, 0, len(whole(2)))


@pytest.mark.parametrize(("count", "more"), [(1, 0), (3, 0), (2, 1)])
def test_a_right_checksum_over_another_number_of_records_is_damage(count, more):
    events, effects = [Timer(12), Timer(13)], [[]] * (2 + more)
    body = msgspec.msgpack.encode((events, effects))
    check = crc32(body, crc32(tape._COVERED.pack(count, len(body), 12)))
    found = read_batches(whole(2) + BATCH.pack(count, len(body), check) + body, 4, 10)
    assert (found.records, found.missing, found.end) == (records(10, 2), count, len(whole(2)))


def test_the_first_record_of_a_session_is_read_like_any_other():
    found = read_batches(batch(0, 1), 0, 0)
    assert (found.records, found.start, found.total) == (records(0, 1), 0, 1)


def test_a_right_checksum_over_what_is_no_records_is_damage():
    body = msgspec.msgpack.encode(["no", "records"])
    check = crc32(body, crc32(tape._COVERED.pack(2, len(body), 12)))
    found = read_batches(whole(2) + BATCH.pack(2, len(body), check) + body, 4, 10)
    assert (found.total, found.missing, found.end) == (2, 2, len(whole(2)))


@pytest.mark.parametrize(
    ("known", "start", "left"), [(0, 10, 6), (11, 10, 6), (12, 12, 4), (13, 13, 3), (15, 13, 3), (16, 16, 0)]
)
def test_batches_that_are_in_chunks_already_are_left_out_whole(known, start, left):
    found = read_batches(whole(2, 1, 3), 4, 10, known)
    assert (found.start, found.records) == (start, records(start, left))
    assert (found.total, found.damaged, found.missing) == (6, 0, 0)


@pytest.mark.parametrize("which", [0, 1])
def test_a_damaged_batch_that_is_in_chunks_already_is_counted_and_passed_over(which):
    data = bytearray(whole(2, 1, 3))
    place = 4 if which == 0 else len(whole(2))
    data[place + BATCH.size] ^= 1
    found = read_batches(bytes(data), 4, 10, 13)
    assert found.records == records(13, 3)
    assert (found.start, found.total, found.damaged) == (13, 6, (2, 1)[which])


def test_a_damaged_batch_that_is_in_no_chunk_ends_the_tail():
    data = bytearray(whole(2, 1, 3))
    data[4 + BATCH.size] ^= 1
    found = read_batches(bytes(data), 4, 10, 11)
    assert (found.records, found.total, found.missing, found.end) == ([], 0, 2, 4)


def test_a_tail_of_which_nothing_is_whole_counts_no_records():
    data = bytearray(whole(2, 1))
    data[4 + BATCH.size] ^= 1
    data[len(whole(2)) + BATCH.size] ^= 1
    found = read_batches(bytes(data), 4, 10, 13)
    assert (found.records, found.total, found.damaged, found.start) == ([], 0, 3, 13)
    data[4 + BATCH.size] ^= 1  # one of them is
    assert read_batches(bytes(data), 4, 10, 13).total == 3


def test_a_batch_in_chunks_whose_end_is_missing_ends_the_tail():
    data = whole(2, 3)
    found = read_batches(data[:-1], 4, 10, 15)
    assert (found.start, found.records, found.total, found.missing) == (12, [], 2, 3)


# ---------------------------------------------------------------- names and instants


def test_a_session_is_named_after_desk_and_instant_in_utc():
    assert new_session("desk", 1_723_075_212_999_999_999) == "desk-20240808T000012-95cd"
    assert new_session("other", 1_723_075_212_999_999_999)[-4:] != "95cd"


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (1_723_075_212_999_999_999, "2024-08-08 00:00:12.999 UTC"),
        (1_723_075_212_345_999_999, "2024-08-08 00:00:12.345 UTC"),
        (1_723_075_212_005_000_000, "2024-08-08 00:00:12.005 UTC"),
        (0, "1970-01-01 00:00:00.000 UTC"),
    ],
)
def test_instants_for_people(ns, text):
    assert instant(ns) == text


def test_names_and_instants_are_utc_wherever_the_desk_stands(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert new_session("desk", 1_723_075_212_000_000_000).startswith("desk-20240808T000012-")
        assert instant(1_723_075_212_000_000_000) == "2024-08-08 00:00:12.000 UTC"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_batch_of_many_kinds_comes_back():
    made = [(Timer(1), []), (Trade(2, 1, 0, 1, 5, 6, -1), [Wake(3)])]
    data = pack_batch([event for event, _ in made], [effects for _, effects in made], 0)
    assert read_batches(data, 0, 0).records == made
