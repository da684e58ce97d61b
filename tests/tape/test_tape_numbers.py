"""Records keep their numbers, whatever is done to the number in the tail's header."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mmtui.core.events import Timer
from mmtui.core.setup import DeskSetup
from mmtui.tape import writer as writing
from mmtui.tape.format import TAIL_HEAD, TAIL_MAGIC, Header
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter


def test_a_changed_number_in_the_tails_header_moves_no_record(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(writing, "CHUNK_BYTES", 400)
    setup = DeskSetup(name="t", mode="paper", currency="USDT", equity="1", instruments=[], venues=[])
    tape = TapeWriter(tmp_path / "s", Header(session="s", created_ns=0, setup=setup))
    for n in range(151):
        tape.append(Timer(n), [])
        if n == 145:
            tape.flush()  # these become a chunk
    tape.flush()
    tape.abandon()
    tail = tmp_path / "s" / "tail"
    raw = tail.read_bytes()
    whole = list(TapeReader(tmp_path / "s").records())
    first, check = TAIL_HEAD.unpack_from(raw)[2:]
    assert len(raw) > TAIL_HEAD.size
    assert len(whole) == 151
    for number in (0, 1, 149, 10_000):
        for numbers in ((number, first), (first, number)):
            tail.write_bytes(TAIL_HEAD.pack(TAIL_MAGIC, *numbers, check) + raw[TAIL_HEAD.size :])
            assert list(TapeReader(tmp_path / "s").records()) == whole
    assert msgspec.msgpack.encode(whole[-1][1]) == msgspec.msgpack.encode(Timer(150))
