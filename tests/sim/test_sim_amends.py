"""Amends in the simulator: venues answer by their facts, faults strike, and the watcher finds what is planted."""

from __future__ import annotations

import pytest
from bugs import Bug, find
from sim_kit import BUY, Venue

from mmtui.core.events import OrderAmended
from mmtui.core.orders.amending import Amends
from mmtui.core.orders.tracker import Order
from mmtui.sim.swarm import draw
from mmtui.venues.account_amends import Changes
from mmtui.venues.account_messages import Amend, ChangedOrder, Done, Failed
from mmtui.venues.facts import TRADING

AMENDS = [name for name, facts in TRADING.items() if facts.amend is not None and facts.amend.price]


def kind_of(venue):
    return {"binance-coinm": "inverse", "deribit": "inverse", "kraken-spot": "spot", "coinbase": "spot"}.get(
        venue, "linear"
    )


def amend(one, order, px=0, sz=0, number=1, wait=300):
    """Change an order at the venue: the answer."""
    market = one.market
    change = ChangedOrder(
        order.oid, 0, order.client_id, order.venue_id, order.side, market.px[px or order.px].decode(),
        market.sz[sz or order.sz].decode(), number,
    )  # fmt: skip
    ident = one.ask(Amend, change)
    one.run(wait)
    return one.answers.get(ident)


@pytest.mark.parametrize("venue", AMENDS)
def test_a_smaller_order_keeps_its_place_and_a_moved_one_goes_to_the_back(venue):
    one = Venue(venue, kind=kind_of(venue))
    order = one.rest(one.new(BUY, 0))[0]
    order.ahead = 3
    result = amend(one, order, sz=6).results[0]
    assert result.ok and (order.sz, order.left, order.ahead) == (6, 6, 3)
    assert result.size == one.market.sz[6].decode()
    px = order.px - 1
    assert amend(one, order, px=px, sz=12, number=2).results[0].ok
    assert (order.px, order.sz, order.left, order.open) == (px, 12, 12, True)
    assert one.states().count("new") == 3 and order in one.market.own[px]
    one.market.hit(px, 100_000, -1)
    one.run(200)
    assert order.state == "filled" and order.filled == 12


def test_spot_keeps_priority_and_changes_nothing_else():
    one = Venue("binance-spot", kind="spot")
    order = one.rest(one.new(BUY, 1))[0]
    assert not amend(one, order, px=order.px - 1).results[0].ok
    assert not amend(one, order, sz=20).results[0].ok
    assert amend(one, order, sz=8).results[0].ok and (order.open, order.sz) == (True, 8)


def test_a_size_that_is_filled_already_ends_the_order():
    one = Venue()
    order = one.rest(one.new(BUY, 0))[0]
    one.market.hit(order.px, order.ahead + 7, -1)
    result = amend(one, order, sz=7).results[0]
    assert result.status == "cancelled" and (order.state, order.filled) == ("cancelled", 7)


@pytest.mark.parametrize("venue", AMENDS)
def test_a_post_only_order_never_takes_at_its_new_price(venue):
    one = Venue(venue, kind=kind_of(venue))
    order = one.rest(one.new(BUY, 1))[0]
    result = amend(one, order, px=one.market.ask + 1).results[0]
    assert not one.exchange.taker_postonly and not one.exchange.fills
    if one.facts.post_only == "reprice":
        assert result.ok and order.open and result.price == one.market.px[one.market.ask - 1].decode()
    else:
        assert not result.ok and order.open is not one.facts.amend.cancels


def test_an_amend_of_an_order_that_is_gone_is_refused():
    one = Venue()
    order = one.rest(one.new(BUY, 0))[0]
    one.exchange.end(order, "cancelled", "by hand")
    assert one.facts.meaning(amend(one, order, sz=5).results[0].code) == "unknown order"


def test_faults_strike_amends_too():
    def one_of(n):
        """A venue that has fault n after an order of ours rests there."""
        venue = Venue(rates={n: 1_000_000})
        venue.exchange.troubles._on[n] = False
        venue.order = venue.rest(venue.new(BUY, 0))[0]
        venue.exchange.troubles._on[n] = True
        venue.said = amend(venue, venue.order, sz=6, wait=4_000)
        assert venue.world.struck[n]
        return venue

    assert one_of(2).order.sz == 10
    unanswered = one_of(1)
    assert unanswered.order.sz == 6 and (unanswered.said is None or isinstance(unanswered.said, Failed | Done))
    late = one_of(3)
    assert late.exchange.amends.twice == [] and late.order.open
    filled = one_of(9)
    assert (filled.order.filled, filled.order.state) == (10, "filled") and not filled.said.results[0].ok


def test_some_seeds_amend_and_the_others_are_the_plans_that_they_were():
    plans = [draw(seed) for seed in range(120)]
    modes = [{item.quoting.amend for item in plan.setup.instruments} for plan in plans]
    assert {"off"} in modes and {"always"} in modes and {"keep"} in modes
    assert 20 < sum(mode != {"off"} for mode in modes) < 60


# ------------------------------------------------------------ planted


def _new_size_at_once():
    """The exposure is the new size from the moment that the amend leaves."""

    def left(self):
        return max(0, (self.sz if self.amend is None else self.amend.sz) - self.filled)

    return [(Order, "left", property(left))]


def _sent_again():
    """An amend without an answer is sent again."""
    real = Changes.unknown

    def unknown(self, change, why, now):
        self.waiting[change.oid] = (now, change)
        return real(self, change, why, now)

    return [(Changes, "unknown", unknown)]


def _done_when_sent():
    """An amend is taken for done when it has left."""
    real = Amends.ask

    def ask(self, order, px, left):
        why = real(self, order, px, left)
        if not why:
            self.amended(OrderAmended(self.engine.ts, 0, order.i, order.oid, order.amends, px, order.filled + left))
        return why

    return [(Amends, "ask", ask)]


#: What is planted -> a seed that shows it; where the seeds have changed since, one of the next nineteen does.
PLANTED = {_new_size_at_once: 15, _sent_again: 281, _done_when_sent: 274}


@pytest.mark.parametrize("patches", PLANTED)
def test_the_watcher_finds_a_planted_failure_of_amends(patches):
    one = Bug(0, patches.__name__, "", patches.__doc__, patches, list)
    assert find(one, 20, PLANTED[patches]).seeds, "twenty seeds hold"


