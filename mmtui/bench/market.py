"""Benchmarks of the path from bytes to a quote, on a capture.

Rules of this file: what is timed is the product's own code on real bytes; peers get the same bytes in the same run.
"""

from __future__ import annotations

import contextlib
import gc
import json
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from mmtui.bench import material
from mmtui.core.engine import Engine
from mmtui.core.events import BookDelta, BookSnapshot, Event, HostStarted
from mmtui.core.market.book import OrderBook
from mmtui.review.request import override, places
from mmtui.venues.binance.wire import Decoder, Feed

ROUNDS = 3
DEPTH_TYPES = (BookDelta, BookSnapshot)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Collector as in the host: frozen and off."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _decoder(instrument: Any) -> Decoder:
    feed = Feed(instrument, 0, 0)
    return Decoder(0, {instrument.symbol: feed}, feed)


def _ours(bodies: list[tuple[int, bytes]], instrument: Any) -> float:
    """Seconds of CPU: every depth message and snapshot to a book with its top 20 of both sides."""
    decoder, book = _decoder(instrument), OrderBook()
    begun = time.process_time()
    for ts, body in bodies:
        for event in decoder.decode(ts, body):
            if event.__class__ is BookDelta:
                book.delta(event)
                book.top(20)
            elif event.__class__ is BookSnapshot:
                book.snapshot(event)
                book.top(20)
    return time.process_time() - begun


def ccxt_handler(symbol: str) -> Callable[[list[bytes], dict[str, Any]], float] | None:
    """Seconds of CPU of ccxt.pro's own handler for the same messages, JSON included; None without ccxt."""
    try:
        import ccxt.pro
        import orjson  # what ccxt itself parses with
    except ImportError:
        return None

    class Client:
        """As much of a socket as the handler asks for."""

        url = "wss://fstream.binance.com/ws"
        subscriptions: dict[str, Any] = {}  # noqa: RUF012

        def resolve(self, result: Any, message_hash: str) -> Any:
            return result

        def reject(self, error: Any, message_hash: str = "") -> Any:
            raise error

    def run(messages: list[bytes], snapshot: dict[str, Any]) -> float:
        exchange = ccxt.pro.binanceusdm()
        market = exchange.safe_market_structure(
            {
                "id": symbol,
                "symbol": "BTC/USDT:USDT",
                "base": "BTC",
                "quote": "USDT",
                "settle": "USDT",
                "type": "swap",
                "swap": True,
                "linear": True,
                "contract": True,
                "precision": {"amount": 0.001, "price": 0.1},
                "limits": {},
                "info": {},
            }
        )
        exchange.set_markets([market])
        parsed = exchange.parse_order_book(snapshot, "BTC/USDT:USDT")
        parsed["nonce"] = snapshot["lastUpdateId"]
        book = exchange.order_book({}, 1000)
        book.reset(parsed)
        exchange.orderbooks["BTC/USDT:USDT"] = book
        client = Client()
        loads, handle = orjson.loads, exchange.handle_message
        begun = time.process_time()
        for message in messages:
            handle(client, loads(message))
            book["bids"][:20], book["asks"][:20]
        return time.process_time() - begun

    return run


def bench_book() -> dict[str, Any]:
    """µs of CPU a depth message, JSON decode and apply, top 20 of both sides read after each."""
    path, name = material.capture()
    captures = material.opened(path)
    instrument = captures.instruments[0]
    everything = material.lines(path)
    depth = [(ts, body) for ts, body in everything if b"depthUpdate" in body[:120] or b"lastUpdateId" in body[:40]]
    snapshot_at = next(k for k, (_, body) in enumerate(depth) if b"lastUpdateId" in body[:40])
    snapshot = json.loads(depth[snapshot_at][1])
    first = snapshot["lastUpdateId"]
    updates = [body for _, body in depth if b'"u":' in body and json.loads(body)["data"]["u"] >= first]
    peer = ccxt_handler(instrument.symbol)
    ours: list[float] = []
    theirs: list[float] = []
    with quiet():
        for _ in range(ROUNDS):
            ours.append(_ours(depth, instrument) / len(depth) * 1e6)
            if peer is not None:
                theirs.append(peer(updates, snapshot) / len(updates) * 1e6)
    out: dict[str, Any] = {
        "source": name,
        "depth_messages": len(depth),
        "us_per_depth_message": _spread(ours),
    }
    if theirs:
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        out["ccxt_us_per_depth_message"] = _spread(theirs)
        out["ratio_ccxt"] = {"median": round(median(ratios), 2), "worst": round(min(ratios), 2)}
    with quiet():
        decoder, book = _decoder(instrument), OrderBook()
        begun = time.process_time()
        for ts, body in everything:
            for event in decoder.decode(ts, body):
                if isinstance(event, DEPTH_TYPES):
                    book.delta(event) if isinstance(event, BookDelta) else book.snapshot(event)
        out["us_per_message_whole_stream"] = round((time.process_time() - begun) / len(everything) * 1e6, 2)
    return out


