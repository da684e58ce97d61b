"""What goes between a desk's host and its signer process: frames of MessagePack behind four bytes of length.

Rules of this file: pure; no frame holds a secret that signs; a frame that cannot be read ends the connection.
"""

from __future__ import annotations

import msgspec

FRAME_MAX = 64 * 1024


class Load(msgspec.Struct, frozen=True, array_like=True, tag="load"):
    """The first frame: whose keys to hold, (market, source as the config has it) each; and the config's folder."""

    wanted: list[tuple[str, str]]
    base: str


class Sign(msgspec.Struct, frozen=True, array_like=True, tag="sign"):
    n: int
    market: str
    method: str
    path: str
    fields: list[tuple[str, str]]


class Mask(msgspec.Struct, frozen=True, array_like=True, tag="mask"):
    """Words of a venue, to be handed back without key and secret."""

    n: int
    text: str


class Fork(msgspec.Struct, frozen=True, array_like=True, tag="fork"):
    """A socket comes with it: a twin of the signer is to serve it."""


class Held(msgspec.Struct, frozen=True, array_like=True, tag="held"):
    """Of a signer that is ready: (market, API key, whether it came from the environment, passphrase) each.

    A passphrase goes with every request as it is, so the desk has it as it has the key; alone it opens nothing.
    """

    pid: int
    keys: list[tuple[str, str, bool, str]]


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    n: int
    payload: str
    signature: str


class Masked(msgspec.Struct, frozen=True, array_like=True, tag="masked"):
    n: int
    text: str


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """Not signed (n: the question), or nothing can be held (n = -1)."""

    n: int
    why: str


Question = Load | Sign | Mask | Fork
Reply = Held | Done | Masked | Refused

_ENCODER = msgspec.msgpack.Encoder()
_QUESTIONS: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Question)
_REPLIES: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


class FrameError(Exception):
    """Bytes that no partner of ours sends."""


def encode(message: Question | Reply) -> bytes:
    body = _ENCODER.encode(message)
    return len(body).to_bytes(4, "big") + body


class Frames:
    """Bytes as they come -> bodies of frames."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """FrameError: a frame longer than any of ours."""
        data = self._data
        data += chunk
        found: list[bytes] = []
        at = 0
        while len(data) - at >= 4:
            size = int.from_bytes(data[at : at + 4], "big")
            if size > FRAME_MAX:
                raise FrameError("a frame that is too long")
            if len(data) - at - 4 < size:
                break
            found.append(bytes(data[at + 4 : at + 4 + size]))
            at += 4 + size
        del data[:at]
        return found


def question(body: bytes) -> Question:
    try:
        return _QUESTIONS.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        raise FrameError("a frame that is no question") from None


def reply(body: bytes) -> Reply:
    try:
        return _REPLIES.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        raise FrameError("a frame that is no reply") from None
