"""Whatever is lost, repeated or late: while the book is valid it equals the venue's own book at its update id."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.events import BookDelta, BookGap, BookSnapshot
from mmtui.core.market.book import OrderBook
from mmtui.venues.binance.sequence import Sequence


class Exchange:
    """A venue with one side of a book: each change has an id, updates are batches of consecutive changes."""

    def __init__(self, changes: list[tuple[int, int]], cuts: list[int]) -> None:
        self.states: list[dict[int, int]] = [{}]  # after id 1000 + place
        for price, size in changes:
            state = dict(self.states[-1])
            state.pop(price, None)
            if size:
                state[price] = size
            self.states.append(state)
        bounds = sorted({0, len(changes), *(cut % (len(changes) + 1) for cut in cuts)})
        self.updates: list[tuple[int, BookDelta]] = []
        for low, high in pairwise(bounds):
            changed = dict(changes[low:high])
            delta = BookDelta(0, 0, 0, 1001 + low, 1000 + high, list(changed), list(changed.values()), [], [])
            self.updates.append((1000 + low, delta))

    def state(self, at: int) -> dict[int, int]:
        return self.states[at - 1000]

    def snapshot(self, at: int) -> BookSnapshot:
        state = self.state(at)
        return BookSnapshot(0, 0, 0, at, list(state), list(state.values()), [], [])


change = st.tuples(st.integers(1, 8), st.integers(0, 4))
act = st.one_of(
    st.just(("next", 0)),
    st.just(("next", 0)),
    st.just(("next", 0)),
    st.just(("lose", 0)),
    st.tuples(st.just("repeat"), st.integers(1, 4)),
    st.tuples(st.just("snapshot"), st.integers(-6, 6)),
)


@settings(max_examples=600, deadline=None)
@given(st.booleans(), st.lists(change, min_size=5, max_size=60), st.lists(st.integers(1, 60), min_size=3, max_size=30),
       st.lists(act, min_size=3, max_size=60))  # fmt: skip
def test_a_valid_book_is_the_venues_book(futures, changes, cuts, acts):
    exchange, sequence, book = Exchange(changes, cuts), Sequence(futures), OrderBook()
    place, sent = 0, 0
    for name, number in acts:
        events = []
        if name in ("next", "lose") and place < len(exchange.updates):
            pu, delta = exchange.updates[place]
            place += 1
            if name == "next":
                events = sequence.update(pu if futures else -1, delta)
                sent = delta.seq
        elif name == "repeat" and 0 <= place - number < place and sent:
            pu, delta = exchange.updates[place - number]
            if delta.seq <= sent:
                events = sequence.update(pu if futures else -1, delta)
                assert events == []
        elif name == "snapshot":
            at = 1000 + max(0, min(len(changes), (exchange.updates[place - 1][1].seq - 1000 if place else 0) + number))
            events = sequence.snapshot(exchange.snapshot(at))
        for event in events:
            if isinstance(event, BookSnapshot):
                book.snapshot(event)
            elif isinstance(event, BookDelta):
                book.delta(event)
            elif isinstance(event, BookGap):
                book.invalidate(event.why)
        assert book.valid == sequence.valid
        if book.valid:
            assert dict(book.bids.sizes) == exchange.state(book.seq)


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(change, min_size=5, max_size=60), st.lists(st.integers(1, 60), min_size=3, max_size=30),
       st.integers(0, 60), st.integers(0, 60))  # fmt: skip
def test_without_loss_one_snapshot_anywhere_makes_the_book_valid_to_the_end(futures, changes, cuts, where, at):
    exchange, sequence, book = Exchange(changes, cuts), Sequence(futures), OrderBook()
    where, at = where % len(exchange.updates), 1000 + at % (len(changes) + 1)
    for place, (pu, delta) in enumerate(exchange.updates):
        events = sequence.update(pu if futures else -1, delta)
        if place == where:
            events += sequence.snapshot(exchange.snapshot(at))
        for event in events:
            assert not isinstance(event, BookGap)
            book.snapshot(event) if isinstance(event, BookSnapshot) else book.delta(event)
    if at <= exchange.updates[-1][1].seq:
        assert book.valid and dict(book.bids.sizes) == exchange.state(max(book.seq, 1000))
        assert book.seq == exchange.updates[-1][1].seq
