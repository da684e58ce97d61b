"""Session epoch and client order ids, reserved on disk in blocks: none is used twice, not even after a power loss.

One file in the desk's folder, two slots that are written in turn: where one is torn or damaged, the other one and
a block more count.  A life takes its epoch and its first block with one fsync, before its first order; the next block
is taken when half of one is used, off the path from tick to order.
Rules of this file: an id below `limit` on the disk may have been used, whatever the tape says.
"""

from __future__ import annotations

import struct
from pathlib import Path
from zlib import crc32

from mmtui.tape.files import Files, put
from mmtui.tape.format import TapeError

FILE = "ids"
BLOCK = 10_000

#: magic, epoch, limit; then the crc32 of these.
_SLOT = struct.Struct("<8sQQ")
_CRC = struct.Struct("<I")
_MAGIC = b"mmtuiid1"
_SIZE = _SLOT.size + _CRC.size


class OrderIds:
    """The ids of one desk. epoch: lives so far, this one too; first..limit-1: ids that this life may use."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self._path = folder / FILE
        self._slots = [b"", b""]  # as they stand in the file; empty: damaged
        self._newest = 0
        self.epoch, self.limit = self._load()
        self.first = self.limit

    @property
    def renew_at(self) -> int:
        """Once an id as high as this is used, the next block should be reserved."""
        return self.limit - BLOCK // 2

    def begin(self) -> None:
        """A new life: the next epoch and a block of ids. One fsync (two for the desk's very first life)."""
        self.first = self.limit
        self._save(self.epoch + 1, self.limit + BLOCK)

    def extend(self) -> int:
        """Reserve the next block; the new limit, for an IdsReserved event. Takes as long as an fsync takes."""
        self._save(self.epoch, self.limit + BLOCK)
        return self.limit

    def _load(self) -> tuple[int, int]:
        try:
            data = self._files.read(self._path)
        except FileNotFoundError:
            return 0, 1
        except OSError as error:
            raise TapeError(f"{self._path}: {error.strerror}") from error
        found = []
        for place in (0, 1):
            slot = data[place * _SIZE : (place + 1) * _SIZE]
            if len(slot) == _SIZE and _CRC.unpack_from(slot, _SLOT.size)[0] == crc32(slot[: _SLOT.size]):
                magic, epoch, limit = _SLOT.unpack_from(slot)
                if magic == _MAGIC:
                    self._slots[place] = slot
                    found.append((epoch, limit, place))
        if not found:
            raise TapeError(
                f"{self._path}: is damaged, so which order ids were used is not known; look at the venue's open orders,"
                " then move the file away and begin a new session"
            )
        epoch, limit, self._newest = max(found)
        return (epoch, limit) if len(found) == 2 else (epoch + 1, limit + BLOCK)

    def _save(self, epoch: int, limit: int) -> None:
        body = _SLOT.pack(_MAGIC, epoch, limit)
        slot = body + _CRC.pack(crc32(body))
        slots = list(self._slots)
        older = 1 - self._newest
        slots[older] = slot
        try:
            if all(slots):
                handle = self._files.over(self._path)
                try:
                    handle.write(b"".join(slots))
                    handle.sync()
                finally:
                    handle.close()
            else:
                slots = [slot, slot]
                put(self._files, self._path, b"".join(slots), sync=True)
        except OSError as error:
            raise TapeError(f"{self._path}: order ids cannot be reserved: {error.strerror}") from error
        self._slots, self._newest = slots, older
        self.epoch, self.limit = epoch, limit
