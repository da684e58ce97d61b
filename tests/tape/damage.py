"""What is done to tapes in memory: truncation at every byte, flipped bits. Shared by tests and by the long runs.

Every damaged session must open or be refused in a sentence, give no record that is not the one that was written, and
say that something is wrong.
"""

import random

from memory_disk import HOME, MemoryDisk
from test_tape import header, record

from mmtui.core.errors import UserError
from mmtui.tape import writer as writing
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter


def session(records, chunk, close=False):
    """Files of a session: chunks, and a tail (or a clean end); the tail does not hold what is in chunks."""
    before = writing.CHUNK_BYTES, writing.TAIL_BYTES, writing.RESERVE_BYTES
    writing.CHUNK_BYTES, writing.TAIL_BYTES, writing.RESERVE_BYTES = chunk, 0, 64
    try:
        disk = MemoryDisk()
        tape = TapeWriter(HOME, header(), disk)
        for n in range(records):
            tape.append(*record(n))
        tape.close("cafe") if close else tape.flush()
    finally:
        writing.CHUNK_BYTES, writing.TAIL_BYTES, writing.RESERVE_BYTES = before
    return disk.image()


def truncations(files, name, every=1):
    """Cut a file at every byte. (cuts, cuts that were silent); raises AssertionError for a wrong record."""
    path = HOME / name
    data = files[path]
    disk = MemoryDisk({known: files[known] for known in files if name != "tape" or known.name != "tail"})
    whole = TapeReader(HOME, disk)
    ends = {chunk.end for chunk in whole.chunks}
    done = silent = 0
    decoded = -1
    for length in range(0, len(data), every):
        disk.files[path] = bytearray(data[:length])
        reader = TapeReader(HOME, disk)
        if name == "tape":
            kept = [chunk for chunk in whole.chunks if chunk.end <= length]
            assert len(reader.chunks) == len(kept)
            assert not kept or reader.body(len(kept) - 1) is not None
            start = kept[-1].first if kept and decoded != len(kept) else reader.count  # each chunk is read once
            decoded = len(kept)
        else:
            start = reader.chunk_records
        for number, event, effects in reader.records(start):
            assert (event, effects) == record(number)
        done += 1
        silent += not reader.damage and length not in ends and length > 0
    return done, silent


def flips(files, count, seed):
    """Flip single bits. {"read": opened, and said so, "refused": a sentence instead, "silent": nothing was said}."""
    dice = random.Random(seed)
    names = [path for path in files if path.name in ("tape", "tail", "index", "end.json", "header.json")]
    sizes = [len(files[path]) for path in names]
    outcome = {"read": 0, "refused": 0, "silent": 0, "records lost": 0}
    total = TapeReader(HOME, MemoryDisk(files)).count
    for _ in range(count):
        path = dice.choices(names, sizes)[0]
        bit = dice.randrange(len(files[path]) * 8)
        data = bytearray(files[path])
        data[bit // 8] ^= 1 << bit % 8
        disk = MemoryDisk()
        disk.files = {known: data if known == path else files[known] for known in files}
        try:
            reader = TapeReader(HOME, disk)
        except UserError as error:
            outcome["refused"] += "\n" not in str(error)
            continue
        found = 0
        for number, event, effects in reader.records():
            assert (event, effects) == record(number), (path.name, bit)
            found += 1
        outcome["read"] += 1
        outcome["records lost"] += total - found
        if not reader.damage:
            outcome["silent"] += 1
            print(f"silent: {path.name} bit {bit} of {len(data) * 8}")
    return outcome
