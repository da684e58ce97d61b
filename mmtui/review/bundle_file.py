"""The file of an incident bundle: a zip with a part of a session, its config, the side journal and a summary.

    summary.md      what happened, for a person
    manifest.json   versions, where the part comes from, sha256 of every other member
    config.json     the desk's setup as the engine had it
    session/...     a part of a session (tape/part.py), its journal too

Rules of this file: bytes of others are read with care: known names only, no more than so many bytes, each member is
what the manifest says; nothing is written outside the folder that is made for it.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

from mmtui.config.paths import state_dir
from mmtui.core.errors import SourceError

FORMAT = "mmtui-bundle-1"
SUMMARY, MANIFEST, CONFIG, SESSION = "summary.md", "manifest.json", "config.json", "session"
#: Files of a part that travel; the index is a cache that is made of the tape.
FILES = ("header.json", "tape", "index", "end.json", "journal", "checkpoints", "checkpoints.index")
_KNOWN = frozenset({SUMMARY, MANIFEST, CONFIG, *(f"{SESSION}/{name}" for name in FILES)})
#: More than this is no bundle.
BYTES_MAX = 4 << 30
#: Members carry no clock: the same part is the same bundle.
_WHEN = (1980, 1, 1, 0, 0, 0)


def is_bundle(path: Path) -> bool:
    """By its first bytes and the name of a member; nothing is read beyond the list."""
    try:
        with zipfile.ZipFile(path) as file:
            return MANIFEST in file.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def pack(part: Path, texts: dict[str, bytes], manifest: dict[str, Any], out: Path) -> None:
    """Write the bundle: the part's files, `texts` by their names, and the manifest with the hash of each."""
    members = dict(texts)
    for name in FILES:
        if (part / name).exists():
            members[f"{SESSION}/{name}"] = (part / name).read_bytes()
    hashes = {name: sha256(data).hexdigest() for name, data in members.items()}
    told = {"format": FORMAT, **manifest, "sha256": hashes}
    members[MANIFEST] = json.dumps(told, indent=1).encode() + b"\n"
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
            for name in sorted(members):
                file.writestr(zipfile.ZipInfo(name, _WHEN), members[name], zipfile.ZIP_DEFLATED)
        os.replace(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)


def unpack(path: Path) -> Path:
    """The part's folder, in a place of its own; a bundle that was unpacked before is found there again."""
    mark = _file_hash(path)
    folder = state_dir() / "bundles" / mark[:16]
    if (folder / "done").exists():
        return next(item for item in folder.iterdir() if item.is_dir())
    members = _members(path)
    shutil.rmtree(folder, ignore_errors=True)
    name = str(json.loads(members[MANIFEST]).get("name", ""))
    session = folder / (name if name.replace("-", "").isalnum() else SESSION)
    session.mkdir(mode=0o700, parents=True)
    for member, data in members.items():
        head, _, tail = member.partition("/")
        (session / tail if head == SESSION else folder / member).write_bytes(data)
    (folder / "done").touch()
    return session


def _members(path: Path) -> dict[str, bytes]:
    """Every member, checked. Raises SourceError, one sentence, for what is no bundle."""
    try:
        with zipfile.ZipFile(path) as file:
            infos = file.infolist()
            names = {info.filename for info in infos}
            if MANIFEST not in names or f"{SESSION}/header.json" not in names:
                raise SourceError(f"{path}: is no session and no bundle")
            if names - _KNOWN or len(names) != len(infos) or sum(info.file_size for info in infos) > BYTES_MAX:
                raise SourceError(f"{path}: holds what no bundle holds: it is not opened")
            members = {info.filename: file.read(info) for info in infos}
        told = json.loads(members[MANIFEST])
        hashes = told["sha256"]
        known = told["format"]
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path}: is no session and no bundle ({error})") from None
    except (zlib.error, ValueError, KeyError, TypeError, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{path}: the bundle is damaged: {error}") from None
    if known != FORMAT:
        raise SourceError(f"{path}: is of the form {known!r}; this mmtui reads {FORMAT}")
    for name, data in members.items():
        if name != MANIFEST and hashes.get(name) != sha256(data).hexdigest():
            raise SourceError(f"{path}: {name} is not the one that the manifest names: it is not opened")
    return members


def _file_hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
