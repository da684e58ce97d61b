"""A desk that is not there: sends the frames of fakeframes.py and answers commands, in place of a host.

python tests/tui/fakedesk.py [MODE]      the cockpit on it, to look at
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from fakeframes import INSTRUMENTS, FrameMaker, welcome

from mmtui.link.messages import Cmd, Item, Params, ParamsRequest, Snapshot
from mmtui.link.parts import FillRow, Level, Param, Rungs


def parameters(request: ParamsRequest) -> Params:
    """Three parameters; a preview is what is now, wider."""
    rows = [
        Param(name=name, value=value, profile=value, unit=unit, allowed=allowed, text=f"what {name} does")
        for name, value, unit, allowed in (
            ("spread_bps", "5.0", "bps", "> 0 .. 5,000"), ("levels", "1", "", "1 .. 20"), ("skew_bps", "2.0", "bps", "")
        )
    ]  # fmt: skip

    def rungs(wider: int) -> Rungs:
        bids, asks = [Level(616_600 - wider, 50)], [Level(616_630 + wider, 50)]
        return Rungs(bids=bids, asks=asks, width_bps=5.0 + wider, skew_bps=0.0)

    return Params(
        id=request.id,
        instrument=request.instrument,
        profile="default",
        profiles=["default"],
        params=rows,
        now=rungs(0),
        then=rungs(9) if request.preview else None,
    )


class FakeHost:
    """Answers every command, counts what was sent; `connector` stands in for link.client.connect."""

    def __init__(self, mode: str = "DEMO", seed: int = 7, fps: float = 10.0, live: bool = True) -> None:
        self.maker = FrameMaker(seed, mode)
        self.mode, self.fps, self.live = mode, fps, live
        self.sent: list[object] = []
        self.n = 0
        self.up = True
        self._queues: list[asyncio.Queue[object]] = []

    @property
    def commands(self) -> list[Cmd]:
        return [m for m in self.sent if isinstance(m, Cmd)]

    def item(self, kind: str, text: str, **more: object) -> Item:
        self.n += 1
        return Item(n=self.n, ts=self.maker.ts, kind=kind, text=text, **more)

    def push(self, message: object) -> None:
        for queue in self._queues:
            queue.put_nowait(message)

    def drop(self) -> None:
        """The host goes."""
        self.up = False
        self.push(None)

    def fill(self) -> Item:
        rng = self.maker.rng
        side = rng.choice((1, -1))
        row = FillRow(
            ts=self.maker.ts,
            instrument=INSTRUMENTS[1].id,
            side=side,
            px=int(self.maker.mid * 10) - side * 30,
            sz=50,
            maker=True,
            edge_bps=rng.gauss(0.3, 0.2),
            fee="0.61",
            purpose="quote",
        )
        return self.item("fill", "fill", fill=row, instrument=INSTRUMENTS[1].id)

    def connector(self, hello: object) -> contextlib.AbstractAsyncContextManager[object]:
        return self._connect()

    @contextlib.asynccontextmanager
    async def _connect(self) -> AsyncIterator[object]:
        if not self.up:
            raise OSError("no host")
        queue: asyncio.Queue[object] = asyncio.Queue()
        self._queues.append(queue)
        queue.put_nowait(welcome(self.mode))
        queue.put_nowait(Snapshot(n=self.n, items=[]))
        queue.put_nowait(self.maker.frame())
        task = asyncio.create_task(self._feed(queue)) if self.live else None
        try:
            yield _Line(self, queue)
        finally:
            self._queues.remove(queue)
            if task is not None:
                task.cancel()

    async def _feed(self, queue: asyncio.Queue[object]) -> None:
        count = 0
        while True:
            await asyncio.sleep(1 / self.fps)
            queue.put_nowait(self.maker.tick())
            count += 1
            if self.maker.state == "RUNNING" and count % 17 == 1:
                queue.put_nowait(self.fill())
            if count % 61 == 9:
                queue.put_nowait(
                    self.item("alert", "usdm feed resynced in 210 ms", severity="warn" if count % 2 else "info")
                )

    def answer(self, message: object) -> None:
        self.sent.append(message)
        if isinstance(message, ParamsRequest):
            self.push(parameters(message))
        if not isinstance(message, Cmd):
            return
        maker = self.maker
        text = f"{message.action} done"
        if message.action == "spread":
            maker.spread = max(0.1, maker.spread + float(message.args["bps"]))
            text = f"spread {message.args['bps']:+.2f} → {maker.spread:.2f} bps"
        elif message.action in ("ticket", "roll") and message.args.get("preview"):
            text = f"{message.action} on {message.instrument} at 60000: expected cost 1.20, worst 3000.00 USDT"
            if message.args.get("size") == "99":
                self.push(self.item("result", "above the position limit", command=message.id, ok=False))
                return
        elif message.action == "limit" and not message.reason and float(next(iter(message.args.values()))) > 1_000:
            refused = "raising a limit needs a reason"
            self.push(self.item("result", refused, command=message.id, ok=False))
            return
        elif message.action == "kill":
            maker.kill()
            text = "KILLED: 60 orders cancelled"
        elif message.action in ("start", "pause", "stop", "resume"):
            maker.state = {"start": "RUNNING", "pause": "PAUSED", "stop": "STOPPED", "resume": "RUNNING"}[
                message.action
            ]
            maker.state_since = maker.ts
        self.push(self.item("result", text, command=message.id, ok=True))


class _Line:
    def __init__(self, host: FakeHost, queue: asyncio.Queue[object]) -> None:
        self.host, self.queue = host, queue

    async def send(self, message: object) -> None:
        self.host.answer(message)

    def __aiter__(self) -> _Line:
        return self

    async def __anext__(self) -> object:
        message = await self.queue.get()
        if message is None:
            raise StopAsyncIteration
        return message


if __name__ == "__main__":
    from mmtui.tui.app import Cockpit
    from mmtui.tui.driver import GateDriver

    Cockpit(FakeHost(sys.argv[1] if len(sys.argv) > 1 else "DEMO").connector, driver_class=GateDriver).run()
