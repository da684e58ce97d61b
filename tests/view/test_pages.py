"""Rows of the pages: columns stand under their heads, nothing is wider than the screen, everything is said in words."""

import msgspec
import pytest
from fakeframes import INSTRUMENTS, S

from mmtui.core.quoting.reasons import REASONS
from mmtui.link.messages import Item
from mmtui.link.parts import FillRow, Gauge
from mmtui.view import log_page, orders_page, risk_page, venues_page, why_page
from mmtui.view.model import SCREENS
from mmtui.view.pages import PAGES, page
from mmtui.view.rows import plain, width
from mmtui.view.tables import Col, beside, fitting, table

USDM = INSTRUMENTS[1].id


def text(rows):
    return [plain(row) for row in rows]


def alert(n, words, severity="warn"):
    return Item(n=n, ts=n * S, kind="alert", text=words, severity=severity)


@pytest.mark.parametrize("size", [(76, 17), (80, 20), (120, 36), (200, 46)])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_is_wider_or_taller_than_its_place(model, name, size):
    model.screen, model.marked = name, 11
    model.alerts = [alert(n, f"alert {n} " * 20, "danger") for n in range(80)]
    rows = page(model, *size)
    assert all(width(row) <= size[0] for row in rows), name
    assert len(rows) <= size[1]


def test_every_screen_but_the_desk_is_a_page():
    assert set(PAGES) == set(SCREENS) - {"desk"} | {"whatif"}  # that one stands beside a replay, on its own key


def test_a_table_stands_under_its_head_and_drops_what_matters_least():
    columns = (Col("name", 6, left=True), Col("n", 5), Col("word", 6, keep=2, left=True))
    rows = text(table(columns, [[("a", "text"), ("12", "text"), ("x", "dim")]], 40))
    assert rows == [" name       n  word  ", " a         12  x     "]
    assert fitting(columns, 15) == [0, 1]
    assert text(beside([(("ab", "text"),)], [(("cd", "text"),)], 6, 10)) == ["ab    cd"]


def test_the_risk_page_names_what_fires_and_when(model):
    model.frame.gauges.append(
        Gauge(name="leverage", scope="sim-coinm", share=0.95, text="2.85x of 3x on sim-coinm", level="reduce",
              fires_at="would refuse orders at 3x")
    )  # fmt: skip
    model.frame.assets[0].hedge, model.frame.assets[0].band = "waits: inside its band", "0.2"
    model.frame.assets[0].unhedged_s = 12.0
    model.frame.instruments[1].exit = True
    rows = text(risk_page.page(model, 200, 46))
    said = "\n".join(rows)
    for words in ("would fire at −500 USDT", "REDUCE ONLY", "hedger ±0.2 BTC", "unhedged 12 s", "dead man's switch",
                  "2.85x of 3x", "±1.500", "EXIT NOW"):  # fmt: skip
        assert words in said
    head = next(row for row in rows if " position " in row and " limit " in row)
    line = next(row for row in rows if row.startswith(" usdm") and "±1.500" in row)
    assert head.index("limit") + len("limit") == line.index("±1.500") + len("±1.500")


def test_the_venues_page_counts_what_went_wrong(model):
    model.frame.venues[1].resyncs = 3
    model.alerts = [alert(1, "sim-usdm feed down", "danger"), alert(2, "sim-usdm feed up", "info")]
    rows = text(venues_page.page(model, 200, 46))
    columns = rows[1].split()
    cells = rows[3].split()
    assert cells[columns.index("resyncs")] == "3"
    assert cells[columns.index("alerts")] == "1"
    assert any(row.split()[1:3] == ["2", "4"] for row in rows if row.startswith(f" {USDM}")), "fees"


