"""The index and the search for chunks: a cache that is believed only when it fits, and what is found without it."""

import errno
from pathlib import Path
from zlib import crc32

import pytest
from memory_disk import MemoryDisk

from mmtui.tape import chunks as finding
from mmtui.tape.chunks import read_head, scan
from mmtui.tape.format import (
    CHUNK_HEAD,
    CHUNK_MAGIC,
    CRC,
    ChunkHead,
    TapeError,
    chain_start,
    pack_chunk,
    read_chunk_head,
)
from mmtui.tape.index import INDEX, ROW, Chunks, IndexWriter

HOME = Path("/s")
TAPE, PLACE = HOME / "tape", HOME / INDEX
YESTERDAY = Path(__file__).parent / "yesterday" / "crashed"


def made(count, first=0, size=3, body=40):
    """Bytes of a tape of so many chunks, and their heads."""
    data, heads, previous = b"", [], chain_start(b"header")
    for k in range(count):
        number = first + k * size
        packed = bytes([65 + k]) * (body + k)
        chunk = pack_chunk(previous, size, number, number * 10, number * 10 + 9, 100 + k, packed)
        heads.append(read_chunk_head(chunk, len(data)))
        previous = heads[-1].hash
        data += chunk
    return data, heads


def rows(heads):
    """The index of these chunks, as the writer makes it."""
    disk = MemoryDisk()
    writer = IndexWriter(disk, PLACE)
    for head in heads:
        writer.add(head)
    return disk.read(PLACE)


def disk_of(data, index=None):
    return MemoryDisk({TAPE: data} | ({} if index is None else {PLACE: index}))


# ---------------------------------------------------------------- rows


def test_the_bytes_of_a_row_are_its_fields_and_the_check_of_everything_before():
    one = ChunkHead(1, 5, 2, 3, 4, 6, 7, bytes(range(32)))
    data = rows([one, one])
    assert len(data) == 2 * ROW == 2 * 84
    assert data[:48].hex() == (
        "0100000000000000" "0200000000000000" "0300000000000000" "0400000000000000" "05000000" "06000000" "07000000"
        "02000000"
    )  # fmt: skip
    assert data[48:80] == bytes(range(32)) and data[84:164] == data[:80]
    assert data[80:84] == CRC.pack(crc32(data[:80])) and data[164:] == CRC.pack(crc32(data[:164]))


def test_an_index_comes_back_row_by_row_and_in_slices():
    _, heads = made(4)
    chunks = Chunks(rows(heads))
    assert chunks.whole and len(chunks) == 4 and list(chunks) == heads
    assert (chunks[0], chunks[-1], chunks[-4], chunks[1:3], chunks[::-2]) == (
        heads[0], heads[3], heads[0], heads[1:3], heads[::-2],
    )  # fmt: skip
    for place, says in ((4, "4"), (-5, "-1")):
        with pytest.raises(IndexError, match=f"^{says}$"):
            chunks[place]


def test_chunks_found_since_stand_behind_those_of_the_index():
    _, heads = made(5)
    chunks = Chunks(rows(heads[:2]))
    for head in heads[2:]:
        chunks.append(head)
    assert (len(chunks), list(chunks), chunks[2], chunks[-1]) == (5, heads, heads[2], heads[4])


@pytest.mark.parametrize("length", range(6))
def test_chunks_are_cut_wherever_they_came_from(length):
    _, heads = made(5)
    chunks = Chunks(rows(heads[:2]))
    for head in heads[2:]:
        chunks.append(head)
    chunks.cut(length)
    assert list(chunks) == heads[:length]
    chunks.append(heads[0])
    assert list(chunks) == [*heads[:length], heads[0]]


