"""Ten orders at once on the wire of a loopback exchange: from the decision to the venue's answers; beside it ccxt.

Ours is what a live desk does: built by the venue's rest code, signed by the process that holds the keys, in batches of
five as the venue takes them.  ccxt has the same exchange, key and prices, over REST and over its WebSocket.

Rules of this file: the product's own code on real sockets; rounds are interleaved, slower than the venue's limits; CPU
is that of this process and, of ours, of the signer's.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from mmtui.bench.flood import loop_factory
from mmtui.core.market.instrument import Instrument
from mmtui.host.signer_client import HeldKey, hold
from mmtui.venues.account_messages import Create, Done, NewOrder
from mmtui.venues.binance.links import LINKS
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import Call, step
from mmtui.venues.live.http import Http
from mmtui.venues.live.keys import Pair

VENUE, SYMBOL = "binance-usdm", "BTCUSDT"
ORDERS, BATCH, ROUNDS, PAUSE_S = 10, 5, 20, 1.2
ITEM = Instrument(id=f"{VENUE}:{SYMBOL}", venue=VENUE, symbol=SYMBOL, kind="linear", base="BTC", quote="USDT",
                  settle="USDT", tick="0.1", lot="0.001")  # fmt: skip

Way = Callable[[], Awaitable[None]]


def bench_orders() -> dict[str, Any]:
    """Wall µs of ten orders answered (p50 of the rounds), CPU µs an order; and building and signing one alone."""
    command = [sys.executable, "-m", "mmtui", "venue", "serve", "--protocol", VENUE, "--port", "0"]
    out = subprocess.PIPE
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(command, stdout=out, text=True) as server:
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            keys = Path(folder) / "keys.toml"
            keys.touch(0o600)
            keys.write_text(f'key = "{ready["key"]}"\nsecret = "{ready["secret"]}"\n')
            held = hold({VENUE: f"file:{keys}"}, Path(folder))[VENUE]
            try:
                with asyncio.Runner(loop_factory=loop_factory()) as runner:
                    return dict(runner.run(_all(ready, held)))
            finally:
                held.client.close()
        finally:
            server.kill()


async def _all(ready: dict[str, Any], held: HeldKey) -> dict[str, Any]:
    links = msgspec.structs.replace(LINKS[VENUE], rest=ready["rest"], ws=ready["ws"], account=ready["rest"])
    http = Http(VENUE, links, held, time.time_ns)
    rest = BinanceRest(VENUE, [(0, ITEM)])
    peer = _peer(ready)
    try:
        return await _measured(http, rest, peer, held, Pair(ready["key"], ready["secret"]))
    finally:
        await http.close()
        if peer is not None:
            await peer.close()


async def _measured(http: Http, rest: BinanceRest, peer: Any, held: HeldKey, pair: Pair) -> dict[str, Any]:
    links = http.links
    await http.settle()
    book = json.loads((await http.public(links.depth, {"symbol": SYMBOL, "limit": "5"})).body)
    price = round(float(book["bids"][0][0]))
    ways: dict[str, Way] = {"ours": lambda: _ours(http, rest, price)}
    if peer is not None:
        await peer.load_markets()
        ways["ccxt REST"] = lambda: _theirs(peer.create_order, price)
        ways["ccxt WebSocket"] = lambda: _theirs(peer.create_order_ws, price)
    walls: dict[str, list[float]] = {name: [] for name in ways}
    cpus = dict.fromkeys(ways, 0.0)
    for turn in range(ROUNDS + 2):
        for name, way in ways.items():
            cpu, began = _cpu(held if name == "ours" else None), time.perf_counter()
            await way()
            if turn >= 2:  # connections stand
                walls[name].append((time.perf_counter() - began) * 1e6)
                cpus[name] += _cpu(held if name == "ours" else None) - cpu
            await http.signed(Call("DELETE", "/fapi/v1/allOpenOrders", {"symbol": SYMBOL}))
        await asyncio.sleep(PAUSE_S)
    out: dict[str, Any] = {}
    for name, times in walls.items():
        out[f"{name}: ten answered, wall us"] = round(median(times))
        out[f"{name}: CPU us an order"] = round(cpus[name] / ROUNDS / ORDERS * 1e6)
    if peer is not None:
        for name in ("ccxt REST", "ccxt WebSocket"):
            out[f"wall, ratio to {name}"] = round(median(walls[name]) / median(walls["ours"]), 1)
        out |= _built(rest, pair, peer, price)
    return out


def _cpu(held: HeldKey | None) -> float:
    """Seconds of this process, and of the signer where the system tells."""
    own = time.process_time()
    if held is None:
        return own
    try:
        fields = Path(f"/proc/{held.client.line.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return own
    return own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _request(n: int, price: int, count: int) -> Create:
    tag = time.monotonic_ns()
    orders = [NewOrder(k, 0, f"b{tag}-{n}-{k}", 1, f"{price - 500 - n - k}.0", "0.010", "GTX", False)
              for k in range(count)]  # fmt: skip
    return Create(n, orders)


async def _ours(http: Http, rest: BinanceRest, price: int) -> None:
    async def batch(n: int) -> None:
        talk = rest.talk(_request(n, price, BATCH))
        calls, answer = step(talk, None)
        while answer is None:
            calls, answer = step(talk, [await http.signed(call) for call in calls])
        if not isinstance(answer, Done) or not all(one.ok for one in answer.results):
            raise RuntimeError(f"an order of ours was not taken: {answer}")

    await asyncio.gather(*(batch(n) for n in range(0, ORDERS, BATCH)))


async def _theirs(create: Any, price: int) -> None:
    answers = await asyncio.gather(
        *(create("BTC/USDT:USDT", "limit", "buy", 0.01, price - 500 - k, {"postOnly": True}) for k in range(ORDERS))
    )
    if not all(one.get("id") for one in answers):
        raise RuntimeError("an order of ccxt's was not taken")


def _peer(ready: dict[str, Any]) -> Any:
    """ccxt.pro at the loopback exchange, unmodified apart from the address; None without ccxt."""
    try:
        from ccxt.pro import binanceusdm
    except ImportError:
        return None
    peer = binanceusdm({"apiKey": ready["key"], "secret": ready["secret"], "enableRateLimit": False})
    for name, url in peer.urls["api"].items():
        if isinstance(url, str):
            peer.urls["api"][name] = f"{ready['rest']}/{url.split('/', 3)[3]}"
    streams = peer.urls["api"]["ws"]
    for name, url in _flat(streams):
        name[url] = f"{ready['ws']}/{name[url].split('/', 3)[3]}"
    return peer


def _flat(urls: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Places of addresses in a tree of them."""
    found: list[tuple[dict[str, Any], str]] = []
    for name, value in urls.items():
        if isinstance(value, dict):
            found += _flat(value)
        elif isinstance(value, str):
            found.append((urls, name))
    return found


def _built(rest: BinanceRest, pair: Pair, peer: Any, price: int) -> dict[str, Any]:
    """One order to signed bytes, in this process: ours, and ccxt's create_order_request and sign."""
    count = 2_000
    began = time.process_time()
    for n in range(count):
        calls, _ = step(rest.talk(_request(n % 50, price, 1)), None)
        call = calls[0]
        fields = {**call.params, "recvWindow": "3000", "timestamp": str(1_700_000_000_000 + n)}
        pair.signed(VENUE, call.method, call.path, fields)
    ours = (time.process_time() - began) / count * 1e6
    began = time.process_time()
    for n in range(count):
        where = price - 500 - n % 50
        request = peer.create_order_request("BTC/USDT:USDT", "limit", "buy", 0.01, where, {"postOnly": True})
        peer.sign("order", ["fapiPrivate"], "POST", request)
    theirs = (time.process_time() - began) / count * 1e6
    return {"build and sign, CPU us": round(ours, 1), "ccxt, build and sign, CPU us": round(theirs, 1),
            "build and sign, ratio": round(theirs / ours, 1)}  # fmt: skip
