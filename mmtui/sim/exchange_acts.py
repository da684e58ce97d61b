"""Lasting conditions at one venue (26 session lost, 27 maintenance, 28 contract change), and what others do on the
account (36 a second engine, 37 manual orders, foreign cancels, liquidation, ADL, transfers).

Rules of this file: drawn once a simulated second; every condition ends by itself within seconds, and when all heals.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core.market.instrument import plain
from mmtui.sim.exchange_orders import SimOrder
from mmtui.sim.world import ALL_ORDERS, MS, SECOND
from mmtui.venues.account_messages import (
    Answer,
    Cancel,
    CancelEverything,
    Failed,
    LedgerRow,
    NewOrder,
    Refused,
    Request,
)
from mmtui.venues.trading import Meaning

if TYPE_CHECKING:
    from mmtui.sim.exchange import Exchange
    from mmtui.sim.network import Channel

TICK_NS = SECOND
#: What the venue takes during maintenance.
MODES = ("cancel only", "post only", "halt", "no cancel")
#: A contract changes its tick at most so often in one seed: prices stay countable.
REFINES_MAX = 2
#: The venue's own orders (liquidation, ADL) are numbered from here.
FORCED_FROM = 900_000_000


class Conditions:
    """Of one exchange."""

    __slots__ = (
        "_closed",
        "_coarse",
        "_exchange",
        "_finer",
        "_least",
        "_locked_out",
        "_mode",
        "_mode_until",
        "_numbers",
        "_world",
    )

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._world = exchange.world
        self._locked_out = 0  # no login and no signed request until
        self._mode = ""
        self._mode_until = 0
        self._closed: dict[int, int] = {}  # instrument -> not traded until
        self._coarse: dict[int, int] = {}  # instrument -> prices must be multiples of so many ticks
        self._least: dict[int, int] = {}  # instrument -> least price x size, in ticks x lots
        self._finer: dict[int, int] = {}  # instrument -> how often its tick became finer
        self._numbers = 0

    def start(self) -> None:
        self._least = {i: self._least_of(i) for i in self._exchange.markets}
        if any(self._world.draws(n) for n in _ACTS):
            self._world.after(TICK_NS + self._exchange.v * 31 * MS, self._tick)

    def _tick(self) -> None:
        world = self._world
        if world.healed:
            return
        world.after(TICK_NS, self._tick)
        for n, act in _ACTS.items():
            if world.draws(n):
                act(self)

    def heal(self) -> None:
        """Everything is as on a quiet day; a tick that became finer stays so."""
        self._locked_out = self._mode_until = 0
        self._coarse.clear()
        for i in tuple(self._closed):
            self._reopen(i)
        for i in self._least:
            self._least[i] = self._least_of(i)

    # -- what holds now ----------------------------------------------------------------------------------------

    def refuses(self, kind: str) -> str:
        return "login refused" if kind == "private" and self._world.now < self._locked_out else ""

    def refuse(self, request: Request) -> Answer | None:
        now = self._world.now
        if now < self._locked_out:
            return Failed("auth")
        if now < self._mode_until and self._mode == "no cancel" and isinstance(request, Cancel | CancelEverything):
            return Refused(self._exchange.facts.code("market closed"), "no cancels now")
        return None

    def closed_to(self, i: int, post_only: bool) -> Meaning | None:
        """Why no order is taken now."""
        if i in self._closed:
            return "market closed"
        if self._world.now >= self._mode_until:
            return None
        if self._mode == "cancel only":
            return "cancel only"
        if self._mode == "post only":
            return None if post_only else "post only"
        return "market closed"

    def fits(self, i: int, px: int, sz: int) -> bool:
        """Least notional and tick, as they are now."""
        return px * sz >= self._least[i] and px % self._coarse.get(i, 1) == 0

    def _least_of(self, i: int) -> int:
        instrument = self._exchange.markets[i].instrument
        if instrument.kind == "inverse":
            return 0
        unit = Decimal(instrument.tick) * Decimal(instrument.lot) * Decimal(instrument.contract_size)
        return int(-(-Decimal(instrument.min_notional) // unit))

    # -- 26, 27, 28 --------------------------------------------------------------------------------------------

    def _session_lost(self) -> None:
        world, exchange = self._world, self._exchange
        net = exchange.net
        if net is None or not world.strikes(26, ALL_ORDERS):
            return
        dice = world.dice(26)
        kind = dice.below(3)
        if kind == 0:
            net.drop(exchange.v, "private", "session kicked")
        elif kind == 1:  # the key is revoked, or the login has expired
            self._locked_out = world.now + (500 + dice.below(4_500)) * MS
            net.drop(exchange.v, "private", "login expired")
        else:  # the stream says that it is over, is silent, and closes some time later
            stamp = world.now // MS
            told = net.streams(exchange.v, "private")
            for channel in told:
                channel.send([b'{"e":"listenKeyExpired","E":%d,"listenKey":"x"}' % stamp])
                channel.frozen = world.now + 60 * SECOND
            world.after((200 + dice.below(4_800)) * MS, self._expired, told)

    def _expired(self, told: list[Channel]) -> None:
        """The streams that were told so close, and none that was opened since."""
        net, v = self._exchange.net, self._exchange.v
        for channel in net.streams(v, "private") if net is not None else ():
            if channel in told:
                channel.drop("listenKey expired")
                self._exchange.disconnected(channel, False)

    def _maintenance(self) -> None:
        world = self._world
        if world.now >= self._mode_until and world.strikes(27, ALL_ORDERS):
            dice = world.dice(27)
            self._mode = MODES[dice.below(4)]
            self._mode_until = world.now + (500 + dice.below(5_500)) * MS

    def _contract_change(self) -> None:
        world, exchange = self._world, self._exchange
        if not world.strikes(28, ALL_ORDERS):
            return
        dice = world.dice(28)
        i = list(exchange.markets)[dice.below(len(exchange.markets))]
        kind = dice.below(4)
        if kind == 0 and self._finer.get(i, 0) < REFINES_MAX:
            factor = (2, 5, 10)[dice.below(3)]
            self._finer[i] = self._finer.get(i, 0) + 1
            self._least[i] *= factor
            exchange.refine(i, factor)
        elif kind == 1:
            self._coarse[i] = 2 + dice.below(4)
            world.after((1_000 + dice.below(4_000)) * MS, self._coarse.pop, i, None)
        elif kind == 2:
            before = self._least[i]
            self._least[i] = max(before, 1) * 40
            world.after((1_000 + dice.below(4_000)) * MS, self._least_again, i)
        else:  # delisted or expired: its orders are ended by the venue, nobody trades
            self._closed[i] = world.now
            exchange.markets[i].silent = True
            for order in tuple(exchange.open.values()):
                if order.i == i:
                    exchange.end(order, "expired", "delisted")
            world.after((1_000 + dice.below(5_000)) * MS, self._reopen, i)

    def _least_again(self, i: int) -> None:
        self._least[i] = self._least_of(i)

    def _reopen(self, i: int) -> None:
        if self._closed.pop(i, None) is not None:
            self._exchange.markets[i].silent = False

    # -- 36, 37 ------------------------------------------------------------------------------------------------

    def _foreign_id(self, word: str) -> str:
        """A client id that the venue takes and that is none of the desk's."""
        self._numbers += 1
        facts = self._exchange.facts
        if facts.id_chars == "hex128":
            return f"0x{len(word):016x}{self._numbers:016x}"
        return f"{facts.id_lead}{word}{self._numbers}"

    def _second_engine(self) -> None:
        """Fault 36: ids like the desk's, of another session."""
        if self._world.strikes(36):
            separator = "x" if self._exchange.facts.id_chars == "alnum" else "-"
            self._order_of_others(36, f"mmq9{separator}")

    def _order_of_others(self, n: int, word: str) -> None:
        """Somebody else's order on the account: near the touch, cancelled after a while; sometimes it takes."""
        exchange, dice = self._exchange, self._world.dice(n)
        i = list(exchange.markets)[dice.below(len(exchange.markets))]
        market = exchange.markets[i]
        bid, ask = market.touch()
        side = 1 if dice.below(2) else -1
        takes = dice.below(3) == 0
        px = (ask if side > 0 else bid) if takes else (bid if side > 0 else ask) - side * dice.below(3) * market.gap
        lots = max(1, self._least[i] // px) + dice.below(20)
        held = abs(exchange.positions[i].of(-side)) if market.instrument.hedge_mode else 0
        reduces = held > 0 and dice.below(2) > 0
        new = NewOrder(
            0, i, self._foreign_id(word), side, market.px[px].decode(),
            market.sz[min(lots, held) if reduces else lots].decode(), "IOC" if takes else "GTC", reduces,
        )  # fmt: skip
        exchange.entry.place(new, ours=False)
        self._world.after((300 + dice.below(4_700)) * MS, self._withdraw, exchange.orders.get(new.client_id))

    def _withdraw(self, order: SimOrder | None) -> None:
        if order is not None and order.open:
            self._exchange.end(order, "cancelled", "requested")

    def _others(self) -> None:
        """Fault 37: which act, then whether it comes; a foreign cancel and a liquidation concern our orders."""
        world, exchange = self._world, self._exchange
        dice = world.dice(37)
        kind = dice.below(5)
        ours = exchange.open_ours()
        if kind == 0 and ours:
            order = ours[dice.below(len(ours))]
            if world.strikes(37, order.oid):
                exchange.end(order, "cancelled", "by hand")
        elif world.strikes(37, ALL_ORDERS if kind == 1 else 0):
            if kind == 1:
                self._forced()
            elif kind == 2:
                self._transfer()
            elif kind == 3:
                self._money()
            else:
                self._order_of_others(37, "web")

    def _forced(self) -> None:
        """Liquidation or ADL of a part of a futures position, in hedge mode of the larger leg."""
        exchange, dice = self._exchange, self._world.dice(37)
        word, kind = (("autoclose-", "liquidation"), ("adl_autoclose-", "adl"))[dice.below(2)]
        for i, market in exchange.markets.items():
            position, legs = exchange.positions[i], market.instrument.hedge_mode
            lots = max(position.of(1), position.of(-1), key=abs) if legs else position.lots
            if lots and market.futures:
                side = -1 if lots > 0 else 1
                bid, ask = market.touch()
                px = ask if side > 0 else bid
                size = 1 + dice.below(abs(lots))
                self._numbers += 1
                order = SimOrder(f"{word}{self._numbers}", 0, i, side, px, size, "IOC", True, False, legs)
                order.venue_id = str(FORCED_FROM + self._numbers)
                exchange.orders[order.client_id] = order
                exchange.book(order, px, size, False, kind)
                return

    def _transfer(self) -> None:
        """Base of a spot instrument, or money, comes or goes."""
        exchange, dice = self._exchange, self._world.dice(37)
        i = list(exchange.markets)[dice.below(len(exchange.markets))]
        instrument = exchange.markets[i].instrument
        lots = (1 + dice.below(200)) * (1 if dice.below(2) else -1)
        size = plain(Decimal(instrument.lot) * lots)
        if instrument.kind == "spot":
            if exchange.positions[i].base + exchange.position(i) + lots < 0:
                return
            exchange.positions[i].move(self._world.now, lots, True)
            self._entry("TRANSFER", i, size, size, instrument.base)
            exchange.report([self._balance(instrument.base, size)])
        else:
            self._entry("TRANSFER", -1, "0", size, instrument.settle)

    def _money(self) -> None:
        """Funding (futures), fees paid in another asset, a conversion: money alone."""
        exchange, dice = self._exchange, self._world.dice(37)
        i = list(exchange.markets)[dice.below(len(exchange.markets))]
        instrument = exchange.markets[i].instrument
        amount = f"{'-' if dice.below(2) else ''}0.0{1 + dice.below(999)}"
        if instrument.kind != "spot":
            self._entry("FUNDING", i, "0", amount, instrument.settle)
        else:
            self._entry(("FEE_ASSET", "CONVERSION")[dice.below(2)], -1, "0", amount, "BNB")

    def _entry(self, cause: str, i: int, size: str, amount: str, asset: str) -> None:
        exchange = self._exchange
        self._numbers += 1
        exchange.queries.ledger.append(
            LedgerRow(f"L{self._numbers}", exchange.clock(), i, cause, size, "0", amount, asset)
        )

    def _balance(self, asset: str, change: str) -> bytes:
        stamp = self._exchange.clock() // MS
        return b'{"e":"balanceUpdate","E":%d,"a":"%b","d":"%b","T":%d}' % (
            stamp, asset.encode(), change.encode(), stamp,
        )  # fmt: skip


#: Fault -> what it does, once a second.
_ACTS: dict[int, Callable[[Conditions], None]] = {
    26: Conditions._session_lost,
    27: Conditions._maintenance,
    28: Conditions._contract_change,
    36: Conditions._second_engine,
    37: Conditions._others,
}

