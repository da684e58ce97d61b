"""The public feed's session: one resync at a time, pauses that grow, connections that only seem to live."""

from itertools import pairwise

import pytest
from account_kit import MS, SECOND, T0, instrument, kinds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmtui.core.events import FeedStatus, GridRefined, Heartbeat
from mmtui.venues.connection import Connect, Disconnect, Ping, pause
from mmtui.venues.feed import AskSnapshot, FeedSession


def feed() -> FeedSession:
    items = [(0, instrument("okx", "BTCUSDT")), (1, instrument("okx", "ETHUSDT"))]
    return FeedSession(0, "okx", items)


def depth(first: int, last: int, before: int, symbol: str = "BTCUSDT", px: str = "60000.1") -> bytes:
    body = f'{{"e":"depthUpdate","E":1767225600000,"s":"{symbol}","U":{first},"u":{last},"pu":{before},'
    body += f'"b":[["{px}","0.002"]],"a":[["60000.5","0.001"]]}}'
    return f'{{"stream":"{symbol.lower()}@depth@100ms","data":{body}}}'.encode()


def book(at: int) -> bytes:
    return f'{{"lastUpdateId":{at},"E":1767225600000,"bids":[["60000","1"]],"asks":[["60001","1"]]}}'.encode()


def connected(now: int = T0) -> FeedSession:
    one = feed()
    one.tick(now)
    assert kinds(one.take()) == ["Connect"]
    one.up(now)
    return one


def synced(now: int = T0) -> FeedSession:
    one = connected(now)
    one.tick(now)
    assert one.take() == [AskSnapshot(0), AskSnapshot(1)]
    for i, symbol in enumerate(("BTCUSDT", "ETHUSDT")):
        one.frame(depth(100, 110, 99, symbol), now)
        assert kinds(one.snapshot(i, book(105), now)) == ["BookSnapshot", "BookDelta"]
    return one


def test_a_new_connection_is_said_and_every_book_asks_for_its_snapshot():
    one = feed()
    assert one.next_ts() <= T0
    one.tick(T0)
    assert one.take() == [Connect()]
    assert one.up(T0) == [FeedStatus(T0, 0, True, "subscribed")]
    one.tick(T0)
    assert one.take() == [AskSnapshot(0), AskSnapshot(1)]


def test_a_gap_asks_once_however_often_it_is_repeated():
    one = synced()
    assert kinds(one.frame(depth(120, 130, 119), T0)) == ["BookGap", "BookDelta"]
    now = one.next_ts()
    one.tick(now)
    assert one.take() == [AskSnapshot(0)]
    for k in range(50):
        one.frame(depth(200 + 20 * k, 210 + 20 * k, 150 + 20 * k), now)
        one.tick(now)
    assert one.take() == []


def test_updates_since_the_gap_are_kept_for_the_snapshot():
    one = synced()
    one.frame(depth(120, 130, 119), T0)
    one.frame(depth(131, 140, 130), T0)
    one.tick(one.next_ts())
    assert kinds(one.snapshot(0, book(125), T0 + SECOND)) == ["BookSnapshot", "BookDelta", "BookDelta"]
    one.tick(T0 + SECOND)
    assert [r for r in one.take() if isinstance(r, AskSnapshot)] == [AskSnapshot(0)]


@pytest.mark.parametrize(
    "bad",
    [
        None, b"", b"{}", b"null", b"[[[", book(1), b'{"lastUpdateId":130,"bids":[],"asks":[]}',
        b'{"lastUpdateId":130,"bids":[["0","1"]],"asks":[["60001","1"]]}',
    ],
)  # fmt: skip
def test_a_snapshot_that_does_not_help_is_asked_for_again_more_and_more_slowly(bad):
    one = synced()
    one.frame(depth(120, 130, 119), T0)
    now, times = T0, []
    while len(times) < 8:
        now = max(now, one.next_ts())
        one.connection.frame(now)  # the connection itself is busy
        one.tick(now)
        if AskSnapshot(0) in one.take():
            times.append(now)
            one.snapshot(0, bad, now)
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 250 * MS
    assert gaps[-1] == 8 * SECOND


def test_a_snapshot_that_never_comes_is_given_up():
    one = synced()
    one.frame(depth(120, 130, 119), T0)
    one.tick(one.next_ts())
    assert one.take() == [AskSnapshot(0)]
    now = T0 + 6 * SECOND
    one.connection.frame(now)
    one.tick(now)
    assert one.snapshot(0, book(125), now) == []
    one.tick(now + 2 * SECOND)
    assert AskSnapshot(0) in one.take()


