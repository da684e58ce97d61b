"""Lines of a capture file, plain, gzip or zstd (told by the first bytes), damaged files read as far as they go.

Rules of this file: bytes and files only; what a line means is somebody else's business.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from mmtui.core.errors import SourceError

CHUNK = 64 * 1024
#: A line longer than this is damage (the longest real one is a snapshot of 1000 levels, 50 kB).
LINE_MAX = 4 * 1024 * 1024
#: 2^62 ns: the year 2116.
TS_MAX = 1 << 62


class _Inflate(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class LineReader:
    """Iterates over (line number, line without its end); afterwards `damage` says what ended the file early."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = _size(path)
        self.bytes_read = 0  # of the file as it lies on disk
        self.damage: list[tuple[int, str]] = []  # (line, what)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for first, lines, _ in self.blocks():
            yield from enumerate(lines, first)

    def blocks(self) -> Iterator[tuple[int, list[bytes], bytes | None]]:
        """(number of the first line, lines, the line after them): many lines at a time cost less than one by one."""
        first, held = 1, list[bytes]()
        for lines in self._lines():
            if held:
                yield first, held, lines[0]
                first += len(held)
            held = lines
        if held:
            yield first, held, None
        last = first + len(held) - 1
        self.damage = [(line or last, what) for line, what in self.damage]

    def _lines(self) -> Iterator[list[bytes]]:
        rest = b""
        for data in self._data():
            if b"\n" not in data:
                rest += data
                if len(rest) > LINE_MAX:
                    rest = rest[:100]  # the rest of an endless line is skipped; what stays is no message: damage
                continue
            lines = (rest + data).split(b"\n") if rest else data.split(b"\n")
            rest = lines.pop()
            yield lines
        if rest:
            yield [rest]

    def _data(self) -> Iterator[bytes]:
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be read: {error.strerror or error}") from None
        with file:
            try:
                head = file.read(4)
                file.seek(0)
                if head[:2] == b"\x1f\x8b":
                    yield from self._inflated(file, "gzip")
                elif head == b"\x28\xb5\x2f\xfd":
                    yield from self._inflated(file, "zstd")
                else:
                    while data := file.read(CHUNK):
                        self.bytes_read += len(data)
                        yield data
            except OSError as error:
                self.damage.append((0, f"the file cannot be read further: {error.strerror or error}"))

    def _inflated(self, file: BinaryIO, method: str) -> Iterator[bytes]:
        """Members or frames one after the other; line 0 in `damage` stands for the last line read."""
        inflate: _Inflate | None = None
        while raw := file.read(CHUNK):
            self.bytes_read += len(raw)
            while raw:
                if inflate is None:
                    inflate = _new(method)
                try:
                    data, inflate = _step(inflate, raw)
                except _Broken as broken:
                    yield broken.good
                    self.bytes_read = self.size
                    what = f"the {method} stream is damaged ({broken}): nothing after this is readable"
                    self.damage.append((0, what))
                    return
                if data:
                    yield data
                raw = inflate.unused_data if inflate.eof else b""
                if inflate.eof:
                    inflate = None
        if inflate is not None:
            self.damage.append((0, f"the {method} stream ends in the middle: the file is cut off"))


class _Broken(Exception):
    """A compressed stream that is wrong; `good` is what came out before."""

    def __init__(self, text: str, good: bytes) -> None:
        super().__init__(text)
        self.good = good


def _step(inflate: _Inflate, raw: bytes) -> tuple[bytes, _Inflate]:
    """Decompress a chunk; a broken gzip chunk again byte by byte, so that nothing before the damage is lost."""
    before = inflate.copy() if isinstance(inflate, _Gzip) else None
    try:
        return inflate.decompress(raw), inflate
    except (zlib.error, zstandard.ZstdError) as error:
        good = b""
        try:
            for place in range(len(raw) if before is not None else 0):
                good += before.decompress(raw[place : place + 1]) if before is not None else b""
        except zlib.error:
            pass
        raise _Broken(str(error), good) from None


_Gzip = type(zlib.decompressobj())


def _new(method: str) -> _Inflate:
    if method == "gzip":
        return zlib.decompressobj(wbits=31)
    return zstandard.ZstdDecompressor().decompressobj()


def _size(path: Path) -> int:
    if path.is_dir():
        raise SourceError(f"{path}: is a folder, not a capture file")
    try:
        with path.open("rb"):
            pass
        size = path.stat().st_size
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not size:
        raise SourceError(f"{path}: is empty")
    return size


def split_line(line: bytes) -> tuple[int, bytes]:
    """Receive time (ns) and body of a line; ValueError when it has no plausible receive time."""
    stamp, _, body = line.partition(b" ")
    if not stamp.isdigit() or len(stamp) > 19:
        raise ValueError("does not begin with a receive time in ns")
    ts = int(stamp)
    if ts >= TS_MAX:
        raise ValueError("its receive time is no time")
    return ts, body
