"""Amends in the exported table of orders: what was asked for, what the venue said, in the order of the tape."""

from __future__ import annotations

from mmtui.core.effects import AmendOrder
from mmtui.core.events import AmendRejected, OrderAmended, Timer
from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.params import Quoting
from mmtui.core.setup import DeskSetup, InstrumentSetup
from mmtui.tape.export_rows import Rows
from mmtui.tape.export_tables import TABLES

S = 1_000_000_000


def test_an_amend_and_its_answers_are_rows_with_price_and_size():
    instrument = Instrument(
        id="x:AB", venue="x", symbol="AB", kind="linear", base="A", quote="B", settle="B", tick="0.5", lot="0.01",
        maker_bps="2", taker_bps="4",
    )  # fmt: skip
    items = [InstrumentSetup(instrument=instrument, quoting=Quoting())]
    rows = Rows(DeskSetup(name="t", mode="paper", currency="B", equity="1", instruments=items, venues=["x"]))
    rows.record(0, Timer(S), [AmendOrder(0, 7, -1, 200, 30, 2)])
    rows.record(1, OrderAmended(2 * S, S, 0, 7, 2, 201, 30), [])
    rows.record(2, AmendRejected(3 * S, S, 0, 7, 3, False, "unknown order"), [])
    names = [column.name for column in TABLES["orders"].columns]
    wanted = ("kind", "order_id", "side", "price", "size", "text")
    said = [tuple(str(dict(zip(names, row, strict=True))[name]) for name in wanted) for row in rows.out["orders"]]
    assert said == [
        ("amend", "7", "sell", "100", "0.3", "amend 2"),
        ("amended", "7", "None", "100.5", "0.3", "amend 2"),
        ("amend rejected", "7", "None", "None", "None", "amend 3: unknown order; may be gone"),
    ]
