"""Panels as text: what stands where, what is said when something is wrong."""

import os
from pathlib import Path

import msgspec
import pytest

from mmtui.link.messages import Item
from mmtui.link.parts import Step, TaskView, TripRow, TripView
from mmtui.link.replayed import ReplayView
from mmtui.tui.actions import Keymap
from mmtui.view.confirm import ask_rows, plan_lines
from mmtui.view.desk import PANELS, panel, places
from mmtui.view.header import alarms, header, second_row
from mmtui.view.keys import help_page, key_bar
from mmtui.view.ladder import ladder, other_step
from mmtui.view.model import SCREENS, Ask, Echo
from mmtui.view.pnl import pnl
from mmtui.view.risk import risk
from mmtui.view.rows import HEAT_ROLES, ROLES, clip, ends, fade, meter, plain, rule, width
from mmtui.view.transport import transport
from mmtui.view.trip import trip
from mmtui.view.why import summands, why

SIZES = [(200, 50), (120, 40), (80, 24), (60, 18), (40, 10)]


def text(rows):
    return "\n".join(plain(row).rstrip() for row in rows)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_every_panel_keeps_to_its_place(model, size, screen):
    model.screen = screen
    w, h = size
    covered = [[0] * w for _ in range(h)]
    for place in places(model, w, h):
        for y in range(place.y, place.y + place.h):
            for x in range(place.x, place.x + place.w):
                covered[y][x] += 1
        if place.name in PANELS:
            rows = panel(model, place.name, place.w, place.h)
            assert len(rows) <= place.h, place
            for row in rows:
                assert width(row) <= place.w, (place, plain(row))
                assert all(role.rstrip("~") in (*ROLES, *HEAT_ROLES) for _, role in row)
    assert max(max(line) for line in covered) == 1, "no panel covers another"


def test_a_terminal_too_small_gets_a_sentence(model):
    assert [p.name for p in places(model, 39, 10)] == ["sentence"]
    assert [p.name for p in places(model, 40, 9)] == ["sentence"]


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 10)])
def test_whole_screens_look_as_they_did(model, size):
    """The text of whole screens; with MMTUI_GOLDEN=1 the files are written again, to be read before they are kept."""
    w, h = size
    model.steps["BTC"] = 2 * 10**12
    canvas = [[" "] * w for _ in range(h)]
    for place in places(model, w, h):
        if place.name in PANELS:
            rows = panel(model, place.name, place.w, place.h)
        elif place.name == "keys":
            rows = key_bar(model, Keymap().entries(False), place.w, place.h - 1)
        else:
            rows = [{"header": header, "second": second_row}[place.name](model, place.w)]
        for y, row in enumerate(rows):
            canvas[place.y + y][place.x : place.x + width(row)] = plain(row)
    said = "\n".join("".join(line).rstrip() for line in canvas) + "\n"
    file = Path(__file__).parent / "golden" / f"desk_{w}x{h}.txt"
    if os.environ.get("MMTUI_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")


def test_own_orders_stand_out_and_off_screen_ones_are_counted(model):
    model.steps["BTC"] = 10**11
    rows = ladder(model, 84, 12)
    assert "▲ 2 above" in plain(rows[0])
    assert "▼ 2 below" in plain(rows[-1])
    model.steps["BTC"] = 2 * 10**12
    own = [plain(row) for row in ladder(model, 84, 24) if any(role == "own" for _, role in row)]
    assert len(own) == 4
    assert any("S usdm 0.050 next" in line for line in own)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("gap", "GAP"),
        ("crossed", "CROSSED"),
        ("no snapshot", "NO SNAP"),
        ("ended", "ENDED"),
        ("down", "DOWN"),
        ("stale", "STALE"),
    ],
)
def test_a_bad_book_is_said_in_its_column(model, state, word):
    model.books["sim-spot:BTCUSDT"].state = state
    assert word in plain(ladder(model, 84, 20)[0])


def test_without_any_price_the_ladder_says_what_it_waits_for(model):
    for book in model.books.values():
        book.bids, book.asks, book.state = [], [], "no snapshot"
    for view in model.views.values():
        view.fair = 0.0
    said = text(ladder(model, 84, 20))
    assert "NO SNAPSHOT" in said
    assert "first valid book" in said


def test_the_price_step_moves_through_its_choices(model):
    ladder(model, 84, 20)
    first = model.steps["BTC"]
    other_step(model, 1)
    assert model.steps["BTC"] > first
    other_step(model, -1)
    assert model.steps["BTC"] == first
    for _ in range(60):
        other_step(model, -1)
    assert model.steps["BTC"] == model.scales["sim-usdm:BTCUSDT"].tick_u


def test_before_the_first_record_of_a_replay_a_state_has_no_age(model):
    model.frame.state_since = 0
    assert " 00:00:00 " in plain(header(model, 120))


