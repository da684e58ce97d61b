"""Every byte at which a host, or the power, can go: what is left opens, and is what was written up to some record."""

import errno
import struct

import msgspec
import pytest
from memory_disk import HOME, MemoryDisk
from test_tape import expected, header, record

from mmtui.core.events import BestQuote
from mmtui.tape import writer as writing
from mmtui.tape.acted import ACTED_ON
from mmtui.tape.format import TapeError
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter


class RecordingDisk(MemoryDisk):
    """Keeps what was done, so that the disk as it was after each byte can be made again."""

    def __init__(self):
        super().__init__()
        self.done = []

    def append(self, path, fresh=False):
        if fresh or path not in self.files:
            self.done.append(("new", path))
        handle = super().append(path, fresh)
        write = handle.write

        def noted(data):
            now = next(known for known, data in self.files.items() if data is handle.file)
            self.done.append(("write", now, bytes(data)))
            write(data)

        handle.write = noted
        return handle

    def replace(self, source, target):
        self.done.append(("replace", source, target))
        super().replace(source, target)

    def unlink(self, path):
        self.done.append(("unlink", path))
        super().unlink(path)


def images(done, files, every=1):
    """The files after every byte of every write, and after everything else that was done."""
    files = dict(files)
    for what, path, *rest in done:
        if what == "write":
            before = files[path]
            for length in range(0, len(rest[0]), every):
                yield {**files, path: before + rest[0][:length]}
            files[path] = before + rest[0]
        elif what == "replace":
            files[rest[0]] = files.pop(path)
        elif what == "unlink":
            del files[path]
        else:
            files[path] = b""
        yield dict(files)


@pytest.fixture(params=[0, 1500])
def small(monkeypatch, request):
    monkeypatch.setattr(writing, "TAIL_BYTES", request.param)
    monkeypatch.setattr(writing, "CHUNK_BYTES", 700)
    monkeypatch.setattr(writing, "ROLL_LATE", 1)
    monkeypatch.setattr(writing, "RESERVE_BYTES", 100)


@pytest.mark.parametrize("sync", [False, True])
def test_a_kill_at_every_byte_of_every_write_loses_nothing_that_was_acted_on(small, sync):
    disk = RecordingDisk()
    tape = TapeWriter(HOME, header(), disk)
    begun = disk.image()
    disk.done.clear()
    for n in range(60):
        event, effects = record(n)
        tape.append(event, effects)
        if any(isinstance(effect, ACTED_ON) for effect in effects):
            disk.done.append(("acted", n + 1))
        if sync and n % 23 == 22:
            tape.sync()
    tape.close("h")
    files, floor = begun, 0
    for step in disk.done:
        if step[0] == "acted":
            floor = step[1]
            continue
        for image in images([step], files):
            reader = TapeReader(HOME, MemoryDisk(image))
            found = list(reader.records())
            assert found == expected(*range(len(found)))
            assert len(found) >= floor
        files = image
    assert reader.closed and len(found) == 60 and not reader.damage


def test_a_session_goes_on_from_every_byte_of_a_chunk_and_its_new_tail(small):
    disk = RecordingDisk()
    tape = TapeWriter(HOME, header(), disk)
    tape.sync()  # old tails are kept
    n = 0
    while len(TapeReader(HOME, disk).chunks) < 2:
        begun = disk.image()
        disk.done.clear()
        tape.append(*record(n))
        n += 1
    for image in images(disk.done, begun, every=3):
        again = MemoryDisk(image)
        tape = TapeWriter.resume(HOME, again)
        for k in range(tape.count, n + 9):
            tape.append(*record(k))
        tape.close("h")
        reader = TapeReader(HOME, again)
        assert list(reader.records()) == expected(*range(n + 9))
        assert not reader.damage
        assert again.names(HOME) == ["end.json", "header.json", "index", "tape"]


