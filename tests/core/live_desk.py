"""A live desk and the venue's side of it: questions about orders, fills, ledger and positions answered by a test."""

from __future__ import annotations

from desk_kit import Desk, item, setup_of

from mmtui.core.effects import QueryAccount, QueryOpenOrders
from mmtui.core.events import AccountAnswer, AccountStatus, Fill, OpenOrders, OrderUnknown, Positions
from mmtui.core.ledger import keys

#: The same contract at another venue.
ELSEWHERE = {"id": "away:BTC", "venue": "away"}


def live(*items, **changes):
    return setup_of(*items, mode="live", **changes)


class Account:
    """The venue's side of a live desk: answers the questions of the desk when a test says so."""

    def __init__(self, desk, v=0):
        self.desk, self.v, self.done = desk, v, set()

    @property
    def query(self):
        return max(e.query for e in self.desk.all(QueryOpenOrders) if e.v == self.v)

    def orders(self, *oids, endpoints=(1, 2)):
        for query in sorted({e.query for e in self.desk.all(QueryOpenOrders) if e.v == self.v} - self.done):
            self.done |= {query} if 2 in endpoints else set()
            for endpoint in endpoints:
                self.desk.step(OpenOrders(self.desk.now, self.v, query, endpoint, list(oids)))

    def history(self, *fills):
        query = self.query
        for fill in fills:
            self.desk.step(fill)
        for what in ("fills", "ledger"):
            self.desk.step(AccountAnswer(self.desk.now, self.v, query, what))

    def positions(self, **lots):
        idx = [int(name[1:]) for name in lots]
        self.desk.step(Positions(self.desk.now, self.v, self.query, idx, list(lots.values())))

    def all_well(self, *oids, **lots):
        self.orders(*oids)
        self.history()
        self.positions(**lots)


def up(setup=None, **lots):
    """A live desk whose account is known, quoting."""
    desk = Desk(setup or live(), execution="deaf")
    account = Account(desk)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    account.all_well(**lots)
    desk.book()
    assert desk.press("start").ok
    return desk, account


def fill_of(desk, order, sz, trade, ts_event=0):
    return Fill(desk.now, ts_event or desk.now, order.i, order.oid, trade, order.side, order.px, sz, True, "0", "USDT")


def pair(**changes):
    """A live desk of two venues, both known and quoting; the second (v=1, i=1) is where things happen."""
    desk = Desk(live(item("linear"), item("linear", instrument_changes=ELSEWHERE), **changes), execution="deaf")
    accounts = [Account(desk, v) for v in (0, 1)]
    for v, account in enumerate(accounts):
        desk.step(AccountStatus(desk.now, v, True, "login"))
        account.all_well()
    desk.books()
    assert desk.press("start").ok
    return desk, *accounts


def remembered(booked, ts, room=0):
    """As many other keys as a place remembers, but for `room`, an ns apart from `ts` on."""
    for k in range(keys.CAP - room):
        assert booked.first((f"other {k}", 1), ts + k)


def settled(desk):
    """Every quote acknowledged, so that silence about it means something and nothing else is asked."""
    for order in desk.open():
        desk.accept(order.oid)


def mine(desk, i=0):
    return [order.oid for order in desk.open(i=i)]


def asked(desk, since):
    """What reconciliation asked since then."""
    return desk.all((QueryOpenOrders, QueryAccount), since)


def deaf(*items, **changes):
    """A running desk whose venue says nothing yet: a buy and a sell an instrument, both SENT."""
    desk = Desk(setup_of(*items, **changes), execution="deaf")
    desk.books()
    desk.press("start")
    return desk


def two():
    """Two venues with one instrument each; the second (v=1, i=1) is where things happen."""
    return deaf(item("linear"), item("linear", instrument_changes=ELSEWHERE))


def unknown(desk, order, why="timeout"):
    desk.step(OrderUnknown(desk.now, order.i, order.oid, why))