#: A pipeline in which a step of every kind is on: model, signals, widening, best price, flow control, guards.
EVERYTHING: tuple[tuple[str, object], ...] = (
    ("spread_model", "glft"), ("calibrate", True), ("fee_floor", True), ("dead_band", 0.05), ("size_skew", 1.0),
    ("imbalance_bps", 1.0), ("flow_bps", 1.0), ("momentum_weight", 0.2), ("latency_bps_per_ms", 0.01),
    ("best_price", "join"), ("queue_value_bps", 1.0), ("max_order_age_s", 60.0), ("cooldown_ms", 100.0),
    ("max_fills", 50), ("moving_band_above_pct", 5.0), ("moving_band_below_pct", 5.0), ("vol_pause_bps", 50.0),
    ("trend_hold_bps", 30.0), ("toxic_bps", 5.0), ("burst_trades", 500), ("throttle_fills", 20),
)  # fmt: skip


def bench_quote() -> dict[str, Any]:
    """Wall µs from the bytes of a message to the decision, 5 levels a side; the engine quotes, its orders are live.

    By the parameters' defaults, with a step of every kind on ("full"), and with a reader of both waterfalls after every
    message.  "quiet": of each message the quickest of the rounds, which all decide the same: without the machine's own
    pauses.
    """
    path, name = material.capture()
    captures = material.opened(path)
    default = material.desk_of(captures, levels=5)
    full = override(default, list(EVERYTHING))
    bodies = material.lines(path)
    best: dict[str, Any] = {"source": name, "messages": len(bodies)}
    for word, setup, look in (("", default, False), ("full_", full, False), ("full_looked_at_", full, True)):
        rounds = []
        for _ in range(ROUNDS):
            with quiet():
                rounds.append(_latencies(bodies, setup, captures.instruments[0], look))
        quickest = [list(map(min, *(one[pick] for one in rounds))) for pick in (0, 1)]
        for label, pick in (("all", 0), ("depth", 1)):
            for share, place in ((0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")):
                values = [_quantile(one[pick], share) for one in rounds]
                found = {**_spread(values), "quiet": round(_quantile(quickest[pick], share), 2)}
                best[f"{word}{label}_{place}_us"] = found
    return best


def _latencies(
    bodies: list[tuple[int, bytes]], setup: Any, instrument: Any, look: bool = False
) -> tuple[list[float], list[float]]:
    from mmtui.core.runner import Runner
    from mmtui.venues.paper.venue import PaperVenue

    decoder, engine = _decoder(instrument), Engine(setup)
    execution = PaperVenue(setup, engine.books, 1)
    made: list[float] = []
    depth: list[float] = []

    def nothing(event: Event, effects: Any) -> None: ...

    def ignore(effect: Any, now: int) -> None: ...

    runner = Runner(engine, execution, nothing, ignore)
    runner.now = bodies[0][0]
    runner.step(HostStarted(bodies[0][0], 1, "start", {}, True))
    clock = time.perf_counter
    process, quoter = engine.process, engine.quoters[0]
    for ts, body in bodies:
        runner.advance(ts)
        begun = clock()
        events = decoder.decode(ts, body)
        decided = [(event, process(event)) for event in events]
        if look:
            quoter.why(1), quoter.why(-1)
        took = (clock() - begun) * 1e6
        made.append(took)
        if events and events[0].__class__ is BookDelta:
            depth.append(took)
        for _, effects in decided:
            for effect in effects:
                if effect.__class__.__name__ in ("PlaceOrder", "AmendOrder", "CancelOrder"):
                    execution.send(effect, ts)
    return made, depth


def bench_whatif() -> dict[str, Any]:
    """Raw messages to a finished what-if: decode, books, quoting, latency, queue-aware fills, ledger."""
    from mmtui.review.whatif import Run, run_events

    path, name = material.capture()
    rates, micros, decoded, hashes = [], [], [], set()
    count = 0
    for _ in range(ROUNDS):
        captures = material.opened(path)
        setup = material.desk_of(captures)
        one = Run(setup, "pessimistic")
        with quiet():
            begun = time.process_time()
            count = run_events([one], captures.events(*places(setup)))
            took = time.process_time() - begun
        rates.append(count / took)
        micros.append(took / count * 1e6)
        hashes.add(one.hash)
        events = list(captures.events(*places(setup)))
        one = Run(setup, "pessimistic")
        with quiet():
            begun = time.process_time()
            run_events([one], events)
            decoded.append((time.process_time() - begun) / count * 1e6)
        hashes.add(one.hash)
    return {
        "source": name,
        "events": count,
        "events_per_s": _spread(rates, 0),
        "us_per_event": _spread(micros),
        "us_per_event_already_decoded": _spread(decoded),
        "same_hash": len(hashes) == 1,
    }


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _spread(values: list[float], digits: int = 2) -> dict[str, float]:
    return {
        "median": round(median(values), digits),
        "best": round(min(values), digits),
        "worst": round(max(values), digits),
    }
