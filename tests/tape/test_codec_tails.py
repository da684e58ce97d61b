"""Tails: what is whole in them, which number it has, and what is said of the rest."""

import errno
from pathlib import Path

import pytest
from memory_disk import MemoryDisk

from mmtui.core.effects import Wake
from mmtui.core.events import Timer
from mmtui.tape import schema1
from mmtui.tape.format import BATCH, EMERGENCY_MAGIC, TAIL_HEAD, TAIL_MAGIC, TapeError, pack_batch, tail_head
from mmtui.tape.tails import NUMBER_MAX, Tail, first_of, header_check, load_tails, parse_tails

HOME = Path("/s")
YESTERDAY = Path(__file__).parent / "yesterday" / "crashed"


def records(first, count):
    return [(Timer(n), [Wake(n)] if n % 2 else []) for n in range(first, first + count)]


def batch(first, count):
    made = records(first, count)
    return pack_batch([event for event, _ in made], [effects for _, effects in made], first)


def tail(first, *counts, magic=TAIL_MAGIC, again=None, check=5):
    data, number = TAIL_HEAD.pack(magic, first, first if again is None else again, check), first
    for count in counts:
        data += batch(number, count)
        number += count
    return data


def parse(data, name="tail", known=0):
    (found,) = parse_tails([(name, data)], known)
    return found


# ---------------------------------------------------------------- which files


def disk(**files):
    return MemoryDisk({HOME / name.replace("__", "."): data for name, data in files.items()})


def test_tails_are_the_open_one_those_that_are_retired_and_what_was_recorded_in_an_emergency():
    made = tail(0, 1)
    there = disk(tail=made, tail__12=made, emergency__7=made, reserve=made, tape=made, index=made, tail__new=made)
    there.files[HOME / "emergency"] = bytearray(made)
    there.files[HOME / "other.12"] = bytearray(made)
    assert [name for name, _ in load_tails(there, HOME)] == ["emergency.7", "tail", "tail.12"]


def test_a_reserve_is_a_tail_when_something_was_recorded_in_it():
    used = tail(3, 2, magic=EMERGENCY_MAGIC) + bytes(50)
    assert load_tails(disk(reserve=bytes(100)), HOME) == []
    assert load_tails(disk(reserve=used), HOME) == [("reserve", used)]
    assert load_tails(disk(reserve=used, tail=b"x"), HOME) == [("reserve", used), ("tail", b"x")]


class Vanishing(MemoryDisk):
    """A disk whose retired tail goes, or cannot be read, between the look at the folder and the look at the file."""

    error_of = FileNotFoundError(errno.ENOENT, "No such file or directory")

    def read(self, path):
        if path.name == "tail.3":
            raise self.error_of
        return super().read(path)


def test_a_tail_that_was_made_a_chunk_meanwhile_is_passed_over():
    there = Vanishing({HOME / "tail.3": b"x", HOME / "tail.5": b"y"})
    assert load_tails(there, HOME) == [("tail.5", b"y")]


def test_a_tail_that_cannot_be_read_is_a_sentence_with_its_path():
    there = Vanishing({HOME / "tail.3": b"x"})
    there.error_of = OSError(errno.EIO, "Input/output error")
    with pytest.raises(TapeError, match=r"^/s/tail\.3: Input/output error$") as error:
        load_tails(there, HOME)
    assert error.value.__cause__ is there.error_of


# ---------------------------------------------------------------- what is in one


def test_a_whole_tail():
    data = tail(10, 2, 1)
    found = parse(data)
    assert found == Tail("tail", 10, records(10, 3), 0, len(data), 0, 0, True)
    assert (found.end, found.retired, found.emergency) == (13, False, False)


@pytest.mark.parametrize(
    ("name", "retired", "emergency"),
    [("tail", False, False), ("tail.7", True, False), ("reserve", False, True), ("emergency.7", False, True)],
)
def test_what_kind_of_tail_it_is(name, retired, emergency):
    found = parse(tail(7, 1), name)
    assert (found.retired, found.emergency) == (retired, emergency)


def test_a_torn_tail_says_how_many_bytes_are_cut_and_how_many_records_are_missing():
    data = tail(10, 2, 3)
    good = len(tail(10, 2))
    found = parse(data[:-1])
    assert found == Tail("tail", 10, records(10, 2), len(data) - 1 - good, good, 3, 0, True)


def test_a_tail_with_a_head_and_nothing_else_is_whole_and_empty():
    assert parse(tail(4)) == Tail("tail", 4, [], 0, TAIL_HEAD.size, 0, 0, True)


@pytest.mark.parametrize("length", range(1, TAIL_HEAD.size))
def test_a_head_that_is_cut_short_is_no_tail(length):
    assert parse(tail(4)[:length], known=9) == Tail("tail", 9, [], length, 0, 0, 0, False)


def test_an_empty_file_is_nothing():
    assert parse_tails([("tail", b"")], 0) == []


@pytest.mark.parametrize("known", [0, 13])
def test_what_is_no_tail_at_all_has_no_records_and_begins_where_the_chunks_end(known):
    data = bytes(range(200))
    assert parse(data, known=known) == Tail("tail", known, [], len(data), 0, 0, 0, False)


@pytest.mark.parametrize(("first", "again"), [(10, 999), (999, 10), (10, NUMBER_MAX), (1 << 60, 10), (10, 0)])
def test_where_the_two_numbers_of_a_head_differ_the_first_batch_tells(first, again):
    data = TAIL_HEAD.pack(TAIL_MAGIC, first, again, 5) + tail(10, 2, 1)[TAIL_HEAD.size :]
    found = parse(data)
    assert (found.start, found.records, found.whole) == (10, records(10, 3), False)


