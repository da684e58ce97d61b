"""What a venue counts and watches: request budgets with their bans, and the dead-man switch.

Rules of this file: by the venue's TradingFacts; the venue's own clock is the world's.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.sim.world import MS, SECOND, World
from mmtui.venues.account_messages import Amend, Answer, Armed, Create, Failed, Refused, Request
from mmtui.venues.trading import TradingFacts

DAY = 86_400 * SECOND
#: A ban of the simulator, and a wait that a venue asks for, is no longer than this: seeds are short.
BAN_MAX_NS = 8 * SECOND
#: The venue lets pass a little more than it promises.
SLACK = 10
#: Requests in spite of a 429 that lead to a ban.
PATIENCE = 5


class Budgets:
    """Fixed windows of weight and orders; who goes on after a 429 is banned."""

    __slots__ = ("_facts", "_limited", "_orders", "_said", "_until", "_used", "_world", "banned", "refused")

    def __init__(self, world: World, facts: TradingFacts) -> None:
        self._world = world
        self._facts = facts
        windows = [(facts.rates.weight, facts.rates.window_ms), *facts.rates.orders]
        self._used = [[0, 0, limit + limit // SLACK + 1, ms * MS] for limit, ms in windows]  # window, units, limit, ns
        self._limited = 0  # 429 until
        self._until = 0  # banned until
        self._said = 0  # 429s in this spell
        self.banned = ""  # 418 | 403 | "": as what
        self.refused = 0  # requests over the venue's own budget, ever: the desk's own doing

    def limit(self, ns: int) -> None:
        """Fault 25: everything is 429 for a while, whatever was sent."""
        self._limited = max(self._limited, self._world.now + ns)
        self._said = 0

    def ban(self, kind: str, ns: int) -> None:
        """Fault 25, or the venue's penalty."""
        self.banned = kind
        self._until = self._world.now + min(ns, BAN_MAX_NS)

    def end(self) -> None:
        """When all heals the venue forgets what was spent: a budget that crashes ate is no fault of the desk."""
        self._limited = self._until = 0
        for window in self._used:
            window[1] = 0

    def take(self, request: Request) -> Failed | None:
        """Count a request: why it is refused, None when it passes."""
        now = self._world.now
        if now < self._until:
            return Failed(self.banned, (self._until - now) // MS)
        if now < self._limited:
            return self._too_many(self._limited - now)
        units = len(request.orders) if type(request) is Create else type(request) is Amend
        over = 0
        for place, window in enumerate(self._used):
            number = now // window[3]
            if number != window[0]:
                window[0], window[1] = number, 0
            window[1] += units if place else request.weight
            if window[1] > window[2]:
                over = (number + 1) * window[3] - now
        if not over:
            return None
        self.refused += 1
        return self._too_many(over)

    def _too_many(self, wait: int) -> Failed:
        self._said += 1
        penalty = self._facts.rates.penalty
        if self._said > PATIENCE and penalty in ("418", "403"):
            self._said = 0
            self.ban(penalty, self._facts.rates.ban_ms * MS)
            return Failed(penalty, min(self._facts.rates.ban_ms, BAN_MAX_NS // MS))
        return Failed("429", min(wait, BAN_MAX_NS) // MS + 1)


class DeadManSwitch:
    """Of the whole account (key -1) or of each instrument. `fire(i)` cancels everything there."""

    __slots__ = ("_at", "_day", "_facts", "_fire", "_fired", "_world", "spent")

    def __init__(self, world: World, facts: TradingFacts, fire: Callable[[int], None]) -> None:
        self._world = world
        self._facts = facts.dead_man
        self._fire = fire
        self._at: dict[int, int] = {}  # key -> instant at which it fires; 0: armed for a disconnect
        self._day = 0
        self._fired = 0  # today
        self.spent = False  # fault 39: the venue says that today's quota is used up

    def arm(self, ms: int, i: int) -> Answer:
        """A refresh has arrived."""
        facts = self._facts
        key = i if facts.scope == "symbol" else -1
        if facts.mechanism == "none":
            return Refused("dead-man", "there is no such thing here")
        if ms == 0:
            self._at.pop(key, None)
            return Armed(0)
        if not facts.min_ms <= ms <= facts.max_ms or ms % facts.step_ms:
            return Refused("dead-man", f"{ms} ms is not allowed")
        if self.spent or (facts.per_day and self._today() >= facts.per_day):
            return Refused("dead-man", "the quota of the day is used up")
        if facts.mechanism == "disconnect":
            self._at[key] = 0
            return Armed(self._world.now)
        trigger = self._at[key] = self._world.now + ms * MS
        self._world.at(trigger, self._due, key, trigger)
        return Armed(trigger)

    def _today(self) -> int:
        day = self._world.now // DAY
        if day != self._day:
            self._day, self._fired = day, 0
        return self._fired

    def _due(self, key: int, trigger: int) -> None:
        if self._at.get(key) == trigger:
            self.fire(key)

    def disconnected(self, graceful: bool) -> None:
        """The last private stream is gone."""
        if self._facts.mechanism == "disconnect" and (not graceful or self._facts.on_logout):
            for key in tuple(self._at):
                self._world.after(self._facts.apply_ms * MS, self._late, key)

    def _late(self, key: int) -> None:
        if key in self._at:
            self.fire(key)

    def fire(self, key: int) -> None:
        """Cancel everything of the scope; the switch is off then."""
        self._at.pop(key, None)
        self._today()
        self._fired += 1
        self._fire(key)

    def armed(self) -> list[int]:
        """Keys that are armed."""
        return list(self._at)
