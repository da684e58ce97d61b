"""Raw messages of a file, whatever form it has.

One message a line, with or without the receive time in ns before it, or with an address after it (an answer to a REST
question); or objects with the keys `message` and `normalized`; or one JSON document: an array of messages, or one.

Rules of this file: finds messages, does not read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from mmtui.venues.capture.reader import LineReader, split_line

#: A whole file is read at once only up to this size.
DOCUMENT_MAX = 64 * 1024 * 1024

Message = tuple[int, int, bytes, str]  # line, receive time (0: none), body, address of the question ("": none)


class Wrapped(msgspec.Struct, gc=False):
    """A line of a collection that says what it makes of each message."""

    message: msgspec.Raw
    normalized: msgspec.Raw


_WRAPPED = msgspec.json.Decoder(Wrapped)
_WRAP = b'{"message":'


def messages(path: Path, damage: list[tuple[int, str]]) -> Iterator[Message]:
    """The messages in order; what is none is added to `damage` as (line, why)."""
    document = _document(path)
    if document is not None:
        for item in document:
            yield 1, 0, _inner(bytes(item)), ""
        return
    reader = LineReader(path)
    for number, line in reader:
        line = line.strip()
        if not line:
            continue
        if line[:1] in b"{[":
            yield number, 0, _inner(line), ""
            continue
        try:
            ts, body = split_line(line)
        except ValueError as error:
            damage.append((number, str(error)))
            continue
        address = b""
        if body.startswith(b"http"):
            address, _, body = body.partition(b" ")
        yield number, ts, _inner(body), address.decode("ascii", "replace")
    damage += reader.damage


def _inner(line: bytes) -> bytes:
    """The message of a line that wraps one."""
    if line.startswith(_WRAP):
        try:
            return bytes(_WRAPPED.decode(line).message)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            pass
    return line


def _document(path: Path) -> list[msgspec.Raw] | None:
    """The messages of a file that is one JSON document; None when it is lines."""
    reader = LineReader(path)
    head = next(((line for _, line in reader if line.strip())), b"").strip()
    if head[:1] not in (b"{", b"["):
        return None
    try:
        first = msgspec.json.decode(head, type=msgspec.Raw | list[msgspec.Raw])
        whole = isinstance(first, list)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        whole = True
    if not whole:
        return None
    size, lines = 0, []
    for _, line in LineReader(path):
        size += len(line)
        if size > DOCUMENT_MAX:
            return None
        lines.append(line)
    text = b"\n".join(lines)
    try:
        value = msgspec.json.decode(text)
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            return msgspec.json.decode(text, type=list[msgspec.Raw])
        return [msgspec.json.decode(text, type=msgspec.Raw)]  # every digit as it was written
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
