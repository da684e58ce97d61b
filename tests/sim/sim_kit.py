"""A venue of the simulator with a scripted client: requests by hand, every frame, report and answer kept."""

from __future__ import annotations

from mmtui.core.market.instrument import Instrument
from mmtui.sim.exchange import Exchange
from mmtui.sim.faults import FAULTS
from mmtui.sim.network import Network
from mmtui.sim.world import MS, SECOND, START, World
from mmtui.venues.account_messages import (
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    CancelEverything,
    Create,
    NewOrder,
    OldOrder,
)
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.private import decode_text
from mmtui.venues.binance.reports import FillReport, OrderReport
from mmtui.venues.facts import facts_of

KINDS = {
    "spot": {"symbol": "BTCUSDT", "quote": "USDT", "settle": "USDT", "lot": "0.001", "min_notional": "5"},
    "linear": {"symbol": "BTCUSDT", "quote": "USDT", "settle": "USDT", "lot": "0.001", "min_notional": "5"},
    "inverse": {"symbol": "BTCUSD_PERP", "quote": "USD", "settle": "BTC", "lot": "1", "contract_size": "100"},
}
BUY, SELL = 1, -1


def instrument(venue="binance-usdm", kind="linear", **changes):
    fields = {"kind": kind, "base": "BTC", "tick": "2.5", "maker_bps": "2", "taker_bps": "5", **KINDS[kind], **changes}
    return Instrument(id=f"{venue}:{fields['symbol']}", venue=venue, **fields)


class Line:
    """One stream of the client."""

    def __init__(self, net, v, kind):
        self.frames, self.pongs, self.ups, self.downs = [], 0, 0, []
        self.channel = net.connect(v, kind, self)

    def up(self, channel):
        self.ups += 1

    def frame(self, channel, data):
        self.frames.append(data)

    def pong(self, channel):
        self.pongs += 1

    def down(self, channel, why):
        self.downs.append(why)


class Venue:
    """One exchange, connected; `rates` by fault, "high": at its highest rate. `still`: nobody else trades."""

    def __init__(self, venue="binance-usdm", rates=None, seed=1, kind="linear", still=True, base=0, **changes):
        rates = {n: FAULTS[n].high if rate == "high" else rate for n, rate in (rates or {}).items()}
        self.world = World(seed, rates)
        self.facts = facts_of(venue)
        item = instrument(venue, kind, **changes)
        self.exchange = Exchange(self.world, self.facts, 0, [(0, item)], {0: 24_000}, {0: 40}, {0: base})
        self.market = self.exchange.markets[0]
        self.market.silent = still
        self.net = Network(self.world, [self.exchange])
        self.exchange.start(self.net)
        self.public, self.private = Line(self.net, 0, "public"), Line(self.net, 0, "private")
        self.answers, self.answered = {}, {}
        self.ids = 0
        self.oids = 0
        self.run(300)

    def run(self, ms):
        self.world.run(self.world.now + ms * MS)

    def ask(self, make, *args, **fields):
        """Send a request; its id."""
        self.ids += 1
        self.net.request(0, make(self.ids, *args, **fields), self._answer)
        return self.ids

    def _answer(self, ident, answer):
        self.answers[ident] = answer
        self.answered[ident] = self.world.now

    def new(self, side=BUY, away=0, size=10, tif="GTX", reduce_only=False, client=""):
        """An order so many ticks behind the best price of its side."""
        self.oids += 1
        px = self.market.bid - away if side > 0 else self.market.ask + away
        if not client:
            client = f"0x{self.oids:032x}" if self.facts.id_chars == "hex128" else f"{self.facts.id_lead}mmt{self.oids}"
        price, lots = self.market.px[px].decode(), self.market.sz[size].decode()
        return NewOrder(self.oids, 0, client, side, price, lots, tif, reduce_only)

    def create(self, *orders, expires=0):
        return self.ask(Create, list(orders), expires)

    def rest(self, *orders):
        """Create and wait: the orders at the venue."""
        self.create(*orders)
        self.run(300)
        return [self.exchange.orders[order.client_id] for order in orders]

    def cancel(self, *orders, expires=0):
        return self.ask(Cancel, [OldOrder(o.oid, 0, o.client_id, "") for o in orders], expires)

    def cancel_all(self, i=0):
        return self.ask(CancelEverything, i)

    def open_rows(self):
        ident = self.ask(AskOpen, 1)
        self.run(300)
        return self.answers[ident].orders

    def fills(self, since=0):
        ident = self.ask(AskFills, since)
        self.run(300)
        return self.answers[ident].fills

    def ledger(self):
        ident = self.ask(AskLedger, 0)
        self.run(300)
        return self.answers[ident].rows

    def positions(self):
        ident = self.ask(AskPositions)
        self.run(300)
        return self.answers[ident].rows

    def reports(self, kind=None):
        """What the private stream has told, decoded by the venue's own code."""
        found = []
        for body in self.private.frames:
            found += decode_text(body) or []
        return [one for one in found if kind is None or isinstance(one, kind)]

    def states(self):
        return [report.status for report in self.reports(OrderReport)]

    def told_fills(self):
        return self.reports(FillReport)


def strike(n, make, seeds=60, **fields):
    """The first venue of some seeds on which `make(venue)` makes fault n strike."""
    for seed in range(seeds):
        venue = Venue(rates={n: 1_000_000}, seed=seed, **fields)
        make(venue)
        if venue.world.struck[n]:
            return venue
    raise AssertionError(f"fault {n} never struck")


__all__ = ["BUY", "MS", "SECOND", "SELL", "START", "Line", "Venue", "instrument", "strike"]


def told_fills(one):
    """Fills that the stream told, with what could not be read left out."""
    found = []
    for body in one.private.frames:
        try:
            found += [report for report in decode_text(body) or [] if hasattr(report, "trade_id")]
        except WireError:
            found.append(None)
    return found


def create_one(one):
    one.create(one.new(BUY, 0), expires=one.world.now + SECOND)
    one.run(6_000)
