"""NautilusTrader's BacktestEngine on the market of an npz file, with a simple maker in Python. Run by its interpreter.

    PYTHON nautilus_desk.py MARKET.npz

Converts first (not timed), then runs one backtest for each line on standard input and answers with a line of JSON:
process CPU seconds of BacktestEngine.run(), orders and fills.  The maker is ours in plain: both sides around the micro
price at SPREAD, a requote when the price is wrong by more than TOLERANCE and the order has lived 250 ms, one order a
side, on every best quote and every depth message; it cancels and waits for the end before it places again, as our
quoter does.  The venue has 5 + 5 ms of latency, the whole book (L2), trade execution and queue positions.

Rules of this file: imports nothing of mmtui (its interpreter has none of it).
"""

from __future__ import annotations

import gc
import json
import sys
import time
from decimal import Decimal
from typing import Any

import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
    RecordFlag,
    TimeInForce,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

HALF, TOLERANCE, LIFE = 2.5e-4, 0.2e-4, 250_000_000
DELTA, SNAPSHOT, QUOTE, TRADE = range(4)
VENUE = Venue("BINANCE")


class MakerConfig(StrategyConfig, frozen=True):
    instrument_id: InstrumentId
    tick: float
    size: str


class Maker(Strategy):
    """One order a side around the micro price."""

    def __init__(self, config: MakerConfig) -> None:
        super().__init__(config)
        self.mine: dict[OrderSide, Any] = {OrderSide.BUY: None, OrderSide.SELL: None}
        self.placed = 0
        self.filled = 0
        self.decided = 0

    def on_start(self) -> None:
        self.instrument = self.cache.instrument(self.config.instrument_id)
        self.size = self.instrument.make_qty(Decimal(self.config.size))
        self.subscribe_order_book_deltas(self.config.instrument_id, BookType.L2_MBP)
        self.subscribe_quote_ticks(self.config.instrument_id)
        self.subscribe_trade_ticks(self.config.instrument_id)

    def on_order_book_deltas(self, deltas: OrderBookDeltas) -> None:
        book = self.cache.order_book(self.config.instrument_id)
        bid, ask = book.best_bid_price(), book.best_ask_price()
        if bid is not None and ask is not None:
            self.decide(
                float(bid), float(ask), float(book.best_bid_size()), float(book.best_ask_size()), deltas.ts_init
            )

    def on_quote_tick(self, tick: QuoteTick) -> None:
        self.decide(
            float(tick.bid_price), float(tick.ask_price), float(tick.bid_size), float(tick.ask_size), tick.ts_init
        )

    def on_trade_tick(self, tick: TradeTick) -> None:
        """Trades only fill."""

    def decide(self, bid: float, ask: float, bid_size: float, ask_size: float, now: int) -> None:
        if not bid < ask:
            return
        self.decided += 1
        fair = (bid * ask_size + ask * bid_size) / (bid_size + ask_size)
        tick = self.config.tick
        for side, sign in ((OrderSide.BUY, 1), (OrderSide.SELL, -1)):
            wanted = fair * (1.0 - sign * HALF)
            order = self.mine[side]
            if order is not None and not order.is_closed:
                wrong = abs(float(order.price) - wanted) > TOLERANCE * fair + tick
                if wrong and order.is_open and not order.is_pending_cancel and now - order.ts_init >= LIFE:
                    self.cancel_order(order)
                continue
            ticks = wanted // tick if sign > 0 else -(-wanted // tick)
            order = self.order_factory.limit(
                self.config.instrument_id,
                side,
                self.size,
                self.instrument.make_price(ticks * tick),
                time_in_force=TimeInForce.GTC,
                post_only=True,
            )
            self.mine[side] = order
            self.placed += 1
            self.submit_order(order)

    def on_order_filled(self, event: Any) -> None:
        self.filled += 1


def instrument(head: dict[str, Any]) -> CryptoPerpetual:
    """A linear contract with the grid of the file; what its margin is has no part here."""
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol("PERP"), VENUE),
        raw_symbol=Symbol("PERP"),
        base_currency=BTC,
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=head["px_places"],
        size_precision=head["sz_places"],
        price_increment=Price.from_str(head["tick"]),
        size_increment=Quantity.from_str(head["lot"]),
        max_quantity=None,
        min_quantity=None,
        max_notional=None,
        min_notional=None,
        max_price=None,
        min_price=None,
        margin_init=Decimal("0.01"),
        margin_maint=Decimal("0.005"),
        maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.0005"),
        ts_event=0,
        ts_init=0,
    )


def converted(market: Any, head: dict[str, Any], what: CryptoPerpetual) -> list[Any]:
    """Every message as the object that NautilusTrader's own adapters make of it."""
    iid = what.id
    tick, lot = Decimal(head["tick"]), Decimal(head["lot"])
    prices: dict[int, Price] = {}
    sizes: dict[int, Quantity] = {}

    def px(n: int) -> Price:
        if n not in prices:
            prices[n] = what.make_price(n * tick)
        return prices[n]

    def sz(n: int) -> Quantity:
        if n not in sizes:
            sizes[n] = what.make_qty(n * lot)
        return sizes[n]

    out: list[Any] = []
    spans, levels = market["spans"].tolist(), market["levels"].tolist()
    for number, (kind, ts, a, b, c, d) in enumerate(market["events"].tolist()):
        if kind == QUOTE:
            out.append(QuoteTick(iid, px(a), px(c), sz(b), sz(d), ts, ts))
        elif kind == TRADE:
            side = AggressorSide.BUYER if c > 0 else AggressorSide.SELLER
            out.append(TradeTick(iid, px(a), sz(b), side, TradeId(str(d)), ts, ts))
        else:
            rows = levels[spans[number] : spans[number + 1]]
            deltas = [OrderBookDelta.clear(iid, 0, ts, ts)] if kind == SNAPSHOT else []
            for k, (side, price, lots) in enumerate(rows):
                action = BookAction.UPDATE if lots else BookAction.DELETE
                order = BookOrder(OrderSide.BUY if side > 0 else OrderSide.SELL, px(price), sz(lots), 0)
                flags = RecordFlag.F_LAST if k == len(rows) - 1 else 0
                deltas.append(OrderBookDelta(iid, action, order, flags, 0, ts, ts))
            if deltas:
                out.append(OrderBookDeltas(iid, deltas))
    return out


def engine_of(data: list[Any], what: CryptoPerpetual, head: dict[str, Any]) -> tuple[BacktestEngine, Maker]:
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True), risk_engine=RiskEngineConfig(bypass=True), run_analysis=False
        )
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=None,
        starting_balances=[Money(10_000_000, USDT)],
        latency_model=LatencyModel(base_latency_nanos=5_000_000),
        book_type=BookType.L2_MBP,
        trade_execution=True,
        queue_position=True,
    )
    engine.add_instrument(what)
    engine.add_data(data)
    maker = Maker(MakerConfig(instrument_id=what.id, tick=float(head["tick"]), size=head["size"]))
    engine.add_strategy(maker)
    return engine, maker


def main() -> None:
    market = np.load(sys.argv[1])
    head = json.loads(str(market["head"]))
    what = instrument(head)
    data = converted(market, head, what)
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        engine, maker = engine_of(data, what, head)
        gc.collect()
        gc.freeze()
        gc.disable()
        begun = time.process_time()
        engine.run()
        took = time.process_time() - begun
        gc.enable()
        gc.unfreeze()
        said = {"seconds": took, "orders": maker.placed, "fills": maker.filled, "decided": maker.decided}
        print(json.dumps(said), flush=True)
        engine.dispose()


if __name__ == "__main__":
    main()
