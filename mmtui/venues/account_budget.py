"""Rate budgets of one account: what may leave now, so that a cancel never waits behind a create.

Creates leave a reserve for cancels: the larger of 20 % of every budget that cancels draw on and the cost of cancelling
everything that is open (which thereby caps the open orders); and beside it what a window needs whatever happens: the
refreshes of the dead-man switch, and questions that find out what became of an order.  Questions have an allowance of
half a budget, so that they cannot use a window up at once and then stay away for the rest of it.

Rules of this file: integers; a budget is spent when a request leaves, whatever becomes of it.
"""

from __future__ import annotations

from mmtui.venues.account_deadman import plan
from mmtui.venues.trading import TradingFacts

MS = 1_000_000
#: Share of a budget that stays for cancels: one fifth.
RESERVE = 5
#: Rounds of questions that a window has room for, however much was created; with the switch at most this share of it.
ROUNDS, UPKEEP = 2, 4
#: Names of the types of requests.
KINDS = (
    "Create",
    "Amend",
    "Cancel",
    "CancelEverything",
    "AskOpen",
    "AskFills",
    "AskLedger",
    "AskPositions",
    "ArmDeadMan",
)
_SLOTS = 16


class Window:
    """At most `limit` units in any `ns`: counted in slots that cover a little more than that."""

    __slots__ = ("_at", "_slots", "limit", "ns", "slot", "used")

    def __init__(self, limit: int, ns: int) -> None:
        self.limit = limit
        self.ns = ns
        self.slot = -(-ns // _SLOTS)
        self.used = 0
        self._slots = [0] * (_SLOTS + 2)
        self._at = 0

    def room(self, now: int) -> int:
        """Units that may be spent now."""
        place = now // self.slot
        steps = place - self._at
        if steps > 0:
            slots, size = self._slots, _SLOTS + 2
            if steps >= size:
                slots[:] = [0] * size
                self.used = 0
            else:
                for k in range(self._at + 1, place + 1):
                    self.used -= slots[k % size]
                    slots[k % size] = 0
            self._at = place
        return self.limit - self.used

    def spend(self, now: int, units: int) -> None:
        self.room(now)
        self._slots[self._at % (_SLOTS + 2)] += units
        self.used += units


class Allowance:
    """Units that come back evenly: half of `limit` in `ns`, and never more than that half."""

    __slots__ = ("_at", "_full", "_level", "_ns", "_rate")

    def __init__(self, limit: int, ns: int) -> None:
        self._ns = ns
        self._rate = max(1, limit // 2)
        self._full = self._rate * ns
        self._level = max(1, limit // 4) * ns  # units x ns; what an earlier life used is not known
        self._at = 0

    def has(self, now: int, units: int) -> bool:
        """Whether so much is there; what is more than a full allowance may leave from a full one."""
        self._at = self._at or now
        if now > self._at:
            self._level = min(self._full, self._level + (now - self._at) * self._rate)
            self._at = now
        return self._level >= min(units * self._ns, self._full)

    def spend(self, units: int) -> None:
        self._level -= units * self._ns


#: Where a budget is short, cancels are repeated this often.
REPEAT = 4_000 * MS


class Budget:
    """All windows of one venue. `open_orders` of a question is what would have to be cancelled."""

    __slots__ = ("_asking", "_batch", "_cancel", "_count_cancels", "_kept", "_orders", "_weight", "repeated", "weights")

    def __init__(self, facts: TradingFacts, instruments: int) -> None:
        rates = facts.rates
        self._weight = Window(rates.weight, rates.window_ms * MS)
        self._asking = Allowance(rates.weight, rates.window_ms * MS)
        self._orders = [Window(limit, ms * MS) for limit, ms in rates.orders]
        self._count_cancels = rates.cancels_count
        self._batch = facts.batch_cancel
        self.repeated = 0  # when something last left again
        self.weights = {kind: facts.weight(kind, instruments) for kind in KINDS}
        self._cancel = self.weights["Cancel"]
        self._kept = rates.weight // RESERVE + min(rates.weight // UPKEEP, self._upkeep(facts, instruments))

    def _upkeep(self, facts: TradingFacts, instruments: int) -> int:
        """Weight a window that is spent beside orders: refreshes of the switches, and rounds of questions."""
        keys = instruments if facts.dead_man.scope == "symbol" else 1
        every_ms = plan(facts, keys)[1]
        refreshes = keys * self.weights["ArmDeadMan"] * facts.rates.window_ms // every_ms if every_ms else 0
        asked = ("AskOpen", "AskOpen", "AskFills", "AskLedger", "AskPositions")
        return refreshes + ROUNDS * sum(self.weights[kind] for kind in asked)

    @property
    def slot(self) -> int:
        """What is refused now should be tried again so much later, ns."""
        return min([self._weight.slot, *(window.slot for window in self._orders)])

    def cancelling(self, open_orders: int) -> int:
        """Weight of cancelling so many orders by id."""
        return -(-open_orders // self._batch) * self._cancel

    def creates(self, now: int, wanted: int, open_orders: int) -> int:
        """How many of `wanted` orders may be created now, in one request; where they weigh nothing, nothing is kept."""
        window = self._weight
        left = window.room(now) - self.weights["Create"]
        if left < self._kept and self.weights["Create"]:
            return 0
        fits = min(wanted, left // self._cancel * self._batch - open_orders) if self._cancel else wanted
        for orders in self._orders:
            room = orders.room(now)
            if self._count_cancels:
                fits = min(fits, room - orders.limit // RESERVE, (room - open_orders) // 2)
            else:
                fits = min(fits, room)
        return max(0, fits)

    def cancels(self, now: int, wanted: int, spare: int = 0) -> int:
        """How many orders may be cancelled now, in one request: cancels may use everything but what is to be spared."""
        if self._weight.room(now) < self._cancel + spare:
            return 0
        if self._count_cancels:
            for orders in self._orders:
                wanted = min(wanted, orders.room(now))
        return max(0, wanted)

    def again(self, now: int) -> bool:
        """Whether cancels that have left before may leave again: half of the weight is there, or they waited.

        The other half is for first cancels, and for the questions that prove what is left.
        """
        return self._weight.room(now) * 2 >= self._weight.limit or now - self.repeated >= REPEAT

    def fits(self, now: int, kind: str) -> bool:
        """Whether a request that protects (cancel-all, dead-man switch) may leave."""
        return self._weight.room(now) >= self.weights[kind]

    def asks(self, now: int, kind: str, open_orders: int, live: bool) -> bool:
        """Whether a question may leave: within its allowance, and what cancelling everything costs stays.

        The reserve is for cancels and for the question that proves them (open orders); while orders of ours are `live`
        the others leave it alone (without any there is nothing to cancel, and creates cannot take it either). Fills,
        without which no order's fate is known, may take half of it.
        """
        weight = self.weights[kind]
        if not self._asking.has(now, weight):
            return False
        window = self._weight
        room = window.room(now)
        reserve = self.cancelling(open_orders)
        if live and kind != "AskOpen":
            kept = window.limit // RESERVE
            reserve = max(reserve, kept // 2 if kind == "AskFills" else kept)
        return room - weight >= reserve or room == window.limit

    def asked(self, now: int, kind: str) -> None:
        """A question leaves."""
        self._asking.spend(self.weights[kind])
        self._weight.spend(now, self.weights[kind])

    def told(self, now: int, weight: int, orders: dict[int, int]) -> None:
        """The venue says what it has counted: weight, and orders by the window's ms. The greater count is believed."""
        self._weight.spend(now, max(0, min(weight, self._weight.limit) - self._used(self._weight, now)))
        for window in self._orders:
            said = orders.get(window.ns // MS, 0)
            window.spend(now, max(0, min(said, window.limit) - self._used(window, now)))

    @staticmethod
    def _used(window: Window, now: int) -> int:
        return window.limit - window.room(now)

    def gauge(self, now: int) -> tuple[int, int]:
        """Weight that is used, and the budget."""
        return self._used(self._weight, now), self._weight.limit

    def spend(self, now: int, weight: int, created: int = 0, cancelled: int = 0) -> None:
        """A request leaves."""
        self._weight.spend(now, weight)
        units = created + (cancelled if self._count_cancels else 0)
        if units:
            for orders in self._orders:
                orders.spend(now, units)
