"""The simulated host: lives on one disk, with the real engine, tape, sessions and recovery."""

import msgspec
import pytest

from mmtui.core import events as ev
from mmtui.core.effects import PlaceOrder
from mmtui.core.orders.table import State
from mmtui.link.codec import encode
from mmtui.link.messages import PROTOCOL, Cmd, Hello
from mmtui.sim.run import Simulation, digest
from mmtui.sim.swarm import draw
from mmtui.sim.world import MS, SECOND
from mmtui.tape.reader import TapeReader


class Calm:
    """A seed without faults and without hands: one desk at one venue (or more), driven by the test."""

    def __init__(self, seed: int = 7, venues: int = 1, rates: dict[int, int] | None = None) -> None:
        plan = next(p for p in (draw(s) for s in range(seed, seed + 500)) if len(p.setup.venues) == venues)
        plan = msgspec.structs.replace(plan, rates=rates or {}, paces=[120] * len(plan.paces))
        self.sim = Simulation(plan, None, frozenset())
        self.world, self.desk = self.sim.world, self.sim.desk
        self.exchange = self.sim.exchanges[0]
        self.presses = 0
        self.line = -1

    def unwatched(self) -> "Calm":
        """Without the invariants: what the test does is more than they allow."""
        self.desk.watcher.record = lambda engine, event, effects, count: None
        return self

    def run(self, ms: int) -> None:
        self.world.run(self.world.now + ms * MS)

    def open_line(self, role: str = "operator") -> int:
        line = self.desk.attach()
        self.desk.receive(line, encode(Hello(protocol=PROTOCOL, role=role, operator="ann", origin="local")))
        return line

    def press(self, action: str, line: int = -1, id: str = "", **args) -> str:
        if line < 0:
            line = self.open_line()
        self.presses += 1
        id = id or f"t{self.presses}"
        reason = args.pop("reason", "test")
        self.desk.receive(line, encode(Cmd(id=id, action=action, args=args, reason=reason)))
        return id

    def quoting(self) -> "Calm":
        self.desk.boot()
        self.run(1_500)
        self.press("start")
        self.run(1_500)
        assert self.ours(), "the desk does not quote"
        return self

    def ours(self) -> list:
        return [order for exchange in self.sim.exchanges for order in exchange.open_ours()]

    def records(self) -> list:
        self.desk.flush()
        return [event for _, event, _ in self.desk.reader().records()]

    def orders(self) -> list[int]:
        self.desk.flush()
        return [e.oid for _, _, effects in self.desk.reader().records() for e in effects if isinstance(e, PlaceOrder)]


def kinds(events) -> set[str]:
    return {type(event).__name__ for event in events}


def test_a_desk_comes_up_is_started_quotes_and_trades():
    calm = Calm()
    calm.quoting()
    calm.exchange.hit(calm.ours()[0], 1)
    calm.run(1_000)
    assert {"HostStarted", "FeedStatus", "AccountStatus", "BookSnapshot", "OrderAccepted", "Fill", "Command"} <= kinds(
        calm.records()
    )
    assert calm.desk.engine.accounts[0].position == calm.exchange.position(0)


def test_a_new_desk_is_paused_and_places_nothing():
    calm = Calm()
    calm.desk.boot()
    calm.run(5_000)
    assert calm.orders() == []
    assert calm.desk.engine.lattice.desk.name == "PAUSED"


@pytest.mark.parametrize("power_loss", [False, True])
def test_a_crash_is_recovered_from_the_tape_paused_and_with_new_ids(power_loss):
    calm = Calm(venues=2).quoting()
    calm.run(3_000)
    before = max(calm.orders())
    calm.desk.crash(power_loss)
    assert not calm.desk.alive
    calm.run(700)
    calm.desk.boot()
    for _ in range(60):
        calm.run(500)
        if not calm.desk.engine.reconcile.pending():
            break
    engine = calm.desk.engine
    assert calm.desk.lives == 2
    assert engine.lattice.desk.name == "PAUSED"
    assert engine.tracker.next_oid > before + 100
    started = [event for event in calm.records() if isinstance(event, ev.HostStarted)]
    assert [event.cause for event in started] == ["start", "recovery"]
    assert started[1].first_oid > before
    assert engine.reconcile.pending() == ""
    assert engine.accounts[0].position == calm.exchange.position(0)
    calm.press("start")
    calm.run(3_000)
    assert calm.ours()
    assert all(order.creates == 1 for order in calm.exchange.orders.values())


def test_orders_left_by_a_crash_are_known_again():
    calm = Calm().quoting()
    left = {order.oid for order in calm.ours()}
    calm.desk.crash(False)
    calm.run(100)
    calm.desk.boot()
    calm.run(200)
    known = {order.oid: order.state for order in calm.desk.engine.tracker.open.values()}
    assert left & known.keys() or not calm.ours()
    calm.run(8_000)
    assert State.UNKNOWN not in {order.state for order in calm.desk.engine.tracker.open.values()}


