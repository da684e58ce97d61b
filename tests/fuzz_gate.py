"""Random orders at the pre-trade gate: NaN, infinities, overflows, wrong types, any state; none may leave past a limit.

    python tests/fuzz_gate.py [ORDERS] [SEED]        1,000,000 and 1 where none is given

Each order that the gate lets through is judged by arithmetic of its own, in fractions, from the definitions of the
limits; the command ends with 1 and names the order when one is past a limit, or when the gate raises.
"""

from __future__ import annotations

import math
import random
import sys
import time
from array import array
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "core"))

from desk_kit import DAY0, MS, Desk, item, setup_of

from mmtui.core.effects import PlaceOrder
from mmtui.core.risk.states import MAY_SEND
from mmtui.core.risk.states import Desk as State

PX0 = 1_000_000
COLLAR = 100.0
ORDER, GROSS, LEVERAGE, PER_S = 60_000.0, 200_000.0, 0.1, 50
EQUITY = 1_000_000
PURPOSES = ("quote", "hedge", "manual", "roll", "flatten", "close")
BAD = (
    math.nan, math.inf, -math.inf, 0, -1, -0.0, 0.5, 1e308, 2**31, 2**53 + 1, 2**63, 2**64, 2**80, 10**400, True,
    "100", None, 1e-320,
)  # fmt: skip