def test_attempts_to_connect_are_made_more_and_more_slowly():
    one, now, times = feed(), T0, []
    for _ in range(9):
        now = max(now, one.next_ts())
        one.tick(now)
        assert one.take() == [Connect()]
        times.append(now)
        assert one.down(now, "DNS failure") == []
    assert [b - a for a, b in pairwise(times)] == [pause(k) for k in range(8)]
    assert pause(50) == 8 * SECOND


def test_a_connection_that_is_silent_in_both_directions_is_opened_anew():
    one, now, seen = connected(), T0, []
    while now < T0 + 20 * SECOND and not one.connection._asked:
        now = one.next_ts()
        seen += one.tick(now)
        seen += one.take()
    assert Ping() in seen
    assert [e.connected for e in seen if isinstance(e, FeedStatus)] == [False]
    assert any(isinstance(r, Disconnect) for r in seen)
    assert seen[-1] == Connect()


def test_pongs_without_data_are_believed_for_a_while_only():
    one, now, beats = synced(), T0, []
    while one.connection.connected:
        now = one.next_ts()
        for event in one.tick(now):
            assert event.connected is False
        for request in one.take():
            if request == Ping():
                beats += one.pong(now)
    assert all(type(beat) is Heartbeat for beat in beats)
    assert 1 <= len(beats) <= 3
    assert now == T0 + 10 * SECOND


def test_a_busy_connection_is_not_pinged():
    one, now = synced(), T0
    for k in range(100):
        now += 100 * MS
        one.frame(depth(111 + k, 111 + k, 110 + k), now)
        if now >= one.next_ts():
            one.tick(now)
    assert one.take() == []


def test_a_lost_connection_loses_the_books_and_what_was_asked_for():
    one = synced()
    assert kinds(one.down(T0 + SECOND, "reset")) == ["FeedStatus"]
    assert one.down(T0 + SECOND, "reset") == []
    one.tick(T0 + 10 * SECOND)
    one.take()
    one.up(T0 + 10 * SECOND)
    assert one.snapshot(0, book(105), T0 + 10 * SECOND) == []
    one.tick(T0 + 10 * SECOND)
    assert AskSnapshot(0) in one.take()


@pytest.mark.parametrize(
    "bad", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b"null", b"x" * (5 << 20), depth(111, 112, 110, px="NaN")]
)
def test_a_frame_that_cannot_be_read_is_damage(bad):
    one = synced()
    assert kinds(one.frame(bad, T0))[-1:] in (["Damage"], ["Heartbeat"])
    assert kinds(one.frame(depth(111, 112, 110), T0)) == ["BookDelta"]


def test_a_price_of_zero_never_becomes_the_best_ask_for_ever():
    one = synced()
    assert kinds(one.frame(depth(111, 112, 110, px="0"), T0)) == ["Damage"]
    assert kinds(one.frame(depth(113, 114, 112), T0)) == ["BookGap", "BookDelta"], "what was in it is asked for"


def test_a_refinement_of_the_account_is_followed_once():
    one = synced()
    event = GridRefined(T0, 0, "0.01", "0.001", 10, 1)
    one.refined(event)
    one.refined(event)
    (delta,) = one.frame(depth(111, 112, 110), T0)
    assert delta.bid_px == [6_000_010]


IDS = st.integers(89, 140)
FRAMES = st.one_of(
    st.binary(max_size=80),
    st.builds(depth, IDS, IDS, IDS, st.sampled_from(["BTCUSDT", "X"])),
    st.builds(depth, IDS, IDS, IDS, px=st.sampled_from(["", "NaN", "1.23456"])),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), FRAMES),
        st.tuples(st.just("snapshot"), st.one_of(st.none(), st.binary(max_size=30), st.builds(book, IDS))),
        st.tuples(st.sampled_from(["up", "down", "pong"]), st.none()),
        st.tuples(st.just("time"), st.sampled_from([1, 300, 1_000, 6_000, 60_000])),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_whatever_comes_there_is_one_snapshot_under_way_a_book_and_no_exception(steps):
    one, now, asked = feed(), T0, {}
    for what, value in steps:
        if what == "frame":
            one.frame(value, now)
        elif what == "snapshot":
            one.snapshot(0, value, now)
            asked.pop(0, None)
        elif what == "time":
            now += value * MS
        elif what == "up":
            one.up(now)
            asked.clear()
        elif what == "down":
            one.down(now, "reset")
        else:
            one.pong(now)
        one.tick(now)
        for request in one.take():
            if isinstance(request, AskSnapshot):
                assert now - asked.get(request.i, 0) >= 250 * MS
                asked[request.i] = now
        assert one.next_ts() > now
