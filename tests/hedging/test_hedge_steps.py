"""Ten thousand random steps of a desk that hedges, flattens, closes and rolls: nothing overshoots or turns the sign."""

from decimal import Decimal

import pytest
from desk_kit import Desk
from hedge_kit import hedged, market, net
from random_desk import Walk, desk_setup

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import Fill
from mmtui.core.hedging.roll import Roll
from mmtui.core.risk.states import Desk as Lattice
from mmtui.tape import image

#: Delta of an inverse contract moves with the price between order and fill; fees are paid in coin.
GRACE = Decimal("0.0001")


class Steps:
    """Looks at every order and fill of a task or hedge."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.fills = 0
        self.placed: dict[int, tuple[int, Decimal]] = {}  # oid -> fills before it, net then
        self.seen = dict.fromkeys(("hedge", "flatten", "close", "roll"), 0)

    def __call__(self, event, effects) -> None:
        engine = self.desk.engine
        for effect in effects:
            if isinstance(effect, PlaceOrder) and effect.purpose in self.seen:
                self.order(effect)
        if isinstance(event, Fill):
            self.fills += 1
            order = engine.tracker.get(event.oid)
            if order is not None and order.purpose in ("hedge", "flatten"):
                self.filled(order)

    def order(self, effect: PlaceOrder) -> None:
        engine, i = self.desk.engine, effect.i
        state = engine.lattice.effective(i)
        account, now = engine.accounts[i], net(self.desk)
        size = account.grid.base_lots(effect.sz, engine.books[i].mid2())
        self.placed[effect.oid] = (self.fills, now)
        self.seen[effect.purpose] += 1
        if effect.purpose == "hedge":
            assert state <= Lattice.PAUSED, "the hedger is off in STOPPED and below"
            assert "BTC" not in engine.tasks.running
        if effect.purpose in ("hedge", "flatten"):
            assert now * effect.side < 0 and size <= abs(now)
        if effect.purpose == "close":
            assert account.position * effect.side < 0 and effect.sz <= abs(account.position)
        if effect.purpose == "roll":
            task = engine.tasks.running["BTC"]
            assert isinstance(task, Roll)
            moved = (task.start_source - account.position) * task.sign
            if i == task.source:
                assert effect.side == -task.sign and effect.sz + moved <= task.lots
            else:
                assert effect.side == task.sign and size <= task.start + GRACE

    def filled(self, order) -> None:
        fills, before = self.placed[order.oid]
        if self.fills == fills + 1:  # nothing else has traded in between
            after = net(self.desk)
            assert abs(after) <= abs(before) + GRACE
            assert after * before >= 0 or abs(after) <= GRACE


def test_ten_thousand_random_steps():
    seen: dict[str, int] = {}
    for seed in range(1, 41, 4):
        desk = Desk(desk_setup(seed), seed=seed)
        steps = desk.after = Steps(desk)
        desk.books()
        desk.press("start")
        walk = Walk(desk, seed, faults=seed % 8 == 1)
        for k in range(1_000):
            walk.step()
            if k % 30 == 0:
                desk.press("flatten" if k % 90 else "close")
            if k % 70 == 0:
                desk.press("roll", i=1, to="coin:BTC")
        for name, count in steps.seen.items():
            seen[name] = seen.get(name, 0) + count
    assert all(count >= 10 for count in seen.values()), seen


@pytest.mark.parametrize("act", ["hedge", "roll", "ticket"])
def test_a_state_with_all_of_it_is_in_the_digest_and_survives_a_checkpoint(act):
    desk = hedged(passive_s=30.0, quote=True)
    desk.press("start")
    market(desk, 300)
    before = desk.engine.state_hash()
    desk.trade_into(300, 1)
    if act == "roll":
        assert desk.press("roll", i=1, to="coin:BTC", post_only=True).ok
    if act == "ticket":
        assert desk.press("ticket", i=1, side="sell", size="0.1", price="market").ok
        assert desk.engine.tickets.waiting and desk.engine.gate.pulled
    else:
        market(desk, 600)
        assert any(o.purpose == act for o in desk.open())
    assert desk.engine.state_hash() != before
    again = image.decode(image.encode(desk.engine))
    assert again.state_hash() == desk.engine.state_hash()
    start = len(desk.events)
    market(desk, 2_000)
    for event, effects in zip(desk.events[start:], desk.effects[start:], strict=True):
        assert again.process(event) == effects
    assert again.state_hash() == desk.engine.state_hash()


def test_a_desk_without_hedger_keeps_its_hash():
    desk = Desk(desk_setup(2))
    desk.books()
    assert desk.engine._manual() == []
