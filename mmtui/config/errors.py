"""A mistake in a config, as one sentence: file:line: key: what is wrong; what is allowed."""

from __future__ import annotations

from pathlib import Path

from mmtui.core.errors import UserError


class ConfigError(UserError):
    """`line` 0 means that the mistake has no line of its own (something is missing)."""

    def __init__(self, path: Path, line: int, key: str, what: str) -> None:
        self.path, self.line, self.key, self.what = path, line, key, what
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {key}: {what}" if key else f"{where}: {what}")