@pytest.mark.parametrize("cells", [60, 80, 100, 120, 200])
def test_the_header_says_what_it_is_connected_to(model, cells):
    line = plain(header(model, cells))
    for word in ("DEMO", "demo ▸ BTC", "RUNNING"):
        assert word in line
    if cells >= 80:
        assert "Δ +0.412 BTC" in line
        assert "PnL +1,284.10 USDT" in line
    both = line + plain(second_row(model, cells))
    assert "SIMULATED" in both


def test_an_alarm_never_hides_that_it_is_simulated(model):
    model.frame.venues[0].connected = False
    for cells in (40, 80, 120):
        both = plain(header(model, cells)) + plain(second_row(model, cells))
        assert "SIMULATED" in both
        assert "FEED DOWN" in both


def test_alarms_take_the_second_row(model):
    assert not alarms(model)
    model.frame.instruments[1].unknown_orders = 1
    assert "1 UNKNOWN order" in plain(second_row(model, 120))
    model.frame.venues[0].connected = False
    model.link, model.link_since, model.now = "lost", 0.0, 3.0
    line = plain(second_row(model, 120))
    assert line.startswith(" HOST LOST 3 s ago")
    assert "(+2 more)" in line
    assert width(second_row(model, 40)) == 40


def test_a_running_task_is_said_with_its_keys(model):
    model.frame.tasks = [
        TaskView(kind="flatten", scope="BTC", text="selling on usdm", progress=0.4, left="0.2 BTC", at_cap=False)
    ]
    assert "FLATTEN BTC 40% · selling on usdm · left 0.2 BTC · z aborts" in plain(second_row(model, 120))
    model.frame.tasks[0].at_cap = True
    assert "E extends once" in plain(second_row(model, 120))


def test_one_halted_instrument_is_an_alarm(model):
    model.frame.instruments[0].state = "HALTED"
    assert "spot HALTED" in plain(second_row(model, 120))
    model.frame.instruments[0].state_reason = "loss day: −512 of 500 USDT"
    assert "spot HALTED: loss day: −512 of 500 USDT" in plain(second_row(model, 120))


def test_wide_and_reduce_are_said_in_the_header(model):
    model.view().wide = model.view().reduce = True
    assert "WIDE REDUCE" in plain(header(model, 120))


def test_a_pause_by_an_operator_is_no_alarm(model):
    model.frame.state, model.frame.state_reason = "PAUSED", "pause by op1"
    assert not alarms(model)
    model.frame.state_reason = "restarted after a crash"
    assert alarms(model) == [("PAUSED: restarted after a crash", "caution")]


def test_a_silent_host_is_stale_and_faded(model):
    model.now = 5.0
    assert "STALE: no frame from the host for 5.0s" in plain(second_row(model, 120))
    assert all(role.endswith("~") for row in panel(model, "risk", 60, 8) for _, role in row)
    assert fade(fade([(("x", "own"),)])) == [(("x", "own~"),)]


def test_pnl_parts_shown_add_up_to_the_total(model):
    model.frame.pnl.parts = {"spread": "10.10", "inventory": "-4.05", "fees": "-2.00", "basis": "1.00", "fx": "0.95"}
    model.frame.pnl.total = "6.00"
    for height in (5, 6, 7, 14):
        rows = [plain(row) for row in pnl(model, 36, height)][1:-1]
        values = [float(row.split()[-1].replace("−", "-").replace(",", "")) for row in rows if "⠀" not in row]
        values = [float(row[11:25].replace("−", "-").replace(",", "")) for row in rows]
        assert values[0] == pytest.approx(sum(values[1:])), rows


def test_funding_is_not_available_on_a_spot_desk(model):
    model.welcome.instruments = model.welcome.instruments[:1]
    model.selected = 0
    assert any("funding" in plain(row) and "n/a" in plain(row) for row in pnl(model, 36, 14))


def test_gauges_warn_in_words(model):
    rows = text(risk(model, 60, 8))
    assert "74% WARN" in rows
    assert "loss day" in rows


def test_each_side_of_why_adds_up(model):
    for side, row in zip((-1, 1), why(model, 130), strict=True):
        view = model.view()
        steps = view.why_bid if side > 0 else view.why_ask
        parts = summands(steps, 2)
        assert sum(value for _, value, _ in parts) == pytest.approx(parts[-1][2])
        assert "LEAN SELL" in plain(row)


def test_rounded_values_still_add_up():
    parts = summands([Step("a", 0.333, 10.333), Step("b", 0.333, 10.666), Step("c", 0.334, 11.0)], 1)
    assert round(sum(value for _, value, _ in parts), 6) == 11.0


def test_why_says_the_reason_for_not_quoting(model):
    model.view().reason_bid = "paused by op1"
    assert plain(why(model, 120)[1]) == " bid not quoting: paused by op1"


