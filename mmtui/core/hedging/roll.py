"""Roll: the position of one contract moves to another of the same asset, in lockstep slices.

The new leg is opened first, by a slice that the old leg's depth can take back; the old one is then closed by what the
new one has gained, so |net delta| never passes its start by more than a slice, and closing is never refused by a limit
(it reduces).  IOC both, or the new leg post-only at its touch.

Rules of this file: decides the next slice of a roll; the task runner sends it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from mmtui.core import tasks
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order


class Turn(NamedTuple):
    """What a roll would do next: the instrument, the signed delta to trade away there, why not when i is -1."""

    i: int
    work: Decimal
    why: str = ""
    passive: bool = False


class Roll(tasks.Task):
    """A running roll. Lots of each leg are counted from the start of the task."""

    def __init__(
        self, desk: tasks.Desk, asset: str, by: str, ts: int, legs: tuple[int, int], lots: int, passive: bool
    ) -> None:
        references = {i: desk.books[i].mid2() for i in legs if desk.books[i].quotable}
        super().__init__("roll", asset, by, ts, references)
        self.source, self.to = legs
        self.lots = lots  # of the source, to be moved
        self.passive = passive
        self.start_source = desk.ledger.accounts[self.source].position
        self.start_to = desk.ledger.accounts[self.to].position
        self.sign = 1 if self.start_source > 0 else -1

    def rescale(self, i: int, sz: int) -> None:
        """A finer lot of one of the legs."""
        if i == self.source:
            self.lots *= sz
            self.start_source *= sz
        elif i == self.to:
            self.start_to *= sz

    def digest(self) -> tuple[object, ...]:
        legs = (self.source, self.to, self.lots, self.passive, self.start_source, self.start_to)
        return (*super().digest(), *legs)


def base(desk: tasks.Desk, i: int, lots: int) -> Decimal:
    """Lots of an instrument in base units at its mid."""
    return desk.ledger.accounts[i].grid.base_lots(lots, desk.books[i].mid2())


def turn(desk: tasks.Desk, task: Roll) -> Turn:
    """Close what the new leg is ahead by, else open the next slice of it."""
    a, b, sign = task.source, task.to, task.sign
    for i in (a, b):
        if not desk.live(i):
            return Turn(-1, Decimal(0), f"{desk.setup.instruments[i].instrument.id} is dead")
    closed = (task.start_source - desk.ledger.accounts[a].position) * sign
    opened = (desk.ledger.accounts[b].position - task.start_to) * sign
    rest = base(desk, a, max(0, task.lots - closed))
    ahead = base(desk, b, opened) - base(desk, a, closed)
    task.left = rest
    if desk.lots(a, min(max(ahead, Decimal(0)), rest)) > 0:
        return Turn(a, sign * min(ahead, rest))
    behind = rest - max(ahead, Decimal(0))
    if not desk.lots(a, rest) or desk.lots(b, behind) <= 0:
        return Turn(-1, Decimal(0), "done")
    step = max(desk.ledger.accounts[a].lot_step, int(desk.depth(a, -sign) * tasks.DEPTH_SHARE))
    want = min(behind, max(base(desk, a, step), base(desk, b, desk.ledger.accounts[b].lot_step)))
    return Turn(b, -sign * want, "", task.passive)


def behind(order: Order, best: int) -> bool:
    """A resting order of a roll goes when it has traded (the other leg follows) or when the touch has left it."""
    return order.state is State.LIVE and (order.filled > 0 or order.side * best > order.side * order.px)


def plan(desk: tasks.Desk, source: int, to: int, lots: int) -> tasks.Plan:
    """What a roll would do now, and what taking both legs would cost."""
    sign = 1 if desk.ledger.accounts[source].position > 0 else -1
    size = base(desk, source, lots)
    other = desk.lots(to, size)
    expected = desk.cost(source, -sign, lots) + desk.cost(to, sign, other)
    worst = desk.worst(source, lots) + desk.worst(to, other)
    asset = desk.setup.instruments[source].instrument.base
    side = "long" if sign > 0 else "short"
    names = [desk.setup.instruments[i].instrument.id for i in (source, to)]
    text = f"roll {tasks.short(size)} {asset} {side} from {names[0]} to {names[1]}"
    return tasks.Plan("roll", asset, text, size, (source, to), expected, worst)
