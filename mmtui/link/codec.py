"""Frames on the wire, sans-IO: a 4-byte little-endian length, then one msgpack message.

Rules of this file: no sockets, no clock; bytes in, messages out.  Whatever is wrong with the bytes ends as one
`LinkError` with a sentence, and a decoder that has failed stays failed: there is no way to find the next frame.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from mmtui.link.messages import ToCockpit, ToHost

#: No message of either side comes near this: what claims to be longer is not ours.
FRAME_MAX = 16 * 1024 * 1024
#: What a cockpit may send in one message: acts and views are small.
TO_HOST_MAX = 256 * 1024

_HEAD = 4

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()


class LinkError(Exception):
    """The other side does not speak our protocol, or has gone."""


def encode(message: ToHost | ToCockpit) -> bytes:
    """One message with its length before it."""
    frame = bytearray(_HEAD)
    _encoder.encode_into(message, frame, _HEAD)
    size = len(frame) - _HEAD
    if size > FRAME_MAX:
        raise LinkError(f"a message of {size} bytes is longer than the protocol allows ({FRAME_MAX})")
    frame[:_HEAD] = size.to_bytes(_HEAD, "little")
    return bytes(frame)


@cache
def _reader(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """One for all connections: it keeps nothing between two messages, and making it takes longer than a message."""
    return msgspec.msgpack.Decoder(kind)


class Decoder(Generic[T]):
    """Bytes as they arrive -> whole messages, in order."""

    def __init__(self, kind: Any, limit: int = FRAME_MAX) -> None:
        self._decode = _reader(kind).decode
        self._limit = limit
        self._buffer = bytearray()
        self._failed = ""

    def feed(self, data: bytes) -> list[T]:
        """Every message that is whole now. Raises LinkError for anything that is not a message of this protocol."""
        if self._failed:
            raise LinkError(self._failed)
        buffer = self._buffer
        buffer += data
        out: list[T] = []
        at = 0
        while len(buffer) - at >= _HEAD:
            size = int.from_bytes(buffer[at : at + _HEAD], "little")
            if size > self._limit:
                raise self._fail(f"a message claims {size} bytes, the protocol allows {self._limit}: not an mmtui link")
            if len(buffer) - at - _HEAD < size:
                break
            start = at + _HEAD
            at = start + size
            try:
                out.append(self._decode(bytes(buffer[start:at])))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise self._fail(f"a message cannot be read ({error}): not an mmtui link, or another version") from None
        if at:
            del buffer[:at]
        return out

    @property
    def pending(self) -> int:
        """Bytes of a message that is not whole yet: more than none at the end of a stream means it was cut."""
        return len(self._buffer)

    def _fail(self, why: str) -> LinkError:
        self._failed = why
        self._buffer.clear()
        return LinkError(why)


def host_decoder() -> Decoder[ToHost]:
    """What a host uses to read a cockpit."""
    return Decoder(ToHost, TO_HOST_MAX)


def cockpit_decoder() -> Decoder[ToCockpit]:
    """What a cockpit uses to read a host."""
    return Decoder(ToCockpit)
