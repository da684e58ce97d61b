"""The manual ticket: one order by hand, with its own collar, seen first and then sent.

Limit, post-only, IOC, or "market within collar" (an IOC at the collar).  It leaves in RUNNING and PAUSED, and in HALTED
when it reduces (desk rules).  Own orders that it would meet are cancelled first, and it waits for them to be gone.

Rules of this file: words become an order or one sentence why not; orders leave through OrderSide.place, by the gate.
"""

from __future__ import annotations

from decimal import Decimal
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

from mmtui.core.errors import Refusal
from mmtui.core.market.instrument import plain
from mmtui.core.orders.tracker import Order
from mmtui.core.risk.states import Desk
from mmtui.core.tasks import Plan

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

#: A ticket waits so long for own orders across to be gone, then it is dropped, and that is said.
WAIT_NS = 2_000_000_000
#: Whose sides are pulled (Gate.pulled).
WAY = "ticket way"
TIFS = {"limit": "GTC", "post-only": "GTX", "ioc": "IOC"}
SIDES = {"buy": 1, "sell": -1}


class Ticket(NamedTuple):
    """An order by hand: px in ticks, sizes in lots; costs in quote units."""

    i: int
    side: int
    px: int
    lots: int
    tif: str
    reduce_only: bool
    by: str
    text: str
    expected: float
    worst: float
    until: int = 0  # waits for own orders across until then


