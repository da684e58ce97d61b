"""Where sockets, sessions and latches live. The only room part that reads XDG_* variables."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

#: The longest path that fits sockaddr_un on macOS (104 bytes with the terminating NUL).
SOCKET_MAX = 103


def state_dir() -> Path:
    """`$XDG_STATE_HOME/mmtui`, made 0700 when it is not there."""
    root = os.environ.get("XDG_STATE_HOME")
    path = Path(root) / "mmtui" if root else Path(platformdirs.user_state_dir("mmtui", appauthor=False))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def runtime_dir() -> Path:
    """`$XDG_RUNTIME_DIR/mmtui` (0700), else a short folder of this user under /tmp: socket paths must stay short."""
    root = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(root) / "mmtui" if root else Path("/tmp") / f"mmtui-{os.getuid()}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = path.lstat()
    if owner.st_uid != os.getuid() or path.is_symlink():
        raise PermissionError(f"{path} does not belong to you: remove it or set XDG_RUNTIME_DIR")
    path.chmod(0o700)
    return path


def sessions_dir() -> Path:
    """One folder a session: NAME-YYYYMMDDTHHMMSS-xxxx."""
    path = state_dir() / "sessions"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def desk_dir(name: str) -> Path:
    """What a desk keeps beyond its sessions: latched states, the pid file, the name of the last session."""
    path = state_dir() / "desks" / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def socket_path(name: str) -> Path:
    """The desk's Unix socket."""
    path = runtime_dir() / f"{name}.sock"
    if len(os.fsencode(path)) > SOCKET_MAX:
        raise ValueError(f"{path} is longer than {SOCKET_MAX} bytes, which no socket may be: set XDG_RUNTIME_DIR")
    return path


def data_dir(kind: str) -> Path:
    """`themes` or `sample_configs`: package data in a wheel, beside the package in an editable install."""
    package = Path(__file__).resolve().parent.parent
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind


def config_dir() -> Path:
    """Where the user's themes and keymap are."""
    root = os.environ.get("XDG_CONFIG_HOME")
    if root:
        return Path(root) / "mmtui"
    return Path(platformdirs.user_config_dir("mmtui", appauthor=False))
