"""The hedger: brings the delta of an asset back into its band, by the cheapest instrument, and says when it cannot.

Passive first (post-only at the touch, moved with it), then IOC slices up to a cap from the mid at the beginning.  One
order of an asset is out at a time and never larger than what is left, so that a hedge cannot turn the sign of delta.
It runs in RUNNING and PAUSED; a flatten, close or roll of the asset takes its place; an UNKNOWN order holds it, a
break of positions switches it off (desk rules, "States, tasks, protections").
Leg watchdog: while a hedge has failed, the quotes that would need it are pulled (`Gate.pulled`).

Rules of this file: decides the next hedge; orders leave through OrderSide.place, by the gate.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core import tasks
from mmtui.core.hedging.params import Hedge
from mmtui.core.market.instrument import plain
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.core.risk.states import MAY_SEND

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

SECOND = 1_000_000_000
#: Post-only orders that the venue rejects in a row before the hedge takes.
REJECTS = 3
#: Whose sides are pulled (Gate.pulled): of a hedge that failed, and of one that is about to take.
FAILED, WAY = "hedge", "hedge way"
#: Refusals of the gate that pass by themselves.
PASSING = ("message rate", "no order ids reserved")


class AssetHedge:
    """State of the hedge of one asset. Instants are ns on the engine clock, 0: not."""

    __slots__ = (
        "alerted",
        "asset",
        "failed",
        "last_slice",
        "oid",
        "outside_ns",
        "params",
        "passive_until",
        "references",
        "rejects",
        "retry_ts",
        "seen_ts",
        "sent",
        "since",
        "stopped",
        "text",
        "working",
    )

    def __init__(self, asset: str, params: Hedge) -> None:
        self.asset = asset
        self.params = params
        self.oid = 0  # the order that is out
        self.working = False  # from leaving the band until the aim is reached
        self.since = 0  # outside of the band since
        self.outside_ns = 0  # and in all
        self.seen_ts = 0
        self.references: dict[int, int] = {}  # instrument -> mid in half ticks at the beginning
        self.passive_until = 0
        self.last_slice = 0
        self.rejects = 0
        self.failed = ""
        self.retry_ts = 0
        self.alerted = False
        self.stopped = ""  # switched off by a break, and why
        self.text = "in band"
        self.sent = 0

    @property
    def on(self) -> bool:
        return self.params.on and not self.stopped

    def digest(self) -> tuple[object, ...]:
        numbers = (self.oid, self.since, self.outside_ns, self.passive_until, self.last_slice, self.retry_ts, self.sent)
        return (self.asset, repr(self.params), *numbers, self.working, self.failed, self.stopped, self.rejects)


class Hedger:
    """The hedges of the engine that owns it: nothing is done, and nothing costs, for an asset without a band."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.assets = {asset: AssetHedge(asset, params) for asset, params in engine.setup.hedges.items()}

    # ------------------------------------------------------------ what happens

    def step(self, ts: int) -> None:
        for hedge in self.assets.values():
            self._step(hedge, ts)

    def filled(self, i: int) -> None:
        """A fill moved delta: the hedge does not wait for the timer."""
        hedge = self.assets.get(self.engine.setup.instruments[i].instrument.base)
        if hedge is not None:
            self._step(hedge, self.engine.ts)

    def ended(self, order: Order) -> None:
        for hedge in self.assets.values():
            if hedge.oid == order.oid:
                hedge.oid = 0
                if order.filled:
                    hedge.rejects = 0
                    self._mended(hedge)
                elif order.state is State.REJECTED:
                    hedge.rejects += 1
                    if order.tif == "IOC":
                        self._fail(hedge, order.side, f"order rejected on {self.engine.name(order.i)}")

    def stop(self, asset: str, why: str) -> None:
        """A break: off until an operator switches it on again."""
        hedge = self.assets.get(asset)
        if hedge is not None and hedge.on:
            hedge.stopped = why
            self.engine.alert("danger", "hedge", f"hedge {asset} off: {why}")
            self._step(hedge, self.engine.ts)

    def started(self) -> None:
        """A new life of the host: the orders of the last one are the reconciler's."""
        for hedge in self.assets.values():
            self._rest(hedge, "in band")
            hedge.since = hedge.seen_ts = 0

    def change(self, asset: str, params: Hedge) -> None:
        """Other parameters; switched on again if they say so."""
        hedge = self.assets.setdefault(asset, AssetHedge(asset, params))
        hedge.params, hedge.stopped, hedge.retry_ts = params, "", 0
        self.engine.version += 1
        self._step(hedge, self.engine.ts)

    def rescale(self, i: int, px: int) -> None:
        for hedge in self.assets.values():
            if i in hedge.references:
                hedge.references[i] *= px

    # ------------------------------------------------------------ deciding

    def _step(self, hedge: AssetHedge, ts: int) -> None:
        engine, desk = self.engine, self.engine.tasks.desk
        net = desk.net(hedge.asset)
        outside = hedge.on and abs(net) > Decimal(repr(hedge.params.band))
        self._clock(hedge, net, outside, ts)
        if not outside:
            self._mended(hedge)
        held = self._held(hedge) if hedge.on else hedge.stopped or "off"
        order = engine.tracker.open.get(hedge.oid)
        if held:
            if order is not None:
                engine.orders.cancel(order)
            self._rest(hedge, held)
            if outside and held == "an order is UNKNOWN":
                self._fail(hedge, -1 if net > 0 else 1, held)
            return
        if order is not None:
            self._mind(hedge, order, net, ts)
        elif outside or hedge.working:
            self._next(hedge, net, ts)
        else:
            hedge.text = "in band"

    def _held(self, hedge: AssetHedge) -> str:
        """Why no hedge may be sent now, whatever delta is."""
        engine = self.engine
        if hedge.asset in engine.tasks.running:
            return f"{engine.tasks.running[hedge.asset].kind} of {hedge.asset} runs"
        if engine.ended:
            return "SOURCE ENDED"
        if "hedge" not in MAY_SEND[engine.lattice.desk]:
            return engine.lattice.desk.name
        if any(engine.tracker.unknown(i) for i in engine.tasks.desk.instruments(hedge.asset)):
            return "an order is UNKNOWN"
        return ""

    def _next(self, hedge: AssetHedge, net: Decimal, ts: int) -> None:
        """Send the next slice, or say why there is none."""
        params = hedge.params
        side = -1 if net > 0 else 1
        left = abs(net) - Decimal(repr(params.aim)) * Decimal(repr(params.band))
        if left <= 0:
            return self._rest(hedge, "in band")
        if ts - hedge.last_slice < params.gap_ms * 1_000_000 or (hedge.failed and ts < hedge.retry_ts):
            return None
        if not hedge.working:
            hedge.working, hedge.rejects = True, 0
            books = self.engine.books
            hedge.references = {i: books[i].mid2() for i in self.legs(hedge.asset) if books[i].quotable}
            hedge.passive_until = ts if hedge.failed else ts + int(params.passive_s * SECOND)
        work = left if net > 0 else -left
        i, why = self.choose(hedge.asset, work)
        if i < 0:
            if why == "less than one lot":
                hedge.since = 0
                return self._rest(hedge, "in band: less than one lot")
            return self._fail(hedge, side, why)
        return self._send(hedge, i, work, ts)

    def _send(self, hedge: AssetHedge, i: int, work: Decimal, ts: int) -> None:
        engine, desk, params = self.engine, self.engine.tasks.desk, hedge.params
        side = -1 if work > 0 else 1
        reference = hedge.references.setdefault(i, engine.books[i].mid2())
        found = tasks.slice_of(desk, i, work, reference, params.cap_bps, params.depth_share)
        if isinstance(found, str):
            if found == "dust":
                hedge.since = 0
                return self._rest(hedge, "in band: less than the venue takes")
            return self._fail(hedge, side, f"cap {params.cap_bps:g} bps reached" if found == "cap" else found)
        lots = min(found.lots, engine.gate.room(i, side, found.px))
        px, tif = found.px, "IOC"
        if ts < hedge.passive_until and hedge.rejects < REJECTS:
            px, tif = touch(engine, i, side), "GTX"
        if not engine.gate.clear_way(engine, i, side, px, WAY, "hedge under way"):
            hedge.text = "waiting for own quotes across to be gone"
            return None
        oid = engine.tracker.next_oid
        why = engine.orders.place(i, side, px, lots, tif, "hedge", hedge.sent)
        if why:
            return None if why in PASSING else self._fail(hedge, side, why)
        hedge.oid, hedge.last_slice, hedge.sent = oid, ts, hedge.sent + 1
        word = "buy" if side > 0 else "sell"
        hedge.text = f"{word} {engine.accounts[i].grid.size_text(lots)} on {engine.name(i)}"
        return None

    def _mind(self, hedge: AssetHedge, order: Order, net: Decimal, ts: int) -> None:
        """A resting hedge goes when it is too much, too late, or no longer at the touch."""
        engine = self.engine
        if order.tif == "IOC" or order.state is not State.LIVE:
            return
        left = engine.tasks.desk.lots(order.i, net)
        best = touch(engine, order.i, order.side)
        wrong = net * order.side >= 0 or order.left > left or ts >= hedge.passive_until
        behind = order.side * best > order.side * order.px and ts - hedge.last_slice >= hedge.params.gap_ms * 1_000_000
        if wrong or behind or not engine.tasks.desk.live(order.i):
            engine.orders.cancel(order)

    def choose(self, asset: str, net: Decimal) -> tuple[int, str]:
        """The cheapest instrument for a hedge, deepest first among equals; (-1, why) when there is none."""
        engine, desk = self.engine, self.engine.tasks.desk
        side = -1 if net > 0 else 1
        best, best_key, why = -1, (0.0, False, 0), "no hedge instrument"
        for i in self.legs(asset):
            if "hedge" not in MAY_SEND[engine.lattice.effective(i)]:
                why = f"{engine.name(i)} is {engine.lattice.effective(i).name}"
                continue
            if not desk.live(i):
                why = f"{engine.name(i)} is dead"
                continue
            lots = desk.lots(i, net)
            if lots < max(1, tasks.min_lots(desk, i, engine.books[i].bid)):
                why = "less than one lot" if best < 0 else why
                continue
            room = engine.gate.room(i, side, engine.books[i].bid)
            if room <= 0:
                why = "position limit"
                continue
            if self._beyond(asset, i, side):
                why = f"cap {self.assets[asset].params.cap_bps:g} bps reached"
                continue
            account = engine.accounts[i]
            worth = account.grid.notional_atoms(engine.books[i].mid2(), lots) / 1e18
            cost = desk.cost(i, side, lots) / max(1e-9, worth)
            key = (cost, not account.reducible(side), -desk.depth(i, side))  # as cheap: what lowers the gross
            if best < 0 or key < best_key:
                best, best_key = i, key
        return best, why

    def _beyond(self, asset: str, i: int, side: int) -> bool:
        """Whether the touch that a hedge would take is beyond its cap from the mid at its beginning."""
        hedge, book = self.assets.get(asset), self.engine.books[i]
        reference = hedge.references.get(i, 0) if hedge is not None else 0
        if hedge is None or not reference:
            return False
        px = book.ask if side > 0 else book.bid
        return side * (2 * px - reference) * 1e4 > hedge.params.cap_bps * reference

    def legs(self, asset: str) -> list[int]:
        """The instruments that may be traded for an asset."""
        items = self.engine.setup.instruments
        hedge = self.assets.get(asset)
        named = hedge.params.instruments if hedge is not None else []
        return [
            i
            for i, item in enumerate(items)
            if item.instrument.base == asset
            and (item.instrument.id in named if named else item.instrument.kind != "spot")
        ]

    # ------------------------------------------------------------ watchdog and clock

    def _rest(self, hedge: AssetHedge, text: str) -> None:
        """Nothing to do: the next hedge begins anew."""
        hedge.working, hedge.text = False, text
        hedge.references = {}
        hedge.rejects = 0
        if self.engine.gate.pulled and not hedge.oid:
            for i in self.engine.tasks.desk.instruments(hedge.asset):
                for side in (1, -1):
                    self.engine.gate.release(i, side, WAY)

    def _clock(self, hedge: AssetHedge, net: Decimal, outside: bool, ts: int) -> None:
        """Unhedged seconds: how long delta has been outside of its band, now and in all."""
        if hedge.since and hedge.seen_ts:
            hedge.outside_ns += max(0, ts - hedge.seen_ts)
        hedge.seen_ts = ts
        if not outside:
            hedge.since, hedge.alerted = 0, False
        elif not hedge.since:
            hedge.since = ts
        elif not hedge.alerted and ts - hedge.since > int(hedge.params.unhedged_s * SECOND):
            hedge.alerted = True
            text = f"{hedge.asset} unhedged for {hedge.params.unhedged_s:g} s: delta {plain(round(net, 8))} off target"
            self.engine.alert("danger", "hedge", text)

    def unhedged_s(self, hedge: AssetHedge) -> float:
        return (self.engine.ts - hedge.since) / SECOND if hedge.since else 0.0

    def _fail(self, hedge: AssetHedge, side: int, why: str) -> None:
        """The leg watchdog: a hedge on `side` has failed, so nothing may be quoted that would need more of it."""
        engine = self.engine
        if hedge.failed != why:
            hedge.failed = why
            engine.version += 1
            engine.alert("danger", "hedge", f"hedge {hedge.asset} failed: {why}")
        hedge.retry_ts = engine.ts + int(hedge.params.retry_s * SECOND)
        self._rest(hedge, f"failed: {why}")
        for i in engine.tasks.desk.instruments(hedge.asset):
            engine.gate.release(i, side, FAILED)
            engine.gate.pull(engine, i, -side, FAILED, f"hedge failed: {why}")

    def _mended(self, hedge: AssetHedge) -> None:
        engine = self.engine
        if not hedge.failed:
            return
        hedge.failed, hedge.retry_ts = "", 0
        engine.version += 1
        engine.alert("info", "hedge", f"hedge {hedge.asset}: good again")
        for i in engine.tasks.desk.instruments(hedge.asset):
            for side in (1, -1):
                if engine.gate.release(i, side, FAILED):
                    engine.market.requote(i)

    def collar(self, i: int) -> tuple[float, int]:
        """Cap in bps and reference (half ticks) of the hedge that trades instrument i."""
        hedge = self.assets.get(self.engine.setup.instruments[i].instrument.base)
        reference = hedge.references.get(i, 0) if hedge is not None else 0
        if hedge is None or reference <= 0:
            return 0.0, 0
        return hedge.params.cap_bps + 20_000 / reference, reference  # the cap itself is rounded to the tick

    def words(self, asset: str) -> str:
        """State of the hedge of an asset for people; "" for one without."""
        hedge = self.assets.get(asset)
        if hedge is None:
            return ""
        return hedge.text if hedge.on else f"off: {hedge.stopped}" if hedge.stopped else "off"

    def digest(self) -> tuple[object, ...]:
        return tuple(hedge.digest() for hedge in self.assets.values())


def touch(engine: Engine, i: int, side: int) -> int:
    """Price of a post-only order at the touch of its own side, on the grid of orders."""
    book, step = engine.books[i], engine.accounts[i].tick_step
    return book.bid - book.bid % step if side > 0 else book.ask + -book.ask % step
