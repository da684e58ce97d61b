"""One signature of an order: in this process, and from the signer process that holds the keys (wall time, idle loop).

Rules of this file: what is timed is what a live desk does; keys are made up, and live in a folder of this run.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

from mmtui.host.signer_client import HeldKey, hold
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signing import Credential

MARKET = "binance-usdm"
COUNT, BURST, PAUSE_S = 3_000, 40, 0.011
ORDER = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTX", "quantity": "0.050",
    "price": "60000.10", "newClientOrderId": "x1a2b-000000001", "recvWindow": "3000", "timestamp": "1700000000000",
}  # fmt: skip


def bench_signer() -> dict[str, Any]:
    """Microseconds of one signature, one at a time and 40 at once (what a kill asks for)."""
    key, secret = secrets.token_hex(32), secrets.token_hex(32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "keys.toml"
        path.touch(0o600)
        path.write_text(f'key = "{key}"\nsecret = "{secret}"\n')
        began = time.perf_counter()
        held = hold({MARKET: f"file:{path}"}, Path(folder))[MARKET]
        ready = time.perf_counter() - began
        try:
            return {"signer ready ms": round(ready * 1e3, 1), **_run(_all(Pair(key, secret), held))}
        finally:
            held.client.close()


def _run(work: Any) -> dict[str, Any]:
    try:
        import uvloop
    except ImportError:
        found: dict[str, Any] = asyncio.run(work)
        return found
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return dict(runner.run(work))


async def _all(pair: Pair, held: HeldKey) -> dict[str, Any]:
    inside = await _one_by_one(pair, 0.0)
    outside = await _one_by_one(held, PAUSE_S)
    bursts = []
    for _ in range(40):
        await asyncio.sleep(0.25)
        began = time.perf_counter()
        await asyncio.gather(*(_sign(held) for _ in range(BURST)))
        bursts.append(time.perf_counter() - began)
    bursts.sort()
    rows = {f"{name} p{share} us": round(taken[len(taken) * share // 100] * 1e6, 1)
            for name, taken in (("in-process", inside), ("signer", outside)) for share in (50, 99)}  # fmt: skip
    return rows | {"ratio p50": round(outside[COUNT // 2] / inside[COUNT // 2], 1),
                   f"signer, {BURST} at once, p50 us": round(bursts[len(bursts) // 2] * 1e6, 1)}  # fmt: skip


async def _sign(who: Credential) -> None:
    await who.sign(MARKET, "POST", "/fapi/v1/order", ORDER)


async def _one_by_one(who: Credential, pause: float) -> list[float]:
    """Sorted seconds; the pause keeps below the rate at which a signer signs."""
    taken = []
    for _ in range(COUNT):
        if pause:
            await asyncio.sleep(pause)
        began = time.perf_counter()
        await _sign(who)
        taken.append(time.perf_counter() - began)
    return sorted(taken)
