"""The optional step of a build that compiles the engine; off unless it is asked for:

    HATCH_BUILD_HOOK_ENABLE_CUSTOM=true pip install .

Rules of this file: only brings what mmtui/fast/build.py makes into the wheel.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledEngine(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the compiled modules beside their sources, and says that the wheel is for this Python and platform only."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from mmtui.fast.build import build

        self.folder = tempfile.TemporaryDirectory()
        made = Path(self.folder.name)
        build(root, made)
        for one in sorted(path for suffix in ("so", "pyd") for path in made.rglob(f"*.{suffix}")):
            build_data["force_include"][str(one)] = one.relative_to(made).as_posix()
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()
