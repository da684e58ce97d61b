"""Whatever a venue says, in any order: the account session never raises, sends no create twice, and stays small."""

from account_kit import MS, T0, instrument
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from mmtui.core.effects import CancelAll, CancelOrder, PlaceOrder, QueryAccount, QueryOpenOrders
from mmtui.core.events import GridRefined
from mmtui.venues import account, account_flights
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import (
    Armed,
    Create,
    Done,
    Failed,
    FillList,
    LedgerList,
    LedgerRow,
    OpenList,
    OpenRow,
    OrderResult,
    PositionList,
    PositionRow,
    Refused,
)
from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport, PositionReport, TriggerReport
from mmtui.venues.facts import TRADING, facts_of

VENUES = sorted(TRADING)
NUMBERS = st.sampled_from(["0.001", "60000", "0", "", "NaN", "inf", "1e400", "-1", "60000.05", "0.0000000000001", "x"])
SMALL = st.integers(0, 12)
CODES = st.sampled_from(["", "-2011", "-1007", "-4116", "-1003", "-1008", "51400", "110001", "10028", "?"])
STATUSES = st.sampled_from(["", "new", "filled", "cancelled", "expired", "rejected", "pending", "partially_filled"])
NAMES = st.sampled_from(["binance-usdm:BTCUSDT", "binance-spot:ETHUSDT", "binance-usdm:XRPUSDT", ":", ""])
SIDES = st.sampled_from(["buy", "sell", "", "both"])
CLIENTS = st.one_of(st.integers(-1, 40), st.sampled_from(["", "web_1", "mm", "mms1-", "mms1-007", "0x"]))

RESULTS = st.lists(st.builds(OrderResult, st.booleans(), st.just("v1"), CODES, st.just("t"), STATUSES), max_size=4)
ANSWERS = st.one_of(
    st.builds(Done, RESULTS),
    st.builds(Refused, CODES, st.just("text")),
    st.builds(Failed, st.sampled_from(["timeout", "5xx", "network", "429", "418", "403", "auth", "?"]), SMALL),
    st.builds(
        OpenList,
        st.lists(
            st.builds(
                OpenRow, CLIENTS, st.just("v"), st.integers(-1, 3), st.integers(-2, 2), NUMBERS, NUMBERS, NUMBERS,
            ),
            max_size=5,
        ),
    ),
    st.builds(
        FillList,
        st.lists(
            st.builds(
                FillReport, NAMES, SMALL, st.just("v"), CLIENTS, st.sampled_from(["", "t1", "t2"]), SIDES, NUMBERS,
                NUMBERS, st.booleans(), NUMBERS, st.just("USDT"), st.sampled_from(["trade", "adl", "settlement"]),
            ),
            max_size=4,
        ),
    ),
    st.builds(
        LedgerList,
        st.lists(
            st.builds(
                LedgerRow, st.sampled_from(["", "r"]), SMALL, st.integers(-1, 3),
                st.sampled_from(["FUNDING", "TRANSFER", "?"]), NUMBERS, NUMBERS, NUMBERS, st.just("USDT"),
            ),
            max_size=3,
        ),
    ),
    st.builds(PositionList, st.lists(st.builds(PositionRow, st.integers(-1, 3), NUMBERS), max_size=3)),
    st.builds(Armed, st.integers(-1, 30_000)),
)  # fmt: skip
REPORTS = st.one_of(
    st.builds(
        OrderReport, NAMES, SMALL, st.just("v"), CLIENTS, STATUSES, SIDES, st.just("limit"), st.just("GTX"), NUMBERS,
        NUMBERS, NUMBERS,
    ),
    st.builds(
        FillReport, NAMES, SMALL, st.just("v"), CLIENTS, st.sampled_from(["", "t1", "t2"]), SIDES, NUMBERS, NUMBERS,
        st.booleans(), NUMBERS, st.just("USDT"), st.sampled_from(["trade", "liquidation"]),
    ),
    st.builds(
        BalanceReport, st.just("v"), SMALL, st.just("USDT"), NUMBERS, NUMBERS, NUMBERS, NUMBERS,
        st.sampled_from(["", "order", "funding_fee"]),
    ),
    st.builds(PositionReport, NAMES, SMALL, NUMBERS, NUMBERS, NUMBERS),
    st.builds(TriggerReport, NAMES, SMALL, st.just("v"), st.just("c"), STATUSES, SIDES, st.just("x"), NUMBERS, NUMBERS),
)  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("place"), st.integers(1, 9), st.sampled_from(["GTX", "IOC"])),
    st.tuples(st.just("cancel"), st.integers(1, 40)),
    st.tuples(st.just("all"), st.integers(-1, 1)),
    st.tuples(st.just("open"), st.integers(1, 2)),
    st.tuples(st.just("account"), st.sampled_from(["fills", "ledger", "positions"])),
    st.tuples(st.just("answer"), st.integers(0, 60), ANSWERS),
    st.tuples(st.just("answer"), st.integers(0, 60), ANSWERS),
    st.tuples(st.just("report"), REPORTS),
    st.tuples(st.just("time"), st.sampled_from([1, 40, 600, 1_100, 4_000, 200_000])),
    st.tuples(st.just("stream"), st.booleans()),
)


