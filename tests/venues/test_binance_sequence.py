"""The venue's sequence rule as tables: what becomes of updates and snapshots in every order that a capture can have."""

from __future__ import annotations

from mmtui.core.events import BookDelta, BookGap, BookSnapshot
from mmtui.venues.binance.sequence import SYNCED_MAX, WAITING_MAX, Sequence


def delta(first, final, price=100, size=1):
    return BookDelta(7, 0, 0, first, final, [price], [size], [], [])


def snapshot(at, ts=9):
    return BookSnapshot(ts, 0, 0, at, [100], [5], [101], [5])


def kinds(events):
    return [type(event).__name__ for event in events]


def futures(*updates):
    sequence = Sequence(futures=True)
    for pu, first, final in updates:
        sequence.update(pu, delta(first, final))
    return sequence


def spot(*updates):
    sequence = Sequence(futures=False)
    for first, final in updates:
        sequence.update(-1, delta(first, final))
    return sequence


def test_updates_before_any_snapshot_are_emitted_and_the_book_stays_invalid():
    sequence = Sequence(futures=True)
    assert kinds(sequence.update(5, delta(6, 10))) == ["BookDelta"]
    assert not sequence.valid


def test_a_snapshot_older_than_the_newest_update_is_replayed_futures():
    sequence = futures((5, 6, 10), (10, 12, 20), (20, 25, 30))
    events = sequence.snapshot(snapshot(15))
    assert kinds(events) == ["BookSnapshot", "BookDelta", "BookDelta"]
    assert [event.seq for event in events] == [15, 20, 30]
    assert {event.ts for event in events} == {9}
    assert sequence.valid
    assert kinds(sequence.update(30, delta(31, 40))) == ["BookDelta"]


def test_futures_keep_an_update_that_ends_at_the_snapshot_and_spot_drops_it():
    assert [e.seq for e in futures((5, 6, 10), (10, 12, 20)).snapshot(snapshot(10))] == [10, 10, 20]
    assert [e.seq for e in spot((6, 10), (11, 20)).snapshot(snapshot(10))] == [10, 20]


def test_a_snapshot_ahead_of_the_stream_is_joined_by_the_update_that_bridges_it():
    sequence = futures((5, 6, 10))
    assert kinds(sequence.snapshot(snapshot(25))) == ["BookSnapshot"]
    assert sequence.update(10, delta(11, 20)) == []  # stale: already in the snapshot
    assert kinds(sequence.update(20, delta(22, 30))) == ["BookDelta"]
    assert sequence.valid and sequence.gaps == 0


def test_spot_first_update_may_begin_right_after_the_snapshot():
    sequence = Sequence(futures=False)
    sequence.snapshot(snapshot(10))
    assert kinds(sequence.update(-1, delta(11, 12))) == ["BookDelta"]
    assert sequence.valid


def test_a_first_update_beyond_the_snapshot_is_a_gap():
    for is_futures, pu in ((True, 14), (False, -1)):
        sequence = Sequence(is_futures)
        sequence.snapshot(snapshot(10))
        assert kinds(sequence.update(pu, delta(15, 20))) == ["BookGap", "BookDelta"]
        assert not sequence.valid


def test_a_snapshot_older_than_what_is_kept_does_not_make_a_book():
    sequence = futures((50, 60, 70))
    assert sequence.snapshot(snapshot(40)) == []
    assert not sequence.valid


def test_a_gap_is_told_before_the_update_and_the_updates_go_on():
    sequence = futures((5, 6, 10))
    sequence.snapshot(snapshot(8))
    events = sequence.update(12, delta(13, 20))
    assert kinds(events) == ["BookGap", "BookDelta"]
    gap = events[0]
    assert isinstance(gap, BookGap) and (gap.expected, gap.got) == (10, 12)
    assert not sequence.valid
    assert kinds(sequence.update(20, delta(21, 30))) == ["BookDelta"]
    assert not sequence.valid and sequence.gaps == 1


def test_after_a_gap_only_a_snapshot_that_joins_the_updates_since_makes_the_book_valid():
    sequence = futures((5, 6, 10))
    sequence.snapshot(snapshot(8))
    sequence.update(15, delta(16, 20))
    assert sequence.snapshot(snapshot(9)) == []
    assert sequence.snapshot(snapshot(12)) == []  # inside the hole
    assert not sequence.valid
    assert kinds(sequence.snapshot(snapshot(18))) == ["BookSnapshot", "BookDelta"]
    assert sequence.valid


def test_spot_gap_says_the_id_that_was_expected():
    sequence = spot((6, 10))
    gap = sequence.update(-1, delta(12, 20))[0]
    assert isinstance(gap, BookGap) and (gap.expected, gap.got) == (11, 12)


def test_a_duplicate_is_dropped_and_is_no_gap():
    sequence = futures((5, 6, 10), (10, 11, 20))
    sequence.snapshot(snapshot(8))
    assert sequence.update(10, delta(11, 20)) == []
    assert sequence.update(5, delta(6, 10)) == []
    assert kinds(sequence.update(20, delta(21, 30))) == ["BookDelta"]
    assert sequence.valid and sequence.gaps == 0


def test_a_gap_that_a_snapshot_covers_is_told_and_the_book_stays_valid():
    for stream, update in ((futures((5, 6, 10)), (50, delta(52, 60))), (spot((6, 10)), (-1, delta(52, 60)))):
        stream.snapshot(snapshot(55))
        events = stream.update(*update)
        assert kinds(events) == ["BookGap", "BookSnapshot", "BookDelta"]
        assert {event.ts for event in events} == {7} and stream.valid and stream.gaps == 1
        assert kinds(stream.update(60, delta(61, 70))) == ["BookDelta"]


def test_a_second_snapshot_while_in_sync_ends_at_the_newest_update():
    sequence = futures((5, 6, 10), (10, 11, 20))
    sequence.snapshot(snapshot(8))
    sequence.update(20, delta(21, 30))
    assert [event.seq for event in sequence.snapshot(snapshot(20))] == [20, 20, 30]
    assert kinds(sequence.update(30, delta(31, 40))) == ["BookDelta"]


def test_a_snapshot_far_older_than_the_buffer_leaves_a_book_in_sync_alone():
    sequence = Sequence(futures=False)
    sequence.snapshot(snapshot(0 + 1))
    for number in range(2, SYNCED_MAX + 50):
        sequence.update(-1, delta(number, number))
    assert sequence.snapshot(snapshot(3)) == []
    assert sequence.valid


def test_the_waiting_buffer_is_bounded_and_stays_joinable_at_its_end():
    sequence = Sequence(futures=False)
    for number in range(1, WAITING_MAX + 100):
        sequence.update(-1, delta(number, number))
    assert sequence.snapshot(snapshot(5)) == []
    last = WAITING_MAX + 99
    assert [event.seq for event in sequence.snapshot(snapshot(last - 1))] == [last - 1, last]


def test_a_finer_grid_scales_what_is_kept():
    sequence = futures((5, 6, 10), (10, 11, 20))
    sequence.rescale(10, 1)
    replayed = sequence.snapshot(snapshot(15))[-1]
    assert isinstance(replayed, BookDelta) and replayed.bid_px == [1000] and replayed.bid_sz == [1]
