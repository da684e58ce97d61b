"""hftbacktest with a simple maker in numba on the market of an npz file: one backtest for each line on standard input.

The same maker as beside NautilusTrader (nautilus_desk.py): both sides around the micro price at every message of the
feed that hftbacktest knows (depth and trades: its format has no best quotes), its partial-fill exchange, its
risk-averse queue, 5 + 5 ms.  Answers: process CPU seconds of the numba function, orders and fills.

Rules of this file: reads, runs, answers; the asset is hft_desk.py's.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from hft_desk import SHORT, asset
from hftbacktest import GTX, LIMIT, ROIVectorMarketDepthBacktest
from numba import njit

from mmtui.core.market.instrument import Instrument
from mmtui.core.setup import PaperSetup

HALF, TOLERANCE, LIFE = 2.5e-4, 0.2e-4, 250_000_000
OPEN, PARTLY = 1, 5


@njit
def _make(backtest, tick, lot, lots):  # type: ignore[no-untyped-def]
    """(orders placed, orders filled, decisions)."""
    placed, filled, decided = 0, 0, 0
    mine = np.zeros(2, np.int64)
    born = np.zeros(2, np.int64)
    number = 0
    while backtest.wait_next_feed(True, np.int64(10**12)) in (2, 3):
        depth = backtest.depth(0)
        bid, ask = depth.best_bid_tick, depth.best_ask_tick
        if not 0 < bid < ask:
            continue
        decided += 1
        now = backtest.current_timestamp
        bids, asks = depth.best_bid_qty, depth.best_ask_qty
        fair = (bid * asks + ask * bids) / (bids + asks)
        orders = backtest.orders(0)
        for k in range(2):
            sign = 1.0 - 2.0 * k
            wanted = fair * (1.0 - sign * HALF)
            if mine[k]:
                order = orders.get(mine[k])
                if order.status in (0, OPEN, PARTLY):
                    wrong = abs(order.price_tick - wanted) > TOLERANCE * fair + 1.0
                    if wrong and order.cancellable and now - born[k] >= LIFE:
                        backtest.cancel(0, mine[k], False)
                    continue
                filled += order.status == 3
            number += 1
            mine[k], born[k] = number, now
            placed += 1
            if k == 0:
                backtest.submit_buy_order(0, number, np.floor(wanted) * tick, (lots - SHORT) * lot, GTX, LIMIT, False)
            else:
                backtest.submit_sell_order(0, number, np.ceil(wanted) * tick, (lots - SHORT) * lot, GTX, LIMIT, False)
        if number % 64 == 0:
            backtest.clear_inactive_orders(0)
            for k in range(2):
                if not orders.__contains__(mine[k]):
                    mine[k] = 0
    return placed, filled, decided


def main() -> None:
    rows = np.load(sys.argv[1])
    head = json.loads(sys.argv[2])
    instrument = Instrument(**head["instrument"])
    tick, lot = float(instrument.tick), float(instrument.lot)

    def once() -> tuple[float, tuple[int, int, int]]:
        backtest = ROIVectorMarketDepthBacktest([asset(rows, instrument, PaperSetup(), "risk_adverse_queue_model")])
        begun = time.process_time()
        found = _make(backtest, tick, lot, head["lots"])
        took = time.process_time() - begun
        backtest.close()
        return took, found

    once()  # compiles
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        took, (placed, filled, decided) = once()
        print(json.dumps({"seconds": took, "orders": placed, "fills": filled, "decided": decided}), flush=True)


if __name__ == "__main__":
    main()
