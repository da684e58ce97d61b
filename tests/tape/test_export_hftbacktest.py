"""The market as hftbacktest reads it: its own backtest over our files has our book at every checkpoint."""

from __future__ import annotations

import random

import pytest
from taped_desk import desk_records, write_tape

from mmtui.cli import main
from mmtui.core.events import BookDelta, BookGap, BookSnapshot, GridRefined, Trade
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import Grid, Instrument
from mmtui.tape import export_hft
from mmtui.tape.export_hft import BUY, EXCH, LOCAL, SELL, HftFile

np = pytest.importorskip("numpy")
SECOND = 10**9
ONE = Instrument(
    id="venue:ONE/PERP", venue="venue", symbol="ONE", kind="linear", base="ONE", quote="USDT", settle="USDT",
    tick="0.1", lot="0.001",
)  # fmt: skip


def rows_of(path):
    return np.load(path)["data"]


def seen(rows, flag):
    return rows[(rows["ev"] & np.uint64(flag)) != 0]


def in_order(rows):
    """The rule that hftbacktest's validator checks."""
    return bool(
        (np.diff(seen(rows, EXCH)["exch_ts"]) >= 0).all() and (np.diff(seen(rows, LOCAL)["local_ts"]) >= 0).all()
    )


@pytest.fixture
def session(tmp_path):
    write_tape(tmp_path / "s", close=True)
    return tmp_path / "s"


def test_rows_are_exact_and_in_order(session):
    out = session.parent / "out"
    assert main(["export", str(session), "--format", "hftbacktest", "--out", str(out)]) == 0
    setup, records = desk_records()
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md", "sim-coinm_BTCUSD_PERP.npz", "sim-spot_BTCUSDT.npz", "sim-usdm_BTCUSDT.npz"
    ]  # fmt: skip
    for i, item in enumerate(setup.instruments):
        grid = Grid(item.instrument)
        rows = rows_of(out / f"{item.instrument.id.replace(':', '_')}.npz")
        assert rows.dtype.itemsize == 64 and in_order(rows)
        trades = [event for event, _ in records if isinstance(event, Trade) and event.i == i]
        found = seen(rows, LOCAL)
        found = found[(found["ev"] & np.uint64(0xFF)) == 2]
        assert [row["px"] for row in found] == [float(grid.price_text(event.px)) for event in trades]
        assert [row["qty"] for row in found] == [float(grid.size_text(event.sz)) for event in trades]
        sides = [BUY if event.side > 0 else SELL for event in trades]
        assert [int(row["ev"]) & (BUY | SELL) for row in found] == sides


def test_events_that_are_late_at_the_venue_are_split(tmp_path, monkeypatch):
    monkeypatch.setattr(export_hft, "BATCH", 7)
    dice = random.Random(4)
    events, ts = [], 1_700_000_000 * SECOND
    for number in range(200):
        ts += dice.randrange(3) * 1_000_000
        late = dice.choice((0, 1, 5, 40)) * 1_000_000
        events.append(Trade(ts, ts - late, 0, number, 1000 + number, 1, 1))
    file = HftFile(tmp_path, ONE)
    for event in events:
        file.add(event)
    file.finish()
    assert file.path.name == "venue_ONE_PERP.npz" and not file.part.exists()
    rows = rows_of(file.path)
    assert in_order(rows) and len(rows) > 200
    key = ["exch_ts", "local_ts", "px", "qty"]
    for flag in (EXCH, LOCAL):  # each side sees every event once
        assert sorted(seen(rows, flag)[key].tolist()) == sorted(
            (event.ts_event, event.ts, float(ONE.tick) * 0 + event.px / 10, 0.001) for event in events
        )
    assert seen(rows, LOCAL)["px"].tolist() == [event.px / 10 for event in events]


def test_a_venue_whose_clock_is_ahead_is_moved_back_as_a_whole(tmp_path):
    file = HftFile(tmp_path, ONE)
    for ts, ts_event in ((1_000, 0), (1_010, 2_010), (1_020, 1_520), (1_030, 900)):
        file.add(Trade(ts, ts_event, 0, 1, 10, 1, 1))
    file.finish()
    rows = rows_of(file.path)
    assert file.lead == 1_000 and in_order(rows)
    latencies = seen(rows, LOCAL)["local_ts"] - seen(rows, LOCAL)["exch_ts"]
    assert latencies.tolist() == [1_000, 0, 500, 1_130]


