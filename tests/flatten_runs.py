"""Random flattens and closes on a market that moves, thins out, dies and comes back: none may trade past its goal.

    python tests/flatten_runs.py [RUNS] [SEED]        100,000 and 1 where none is given

Each run is a desk of three kinds of contracts in some state, with positions, before the paper venue; operators abort,
extend, pause and kill in between.  Judged by arithmetic of its own, at every fill of a task:

    flatten   the net of the asset does not change its sign by a lot of the traded contract or more, and does not grow
    close     no leg changes its sign or grows; |net| is never above its start by more than a slice
    both      a slice leaves only when no quote rests, never at a price past the cap from the mid of the press (of its
              first slice, where a contract had no price at the press)

The command ends with 1 and names the run (which `python tests/flatten_runs.py 1 RUN` repeats) when one does not hold.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "core"))

from desk_kit import MS, Desk, item, setup_of

from mmtui.core.effects import Effect, PlaceOrder
from mmtui.core.events import Event, FeedStatus, Fill

MID = 1_000_000  # ticks of 0.1
LOT = Fraction(1, 1_000)  # BTC, of spot and linear
CONTRACT = 100  # USD, of inverse
STEPS = 240  # of 100 ms
LOOSE = {"drawdown": 1e9, "daily_loss": 1e9, "leverage": 1e6, "gross_notional": 1e12}


class Past(Exception):
    """A task traded past its goal."""


class Run:
    """One desk, one task, and the judge of its fills."""

    def __init__(self, number: int) -> None:
        self.dice = dice = random.Random(number)
        target = dice.choice(("0", "0", "0.3", "-0.2"))
        items = (item("spot", baseline="5"), item("linear", target=target), item("inverse"))
        self.desk = Desk(setup_of(*items, limits=LOOSE))
        self.target = Fraction(target)
        self.mids = [MID] * 3  # ticks
        self.trend = dice.choice((0, 0, 250, -250))  # ticks a step
        self.size = dice.choice((5, 40, 300))
        self.desk.running(size=self.size)
        for i, most in enumerate((900, 900, 400)):
            position = dice.choice((0, dice.randint(-most, most), dice.randint(-most, most)))
            if position:
                self.desk.trade_into(position, i)
        state = dice.choice(("RUNNING", "RUNNING", "STOPPED", "HALTED", "KILLED"))
        if state == "HALTED":
            self.desk.halt()
        elif state != "RUNNING":
            self.desk.press({"STOPPED": "stop", "KILLED": "kill"}[state])
        self.kind = dice.choice(("flatten", "close"))
        self.references: dict[int, int] = {}
        self.positions: list[int] = []
        self.start: Fraction | None = None  # |net| when the first slice leaves
        self.slice = Fraction(0)
        self.oids: dict[int, PlaceOrder] = {}
        self.fills = 0
        self.desk.after = self.judge

    def play(self) -> str:
        """The task from its press to its end; how it ended."""
        desk, dice = self.desk, self.dice
        self.market(5)
        self.positions = self.now()
        if not self.press(self.kind):
            return "nothing to do"
        ended = "done"
        for _ in range(STEPS):
            self.market(1)
            if not desk.engine.tasks.running:
                return ended
            draw = dice.random()
            if draw < 0.004:
                desk.press("abort")
                ended = "aborted"
            elif draw < 0.008:
                desk.press("kill", reason="drill")
                ended = "killed"
            elif draw < 0.012:
                desk.press("pause")
            if any(task.at_cap for task in desk.engine.tasks.running.values()):
                ended = "at its cap"
                if dice.random() < 0.2:
                    self.press("extend")
        return "not done in time" if ended == "done" else ended

    def press(self, act: str) -> bool:
        """Press; the references of the cap are the mids of now."""
        books = self.desk.engine.books
        mids = {i: book.mid2() for i, book in enumerate(books) if book.quotable}
        result = self.desk.press(act)
        if result is not None and result.ok:
            self.references = mids
            return True
        return False

    def market(self, steps: int) -> None:
        """Books that move together and apart, thin out, break and come back."""
        desk, dice = self.desk, self.dice
        for _ in range(steps):
            desk.runner.advance(desk.now + 100 * MS)
            drift = self.trend + dice.choice((0, 0, 0, dice.randint(-600, 600)))
            for i in range(3):
                draw = dice.random()
                self.mids[i] += drift + dice.randint(-20, 20)
                if draw < 0.01:
                    desk.gap(i)
                elif draw < 0.015:
                    desk.event(FeedStatus(desk.now + MS, i, False, "drill"))
                elif draw < 0.95:
                    if not desk.engine.protections.connected[i]:
                        desk.event(FeedStatus(desk.now + MS, i, True, "drill"))
                    half = dice.choice((5, 5, 50))
                    size = max(1, self.size * dice.randint(1, 4) // 2)
                    desk.book(self.mids[i] - half, self.mids[i] + half, i, size, levels=8, gap=dice.choice((1, 30)))

    # ------------------------------------------------------------ the judge

    def now(self) -> list[int]:
        return [account.position for account in self.desk.engine.accounts]

    def base(self, i: int, lots: int) -> Fraction:
        """Lots of a contract in BTC at its present mid."""
        if i < 2:
            return lots * LOT
        book = self.desk.engine.books[i]
        mid2 = book.mid2() if book.bid and book.ask else 2 * self.mids[i]
        return Fraction(lots * CONTRACT * 20, mid2)

    def net(self, positions: list[int]) -> Fraction:
        legs = sum((self.base(i, lots) for i, lots in enumerate(positions)), Fraction(0))
        return legs + Fraction(self.desk.engine.ledger.wallet(2)) - self.target

    def judge(self, event: Event, effects: list[Effect]) -> None:
        engine = self.desk.engine
        for effect in effects:
            if isinstance(effect, PlaceOrder) and effect.purpose == self.kind:
                self.leaves(effect)
        if not isinstance(event, Fill) or event.oid not in self.oids:
            if isinstance(event, Fill):
                self.positions = self.now()
            return
        before, after = self.positions, [account.position for account in engine.accounts]
        self.positions = after
        self.fills += 1
        i = event.i
        if self.kind == "flatten":
            self.flattened(i, self.net(before), self.net(after))
        else:
            self.closed(i, before[i], after[i], self.net(after))

    def leaves(self, order: PlaceOrder) -> None:
        """A slice: alone, inside the cap, and no more than what is left."""
        resting = [one for one in self.desk.engine.tracker.open.values() if one.purpose == "quote"]
        if resting:
            raise Past(f"a slice left while {len(resting)} quotes rest")
        reference = self.references.setdefault(order.i, self.desk.engine.books[order.i].mid2())
        cap = self.desk.setup.limits.flatten_cap_major_bps
        past = order.side * (2 * order.px - reference) * 10_000 / reference
        if past > cap + 20_000 / reference:
            raise Past(f"a slice {past:.1f} bps from the mid of the press, the cap is {cap:g}")
        if self.start is None:
            self.start = abs(self.net(self.positions))
        self.slice = max(self.slice, self.base(order.i, order.sz))
        self.oids[order.oid] = order

    def flattened(self, i: int, before: Fraction, after: Fraction) -> None:
        lot = self.base(i, 1)
        if before * after < 0 and abs(after) > lot:
            raise Past(f"the net went from {float(before):+.6f} to {float(after):+.6f} BTC")
        if abs(after) > abs(before) + lot:
            raise Past(f"the net grew from {float(before):+.6f} to {float(after):+.6f} BTC")

    def closed(self, i: int, before: int, after: int, net: Fraction) -> None:
        if before * after < 0 or abs(after) > abs(before):
            raise Past(f"leg {i} went from {before} to {after} lots")
        assert self.start is not None
        if abs(net + self.target) > self.start + abs(self.target) + self.slice + self.drifted():
            raise Past(f"|net| is {float(abs(net)):.6f} BTC, it began at {float(self.start):.6f}")

    def drifted(self) -> Fraction:
        """What a moving price makes of the inverse leg's base units, and a lot."""
        return abs(self.base(2, self.positions[2])) / 20 + LOT


def main(argv: list[str]) -> int:
    runs = int(argv[0]) if argv else 100_000
    first = int(argv[1]) if len(argv) > 1 else 1
    ends: Counter[str] = Counter()
    begun, fills, broken = time.process_time(), 0, 0
    gc.disable()
    for number in range(first, first + runs):
        run = Run(number)
        try:
            ends[f"{run.kind} {run.play()}"] += 1
        except Past as error:
            broken += 1
            print(f"run {number}: {run.kind}: {error}", file=sys.stderr)
        fills += run.fills
        if number % 200 == 0:
            gc.collect()
    said = ", ".join(f"{name} {count:,}" for name, count in sorted(ends.items()))
    print(f"{runs:,} runs from {first}, {fills:,} fills of slices: {broken} past their goal ({said});", end=" ")
    print(f"{time.process_time() - begun:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
