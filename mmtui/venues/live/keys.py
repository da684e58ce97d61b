"""API keys: read by name from the environment or a file that only its owner can read, and shown to nobody.

Rules of this file: never from an argument; a pair has no text form that tells it.
"""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

from mmtui.core.errors import UserError

HOW = 'give keys = "env:NAME" (NAME_KEY and NAME_SECRET) or keys = "file:PATH" (TOML, mode 0600)'


class Pair:
    """An API key and its secret."""

    __slots__ = ("key", "open", "secret")

    def __init__(self, key: str, secret: str, open: bool = False) -> None:
        self.key = key
        self.secret = secret
        self.open = open  # in the environment, where every process that is started from here gets it too

    def __repr__(self) -> str:
        return "Pair(***)"


def load_pair(venue: str, source: str, base: Path) -> Pair:
    """The pair that a config names. UserError says what is missing, and nothing of what is there."""
    kind, _, name = source.partition(":")
    if kind == "env" and name:
        return _from_environment(venue, name)
    if kind == "file" and name:
        path = Path(name).expanduser()
        return _from_file(venue, path if path.is_absolute() else base / path)
    raise UserError(f"venue {venue!r}: no keys; {HOW}")


def _from_environment(venue: str, name: str) -> Pair:
    found = [os.environ.get(f"{name}_{part}", "").strip() for part in ("KEY", "SECRET")]
    missing = [f"{name}_{part}" for part, text in zip(("KEY", "SECRET"), found, strict=True) if not text]
    if missing:
        raise UserError(f"venue {venue!r}: the environment variable {missing[0]} is not set; export it, or {HOW}")
    pair = _checked(venue, f"{name}_KEY", found[0], found[1])
    return Pair(pair.key, pair.secret, open=True)


def _from_file(venue: str, path: Path) -> Pair:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(f"venue {venue!r}: {path}: {error.strerror or error}") from None
    with os.fdopen(fd, "rb") as file:
        facts = os.fstat(file.fileno())
        if facts.st_uid != os.getuid():
            raise UserError(f"venue {venue!r}: {path} does not belong to you: its keys are not used")
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise UserError(f"venue {venue!r}: {path} can be read by others: chmod 600 it")
        try:
            table = tomllib.loads(file.read().decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            raise UserError(f'venue {venue!r}: {path} is no TOML; it holds key = "..." and secret = "..."') from None
    key, secret = table.get("key"), table.get("secret")
    if not isinstance(key, str) or not isinstance(secret, str):
        raise UserError(f'venue {venue!r}: {path}: give key = "..." and secret = "..."')
    return _checked(venue, str(path), key.strip(), secret.strip())


def _checked(venue: str, where: str, key: str, secret: str) -> Pair:
    for text in (key, secret):
        if len(text) < 8 or not text.isascii() or not text.isprintable() or " " in text:
            raise UserError(f"venue {venue!r}: {where}: what stands there is no API key and secret")
    return Pair(key, secret)
