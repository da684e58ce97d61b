"""The server of a loopback exchange: REST dispatch with access, limits and faults; streams; the operator's page.

`/loopback` shows (GET) and changes (POST) what goes wrong; no venue has such a path.

Rules of this file: bound to 127.0.0.1; a fault of its own is answered as the venue's -1000, and printed.
"""

from __future__ import annotations

import asyncio
import traceback
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from mmtui.core.errors import UserError
from mmtui.venues.facts import facts_of
from mmtui.venues.loopback.access import Access, Limits
from mmtui.venues.loopback.api import CALLS, METHODS, Call
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.entry import Params
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import read_faults
from mmtui.venues.loopback.operator import act, page, word
from mmtui.venues.loopback.streams import Streams

STEP_S = 0.005
PING_S = {"binance-spot": 20.0, "binance-usdm": 180.0, "binance-coinm": 180.0}
_NAMES = {10_000: "10S", 60_000: "1M"}
_KEY_PATHS = {"/api/v3/userDataStream", "/fapi/v1/listenKey", "/dapi/v1/listenKey"}
_VERBS = {"POST": "start", "PUT": "ping", "DELETE": "stop"}


class Server:
    """One exchange on one port."""

    def __init__(self, exchange: Exchange, access: Access) -> None:
        self.exchange = exchange
        self.access = access
        rates = facts_of(exchange.market.id).rates
        orders = tuple((count, ms, _NAMES[ms]) for count, ms in rates.orders)
        self.limits = Limits(rates.weight, orders)
        self.calls = CALLS[exchange.market.id]
        self.methods = METHODS[exchange.market.id]
        self.streams = Streams(self)
        exchange.publish = self.streams.publish
        exchange.tell = self.streams.tell

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/loopback", self._operator)
        for prefix in ("", "/public", "/market", "/private"):
            for path in ("/ws", "/stream"):
                app.router.add_get(prefix + path, self.streams.serve)
                app.router.add_get(prefix + path + "/{rest:.*}", self.streams.serve)
        for path in ("/ws-api/v3", "/ws-fapi/v1", "/ws-dapi/v1"):
            app.router.add_get(path, self.streams.serve)
        app.router.add_route("*", "/{path:.*}", self._rest)
        return app

    async def run(self) -> None:
        """The market's heartbeat, until cancelled."""
        loop = asyncio.get_running_loop()
        pinged = loop.time()
        while True:
            try:
                self.exchange.step()
            except Exception:
                traceback.print_exc()
            now = loop.time()
            self.streams.expire(now)
            if now - pinged > PING_S[self.exchange.market.id]:
                pinged = now
                await self.streams.ping(now)
            await asyncio.sleep(STEP_S)

    def close(self) -> None:
        """In order: the clients are told."""
        self.streams.close()

    # -- REST ----------------------------------------------------------------------------------------------------

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        """One call, with what goes wrong around it."""
        faults, dice = self.exchange.faults, self.exchange.dice
        delay = faults.delay_ms + faults.jitter_ms * dice.share() if faults.delay_ms or faults.jitter_ms else 0.0
        if delay:
            await asyncio.sleep(delay / 2_000)
        if faults.refuse or dice.strikes(faults.lost_request):
            return self._vanish(request)
        wait = {"Retry-After": str(max(1, round(faults.retry_after_s)))}
        if dice.strikes(faults.error_429):
            return _json(Refusal(-1003, 0).body(), 429, wait)
        if dice.strikes(faults.error_418):
            return _json(Refusal(-1003, 0).body(), 418, wait)
        if dice.strikes(faults.error_500):
            return _json({"code": -1000, "msg": "An unknown error occurred while processing the request."}, 500)
        if dice.strikes(faults.echo):
            said = {"code": -2010, "msg": self.access.careless(request.rel_url.raw_query_string)}
            return _json(said, 400 if dice.share() < 0.5 else 500)
        unknown = dice.strikes(faults.error_503)
        if unknown and dice.share() < 0.5:
            return _unknown()
        body = (await request.read()).decode(errors="replace")
        answer = self._call(request, body)
        if unknown:
            return _unknown()
        if dice.strikes(faults.lost_answer):
            return self._vanish(request)
        if delay:
            await asyncio.sleep(delay / 2_000)
        return answer

    def _vanish(self, request: web.Request) -> web.Response:
        """The connection ends without a word."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _call(self, request: web.Request, body: str) -> web.Response:
        query = request.rel_url.raw_query_string
        now = self.exchange.now()
        call: Call | None = None
        try:
            if request.path in _KEY_PATHS and request.method in _VERBS:
                self.access.check_key(request.headers.get("X-MBX-APIKEY"))
                return _json(self.listen_key(_VERBS[request.method], dict(parse_qsl(f"{query}&{body}"))), 200)
            call = self.calls.get((request.method, request.path))
            if call is None:
                return _json({"code": -5000, "msg": f"Path {request.path}, Method {request.method} is invalid"}, 404)
            params = dict(parse_qsl(query, keep_blank_values=True)) | dict(parse_qsl(body, keep_blank_values=True))
            self.limits.spend(call.weight, now)
            if call.access != "open":
                self.access.check_key(request.headers.get("X-MBX-APIKEY"))
            if call.access == "signed":
                self.access.check_signed(_unsigned(query) + _unsigned(body), params, now)
            return _json(self._handle(call, params, now), 200, self.limits.headers(bool(call.orders)))
        except Refusal as refusal:
            headers = self.limits.headers(call is not None and bool(call.orders))
            if refusal.status in (418, 429):
                headers["Retry-After"] = str(self.limits.seconds_left(now))
            return _json(refusal.body(), refusal.status, headers)
        except Exception:
            traceback.print_exc()
            return _json({"code": -1000, "msg": "An unknown error occurred while processing the request."}, 500)

    def _handle(self, call: Call, params: Params, now: int) -> Any:
        if call.orders:
            self.limits.order(max(call.orders, params.get("batchOrders", "").count("symbol")), now)
        return call.handler(self.exchange, params)

    # -- for the WebSocket API -----------------------------------------------------------------------------------

    def signed(self, params: dict[str, Any]) -> dict[str, str]:
        """Parameters of a signed method: signed in the order of their names."""
        texts = {key: word(value) for key, value in params.items()}
        self.access.check_key(texts.get("apiKey"))
        payload = "&".join(f"{key}={texts[key]}" for key in sorted(texts) if key != "signature")
        self.access.check_signed(payload, texts, self.exchange.now())
        return texts

    def method(self, name: str, params: dict[str, Any]) -> Any:
        """A method of the WebSocket API by its REST call."""
        place = self.methods.get(name)
        if place is None:
            raise Refusal(-1102, "method")
        call, now = self.calls[place], self.exchange.now()
        self.limits.spend(call.weight, now)
        texts = self.signed(params) if call.access == "signed" else {k: word(v) for k, v in params.items()}
        return self._handle(call, texts, now)

    def listen_key(self, verb: str, params: Params) -> dict[str, Any]:
        """start, ping or stop a user stream by its listen key."""
        now = asyncio.get_running_loop().time()
        keys = self.streams.keys
        if verb == "start":
            return {"listenKey": self.streams.new_key(now)}
        key = params.get("listenKey", "") or next(iter(keys), "")
        if key not in keys:
            raise Refusal(-1125)
        if verb == "stop":
            self.streams.drop_key(key)
            return {}
        keys[key] = now + 3_600
        return {"listenKey": key}

    # -- the operator's page -------------------------------------------------------------------------------------

    async def _operator(self, request: web.Request) -> web.Response:
        """What this exchange knows. POST changes faults, or acts (operator.act, `drop`, `notice`)."""
        exchange = self.exchange
        if request.method == "POST":
            try:
                wanted = msgspec.json.decode(await request.read(), type=dict[str, Any])
                if wanted.pop("drop", False):
                    self.streams.drop()
                if seconds := wanted.pop("notice", 0):
                    self.streams.notice(float(seconds))
                act(exchange, wanted)
                exchange.faults = read_faults(exchange.faults, wanted)
            except (msgspec.MsgspecError, UserError, ArithmeticError, KeyError) as error:
                return _json({"error": str(error)}, 400)
            except Refusal as refusal:
                return _json({"error": str(refusal.body())}, 400)
        more = {"streams": len(self.streams.clients), "weight": self.limits.used}
        return _json(page(exchange) | more, 200)


def _unsigned(text: str) -> str:
    """What was signed: everything before the signature."""
    return "&".join(part for part in text.split("&") if not part.startswith("signature="))


def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, headers=headers, content_type="application/json"
    )  # fmt: skip


def _unknown() -> web.Response:
    text = "Unknown error, please check your request or try again later."
    return _json({"code": -1007, "msg": text}, 503)
