"""The webhook of a desk: a process of its own that sends alerts, so that no answer of the net ever costs the desk time.

It reads JSON lines: first {"url", "desk", "mode", "repeat_s", "repeats"}, then alerts {"n", "ts", "severity", "code",
"text"} and {"heard": n}.  What it writes are sentences about deliveries, never the address: that is a secret.

Rules of this file: started by sinks.py, ends with its input; at most QUEUE alerts wait, the oldest are left out first.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

QUEUE = 200
TIMEOUT_S = 10.0
#: Waits before an alert is tried again.
RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0)
#: At the end of its input what waits gets so long.
LAST_S = 5.0
DANGER = "danger"
Post = Callable[[dict[str, Any]], Any]


class Escalation:
    """Alerts that nobody has acknowledged are due again; `repeat_s` apart, `repeats` times."""

    def __init__(self, repeat_s: float, repeats: int) -> None:
        self.repeat_s = repeat_s
        self.repeats = repeats
        self._waiting: dict[int, tuple[float, int, dict[str, Any]]] = {}  # n -> when, how often so far, the alert

    def sent(self, alert: dict[str, Any], now: float) -> None:
        if alert["severity"] == DANGER and self.repeat_s > 0 and self.repeats > 0:
            self._waiting[alert["n"]] = (now + self.repeat_s, 0, alert)
            while len(self._waiting) > QUEUE:
                del self._waiting[min(self._waiting)]

    def heard(self, n: int) -> None:
        """Acknowledged up to this number."""
        for key in [key for key in self._waiting if key <= n]:
            del self._waiting[key]

    def due(self, now: float) -> list[dict[str, Any]]:
        """What is to be said again."""
        out = []
        for n, (at, count, alert) in list(self._waiting.items()):
            if now >= at:
                again = count + 1
                out.append({**alert, "repeat": again})
                if again >= self.repeats:
                    del self._waiting[n]
                else:
                    self._waiting[n] = (now + self.repeat_s, again, alert)
        return out


def body(alert: dict[str, Any], desk: str, mode: str, repeat_s: float) -> dict[str, Any]:
    """What is posted: `text` (Slack, Mattermost) and `content` (Discord) say the same; the rest is for programs."""
    again = int(alert.get("repeat", 0))
    late = f"NOT ACKNOWLEDGED for {again * repeat_s:g} s: " if again else ""
    left = f" ({alert['left_out']} older alerts were left out)" if alert.get("left_out") else ""
    text = f"mmtui {desk} {mode}: {late}{alert['severity'].upper()} {alert['code']}: {alert['text']}{left}"
    fields = {key: alert[key] for key in ("n", "ts", "severity", "code")}
    return {"text": text, "content": text, "desk": desk, "mode": mode, "repeat": again, **fields}


class Sender:
    """Sends one after the other; says once when deliveries fail and once when they work again."""

    def __init__(self, told: dict[str, Any], post: Post, say: Callable[[str], None]) -> None:
        self.told = told
        self.queue: deque[dict[str, Any]] = deque()
        self.left_out = 0
        self.failing = False
        self.come = asyncio.Event()
        self.escalation = Escalation(float(told["repeat_s"]), int(told["repeats"]))
        self._post = post
        self._say = say

    def take(self, alert: dict[str, Any], now: float) -> None:
        """An alert to send, after what waits."""
        if len(self.queue) >= QUEUE:
            self.queue.popleft()
            self.left_out += 1
        self.queue.append(alert)
        if not alert.get("repeat"):
            self.escalation.sent(alert, now)
        self.come.set()

    async def run(self) -> None:
        while True:
            await self.come.wait()
            while self.queue:
                await self._send(self.queue.popleft())
            self.come.clear()

    async def _send(self, alert: dict[str, Any]) -> None:
        if self.left_out:
            alert, self.left_out = {**alert, "left_out": self.left_out}, 0
        told = self.told
        data = body(alert, told["desk"], told["mode"], float(told["repeat_s"]))
        for wait in (*RETRY_S, None):
            why = await self._post(data)
            if not why:
                if self.failing:
                    self.failing = False
                    self._say("webhook: alerts are delivered again")
                return
            if not self.failing:
                self.failing = True
                self._say(f"webhook: an alert could not be delivered: {why}")
            if wait is None:
                return
            await asyncio.sleep(wait)


async def _main() -> None:
    import aiohttp

    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    told = json.loads(await reader.readline())
    url = told.pop("url")

    async def post(data: dict[str, Any]) -> str:
        """Why it was not taken; "" when it was."""
        try:
            async with session.post(url, json=data, allow_redirects=False) as answer:
                return "" if answer.status < 300 else f"HTTP {answer.status}"
        except TimeoutError:
            return f"no answer in {TIMEOUT_S:g} s"
        except aiohttp.ClientConnectorError:
            return "cannot connect"
        except aiohttp.ClientError as error:  # its text may hold the address
            return type(error).__name__

    def say(text: str) -> None:
        os.write(sys.stdout.fileno(), text.encode() + b"\n")

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
        sender = Sender(told, post, say)
        running = loop.create_task(sender.run())
        look = loop.create_task(_escalate(sender))
        while line := await reader.readline():
            message = json.loads(line)
            if "heard" in message:
                sender.escalation.heard(message["heard"])
            else:
                sender.take(message, loop.time())
        look.cancel()
        until = loop.time() + LAST_S
        while (sender.queue or sender.come.is_set()) and loop.time() < until:
            await asyncio.sleep(0.02)
        running.cancel()


async def _escalate(sender: Sender) -> None:
    """Look four times a second for alerts that are due again."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0.25)
        for alert in sender.escalation.due(loop.time()):
            sender.take(alert, loop.time())


if __name__ == "__main__":
    asyncio.run(_main())
