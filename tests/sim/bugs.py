"""What a planted bug is, and how it is put in and taken out again.

`row` is the number in the list of how other trading systems failed.  `planted(patches)` patches the running process and
takes the patches back; nothing in the package knows of it.

Rules of this file: no bug stands here; they stand in bugs_kill.py, bugs_orders.py, bugs_fills.py and bugs_books.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, NamedTuple

from mmtui.sim.run import run_seed

#: Owner (class or module), name, what stands there meanwhile.
Patch = tuple[Any, str, Any]


class Bug(NamedTuple):
    """One planted bug. `peer`: the public issue; `what`: the failure in a sentence.

    `scene` is what a venue does meanwhile, without the bug too: a rarity that the seeds do not draw.
    """

    row: int
    name: str
    peer: str
    what: str
    patches: Callable[[], list[Patch]]
    scene: Callable[[], list[Patch]]


class Found(NamedTuple):
    """How a bug was found: in the `seeds`-th seed, by an invariant, with its words; 0 seeds: it was not."""

    seeds: int
    seed: int
    invariant: str
    text: str


BUGS: list[Bug] = []


def bug(
    row: int, peer: str, what: str, scene: Callable[[], list[Patch]] = list
) -> Callable[[Callable[[], list[Patch]]], Callable[[], list[Patch]]]:
    """Register the function below as a bug, by its name."""

    def register(patches: Callable[[], list[Patch]]) -> Callable[[], list[Patch]]:
        BUGS.append(Bug(row, patches.__name__, peer, what, patches, scene))
        return patches

    return register


def named(name: str) -> Bug:
    """The bug of a name."""
    return next(one for one in BUGS if one.name == name)


@contextlib.contextmanager
def planted(patches: list[Patch]) -> Iterator[None]:
    """The patches are in, until the end of the block."""
    undo: list[Callable[[], None]] = []
    try:
        for owner, key, value in patches:
            old = owner.__dict__[key]
            if isinstance(value, FunctionType):  # a checkpoint keeps bound methods by their names
                value.__name__, value.__qualname__ = key, f"{owner.__name__}.{key}"
            setattr(owner, key, value)
            undo.append(lambda o=owner, k=key, v=old: setattr(o, k, v))
        yield
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


def find(one: Bug, seeds: int, first: int = 1) -> Found:
    """Simulate seeds from `first` on until one fails with the bug and not without it."""
    with planted(one.scene()):
        for k in range(seeds):
            with planted(one.patches()):
                invariant, text = verdict(first + k)
            if invariant and not verdict(first + k)[0]:
                return Found(k + 1, first + k, invariant, text)
    return Found(0, 0, "", "")
