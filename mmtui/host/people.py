"""Which users may do what on a desk: roles by uid, from [access] of the config, proven by the socket itself.

A role that a client claims counts as far as its user has it: an operator who says admin stays an operator.

Rules of this file: names become uids here; who connects is asked of the system (host.server), never of the client.
"""

from __future__ import annotations

import pwd
import stat
from pathlib import Path
from typing import NamedTuple

from mmtui.config.schema import Access
from mmtui.core.errors import UserError
from mmtui.link.messages import ROLES


class People(NamedTuple):
    """uid -> the highest role that it has, and the socket for other users (None: there is none)."""

    roles: dict[int, str]
    shared: Path | None = None


def people(access: Access, owner: int) -> People:
    """What a config says. Its own user has every role where it names nobody, else it is operator unless it is named."""
    lists = {"observer": access.observers, "operator": access.operators, "admin": access.admins}
    if not any(lists.values()):
        return People({owner: ROLES[-1]}, _shared(access, owner))
    roles: dict[int, str] = {}
    for role, names in lists.items():
        for name in names:
            uid = _uid(name)
            if roles.get(uid, role) != role:
                raise UserError(f"[access]: user {name} is named as {roles[uid]} and as {role}; one of them")
            roles[uid] = role
    roles.setdefault(owner, "operator")
    return People(roles, _shared(access, owner))


def lower(claimed: str, proven: str) -> str:
    """The role that counts."""
    return min(claimed, proven, key=ROLES.index)


def _uid(name: int | str) -> int:
    if isinstance(name, int):
        return name
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise UserError(f"[access]: there is no user {name!r} on this machine") from None


def _shared(access: Access, owner: int) -> Path | None:
    """Its folder is nobody else's to write in: who could put another socket there would hear every act."""
    if not access.socket:
        return None
    path = Path(access.socket)
    try:
        folder = path.parent.stat()
    except OSError as error:
        raise UserError(f"[access] socket: {path.parent}: {error.strerror}") from None
    if folder.st_uid not in (0, owner) or stat.S_IMODE(folder.st_mode) & 0o022:
        raise UserError(f"[access] socket: {path.parent} can be written by others: chmod go-w it")
    if path.exists() and not path.is_socket():
        raise UserError(f"[access] socket: {path} is there and no socket")
    return path
