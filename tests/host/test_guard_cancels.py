"""The cancelling that kill and guard share, in this process, against an exchange where things go wrong."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from live_kit import VENUES
from loopback_kit import Loopback

from mmtui.config.load import load_config
from mmtui.core.errors import UserError
from mmtui.host.golive import access_of
from mmtui.host.live import VenueAccess
from mmtui.host.outofband import Canceller, cancel_everywhere, cancellers
from mmtui.venues.account_ids import ClientIds
from mmtui.venues.binance.rest_calls import Call
from mmtui.venues.facts import facts_of

TAG = "ab12"
DESK = '[desk]\nname = "loop"\nmode = "live"\nequity = 100_000\n[quoting.tight]\nspread_bps = 5\nsize = 0.05\n'


@pytest.fixture
def server() -> Iterator[Loopback]:
    made = Loopback("binance-usdm", "--seed", "5")
    yield made
    made.close()


@pytest.fixture
def work(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Canceller]:
    monkeypatch.setenv("LOOPBACK_KEY", server.ready["key"])
    monkeypatch.setenv("LOOPBACK_SECRET", server.ready["secret"])
    path = tmp_path / "loop.toml"
    path.write_text(DESK + VENUES["binance-usdm"].format(rest=server.rest, ws=server.ws))
    return cancellers(load_config(path), str(path))


async def place(one: Canceller, count: int, tag: str = TAG, price: str = "1000.0") -> None:
    """Orders of a session, far from the market."""
    ids = ClientIds(facts_of("binance-usdm"), tag)
    for oid in range(1, count + 1):
        params = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTX", "quantity": "0.2",
                  "price": price, "newClientOrderId": ids.of(oid)}  # fmt: skip
        reply = await one.http.signed(Call("POST", "/fapi/v1/order", params))
        assert reply.status == 200, reply.body


def bid(server: Loopback) -> str:
    """A price that the exchange takes and the market does not reach."""
    with urllib.request.urlopen(f"{server.rest}/fapi/v1/ticker/bookTicker?symbol=BTCUSDT", timeout=5) as answer:
        body = json.loads(answer.read())
    return f"{float((body[0] if isinstance(body, list) else body)['bidPrice']) * 0.97:.1f}"


def run(work: list[Canceller], server: Loopback, count: int, settled: float = 0.0, **faults: float) -> list[str]:
    said: list[str] = []

    async def everything() -> None:
        try:
            await work[0].http.settle(1)
            await place(work[0], count, price=bid(server))
            assert len(server.admin(**faults)["open_orders"]) == count
            await cancel_everywhere(work, TAG, said.append, time.monotonic() + settled if settled else 0.0)
        finally:
            await asyncio.gather(*(one.http.close() for one in work))

    asyncio.run(everything())
    server.admin(lost_request=0, lost_answer=0, error_429=0, error_500=0)
    assert not server.admin()["open_orders"]
    return said


def test_everything_is_cancelled_and_the_report_has_its_times(server, work):
    run(work, server, 12)
    row = work[0].row()
    assert 0 <= row["sent_ms"] <= row["acked_ms"] <= row["verified_ms"]
    assert row["open_orders"] == 0
    assert row["trouble"] == ""


@pytest.mark.parametrize(
    "faults", [{"lost_request": 0.3, "lost_answer": 0.3}, {"error_429": 0.4, "retry_after_s": 1}, {"error_500": 0.5}]
)
def test_whatever_the_venue_answers_it_ends_at_zero(server, work, faults):
    run(work, server, 5, **faults)


def test_zero_stands_again_after_the_last_create_could_have_landed(server, work):
    began = time.monotonic()
    run(work, server, 3, settled=1.0)
    assert time.monotonic() - began > 1.0
    assert work[0].verified


def test_an_order_that_lands_late_is_found_and_cancelled(server, work):
    async def everything() -> None:
        one = work[0]
        try:
            await one.http.settle(1)
            kill = asyncio.ensure_future(cancel_everywhere(work, TAG, lambda text: None, time.monotonic() + 1.5))
            while not one.verified:
                await asyncio.sleep(0.01)
            await place(one, 1, price=bid(server))
            await kill
            assert one.cancelled
            assert await one.look()
        finally:
            await one.http.close()

    asyncio.run(everything())
    assert not server.admin()["open_orders"]


def test_a_dead_venue_is_said_within_a_second_and_the_other_does_not_wait(server, work):
    dead = Canceller(_at(work[0], "http://127.0.0.1:9"), work[0].places)
    said: list[str] = []

    async def everything() -> None:
        await work[0].http.settle(1)
        await place(work[0], 2, price=bid(server))
        kill = asyncio.ensure_future(cancel_everywhere([work[0], dead], TAG, said.append))
        began = time.monotonic()
        while not said and time.monotonic() - began < 5.0:
            await asyncio.sleep(0.01)
        assert said
        assert work[0].verified
        kill.cancel()
        await asyncio.gather(work[0].http.close(), dead.http.close())

    asyncio.run(everything())
    assert "no answer" in said[0]
    assert not server.admin()["open_orders"]


def _at(one: Canceller, rest: str) -> VenueAccess:
    links = msgspec.structs.replace(one.http.links, rest=rest, account=rest)
    return VenueAccess(one.venue, links, one.http._pair)


def test_a_desk_that_is_not_live_has_nothing_to_guard(tmp_path, server, work):
    path = tmp_path / "paper.toml"
    text = DESK.replace('"live"', '"paper"') + VENUES["binance-usdm"].format(rest=server.rest, ws=server.ws)
    path.write_text(text)
    with pytest.raises(UserError, match="nothing of it stands at a venue"):
        cancellers(load_config(path), str(path))


def test_keys_that_are_kept_for_kills_are_used_by_kills_alone(tmp_path, server, monkeypatch, work):
    monkeypatch.setenv("KILLER_KEY", "only-cancels-0001")
    monkeypatch.setenv("KILLER_SECRET", "only-cancels-secret")
    path = tmp_path / "own.toml"
    text = DESK + VENUES["binance-usdm"].format(rest=server.rest, ws=server.ws)
    path.write_text(text.replace('keys = "env:LOOPBACK"', 'keys = "env:LOOPBACK"\nkill_keys = "env:KILLER"'))
    config = load_config(path)
    pairs = [access_of(config, live=True, kill=kill)[0].pair for kill in (False, True)]
    assert [pair.key if pair else "" for pair in pairs] == [server.ready["key"], "only-cancels-0001"]
