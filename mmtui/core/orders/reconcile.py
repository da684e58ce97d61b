"""Reconciliation with the venues: after a restart, after a reconnect, and every few seconds on a live desk.

One round at a venue: open orders by two endpoints, fills and ledger entries since the last ones that were booked, and
only when those are in, the positions.  What the fills and the ledger explain is booked under its name; a difference
that stays, is above one lot and is seen in two polls is an ADJUST and HALTED (desk rules, "Reconciliation").
While the account is known, the fate of an order is asked for by lists and fills alone, each second if need be: ledger
and positions say nothing of it and cost a multiple (Binance USDS-M: 35 of 42); a whole round follows soon.

Rules of this file: read-only at the venue; asks, compares, and calls the engine's `broken`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mmtui.core import events as ev
from mmtui.core.effects import Adjust, QueryAccount, QueryOpenOrders
from mmtui.core.market.instrument import ATOMS
from mmtui.core.orders.legs import told
from mmtui.core.orders.rounds import Gap, Round
from mmtui.core.orders.table import Fact, State

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

SECOND = 1_000_000_000
#: What has not been answered by then is asked for again, at first; the wait doubles, unless an order is UNKNOWN.
ANSWER = 1_000_000_000
ANSWER_MAX = 4_000_000_000
#: Questions that are asked because they can now prove what the last one could not are at least so far apart.
PROOFS = 300_000_000
#: Two polls that are to agree on a difference are at least so far apart: endpoints may be seconds behind.
APART = 6_000_000_000
#: A poll that may have been older than what was booked meanwhile is repeated after this.
SOON = 1_000_000_000
#: Fills and ledger entries are asked for again from so long before the newest one that is known.
OVERLAP = 60_000_000_000
#: What lists, fills and positions show now may be as old as this.
LAGGED = 3_000_000_000
SWEEP = "sweep"
#: The end of the reference of a fee that a fill took out of the position: SYMBOL/TRADE/fee.
FEE_REF = "/fee"
#: The parts of a round that say what became of an order.
FATES = ("1", "2", "fills")
#: An order that the venue has acknowledged so long ago must be on its lists.
LISTED = 2_000_000_000
#: So much of the end of a tape a loss of power may take with it.
UNWRITTEN = 100_000_000
#: A difference of so many lots is rounding (a balance that is no whole number of lots).
ROUNDING = 1

#: Why of the Adjust with which a session begins: no break.
ADOPTED = "adopted at the start"
STREAM_DOWN = "account stream down"
RECONCILING = "reconciling with the venue"
DOUBT = "an order whose fate is not known"


class Reconciler:
    """Of the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.live = engine.setup.mode == "live"
        self.every = round(engine.setup.reconcile_s * SECOND)
        self.rounds = [Round() for _ in engine.setup.venues]
        self.newest = [0] * len(engine.setup.venues)  # venue's instant of the newest fill or entry
        self.bookings = [0] * len(engine.quoters)  # fills and moves of each instrument
        #: What each instrument held until an instant not longer than LAGGED ago: a poll that is behind may name it.
        self.held: list[deque[tuple[int, int, int]]] = [deque() for _ in engine.quoters]
        self.dust = [0] * len(engine.quoters)  # atoms of base beside the position's whole lots: less than one, signed
        self.opened = 0  # the session began then: what happened before is in the positions that it adopts
        self.blind = [STREAM_DOWN if self.live else ""] * len(engine.setup.venues)

    # ------------------------------------------------------------ when

    def started(self, cause: str, ts: int, last: int, fresh_ids: bool) -> None:
        """First event of a life: what happened since `last`, the last record before it, is not known."""
        if cause != "recovery" and not self.live:
            return
        engine = self.engine
        if cause != "recovery":
            self.opened = ts
        for order in engine.tracker.open.values():
            engine.tracker.apply(order, Fact.UNKNOWN)
        for v, one in enumerate(self.rounds):
            one.known = False
            one.adopts = cause != "recovery"
            landed = last + UNWRITTEN + engine.tracker.landing_of[v]
            one.settled = landed if fresh_ids and self.live else 0
            engine.sweeper.settled[v] = one.settled
            one.suspects.clear()
            self.begin(v, "restart" if cause == "recovery" else "start")

    def account_status(self, event: ev.AccountStatus) -> None:
        """The private stream: while it is down nothing is quoted there; when it is back, it catches up first."""
        v, engine = event.v, self.engine
        venue = engine.setup.venues[v]
        if not event.connected:
            if self.blind[v] != STREAM_DOWN:
                self.blind[v] = STREAM_DOWN
                engine.alert("warn", "account", f"{venue} account stream down: {event.why}", v=v)
                self._trip(v, STREAM_DOWN)
            return
        self.blind[v] = RECONCILING
        self._trip(v, RECONCILING)
        engine.alert("info", "account", f"{venue} account stream up: {event.why}", v=v)
        self.begin(v, "reconnect")

    def _trip(self, v: int, why: str) -> None:
        engine = self.engine
        for i, of in enumerate(engine.venue_of):
            if of == v:
                if not engine.protections.reasons[i]:
                    engine.trip(i, why)
                else:
                    engine.protections.again(i, why)

    def watch(self, ts: int) -> None:
        """On every beat: answers that did not come, rounds that are due."""
        for v, one in enumerate(self.rounds):
            if one.query:
                if ts - one.asked >= ANSWER and ts - one.asked >= self._patience(v, one):
                    one.attempts += 1
                    self._ask(v, one)
            elif one.due and ts >= one.due:
                self.begin(v, one.why)
            elif self.live and ts - one.begun >= PROOFS and self._sees(v, one) and self._provable(v, one):
                self._lists(v, one, fates=True)

    def _sees(self, v: int, one: Round) -> bool:
        """Whether the account at a venue is known, so that a round may be about fates alone."""
        return one.known and not self.blind[v] and self.engine.ts >= one.settled

    def _provable(self, v: int, one: Round) -> bool:
        """Whether silence about an UNKNOWN order would be evidence by now, and was none in the last round."""
        ts, tracker, venue_of = self.engine.ts, self.engine.tracker, self.engine.venue_of
        return any(
            order.state is State.UNKNOWN
            and venue_of[order.i] == v
            and not tracker.absence_proves(order, one.begun)
            and tracker.absence_proves(order, ts)
            for order in tracker.open.values()
        )

    def _patience(self, v: int, one: Round) -> int:
        """How long an answer is waited for (ns): no longer each time while the fate of an order hangs on it."""
        if self.live and any(part in FATES for part in one.waits) and self.engine.orders.doubts(v):
            return ANSWER
        return min(ANSWER << min(one.attempts, 3), ANSWER_MAX)

    def begin(self, v: int, why: str) -> None:
        """A whole round at a venue, from the start."""
        one = self.rounds[v]
        one.why = why
        one.due = 0
        self._lists(v, one)

    def _lists(self, v: int, one: Round, fates: bool = False) -> None:
        one.fates = fates
        one.attempts = 0
        one.query = self.engine.orders.ask(v, needs=FATES)
        one.begun = one.asked = self.engine.ts
        one.waits = ["1", "2"]

    def _ask(self, v: int, one: Round) -> None:
        """Ask for what the round waits for."""
        emit = self.engine.emit
        one.asked = self.engine.ts
        for what in one.waits:
            if what in ("1", "2"):
                emit(QueryOpenOrders(v, one.query, int(what)))
            elif what == "positions":
                one.touched = list(self.bookings)
                emit(QueryAccount(v, one.query, what))
            else:
                emit(QueryAccount(v, one.query, what, max(0, self.newest[v] - OVERLAP)))

    def wanted(self, v: int) -> None:
        """Something about the orders of a venue is not known: a round, unless one is under way. One that has asked
        about orders, and has waited for the rest in vain, gives way, and follows when this is known."""
        one, ts = self.rounds[v], self.engine.ts
        if one.query and (ts - one.begun < ANSWER or any(part in FATES for part in one.waits)):
            return
        if not self._sees(v, one):
            self.begin(v, one.why if one.query else DOUBT)
        elif one.due and ts >= one.due:  # doubts without end do not keep positions from being compared
            self.begin(v, one.why)
        elif ts - one.begun >= ANSWER:  # else `OrderSide.watch` comes again
            self._lists(v, one, fates=True)

    # ------------------------------------------------------------ answers

    def answered(self, v: int, query: int, what: str) -> None:
        """One part of a round is in. Each step is asked for when the one before is known, so that nothing in between
        is missed: what is gone from the lists is in the fills, and what is in the fills is in the positions.
        """
        one = self.rounds[v]
        if query != one.query or what not in one.waits:
            return
        one.waits.remove(what)
        if one.waits:
            return
        if what in ("1", "2"):
            one.waits = ["fills"] if one.fates else ["fills", "ledger"]
        elif one.fates:
            self._fates_known(one)
            return
        else:
            one.waits = ["positions"]
        self._ask(v, one)

    def _fates_known(self, one: Round) -> None:
        """What became of orders is known; a whole round follows when it was to come, and before long."""
        one.query, one.fates = 0, False
        soon = self.engine.ts + LAGGED
        if 0 < one.due < soon:  # too early for what endpoints are late with: there will be one more
            one.why = DOUBT
        else:
            one.due = soon

    def account_answer(self, event: ev.AccountAnswer) -> None:
        if event.what == "fills":
            self.engine.orders.part(event.v, event.query, "fills")
        self.answered(event.v, event.query, event.what)

    def positions(self, event: ev.Positions) -> None:
        """Compare the venue's positions with ours, and end the round."""
        v, one, engine = event.v, self.rounds[event.v], self.engine
        if event.query != one.query or one.waits != ["positions"]:
            return
        one.query, one.waits = 0, []
        said = dict(zip(event.idx, event.lots, strict=True))
        shorts = dict(zip(event.idx, event.shorts, strict=True)) if isinstance(event, ev.LegPositions) else {}
        open_question = False
        for i, of in enumerate(engine.venue_of):
            if of != v:
                continue
            account = engine.accounts[i]
            lots = said.get(i, 0)
            difference = lots - engine.gate.baselines[i] - account.position
            short = shorts.get(i, 0) - account.legs.short.lots if account.legs is not None else 0
            gap, exact = max(abs(difference), abs(short)), 0 if one.adopts else ROUNDING
            behind = gap > exact and self._behind(i, one.asked, difference, short)
            if behind or self.bookings[i] != one.touched[i]:  # older than what is booked, or perhaps
                open_question = open_question or gap > exact
            elif one.adopts:
                self._adopt(i, difference, short)
            elif gap <= exact:
                one.suspects.pop(i, None)
            else:
                open_question = self._suspect(one, i, difference, short) or open_question
        one.adopts = one.adopts and open_question
        early = one.begun < one.settled
        if open_question or early:
            one.due = max(engine.ts + (APART if one.suspects else SOON), one.settled)
        else:
            self._known(v)

    def _behind(self, i: int, asked: int, difference: int, short: int) -> bool:
        """Whether the position that a poll names is ours of a moment ago: two such polls may name one difference."""
        net, leg = self._holds(i)
        return any(
            ts >= asked - LAGGED and max(abs(net + difference - before), abs(leg + short - shorts)) <= ROUNDING
            for ts, before, shorts in self.held[i]
        )

    def _holds(self, i: int) -> tuple[int, int]:
        """Lots of the position, and of its short leg in hedge mode."""
        account = self.engine.accounts[i]
        return account.position, account.legs.short.lots if account.legs is not None else 0

    def _moves(self, i: int) -> None:
        """The position is about to be another: the one that it was is kept for as long as endpoints lag."""
        self.bookings[i] += 1
        if self.live:
            held, ts = self.held[i], self.engine.ts
            while held and held[0][0] < ts - ANSWER_MAX - LAGGED:
                held.popleft()
            held.append((ts, *self._holds(i)))

    def _adopt(self, i: int, difference: int, short: int) -> None:
        """A session begins with the position that is there; its price is the market's."""
        self.dust[i] = 0
        if difference or short:
            engine, account = self.engine, self.engine.accounts[i]
            engine.ledger.mark(i)
            self._moves(i)
            account.transfer(difference, short)
            size = account.held_text()
            engine.emit(Adjust(i, account.position - difference, account.position, ADOPTED))
            engine.alert("warn", "account", f"{engine.name(i)}: position {size} adopted at the start", i)

    def _suspect(self, one: Round, i: int, difference: int, short: int) -> bool:
        """A difference at one instrument, of the net and of a short leg; True while it is not certain."""
        engine = self.engine
        before = one.suspects.get(i)
        gap: Gap = (difference, short) if short else difference
        if before is None or before[0] != gap:
            one.suspects[i] = (gap, engine.ts)
            return True
        if engine.ts - before[1] < APART:
            return True
        del one.suspects[i]
        account = engine.accounts[i]
        was = account.position
        why = f"the venue holds {account.held_text(difference, short)}, we know of {account.held_text()}"
        engine.ledger.mark(i)
        self._moves(i)
        account.transfer(difference, short)
        self.dust[i] = 0
        engine.emit(Adjust(i, was, account.position, why))
        engine.alert("danger", "adjust", f"{engine.name(i)}: ADJUST: {why}", i)
        engine.broken(i, f"position break: {why}")
        return True  # whether it was right is asked once more

    def _known(self, v: int) -> None:
        one, engine = self.rounds[v], self.engine
        first = not one.known or self.blind[v] == RECONCILING
        one.known = True
        if self.blind[v] == RECONCILING:
            self.blind[v] = ""
        if first:
            engine.version += 1
            engine.alert("info", "account", f"{engine.setup.venues[v]} reconciled after {one.why}", v=v)
        if self.live and one.why != SWEEP:  # endpoints lag: what happened just before is asked for once more
            one.due, one.why = engine.ts + LAGGED, SWEEP
        elif self.every:
            one.due, one.why = engine.ts + self.every, SWEEP

    def booked(self, event: ev.Fill) -> None:
        """A fill has been booked: the next round asks from here on, and a poll under way may be older."""
        v = self.engine.venue_of[event.i]
        self.newest[v] = max(self.newest[v], event.ts_event)
        self._moves(event.i)

    # ------------------------------------------------------------ what moved without us

    def move(self, event: ev.AccountMove) -> None:
        """A position or balance that moved for a known cause: booked once, under its name."""
        engine, i = self.engine, event.i
        self.newest[event.v] = max(self.newest[event.v], event.ts_event)
        if event.ts_event < self.opened or self._fee_of_booked(event):
            return
        if not engine.orders.moves[event.v].first((event.cause, event.ref), event.ts_event) or i < 0:
            return
        account = engine.accounts[i]
        engine.ledger.mark(i)
        lots = event.lots if event.rest == "0" else event.lots + self._gathered(event)
        if lots:
            self._moves(i)
        if lots and event.px > 0:
            fee = engine.orders.money(i, event.amount, f"entry {event.ref}")
            side = 1 if lots > 0 else -1
            account.fill(side, event.px, abs(lots), event.ts_event, -fee, "external", leg=told(event))
        elif lots:
            account.transfer(lots)
        elif event.cause == "FUNDING":
            account.pay("funding", engine.orders.money(i, event.amount, f"entry {event.ref}"))
        if lots:
            severity = "info" if event.cause in ("TRANSFER", "FEE_ASSET", "CONVERSION") else "danger"
            size = account.grid.size_text(lots)
            engine.alert(severity, "account", f"{engine.name(i)}: {event.cause} of {size}", i)
            engine.version += 1
            engine.market.requote(i)
        engine.ledger.mark(i)

    def _gathered(self, event: ev.AccountMove) -> int:
        """Whole lots that parts of lots have added up to with this one; the rest is kept, over all lives."""
        engine, i = self.engine, event.i
        lot = int(engine.accounts[i].grid.lot * ATOMS)
        total = self.dust[i] + engine.orders.money(i, event.rest, f"entry {event.ref}")
        lots = total // lot if total >= 0 else -(-total // lot)
        self.dust[i] = total - lots * lot
        return lots

    def _fee_of_booked(self, event: ev.AccountMove) -> bool:
        """Whether a fee in the base asset is of a fill that is booked: told before the fill, it counted then."""
        if event.cause != "FEE_ASSET" or event.i < 0 or not event.ref.endswith(FEE_REF):
            return False
        keys, trade = self.engine.orders.booked[event.i], event.ref[: -len(FEE_REF)].rpartition("/")[2]
        return bool(keys.has((trade, 1)) or keys.has((trade, -1)))

    # ------------------------------------------------------------ questions

    def pending(self) -> str:
        """Why the account is not known yet in this life; "" when it is. (A lost stream blinds its venue alone.)"""
        names = [self.engine.setup.venues[v] for v, one in enumerate(self.rounds) if not one.known]
        return f"{RECONCILING} ({', '.join(names)})" if names else ""

    def digest(self) -> tuple[object, ...]:
        return (
            [one.digest() for one in self.rounds],
            self.newest,
            self.bookings,
            self.blind,
            *([self.dust] if any(self.dust) else []),  # a tape without any keeps its hash
            *([[list(held) for held in self.held]] if any(self.held) else []),
        )
