"""One instrument's public market: a cheap random walk with a book, takers, and the venue's own frames about it.

The book is what everybody else has (`sizes`, LEVELS a side, one tick apart) and what our account rests in it (`own`,
put there by the exchange).  A key is +price on the bid side and -price on the ask side.  A step lets makers move or a
taker trade; what changed is told in Binance's public form, so that the venue's own wire code reads it.

Rules of this file: integers only, bytes from templates; the exchange books every execution of an order in `own`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mmtui.core.market.instrument import Instrument
from mmtui.sim.world import MS, SECOND, World
from mmtui.venues.binance.grid import parse_step, step_text

LEVELS = 8
SIZE = 60  # lots of a level, on average
DEPTH_NS = 100 * MS


class Resting(Protocol):
    """An order that rests in the book, as the market needs it."""

    side: int
    px: int
    left: int
    ahead: int  # lots of others before it at its price


#: Frames in the order in which they leave, each with its kind: "t"rade, "b"ookTicker, "d"epth, "m"ark.
Frames = list[tuple[str, bytes]]


class Texts(dict[int, bytes]):
    """Steps -> the decimal text of the wire, made once."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self._number, self._decimals = parse_step(step)

    def __missing__(self, steps: int) -> bytes:
        text = self[steps] = step_text(steps * self._number, self._decimals).encode()
        return text


