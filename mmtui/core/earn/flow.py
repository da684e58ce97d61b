"""Order flow of one instrument: what was sent and filled, what the market traded, how inventory decays, presence.

- **fill ratio**: quotes that traded at least once / quotes that were sent.
- **quote-to-trade**: order messages (new, cancel, amend) / executions: the counts of the order-to-trade ratio of RTS 9
  (Delegated Regulation (EU) 2017/566), undiminished by its 1.
- **share of volume**: own lots / lots that the market traded since the start. On a live venue the market's trades
  contain ours; on a paper venue they do not.
- **half-life of inventory**: the sampled deviation from target x, once a second, is fitted by x' = phi x (least squares
  through the origin: phi = sum x x' / sum x x; a discrete Ornstein-Uhlenbeck process); half-life = ln 2 / -ln phi.
  There is none while phi is not between 0 and 1: inventory that does not come back has no half-life.
- **presence at best**: share of the quoting time in which an own live order stood at the best price, or better.

Rules of this file: counts in integers; a public trade costs a few additions.
"""

from __future__ import annotations

from mmtui.core.maths import log

SECOND = 1_000_000_000
#: The market's recent trades are counted in so many slots of so many ns: one minute.
SLOTS, SLOT = 6, 10 * SECOND
#: Samples of inventory (seconds in which there was any) before a half-life is said.
SAMPLES = 60


class Recent:
    """Trades of the last minute by the taker's side, in slots."""

    __slots__ = ("counts", "lots", "numbers")

    def __init__(self) -> None:
        self.numbers = [-1] * SLOTS
        self.lots = {1: [0] * SLOTS, -1: [0] * SLOTS}
        self.counts = {1: [0] * SLOTS, -1: [0] * SLOTS}

    def add(self, ts: int, side: int, lots: int) -> None:
        number = ts // SLOT
        k = number % SLOTS
        if self.numbers[k] != number:
            self.numbers[k] = number
            self.lots[1][k] = self.lots[-1][k] = self.counts[1][k] = self.counts[-1][k] = 0
        self.lots[side][k] += lots
        self.counts[side][k] += 1

    def rate(self, ts: int, side: int) -> tuple[float, float]:
        """(trades a second, mean lots a trade) of takers of one side over the last minute; zeros when none."""
        now = ts // SLOT
        lots = count = 0
        for k, number in enumerate(self.numbers):
            if now - SLOTS < number <= now:
                lots += self.lots[side][k]
                count += self.counts[side][k]
        span = ((SLOTS - 1) * SLOT + ts % SLOT) / SECOND
        return (count / span, lots / count) if count else (0.0, 0.0)

    def rescale(self, sz: int) -> None:
        for side in (1, -1):
            self.lots[side] = [lots * sz for lots in self.lots[side]]


class Decay:
    """How fast inventory goes back to its target: sums of the fit, in lots squared."""

    __slots__ = ("last", "products", "samples", "squares")

    def __init__(self) -> None:
        self.last: int | None = None
        self.squares = self.products = 0
        self.samples = 0

    def sample(self, deviation: int) -> None:
        """The deviation from target, a second after the last."""
        if self.last:
            self.squares += self.last * self.last
            self.products += self.last * deviation
            self.samples += 1
        self.last = deviation

    def half_life(self) -> float | None:
        """Seconds; None before SAMPLES, and where inventory does not come back."""
        if self.samples < SAMPLES or not 0 < self.products < self.squares:
            return None
        return log(2.0) / -log(self.products / self.squares)

    def rescale(self, sz: int) -> None:
        self.last = None if self.last is None else self.last * sz
        self.squares *= sz * sz
        self.products *= sz * sz


class Flow:
    """Of one instrument. Lists by side hold bids at [1] and asks at [-1]."""

    __slots__ = ("at_best", "decay", "filled", "last", "market", "messages", "placed", "recent", "taken", "total")

    def __init__(self) -> None:
        self.placed = [0, 0, 0]  # quotes sent, by side
        self.filled = [0, 0, 0]  # quotes that traded at least once
        self.messages = 0  # of every purpose: new, cancel, amend
        self.market = 0  # lots of public trades
        self.taken = [0, 0, 0]  # lots since the last beat, by the taker's side
        self.recent = Recent()
        self.decay = Decay()
        self.last = self.total = 0  # ns of quoting time
        self.at_best = [0, 0, 0]  # ns of it at the best price, by side

    def trade(self, ts: int, side: int, lots: int) -> None:
        """A public trade."""
        self.market += lots
        self.taken[side] += lots
        self.recent.add(ts, side, lots)

    def fill_ratio(self, side: int = 0) -> float | None:
        """Of one side, or of both (0); None before the first quote."""
        placed = self.placed[side] if side else self.placed[1] + self.placed[-1]
        filled = self.filled[side] if side else self.filled[1] + self.filled[-1]
        return filled / placed if placed else None

    def presence(self, side: int) -> float:
        """Share of the quoting time at the best price of a side, 0..1."""
        return self.at_best[side] / self.total if self.total else 0.0

    def rescale(self, sz: int) -> None:
        """A finer lot."""
        self.market *= sz
        self.taken = [lots * sz for lots in self.taken]
        self.recent.rescale(sz)
        self.decay.rescale(sz)

    def digest(self) -> tuple[object, ...]:
        decay = self.decay
        return (
            self.placed, self.filled, self.messages, self.market, self.at_best, self.total,
            decay.samples, str(decay.squares), str(decay.products),
        )  # fmt: skip
