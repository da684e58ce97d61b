"""Real kill -9 of a process that writes a tape: `python tests/tape/kills.py [--kills 200]`.

The child says through a pipe which record with an order was appended; the parent kills it at some moment, opens what
is left, goes on with it, and compares.  Exit 1 when something that was said is not there, or anything else is.
"""

import argparse
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

from test_tape import header, record

from mmtui.tape import writer as writing
from mmtui.tape.acted import ACTED_ON
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter


def child(folder, pipe):
    """Append for ever, sync as a host does, say what was acted on."""
    tape = TapeWriter.resume(folder) if (folder / "header.json").exists() else TapeWriter(folder, header())
    threading.Thread(target=lambda: [(tape.sync(), time.sleep(0.005)) for _ in iter(int, 1)], daemon=True).start()
    n = tape.count
    while True:
        event, effects = record(n)
        tape.append(event, effects)
        n += 1
        if any(isinstance(effect, ACTED_ON) for effect in effects):
            os.write(pipe, struct.pack("<Q", n))


def kill_once(folder, dice):
    """One life; (records that were said, records that are there)."""
    reading, writing_end = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        try:
            child(folder, writing_end)
        finally:
            os._exit(1)
    os.close(writing_end)
    said = 0
    first = os.read(reading, 8)  # it has begun
    time.sleep(dice.random() * 0.03)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    rest = first
    while data := os.read(reading, 65536):
        rest += data
    os.close(reading)
    whole = len(rest) // 8 * 8
    if whole:
        said = struct.unpack_from("<Q", rest, whole - 8)[0]
    reader = TapeReader(folder)
    count = 0
    for number, event, effects in reader.records():
        assert number == count and (event, effects) == record(number)
        count += 1
    assert count == reader.count >= said, (count, said)
    return said, count


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()
    dice = random.Random(args.seed)
    writing.CHUNK_BYTES, writing.TAIL_BYTES = 4_000, 20_000
    folder = Path(tempfile.mkdtemp()) / "s"
    records = lives = 0
    for number in range(args.kills):
        if number % 8 == 0:  # up to eight lives of a session
            shutil.rmtree(folder, ignore_errors=True)
        _, count = kill_once(folder, dice)
        records, lives = max(records, count), lives + 1
    shutil.rmtree(folder.parent)
    print(f"{lives} kills: every session opened and went on, nothing acted on was lost, at most {records} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
