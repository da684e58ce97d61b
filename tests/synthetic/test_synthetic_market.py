"""The synthetic market: the same from the same seed, books that hold, and scenarios that show."""

import itertools
import subprocess
import sys
from collections import Counter
from hashlib import blake2b

import msgspec
import pytest

from mmtui.core.errors import UserError
from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FeedStatus,
    Heartbeat,
    Liquidation,
    MarkPrice,
    SourceEnded,
    Trade,
)
from mmtui.core.market.book import OrderBook
from mmtui.venues.synthetic.market import SCENARIOS, SyntheticMarket
from mmtui.venues.synthetic.scenarios import CYCLES, phase_at

START = 1_700_000_000 * 10**9
SECOND = 10**9


def run(scenario, seconds, seed=7, only=None):
    market = SyntheticMarket(seed, scenario, START)
    items = [item for item in market.setup_instruments() if only is None or item.venue in only]
    index = {item.id: i for i, item in enumerate(items)}
    venues = {item.venue: v for v, item in enumerate(items)}
    found = []
    for event in market.events(index, venues):
        if event.ts >= START + seconds * SECOND:
            return found
        found.append(event)


@pytest.fixture(scope="module")
def recorded():
    return {scenario: run(scenario, 75) for scenario in SCENARIOS}


def mids(events, i):
    """Second -> mid of the touch at its end."""
    found = {}
    for event in events:
        if isinstance(event, BestQuote) and event.i == i:
            found[(event.ts - START) // SECOND] = (event.bid_px + event.ask_px) / 2
    return found


def test_every_scenario_has_a_cycle_and_a_line_of_help():
    assert list(SCENARIOS) == list(CYCLES) == ["calm", "trend", "flash-crash", "venue-outage", "stale-feed"]
    for scenario, phases in CYCLES.items():
        ends = [phase.until for phase in phases]
        assert ends == sorted(ends)
        assert ends[-1] <= 90
        assert phase_at(scenario, ends[-1] * 2) == (phases[0], 2)


def test_the_three_instruments_say_that_they_are_simulated():
    items = SyntheticMarket(1, "calm", START).setup_instruments()
    assert [item.id for item in items] == ["sim-spot:BTCUSDT", "sim-usdm:BTCUSDT", "sim-coinm:BTCUSD_PERP"]
    assert all(item.simulated for item in items)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_follower_of_the_events_has_a_valid_book_after_each_of_them(recorded, scenario):
    books = [OrderBook() for _ in range(3)]
    last, last_event, depth_seq = 0, [0, 0, 0], [0, 0, 0]
    for event in recorded[scenario]:
        assert event.ts >= last
        last = event.ts
        if isinstance(event, FeedStatus | Heartbeat | MarkPrice | Liquidation):
            continue
        book, i = books[event.i], event.i
        assert event.ts > event.ts_event >= last_event[i]
        last_event[i] = event.ts_event
        if isinstance(event, BookSnapshot):
            assert event.seq > book.seq
            book.snapshot(event)
        elif isinstance(event, BookDelta):
            assert event.first_seq == depth_seq[i] + 1
            assert event.seq >= event.first_seq
            assert min(event.bid_sz + event.ask_sz) >= 0
            before = (book.bid, book.bid_sz, book.ask, book.ask_sz)
            book.delta(event)
            assert (book.bid, book.bid_sz, book.ask, book.ask_sz) == before  # the touch was told already
        elif isinstance(event, BestQuote):
            assert event.seq > book.quote_seq
            book.best_quote(event)
            assert book.bid == event.bid_px
        else:
            # a trade is at the touch that was told, and never more than was shown there
            side, best, size = event.side, book.ask, book.ask_sz
            if event.side < 0:
                best, size = book.bid, book.bid_sz
            assert side * event.px >= side * best
            assert event.px != best or event.sz <= size
            assert event.sz > 0
            continue
        if not isinstance(event, BestQuote):
            depth_seq[i] = event.seq
        assert book.quotable
        assert min(book.bid_sz, book.ask_sz) > 0
    for book in books:
        assert 20 <= len(book.bids.sizes) <= 80
        assert 20 <= len(book.asks.sizes) <= 80


def test_a_trade_takes_from_the_level_that_the_next_quote_shows(recorded):
    quotes, checked = {}, 0
    for event in recorded["calm"]:
        if isinstance(event, BestQuote):
            trade = quotes.pop((event.i, "trade"), None)
            old = quotes.get(event.i)
            quotes[event.i] = event
            if trade is None or old is None or trade.ts != event.ts:
                continue
            px, before = (old.ask_px, old.ask_sz) if trade.side > 0 else (old.bid_px, old.bid_sz)
            now, after = (event.ask_px, event.ask_sz) if trade.side > 0 else (event.bid_px, event.bid_sz)
            if trade.px == px:
                checked += 1
                assert (now == px and after == before - trade.sz) or (now != px and trade.sz == before)
        elif isinstance(event, Trade):
            quotes[event.i, "trade"] = event
    assert checked > 100


def test_the_same_seed_gives_the_same_events_and_another_one_does_not():
    assert run("trend", 5, seed=3) == run("trend", 5, seed=3)
    assert run("trend", 5, seed=3) != run("trend", 5, seed=4)


DIGEST = """
import sys; sys.path[:0] = {path!r}
from hashlib import blake2b
import msgspec
from mmtui.venues.synthetic.market import SyntheticMarket
from itertools import islice
m = SyntheticMarket(11, "flash-crash", 5)
ids = {{item.id: i for i, item in enumerate(m.setup_instruments())}}
vs = {{item.venue: i for i, item in enumerate(m.setup_instruments())}}
print(blake2b(msgspec.msgpack.encode(list(islice(m.events(ids, vs), 9000)))).hexdigest())
"""


def test_every_process_and_hash_seed_gives_the_same_events():
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST.format(path=sys.path)],
            env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1
    assert len(blake2b(msgspec.msgpack.encode(run("calm", 1))).hexdigest()) == len(digests.pop().strip())