class Fuzz:
    """A desk of three kinds of instruments, and orders thrown at its gate."""

    def __init__(self, seed: int) -> None:
        limits = {"order_notional": ORDER, "gross_notional": GROSS, "leverage": LEVERAGE, "messages_per_s": PER_S}
        self.random = random.Random(seed)
        self.desk = Desk(setup_of(item("spot", baseline="2"), item("linear"), item("inverse"), limits=limits),
                         execution="deaf")  # fmt: skip
        self.desk.books()
        self.engine = self.desk.engine
        self.ts = DAY0 + 60_000 * MS
        self.passed: dict[str, int] = {}
        self.times = array("q")  # ns of each answer, on the wall's clock

    def mix(self) -> None:
        """Other positions, open orders and messages sent."""
        chance, engine = self.random, self.engine
        for order in list(engine.tracker.open.values()):
            engine.tracker.buys[order.i] -= order.left if order.side > 0 else 0
            engine.tracker.sells[order.i] -= order.left if order.side < 0 else 0
        engine.tracker.open.clear()
        for i, account in enumerate(engine.accounts):
            account.position = chance.choice((0, 0, chance.randint(-1_200, 1_200), chance.randint(-60, 60)))
            for _ in range(chance.randint(0, 2)):
                side, lots = chance.choice((1, -1)), chance.randint(1, 300)
                engine.tracker.add(PlaceOrder(i, engine.tracker.next_oid, side, PX0, lots, "GTX", False, "quote", 0),
                                   self.ts)  # fmt: skip
                engine.tracker.next_oid += 1
        self.ts += chance.randint(1, 2_000) * MS
        for v in range(3):
            for _ in range(chance.choice((0, 0, 10, PER_S))):
                engine.gate.count(v, self.ts)

    def number(self, usual: int) -> object:
        return self.random.choice(BAD) if self.random.random() < 0.25 else usual

    def order(self) -> str:
        """One order; what is wrong when it left and should not have."""
        chance = self.random
        i, side = chance.randrange(3), chance.choice((1, -1))
        px = self.number(PX0 + int(chance.gauss(0, 6_000)))
        lots = self.number(int(10 ** chance.uniform(0, 4)))
        reference = self.number(2 * PX0) if chance.random() < 0.2 else 2 * PX0
        collar = chance.choice((math.nan, math.inf, -1.0)) if chance.random() < 0.05 else COLLAR
        purpose, state = chance.choice(PURPOSES), chance.choice((State.RUNNING, State.RUNNING, *State))
        told = (i, side, px, lots, purpose, state, self.ts, reference, collar)
        began = time.perf_counter_ns()
        try:
            answer = self.engine.gate.check(*told)
            self.times.append(time.perf_counter_ns() - began)
        except TypeError:
            typed = isinstance(reference, str | None)  # text is no reference: no caller can hand it over
            return "" if typed else f"raised at {told}"
        except Exception as error:
            return f"{type(error).__name__} at {told}"
        word = answer.split(" bps")[0]
        self.passed[word] = self.passed.get(word, 0) + 1
        wrong = "" if answer else self.past(i, side, px, lots, purpose, state, reference, collar)
        return f"{wrong}: {told}" if wrong else ""

    def past(self, i, side, px, lots, purpose, state, reference, collar) -> str:
        """The limit that an order which left is past; "" when none."""
        if type(px) is not int or type(lots) is not int or px <= 0 or lots <= 0 or max(px, lots) >= 2**63:
            return "no number of ticks and lots"
        if not (isinstance(reference, int | float) and math.isfinite(reference) and reference > 0):
            return "no reference"
        if not math.isfinite(collar) or abs(Fraction(2 * px) / Fraction(reference) - 1) > Fraction(collar) / 10_000:
            return "collar"
        position, tracker = self.engine.accounts[i].position, self.engine.tracker
        long, short = position + tracker.buys[i], position - tracker.sells[i]
        reduces = long + lots <= 0 if side > 0 else short - lots >= 0
        if purpose not in MAY_SEND[state] and not (reduces and state is State.HALTED and purpose in ("manual", "roll")):
            return "state"
        if i == 0 and side < 0 and lots > 2_000 + short:
            return "spot balance"
        if reduces or purpose in ("flatten", "close"):
            return ""
        if (long + lots if side > 0 else lots - short) > self.engine.gate.position_limits[i]:
            return "position"
        worth = self.worth(i, lots, Fraction(2 * px))
        if worth > ORDER:
            return "order notional"
        grosses = [self.gross(k) for k in range(3)]
        if sum(grosses) + worth > GROSS:
            return "gross notional"
        if i and grosses[i] + worth > EQUITY * Fraction(LEVERAGE):
            return "leverage"
        sent = sum(1 for at in self.engine.gate.sent[i] if at > self.ts - 1_000 * MS)
        return "messages" if sent >= PER_S * 0.8 else ""

    def worth(self, i: int, lots: int, px2: Fraction) -> Fraction:
        """Dollars: 0.001 bitcoin a lot at a tick of 0.1, or 100 dollars a contract."""
        return Fraction(100 * lots) if i == 2 else px2 / 2 / 10 * lots / 1_000

    def gross(self, i: int) -> Fraction:
        position, tracker = self.engine.accounts[i].position, self.engine.tracker
        lots = max(abs(position + tracker.buys[i]), abs(position - tracker.sells[i]))
        return self.worth(i, lots, Fraction(self.engine.accounts[i].references.last()))


def run(orders: int, seed: int) -> tuple[list[str], Fuzz]:
    """Throw so many orders; what was wrong."""
    fuzz = Fuzz(seed)
    wrong: list[str] = []
    for k in range(orders):
        if k % 50 == 0:
            fuzz.mix()
        if found := fuzz.order():
            wrong.append(found)
    return wrong, fuzz


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    began = time.perf_counter()
    failures, fuzzed = run(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for answer, times in sorted(fuzzed.passed.items(), key=lambda pair: -pair[1]):
        print(f"{times:>10,}  {answer or 'left'}")
    for line in failures[:20]:
        print(line)
    took = sorted(fuzzed.times)
    p50, p99 = (took[int(share * len(took))] / 1e3 for share in (0.5, 0.99))
    print(f"the gate's answer: p50 {p50:.1f} us, p99 {p99:.1f} us (wall; goal p99 50)")
    print(f"{count:,} orders in {time.perf_counter() - began:.0f} s: {len(failures)} past a limit")
    sys.exit(1 if failures else 0)
