"""The codec: whatever arrives in whatever pieces gives the same messages, and garbage one clear error."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtui.link.codec import FRAME_MAX, TO_HOST_MAX, LinkError, cockpit_decoder, encode, host_decoder
from mmtui.link.messages import Cmd, Hello, Item, Snapshot, Status, StatusRequest, Transport, View

_text = st.text(max_size=20)
_values = st.one_of(
    _text, st.integers(-(2**62), 2**62), st.floats(allow_nan=False), st.booleans(), st.lists(_text, max_size=3)
)
_to_host = st.one_of(
    st.builds(Hello, protocol=st.integers(0, 9), role=_text, operator=_text, origin=_text, client=_text),
    st.builds(
        View, fps=st.floats(0, 30), depth=st.integers(0, 500), instruments=st.none() | st.lists(_text, max_size=3)
    ),
    st.builds(Cmd, id=_text, action=_text, args=st.dictionaries(_text, _values, max_size=4), reason=_text),
    st.builds(Transport, op=_text, value=st.floats(allow_nan=False), at=st.integers(-(2**62), 2**62)),
    st.builds(StatusRequest, id=_text),
)


@given(messages=st.lists(_to_host, max_size=8), cuts=st.lists(st.integers(1, 50), max_size=30))
def test_messages_survive_any_cut_of_the_stream(messages, cuts):
    data = b"".join(encode(message) for message in messages)
    decoder = host_decoder()
    out = []
    for cut in cuts:
        out += decoder.feed(data[:cut])
        data = data[cut:]
    out += decoder.feed(data)
    assert out == messages
    assert decoder.pending == 0


@given(garbage=st.binary(min_size=1, max_size=200))
def test_garbage_is_one_link_error_or_an_unfinished_frame_never_another_exception(garbage):
    decoder = host_decoder()
    failed = False
    with suppress(LinkError):
        failed = True
        decoder.feed(garbage)
        failed = False
    if failed:
        with pytest.raises(LinkError):
            decoder.feed(encode(StatusRequest(id="after")))


@given(message=_to_host, at=st.integers(4, 400), flip=st.integers(1, 255))
def test_a_flipped_byte_never_escapes_as_anything_but_a_link_error(message, at, flip):
    data = bytearray(encode(message))
    data[at % (len(data) - 4) + 4 if len(data) > 4 else 0] ^= flip
    with suppress(LinkError):
        host_decoder().feed(bytes(data))


def test_a_length_beyond_the_cap_is_refused_before_its_bytes_arrive():
    with pytest.raises(LinkError, match="allows"):
        cockpit_decoder().feed((FRAME_MAX + 1).to_bytes(4, "little"))
    with pytest.raises(LinkError, match="allows"):
        host_decoder().feed((TO_HOST_MAX + 1).to_bytes(4, "little"))


def test_a_message_of_the_other_direction_is_refused():
    with pytest.raises(LinkError):
        host_decoder().feed(encode(Item(n=1, ts=0, kind="note", text="x")))


def test_deep_nesting_is_a_link_error():
    body = b"\x91" * 100_000
    with pytest.raises(LinkError):
        host_decoder().feed(len(body).to_bytes(4, "little") + body)


def test_a_status_body_arrives_as_it_was_written():
    body = msgspec.msgpack.encode({"state": "PAUSED", "open_orders": 3})
    [status] = cockpit_decoder().feed(encode(Status(id="a", body=msgspec.Raw(body))))
    assert isinstance(status, Status)
    assert msgspec.msgpack.decode(status.body) == {"state": "PAUSED", "open_orders": 3}


def test_a_snapshot_round_trips():
    snapshot = Snapshot(n=7, items=[Item(n=7, ts=5, kind="fill", text="bought", severity="warn", ok=False)])
    assert cockpit_decoder().feed(encode(snapshot)) == [snapshot]
