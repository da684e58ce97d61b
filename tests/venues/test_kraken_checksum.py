"""Kraken's checksum against the venue's own worked examples, and against a second way of computing it."""

from __future__ import annotations

import json
import zlib
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from market_kit import decoder

from mmtui.core.events import BookDelta, BookGap, BookSnapshot

#: The example of the venue's guide for WebSocket v2; its checksum is 3310070434.
BIDS = [("45283.5", "0.10000000"), ("45283.4", "1.54582015"), ("45282.1", "0.10000000"), ("45281.0", "0.10000000"),
        ("45280.3", "1.54592586"), ("45279.0", "0.07990000"), ("45277.6", "0.03310103"), ("45277.5", "0.30000000"),
        ("45277.3", "1.54602737"), ("45276.6", "0.15445238")]  # fmt: skip
ASKS = [("45285.2", "0.00100000"), ("45286.4", "1.54571953"), ("45286.6", "1.54571109"), ("45289.6", "1.54560911"),
        ("45290.2", "0.15890660"), ("45291.8", "1.54553491"), ("45294.7", "0.04454749"), ("45296.1", "0.35380000"),
        ("45297.5", "0.09945542"), ("45299.5", "0.18772827")]  # fmt: skip
#: The example of the guide for WebSocket v1; its checksum is 974947235.
OLD_ASKS = [(f"0.0{n}", "0.00000500") for n in range(5005, 5055, 5)]
OLD_BIDS = [(f"0.0{n}", "0.00000500") for n in (5000, 4995, 4990, 4980, 4975, 4970, 4965, 4960, 4955, 4950)]


def levels(pairs):
    return ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in pairs)


def frame(kind, bids, asks, checksum):
    text = f'"bids":[{levels(bids)}],"asks":[{levels(asks)}],"checksum":{checksum}'
    stamp = '"timestamp":"2026-01-01T00:00:00.000000Z"'
    return f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"BTC/USD",{text},{stamp}}}]}}'.encode()


def kinds(machine, body):
    return [type(event) for event in machine.decode(1, body)]


def test_the_examples_of_the_venue():
    for bids, asks, checksum in ((BIDS, ASKS, 3310070434), (OLD_BIDS, OLD_ASKS, 974947235)):
        assert kinds(decoder("kraken-spot"), frame("snapshot", bids, asks, checksum)) == [BookSnapshot]
        assert kinds(decoder("kraken-spot"), frame("snapshot", bids, asks, checksum + 1)) == [BookGap]


def test_a_refused_snapshot_is_kept_to_be_shown_but_makes_nothing_valid():
    machine = decoder("kraken-spot")
    machine.decode(1, frame("snapshot", BIDS, ASKS, 1))
    assert not machine.valid("BTC/USD") and len(machine.refused) == 1
    machine.decode(1, b'{"channel":"heartbeat"}')
    assert machine.refused == []


class Reference:
    """The guide once more: the book as decimals, the numbers written out by the instrument's precision."""

    def __init__(self, places, size_places):
        self.places, self.size_places = places, size_places
        self.bids, self.asks = {}, {}

    def apply(self, bids, asks, depth):
        for side, pairs, best in ((self.bids, bids, max), (self.asks, asks, min)):
            for price, size in pairs:
                if Decimal(size):
                    side[Decimal(price)] = Decimal(size)
                else:
                    side.pop(Decimal(price), None)
            while len(side) > depth:
                del side[min(side) if best is max else max(side)]

    def checksum(self):
        text = ""
        for side, down in ((self.asks, False), (self.bids, True)):
            for price in sorted(side, reverse=down)[:10]:
                text += str(int(price.scaleb(self.places))) + str(int(side[price].scaleb(self.size_places)))
        return zlib.crc32(text.encode())


pairs = st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0, 0, 1, 7, 12345678, 100000000])), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(pairs, pairs), min_size=1, max_size=12), st.integers(-1, 11))
def test_every_message_is_compared_and_every_lost_one_is_found(updates, lost):
    """One level beside the snapshot is never touched; the others come and go. A lost update that matters is a gap."""
    machine, reference, book = decoder("kraken-spot"), Reference(1, 8), {}
    bids = [("90000.0", "1.00000000")]
    asks = [("99999.0", "1.00000000")]
    reference.apply(bids, asks, 100)
    assert kinds(machine, frame("snapshot", bids, asks, reference.checksum())) == [BookSnapshot]
    for place, (bid, ask) in enumerate(updates):
        bids = [(f"{91000 + n}.0", f"{Decimal(q).scaleb(-8):.8f}") for n, q in bid]
        asks = [(f"{92000 + n}.0", f"{Decimal(q).scaleb(-8):.8f}") for n, q in ask]
        before = reference.checksum()
        reference.apply(bids, asks, 100)
        if place == lost and reference.checksum() != before:
            # What was lost may be repaired by chance; the same checksum again must still be refused.
            assert kinds(machine, frame("update", [], [], reference.checksum())) == [BookGap, BookDelta]
            assert not machine.valid("BTC/USD")
            return
        for event in machine.decode(1, frame("update", bids, asks, reference.checksum())):
            assert isinstance(event, BookDelta)
            for price, size in zip(event.bid_px, event.bid_sz, strict=True):
                book[price] = size
    assert machine.valid("BTC/USD")


def test_levels_that_fall_out_of_the_depth_leave_with_the_update_that_pushed_them_out():
    machine, reference = decoder("kraken-spot"), Reference(1, 8)
    bids = [(f"{90000 - n}.0", "1.00000000") for n in range(100)]
    asks = [("91000.0", "1.00000000")]
    reference.apply(bids, asks, 100)
    machine.decode(1, frame("snapshot", bids, asks, reference.checksum()))
    new = [("90000.5", "2.00000000")]
    reference.apply(new, [], 100)
    (event,) = machine.decode(1, frame("update", new, [], reference.checksum()))
    tick = 100_000
    assert dict(zip(event.bid_px, event.bid_sz, strict=True)) == {int(90000.5 * tick): 2 * 10**8, 89901 * tick: 0}


def test_a_lost_update_below_the_checked_levels_is_seen_when_they_come_up():
    body = json.loads(frame("snapshot", BIDS, ASKS, 3310070434))
    assert len(body["data"][0]["bids"]) == 10
    machine, reference = decoder("kraken-spot"), Reference(1, 8)
    deep = [*BIDS, ("45270.0", "1.00000000")]
    reference.apply(deep, ASKS, 100)
    machine.decode(1, frame("snapshot", deep, ASKS, reference.checksum()))
    reference.apply([("45270.0", "9.00000000")], [], 100)  # lost on the way
    assert kinds(machine, frame("update", [], [], reference.checksum())) == [BookDelta]
    gone = [("45283.5", "0.00000000")]
    reference.apply(gone, [], 100)
    assert kinds(machine, frame("update", gone, [], reference.checksum())) == [BookGap, BookDelta]
