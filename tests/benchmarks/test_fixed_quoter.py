"""The list of orders beside hftbacktest: it does not depend on fills; our venue carries it out as our what-if did."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fixed_quoter import Action, carried_out, exact, schedule
from hft_fills import by_order, counts
from hft_rules import RULES, seen, theirs

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Fill, Trade
from mmtui.review.request import desk, limited, places
from mmtui.review.whatif import Run, run_events
from mmtui.venues.paper import matching
from mmtui.venues.synthetic.market import SyntheticMarket

START = 1_700_000_000_000_000_000
MARKET = (BookDelta, BookSnapshot, BestQuote, Trade)


@pytest.fixture(scope="module")
def market():
    instruments = [item for item in SyntheticMarket(3, "calm", START).setup_instruments() if item.kind == "linear"]
    setup = desk(instruments, {}, 1)
    return setup, list(limited(SyntheticMarket(3, "calm", START).events(*places(setup)), 60.0))


def test_the_list_executed_alone_fills_as_the_what_if_did(market):
    setup, events = market
    fills = {}

    def record(event, effects):
        if isinstance(event, Fill):
            key = event.oid, event.ts_event
            fills[key] = fills.get(key, 0) + event.sz

    run_events([Run(exact(setup), "pessimistic", record)], events)
    only = [one for one in events if isinstance(one, MARKET)]
    found, _ = carried_out(setup, "pessimistic", only, schedule(setup, events))
    assert fills and found == fills


def test_every_order_that_has_a_successor_is_cancelled_before_it(market):
    setup, events = market
    gone: set[int] = set()
    standing: dict[int, Action] = {}
    for one in schedule(setup, events):
        if one.place:
            assert one.side not in standing
            standing[one.side] = one
        else:
            assert standing.pop(one.side).oid == one.oid and one.oid not in gone
            gone.add(one.oid)
    assert gone


def test_a_rule_of_theirs_is_taken_back_and_quotes_are_left_out(market):
    _, events = market
    before = matching.Level, matching.HANDLERS[Trade]
    with theirs(frozenset(RULES)):
        assert matching.Level is not before[0]
    assert (matching.Level, matching.HANDLERS[Trade]) == before
    assert not [one for one in seen(events, frozenset({"quotes"})) if type(one) is BestQuote]
    assert seen(events, frozenset()) is events


def test_fills_are_compared_by_order_instant_and_lots():
    ours = {(1, 10): 5, (1, 20): 3, (2, 10): 1}
    theirs_ = {(1, 10): 5, (1, 20): 2, (3, 10): 1}
    assert counts(ours, theirs_) == {
        "ours": 3, "theirs": 3, "equal": 1, "other size": 1, "ours only": 1, "theirs only": 1
    }  # fmt: skip
    assert by_order(ours) == {1: [(10, 5), (20, 3)], 2: [(10, 1)]}
