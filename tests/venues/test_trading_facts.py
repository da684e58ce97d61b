"""The tables of how venues trade: each is whole, says where it comes from, and does not contradict itself."""

import datetime
from typing import get_args

import pytest

from mmtui.venues.account_deadman import plan
from mmtui.venues.facts import TRADING, facts_of
from mmtui.venues.trading import Meaning, TradingFacts

VENUES = sorted(TRADING)


@pytest.mark.parametrize("venue", VENUES)
def test_a_table_says_when_and_against_what_it_was_checked(venue):
    facts = facts_of(venue)
    assert facts.id == venue
    assert datetime.date.fromisoformat(facts.verified)
    assert facts.source
    for name in facts.recalled:
        at = facts
        for part in name.split("."):
            at = getattr(at, part)


@pytest.mark.parametrize("venue", VENUES)
def test_codes_have_meanings_that_the_desk_knows_and_the_ones_it_needs(venue):
    facts = facts_of(venue)
    assert set(facts.codes.values()) <= set(get_args(Meaning))
    for needed in ("unknown order", "rate", "auth", "funds"):
        assert facts.meaning(facts.code(needed)) == needed
    assert facts.meaning("never seen") is None


@pytest.mark.parametrize("venue", VENUES)
def test_a_dead_man_switch_can_be_armed_as_we_want_to(venue):
    facts = facts_of(venue)
    dead_man = facts.dead_man
    for symbols in (1, 4, 50):
        ms, every = plan(facts, symbols if dead_man.scope == "symbol" else 1)
        if dead_man.mechanism == "none":
            assert (ms, every) == (0, 0)
            continue
        assert dead_man.min_ms <= ms <= dead_man.max_ms
        assert ms % dead_man.step_ms == 0
        assert every < ms
        if every:
            used = facts.weight("ArmDeadMan") * (symbols if dead_man.scope == "symbol" else 1) * 60_000 // every
            assert used <= facts.rates.weight * 60_000 // facts.rates.window_ms


@pytest.mark.parametrize("venue", VENUES)
def test_limits_leave_room_to_trade(venue):
    facts = facts_of(venue)
    assert facts.batch_create >= 1 and facts.batch_cancel >= 1
    assert all(count > 0 and ms > 0 for count, ms in facts.rates.orders)
    one_round = sum(facts.weight(kind) for kind in ("AskOpen", "AskOpen", "AskFills", "AskLedger", "AskPositions"))
    assert one_round <= facts.rates.weight // 2
    assert facts.cancel_expiry_ms >= facts.expiry_ms or not facts.cancel_expiry_ms


def test_a_weight_is_that_of_the_cheaper_way_of_asking():
    spot = facts_of("binance-spot")
    assert [spot.weight("AskOpen", n) for n in (1, 3, 50)] == [6, 18, 80]
    assert spot.weight("AskFills", 3) == 60
    assert spot.weight("Create") == 1


def test_tables_are_plain_data():
    assert all(isinstance(facts, TradingFacts) for facts in TRADING.values())
    with pytest.raises(KeyError):
        facts_of("nowhere")


@pytest.mark.parametrize("facts", [facts for facts in TRADING.values() if facts.amend is not None], ids=lambda f: f.id)
def test_an_amend_goes_the_way_of_a_create_and_costs_no_less(facts):
    """Seed 50118: at Kraken spot amends were charged to the REST counter, and left nothing for questions."""
    assert bool(facts.weight("Amend")) == bool(facts.weight("Create"))
    assert facts.weight("Amend") >= facts.weight("Create")