def test_a_venue_that_nobody_wants_is_left_out_and_the_others_stay_the_same():
    whole = [event for event in run("calm", 5) if isinstance(event, Trade) and event.i == 1]
    alone = [event for event in run("calm", 5, only={"sim-usdm"}) if isinstance(event, Trade)]
    assert [(t.ts, t.px, t.sz) for t in whole] == [(t.ts, t.px, t.sz) for t in alone]


def test_the_rate_is_that_of_a_real_feed(recorded):
    for events in recorded.values():
        assert 120 <= len(events) / 75 <= 450


def test_trades_come_in_clusters(recorded):
    """The variance of the number of trades in a second is well above that of a Poisson stream (its mean)."""
    counts = Counter((e.ts - START) // SECOND for e in recorded["calm"] if isinstance(e, Trade) and e.i == 1)
    values = [counts[second] for second in range(75)]
    mean = sum(values) / len(values)
    assert sum((value - mean) ** 2 for value in values) / len(values) > 1.5 * mean


def test_the_perpetual_leads_spot(recorded):
    """A move of the lead shows in spot's next half second, not the other way round."""
    steps = 100_000_000
    series = []
    for i in (0, 1):
        last, path = 0.0, {}
        for event in recorded["trend"]:
            if isinstance(event, BestQuote) and event.i == i:
                last = (event.bid_px + event.ask_px) / 2
                path[(event.ts - START) // steps] = last
        filled = []
        for step in range(10, 740):
            filled.append(path.get(step, filled[-1] if filled else last))
        moves = [(b - a) / a for a, b in itertools.pairwise(filled)]
        mean = sum(moves) / len(moves)
        series.append([move - mean for move in moves])
    spot, lead = series
    follows = sum(a * b for a, b in zip(lead, spot[1:], strict=False))
    precedes = sum(a * b for a, b in zip(spot, lead[1:], strict=False))
    assert follows > 2 * abs(precedes)


def test_trend_goes_up_and_comes_back(recorded):
    path = mids(recorded["trend"], 1)
    assert path[29] / path[0] > 1.002
    assert path[59] < path[29] / 1.002


def test_the_crash_falls_thins_the_book_and_recovers(recorded):
    events = recorded["flash-crash"]
    path = mids(events, 1)
    assert path[26] / path[24] < 0.985
    assert path[56] / path[24] > 0.99
    assert any(isinstance(event, Liquidation) and event.side < 0 for event in events)

    def width(low, high):
        found = [
            e.ask_px - e.bid_px
            for e in events
            if isinstance(e, BestQuote) and e.i == 1 and low <= (e.ts - START) / SECOND < high
        ]
        return sum(found) / len(found)

    assert width(25.5, 30) > 3 * width(10, 24)


@pytest.mark.parametrize(("start", "end", "v"), [(20, 28, 1), (65, 73, 0)])
def test_an_outage_says_so_and_comes_back_with_a_snapshot(recorded, start, end, v):
    of_venue = [e for e in recorded["venue-outage"] if v in (getattr(e, "i", -1), getattr(e, "v", -1))]
    lost = [n for n, e in enumerate(of_venue) if isinstance(e, FeedStatus) and not e.connected]
    at = next(n for n in lost if of_venue[n].ts // SECOND - START // SECOND == start)
    back, book = of_venue[at + 1], of_venue[at + 2]
    assert isinstance(back, FeedStatus) and back.connected
    assert (back.ts - START) // SECOND == end
    assert isinstance(book, BookSnapshot)


def test_a_stale_feed_is_silent_but_stays_connected(recorded):
    events = recorded["stale-feed"]
    assert not [e for e in events if isinstance(e, FeedStatus) and not e.connected]
    quiet = [e for e in events if START + 20.1 * SECOND < e.ts < START + 27 * SECOND]
    assert quiet
    assert not [e for e in quiet if 1 in (getattr(e, "i", -1), getattr(e, "v", -1))]
    assert [e for e in events if isinstance(e, BookDelta) and e.i == 1 and e.ts > START + 27 * SECOND]


def test_it_never_ends_and_an_unknown_scenario_is_said():
    assert not [event for event in run("calm", 2) if isinstance(event, SourceEnded)]
    with pytest.raises(UserError, match="scenario 'storm' is not known; there are: calm, trend"):
        SyntheticMarket(1, "storm", 0)
