"""Columns of a chunk: the bytes are a contract (a session of today opens for ever), and what is no body is refused."""

from hashlib import blake2b

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.effects import Alert, CancelOrder, PlaceOrder, Wake
from mmtui.core.events import (
    MARKET,
    BestQuote,
    BookDelta,
    BookGap,
    BookSnapshot,
    Command,
    Fill,
    Liquidation,
    MarkPrice,
    Positions,
    QueueUpdate,
    Timer,
    Trade,
)
from mmtui.core.rng import Rng
from mmtui.tape import columns
from mmtui.tape.columns import Body, Column, Columns, decode, encode

MS = 1_000_000
DAY0 = 1_728_000_000 * 10**9


def packed(records):
    """Records as the writer hands them over."""
    places = [k for k, (_, effects) in enumerate(records) if effects]
    return encode([event for event, _ in records], places, [records[k][1] for k in places])


def described(events):
    """Instants and kinds of a body that holds these events."""
    body = Columns(packed([(event, []) for event in events])).body
    return body.ts, {columns.layout(kind.tag)[0].__name__: kind for kind in body.kinds}


def values(name, numbers, ts=None):
    """How one field of trades is described when it takes these values."""
    base = {"ts_event": 1, "i": 0, "trade_id": 1, "px": 1, "sz": 1, "side": 1}
    events = [Trade(**{"ts": k, **base, name: number}) for k, number in enumerate(numbers)]
    _, kinds = described(events)
    return kinds["Trade"].columns[list(base).index(name)]


# ---------------------------------------------------------------- the bytes

QUOTES = [
    (BestQuote(DAY0, DAY0 - 3 * MS, 0, 1, 999_995, 10, 1_000_005, 12), []),
    (Timer(DAY0 + 100 * MS), [Wake(DAY0 + 200 * MS)]),
    (BestQuote(DAY0 + 150 * MS, DAY0 + 140 * MS, 1, 9, 50, 1, 60, 300), []),
    (BestQuote(DAY0 + 151 * MS, DAY0 + 148 * MS, 0, 3, 999_985, 11, 999_995, 9), [CancelOrder(0, 7)]),
]
GOLDEN = (
    "8100000096c40401020101950103c3cf17fb16d83be00000ce000f42409295030397c2c2c2c2c2c2c20197950202c3cf17fb"
    "16d83bb23940ce000f4240950103c20001950102c30101950302c3ce000f423b01950103c20001950302c3ce000f42450195"
    "0203c2000195280190ff909092010392919205cf17fb16d847cbc200919302000764320197f800ff0001000206f601ffbeff"
    "f00a0b01f601ffbefff00c092c000001"
)
#: Size and blake2b of the body of `many()`.
LONG = (12540, "d5fcc53a50e504c12995f57ec700356c")


