"""Signed REST calls of one account at a venue that a Trader speaks for, over aiohttp.

Signature and stamps stand in headers; some calls leave on the private stream instead (carried.py).  What may be signed
is a list (live.signables), and who signs is the credential; hosts are the config's; a call has a time-out and no second
try.

Rules of this file: a call gives a Reply, whatever happens; the kill path waits for nothing here but the socket.
"""

from __future__ import annotations

from collections.abc import Callable

from yarl import URL

from mmtui.venues.binance.rest_calls import Call, Reply
from mmtui.venues.live.calls import TIMEOUT_S, Calls
from mmtui.venues.live.carried import Carried
from mmtui.venues.live.market_http import MarketHttp
from mmtui.venues.live.signables import SIGNABLE
from mmtui.venues.live.signing import Credential, Unsigned
from mmtui.venues.market_links import at
from mmtui.venues.signing_table import WEBSOCKET
from mmtui.venues.trader import Trader

MS = 1_000_000
WINDOW_MAX_MS = 60_000
LOGIN = "login"


class TradeHttp(Calls):
    """Of one account; its clock is the market side's. `counted`: orders that the venue has counted, by window."""

    def __init__(
        self, trader: Trader, market: MarketHttp, pair: Credential, now: Callable[[], int],
        timeout_s: float = TIMEOUT_S,
    ) -> None:  # fmt: skip
        super().__init__(timeout_s)
        self.trader = trader
        self.links = market.links
        self.carried = Carried(timeout_s)
        self.counted: Callable[[dict[int, int]], None] = lambda counts: None
        self._pair = pair
        self._now = now
        self._table = SIGNABLE[trader.venue]
        self._market = market
        self.clock = market.clock

    async def close(self) -> None:
        await self._market.close()
        await super().close()

    async def measure(self) -> bool:
        return await self._market.measure()

    async def signed(self, call: Call, expires: int = 0, still: Callable[[], bool] | None = None) -> Reply:
        """A call that the list allows; the venue refuses it after `expires` (engine's clock; 0: its own rule).

        still: asked once more when it is signed, right before it leaves: False, and it never does.
        PermissionError: it is not on the list.
        """
        now = self._now()
        window = min(max(1, (expires - now) // MS), WINDOW_MAX_MS) if expires else 0
        stamps = self.trader.stamps((now + self.clock.offset) // MS, window)
        taken = self._table.always | self._table.places.get((call.method, call.path), frozenset())
        fields = {**call.params, **{name: text for name, text in stamps.items() if name in taken}}
        try:
            signed = await self._pair.sign(self.trader.venue, call.method, call.path, fields)
        except Unsigned:
            return Reply(0, text="auth", sent=now)
        if still is not None and not still():
            return Reply(0, text="auth", sent=now)
        headers = self.trader.headers(self._pair.key, self._pair.passphrase, stamps, signed.signature)
        if (call.method, call.path) in self.trader.carried:
            return await self.carried.call(stamps["nonce"], signed.payload.encode(), now)
        address = at(f"{self.trader.rest}{self.trader.where(call.path)}", self.links.rest)
        if call.method == "GET":
            payload = self.trader.query(call.path, self._pair.key, signed.payload, signed.signature)
            headers = headers if payload == signed.payload else {}  # a signature stands in one place
            query = f"?{payload}" if payload else ""
            return await self._counted(call, URL(f"{address}{query}", encoded=True), headers, now)
        headers["Content-Type"] = self.trader.content
        body = self.trader.body(signed.payload, signed.signature).encode()
        return await self._counted(call, URL(address, encoded=True), headers, now, body)

    async def _counted(self, call: Call, url: URL, headers: dict[str, str], now: int, body: bytes = b"") -> Reply:
        reply = await self.ask(call.method, url, headers, now, body)
        if counts := self.trader.used(call.path, reply.headers):
            self.counted(counts)
        return reply

    def hello(self) -> list[bytes]:
        """What is said first where the venue hands out a challenge; []: it does not."""
        return self.trader.hello(self._pair.key)

    async def entering(self, challenge: str = "") -> list[bytes]:
        """What logs in to the private stream, with a challenge of the venue where it has given one.

        Unsigned: nobody signs; PermissionError: it is no challenge.
        """
        fields = self.trader.login((self._now() + self.clock.offset) // MS)
        if challenge:
            fields = {**fields, "challenge": challenge}
        signed = await self._pair.sign(self.trader.venue, WEBSOCKET, LOGIN, fields)
        return self.trader.entering(self._pair.key, self._pair.passphrase, fields, signed.signature)
