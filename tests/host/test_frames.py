"""Frames, items and status: what a cockpit and `ctl` are told is what the engine knows."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from mmtui.core.runner import Runner
from mmtui.core.setup import DeskSetup
from mmtui.host.frames import Extras, FrameBuilder
from mmtui.link import messages as m
from mmtui.review.request import open_sources, override
from mmtui.review.whatif import Run

PARTS = {
    "spread",
    "inventory",
    "basis",
    "fees",
    "rebates",
    "funding",
    "borrow",
    "hedge",
    "slippage",
    "incentives",
    "fx",
}


class Watched:
    """A quoting synthetic desk with a frame builder that sees every record."""

    def __init__(self, seconds: float = 20.0, **sets: object) -> None:
        request = open_sources(["synthetic:trend:5"], None, seconds, None)
        setup: DeskSetup = override(request.setup, [*{"spread_bps": 1.0, "levels": 2, **sets}.items()])
        self.items: list[m.Item] = []
        self.run = Run(setup, "pessimistic", self.record)
        self.engine = self.run.engine
        self.builder = FrameBuilder(self.engine)
        self.runner: Runner = self.run.runner
        events = request.events()
        first = next(events)
        self.run.start(first.ts)
        self.runner.feed(first)
        for event in events:
            self.runner.feed(event)

    def record(self, event: object, effects: list[object]) -> None:
        self.items += self.builder.items(event, effects)  # type: ignore[arg-type]

    def act(self, action: str, **args: object) -> None:
        from mmtui.core.events import Command

        number = len(self.items)
        self.runner.command(
            Command(self.runner.now, f"t{number}", "op1", "operator", "test", 0, action, json.dumps(args))
        )

    def frame(self) -> m.Frame:
        return self.builder.frame(m.View(), Extras(now=self.runner.now))


@pytest.fixture(scope="module")
def desk() -> Watched:
    return Watched()


def test_a_frame_survives_the_codec(desk: Watched) -> None:
    frame = desk.frame()
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(frame), type=m.ToCockpit)
    assert again == frame


def test_books_are_those_of_the_engine_and_never_crossed(desk: Watched) -> None:
    for view, book in zip(desk.frame().books, desk.engine.books, strict=True):
        assert view.state == "ok"
        assert (view.bids[0].px, view.asks[0].px) == (book.bid, book.ask)
        assert view.bids[0].px < view.asks[0].px
        assert [level.px for level in view.bids] == sorted({level.px for level in view.bids}, reverse=True)


def test_parts_of_the_pnl_are_there_and_absent_ones_say_so(desk: Watched) -> None:
    frame = desk.frame()
    assert set(frame.pnl.parts) == PARTS
    assert sum(Decimal(text) for text in frame.pnl.parts.values()) == Decimal(frame.pnl.total)
    for view in frame.instruments:
        assert set(view.pnl) == PARTS | {"total"}
        if view.id.startswith("sim-spot"):
            assert view.pnl["funding"] == "n/a"
    assert sum(float(view.pnl["total"]) for view in frame.instruments) == pytest.approx(
        float(frame.pnl.total), abs=0.02
    )


def test_the_waterfall_of_a_quoted_side_adds_up_to_its_quote(desk: Watched) -> None:
    checked = 0
    for view in desk.frame().instruments:
        for steps in (view.why_bid, view.why_ask):
            if steps:
                assert steps[0].value + sum(step.value for step in steps[1:]) == pytest.approx(steps[-1].after)
                checked += 1
    assert checked


def test_items_are_numbered_without_a_hole_and_the_snapshot_is_bounded(desk: Watched) -> None:
    assert [item.n for item in desk.items] == list(range(1, len(desk.items) + 1))
    snapshot = desk.builder.snapshot()
    assert snapshot.n == desk.items[-1].n
    kinds = [item.kind for item in snapshot.items]
    assert all(kinds.count(kind) <= 200 for kind in set(kinds))
    fills = [item for item in desk.items if item.kind == "fill"]
    assert len(fills) == sum(account.fills for account in desk.engine.accounts)
    assert all(item.fill is not None for item in fills)


def test_watching_changes_nothing() -> None:
    watched, alone = Watched(8.0), Watched(8.0)
    for _ in range(5):
        watched.frame()
        watched.builder.status(Extras())
    assert watched.engine.state_hash() == alone.engine.state_hash()


def test_status_says_why_each_side_is_where_it_is(desk: Watched) -> None:
    told = 0
    for ident, one in desk.builder.status(Extras())["instruments"].items():
        quoter = desk.engine.quoters[desk.engine.setup.index(ident)]
        tick = float(quoter.grid.tick)
        for name, side in (("bid", 1), ("ask", -1)):
            why = one["why"][name]
            assert why["reason"] == quoter.reasons[side]
            if why["waterfall"]:
                fair, *steps = why["waterfall"]
                moved = sum(step["bps"] for step in steps)
                assert steps[-1]["price"] == pytest.approx(fair["price"] * (1 + moved * 1e-4), rel=1e-6)
                first = quoter.slots[side][0]
                assert steps[-1]["price"] == pytest.approx((first.px if first else quoter.want[side < 0][0]) * tick)
                told += 1
    assert told


def test_status_has_the_fields_of_the_contract(desk: Watched) -> None:
    status = desk.builder.status(Extras(mode="PAPER", session="s"))
    assert json.loads(json.dumps(status)) == status
    assert {"name", "state", "mode", "session", "venues", "instruments", "pnl", "risk"} <= status.keys()
    assert status["state"] == "RUNNING"
    for venue in status["venues"].values():
        assert {"connected", "age_ms", "dead_man"} <= venue.keys()
    for one in status["instruments"].values():
        assert {"bid", "ask", "position", "open_orders", "spread_bps", "skew_bps", "reason"} <= one.keys()
        assert isinstance(one["open_orders"], int)
    assert status["pnl"]["total"] == pytest.approx(sum(status["pnl"][part] for part in PARTS), abs=1e-9)


def test_a_kill_shows_its_card_until_it_is_proven_and_the_positions_that_are_left() -> None:
    desk = Watched(8.0)
    desk.act("kill")
    under_way = desk.frame().trip
    assert under_way is not None
    assert not under_way.proven
    assert all(row.verified_ms < 0 for row in under_way.rows)
    desk.runner.advance(desk.runner.now + 1_000_000_000)
    card = desk.frame().trip
    assert card is not None
    assert card.proven
    assert all(row.verified_ms > 0 and row.open_orders == 0 for row in card.rows)
    assert set(card.positions) == {desk.engine.name(i) for i, a in enumerate(desk.engine.accounts) if a.position}


def test_a_key_is_shown_as_it_was_pressed_with_what_became_of_it() -> None:
    desk = Watched(8.0)
    desk.act("spread", bps=1.5)
    key, answer = desk.items[-2:]
    assert (key.kind, key.text) == ("key", "op1: spread +1.5")
    assert (answer.kind, answer.command, answer.ok) == ("result", key.command, True)
    assert "→ 2.5 bps" in answer.text


def test_width_and_lean_are_true_while_paused_too() -> None:
    desk = Watched(8.0)
    desk.act("pause")
    desk.act("spread", bps=2.0)
    desk.engine.accounts[0].position = desk.engine.quoters[0].limit // 2
    status = desk.builder.status(Extras())["instruments"][desk.engine.name(0)]
    view = desk.frame().instruments[0]
    assert status["spread_bps"] == view.spread_bps == pytest.approx(3.0)
    assert status["skew_bps"] == view.skew_bps == pytest.approx(-desk.engine.quoters[0].params.skew_bps / 2, rel=0.01)


def test_a_frame_says_how_the_desk_earns_and_keeps_it_for_a_second(desk: Watched) -> None:
    frame = desk.frame()
    assert [one.id for one in frame.earn] == [view.id for view in frame.instruments]
    traded = [one for one in frame.earn if one.markouts[0].fills]
    assert traded, "the trend fills somebody"
    for one in traded:
        assert [point.seconds for point in one.markouts] == [0.1, 1, 5, 30, 60]
        assert one.markouts[0].fills == one.markouts_bid[0].fills + one.markouts_ask[0].fills
        assert one.fill_ratio is not None and 0 < one.fill_ratio <= 1
        assert one.quote_to_trade is not None and one.quote_to_trade > 1
        assert one.healthy is not None or one.why
    assert {line.instrument for line in frame.lines} >= {one.id for one in traded}
    assert sum(float(line.total) for line in frame.lines) == pytest.approx(float(frame.pnl.total), abs=0.1)
    assert all(-1 <= order.fill_probability <= 1 for order in frame.orders)
    assert any(order.fill_probability >= 0 for order in frame.orders)
    assert desk.frame().earn is frame.earn


def test_status_says_how_the_desk_earns(desk: Watched) -> None:
    status = desk.builder.status(Extras())
    assert set(status["earn"]) == set(status["instruments"])
    one = next(iter(status["earn"].values()))
    assert {"markouts", "fill_ratio", "quote_to_trade", "half_life_s", "volume_share", "depths", "healthy"} <= set(one)
    assert set(one["markouts"][0]) == {"seconds", "mean", "ci", "fills"}
    assert status["obligations"] == []
    total = sum(float(line["total"]) for line in status["attribution"])
    assert total == pytest.approx(status["pnl"]["total"], abs=0.1)


def test_only_the_books_that_are_looked_at_are_whole_but_for_one_frame_a_second() -> None:
    watched = Watched(5.0)
    ids = [watched.engine.name(i) for i in range(len(watched.engine.books))]
    view = m.View(depth=60, near=[ids[1]])
    second = watched.engine.ts // 10**9
    whole = []
    for tenth in (0, 1, 9, 10, 11):
        frame = watched.builder.frame(view, Extras(now=second * 10**9 + tenth * 10**8))
        whole.append([book.whole for book in frame.books])
        assert all(len(book.bids) <= 10 for book in frame.books if not book.whole)
        assert all(book.levels >= len(book.bids) + len(book.asks) for book in frame.books)
    every, near = [True] * 3, [False, True, False]
    assert whole == [every, near, near, every, near]
    assert all(book.whole for book in watched.builder.frame(m.View(depth=60), Extras(now=second * 10**9)).books)
