"""The simulated world: one clock, one heap of what happens next, named streams of chance, and the strikes of faults.

Rules of this file: time is an int in ns and only moves forward; the order of the heap is (instant, number of the
entry), so that the same seed runs the same way in any process; chance comes from `Rng(seed, name)` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Protocol

from mmtui.core.rng import Rng
from mmtui.sim.faults import COUNT

#: Where every simulation begins: 2026-01-01 00:00:00 UTC.
START = 1_767_225_600 * 10**9
MS = 1_000_000
SECOND = 10**9
#: Stands for the order of a fault that hits every open order of the desk at once (a lost connection, a crash).
ALL_ORDERS = -1

_MILLION = 1_000_000
_DRAWS = 1 << 64


class Story(Protocol):
    """Who writes down what happens, for a person to read."""

    def say(self, ts: int, who: str, text: str) -> None: ...


class World:
    """Clock, heap and chance of one seed. `rates` are strikes a million opportunities, by number of the fault.

    `skip` holds (fault, ordinal) of strikes that are drawn but not carried out: a shrunken script of faults.
    """

    __slots__ = (
        "_dice",
        "_healers",
        "_heap",
        "_limits",
        "_seq",
        "_skip",
        "cells",
        "count",
        "healed",
        "now",
        "quiet",
        "open_states",
        "order_state",
        "script",
        "seed",
        "stopped",
        "story",
        "struck",
    )

    def __init__(
        self,
        seed: int,
        rates: dict[int, int],
        story: Story | None = None,
        skip: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        self.seed = seed
        self.quiet = not any(rates.values())  # a seed without faults
        self.now = START
        self.count = 0  # acts carried out
        self.story = story
        self.stopped = False
        self.healed = False
        self.cells: dict[tuple[int, str], int] = {}  # (fault, state of the order that it hit) -> strikes
        self.script: list[tuple[int, int, int, int]] = []  # (instant, fault, ordinal, order), every strike
        self.struck = [0] * (COUNT + 1)
        self.order_state: Callable[[int], str] = _no_state
        self.open_states: Callable[[], list[str]] = list
        self._heap: list[tuple[int, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._seq = 0
        self._skip = skip
        self._healers: list[Callable[[], None]] = []
        self._limits = [rates.get(n, 0) * _DRAWS // _MILLION for n in range(COUNT + 1)]
        self._dice = [Rng(seed, f"fault/{n}") for n in range(COUNT + 1)]

    # -- chance ------------------------------------------------------------------------------------------------

    def rng(self, name: str) -> Rng:
        """The stream of one component: adding another keeps its draws."""
        return Rng(self.seed, name)

    def dice(self, n: int) -> Rng:
        """The stream of one fault, for how long and how hard it strikes."""
        return self._dice[n]

    def draws(self, n: int) -> bool:
        """Whether the fault can strike at all now: a cheap question to ask before many opportunities."""
        return self._limits[n] > 0

    def strikes(self, n: int, oid: int = 0) -> bool:
        """One opportunity of fault `n`: True when it strikes, counted with the state of the order that it hit.

        `oid` is the order's id, 0 where none is concerned, ALL_ORDERS where every open one is.
        """
        limit = self._limits[n]
        if not limit or self._dice[n].bits() >= limit:
            return False
        ordinal = self.struck[n]
        self.struck[n] = ordinal + 1
        if (n, ordinal) in self._skip:
            return False
        self.script.append((self.now, n, ordinal, oid))
        cells = self.cells
        if oid == ALL_ORDERS:
            states = self.open_states() or ["-"]
        else:
            states = [self.order_state(oid) if oid else "-"]
        for state in states:
            cells[n, state] = cells.get((n, state), 0) + 1
        if self.story is not None:
            self.say("fault", f"{n} strikes{f' order {oid}' if oid > 0 else ''} ({', '.join(states)})")
        return True

    # -- time --------------------------------------------------------------------------------------------------

    def at(self, ts: int, act: Callable[..., Any], *args: Any) -> None:
        """Do something at an instant; what is past is done next."""
        self._seq += 1
        heappush(self._heap, (ts if ts > self.now else self.now, self._seq, act, args))

    def after(self, ns: int, act: Callable[..., Any], *args: Any) -> None:
        """Do something so many ns from now."""
        self._seq += 1
        heappush(self._heap, (self.now + ns, self._seq, act, args))

    def run(self, until: int) -> None:
        """Everything that happens up to and at `until`, unless somebody sets `stopped`."""
        heap = self._heap
        while heap and not self.stopped:
            if heap[0][0] > until:
                break
            self.now, _, act, args = heappop(heap)
            self.count += 1
            act(*args)
        if not self.stopped and until > self.now:
            self.now = until

    # -- the end of the faults ---------------------------------------------------------------------------------

    def on_heal(self, act: Callable[[], None]) -> None:
        """What ends a component's lasting conditions (bans, partitions, maintenance, a frozen feed) when all heals."""
        self._healers.append(act)

    def heal(self) -> None:
        """No fault strikes any more, and every lasting condition ends now."""
        self.healed = True
        self._limits = [0] * (COUNT + 1)
        self.say("world", "all faults end")
        for act in self._healers:
            act()

    def say(self, who: str, text: str) -> None:
        """A line of the story, where one is told."""
        if self.story is not None:
            self.story.say(self.now, who, text)


def _no_state(oid: int) -> str:
    return "-"
