"""Saving a quoting profile back into a config with tomli-w.

Rules of this file: the written text is read again before it replaces the old one; comments are not kept, so the old
file stays beside it as NAME.bak.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import msgspec
import tomli_w

from mmtui.config.load import load_config
from mmtui.core.quoting.params import Quoting


def save_quoting(path: Path, profile: str, quoting: Quoting) -> None:
    """Put [quoting.PROFILE] into the config at `path`; only what differs from the defaults is written.

    ConfigError when the file, as it would be, cannot be loaded: then nothing is changed."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    default = Quoting()
    values = {
        name: value
        for name, value in msgspec.structs.asdict(quoting).items()
        if value != getattr(default, name) or name in ("spread_bps", "size", "fee_floor")
    }
    document.setdefault("quoting", {})[profile] = values
    new = path.with_name(path.name + ".new")
    new.write_text(tomli_w.dumps(document), encoding="utf-8")
    try:
        load_config(new)
    except Exception:
        new.unlink()
        raise
    backup = path.with_name(path.name + ".bak")
    backup.write_bytes(path.read_bytes())
    os.replace(new, path)
