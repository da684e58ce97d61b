"""The heat map: what is remembered of a book, and the picture that is made of it."""

import pytest
from fakeframes import FrameMaker, S

from mmtui.link.parts import BookView, Level, Print
from mmtui.tui.roles import styles
from mmtui.view.heat import SPANS, heat, heat_step
from mmtui.view.heat_history import JUMP, KEPT, History
from mmtui.view.rows import FADE, HEAT_ROLES, ROLES, plain, width


def book(bid=100, ask=102, size=5, prints=(), state="ok"):
    return BookView(
        id="x", valid=state == "ok", state=state, age_ms=1, seq=1,
        bids=[Level(bid, size)] if bid else [], asks=[Level(ask, size + 1)] if ask else [], prints=list(prints),
    )  # fmt: skip


def fed(*steps):
    """A history of (ts in tenths of a second, book)."""
    history = History()
    for tenth, one in steps:
        history.add(tenth * S // 10, one, None)
    return history


def test_a_second_is_its_last_book():
    history = fed((10, book(100)), (14, book(101)), (20, book(103)))
    assert [(one.start // S, one.bid, list(one.levels)) for one in history.columns] == [
        (1, 101, [101, 5, 102, -6]), (2, 103, [103, 5, 102, -6])
    ]  # fmt: skip


def test_a_second_that_ends_without_a_good_book_is_kept_as_one():
    history = fed((10, book()), (15, book(state="gap")), (20, book(0)), (30, book()))
    assert [(one.good, len(one.levels)) for one in history.columns] == [(False, 0), (False, 0), (True, 4)]


def test_every_trade_is_counted_once():
    a, b, c = Print(9 * S, 100, 1, -1), Print(9 * S, 100, 2, -1), Print(10 * S, 102, 4, 1)
    history = fed((90, book(prints=[a])), (92, book(prints=[b, a])), (100, book(prints=[c, b, a])))
    history.add(101 * S // 10, book(prints=[c, b, a]), None)
    first, second = history.columns
    assert (first.sells, first.sold, first.bought) == ({100: 2}, 2, 0)  # `a` was there before we were
    assert (second.buys, second.bought) == ({102: 4}, 4)


def test_two_equal_trades_are_two():
    one = Print(9 * S, 100, 1, -1)
    later = Print(9 * S, 100, 1, 1)
    history = fed((90, book(prints=[one])), (92, book(prints=[later, one])), (93, book(prints=[later, one])))
    assert history.columns[0].bought == 1


def test_a_jump_of_the_clock_begins_a_new_picture():
    history = fed((10, book()), (20, book()))
    history.add(2 * S + JUMP, book(), None)
    assert len(history.columns) == 1
    history.add(1 * S, book(), None)  # back: a seek in a replay
    assert len(history.columns) == 1
    for tenth in range(KEPT * 10 + 100):
        history.add(S + tenth * S // 10, book(), None)
    assert len(history.columns) == KEPT


@pytest.fixture
def shown(model, maker: FrameMaker):
    """A model that has seen a minute of the fake desk."""
    for _ in range(600):
        model.framed(maker.tick(), 0.0)
    model.screen = "heat"
    model.selected = 1
    return model


@pytest.mark.parametrize(("cells", "height"), [(80, 20), (120, 34), (200, 44), (40, 9)])
def test_the_picture_fills_its_place_and_nothing_more(shown, cells, height):
    rows = heat(shown, cells, height)
    assert len(rows) == height
    assert all(width(row) <= cells for row in rows)
    for row in rows:
        for text, role in row:
            assert text and (role in ROLES or role in HEAT_ROLES)


def test_it_says_the_instrument_the_step_and_how_much_is_known(shown):
    head = plain(heat(shown, 120, 34)[0])
    assert "sim-usdm:BTCUSDT" in head and "1 s a column" in head and "61s known" in head


def test_the_touch_stands_on_the_axis(shown):
    last = shown.books["sim-usdm:BTCUSDT"]
    text = "\n".join(plain(row) for row in heat(shown, 120, 34))
    for level in (last.bids[0], last.asks[0]):
        assert f"◂{shown.scales[last.id].price(level.px):>11}" in text


def test_shades_where_there_are_no_colours(shown):
    shown.shades = True
    text = "\n".join(plain(row) for row in heat(shown, 120, 34))
    assert "▀" not in text and any(sign in text for sign in "░▒▓█")
    assert not any(role.startswith("heat") for row in heat(shown, 120, 34) for _, role in row)


def test_longer_columns_and_other_steps_change_the_picture(shown):
    pictures = {tuple(heat(shown, 120, 34))}
    for span in SPANS[1:]:
        shown.heat_span = span
        pictures.add(tuple(heat(shown, 120, 34)))
    shown.heat_span = 1
    heat_step(shown, 1)
    coarse = shown.steps["heat BTC"]
    pictures.add(tuple(heat(shown, 120, 34)))
    heat_step(shown, -1)
    assert shown.steps["heat BTC"] < coarse
    assert len(pictures) == len(SPANS) + 1


def test_a_bad_book_is_said_and_drawn_as_unknown(shown, maker):
    for _ in range(30):
        frame = maker.tick()
        for one in frame.books:
            one.state = "stale"
        shown.framed(frame, 0.0)
    rows = heat(shown, 120, 34)
    assert "STALE" in plain(rows[0])
    assert plain(rows[5]).count("┊") >= 2


def test_before_the_first_frame_it_says_so(model):
    model.heat.clear()
    assert "begins with the first frames" in plain(heat(model, 80, 20)[0])


def test_every_theme_has_every_shade():
    looks = styles({}, True, False)
    assert all(role in looks and role + FADE in looks for role in HEAT_ROLES)


def test_far_levels_of_a_second_are_those_of_its_last_whole_book():
    def few(bid):
        made = book(bid)
        made.whole = False
        return made

    history = fed((10, book(100)), (14, few(101)), (20, few(103)), (24, book(104)), (28, few(105)))
    assert [(one.bid, list(one.levels)) for one in history.columns] == [
        (101, [100, 5, 102, -6]), (105, [104, 5, 102, -6])
    ]  # fmt: skip


def test_a_heat_map_without_any_good_book_says_so(model):
    for at in range(3):
        for one in model.frame.books:
            one.state = "no snapshot"
        model.frame.ts += at * S
        model.heat.clear()
        model.framed(model.frame, 0.0)
    assert "no valid book of sim-usdm:BTCUSDT" in plain(heat(model, 120, 30)[1])