def many(count=400, seed=5):
    """A stretch of a session with every kind of event that is columns, and some that are not."""
    rng = Rng(seed, "many")
    records, ts = [], DAY0
    for n in range(count):
        ts += rng.below(40) * (MS if n < count // 2 else 1_000)
        i, px, sz = rng.below(3), 999_700 + rng.below(600), 1 + rng.below(70_000)
        kinds = (
            BestQuote(ts, ts - 5 * MS, i, n, px, sz, px + 10, rng.below(200)),
            BookDelta(ts, ts, i, n, n, [px - k for k in range(n % 4)], list(range(n % 4)), [px + 10], [7]),
            BookSnapshot(ts, ts, i, n, [px, px - 1], [5, 6], [], []),
            Trade(ts, ts - 1, i, n * 7, px, sz % 9, 1 - 2 * rng.below(2)),
            MarkPrice(ts, ts, i, px * 10**7, px * 10**7 + 5, rng.below(2 * 10**6) - 10**6, ts + 10**13),
            Liquidation(ts, ts, i, px, 3, -1),
            QueueUpdate(ts, i, [n, n + 1], [sz, 0]),
            Positions(ts, i, n, [0, 1], [-5, 2**40]),
            Timer(ts),
            Fill(ts, ts, i, n, f"t{n}", 1, px, 3, True, "0.01", "USDT"),
            Command(ts, f"c{n}", "ann", "operator", "local", 3, "spread", '{"bps":1.5}'),
        )
        event = kinds[rng.below(len(kinds))]
        effects = [PlaceOrder(i, n, 1, px, 5, "GTX", False, "quote", 0), Wake(ts)] if n % 7 == 0 else []
        records.append((event, [*effects, Alert("warn", "x", "é")] if n % 50 == 0 else effects))
    return records


def test_the_bytes_of_a_body_are_those_of_schema_2():
    assert packed(QUOTES).hex() == GOLDEN
    assert decode(bytes.fromhex(GOLDEN)) == QUOTES


def test_a_long_stretch_has_the_bytes_of_schema_2():
    data = packed(many())
    assert (len(data), blake2b(data, digest_size=16).hexdigest()) == LONG
    assert decode(data) == many()
    assert columns.instants(data) == [event.ts for event, _ in many()]


# ---------------------------------------------------------------- what a column costs


@pytest.mark.parametrize(
    ("numbers", "column"),
    [
        ([5, 5, 5], Column(1, 2, True, 5, 1)),
        ([5], Column(1, 0, True, 5, 1)),  # one value is its base
        ([100, 100 + 127, 100], Column(1, 2, True, 100, 1)),
        ([100, 100 + 128, 100], Column(2, 2, True, 100, 1)),
        ([0, 2**15, 0], Column(3, 2, True, 0, 1)),
        ([0, 2**30, 2**31 - 1], Column(4, 2, True, 0, 1)),
        ([0, 2**39 - 1, 0], Column(5, 2, True, 0, 1)),
        ([0, 2**63 - 1, 0], Column(8, 2, True, 0, 1)),
        ([-1, 0, 5], Column(1, 2, True, -1, 1)),
        ([-(2**63), -(2**63) + 1], Column(1, 1, True, -(2**63), 1)),
    ],
)
def test_prices_are_differences_in_the_fewest_whole_bytes(numbers, column):
    assert values("px", numbers) == column


@pytest.mark.parametrize(
    ("numbers", "width"),
    [([0, 127, -128], 1), ([0, 128, 0], 2), ([0, -129, 0], 2), ([1 << 23, 0], 4), ([2**31, 0], 5), ([2**62, 0], 8)],
)
def test_sizes_jump_and_are_stored_as_they_are(numbers, width):
    assert values("sz", numbers) == Column(width, len(numbers), False, 0, 1)


@pytest.mark.parametrize(
    ("step", "scale", "width"),
    [(MS, 1_000_000, 1), (3_000, 1_000, 1), (700, 100, 1), (250, 1, 2), (1, 1, 1), (10**9, 1_000_000, 2)],
)
def test_instants_are_divided_by_what_divides_them_all(step, scale, width):
    numbers = [DAY0 + k * step for k in range(5)]
    assert values("ts_event", numbers) == Column(width, 4, True, DAY0, scale)
    ts, _ = described([Timer(number) for number in numbers])
    assert ts == Column(width, 4, True, DAY0, scale)


def test_one_instant_that_is_finer_makes_all_of_them_fine():
    for at in range(5):
        numbers = [DAY0 + k * MS for k in range(5)]
        numbers[at] += 1
        assert values("ts_event", numbers).scale == 1
        records = [(Timer(number), []) for number in numbers]
        assert decode(packed(records)) == records


def test_remainders_that_cancel_in_the_whole_are_seen_in_their_place():
    """All instants are divided as one long number: what one lane lacks, the next one may have too much of."""
    numbers = [DAY0 + k * MS for k in range(7)]
    numbers[5] += 1
    numbers[4] -= 2**64 % MS
    records = [(Timer(number), []) for number in numbers]
    assert decode(packed(records)) == records


def test_prices_are_not_divided_and_small_instants_need_not_be():
    assert values("px", [10**12, 2 * 10**12]).scale == 1
    assert values("ts_event", [0, 10**9]).scale == 1  # they are short already
    assert values("ts_event", [0, 10**13]).scale == 1_000_000


def test_the_instrument_of_a_desk_of_one_costs_nothing():
    assert values("i", [3, 3, 3, 3]) == Column(0, 4, False, 3, 1)
    _, kinds = described([Trade(k, 1, 3, 1, 1, 1, 1) for k in range(4)])
    assert kinds["Trade"].place == -1  # and there is nothing to sort
    _, kinds = described([Trade(k, 1, i, 1, 1, 1, 1) for k, i in enumerate((2, 0, 2))])
    assert (kinds["Trade"].place, kinds["Trade"].columns[1]) == (1, Column(1, 3, False, 0, 1))


def test_rows_are_sorted_by_instrument_so_that_prices_go_on_where_they_were():
    events = [Trade(k, 1, k % 2, 1, (1_000_000, 50)[k % 2], 1, 1) for k in range(8)]
    _, kinds = described(events)
    assert kinds["Trade"].columns[3] == Column(3, 7, True, 1_000_000, 1)  # one jump: it needs its bytes
    assert decode(packed([(event, []) for event in events])) == [(event, []) for event in events]


def test_kinds_stand_in_one_order_and_name_their_lists():
    ts, kinds = described([event for event, _ in QUOTES])
    assert list(kinds) == ["BestQuote", "Timer"]
    assert (kinds["BestQuote"].tag, kinds["BestQuote"].count, kinds["Timer"].columns) == (3, 3, [])
    _, deltas = described([BookDelta(1, 1, 0, 1, 1, [5], [6], [7, 8], [9, 10])])
    assert deltas["BookDelta"].lists == [False] * 4 + [True] * 4
    assert len(deltas["BookDelta"].columns) == 4 + 2 * 4
    assert (ts.count, ts.base) == (3, DAY0)


def test_lists_may_be_empty_all_of_them():
    records = [(BookDelta(k, 1, 0, 1, 1, [], [], [], []), []) for k in range(3)]
    assert decode(packed(records)) == records
    assert decode(packed([])) == [] and columns.instants(packed([])) == []


# ---------------------------------------------------------------- whatever comes


integers = st.one_of(st.integers(-3, 300), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**31, -(2**31), 2**32]))
instants = st.integers(0, 2**62)
lists = st.lists(integers, max_size=3)
events = st.one_of(
    st.builds(Timer, instants),
    st.builds(BestQuote, instants, *[integers] * 7),
    st.builds(Trade, instants, *[integers] * 6),
    st.builds(BookDelta, instants, *[integers] * 4, lists, lists, lists, lists),
    st.builds(Positions, instants, integers, integers, lists, lists),
    st.builds(Command, instants, *[st.text(max_size=3)] * 4, integers, st.text(max_size=3), st.just("{}")),
)