def test_every_flipped_bit_of_an_index_is_noticed_and_a_torn_row_is_none():
    _, heads = made(3)
    data = rows(heads)
    for bit in range(0, len(data) * 8, 5):
        bad = bytearray(data)
        bad[bit // 8] ^= 1 << bit % 8
        assert not Chunks(bytes(bad)).whole
    for length in range(len(data)):
        torn = Chunks(data[:length])
        assert (len(torn), torn.whole) == (length // ROW, True)
    assert Chunks().whole and len(Chunks()) == 0


# ---------------------------------------------------------------- the writer


def test_an_index_that_cannot_be_written_is_left_behind_in_silence():
    _, heads = made(3)
    disk = MemoryDisk()
    writer = IndexWriter(disk, PLACE)
    writer.add(heads[0])
    disk.room = 10
    writer.add(heads[1])
    disk.room = None
    writer.add(heads[2])
    assert list(Chunks(disk.read(PLACE))) == heads[:1]
    writer.close()


def test_a_closed_index_takes_no_more_rows():
    _, heads = made(2)
    disk = MemoryDisk()
    writer = IndexWriter(disk, PLACE)
    writer.close()
    writer.close()
    writer.add(heads[0])
    assert disk.read(PLACE) == b""


def test_a_right_index_goes_on_where_it_ended():
    _, heads = made(4)
    disk = MemoryDisk({PLACE: rows(heads[:2]) + b"torn row"})
    writer = IndexWriter(disk, PLACE)
    writer.go_on(Chunks(rows(heads[:2])), 2)
    for head in heads[2:]:
        writer.add(head)
    assert disk.read(PLACE) == rows(heads)


@pytest.mark.parametrize("right", [-1, 0, 1, 3])
def test_any_other_index_is_made_anew(right):
    _, heads = made(4)
    disk = MemoryDisk({PLACE: b"something else"})
    writer = IndexWriter(disk, PLACE)
    chunks = Chunks()
    for head in heads[:2]:
        chunks.append(head)
    writer.go_on(chunks, right)
    assert disk.read(PLACE) == rows(heads[:2])
    for head in heads[2:]:
        writer.add(head)
    assert disk.read(PLACE) == rows(heads)
    assert disk.names(HOME) == [INDEX]


# ---------------------------------------------------------------- finding chunks


def test_a_tape_that_is_not_there_has_no_chunks():
    found = scan(MemoryDisk(), HOME)
    assert (list(found.chunks), found.rows, found.size, found.gaps, found.damage) == ([], 0, 0, [], [])


@pytest.mark.parametrize("indexed", [None, 0, 1, 3, 4])
def test_all_chunks_are_found_with_and_without_their_index(indexed):
    data, heads = made(4)
    found = scan(disk_of(data, None if indexed is None else rows(heads[:indexed])), HOME)
    assert list(found.chunks) == heads
    assert (found.rows, found.size, found.gaps, found.damage) == (
        -1 if indexed is None else indexed, len(data), [], [],
    )  # fmt: skip


def test_a_good_index_is_not_read_past(monkeypatch):
    data, heads = made(4)
    seen = []
    disk = disk_of(data, rows(heads))
    read_at = disk.read_at
    monkeypatch.setattr(disk, "read_at", lambda *args: seen.append(args[1]) or read_at(*args))
    scan(disk, HOME)
    assert seen == [heads[-1].offset]


@pytest.mark.parametrize("how", ["flipped", "another tape", "moved"])
def test_an_index_that_does_not_fit_is_said_and_not_used(how):
    data, heads = made(4)
    index = rows(heads)
    if how == "flipped":
        index = index[:50] + b"?" + index[51:]
    elif how == "another tape":
        index = rows(made(4, first=100)[1])
    else:
        index = rows([*heads[:2], heads[2]._replace(offset=heads[2].offset + 1)])
    found = scan(disk_of(data, index), HOME)
    assert (list(found.chunks), found.rows, found.gaps) == (heads, -1, [])
    assert found.damage == ["s: index: is damaged or of another tape: the tape was read without it"]


@pytest.mark.parametrize("left", [0, 1, 3])
def test_an_index_that_is_longer_than_its_tape_is_cut(left):
    data, heads = made(4)
    end = heads[left].offset
    for torn in (0, 5):
        found = scan(disk_of(data[: end + torn], rows(heads)), HOME)
        assert (list(found.chunks), found.rows, found.damage) == (heads[:left], left, [])


def test_a_torn_last_chunk_is_none():
    data, heads = made(3)
    for length in range(heads[2].offset, heads[2].end):
        found = scan(disk_of(data[:length]), HOME)
        assert (list(found.chunks), found.size, found.gaps) == (heads[:2], length, [])


@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("with_index", [False, True])
def test_a_head_that_is_damaged_costs_its_chunk_and_the_next_is_found(lost, with_index):
    data, heads = made(4)
    bad = bytearray(data)
    bad[heads[lost].offset + 3] ^= 1
    index = rows(heads[:lost]) if with_index else None
    found = scan(disk_of(bytes(bad), index), HOME)
    assert list(found.chunks) == heads[:lost] + heads[lost + 1 :]
    assert found.gaps == [lost]


def test_something_that_looks_like_a_chunk_inside_a_body_does_not_hide_the_next_one():
    data, heads = made(3)
    junk = CHUNK_MAGIC * 3 + b"x" * 30
    found = scan(disk_of(data[: heads[1].end] + junk + data[heads[1].end :]), HOME)
    assert [head.first for head in found.chunks] == [0, 3, 6]
    assert found.chunks[2].offset == heads[2].offset + len(junk) and found.gaps == []


def test_a_chunk_that_says_it_is_longer_than_the_tape_is_passed_over():
    data, heads = made(3)
    lie = pack_chunk(bytes(32), 3, 3, 30, 39, 1, b"y" * 4_000)[:CHUNK_HEAD] + b"y" * 9
    found = scan(disk_of(data[: heads[0].end] + lie + data[heads[1].offset :]), HOME)
    assert [head.first for head in found.chunks] == [0, 3, 6] and found.gaps == []
    alone = scan(disk_of(data[: heads[0].end] + lie), HOME)
    assert [head.first for head in alone.chunks] == [0]


def test_a_chunk_that_repeats_records_is_passed_over():
    data, heads = made(3)
    again = data[heads[0].offset : heads[0].end]
    found = scan(disk_of(data[: heads[1].end] + again + data[heads[1].end :]), HOME)
    assert [head.first for head in found.chunks] == [0, 3, 6] and found.gaps == []


def test_missing_records_are_gaps_at_their_places():
    whole, _ = made(1)
    later, _ = made(2, first=10)
    last, _ = made(1, first=30)
    found = scan(disk_of(whole + later + last), HOME)
    assert ([head.first for head in found.chunks], found.gaps) == ([0, 10, 13, 30], [1, 3])
    assert scan(disk_of(later), HOME).gaps == [0]


def test_gaps_after_the_index_count_from_the_beginning_of_the_tape():
    data, heads = made(2)
    later, _ = made(1, first=50)
    found = scan(disk_of(data + later, rows(heads)), HOME)
    assert (found.gaps, found.rows) == ([2], 2)


@pytest.mark.parametrize("step", [8, 13, 64, 1 << 20])
@pytest.mark.parametrize("junk", [0, 1, 7, 8, 20, 57])
def test_the_next_chunk_is_found_across_the_blocks_of_the_search(monkeypatch, step, junk):
    monkeypatch.setattr(finding, "_STEP", step)
    data, heads = made(2)
    moved = b"z" * junk + data
    found = scan(disk_of(moved), HOME)
    assert [head.offset for head in found.chunks] == [head.offset + junk for head in heads]
    assert scan(disk_of(b"z" * junk), HOME).size == junk


def test_a_tape_that_cannot_be_read_is_a_sentence_with_its_path():
    class Broken(MemoryDisk):
        when = "size"

        def size(self, path):
            if self.when == "size":
                raise OSError(errno.EIO, "Input/output error")
            return super().size(path)

        def read_at(self, path, offset, length):
            raise OSError(errno.EACCES, "Permission denied")

    disk = Broken({TAPE: made(1)[0]})
    for when, says in (("size", "Input/output error"), ("read", "Permission denied")):
        disk.when = when
        with pytest.raises(TapeError) as error:
            scan(disk, HOME)
        assert str(error.value) == f"/s/tape: {says}" and isinstance(error.value.__cause__, OSError)


def test_heads_of_both_schemas_are_read():
    data = (YESTERDAY / "tape").read_bytes()
    head = read_head(MemoryDisk({TAPE: data}), TAPE, 0)
    assert (head.schema, head.first) == (1, 0)
    assert read_head(MemoryDisk({TAPE: data}), TAPE, 1) is None
    mine, heads = made(1)
    assert read_head(MemoryDisk({TAPE: b"abc" + mine}), TAPE, 3) == heads[0]._replace(offset=3)
    found = scan(MemoryDisk({TAPE: data}), HOME)
    assert {chunk.schema for chunk in found.chunks} == {1} and found.gaps == []
