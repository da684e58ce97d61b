"""The parts of a live link that need no venue: keys, clock, the list of signed calls, budgets, shadow execution."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from mmtui.config.defaults import default_setup
from mmtui.core.effects import CancelAll, CancelOrder, PlaceOrder, QueryAccount, QueryOpenOrders
from mmtui.core.errors import UserError
from mmtui.core.events import AccountAnswer, CancelAllDone, Fill, OpenOrders, OrderAccepted, OrderCancelled, Positions
from mmtui.core.runner import NEVER
from mmtui.venues.account import AccountSession
from mmtui.venues.account_budget import Budget
from mmtui.venues.account_messages import AskFills, FillList, LedgerList, LedgerRow
from mmtui.venues.binance import profile
from mmtui.venues.binance.links import LINKS
from mmtui.venues.binance.reports import FillReport
from mmtui.venues.binance.rest_calls import Call
from mmtui.venues.facts import facts_of
from mmtui.venues.live.clock import ClockOffset
from mmtui.venues.live.http import Http
from mmtui.venues.live.keys import Pair, load_pair
from mmtui.venues.live.paced import Paced
from mmtui.venues.live.shadow import ShadowVenue
from mmtui.venues.live.shift import answer_shifted, since_shifted

MS = 1_000_000
SECRET = "a-secret-that-nobody-may-see"


def test_keys_from_the_environment(monkeypatch):
    monkeypatch.setenv("DESK_KEY", "abcdefgh1")
    monkeypatch.setenv("DESK_SECRET", SECRET)
    pair = load_pair("binance-spot", "env:DESK", Path())
    assert (pair.key, pair.secret) == ("abcdefgh1", SECRET)
    assert SECRET not in f"{pair} {pair!r}"
    monkeypatch.delenv("DESK_SECRET")
    with pytest.raises(UserError, match="DESK_SECRET is not set"):
        load_pair("binance-spot", "env:DESK", Path())


def test_keys_from_a_file_that_only_its_owner_reads(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(f'key = "abcdefgh1"\nsecret = "{SECRET}"\n')
    path.chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        load_pair("v", "file:keys.toml", tmp_path)
    path.chmod(0o600)
    assert load_pair("v", "file:keys.toml", tmp_path).secret == SECRET
    for text in ("nonsense", 'key = "abcdefgh1"', 'key = "short"\nsecret = "x"'):
        path.write_text(text)
        with pytest.raises(UserError) as error:
            load_pair("v", f"file:{path}", tmp_path)
        assert text not in str(error.value)
    with pytest.raises(UserError, match="No such file"):
        load_pair("v", "file:absent.toml", tmp_path)
    with pytest.raises(UserError, match="no keys"):
        load_pair("v", "", tmp_path)


def test_only_what_is_on_the_list_is_signed():
    http = Http("binance-usdm", LINKS["binance-usdm"], Pair("k" * 8, SECRET), lambda: 0)
    for call in (Call("POST", "/sapi/v1/capital/withdraw/apply", {}), Call("POST", "/fapi/v1/leverage", {})):
        with pytest.raises(PermissionError) as error:
            asyncio.run(http.signed(call))
        assert SECRET not in str(error.value)


def test_a_call_that_nobody_answers_is_a_reply_without_the_address():
    links = LINKS["binance-usdm"]
    dead = type(links)(rest="http://127.0.0.1:9", ws="ws://127.0.0.1:9", account="http://127.0.0.1:9", time="/t",
                       info="/i", depth="/d", depth_limit=5, depth_weight=1, public="/s")  # fmt: skip

    async def ask():
        http = Http("binance-usdm", dead, Pair("k" * 8, SECRET), lambda: 0)
        try:
            return await http.signed(Call("GET", "/fapi/v1/openOrders", {}))
        finally:
            await http.close()

    reply = asyncio.run(ask())
    assert (reply.status, reply.text, reply.body) == (0, "network", b"")


def test_the_quickest_pair_says_how_far_the_clock_is_off():
    clock = ClockOffset()
    clock.sample(0, 100 * MS, 550 * MS, 0)  # 500 +- 50
    clock.sample(1_000 * MS, 1_010 * MS, 1_525 * MS, 0)  # 520 +- 5
    clock.sample(2_000 * MS, 2_300 * MS, 2_900 * MS, 0)
    assert clock.known
    assert (clock.offset, clock.error) == (520 * MS, 5 * MS)


def test_a_difference_within_the_error_is_none():
    clock = ClockOffset()
    clock.sample(0, 100 * MS, 70 * MS, 0)
    assert (clock.offset, clock.error) == (0, 50 * MS)


def test_the_venues_instants_of_executions_are_brought_to_our_clock():
    fill = FillReport("binance-usdm:BTCUSDT", 10_000 * MS, "1", "c", "2", "buy", "1", "1", True, "0", "USDT")
    shifted = answer_shifted(FillList([fill]), 400 * MS)
    assert shifted.fills[0].ts_event == 9_600 * MS
    row = LedgerRow("r", 10_000 * MS, 0, "FUNDING", "0", "0", "1", "USDT")
    assert answer_shifted(LedgerList([row]), -400 * MS).rows[0].ts_event == 10_400 * MS
    assert since_shifted(AskFills(1, 5_000 * MS), 400 * MS).since == 5_400 * MS
    assert since_shifted(AskFills(1, 0), 400 * MS).since == 0


def test_the_greater_count_of_a_budget_is_believed():
    budget = Budget(facts_of("binance-usdm"), 1)
    now = 1_000_000 * MS
    budget.spend(now, 10, created=1)
    budget.told(now, 500, {10_000: 40, 60_000: 90})
    assert budget.gauge(now) == (500, 2_400)
    budget.told(now, 300, {10_000: 20})
    assert budget.gauge(now) == (500, 2_400)
    budget.told(now, 2_390, {10_000: 299, 60_000: 600})
    assert budget.creates(now, 5, 0) == 0  # what is left is for cancels
    assert budget.cancels(now, 5) == 5


def shadow():
    setup = default_setup([profile.instrument(profile.USDM, "BTCUSDT", "0.1", "0.001", "table")], mode="shadow")
    return ShadowVenue(setup, [3])


def answers(venue):
    found = []
    while venue.next_ts() != NEVER:
        found.append(venue.pop())
    return found


def test_a_shadow_accepts_and_cancels_and_never_fills():
    venue = shadow()
    venue.send(PlaceOrder(0, 1, 1, 600_000, 50, "GTX", False, "quote", 0), 5)
    venue.send(PlaceOrder(0, 2, -1, 600_000, 50, "IOC", False, "manual", 0), 5)
    assert [type(event) for event in answers(venue)] == [OrderAccepted, OrderAccepted, OrderCancelled]
    venue.send(QueryOpenOrders(0, 9, 2), 6)
    (event,) = answers(venue)
    assert isinstance(event, OpenOrders) and event.oids == [1]
    venue.send(CancelOrder(0, 1), 7)
    venue.send(CancelOrder(0, 1), 7)
    assert [type(event) for event in answers(venue)] == [OrderCancelled]
    venue.send(PlaceOrder(0, 3, 1, 600_000, 50, "GTX", False, "quote", 0), 8)
    venue.send(CancelAll(0, 4), 8)
    assert [type(event) for event in answers(venue)] == [OrderAccepted, OrderCancelled, CancelAllDone]
    venue.send(QueryAccount(0, 5, "positions"), 9)
    venue.send(QueryAccount(0, 6, "fills"), 9)
    held, told = answers(venue)
    assert isinstance(held, Positions) and held.lots == [3]
    assert isinstance(told, AccountAnswer)




def test_a_spot_fee_in_the_base_asset_is_money_and_a_move_of_the_position():
    """0.0000123 BTC of a lot of 0.00001: one lot and what is left over, the same in every life that tells it."""
    item = profile.instrument(profile.SPOT, "BTCUSDT", "0.01", "0.00001", "table")
    one = AccountSession(facts_of("binance-spot"), 0, [(0, item)], "s1")

    def told(trade):
        fill = FillReport("binance-spot:BTCUSDT", 1, "9", one.ids.of(7), trade, "buy", "60000", "0.0123", True,
                          "0.0000123", "BTC")  # fmt: skip
        return one.report(fill, 5)

    for trade in ("1", "2", "1"):
        [move, fill] = told(trade)
        assert (move.cause, move.lots, move.rest) == ("FEE_ASSET", -1, "-0.0000023")
        assert move.ref == f"BTCUSDT/{trade}/fee"
        assert isinstance(fill, Fill)
        assert (Decimal(fill.fee), fill.fee_asset) == (Decimal("0.738"), "USDT")


def test_the_reserve_of_cancels_stops_other_questions_only_while_orders_are_live():
    """Seed 1606: creates had left the reserve alone, the switch had not, and a desk without orders stayed blind."""
    budget = Budget(facts_of("binance-coinm"), 1)
    now = 10**18
    assert budget.asks(now, "AskFills", 0, True)
    budget.spend(now, 2_400 * 4 // 5 + 30)  # less than the fifth that is kept is there
    now += 30 * 10**9  # the allowance of questions has come back, the window has not
    assert not budget.asks(now, "AskLedger", 0, True)
    assert budget.asks(now, "AskLedger", 0, False)
    assert budget.asks(now, "AskOpen", 0, True), "what proves a kill may use it"
    assert budget.asks(now, "AskFills", 0, True), "seed 55654: lists without the fills settle no order"
    budget.spend(now, 200)
    assert not budget.asks(now, "AskFills", 0, True), "half of it is for cancels alone"
    assert budget.asks(now, "AskOpen", 0, True)


@pytest.mark.parametrize("venue", ["binance-spot", "binance-usdm", "binance-coinm"])
def test_creates_leave_a_window_room_for_the_switch_and_for_questions(venue):
    """Seeds 2780 and 5105: creates left the cancels alone and nothing else; what became of five could not
    be asked for before the window had passed."""
    budget = Budget(facts_of(venue), 2)
    now = begun = 10**18
    while budget.creates(now, 1, 3):
        budget.spend(now, budget.weights["Create"])
        now += 10 * MS
    for kind in ("AskOpen", "AskOpen", "AskFills", "AskLedger", "AskPositions") * 2:
        while not budget.asks(now, kind, 3, True):
            now += 100 * MS
            assert now < begun + 30_000 * MS, f"{kind} waits"
        budget.asked(now, kind)


async def test_no_more_messages_leave_in_a_second_than_the_venue_takes_and_all_in_order():
    class Sent:
        def __init__(self):
            self.frames = []

        def say(self, frame):
            self.frames.append((asyncio.get_running_loop().time(), frame))

    sent = Sent()
    line = Paced(sent, 3)
    began = asyncio.get_running_loop().time()
    line.say([b"1", b"2", b"3", b"4"])
    line.say([b"5"])
    assert [frame for _, frame in sent.frames] == [b"1", b"2", b"3"]
    while len(sent.frames) < 5:
        await asyncio.sleep(0.02)
    assert [frame for _, frame in sent.frames] == [b"1", b"2", b"3", b"4", b"5"]
    assert sent.frames[3][0] - began >= 0.999
    free = Sent()
    Paced(free, 0).say([b"x"] * 50)
    assert len(free.frames) == 50