def test_a_book_that_nothing_proves_says_so(model):
    venue = model.frame.venues[0]
    assert "unverified" not in " ".join(text(venues_page.page(model, 200, 46)))
    venues = [msgspec.structs.replace(venue, unverified="unverified book"), *model.frame.venues[1:]]
    model.frame = msgspec.structs.replace(model.frame, venues=venues)
    mine = [item.id for item in model.instruments if item.venue == venue.id]
    rows = [row for row in text(venues_page.page(model, 200, 46)) if " unverified " in row]
    assert len(rows) == len(mine) and mine[0] in rows[0]



def test_the_marked_order_tells_its_life(model):
    model.marked = 11
    model.order_log = [
        Item(n=1, ts=S, kind="order", text="#11 BUY 0.050 @ 61656.5 accepted"),
        Item(n=2, ts=S, kind="order", text="#111 BUY 0.050 @ 61656.5 rejected: post-only"),
    ]
    rows = text(orders_page.life(model, 80, 9))
    assert rows[0].startswith("life of order #11")
    assert "LIVE for 4.2s · traded 0.000 of 0.050 · ahead 0.000 · in 10 s 62%" in rows[2]
    assert [row for row in rows if "accepted" in row]
    assert not [row for row in rows if "rejected" in row], "that is another order's"
    model.marked = 999
    assert "no more" in text(orders_page.life(model, 80, 9))[1]


def test_an_order_that_is_being_amended_says_what_it_may_be_by_now(model):
    (order,) = [one for one in model.orders() if one.oid == 11]
    changed = {"state": "AMENDING", "left": 70, "filled": 10, "to_px": order.px, "to_sz": 80}
    model.frame.orders = [msgspec.structs.replace(order, **changed)]
    model.marked = 11
    rows = text(orders_page.life(model, 80, 9))
    assert "AMENDING for 4.2s · traded 0.010 of 0.050" in rows[2]
    assert rows[3].startswith(" or by now 0.080 BTC @") and rows[3].endswith("counts as the worse of both")


def test_orders_and_fills_are_filtered_by_what_is_typed(model):
    row = FillRow(ts=S, instrument=USDM, side=1, px=616_600, sz=50, maker=True, edge_bps=0.3, fee="0.61 USDT",
                  purpose="hedge")  # fmt: skip
    model.fills = [Item(n=1, ts=S, kind="fill", text="", fill=row)]
    model.filter = "HEDGE"
    rows = text(orders_page.page(model, 120, 30))
    assert rows[0].startswith("own orders · 0 with 'HEDGE'")
    assert any("61,660.0" in row and "hedge" in row for row in rows)
    model.filter = "sell"
    rows = text(orders_page.page(model, 120, 30))
    assert rows[0].startswith("own orders · 2 with")
    assert " none of them" in rows


def test_alerts_are_marked_until_they_are_acknowledged(model):
    model.alerts = [alert(1, "feed resynced"), alert(2, "position break", "danger")]
    assert "2 to acknowledge" in plain(log_page.page(model, 120, 20)[0])
    model.heard = 1
    rows = text(log_page.page(model, 120, 20))
    assert [row[:3] for row in rows[1:3]] == [" ● ", "   "]
    model.filter = "break"
    rows = text(log_page.page(model, 120, 20))
    assert any("position break" in row for row in rows)
    assert not any("resynced" in row for row in rows)


def test_a_waterfall_adds_up_in_bps_and_a_side_that_is_not_quoted_says_why_in_a_sentence(model):
    view = model.view()
    rows = text(why_page.waterfall(model, model.instrument, view, +1, 90))
    assert rows[0].startswith(" bid 61,65")
    moves = [float(row.split()[-3 if "│" in row else -2].replace("−", "-")) for row in rows[2:]]
    quoted = view.why_bid[-1].after
    assert sum(moves) == pytest.approx((quoted / view.fair - 1) * 10_000, abs=0.02)
    view.reason_bid = "toxic flow"
    rows = text(why_page.waterfall(model, model.instrument, view, +1, 60))
    assert rows[0] == " bid not quoted: toxic flow"
    assert " ".join(row.strip() for row in rows[1:]) == REASONS["toxic flow"]