def test_a_finer_grid_changes_no_price(tmp_path):
    file = HftFile(tmp_path, ONE)
    file.add(Trade(1, 1, 0, 1, 123, 1, 1))
    file.add(GridRefined(2, 0, "0.01", "0.0001", 10, 10))
    file.add(Trade(3, 3, 0, 2, 1230, 10, 1))
    file.finish()
    rows = rows_of(file.path)
    assert rows["px"].tolist() == [12.3, 12.3] and rows["qty"].tolist() == [0.001, 0.001]


def test_an_instrument_without_a_market_has_no_file(tmp_path):
    file = HftFile(tmp_path, ONE)
    file.add(BookGap(1, 0, 1, 2, "gap"))
    file.finish()
    assert not list(tmp_path.iterdir())


def test_the_order_is_that_of_hftbacktests_own_correction(tmp_path):
    pytest.importorskip("hftbacktest", reason="skipped: no hftbacktest", exc_type=ImportError)
    from hftbacktest.data import correct_event_order, validate_event_order
    from hftbacktest.types import event_dtype

    dice = random.Random(9)
    file, ts = HftFile(tmp_path, ONE), 1_700_000_000 * SECOND
    for number in range(500):
        ts += dice.randrange(3) * 1_000_000
        file.add(Trade(ts, ts - dice.choice((0, 1, 5, 40)) * 1_000_000, 0, number, 1000 + number, 1, 1))
    file.finish()
    rows = rows_of(file.path).astype(event_dtype)
    validate_event_order(rows)
    plain = seen(rows, LOCAL).copy()
    plain["ev"] &= np.uint64(LOCAL - 1)
    by_exch = np.argsort(plain["exch_ts"], kind="stable")
    theirs = correct_event_order(plain, by_exch, np.argsort(plain["local_ts"], kind="stable"))
    for flag in (EXCH, LOCAL):
        ours, other = seen(rows, flag), seen(theirs, flag)
        for name in ("exch_ts", "local_ts", "px", "qty"):
            assert (ours[name] == other[name]).all()


def test_hftbacktest_has_our_book_at_every_checkpoint(session):
    pytest.importorskip("hftbacktest", reason="skipped: no hftbacktest", exc_type=ImportError)
    from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest
    from hftbacktest.data import validate_event_order
    from hftbacktest.types import event_dtype

    out = session.parent / "out"
    assert main(["export", str(session), "--format", "hftbacktest", "--out", str(out)]) == 0
    setup, records = desk_records()
    for i, item in enumerate(setup.instruments):
        one = item.instrument
        path = out / f"{one.id.replace(':', '_')}.npz"
        rows = rows_of(path)
        assert rows.dtype == event_dtype
        validate_event_order(rows)
        asset = (
            BacktestAsset()
            .data([str(path)])
            .linear_asset(1.0)
            .constant_order_latency(0, 0)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(0, 0)
            .tick_size(float(one.tick))
            .lot_size(float(one.lot))
        )
        backtest = HashMapMarketDepthBacktest([asset])
        try:
            compare(backtest, i, records)
        finally:
            backtest.close()


def compare(backtest, i, records):
    """Run the backtest to twelve instants and to the end; its depth is that of our book."""
    depths = [event for event, _ in records if isinstance(event, BookSnapshot | BookDelta) and event.i == i]
    last = max(event.ts for event, _ in records)
    book, place, compared = OrderBook(), 0, 0
    assert backtest.elapse(0) == 0
    instants = [depths[0].ts + (last - depths[0].ts) * k // 12 for k in range(1, 12)] + [depths[-1].ts]
    for at in instants:
        assert backtest.elapse(at - backtest.current_timestamp) in (0, 1)
        while place < len(depths) and depths[place].ts <= at:
            event = depths[place]
            book.snapshot(event) if isinstance(event, BookSnapshot) else book.delta(event)
            place += 1
        depth = backtest.depth(0)
        bids, asks = book.top(5)
        assert (depth.best_bid_tick, depth.best_ask_tick) == (bids[0][0], asks[0][0])
        for px, sz in bids:
            assert round(depth.bid_qty_at_tick(px) / depth.lot_size) == sz
        for px, sz in asks:
            assert round(depth.ask_qty_at_tick(px) / depth.lot_size) == sz
        compared += 1
    assert compared == 12
