"""The Unix socket of a host: made private, checked by user id, handed to the hub.

Rules of this file: nobody but those whose uid has a role on the desk gets as far as the codec.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from pathlib import Path

from mmtui.core.errors import SourceError
from mmtui.host.hub import Hub

_BACKLOG = 32
#: Small enough that a stalled client is noticed early, large enough for a frame.
_SEND_BUFFER = 128 * 1024


def peer(connection: socket.socket) -> tuple[int, int]:
    """User id and process id of the other end; a pid of 0 where the system does not tell."""
    if hasattr(socket, "SO_PEERCRED"):
        pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return uid, pid
    if sys.platform == "darwin":
        # xucred: version, uid, ngroups, groups; SOL_LOCAL = 0, LOCAL_PEERCRED = 1
        _, uid = struct.unpack_from("II", connection.getsockopt(0, 1, 76))
        return uid, 0
    return -1, 0  # no way to know: nobody's uid, so refused


class Server:
    """Listens at `path` for the hub."""

    def __init__(self, path: Path, hub: Hub, mode: int = 0o600) -> None:
        self.path = path
        self.hub = hub
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        path.unlink(missing_ok=True)  # the desk's lock is ours: whoever listened here is dead
        before = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        except OSError as error:
            raise SourceError(f"{path}: cannot listen ({error.strerror})") from None
        finally:
            os.umask(before)
        path.chmod(mode)
        self._listener.listen(_BACKLOG)
        hub.loop.add_reader(self._listener.fileno(), self._accept)

    def close(self) -> None:
        """Stop listening and leave no socket behind."""
        self.hub.loop.remove_reader(self._listener.fileno())
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # it has gone before we came
        try:
            uid, pid = peer(connection)
        except OSError:
            connection.close()
            return
        if uid not in self.hub.roles:
            connection.close()
            self.hub.stage.journal("refused", uid=uid, pid=pid)
            return
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        task = self.hub.loop.create_task(self._join(connection, uid, pid))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, connection: socket.socket, uid: int, pid: int) -> None:
        try:
            await self.hub.loop.connect_accepted_socket(lambda: self.hub.accept(uid, pid), connection)
        except OSError:
            connection.close()
