"""The same list of orders executed by hftbacktest: its ROI vector book, its exchange, its latency and queue models.

The rows are those of `mmtui export --format hftbacktest` with one change: the exchange side sees a row at our receive
time.  Our paper venue stands on receive times (its latency is the whole way), so this is the same latency model; the
venue's own instants, which run up to some tens of ms before, would let orders meet another book.

Sizes are 0.4 lots less than a whole number: its exchange forgets to take out an order that a trade fills to the last
lot, and the next trade there stops the backtest with InvalidOrderStatus (its issues 301 and 312, in 2.4.4).  It
compares in whole lots, so that nothing else changes.

Rules of this file: hftbacktest decides what fills; here its answers are written down.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from fixed_quoter import Action, Fills
from hftbacktest import GTX, LIMIT, BacktestAsset, ROIVectorMarketDepthBacktest
from numba import njit
from numpy.typing import NDArray

from mmtui.core.events import Event
from mmtui.core.market.instrument import Instrument
from mmtui.core.setup import PaperSetup
from mmtui.tape.export_hft import DEPTH, EXCH, LOCAL, HftFile

#: Our model -> theirs.
QUEUES = {"pessimistic": "risk_adverse_queue_model", "optimistic": "power_prob_queue_model"}
EXPIRED, FILLED, CANCELED = 2, 3, 4
SHORT = 0.4


def rows_of(instrument: Instrument, events: Iterable[Event]) -> NDArray[np.void]:
    """The export's rows, each seen by both sides at our receive time."""
    with tempfile.TemporaryDirectory() as folder:
        file = HftFile(Path(folder), instrument)
        for event in events:
            file.add(event)
        file.finish()
        rows = np.load(file.path)["data"]
    rows = rows[(rows["ev"] & np.uint64(LOCAL)) != 0]
    rows["ev"] |= np.uint64(EXCH)
    rows["exch_ts"] = rows["local_ts"]
    return rows


def asset(rows: NDArray[np.void], instrument: Instrument, paper: PaperSetup, queue: str) -> BacktestAsset:
    """One instrument with our latency, partial fills and the queue model of that name."""
    touched = rows["px"][(rows["ev"] & np.uint64(0xFF)) == DEPTH]
    made = (
        BacktestAsset()
        .data(rows)
        .linear_asset(1.0)
        .constant_order_latency(round(paper.latency_in_ms * 1e6), round(paper.latency_out_ms * 1e6))
        .partial_fill_exchange()
        .trading_value_fee_model(0.0002, 0.0005)
        .tick_size(float(instrument.tick))
        .lot_size(float(instrument.lot))
        .roi_lb(float(np.median(touched)) * 0.9)
        .roi_ub(float(np.median(touched)) * 1.1)
        .last_trades_capacity(0)
    )
    model = getattr(made, queue)
    return model(1.0) if queue.startswith("power_prob") else model()


def carried_out(
    rows: NDArray[np.void], instrument: Instrument, paper: PaperSetup, model: str, actions: list[Action]
) -> tuple[Fills, set[int]]:
    """Fills of the list at hftbacktest, and the orders that expired on arrival (post-only that would take)."""
    table = np.array([(a.ts, a.place, a.oid, a.side, a.px, a.sz) for a in actions], np.int64)
    backtest = ROIVectorMarketDepthBacktest([asset(rows, instrument, paper, QUEUES[model])])
    found = _run(backtest, table, float(instrument.tick), float(instrument.lot))
    backtest.close()
    fills: Fills = {}
    for oid, ts, lots in found[found[:, 2] > 0].tolist():
        fills[oid, ts] = fills.get((oid, ts), 0) + lots
    return fills, {oid for oid, _, lots in found.tolist() if lots == 0}


@njit
def _run(backtest, table, tick, lot):  # type: ignore[no-untyped-def]
    """(order, instant, lots) of every fill; 0 lots: expired on arrival."""
    found = []
    live = [np.int64(0) for _ in range(0)]
    left = [np.int64(0) for _ in range(0)]
    at, end = 0, False
    backtest.wait_next_feed(True, np.int64(10**18))  # its clock is not set before the first row
    while not end:
        now = backtest.current_timestamp
        while at < len(table) and table[at, 0] <= now:
            oid, side, px, lots = table[at, 2], table[at, 3], table[at, 4] * tick, table[at, 5]
            if not table[at, 1]:
                backtest.cancel(0, oid, False)
            else:
                if side > 0:
                    backtest.submit_buy_order(0, oid, px, (lots - SHORT) * lot, GTX, LIMIT, False)
                else:
                    backtest.submit_sell_order(0, oid, px, (lots - SHORT) * lot, GTX, LIMIT, False)
                live.append(oid)
                left.append(lots)
            at += 1
        wait = table[at, 0] - now if at < len(table) else np.int64(10**9)
        code = backtest.wait_next_feed(True, wait)
        end = code not in (0, 2, 3)
        if code != 2:
            orders = backtest.orders(0)
            for k in range(len(live) - 1, -1, -1):
                order = orders.get(live[k])
                rest = np.int64(round(order.leaves_qty / lot))
                if order.status == EXPIRED:
                    found.append((live[k], order.exch_timestamp, np.int64(0)))
                elif rest < left[k]:
                    found.append((live[k], order.exch_timestamp, left[k] - rest))
                    left[k] = rest
                if order.status in (EXPIRED, FILLED, CANCELED):
                    live.pop(k)
                    left.pop(k)
    out = np.zeros((len(found), 3), np.int64)
    for k in range(len(found)):
        out[k] = found[k]
    return out