class Driver:
    """Drives one session and checks after every step what must always hold."""

    def __init__(self, venue):
        self.one = AccountSession(
            facts_of(venue), 0, [(0, instrument(venue, "BTCUSDT")), (1, instrument(venue, "ETHUSDT"))], "s1"
        )
        self.now, self.oid, self.query = T0, 0, 0
        self.requests, self.created = [], {}

    def client(self, value):
        return self.one.ids.of(value) if isinstance(value, int) and value > 0 else str(value)

    def ours(self, item):
        """The same with client ids of this session where numbers stand."""
        return structs.replace(item, client_id=self.client(item.client_id)) if hasattr(item, "client_id") else item

    def step(self, what, *args):
        one, now = self.one, self.now
        events = []
        if what == "place":
            for _ in range(args[0]):
                self.oid += 1
                one.send(PlaceOrder(self.oid % 2, self.oid, 1, 600_000, 1, args[1], False, "quote", 0), now)
        elif what == "cancel":
            one.send(CancelOrder(args[0] % 2, args[0]), now)
        elif what in ("all", "open", "account"):
            self.query += 1
            effect = {
                "all": lambda: CancelAll(0, self.query, args[0]),
                "open": lambda: QueryOpenOrders(0, self.query, args[0]),
                "account": lambda: QueryAccount(0, self.query, args[0], 5),
            }[what]()
            one.send(effect, now)
        elif what == "answer":
            answer = args[1]
            if isinstance(answer, OpenList):
                answer = OpenList([self.ours(row) for row in answer.orders])
            elif isinstance(answer, FillList):
                answer = FillList([self.ours(fill) for fill in answer.fills])
            elif isinstance(answer, Armed):
                answer = Armed(now + answer.trigger * MS)
            events = one.answer(len(self.requests) - args[0], answer, now)
        elif what == "report":
            events = one.report(self.ours(args[0]), now)
        elif what == "time":
            self.now = now = now + args[0] * MS
        elif args[0]:
            events = one.stream_up(now)
        else:
            events = one.stream_down(now, "closed")
        events = events + one.tick(now)
        self.check(events, one.take(now), now)

    def check(self, events, requests, now):
        one = self.one
        for request in requests:
            self.requests.append(request)
            assert request.id == len(self.requests)
            assert request.expires == 0 or request.expires > now
            for order in request.orders if isinstance(request, Create) else ():
                assert order.client_id not in self.created
                self.created[order.client_id] = order.oid
                assert one.ids.parse(order.client_id) == order.oid
        for event in events:
            assert event.ts == now
            if isinstance(event, GridRefined):
                assert event.px_factor > 0 and event.sz_factor > 0
        assert one.next_ts() > now or one.out
        assert len(one.creates) <= account.QUEUE_MAX
        assert len(one.everything._alls) <= account_flights.ALLS_MAX
        assert len(one.flights) <= one.facts.rates.weight
        assert one.budget.cancelling(len(one.orders.live)) <= one.facts.rates.weight


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(VENUES), st.lists(STEPS, max_size=60))
def test_any_sequence_of_answers_and_reports_is_taken(venue, steps):
    driver = Driver(venue)
    for step in steps:
        driver.step(*step)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(VENUES), st.lists(STEPS, max_size=40))
def test_the_same_sequence_gives_the_same_requests(venue, steps):
    runs = []
    for _ in range(2):
        driver = Driver(venue)
        for step in steps:
            driver.step(*step)
        runs.append(driver.requests)
    assert runs[0] == runs[1]


def test_containers_stay_small_when_nothing_is_ever_answered():
    driver = Driver("binance-usdm")
    for k in range(6_000):
        driver.step("place", 1, "GTX")
        driver.step("open", 1 + k % 2)
        driver.step("all", -1)
        driver.step("time", 40)
    one = driver.one
    assert len(one.flights._late) <= account_flights.LATE_MAX
    assert sum(len(w.queries) for w in one.questions._waiting.values()) <= 5 * account_flights.QUERIES_MAX