def test_the_trip_card_tells_requested_from_proven(model):
    row = TripRow(
        venue="sim-usdm",
        blocked_us=200,
        sent_us=1_900,
        sent_orders=60,
        acked_ms=48.0,
        verified_ms=161.0,
        open_orders=0,
        unknown=0,
        text="",
    )
    bad = msgspec.structs.replace(row, venue="sim-spot", verified_ms=-1.0, open_orders=1, unknown=1)
    card = TripView(
        by="op1",
        at=model.frame.ts,
        scope="desk",
        cause="key",
        rows=[row, bad, msgspec.structs.replace(row, venue="sim-coinm")],
        positions={"sim-usdm:BTCUSDT": "-0.792", "sim-coinm:BTCUSD_PERP": "59"},
        proven=False,
        next="wait",
    )
    for cells in (36, 72):
        said = text(trip(model, card, cells, 18))
        assert "VERIFYING" in said
        assert "161 ms ✓" in said
        assert "1 UNKNOWN" in said
        assert "−0.792 BTC" in said
        assert "+59 BTC ct" in said, "contracts are said to be contracts"
    card.rows[1] = msgspec.structs.replace(bad, silent_ms=1_240.0)
    for cells in (36, 72):
        spans = [span for line in trip(model, card, cells, 18) for span in line]
        assert [role for words, role in spans if "silent 1.2 s" in words] == ["danger"], "a dead venue is red"
    card.proven = True
    assert "PROVEN ZERO" in text(trip(model, card, 72, 14))


def test_the_key_bar_never_drops_kill(model):
    for cells in (40, 60, 80, 120, 200):
        for lines in (1, 2):
            rows = key_bar(model, Keymap().entries(False), cells, lines)
            assert len(rows) == lines + 1
            assert any("^\\ KILL" in plain(row) for row in rows), cells
            assert all(width(row) <= cells for row in rows)


def test_an_observers_key_bar_shows_what_an_observer_may_press(model):
    model.observe = True
    for lines in (1, 2):
        rows = key_bar(model, Keymap().entries(False), 200, lines)
        said = "\n".join(plain(row) for row in rows)
        assert "KILL" in said
        assert "palette" in said
        assert not any(word in said for word in ("start", "stop", "pause", "flatten", "spread", "undo"))
        assert all(plain(row).strip() for row in rows[1:])


def test_the_result_of_a_command_stands_above_its_key(model):
    model.now = 1.0
    model.echoes = [Echo("1", "wider", "spread +1.00 bps", 0.5, "done", "spread +1.0 → 6.0 bps", 3.0)]
    echo, keys = key_bar(model, Keymap().entries(False), 200)
    assert "spread +1.0 → 6.0 bps ✓ 3 ms" in plain(echo)
    assert plain(echo).index("spread +1.0") == plain(keys).index("[ ]")


def test_refused_and_lost_commands_are_said(model):
    model.now = 1.0
    model.echoes = [Echo("1", "start", "start", 0.5, "refused", "the desk is KILLED", 3.0)]
    assert "start refused: the desk is KILLED" in plain(key_bar(model, Keymap().entries(False), 120)[0])
    model.echoes[0].state = "lost"
    assert "no answer" in plain(key_bar(model, Keymap().entries(False), 120)[0])


def test_the_confirm_bar_names_size_and_worst_cost(model):
    ask = Ask("flatten", "FLATTEN Δ BTC", plan_lines(model.plan("flatten", "BTC")), 0.0)
    model.now = 0.1
    assert "wait…" in text(ask_rows(model, ask, 100))
    ask.ready, ask.until, model.now = 0.3, 5.0, 1.0
    said = text(ask_rows(model, ask, 100))
    assert "Enter does it (5 s)" in said
    assert "worst 76.20 USDT" in said


def test_the_transport_shows_marks_and_the_operators_key(model):
    from fakeframes import FrameMaker

    view = FrameMaker(mode="REPLAY").frame().replay
    assert isinstance(view, ReplayView)
    line = plain(transport(view, 120))
    assert len(line) <= 120
    for part in ("▶", "2025-11-20", "×4", "f", "!", "k", "key: op1 pressed ] spread"):
        assert part in line


def test_help_lists_every_action(model):
    keymap = Keymap()
    for replaying in (False, True):
        said = text(help_page(keymap.listing(replaying), 120, 200))
        for entry in keymap.listing(replaying):
            assert entry.help in said


def test_text_from_outside_cannot_break_the_grid(model):
    model.alerts = [Item(n=1, ts=model.frame.ts, kind="alert", text="a\x1b[31m漢字\nnew", severity="danger")]
    row = panel(model, "alerts", 50, 4)[1]
    assert "\x1b" not in plain(row)
    assert "\n" not in plain(row)
    assert all(ord(c) < 0x2E80 for c in plain(row))


def test_rows_cut_and_pad():
    assert plain(clip([("abc", "text"), ("defg", "dim")], 5)) == "abcd…"
    assert plain(ends([("left", "text")], [("right", "text")], 12)) == "left   right"
    assert width(rule("title", 20, [("1s", "dim")])) == 20
    assert meter(0.01, 5) == ("▮", "▯▯▯▯")
    assert meter(0.0, 5) == ("", "▯▯▯▯▯")