class Market:
    """The walk of one instrument. `execute(order, lots)` books an execution, `publish(i, frames)` sends what is new."""

    __slots__ = (
        "_depth_head",
        "_trade",
        "_dirty",
        "_due",
        "_frames",
        "_last",
        "_mark_at",
        "_rng",
        "_ticker_head",
        "_ticker_tail",
        "_told",
        "ask",
        "bid",
        "execute",
        "futures",
        "gap",
        "i",
        "instrument",
        "own",
        "pace",
        "publish",
        "px",
        "seq",
        "silent",
        "sizes",
        "start_px",
        "sz",
        "trades",
        "world",
    )

    def __init__(self, world: World, i: int, instrument: Instrument, start_px: int, pace_ms: int) -> None:
        self.world = world
        self.i = i
        self.instrument = instrument
        self.execute: Callable[[Resting, int], None] = _nobody
        self.publish: Callable[[int, Frames], None] = _nowhere
        self.pace = pace_ms * MS
        self.start_px = start_px
        self.gap = 1  # ticks between levels: more than one once the venue's tick has become finer
        self.silent = False  # halted or delisted: nobody trades
        self.futures = instrument.kind != "spot"
        self.px, self.sz = Texts(instrument.tick), Texts(instrument.lot)
        self.sizes: dict[int, int] = {}
        self.own: dict[int, list[Resting]] = {}
        self.bid, self.ask = start_px, start_px + 1  # best of the others
        self.seq = 1_000
        self.trades = 0
        self._last = 1_000  # final id of the last depth update
        self._rng = world.rng(f"market/{instrument.id}")
        self._dirty: dict[int, None] = {}  # keys whose size changed, in that order
        self._frames: Frames = []
        self._told = (0, 0, 0, 0)
        self._due = 0
        self._mark_at = 0
        symbol = instrument.symbol
        low, name = symbol.lower().encode(), symbol.encode()
        self._depth_head = b'{"stream":"%b@depth@100ms","data":{"e":"depthUpdate","E":%%d,"s":"%b","U":%%d,"u":%%d,' % (
            low, name,
        )  # fmt: skip
        self._ticker_head = b'{"stream":"%b@bookTicker","data":{"u":%%d,"s":"%b",' % (low, name)
        self._ticker_head += b'"b":"%b","B":"%b","a":"%b","A":"%b"'
        self._ticker_tail = b',"T":%d,"E":%d,"e":"bookTicker"}}' if self.futures else b"}}"
        self._trade = b'{"stream":"%b@trade","data":{"e":"trade","E":%%d,"s":"%b","t":%%d,' % (low, name)
        self._trade += b'"p":"%b","q":"%b","T":%d,"m":%b' + (b',"X":"MARKET"}}' if self.futures else b"}}")
        for k in range(LEVELS):
            self.sizes[self.bid - k] = 1 + self._rng.below(2 * SIZE)
            self.sizes[-self.ask - k] = 1 + self._rng.below(2 * SIZE)

    def start(self) -> None:
        """Begin to walk; the steps go on for ever."""
        self.world.after(1 + self._rng.below(self.pace), self._step)

    # -- the book ----------------------------------------------------------------------------------------------

    def touch(self) -> tuple[int, int]:
        """Best bid and ask in ticks, own orders included."""
        bid, ask = self.bid, self.ask
        for key in self.own:
            if key > bid:
                bid = key
            elif 0 > key > -ask:
                ask = -key
        return bid, ask

    def shown(self, key: int) -> int:
        """Displayed lots at a key."""
        size = self.sizes.get(key, 0)
        for order in self.own.get(key, ()):
            size += order.left
        return size

    def join(self, order: Resting) -> None:
        """A resting order queues behind what the others show at its price."""
        key = order.px * order.side
        order.ahead = self.sizes.get(key, 0)
        self.own.setdefault(key, []).append(order)
        self._dirty[key] = None

    def touched(self, order: Resting) -> None:
        """A resting order has another size at the place that it has."""
        self._dirty[order.px * order.side] = None

    def leave(self, order: Resting) -> None:
        """A resting order is gone, filled or cancelled."""
        key = order.px * order.side
        orders = self.own.get(key)
        if orders is not None:
            orders[:] = [other for other in orders if other is not order]
            if not orders:
                del self.own[key]
        self._dirty[key] = None

    def hit(self, key: int, lots: int, side: int) -> int:
        """A taker meets one level: others that are first in the queue, own orders, the rest. Returns lots traded."""
        sizes = self.sizes
        others = sizes.get(key, 0)
        left = lots
        orders = self.own.get(key)
        if orders:
            before = 0  # of the others, that this taker has consumed
            for order in tuple(orders):
                first = min(max(order.ahead - before, 0), left, others - before)
                before += first
                left -= first
                done = min(order.left, left)
                if done > 0:
                    left -= done
                    self.execute(order, done)
            for order in orders:
                order.ahead = max(0, order.ahead - before)
            others -= before
        rest = min(others, left)
        left -= rest
        if key in sizes:
            sizes[key] = others - rest
        self._dirty[key] = None
        done = lots - left
        if done > 0:
            self.print_trade(abs(key), done, side)
        if sizes.get(key) == 0:  # makers step back by as many levels as were taken away
            if key > 0:
                self._place(key - self.gap, self.ask)
            else:
                self._place(self.bid, -key + self.gap)
        return done

    def _place(self, bid: int, ask: int) -> None:
        """The others' best prices; whoever of ours is crossed by them trades."""
        bid_before, ask_before, self.bid, self.ask = self.bid, self.ask, bid, ask
        if self.own:
            for key in sorted(self.own, reverse=True):
                if (key < 0 and -key <= bid) or key >= ask:
                    for order in tuple(self.own.get(key, ())):
                        lots = order.left
                        self.execute(order, lots)
                        self.print_trade(abs(key), lots, 1 if key < 0 else -1)
        if bid != bid_before:
            self._shift(bid_before, bid)
        if ask != ask_before:
            self._shift(-ask_before, -ask)

    def _shift(self, old: int, new: int) -> None:
        """LEVELS from the new best key on, and none elsewhere (a greater key is a better price on both sides)."""
        gap = self.gap
        low, low_new = old - (LEVELS - 1) * gap, new - (LEVELS - 1) * gap
        if (new - old) % gap:  # the venue's tick is finer than the distance of levels
            gone, come = range(low, old + gap, gap), range(low_new, new + gap, gap)
        elif new > old:
            gone = range(low, min(low_new, old + gap), gap)
            come = range(max(old + gap, low_new), new + gap, gap)
        else:
            gone = range(max(new + gap, low), old + gap, gap)
            come = range(low_new, min(low, new + gap), gap)
        sizes, own, dirty = self.sizes, self.own, self._dirty
        for key in gone:
            del sizes[key]
            dirty[key] = None
            for order in own.get(key, ()):
                order.ahead = 0
        draw = self._rng.bits()
        for key in come:
            sizes[key] = 1 + (draw + key * 7) % (2 * SIZE)
            dirty[key] = None

    def refine(self, factor: int, tick: str) -> None:
        """The venue's tick becomes finer: every price is so many times as many ticks."""
        self.px = Texts(tick)
        self.gap *= factor
        self.start_px *= factor
        self.bid *= factor
        self.ask *= factor
        self.sizes = {key * factor: size for key, size in self.sizes.items()}
        self.own = {key * factor: orders for key, orders in self.own.items()}
        self._dirty = {key * factor: None for key in self._dirty}

    # -- the walk ----------------------------------------------------------------------------------------------

    def _step(self) -> None:
        draw = self._rng.bits()
        if not self.silent:
            kind = draw & 15
            if kind < 6:
                self._churn(draw >> 8)
            elif kind < 12:
                side = 1 if draw & 16 else -1
                bid, ask = self.touch()
                self.hit(-side * (ask if side > 0 else bid), 1 + (draw >> 8) % SIZE, side)
            else:
                self._move(draw >> 8, 1 if kind < 15 else 4)
        self.tell()
        self.world.after(self.pace // 4 + (draw >> 40) * self.pace * 3 // 2 // (1 << 24), self._step)

    def _churn(self, draw: int) -> None:
        """One of the others' levels changes its size; decreases come from behind our orders."""
        away = draw % 5 * self.gap
        key = self.bid - away if draw & 64 else -self.ask - away
        size = self.sizes[key] = 1 + (draw >> 16) % (2 * SIZE)
        for order in self.own.get(key, ()):
            order.ahead = min(order.ahead, size)
        self._dirty[key] = None

    def _move(self, draw: int, most: int) -> None:
        """The others' prices move; they never walk away from where they began for good."""
        ticks = (1 + draw % most) * self.gap
        if self.gap > 1:
            ticks += (draw >> 24) % self.gap
        side = 1 if draw & (1 << 12) else -1
        far = self.bid - self.start_px
        if abs(far) * 50 > self.start_px and far * side > 0:
            side = -side
        wide = (1 + (draw >> 20) % 2) * self.gap
        bid = self.bid + side * ticks
        self._place(bid, bid + wide)

    # -- what is said ------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Send what has changed: trades at once, the touch when it is another, depth every 100 ms."""
        now = self.world.now
        stamp = now // MS
        if self.own:
            bid, ask = self.touch()
            touch = (bid, self.shown(bid), ask, self.shown(-ask))
        else:
            bid, ask = self.bid, self.ask
            touch = (bid, self.sizes[bid], ask, self.sizes[-ask])
        if touch != self._told:
            self._told = touch
            self.seq += 1
            px, sz = self.px, self.sz
            frame = self._ticker_head % (self.seq, px[bid], sz[touch[1]], px[ask], sz[touch[3]])
            frame += self._ticker_tail % (stamp, stamp) if self.futures else self._ticker_tail
            self._frames.append(("b", frame))
        if self._dirty and now >= self._due:
            self._due = now + DEPTH_NS
            self._say_depth(stamp)
        if self.futures and now >= self._mark_at:
            self._mark_at = now + SECOND
            self._say_mark(stamp)
        if self._frames:
            frames, self._frames = self._frames, []
            self.publish(self.i, frames)

    def print_trade(self, px: int, lots: int, side: int) -> None:
        self.trades += 1
        stamp = self.world.now // MS
        frame = self._trade % (
            stamp, self.trades, self.px[px], self.sz[lots], stamp, b"false" if side > 0 else b"true",
        )  # fmt: skip
        self._frames.append(("t", frame))

    def _say_depth(self, stamp: int) -> None:
        bids: list[bytes] = []
        asks: list[bytes] = []
        px, sz, sizes, own = self.px, self.sz, self.sizes, self.own
        for key in self._dirty:
            size = self.shown(key) if key in own else sizes.get(key, 0)
            if key > 0:
                bids.append(b'["%b","%b"]' % (px[key], sz[size]))
            else:
                asks.append(b'["%b","%b"]' % (px[-key], sz[size]))
        self._dirty.clear()
        self.seq += 1
        frame = self._depth_head % (stamp, self._last + 1, self.seq)
        if self.futures:
            frame += b'"T":%d,"pu":%d,' % (stamp, self._last)
        self._frames.append(("d", frame + b'"b":[%b],"a":[%b]}}' % (b",".join(bids), b",".join(asks))))
        self._last = self.seq

    def _say_mark(self, stamp: int) -> None:
        symbol, mid = self.instrument.symbol, self.px[self.bid]
        following = (stamp // 28_800_000 + 1) * 28_800_000
        frame = b'{"stream":"%b@markPrice@1s","data":{"e":"markPriceUpdate","E":%d,"s":"%b",' % (
            symbol.lower().encode(), stamp, symbol.encode(),
        )  # fmt: skip
        self._frames.append(("m", frame + b'"p":"%b","i":"%b","r":"0.00010000","T":%d}}' % (mid, mid, following)))

    def say_again(self, keys: list[int]) -> None:
        """Say these levels once more with the next depth update, as they are."""
        for key in keys:
            self._dirty[key] = None

    def snapshot(self) -> bytes:
        """The venue's REST answer about the whole book, as it is now."""
        keys = dict.fromkeys([*self.sizes, *self.own])
        bids = sorted((key for key in keys if key > 0), reverse=True)
        asks = sorted((key for key in keys if key < 0), reverse=True)
        stamp = self.world.now // MS
        sides = [
            b",".join(b'["%b","%b"]' % (self.px[abs(key)], self.sz[self.shown(key)]) for key in side)
            for side in (bids, asks)
        ]
        head = b'{"lastUpdateId":%d,' % self.seq
        if self.futures:
            head += b'"E":%d,"T":%d,' % (stamp, stamp)
        if self.instrument.kind == "inverse":
            head += b'"symbol":"%b",' % self.instrument.symbol.encode()
        return head + b'"bids":[%b],"asks":[%b]}' % (sides[0], sides[1])


def _nobody(order: Resting, lots: int) -> None:
    raise AssertionError("an execution that nobody books")


def _nowhere(i: int, frames: Frames) -> None:
    return