def test_a_kill_survives_a_power_loss():
    calm = Calm().quoting()
    calm.press("kill")
    calm.desk.crash(True)
    calm.desk.boot()
    calm.run(3_000)
    assert calm.desk.engine.lattice.desk.name == "KILLED"
    assert calm.ours() == []


def test_a_command_counts_once_on_whatever_line_it_comes():
    calm = Calm().quoting()
    line = calm.open_line()
    for where in (line, line, calm.open_line()):
        calm.press("spread", where, id="same", bps=1.0)
    done = [event for event in calm.records() if isinstance(event, ev.Command) and event.id == "same"]
    assert len(done) == 1


def test_half_a_message_and_garbage_do_nothing():
    calm = Calm().quoting()
    commands = len([event for event in calm.records() if isinstance(event, ev.Command)])
    line = calm.open_line()
    calm.desk.receive(line, encode(Cmd(id="half", action="kill"))[:9])
    calm.desk.detach(line)
    calm.desk.receive(calm.desk.attach(), b"\xff" * 64)
    calm.desk.receive(calm.desk.attach(), encode(Cmd(id="rude", action="kill")))
    assert len([event for event in calm.records() if isinstance(event, ev.Command)]) == commands


def test_an_observer_may_kill_only_where_the_desk_says_so():
    calm = Calm().quoting()
    eve = calm.open_line("observer")
    calm.press("spread", eve, bps=1.0)
    calm.press("kill", eve)
    may = calm.desk.setup.limits.observers_may_kill
    assert (calm.desk.engine.lattice.desk.name == "KILLED") is may
    assert [e.action for e in calm.records() if isinstance(e, ev.Command) and e.role == "observer"] == ["kill"] * may


def test_a_process_that_stood_still_opens_its_feeds_anew_and_quotes_again():
    calm = Calm().quoting()
    count = calm.desk.count
    calm.desk.stall(4 * SECOND)
    calm.run(3_900)
    assert calm.desk.count == count
    calm.run(1_500)
    status = [e for e in calm.records() if isinstance(e, ev.FeedStatus)]
    assert [e.connected for e in status][-2:] == [False, True]
    calm.run(12_000)
    assert calm.ours()


def test_a_wall_clock_that_went_back_does_not_turn_the_engine_s_clock():
    calm = Calm().quoting().unwatched()
    calm.desk.step_clock(-5 * SECOND)
    calm.run(1_000)
    calm.desk.crash(False)
    calm.run(500)
    calm.desk.boot()
    calm.run(2_000)
    instants = [event.ts for event in calm.records()]
    assert instants == sorted(instants)


def test_a_full_disk_pauses_the_desk_and_it_is_started_anew():
    calm = Calm().quoting()

    def no_room(file, at, data):
        if at < 0:
            raise OSError(28, "No space left on device")
        file.data[at : at + len(data)] = data

    write = calm.sim.disk.write
    calm.sim.disk.write = no_room
    calm.run(1_000)
    assert calm.desk.engine.lattice.desk.name == "PAUSED"
    assert calm.ours() == []
    calm.sim.disk.write = write
    calm.run(10_000)
    assert calm.desk.lives == 2
    assert calm.desk.alive


def test_a_disk_that_takes_nothing_ends_the_process_with_everything_cancelled():
    calm = Calm().quoting()

    def broken(file, at, data):
        raise OSError(5, "Input/output error")

    calm.sim.disk.write = broken
    calm.run(2_000)
    assert not calm.desk.alive
    assert calm.ours() == []


def test_a_shutdown_cancels_proves_and_closes_the_session():
    calm = Calm().quoting().unwatched()
    calm.press("shutdown")
    calm.run(8_000)
    assert not calm.desk.alive
    assert calm.ours() == []
    assert TapeReader(calm.desk.path, calm.sim.disk).closed
    calm.desk.boot()
    calm.run(1_000)
    assert [e.cause for e in calm.records() if isinstance(e, ev.HostStarted)] == ["start"]


def test_an_exception_of_the_engine_is_a_breach():
    from mmtui.sim.demands import Breach

    calm = Calm().quoting()

    def fails(event):
        raise ZeroDivisionError("planted")

    calm.desk.engine.process = fails
    with pytest.raises(Breach, match="planted"):
        calm.run(2_000)


def test_the_same_seed_leaves_the_same_bytes():
    digests = []
    for _ in range(2):
        calm = Calm(11).quoting()
        calm.desk.crash(True)
        calm.desk.boot()
        calm.run(3_000)
        digests.append(digest(calm.sim.disk))
    assert digests[0] == digests[1]
