"""Signed and public REST calls of one Binance account over aiohttp.

What may be signed is a list (binance.signable), and who signs is the credential; hosts are the config's; a call has a
time-out and no second try; neither key nor signed address ever leaves this file but on the wire.

Rules of this file: a call gives a Reply, whatever happens; the kill path waits for nothing here but the socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import msgspec
from yarl import URL

from mmtui.venues.binance.links import Links
from mmtui.venues.binance.rest_calls import Call, Reply
from mmtui.venues.binance.signable import SUBSCRIBE, WEBSOCKET
from mmtui.venues.live.calls import TIMEOUT_S, Calls
from mmtui.venues.live.signing import Credential, Unsigned

MS = 1_000_000
RECV_MAX_MS = 60_000


class Http(Calls):
    """Of one venue. `now`: the engine's clock, ns; `told`: called with the rate headers of every answer."""

    def __init__(
        self, market: str, links: Links, pair: Credential | None, now: Callable[[], int], timeout_s: float = TIMEOUT_S
    ) -> None:
        super().__init__(timeout_s)
        self.links = links
        self.told: Callable[[Mapping[str, str]], None] = lambda headers: None
        self._market = market
        self._pair = pair
        self._now = now

    # -- calls ---------------------------------------------------------------------------------------------------

    async def signed(self, call: Call, expires: int = 0, still: Callable[[], bool] | None = None) -> Reply:
        """A call that the list allows; the venue refuses it after `expires` (engine's clock; 0: its own rule).

        still: asked once more when it is signed, right before it leaves: False, and it never does.
        PermissionError: it is not on the list.
        """
        if self._pair is None:
            raise PermissionError(f"{call.method} {call.path}: there is no key to sign it with")
        now = self._now()
        fields = dict(call.params)
        if expires:
            fields["recvWindow"] = str(min(max(1, (expires - now) // MS), RECV_MAX_MS))
        fields["timestamp"] = str((now + self.clock.offset) // MS)
        try:
            signed = await self._pair.sign(self._market, call.method, call.path, fields)
        except Unsigned:
            return Reply(0, text="auth", sent=now)
        if still is not None and not still():
            return Reply(0, text="auth", sent=now)
        base = self.links.account if call.path.startswith("/sapi/") else self.links.rest
        url = URL(f"{base}{call.path}?{signed.query}", encoded=True)
        return await self.ask(call.method, url, {"X-MBX-APIKEY": self._pair.key}, now)

    async def keyed(self, call: Call) -> Reply:
        """A call of a listen key: the API key, and no signature."""
        assert self._pair is not None and call.path == self.links.key
        query = f"?{urlencode(call.params)}" if call.params else ""
        url = URL(f"{self.links.rest}{call.path}{query}", encoded=True)
        return await self.ask(call.method, url, {"X-MBX-APIKEY": self._pair.key}, self._now())

    async def public(self, path: str, params: dict[str, str]) -> Reply:
        query = f"?{urlencode(params)}" if params else ""
        return await self.ask("GET", URL(f"{self.links.rest}{path}{query}", encoded=True), {}, self._now())

    def answered(self, headers: Mapping[str, str]) -> None:
        self.told(headers)

    async def subscription(self, id: str) -> bytes:
        """The signed message that subscribes to the account's events on the WebSocket API. Unsigned: nobody signs."""
        assert self._pair is not None
        stamp = (self._now() + self.clock.offset) // MS
        fields = {"apiKey": self._pair.key, "timestamp": str(stamp)}  # signed in the order of their names
        signed = await self._pair.sign(self._market, WEBSOCKET, SUBSCRIBE, fields)
        params = {**fields, "timestamp": stamp, "signature": signed.signature}
        return msgspec.json.encode({"id": id, "method": SUBSCRIBE, "params": params})

    # -- the venue's clock ---------------------------------------------------------------------------------------

    async def measure(self) -> bool:
        """One pair of request and answer; False: no answer."""
        sent = self._now()
        reply = await self.public(self.links.time, {})
        received = self._now()
        try:
            stamp = msgspec.json.decode(reply.body)["serverTime"] if reply.status == 200 else None
        except (msgspec.MsgspecError, KeyError, TypeError):
            stamp = None
        if not isinstance(stamp, int):
            return False
        self.clock.sample(sent, received, stamp * MS, MS)
        return True
