"""The invariants that are checked at checkpoints, and what must be true in the end.

At a checkpoint: the truth of the venues (I1, I9), containers at their caps (I16), the tape replayed to the same state
(I11).  In the end, when everything has healed: converged (I5, I14), and after a kill zero open orders (I13).

Rules of this file: reads everything, changes nothing; what is not so is a Breach, what is not so yet is a sentence.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mmtui.core.engine import Engine
from mmtui.core.ledger import keys
from mmtui.core.orders import tracker
from mmtui.core.orders.table import State
from mmtui.core.risk.states import Desk
from mmtui.core.risk.sweep import QUESTIONS
from mmtui.sim import purposes
from mmtui.sim.demands import Breach
from mmtui.sim.disk import SimDisk
from mmtui.sim.exchange import SECRET
from mmtui.sim.watcher import Watcher
from mmtui.tape.reader import TapeReader

if TYPE_CHECKING:
    from mmtui.sim.desk import SimDesk
    from mmtui.sim.network import Channel
    from mmtui.sim.world import World

SECOND = 10**9
#: Orders of ours that the venue has and the engine does not may be on their way for so long.
ON_ITS_WAY = 6 * SECOND
WAITS = (State.SENT, State.CANCELLING, State.AMENDING)


def checkpoint(watcher: Watcher, engine: Engine) -> None:
    """What is cheap enough to be looked at once a simulated second."""
    for exchange in watcher.exchanges:
        if exchange.taker_postonly:
            raise Breach("I9", f"post-only order {exchange.taker_postonly[0]} took")
        if exchange.amends.twice:
            raise Breach("I1", f"an amend of order {exchange.amends.twice[0]} arrived twice")
        if exchange.crossed_own:
            raise Breach("I9", f"order {exchange.crossed_own[0][0]} would have traded with our own")
        hits = watcher.truth.new_hits(exchange.v)
        if hits and not _kills(engine) and not watcher.last_words:
            raise Breach("I13", f"{hits[0]} is not ours, and was cancelled by us without a kill")
        if exchange.net is not None and exchange.net.storm:
            raise Breach("I14", exchange.net.storm)
        if engine.lattice.desk is Desk.KILLED and engine.sweeper.sweeps and engine.sweeper.proven():
            there = watcher.truth.open_at(exchange.v)
            if there:
                raise Breach("I13", f"a kill was proven, and {exchange.facts.id} has {len(there)} orders of ours")
    for name, size, cap in containers(engine):
        if size > cap:
            raise Breach("I16", f"{name} holds {size}, its cap is {cap}")
    purposes.rest(watcher, engine)
    if engine.sweeper.proven():  # a kill cancels again and again
        for oid, shadow in watcher.open.items():
            if shadow.state in WAITS and engine.ts - shadow.since > ON_ITS_WAY:
                raise Breach("I14", f"order {oid} is {shadow.state.name} for {ON_ITS_WAY // SECOND} s: nobody asks")


def _kills(engine: Engine) -> bool:
    """A kill or shutdown is under way, or was a moment ago: its cancels reach whatever is in their scope."""
    return any(
        not sweep.done or engine.ts - max(state.verified for state in sweep.venues.values()) < ON_ITS_WAY
        for sweep in engine.sweeper.sweeps
    )


def closed(world: World, channel: Channel, why: str) -> None:
    """I14: where nothing fails, no connection is given up."""
    if world.quiet and channel.open:
        raise Breach("I14", f"the desk closes a {channel.kind} connection that lives: {why}")


def created_once(watcher: Watcher) -> None:
    """I1 as the venues see it."""
    for exchange in watcher.exchanges:
        for order in exchange.orders.values():
            if order.ours and order.creates > 1:
                raise Breach("I1", f"order {order.client_id} was created {order.creates} times")


def containers(engine: Engine) -> list[tuple[str, int, int]]:
    """Every container of the engine that could grow: name, size, cap (I16)."""
    orders = engine.orders
    out = [
        ("finished orders", len(engine.tracker.done), tracker.MEMORY),
        ("questions", len(orders.absences), 64),
        ("sweeps", len(engine.sweeper.sweeps), 2 + len(engine.setup.venues) + len(engine.setup.instruments)),
        ("commands seen", len(engine.acts.seen), 1_000),
        ("days of minutes", len(engine.ledger.minutes), 1_442),
    ]
    out += [("fills", len(one.order), keys.CAP) for one in orders.booked]
    out += [("moves", len(one.order), keys.CAP) for one in orders.moves]
    out += [("messages of a second", len(one), 10_000) for one in engine.gate.sent]
    out += [("trips", len(one), 10_000) for one in engine.protections.trips]
    out += [("prints", len(one), 64) for one in engine.prints if isinstance(one, deque)]
    out += [("references", len(account.references.mids), 100_000) for account in engine.accounts]
    for sweep in engine.sweeper.sweeps:
        out += [("questions of a sweep", len(state.answers), QUESTIONS) for state in sweep.venues.values()]
    return out


def replayed(reader: TapeReader, engine: Engine, count: int) -> None:
    """I11: the tape, processed again from its beginning, makes the same effects and the same state."""
    again = Engine(reader.header.setup)
    at, partial = 0, reader.partial_from
    for index, event, effects in reader.records():
        if 0 <= partial <= index:  # the disk had no room for the market: said on the tape, and no proof from here on
            return
        if again.process(event) != effects:
            raise Breach("I11", f"record {index} ({type(event).__name__}) has other effects when it is replayed")
        at = index + 1
    if at != count:
        raise Breach("I11", f"the tape has {at} records, {count} were written")
    if again.state_hash() != engine.state_hash():
        raise Breach("I11", "the replayed tape ends in another state")


def no_secret(reader: TapeReader, disk: SimDisk) -> None:
    """I19: the account's key stands nowhere on the disk, packed or not."""
    secret = SECRET.encode()
    for name, data in disk.contents():
        if secret in data:
            raise Breach("I19", f"a secret stands in {name}")
    for number in range(len(reader.chunks)):
        if secret in (reader.body(number) or b""):
            raise Breach("I19", f"a secret stands in chunk {number} of the tape")


