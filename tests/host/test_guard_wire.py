"""The heartbeat over TCP: what is believed, and everything that is not."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.errors import UserError
from mmtui.host.guard_wire import MAGIC, SLOW_S, Ack, Beat, Channel, WireFault, address, load_secret

SECRET = b"what-both-hosts-know"
BEAT = Beat("desk", "desk-20260101T000000-ab12", 7, 42, 2, 1_000)
ACK = Ack(1_000, 6, 2, 3_000)


def pair(guards=SECRET, desks=SECRET):
    guard, desk = Channel(guards, True, os.urandom(16)), Channel(desks, False, os.urandom(16))
    guard.open(0.0)
    desk.open(0.0)
    guard.feed(desk.greeting(), Beat, 0.0)
    desk.feed(guard.greeting(), Ack, 0.0)
    return guard, desk


def test_beats_and_acks_pass_in_any_pieces():
    guard, desk = pair()
    data = b"".join(desk.seal(BEAT) for _ in range(3))
    got = [beat for k in range(len(data)) for beat in guard.feed(data[k : k + 1], Beat, 0.0)]
    assert got == [BEAT] * 3
    assert guard.proven
    assert desk.feed(guard.seal(ACK), Ack, 0.0) == [ACK]


def test_another_secret_is_not_believed_in_either_direction():
    guard, desk = pair(guards=b"another-secret-of-16")
    with pytest.raises(WireFault, match="another secret"):
        guard.feed(desk.seal(BEAT), Beat, 0.0)
    with pytest.raises(WireFault, match="another secret"):
        desk.feed(guard.seal(ACK), Ack, 0.0)
    assert not guard.proven


def test_what_was_recorded_cannot_be_said_again():
    guard, desk = pair()
    frame = desk.seal(BEAT)
    guard.feed(frame, Beat, 0.0)
    with pytest.raises(WireFault):  # in the same connection
        guard.feed(frame, Beat, 0.0)
    later = Channel(SECRET, True, os.urandom(16))
    later.feed(desk.greeting(), Beat, 0.0)
    with pytest.raises(WireFault):  # in another one, the whole of it
        later.feed(frame, Beat, 0.0)


def test_what_a_guard_says_is_no_beat_when_it_is_said_back_to_it():
    guard, _ = pair()
    with pytest.raises(WireFault):
        guard.feed(guard.seal(ACK), Beat, 0.0)
    mirrored = Channel(SECRET, True, b"x" * 16)
    with pytest.raises(WireFault, match="own greeting"):
        mirrored.feed(mirrored.greeting(), Beat, 0.0)


def test_one_bit_that_is_changed_ends_the_connection():
    frame_of = pair
    size = len(frame_of()[1].seal(BEAT))
    for at in range(2, size):
        guard, desk = frame_of()
        frame = bytearray(desk.seal(BEAT))
        frame[at] ^= 1
        with pytest.raises(WireFault):
            guard.feed(bytes(frame), Beat, 0.0)


def test_a_frame_that_is_left_out_ends_the_connection():
    guard, desk = pair()
    desk.seal(BEAT)
    with pytest.raises(WireFault):
        guard.feed(desk.seal(BEAT), Beat, 0.0)


def test_a_large_frame_is_refused_by_its_head():
    guard, _ = pair()
    with pytest.raises(WireFault, match="65535"):
        guard.feed(b"\xff\xff", Beat, 0.0)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000), st.booleans())
def test_garbage_is_never_a_message(data, greeted):
    guard = pair()[0] if greeted else Channel(SECRET, True, bytes(16))
    with contextlib.suppress(WireFault):
        assert guard.feed(data, Beat, 0.0) == []
    assert not guard.proven


def test_a_slow_drip_is_late_and_a_quiet_line_is_not():
    guard, desk = pair()
    guard.feed(desk.seal(BEAT), Beat, 1.0)
    assert not guard.late(1_000.0)
    frame = desk.seal(BEAT)
    for k in range(10):
        guard.feed(frame[k : k + 1], Beat, 10.0 + k)
    assert not guard.late(10.0 + SLOW_S)
    assert guard.late(10.1 + SLOW_S)
    silent = Channel(SECRET, True, bytes(16))
    silent.open(0.0)
    assert silent.late(SLOW_S + 0.1)
    silent.feed(MAGIC + b"y" * 16, Beat, 1.0)  # greeted, and then nothing that proves it
    assert silent.late(1.1 + SLOW_S)


def test_a_secret_comes_from_a_private_file_or_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "s"
    file.write_bytes(SECRET + b"\n")
    file.chmod(0o600)
    assert load_secret("file:s", tmp_path) == SECRET
    file.chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        load_secret("file:s", tmp_path)
    monkeypatch.setenv("GUARD", SECRET.decode())
    assert load_secret("env:GUARD", tmp_path) == SECRET
    for source in ("env:NOBODY", "file:nobody", "", "plain-words"):
        with pytest.raises(UserError) as error:
            load_secret(source, tmp_path)
        assert SECRET.decode() not in str(error.value)


@pytest.mark.parametrize("text", ["", "host", "host:", ":80", "host:99999", "host:x"])
def test_an_address_is_host_and_port(text):
    with pytest.raises(UserError):
        address(text)
    assert address("[::1]:9000") == ("::1", 9000)
