"""What a planted bug is, and how it is put in and taken out again.

`row` is the number in the list of how other trading systems failed.  `planted(name)` patches the running process and
takes the patch back; nothing in the package knows of it.

Rules of this file: no bug stands here; they stand in bugs_kill.py, bugs_orders.py, bugs_fills.py and bugs_books.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, NamedTuple

from mmtui.sim.run import run_seed

#: Owner (class, module or table), name or key, what stands there meanwhile.
Patch = tuple[Any, Any, Any]


class Bug(NamedTuple):
    """One planted bug. `peer`: the public issue; `what`: the failure in a sentence."""

    row: int
    name: str
    peer: str
    what: str
    patches: Callable[[], list[Patch]]


class Found(NamedTuple):
    """How a bug was found: in the `seeds`-th seed, by an invariant, with its words; 0 seeds: it was not."""

    seeds: int
    seed: int
    invariant: str
    text: str


BUGS: list[Bug] = []


def bug(row: int, peer: str, what: str) -> Callable[[Callable[[], list[Patch]]], Callable[[], list[Patch]]]:
    """Register the function below as a bug, by its name."""

    def register(patches: Callable[[], list[Patch]]) -> Callable[[], list[Patch]]:
        BUGS.append(Bug(row, patches.__name__, peer, what, patches))
        return patches

    return register


@contextlib.contextmanager
def planted(name: str) -> Iterator[Bug]:
    """The bug is in, until the end of the block."""
    chosen = next(one for one in BUGS if one.name == name)
    undo: list[Callable[[], None]] = []
    try:
        for owner, key, value in chosen.patches():
            if isinstance(owner, dict):
                had, old = key in owner, owner.get(key)
                owner[key] = value
                undo.append(lambda o=owner, k=key, h=had, v=old: o.__setitem__(k, v) if h else o.pop(k))
                continue
            old = owner.__dict__[key]
            if isinstance(value, FunctionType):  # a checkpoint keeps bound methods by their names
                value.__name__, value.__qualname__ = key, f"{owner.__name__}.{key}"
            setattr(owner, key, value)
            undo.append(lambda o=owner, k=key, v=old: setattr(o, k, v))
        yield chosen
    finally:
        for act in reversed(undo):
            act()


def verdict(seed: int) -> tuple[str, str]:
    """Invariant and words of a seed, ("", "") when it holds; what is raised out of the loop is a verdict too."""
    try:
        outcome = run_seed(seed)
    except Exception as error:
        return "exception", f"{type(error).__name__}: {error}"
    return outcome.breach, outcome.text


def find(name: str, seeds: int, first: int = 1) -> Found:
    """Simulate seeds from `first` on until one fails with the bug and not without it."""
    for k in range(seeds):
        with planted(name):
            invariant, text = verdict(first + k)
        if invariant and not verdict(first + k)[0]:
            return Found(k + 1, first + k, invariant, text)
    return Found(0, 0, "", "")