def test_after_a_loss_of_power_what_was_synced_is_there_and_the_rest_is_a_prefix(small):
    """Every file keeps what was synced of it and any part of what was written since; names are those of the sync."""
    disk = MemoryDisk()
    tape = TapeWriter(HOME, header(), disk)
    tape.sync()
    for n in range(200):
        if n % 31 == 30:
            tape.flush()
            tape.sync()
            held = {path: (bytes(data), data) for path, data in disk.files.items()}
            kept = n
        tape.append(*record(n))
        if n > 31 and n % 7 == 0:
            for share in (0, 1, 2, 3):
                image = {}
                for path, (synced, file) in held.items():
                    more = bytes(file)[len(synced) :]
                    image[path] = synced + (more[: len(more) * share // 3] if share else bytes(len(more)))
                reader = TapeReader(HOME, MemoryDisk(image))
                found = list(reader.records())
                assert found == expected(*range(len(found)))
                assert len(found) >= kept
                again = TapeWriter.resume(HOME, MemoryDisk(image))
                assert again.count == len(found)


def test_a_full_disk_leaves_the_reserve_for_what_reduces_risk():
    disk = MemoryDisk()
    tape = TapeWriter(HOME, header(), disk)
    for n in range(10):
        tape.append(*record(n))
    tape.flush()
    assert not tape.trouble
    disk.room = 40
    tape.append(*record(10))
    tape.append(*record(11))  # places an order
    assert tape.trouble.endswith("No space left on device; what reduces risk is recorded in the reserve (16 MiB)")
    for n in range(12, 60):
        tape.append(*record(n))
    tape.flush()
    reader = TapeReader(HOME, disk)
    found = [(event, effects) for _, event, effects in reader.records()]
    kept = [n for n in range(60) if n < 12 or n % 5 not in (0, 2)]  # neither depth nor trades since
    assert found == [record(n) for n in kept]
    assert len(reader.damage) == 1 and "market events that caused nothing are not on it" in reader.damage[0]
    disk.room = None
    again = TapeWriter.resume(HOME, disk)
    again.append(*record(60))
    again.close("h")
    reader = TapeReader(HOME, disk)
    assert [(event, effects) for _, event, effects in reader.records()] == [record(n) for n in [*kept, 60]]
    assert "emergency.10: the tape could not be written from record 10 to" in reader.damage[0]


def test_a_tail_that_cannot_be_written_is_left_for_a_file_of_its_own():
    disk = MemoryDisk()
    tape = TapeWriter(HOME, header(), disk)
    for n in range(9):
        tape.append(*record(n))
    tape.flush()
    disk.broken, disk.error = ("tail.new",), errno.EIO  # as it was opened
    for n in range(9, 30):
        tape.append(*record(n))
    assert "broken; what reduces risk" in tape.trouble
    tape.flush()
    reader = TapeReader(HOME, disk)
    assert [tail.name for tail in reader.tails] == ["tail", "reserve"]
    assert all(found in [record(n) for n in range(30)] for found in ((e, f) for _, e, f in reader.records()))
    disk.broken = ("tail.new", "reserve")
    with pytest.raises(TapeError, match="cannot be written: broken"):
        tape.append(*record(31))
    disk.broken = ()
    tape.flush()  # the record that failed is not lost
    assert [event for _, event, _ in TapeReader(HOME, disk).records()][-1] == record(31)[0]


def test_a_tail_that_cannot_be_renewed_goes_on_and_nothing_is_lost(small, monkeypatch):
    disk = MemoryDisk()
    tape = TapeWriter(HOME, header(), disk)
    replace = disk.replace

    def broken(source, target):
        raise OSError(errno.EIO, "Input/output error")

    for n in range(60):
        disk.replace = broken if 10 <= n < 40 else replace
        tape.append(*record(n))
        tape.flush()
        reader = TapeReader(HOME, disk)
        assert list(reader.records()) == expected(*range(n + 1))
        assert not reader.damage
    assert "Input/output error" in tape.trouble
    tape.close("h")
    reader = TapeReader(HOME, disk)
    assert (list(reader.records()), reader.closed, reader.damage) == (expected(*range(60)), True, [])


def test_a_sync_that_fails_is_said():
    disk = MemoryDisk()
    tape = TapeWriter(HOME, header(), disk)
    assert tape.sync() and not tape.sync()
    tape.append(*record(1))

    def broken():
        raise OSError(errno.EIO, "Input/output error")

    tape._tail.sync = broken
    assert tape.sync()
    assert "Input/output error" in tape.trouble


def test_a_record_that_cannot_be_encoded_is_said_and_the_others_are_kept():
    disk = MemoryDisk()
    tape = TapeWriter(HOME, header(), disk)
    tape.append(*record(0))
    tape.append(BestQuote(1, 1, 0, 1 << 70, 1, 1, 1, 1), [])
    tape.append(*record(2))
    with pytest.raises(TapeError, match="cannot be encoded"):
        tape.flush()
    assert list(TapeReader(HOME, disk).records()) == [(0, *record(0)), (1, *record(2))]
    assert tape.trouble


def test_long_integers_and_other_events_survive_the_columns(small):
    disk = MemoryDisk()
    tape = TapeWriter(HOME, header(), disk)
    made = [
        (BestQuote(n, 5, n % 3, (1 << 63) + n, -5, 1, 1 << 40, 2), []) if n % 4 else record(n) for n in range(40)
    ]
    for event, effects in made:
        tape.append(event, effects)
    tape.close("h")
    reader = TapeReader(HOME, disk)
    assert [(event, effects) for _, event, effects in reader.records()] == made
    assert struct.calcsize("q") == 8 and msgspec.msgpack.encode(made[0])
