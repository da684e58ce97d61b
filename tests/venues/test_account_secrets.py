"""openalgo#1855, Obsyd#97, polymarket-mcp-server#10: keys stood in logs, 10,959 lines of them in three days.

What a venue says back may hold what it was sent: nothing that leaves an account session may.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from account_kit import T0, instrument, order_report, place, sent
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.effects import CancelOrder, QueryOpenOrders
from mmtui.core.events import Damage, OrderRejected
from mmtui.sim.exchange import SECRET
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import Done, OpenList, OpenRow, OrderResult, Refused
from mmtui.venues.account_secrets import MASK, PIECE, TEXT_MAX, Redactor
from mmtui.venues.facts import facts_of

CANARY = SECRET
ECHO = f"GET /order?apiKey={CANARY}&signature=1 refused"


def session() -> AccountSession:
    return AccountSession(
        facts_of("binance-usdm"), 0, [(0, instrument("binance-usdm", "BTCUSDT"))], "s1", (CANARY, "hunter2")
    )


def created(one: AccountSession):
    return sent(one, place(1))[0].id


def whole_create_refused(one):
    return one.answer(created(one), Refused("-1", ECHO), T0)


def create_refused(one):
    return one.answer(created(one), Done([OrderResult(False, "", "-1", ECHO)]), T0)


def create_unknown(one):
    return one.answer(created(one), Done([OrderResult(False, "", "-1007", ECHO)]), T0)


def cancel_refused(one):
    one.answer(created(one), Done([OrderResult(True, "v1")]), T0)
    cancel = sent(one, CancelOrder(0, 1))[0]
    return one.answer(cancel.id, Done([OrderResult(False, "", "-2011", ECHO)]), T0)


def reported_rejected(one):
    created(one)
    return one.report(order_report(one, 1, "rejected", reason=ECHO), T0)


def reported_cancelled(one):
    created(one)
    return one.report(order_report(one, 1, "expired", reason=ECHO), T0)


def unreadable(one):
    return one.unreadable(ECHO, T0)


def stream_lost(one):
    one.stream_up(T0)
    return one.stream_down(T0, ECHO)


def cut_in_the_middle(one):
    """Damage keeps forty characters of an id: half a key is a key."""
    asked = sent(one, QueryOpenOrders(0, 1, 1))[0]
    row = OpenRow(f"{one.ids.of(7)}", "v", 5, 1, f"{'9' * 30}{CANARY}", "1", "0", T0)
    return one.answer(asked.id, OpenList([row]), T0) + one.unreadable(f"{'x' * 190}{CANARY}", T0)


WAYS = (whole_create_refused, create_refused, create_unknown, cancel_refused, reported_rejected, reported_cancelled,
        unreadable, stream_lost, cut_in_the_middle)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_word_of_a_venue_carries_a_secret_out_of_the_session(way):
    events = way(session())
    assert events
    text = repr(events)
    assert not any(CANARY[at : at + PIECE] in text for at in range(len(CANARY) - PIECE + 1))


def test_the_rest_of_the_words_stay():
    (event,) = create_refused(session())
    assert isinstance(event, OrderRejected)
    assert event.reason.endswith(f"GET /order?apiKey={MASK}&signature=1 refused (-1)")


def test_a_secret_as_it_stands_in_an_address_is_one():
    assert quote(CANARY, safe="") != CANARY
    assert Redactor([CANARY]).text(f"a={quote(CANARY, safe='')}&b") == f"a={MASK}&b"


def test_a_short_passphrase_is_masked_whole_and_three_letters_are_none():
    assert Redactor(["hunter2", "abc"]).text("abc hunter2.") == f"abc {MASK}."


def test_without_secrets_words_are_only_cut():
    assert Redactor([]).text("x" * 10_000) == "x" * TEXT_MAX


def test_numbers_that_look_like_a_piece_of_a_key_are_never_changed():
    events = [Damage(1, "12345678", 0, 1, "12345678")]
    assert Redactor(["12345678"]).events(events) == [Damage(1, "12345678", 0, 1, MASK)]


@given(st.lists(st.sampled_from(["a", " ", CANARY, CANARY[3:], CANARY[:12], "sk-7"]), max_size=8))
def test_no_piece_of_a_secret_survives_wherever_it_stands(parts):
    clean = Redactor([CANARY]).text("".join(parts))
    assert not any(CANARY[at : at + PIECE] in clean for at in range(len(CANARY) - PIECE + 1))
