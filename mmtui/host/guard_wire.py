"""The heartbeat between a desk and the guard on a second host: frames over one TCP connection, sans-IO.

Both ends say a fresh number, and every frame carries an HMAC-SHA256 over its place in the stream and its bytes, by a
key made of the shared secret and both numbers, another one each way: without the secret nothing is believed, and what
was recorded cannot be said again, neither in this connection nor in another.  The bytes are not secret.

    guard -> desk   MAGIC, 16 bytes        desk -> guard   MAGIC, 16 bytes
    both            length (2 bytes), body, HMAC (32 bytes); the desk sends Beats, the guard Acks

Rules of this file: bytes in, bytes out; the first thing that is wrong ends the connection.
"""

from __future__ import annotations

import hmac
import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec

from mmtui.core.errors import UserError

MAGIC = b"mmguard1"
NONCE = 16
BODY_MAX = 512
SECRET_MIN = 16
#: A greeting, and a frame that has begun, have so long to come in (s).
SLOW_S = 2.0
_MAC = 32
_M = TypeVar("_M")


class Beat(msgspec.Struct, frozen=True, array_like=True):
    """The decision loop has made a turn. `sent`: the desk's own clock, said back in the Ack."""

    desk: str
    session: str
    life: int
    beats: int
    state: int
    sent: int


class Ack(msgspec.Struct, frozen=True, array_like=True):
    """sent: of the newest beat; fence: lives up to this one may create nothing; state: beat.GUARD_WORDS."""

    sent: int
    fence: int
    state: int
    silence_ms: int


class WireFault(Exception):
    """The other end is not who it should be, or says what it may not: the connection ends."""


class Channel:
    """One end of one connection. `nonce`: 16 bytes that were never said before."""

    def __init__(self, secret: bytes, guard: bool, nonce: bytes) -> None:
        self._secret = secret
        self._guard = guard
        self._nonce = nonce
        self._data = bytearray()
        self._began = -1.0  # when the part of a frame that waits began to come
        self._in = self._out = b""  # keys; b"" until both have said their number
        self._read = self._written = 0  # frames
        self.proven = False  # a frame of the other end was right

    def greeting(self) -> bytes:
        return MAGIC + self._nonce

    def open(self, now: float) -> None:
        """The connection stands: the greeting of the other end has its time from now on."""
        self._began = now

    @property
    def ready(self) -> bool:
        """Frames can be sent."""
        return bool(self._out)

    def late(self, now: float) -> bool:
        """What has begun to come in takes too long."""
        return self._began >= 0 and now - self._began > SLOW_S

    def seal(self, message: Beat | Ack) -> bytes:
        """The bytes of the next frame."""
        body = msgspec.json.encode(message)
        assert self._out and len(body) <= BODY_MAX
        self._written += 1
        return len(body).to_bytes(2, "big") + body + self._mac(self._out, self._written, body)

    def feed(self, data: bytes, shape: type[_M], now: float) -> list[_M]:
        """Messages that are complete now. WireFault: something is wrong."""
        self._data += data
        if not self._in and not self._greeted(now):
            return []
        out = []
        while len(self._data) >= 2:
            size = int.from_bytes(self._data[:2], "big")
            if size > BODY_MAX:
                raise WireFault(f"a frame of {size} bytes")
            if len(self._data) < 2 + size + _MAC:
                break
            body, mac = bytes(self._data[2 : 2 + size]), bytes(self._data[2 + size : 2 + size + _MAC])
            self._read += 1
            if not hmac.compare_digest(mac, self._mac(self._in, self._read, body)):
                raise WireFault("another secret, or a frame that was altered or said before")
            del self._data[: 2 + size + _MAC]
            self._began = now if self._data else -1.0
            try:
                out.append(msgspec.json.decode(body, type=shape))
            except msgspec.MsgspecError:
                raise WireFault("a frame that cannot be read") from None
            self.proven = True
        if self._data and self._began < 0:
            self._began = now
        return out

    def _greeted(self, now: float) -> bool:
        whole = len(MAGIC) + NONCE
        head = bytes(self._data[: len(MAGIC)])
        if head != MAGIC[: len(head)]:
            raise WireFault("no guard's greeting")
        if len(self._data) < whole:
            return False
        other = bytes(self._data[len(MAGIC) : whole])
        del self._data[:whole]
        if other == self._nonce:
            raise WireFault("our own greeting, said back")
        ours = self._nonce + other if self._guard else other + self._nonce
        key = hmac.digest(self._secret, MAGIC + ours, sha256)
        desk, guard = (hmac.digest(key, word, sha256) for word in (b"desk", b"guard"))
        self._in, self._out = (desk, guard) if self._guard else (guard, desk)
        self._began = now if self._guard or self._data else -1.0  # the desk's first frame has its time as well
        return True

    @staticmethod
    def _mac(key: bytes, place: int, body: bytes) -> bytes:
        return hmac.digest(key, place.to_bytes(8, "big") + body, sha256)


def load_secret(source: str, base: Path) -> bytes:
    """What both hosts know, by `env:NAME` or `file:PATH`. UserError: it is missing, short, or open to others."""
    kind, _, name = source.partition(":")
    if kind == "env" and name:
        where, text = f"the environment variable {name}", os.environ.get(name, "")
        if not text:
            raise UserError(f"[guard] secret: {where} is not set")
    elif kind == "file" and name:
        path = Path(name).expanduser()
        path = path if path.is_absolute() else base / path
        where, text = str(path), _file(path)
    else:
        raise UserError('[guard] secret: give secret = "env:NAME" or secret = "file:PATH" (mode 0600)')
    secret = text.strip().encode()
    if len(secret) < SECRET_MIN:
        raise UserError(f"[guard] secret: {where} holds fewer than {SECRET_MIN} characters")
    return secret


def _file(path: Path) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(f"[guard] secret: {path}: {error.strerror or error}") from None
    with os.fdopen(fd, "rb") as file:
        facts = os.fstat(file.fileno())
        if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
            raise UserError(f"[guard] secret: {path} is not yours alone: chmod 600 it")
        return file.read(4_096).decode(errors="replace")


def address(text: str) -> tuple[str, int]:
    """HOST:PORT. UserError: it is none."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise UserError(f"{text!r} is no HOST:PORT")
    return host.strip("[]"), int(port)
