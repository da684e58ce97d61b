"""Changes of positions in an export: their size is exact, parts of lots included."""

from __future__ import annotations

import pytest

from mmtui.core import events as ev
from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.params import Quoting
from mmtui.core.setup import DeskSetup, InstrumentSetup
from mmtui.tape.export_rows import Rows
from mmtui.tape.export_tables import TABLES


@pytest.mark.parametrize(
    ("lots", "rest", "size"), [(0, "-0.0004", "-0.0004"), (-2, "-0.0004", "-0.0024"), (3, "0", "0.003")]
)
def test_a_move_has_its_exact_size(lots, rest, size):
    one = Instrument(
        id="x:BTC", venue="x", symbol="BTC", kind="spot", base="BTC", quote="USDT", settle="USDT", tick="0.1",
        lot="0.001", maker_bps="2", taker_bps="4",
    )  # fmt: skip
    items = [InstrumentSetup(instrument=one, quoting=Quoting())]
    rows = Rows(DeskSetup(name="t", mode="paper", currency="USDT", equity="1", instruments=items, venues=["x"]))
    rows.record(0, ev.AccountMove(1, 1, 0, 0, "FEE_ASSET", "r", lots, 0, "0", "BTC", rest), [])
    [row] = rows.out["moves"]
    assert dict(zip((column.name for column in TABLES["moves"].columns), row, strict=True))["size"] == size