def test_where_both_numbers_are_damaged_the_end_of_the_chunks_tells():
    data = TAIL_HEAD.pack(TAIL_MAGIC, 77, 78, 5) + tail(10, 2)[TAIL_HEAD.size :]
    assert parse(data, known=10).records == records(10, 2)
    found = parse(data, known=11)
    assert (found.records, found.whole, found.start, found.cut) == ([], False, 11, len(data))


def test_where_both_numbers_are_impossible_it_is_tried_as_the_first_of_the_session():
    data = TAIL_HEAD.pack(TAIL_MAGIC, NUMBER_MAX, NUMBER_MAX + 1, 5) + tail(0, 2)[TAIL_HEAD.size :]
    assert parse(data).records == parse(data, known=50).records + records(0, 2) == records(0, 2)


def test_a_damaged_magic_costs_no_record():
    data = b"?" + tail(10, 2)[1:]
    found = parse(data)
    assert (found.records, found.whole, found.cut) == (records(10, 2), False, 0)


def test_records_that_are_in_chunks_are_left_out_of_a_tail_but_never_of_an_emergency():
    assert parse(tail(10, 2, 1), known=12).records == records(12, 1)
    for name in ("reserve", "emergency.10"):
        found = parse(tail(10, 2, 1, magic=EMERGENCY_MAGIC), name, known=12)
        assert (found.start, found.records, found.whole) == (10, records(10, 3), True)


def test_an_emergency_that_began_with_the_session_is_read_from_its_first_record():
    data = tail(0, 1, 2, magic=EMERGENCY_MAGIC)
    for name in ("reserve", "emergency.0"):
        assert parse(data, name).records == records(0, 3)


def test_a_damaged_head_with_nothing_behind_it_loses_nothing():
    data = TAIL_HEAD.pack(TAIL_MAGIC, 10, 11, 5)
    assert parse(data, known=4) == Tail("tail", 10, [], 0, TAIL_HEAD.size, 0, 0, False)


def test_damage_of_records_that_are_in_chunks_is_counted():
    data = bytearray(tail(10, 2, 1))
    data[TAIL_HEAD.size + BATCH.size] ^= 1
    found = parse(bytes(data), known=12)
    assert (found.records, found.damaged, found.start) == (records(12, 1), 2, 12)


def test_the_zeros_of_a_reserve_are_no_damage_and_those_of_a_tail_are():
    used = tail(3, 2, magic=EMERGENCY_MAGIC)
    assert parse(used + bytes(40), "reserve").cut == 0
    assert parse(used + bytes(40), "emergency.3").cut == 40
    assert parse(used + bytes(39) + b"\1", "reserve").cut == 40
    assert parse(used + bytes(40)).cut == 40


def test_tails_come_in_the_order_of_their_numbers_and_the_open_one_first_of_equals():
    loaded = [("emergency.12", tail(12, 1)), ("tail", tail(12, 1)), ("tail.10", tail(10, 2)), ("tail.9", b"")]
    assert [found.name for found in parse_tails(loaded, 0)] == ["tail.10", "tail", "emergency.12"]


# ---------------------------------------------------------------- what the heads say


@pytest.mark.parametrize(
    ("loaded", "first"),
    [
        ([], 1 << 64),
        ([("tail", tail(40)), ("tail.30", tail(30, 2))], 30),
        ([("tail", tail(40, again=20))], 20),
        ([("tail", b"short"), ("tail.30", tail(30))], 30),
        ([("tail", b"short")], 1 << 64),
        ([("tail", tail(NUMBER_MAX - 1))], NUMBER_MAX - 1),
        ([("tail", tail(NUMBER_MAX))], 0),
        ([("tail", schema1.TAIL_HEAD.pack(schema1.TAIL_MAGIC, 77))], 77),
        ([("tail", schema1.TAIL_MAGIC + b"1234567")], 1 << 64),
    ],
)
def test_the_first_record_that_any_tail_may_hold(loaded, first):
    assert first_of(loaded) == first


@pytest.mark.parametrize(
    ("loaded", "check"),
    [
        ([], -1),
        ([("tail", tail(1, check=77))], 77),
        ([("tail.1", tail(1, check=77))], -1),
        ([("emergency.1", tail(1, check=66)), ("tail", tail(1, check=77))], 77),
        ([("tail", tail(1, check=77)[:-1])], -1),
        ([("tail", tail(1, check=77)[: TAIL_HEAD.size])], 77),
        ([("tail", schema1.TAIL_HEAD.pack(schema1.TAIL_MAGIC, 77) + bytes(40))], -1),
    ],
)
def test_the_check_of_the_header_is_in_the_open_tail(loaded, check):
    assert header_check(loaded) == check


def test_the_head_that_is_written_is_the_one_that_is_read():
    data = tail_head(TAIL_MAGIC, 10, 5) + batch(10, 1)
    assert data == tail(10, 1) and parse(data).whole


def test_a_tail_of_yesterday_is_read_frame_by_frame():
    data = (YESTERDAY / "tail").read_bytes()
    found = parse(data, known=0)
    (first,) = {first_of([("tail", data)])}
    assert found.start == first > 0 and found.records and found.whole and (found.cut, found.missing) == (0, 0)
    torn = parse(data[:-1])
    assert torn.records == found.records[:-1] and torn.cut == len(data) - 1 - torn.used
