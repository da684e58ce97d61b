"""The compiled path: the same sources as the pure one, compiled by mypyc, and what says which of the two runs.

Rules of this file: never imported by core; imports nothing of the house, and nothing slow. What runs is decided by what
stands beside the sources (Python finds an extension module before its source), not here.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from os.path import dirname, exists, join

#: Where the answer is looked up, without its suffix: the engine itself.
SHOWN = join(dirname(dirname(__file__)), "core", "engine")
COMPILED, PURE = "compiled by mypyc", "pure Python"


def compiled() -> bool:
    """Whether the engine of this installation is compiled."""
    return any(exists(SHOWN + suffix) for suffix in EXTENSION_SUFFIXES)


def kind() -> str:
    """What the engine of this installation is, in words."""
    return COMPILED if compiled() else PURE
