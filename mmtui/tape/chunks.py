"""Finding the chunks of a tape: by its index, and by their headers where it does not reach.

Rules of this file: headers only; whether a body is whole is the reader's question.
"""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from mmtui.tape import schema1
from mmtui.tape.files import Files
from mmtui.tape.format import CHUNK_HEAD, CHUNK_MAGIC, ChunkHead, TapeError, read_chunk_head
from mmtui.tape.index import INDEX, Chunks

_STEP = 1 << 20


class Found(NamedTuple):
    chunks: Chunks
    rows: int  # rows of the index that are right; -1: none of it can be used
    size: int  # of the tape
    gaps: list[int]  # places of chunks whose first record does not follow the chunk before
    damage: list[str]  # of the index


def scan(files: Files, directory: Path) -> Found:
    """Every chunk of a session's tape whose header is whole."""
    path = directory / "tape"
    try:
        size = files.size(path)
    except FileNotFoundError:
        return Found(Chunks(), 0, 0, [], [])
    except OSError as error:
        raise TapeError(f"{path}: {error.strerror}") from error
    try:
        chunks, rows, damage = _from_index(files, directory, size)
        gaps = _from_headers(files, path, size, chunks)
    except OSError as error:
        raise TapeError(f"{path}: {error.strerror}") from error
    return Found(chunks, rows, size, gaps, damage)


def read_head(files: Files, path: Path, offset: int) -> ChunkHead | None:
    """The chunk header at `offset` of a tape, None when there is none."""
    data = files.read_at(path, offset, CHUNK_HEAD)
    return read_chunk_head(data, offset) or schema1.read_chunk_head(data, offset)


def _from_index(files: Files, directory: Path, size: int) -> tuple[Chunks, int, list[str]]:
    """The chunks that the index names, if its last one is where it says."""
    try:
        index = files.read(directory / INDEX)
    except FileNotFoundError:
        return Chunks(), -1, []
    chunks = Chunks(index)
    if chunks.whole:
        # rows beyond the tape's end: it was cut, by us after a crash or by somebody
        chunks.cut(bisect_right(chunks, size, key=lambda chunk: chunk.end))
        if not len(chunks) or read_head(files, directory / "tape", chunks[-1].offset) == chunks[-1]:
            return chunks, len(chunks), []
    return Chunks(), -1, [f"{directory.name}: index: is damaged or of another tape: the tape was read without it"]


def _from_headers(files: Files, path: Path, size: int, chunks: Chunks) -> list[int]:
    """Add the chunks after the last known one, found by their headers; the places after something that is missing."""
    gaps = []
    last = chunks[-1] if chunks else None
    offset = last.end if last else 0
    expected = last.first + last.records if last else 0
    while offset < size:
        chunk = read_head(files, path, offset)
        if chunk is None or chunk.first < expected:
            offset = _next_magic(files, path, offset + 1, size)
            continue
        if chunk.end > size:  # the last one, torn; or a header that lies
            later = _next_magic(files, path, offset + 1, size)
            if later >= size:
                break
            offset = later
            continue
        if chunk.first > expected:
            gaps.append(len(chunks))
        chunks.append(chunk)
        expected = chunk.first + chunk.records
        offset = chunk.end
    return gaps


def _next_magic(files: Files, path: Path, offset: int, size: int) -> int:
    """Where the next thing that looks like a chunk begins, or `size`."""
    shared = CHUNK_MAGIC[:-1]  # of both schemas
    while offset < size:
        block = files.read_at(path, offset, _STEP)
        found = block.find(shared)
        if found >= 0:
            return offset + found
        if len(block) < len(shared):
            break
        offset += len(block) - len(shared) + 1
    return size