def unsettled(watcher: Watcher, desk: SimDesk) -> str:
    """Why the desk has not converged with the venues yet; "" when it has."""
    engine = desk.engine
    if not desk.alive:
        return "the host is dead"
    pending = engine.reconcile.pending()
    if pending:
        return pending
    unknown = engine.tracker.unknown()
    if unknown:
        return f"{unknown} orders are UNKNOWN"
    for v, exchange in enumerate(watcher.exchanges):
        name = engine.setup.venues[v]
        if engine.reconcile.blind[v]:
            return f"{name}: {engine.reconcile.blind[v]}"
        there = watcher.truth.open_at(v)
        for oid, shadow in watcher.open.items():
            if shadow.state in WAITS and engine.ts - shadow.since > ON_ITS_WAY:
                return f"order {oid} has been {shadow.state.name} for {(engine.ts - shadow.since) // SECOND} s"
        strangers = [oid for oid in there if oid not in engine.tracker.open]
        if strangers:
            return f"{name} has order {strangers[0]} that the desk does not know"
        for order in engine.tracker.open.values():
            lives = order.state is State.LIVE and engine.venue_of[order.i] == v and order.oid not in there
            if order.amend is not None and engine.ts - order.amend.ts > ON_ITS_WAY:
                return f"order {order.oid} may have been amended, and nobody knows"
            if lives and engine.ts - order.live_ts > ON_ITS_WAY:
                return f"order {order.oid} is live here and not at {name}"
        for resting in exchange.open_ours():
            here = engine.tracker.open.get(resting.oid)
            if here is not None and here.amend is None and here.sz != resting.sz:
                return f"order {resting.oid} has {here.sz} lots here, {resting.sz} at {name}"
        for i in exchange.markets:
            account = engine.accounts[i]
            if abs(account.position - exchange.position(i)) > 1:
                return f"{engine.name(i)}: {account.position} lots here, {exchange.position(i)} at the venue"
            short = exchange.positions[i].short
            if account.legs is not None and abs(account.legs.short.lots - short) > 1:
                return f"{engine.name(i)}: a short leg of {account.legs.short.lots} lots here, {short} at the venue"
    for i, book in enumerate(engine.books):
        if not book.quotable and not watcher.exchanges[engine.venue_of[i]].markets[i].silent:
            return f"{engine.name(i)}: {book.why or 'no book'}"
    if not engine.sweeper.proven():
        return "a kill is not proven"
    return ""


def quoting(watcher: Watcher, engine: Engine) -> str:
    """Why a desk that runs has no quotes in the market; "" when it has, or has a reason of its own."""
    for i, quoter in enumerate(engine.quoters):
        if watcher.exchanges[engine.venue_of[i]].markets[i].silent or not quoter.enabled:
            continue
        if engine.lattice.effective(i) is not Desk.RUNNING:
            if engine.tracker.of(i) and not engine.acts.draining:
                return f"{engine.name(i)} is {engine.lattice.effective(i).name} and has orders open"
            continue
        if engine.tracker.of(i):
            continue
        if engine.protections.reasons[i]:
            return f"{engine.name(i)} runs, and its quotes stay pulled: {engine.protections.reasons[i]}"
        if all(quoter.reasons[side] for side in (1, -1)):
            continue  # says why
        return f"{engine.name(i)} runs, says nothing, and has no quotes"
    return ""


def dead(watcher: Watcher, engine: Engine) -> str:
    """Why a kill is not proven yet; "" when every venue has none of our orders, and the engine says so."""
    for v in range(len(watcher.exchanges)):
        there = watcher.truth.open_at(v)
        if there:
            return f"{engine.setup.venues[v]} has {len(there)} orders of ours"
    if engine.tracker.open:
        return f"{len(engine.tracker.open)} orders are open here"
    return "" if engine.sweeper.proven() else "the desk has not proven it"