@given(st.lists(st.tuples(events, st.lists(st.builds(Wake, integers), max_size=2)), max_size=8))
@settings(max_examples=150, deadline=None)
def test_what_goes_in_comes_out(records):
    data = packed(records)
    assert decode(data) == records
    assert columns.instants(data) == [event.ts for event, _ in records]


def test_a_number_beyond_64_bits_is_kept_too():
    records = [(Trade(1, 1, 0, 2**63, 1, 1, 1), []), (Timer(2), []), (Trade(3, 1, 1, 5, 1, 1, 1), [Wake(7)])]
    data = packed(records)
    assert decode(data) == records
    body = Columns(data).body
    assert body.kinds == [] and body.order == bytes(3) and columns.others(body) == [event for event, _ in records]


def test_what_is_no_integer_at_all_is_not_written():
    with pytest.raises(columns.StructError):
        packed([(Timer(2**63), [])])


def test_events_with_text_stand_beside_the_columns():
    records = many(60)
    body = Columns(packed(records)).body
    texts = [event for event, _ in records if type(event) in (Fill, Command)]
    assert columns.others(body) == texts and body.order.count(0) == len(texts)
    assert body.with_effects == [k for k, (_, effects) in enumerate(records) if effects]


def test_every_kind_of_market_event_has_its_layout():
    for kind in MARKET:
        tag = kind.__struct_config__.tag
        assert columns.layout(tag) == (kind, [name for name in kind.__struct_fields__ if name != "ts"])


@pytest.mark.parametrize(
    ("kind", "tag", "names", "lists", "columnar", "place"),
    [
        (Timer, 40, [], [], True, -1),
        (Trade, 4, ["ts_event", "i", "trade_id", "px", "sz", "side"], [False] * 6, True, 1),
        (QueueUpdate, 28, ["v", "oids", "ahead"], [False, True, True], True, -1),
        (Positions, 30, ["v", "query", "idx", "lots"], [False, False, True, True], True, -1),
        (BookGap, 5, ["i", "expected", "got", "why"], [False] * 4, False, 0),
    ],
)
def test_how_events_are_transposed_follows_from_their_fields(kind, tag, names, lists, columnar, place):
    made = columns._Layout(kind)
    assert (made.kind, made.tag, made.names, made.lists) == (kind, tag, names, lists)
    assert (made.columnar, made.place) == (columnar, place)


# ---------------------------------------------------------------- what is no body


def lie(change, records=QUOTES):
    """A body whose description was changed."""
    data = packed(records)
    start = 4 + int.from_bytes(data[:4], "little")
    body = change(msgspec.msgpack.decode(data[4:start], type=Body))
    head = msgspec.msgpack.encode(body)
    return len(head).to_bytes(4, "little") + head + data[start:]


def replaced(**fields):
    return lambda body: msgspec.structs.replace(body, **fields)


def of_kind(**fields):
    return lambda body: msgspec.structs.replace(
        body, kinds=[msgspec.structs.replace(body.kinds[0], **fields), *body.kinds[1:]]
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (replaced(ts=Column(1, 2, True, 0, 1)), "3 instants for 4 records"),
        (replaced(ts=Column(0, 5, False, 0, 1)), "5 instants for 4 records"),
        (of_kind(count=2), "3 instants for 2 events"),
        (of_kind(count=4), "3 instants for 4 events"),
        (replaced(order=b"\1\0\1\1"), "0 instants for 1 events"),
        (replaced(with_effects=[1]), "zip"),
    ],
)
def test_a_body_that_contradicts_itself_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        decode(lie(change))


def test_fewer_events_beside_the_columns_than_places_for_them_is_refused():
    records = [(Command(1, "a", "b", "c", "d", 0, "e", "{}"), []), (Timer(2), [])]
    with pytest.raises(ValueError, match="0 events for 2 records"):
        decode(lie(replaced(others=msgspec.Raw(msgspec.msgpack.encode([]))), records))


@pytest.mark.parametrize("lengths", [3, 1])
def test_lists_that_do_not_use_their_values_up_are_refused(lengths):
    records = [(Positions(k, 0, 0, [1, 2], [3, 4]), []) for k in range(2)]

    def change(body):
        (kind,) = body.kinds
        made = [Column(0, 2, False, lengths, 1), *kind.columns[3:]]
        return msgspec.structs.replace(body, kinds=[msgspec.structs.replace(kind, columns=[*kind.columns[:2], *made])])

    with pytest.raises(ValueError, match=f"values in lists of {2 * lengths}"):
        decode(lie(change, records))
