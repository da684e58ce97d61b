"""While the fate of an order is not known its questions go on: not held up by other parts of a round, never slower."""

from __future__ import annotations

import pytest
from desk_kit import Desk
from live_desk import Account, fill_of, live, up

from mmtui.core.effects import QueryAccount, QueryOpenOrders
from mmtui.core.events import AccountAnswer, AccountMove, AccountStatus, OrderUnknown
from mmtui.core.orders.table import State


def lists(desk, since):
    """How often the first list was asked for."""
    return sum(1 for effect in desk.all(QueryOpenOrders, since) if effect.endpoint == 1)


def in_doubt():
    """A quoting desk, one order of which is UNKNOWN: its create had no answer."""
    desk, account = up(live(reconcile_s=60.0))
    sell, buy = desk.one(-1), desk.one(1)
    desk.accept(sell.oid)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "create: 5xx"))
    return desk, account, buy, sell


def test_a_venue_that_does_not_answer_is_asked_every_second_while_an_order_is_unknown():
    desk, *_ = in_doubt()
    mark = desk.mark
    desk.wait(10_000)
    assert 9 <= lists(desk, mark) <= 11


def test_a_venue_that_does_not_answer_is_asked_ever_more_rarely_when_no_order_is_in_doubt():
    desk = Desk(live(reconcile_s=60.0), execution="deaf")
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    mark = desk.mark
    desk.wait(10_000)
    assert 1 <= lists(desk, mark) <= 4


@pytest.mark.parametrize("missing", ["ledger", "positions"])
def test_an_order_is_resolved_though_the_rest_of_the_round_is_never_answered(missing):
    desk, account, buy, sell = in_doubt()
    for _ in range(8):
        account.orders(sell.oid)
        desk.step(AccountAnswer(desk.now, 0, account.query, "fills"))
        if missing == "positions":
            desk.step(AccountAnswer(desk.now, 0, account.query, "ledger"))
        desk.wait(1_000)
        if desk.engine.tracker.get(buy.oid).state is State.CANCELLED:
            break
    took = (desk.engine.tracker.get(buy.oid).done_ts - buy.sent_ts) / 1e9
    landing = desk.engine.tracker.landing(buy) / 1e9
    assert landing < took < landing + 2.5
    assert sell.oid in desk.engine.tracker.open


def test_a_round_that_has_just_asked_for_positions_is_not_begun_anew_by_every_doubt():
    desk, account = up(live(reconcile_s=60.0))
    sell, buy = desk.one(-1), desk.one(1)
    desk.accept(sell.oid), desk.accept(buy.oid)
    desk.wait(3_200)
    account.orders(sell.oid, buy.oid)
    account.history()
    query, mark = account.query, desk.mark
    desk.step(OrderUnknown(desk.now, 0, sell.oid, "cancel: network"))
    assert account.query == query and not desk.all(QueryAccount, mark)
    account = Account(desk)
    account.positions()
    assert not desk.engine.reconcile.rounds[0].query


def test_a_fee_in_the_base_asset_counts_with_its_fill_and_not_again_with_other_lots_of_a_later_life():
    desk, _ = up()
    buy = desk.one(1)
    desk.accept(buy.oid)

    def fee(trade, lots):
        ref = f"BTCUSDT/{trade}/fee"
        desk.step(AccountMove(desk.now, desk.now, 0, 0, "FEE_ASSET", ref, -lots, 0, "0", "BTC"))

    desk.step(fill_of(desk, buy, 2, "a"))  # its fee was less than a lot
    fee("b", 1)
    desk.step(fill_of(desk, buy, 2, "b"))
    assert desk.position() == 3
    fee("a", 1)  # the catch-up of a later life adds up otherwise
    fee("b", 1)
    desk.step(fill_of(desk, buy, 2, "a"))
    assert desk.position() == 3
    fee("c", 1)  # a fill that is new
    assert desk.position() == 2
