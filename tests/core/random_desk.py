"""A small random life of a three-legged desk: market, operator and faults drawn from a seed."""

from __future__ import annotations

from desk_kit import DAY0, MS, Desk, item, setup_of

from mmtui.core.engine import Engine
from mmtui.core.events import FeedStatus, HostStarted, MarkPrice, OrderUnknown, Trade
from mmtui.core.hedging.params import Hedge
from mmtui.core.rng import Rng

COMMANDS = (
    ("start", {}), ("start", {}), ("start", {}), ("pause", {}), ("stop", {}), ("stop", {"drain": True}), ("resume", {}),
    ("spread", {"bps": 1.0}), ("spread", {"bps": -1.5}), ("skew", {"bps": 0.7}), ("skew", {"bps": -2.0}),
    ("size", {"pct": 20}), ("wide", {}), ("reduce", {}), ("reset", {}), ("undo", {}), ("cancel", {}),
    ("cancel", {"side": "buy"}), ("set", {"levels": 3}), ("set", {"levels": 1, "spread_bps": 0.4}),
    ("set", {"fair_value": "mid"}), ("flatten", {}), ("close", {}), ("abort", {}), ("extend", {}), ("kill", {}),
    ("kill", {}), ("resume", {}), ("start", {}), ("ticket", {"side": "buy", "size": "0.01", "price": "market", "i": 1}),
    ("ticket", {"side": "sell", "size": "3", "price": "market", "i": 2}), ("ticket", {"hedge": True}),
    ("ticket", {"side": "sell", "size": "0.004", "price": 100020, "i": 0}), ("roll", {"to": "coin:BTC", "i": 1}),
    ("roll", {"to": "perp:BTC", "i": 2, "post_only": True}), ("roll", {"to": "coin:BTC", "i": 1}),
    ("hedge", {"op": "off"}), ("hedge", {"op": "on"}), ("roll", {"to": "perp:BTC", "i": 2}),
    ("hedge", {"op": "set", "band": 0.004}), ("hedge", {"op": "set", "passive_s": 0.5, "band": 0.01}),
)  # fmt: skip


def desk_setup(seed=1):
    quoting = {"spread_bps": 0.6, "levels": 2, "skew_bps": 1.0, "requote_tolerance_bps": 0.05, "vol_factor": 0.5}
    items = [
        item("spot", max_position="0.05", baseline="0.03", **quoting),
        item("linear", max_position="0.06", min_life_ms=100, **quoting),
        item("inverse", max_position="40", **quoting),
    ]
    hedges = {"BTC": Hedge(band=0.008, passive_s=(seed % 4) * 0.4, retry_s=1.0)} if seed % 2 else {}
    limits = {"trips_to_pause": 20, "gross_notional": 20_000.0, "ease_back_s": 2.0}
    return setup_of(*items, seed=seed, limits=limits, hedges=hedges)


class Walk:
    """Draws the next thing that happens."""

    def __init__(self, desk: Desk, seed: int, faults: bool = True) -> None:
        self.desk, self.faults = desk, faults
        self.rng = Rng(seed, "walk")
        self.mid = 1_000_000
        self.mids = [self.mid] * 3
        self.steps = 0

    def step(self) -> None:
        desk, rng = self.desk, self.rng
        desk.runner.advance(desk.now + rng.below(60) * MS)
        i = rng.below(3)
        self.mid += rng.below(9) - 4
        draw = rng.below(100)
        self.steps += 1
        if self.steps % 40 == 0:
            desk.press("resume", reason="because")
            desk.press("start")
        if not desk.engine.books[i].valid and rng.below(2):
            draw = 85
        if draw < 40:
            self.mids[i] = self.mid + rng.below(5) - 2
            desk.quote(self.mids[i] - 1 - rng.below(3), self.mids[i] + 1 + rng.below(3), i, (self.size(), self.size()))
        elif draw < 55:
            near = self.mids[i]
            bids = [(near - 1 - rng.below(40), rng.below(3) and self.size()) for _ in range(3)]
            asks = [(near + 1 + rng.below(40), rng.below(3) and self.size()) for _ in range(3)]
            desk.delta(bids, asks, i)
        elif draw < 84:
            side = 1 if rng.below(2) else -1
            ts = desk.now + MS
            px = self.mids[i] + side * (1 + rng.below(90))
            desk.event(Trade(ts, ts, i, 1, px, self.size(), side))
        elif draw < 92:
            self.mids[i] = self.mid
            desk.book(self.mid - 1 - rng.below(3), self.mid + 1 + rng.below(3), i, 20 + rng.below(80))
        elif draw < 97:
            action, args = COMMANDS[rng.below(len(COMMANDS))]
            where = {} if rng.below(3) or action == "kill" else {"i": rng.below(3)}
            desk.press(action, operator=("ann", "bob")[rng.below(2)], reason="because", **(where | args))
        elif self.faults:
            self.fault(i)

    def size(self) -> int:
        return 1 + self.rng.below(60)

    def fault(self, i: int) -> None:
        desk, rng = self.desk, self.rng
        draw = rng.below(6)
        if draw == 0:
            desk.gap(i)
        elif draw == 1:
            desk.quote(self.mid + 3, self.mid - 3, i)
        elif draw == 2:
            desk.event(FeedStatus(desk.now, i, bool(rng.below(4)), "line"))
        elif draw == 3 and desk.engine.tracker.open:
            orders = list(desk.engine.tracker.open.values())
            order = orders[rng.below(len(orders))]
            desk.step(OrderUnknown(desk.now, order.i, order.oid, "timeout"))
        elif draw == 4:
            due = desk.now + rng.below(2_000) * MS
            desk.event(MarkPrice(desk.now, desk.now, i, self.mid * 10**7, 0, rng.below(10**6) - 10**5, due))
        elif draw == 5 and rng.below(8) == 0:
            desk.step(HostStarted(desk.now, 2, "recovery", {}))


def story(seed: int, steps: int, look: bool = False, engine: type[Engine] = Engine) -> Desk:
    """A desk after `steps` random things; `look`: somebody reads everything all the time."""
    desk = Desk(desk_setup(seed), seed=seed, engine=engine)
    if look:
        desk.after = lambda event, effects: read(desk)
    desk.books()
    desk.press("start")
    walk = Walk(desk, seed)
    for _ in range(steps):
        walk.step()
    assert desk.now > DAY0
    return desk


def read(desk: Desk) -> None:
    engine = desk.engine
    engine.watch.readings(engine)
    engine.ledger.rolling()
    engine.ledger.parts()
    engine.state_hash()
    for quoter in engine.quoters:
        quoter.why(1), quoter.why(-1)