class Tickets:
    """Manual orders of the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waiting: list[Ticket] = []

    # ------------------------------------------------------------ words -> ticket

    def read(self, i: int, args: dict[str, Any], by: str) -> Ticket:
        """What an operator typed as a ticket; Refusal with one sentence where it cannot be one."""
        if args.get("hedge"):
            i, args = self.prefilled(i, str(args.get("asset", "")))
        if i < 0:
            raise Refusal("a ticket needs an instrument")
        engine = self.engine
        account, book, name = engine.accounts[i], engine.books[i], engine.name(i)
        side = SIDES.get(str(args.get("side", "")))
        if side is None:
            raise Refusal("a ticket's side is buy or sell")
        kind = str(args.get("type", "ioc" if args.get("price") == "market" else "limit"))
        if kind not in TIFS:
            raise Refusal(f"a ticket's type is {', '.join(TIFS)}, not {kind!r}")
        lots = self.whole(args.get("size"), account.grid.lot, account.lot_step, f"size on {name}")
        reference = account.references.last()
        collar = engine.setup.limits.collar_manual_bps
        if args.get("price") == "market":
            if kind != "ioc":
                raise Refusal("a ticket at market within its collar is an ioc")
            if reference <= 0:
                raise Refusal(f"{name} has no reference price: give the ticket a price")
            px = _within(reference, side, collar, account.tick_step)
        else:
            px = self.whole(args.get("price"), account.grid.tick, account.tick_step, f"price on {name}")
        if kind == "post-only" and book.quotable and side * px >= side * (book.ask if side > 0 else book.bid):
            best = account.grid.price_text(book.ask if side > 0 else book.bid)
            raise Refusal(f"post-only at {account.grid.price_text(px)} would take: the other side is at {best}")
        reduce_only = args.get("reduce_only") is True
        if reduce_only and lots > account.reducible(side):
            held = account.held_text()
            raise Refusal(f"reduce-only: the position on {name} is {held}, this would not only reduce it")
        if reduce_only and account.instrument.kind == "spot":
            raise Refusal("spot has no reduce-only")
        return self._priced(Ticket(i, side, px, lots, TIFS[kind], reduce_only, by, "", 0.0, 0.0), args)

    def whole(self, value: Any, unit: Decimal, step: int, what: str) -> int:
        """A number of the ticket in whole units of the venue."""
        try:
            number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
        except ArithmeticError:
            number = Decimal("NaN")
        if not (number.is_finite() and 0 < number < Decimal(10) ** 15):
            raise Refusal(f"{what} is a number above 0, not {value!r}")
        count = number / (unit * step)
        if count != int(count):
            raise Refusal(f"{what} goes in steps of {plain(unit * step)}: {plain(number)} is between two")
        return int(count) * step

    def _priced(self, ticket: Ticket, args: dict[str, Any]) -> Ticket:
        """With its words and what it may cost against the mid."""
        engine, desk, i = self.engine, self.engine.tasks.desk, ticket.i
        account, mid2 = engine.accounts[i], engine.accounts[i].references.last()
        grid, instrument = account.grid, account.instrument
        notional = grid.notional_atoms(2 * ticket.px, ticket.lots) / 1e18
        off = ticket.side * (2 * ticket.px - mid2) / mid2 if mid2 > 0 else 0.0
        worst = notional * (max(0.0, off) + float(instrument.taker_bps) * 1e-4)
        takes = ticket.tif != "GTX" and engine.books[i].quotable
        expected = notional * float(instrument.maker_bps) * 1e-4
        if takes and ticket.side * ticket.px >= ticket.side * self._touch(i, ticket.side):
            expected = min(worst, desk.cost(i, ticket.side, ticket.lots))
        word = "buy" if ticket.side > 0 else "sell"
        price = f"at {grid.price_text(ticket.px)}"
        if args.get("price") == "market":
            price = f"at market, {'at most' if ticket.side > 0 else 'at least'} {grid.price_text(ticket.px)}"
        kind = {"GTC": "limit", "GTX": "post-only", "IOC": "ioc"}[ticket.tif]
        more = ", reduce-only" if ticket.reduce_only else ""
        text = f"{word} {grid.size_text(ticket.lots)} on {instrument.id} {price} ({kind}{more})"
        return ticket._replace(text=text, expected=expected, worst=worst)

    def _touch(self, i: int, side: int) -> int:
        book = self.engine.books[i]
        return book.ask if side > 0 else book.bid

    # ------------------------------------------------------------ the hedge in two keys

    def prefilled(self, i: int, asset: str) -> tuple[int, dict[str, Any]]:
        """The ticket that brings an asset's delta to its target: by the cheapest hedge instrument, at market."""
        engine, desk = self.engine, self.engine.tasks.desk
        if not asset:
            if i < 0 and len(desk.assets()) > 1:
                raise Refusal(f"hedge which asset: {', '.join(desk.assets())}?")
            asset = engine.setup.instruments[max(0, i)].instrument.base
        if asset not in desk.assets():
            raise Refusal(f"no asset {asset!r} on this desk; there are {', '.join(desk.assets())}")
        net = desk.net(asset)
        j, why = engine.hedger.choose(asset, net)
        if j < 0:
            raise Refusal(f"no hedge of {asset}: {why}")
        side = -1 if net > 0 else 1
        lots = min(desk.lots(j, net), engine.gate.room(j, side, self._touch(j, side)))
        size = engine.accounts[j].grid.size_text(lots)
        return j, {"side": "sell" if side < 0 else "buy", "size": size, "price": "market", "type": "ioc"}

    def plan(self, asset: str) -> tuple[Plan, dict[str, str]] | None:
        """The hedge ticket as a plan that a cockpit shows, and as the arguments of the act that sends it."""
        try:
            i, args = self.prefilled(-1, asset)
            ticket = self.read(i, args, "")
        except Refusal:
            return None
        size = self.engine.accounts[i].grid.base_lots(ticket.lots, self.engine.books[i].mid2())
        plan = Plan("hedge", asset, ticket.text, size, (i,), ticket.expected, ticket.worst)
        return plan, {"instrument": self.engine.name(i), **{key: str(value) for key, value in args.items()}}

    # ------------------------------------------------------------ sending

    def send(self, ticket: Ticket) -> str:
        """Send it, or have it wait for own orders across; its words. Refusal where the gate says no."""
        engine = self.engine
        limits, reference = engine.setup.limits, engine.accounts[ticket.i].references.last()
        state = engine.lattice.effective(ticket.i)
        why = engine.gate.check(
            ticket.i, ticket.side, ticket.px, ticket.lots, "manual", state, engine.ts, reference,
            limits.collar_manual_bps,
        )  # fmt: skip
        if why:
            raise Refusal(self._sentence(ticket, why, state, reference))
        if not self._clear(ticket):
            self.waiting.append(ticket._replace(until=engine.ts + WAIT_NS))
            return f"{ticket.text}: waits for own orders across to be gone"
        oid = engine.tracker.next_oid
        why = self._place(ticket)
        if why:
            raise Refusal(self._sentence(ticket, why, state, reference))
        return f"{ticket.text}: sent as order {oid}"

    def _clear(self, ticket: Ticket) -> bool:
        return self.engine.gate.clear_way(
            self.engine, ticket.i, ticket.side, ticket.px, WAY, "a manual order takes here"
        )

    def _place(self, ticket: Ticket) -> str:
        place = self.engine.orders.place
        return place(ticket.i, ticket.side, ticket.px, ticket.lots, ticket.tif, "manual", 0, ticket.reduce_only)

    def _sentence(self, ticket: Ticket, why: str, state: Desk, reference: int) -> str:
        name = self.engine.name(ticket.i)
        if why == state.name:
            more = "only a ticket that reduces may leave" if state is Desk.HALTED else "no manual orders may leave"
            return f"{name} is {why}: {more}"
        if why.startswith("price collar"):
            off = abs(2 * ticket.px - reference) / reference * 1e4
            mid = self.engine.accounts[ticket.i].grid.price_text(reference // 2)
            collar = self.engine.setup.limits.collar_manual_bps
            return f"the price is {off:.0f} bps from the reference {mid}: the manual collar is {collar:g} bps"
        return f"not sent to {name}: {why}"

    def step(self, ts: int) -> None:
        """Tickets that wait: sent as soon as the way is clear, dropped when it does not become so."""
        if self.waiting:
            self._again(self.waiting, ts)

    def ended(self, order: Order) -> None:
        if self.waiting:
            self._again([ticket for ticket in self.waiting if ticket.i == order.i], self.engine.ts)

    def _again(self, tickets: list[Ticket], ts: int) -> None:
        for ticket in list(tickets):
            why = "own orders across are not gone" if ts > ticket.until else ""
            if not why and not self._clear(ticket):
                continue
            self.waiting.remove(ticket)
            why = why or self._place(ticket)
            if why:
                self._drop(ticket, why)

    def _drop(self, ticket: Ticket, why: str) -> None:
        self.engine.gate.release(ticket.i, -ticket.side, WAY)
        self.engine.alert("danger", "ticket", f"not sent: {ticket.text}: {why}", ticket.i)

    def forget(self, why: str) -> None:
        for ticket in self.waiting:
            self._drop(ticket, why)
        self.waiting = []

    def state_changed(self) -> None:
        """STOPPED and below: tickets, hedges and resting rolls go; in HALTED what can only reduce may stay."""
        engine = self.engine
        for ticket in list(self.waiting):
            if engine.lattice.effective(ticket.i) >= Desk.STOPPED:
                self.waiting.remove(ticket)
                self._drop(ticket, engine.lattice.effective(ticket.i).name)
        for order in list(engine.tracker.open.values()):
            if self.unwanted(order, engine.lattice.effective(order.i)):
                engine.orders.cancel(order)

    def unwanted(self, order: Order, state: Desk) -> bool:
        """Whether a ticket, a hedge or the resting leg of a roll may not stand in this state of its instrument."""
        if state < Desk.STOPPED or order.purpose not in ("manual", "hedge", "roll"):
            return False
        engine = self.engine
        reduces = order.reduce_only or engine.gate.reduces(order.i, order.side, 0)  # itself among those that are open
        stays = (state is Desk.HALTED and reduces) or engine.acts.drains(order.i, state)
        return order.purpose == "hedge" or not stays

    def rescale(self, i: int, px: int, sz: int) -> None:
        self.waiting = [
            ticket._replace(px=ticket.px * px, lots=ticket.lots * sz) if ticket.i == i else ticket
            for ticket in self.waiting
        ]

    def digest(self) -> tuple[object, ...]:
        return tuple(self.waiting)


def _within(reference: int, side: int, collar: float, step: int) -> int:
    """The farthest price on the grid of orders inside the collar (reference in half ticks)."""
    px = reference / 2 * (1.0 + side * collar * 1e-4)
    ticks = (floor(px / step) + 1 if side > 0 else ceil(px / step) - 1) * step  # one more: the float is rounded
    while abs(2 * ticks - reference) * 10_000 > collar * reference:
        ticks -= side * step
    return ticks
