"""The trip card: every venue of every kill that is not proven; one that answers nothing is red within a second."""

from __future__ import annotations

from desk_kit import DAY0, MS, Desk, item, setup_of, three

from mmtui.core.events import CancelAllDone
from mmtui.host.frame_parts import trip_view


def deaf():
    desk = Desk(three(), execution="deaf")
    desk.books()
    desk.press("start")
    desk.press("kill")
    return desk


def rows(desk, ms):
    engine = desk.engine
    card = trip_view(engine, engine.ts + ms * MS, 10, 20)
    return card, {row.venue: row.silent_ms for row in card.rows}


def test_a_venue_that_confirms_nothing_is_said_within_a_second_and_the_others_are_not():
    desk = deaf()
    card, silent = rows(desk, 500)
    assert silent == {"cash": -1.0, "perp": -1.0, "coin": -1.0} and not card.proven
    state = desk.engine.sweeper.sweeps[-1].venues[1]
    desk.event(CancelAllDone(desk.now + 100 * MS, 1, state.query))
    desk.answer_zero(v=2, endpoints=(1,))
    card, silent = rows(desk, 900)
    assert silent["cash"] >= 900.0, "in red"
    assert silent["perp"] == -1.0, "it has confirmed the cancel-all"
    assert silent["coin"] == -1.0, "it has answered one question"


def test_every_kill_that_is_not_proven_is_on_the_card():
    desk = Desk(setup_of(item("linear"), item("spot")), execution="deaf")
    desk.books()
    desk.press("start")
    desk.press("kill", i=0)
    desk.press("kill", i=1)
    card, silent = rows(desk, 0)
    assert set(silent) == {"perp", "cash"} and card.scope == "perp:BTC, cash:BTC"
    assert desk.now >= DAY0
