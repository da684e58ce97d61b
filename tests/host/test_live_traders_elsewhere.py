"""The tests of test_live_traders.py at the other half of the venues."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loopback_kit import Loopback
from test_live_traders import (
    ELSEWHERE,
    test_a_key_with_withdrawal_rights_or_a_wrong_secret_is_refused,
    test_a_kill_without_a_host_cancels_at_the_venue_and_proves_zero,
    test_a_live_desk_quotes_is_filled_and_a_kill_leaves_nothing,
    test_an_engine_that_was_killed_comes_back_reconciled_and_finds_its_orders,
    test_requests_whose_fate_is_not_known_are_resolved,
    test_the_dead_man_switch_of_the_venue_clears_what_a_dead_host_left,
)

__all__ = [
    "test_a_key_with_withdrawal_rights_or_a_wrong_secret_is_refused",
    "test_a_kill_without_a_host_cancels_at_the_venue_and_proves_zero",
    "test_a_live_desk_quotes_is_filled_and_a_kill_leaves_nothing",
    "test_an_engine_that_was_killed_comes_back_reconciled_and_finds_its_orders",
    "test_requests_whose_fate_is_not_known_are_resolved",
    "test_the_dead_man_switch_of_the_venue_clears_what_a_dead_host_left",
]


@pytest.fixture(params=ELSEWHERE)
def server(request) -> Iterator[Loopback]:
    made = Loopback(request.param, "--seed", "5")
    yield made
    made.close()
