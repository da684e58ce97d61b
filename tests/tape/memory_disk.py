"""A disk in memory with the interface of `Files`: a copy is a dictionary, and it can be full or broken."""

import errno
from pathlib import Path


class MemoryHandle:
    def __init__(self, disk, path, place):
        self.disk, self.path, self.place = disk, path, place
        self.file = disk.files[path]  # goes on under another name after a rename, as a descriptor does

    def write(self, data):
        room = self.disk.room_for(self.path, len(data), self.place is not None)
        part = bytes(data[:room])
        if self.place is None:
            self.file += part
        else:
            self.file[self.place : self.place + len(part)] = part
            self.place += len(part)
        if room < len(data):
            raise OSError(self.disk.error, "No space left on device" if self.disk.error == errno.ENOSPC else "broken")

    def truncate(self, size):
        del self.file[size:]
        if self.place is not None:
            self.place = size

    def sync(self):
        self.disk.synced[id(self.file)] = bytes(self.file)

    def close(self):
        pass


class MemoryDisk:
    """`room`: bytes that may still be appended (None: no limit), then `error`; written over: what is there already."""

    def __init__(self, files=None):
        self.files = {path: bytearray(data) for path, data in (files or {}).items()}
        self.room = None
        self.error = errno.ENOSPC
        self.broken = ()  # names of files that cannot be written
        self.synced = {}

    def image(self):
        return {path: bytes(data) for path, data in self.files.items()}

    def room_for(self, path, size, over):
        if path.name in self.broken:
            return 0
        if self.room is None or over:
            return size
        given = min(size, self.room)
        self.room -= given
        return given

    def append(self, path, fresh=False):
        if fresh or path not in self.files:
            self.files[path] = bytearray()
        return MemoryHandle(self, path, None)

    def over(self, path):
        self._known(path)
        return MemoryHandle(self, path, 0)

    def reserve(self, path, size):
        self.files[path] = bytearray(min(size, 65536))  # as large as these tests need

    def read(self, path):
        return bytes(self._known(path))

    def read_at(self, path, offset, length):
        return bytes(self._known(path)[offset : offset + length])

    def size(self, path):
        return len(self._known(path))

    def exists(self, path):
        return path in self.files or any(path in known.parents for known in self.files)

    def names(self, folder):
        return sorted(path.name for path in self.files if path.parent == folder)

    def make_folder(self, path):
        pass

    def truncate(self, path, size):
        del self._known(path)[size:]

    def replace(self, source, target):
        self.files[target] = self._known(source)
        del self.files[source]

    def unlink(self, path):
        self._known(path)
        del self.files[path]

    def remove_folder(self, path):
        for known in [known for known in self.files if path in known.parents]:
            del self.files[known]

    def sync_folder(self, path):
        pass

    def _known(self, path):
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        return self.files[path]


HOME = Path("/s")
