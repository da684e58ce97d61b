"""Signed calls while they wait for their signature: a kill, a lost signer, a refusal. What was not sent is known so."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from aiohttp import web

from mmtui.venues.account_answers import NOT_DONE
from mmtui.venues.binance.links import LINKS
from mmtui.venues.binance.rest_calls import Call, read
from mmtui.venues.live.http import Http
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signing import Unsigned

SECRET = "a-secret-that-nobody-may-see"
CALL = Call("GET", "/fapi/v1/openOrders", {"symbol": "BTCUSDT"})


class Slow(Pair):
    """A credential that signs when it is told to, or never."""

    def __init__(self, gone=False):
        super().__init__("k" * 8, SECRET)
        self.go = asyncio.Event()
        self.gone = gone

    async def sign(self, market, method, path, fields):
        await self.go.wait()
        if self.gone:
            raise Unsigned
        return await super().sign(market, method, path, fields)


def talk(pair_of, still):
    """(status, text) of a call, and how many requests the venue saw; `still` is told the credential."""

    async def go():
        seen = []

        async def answer(request):
            seen.append(request.rel_url.raw_query_string)
            return web.json_response([])

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        links = msgspec.structs.replace(LINKS["binance-usdm"], rest=f"http://127.0.0.1:{port}")
        pair = pair_of()
        http = Http("binance-usdm", links, pair, lambda: 10**18)
        call = asyncio.ensure_future(http.signed(CALL, 0, still))
        await asyncio.sleep(0.05)
        assert not seen
        pair.go.set()
        try:
            return await call, seen
        finally:
            await http.close()
            await runner.cleanup()

    return asyncio.run(go())


def test_a_call_leaves_when_it_is_signed_and_still_wanted():
    reply, seen = talk(Slow, lambda: True)
    assert reply.status == 200 and len(seen) == 1
    assert seen[0].startswith("symbol=BTCUSDT&timestamp=1000000000000&signature=")
    assert talk(Slow, None)[0].status == 200


@pytest.mark.parametrize(
    ("pair_of", "still"), [(Slow, lambda: False), (lambda: Slow(gone=True), None)], ids=["killed", "no signer"]
)
def test_what_is_not_wanted_any_more_or_cannot_be_signed_never_leaves_and_is_known_as_not_done(pair_of, still):
    reply, seen = talk(pair_of, still)
    assert not seen
    wrong = read(reply)[1]
    assert wrong is not None and wrong.kind in NOT_DONE
