"""Operators of a simulated desk: three cockpits that press keys, and what befalls the host's process and clock.

Ann and Bob are operators, Eve can only look.  Their commands travel as the real protocol's bytes.  Struck here: the
clock (24), kill -9 and power loss (31), SIGSTOP (32), a blocked loop (33), lost cockpits (34), two of them at once
(35), parameters changed in mid-quote (41) and absurd ones (42).

Rules of this file: presses and pulls; what must hold afterwards stands in watcher.py and checks.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from mmtui.core.market.instrument import plain
from mmtui.core.setup import DeskSetup
from mmtui.link.codec import encode
from mmtui.link.messages import PROTOCOL, Cmd, Hello
from mmtui.sim.world import ALL_ORDERS, MS, SECOND, World

Args = dict[str, str | int | float | bool | list[str]]

#: (act, arguments, weight): what operators do of their own accord.
ACTS: tuple[tuple[str, Args, int], ...] = (
    ("start", {}, 30),
    ("pause", {}, 6),
    ("resume", {}, 8),
    ("stop", {}, 3),
    ("stop", {"drain": True}, 3),
    ("spread", {"bps": 1.0}, 5),
    ("spread", {"bps": -1.0}, 5),
    ("skew", {"bps": 0.5}, 4),
    ("skew", {"bps": -0.5}, 4),
    ("size", {"pct": 10}, 3),
    ("wide", {}, 3),
    ("reduce", {}, 3),
    ("exit", {}, 2),
    ("reset", {}, 2),
    ("undo", {}, 2),
    ("cancel", {}, 3),
    ("cancel", {"side": "buy"}, 2),
    ("flatten", {}, 3),
    ("close", {}, 2),
    ("abort", {}, 1),
    ("extend", {}, 1),
    ("kill", {}, 3),
)
#: Fault 41.
RELOADS: tuple[Args, ...] = (
    {"levels": 3},
    {"levels": 1},
    {"spread_bps": 6.0},
    {"spread_bps": 14.0},
    {"fair_value": "mid"},
    {"fair_value": "micro"},
    {"fair_value": "ewma", "fair_tau_s": 1.0},
    {"imbalance_bps": 2.0},
    {"risk_zone": "amber"},
    {"cost_floor": True},
    {"cost_floor": False},
    {"min_life_ms": 0},
    {"requote_tolerance_bps": 0.0},
    {"post_only": False},
    {"post_only": True},
    {"best_price": "join", "best_price_ask": "improve"},
    {"best_price": "off", "best_price_ask": "same"},
    {"sides": "bid"},
    {"sides": "both"},
    {"ping_pong": True},
    {"ping_pong": False, "max_order_age_s": 2.0},
    {"throttle_fills": 3, "vol_pause_bps": 20.0},
    {"throttle_fills": 0, "vol_pause_bps": 0.0},
)
#: Fault 42: what no sane strategy wants.
ABSURD: tuple[Args, ...] = (
    {"spread_bps": 1e-9},
    {"spread_bps": 9_999.0},
    {"size": 1e12},
    {"size": 1e-12},
    {"skew_bps": 1e9},
    {"levels": 1_000_000},
    {"requote_tolerance_bps": -1.0},
    {"spread_bps": "NaN"},
    {"gamma": 1e300},
    {"sessions": "25:00-26:00"},
    {"spacing": "list", "spacing_list": "9, 1"},
    {"leg": "nowhere:BTC"},
    {"burst_volume": 1e13},
)
#: What they do besides on a desk that hedges; tickets and rolls name instruments of it.
HANDS: tuple[tuple[str, Args], ...] = (
    ("hedge", {"op": "off"}),
    ("hedge", {"op": "on"}),
    ("hedge", {"op": "on"}),
    ("hedge", {"op": "set", "passive_s": 1.0}),
    ("ticket", {"hedge": True}),
    ("ticket", {"side": "buy", "price": "market"}),
    ("ticket", {"side": "sell", "price": "market"}),
    ("ticket", {"side": "sell", "price": "market", "preview": True}),
    ("roll", {}),
    ("roll", {"post_only": True}),
    ("abort", {}),
)
_WEIGHTS = [weight for _, _, weight in ACTS]
_TOTAL = sum(_WEIGHTS)


class Host(Protocol):
    """The simulated desk, as those see it who press keys and pull plugs."""

    lives: int

    @property
    def alive(self) -> bool: ...

    def attach(self) -> int: ...

    def receive(self, connection: int, data: bytes) -> None: ...

    def detach(self, connection: int) -> None: ...

    def seen_version(self) -> int: ...

    def crash(self, power_loss: bool) -> None: ...

    def boot(self) -> None: ...

    def stall(self, ns: int) -> None: ...

    def step_clock(self, ns: int) -> None: ...


class Cockpit:
    """One connection of one person; opened again when it is lost."""

    def __init__(self, host: Host, name: str, role: str, origin: str) -> None:
        self.host = host
        self.hello = Hello(protocol=PROTOCOL, role=role, operator=name, origin=origin)
        self.connection = -1
        self.life = 0  # of the host that the line leads to

    def send(self, cmd: Cmd, part: int = 0) -> None:
        """Press; with `part`, the line breaks after so many bytes."""
        if not self.host.alive:
            self.connection = -1
            return
        if self.connection < 0 or self.life != self.host.lives:
            self.life = self.host.lives
            self.connection = self.host.attach()
            self.host.receive(self.connection, encode(self.hello))
        data = encode(cmd)
        if part:
            self.host.receive(self.connection, data[: part % len(data)])
            self.host.detach(self.connection)
            self.connection = -1
        else:
            self.host.receive(self.connection, data)


class Operators:
    """Everybody who has hands on a desk. `busy`: how often they press, in ms on average."""

    def __init__(self, world: World, host: Host, busy: int, setup: DeskSetup | None = None) -> None:
        self.setup = setup if setup is not None and setup.hedges else None  # of a desk that hedges
        self.hands = world.rng("hands")
        self.world = world
        self.host = host
        self.busy = busy
        self.rng = world.rng("operators")
        self.ann = Cockpit(host, "ann", "operator", "ssh 10.0.0.7")
        self.bob = Cockpit(host, "bob", "operator", "local")
        self.eve = Cockpit(host, "eve", "observer", "ssh 10.0.0.9")
        self.pressed = 0
        self.ended = False  # the script is over: only `press` acts

    def begin(self) -> None:
        """Start the desk after a moment, then do this and that."""
        self.world.after(1_200 * MS, self.press, "start")
        self.world.after(2 * SECOND, self._act)
        self.world.after(SECOND, self._befall)
        if self.setup is not None:
            self.world.after(3 * SECOND, self._hand, self.setup)

    def press(self, action: str, reason: str = "", who: Cockpit | None = None, **args: str | int | float | bool) -> str:
        """One key of one person; the id of the command."""
        self.pressed += 1
        ident = f"c{self.pressed}"
        version = self.host.seen_version() if self.host.alive else 0
        self.world.say("operator", f"{(who or self.ann).hello.operator}: {action} {args or ''} {reason}")
        (who or self.ann).send(Cmd(id=ident, action=action, args=dict(args), version=version, reason=reason))
        return ident

    # ------------------------------------------------------------ of their own accord

    def _act(self) -> None:
        if self.ended:
            return
        rng = self.rng
        self.world.after((self.busy // 2 + rng.below(self.busy)) * MS, self._act)
        if not self.host.alive:
            return
        place = rng.below(_TOTAL)
        k = 0
        while place >= _WEIGHTS[k]:
            place -= _WEIGHTS[k]
            k += 1
        action, args, _ = ACTS[k]
        person = self.bob if rng.below(3) == 0 else self.ann
        self.press(action, "" if action == "start" else "as agreed", person, **args)  # type: ignore[arg-type]
        if action == "kill":  # later somebody comes back from it
            self.world.after((2_000 + rng.below(4_000)) * MS, self._come_back)
        self._struck(action, dict(args))

    def _hand(self, setup: DeskSetup) -> None:
        """Hedger, tickets and rolls, from a stream of their own: other seeds do not change by them."""
        if self.ended:
            return
        rng = self.hands
        self.world.after((self.busy // 2 + rng.below(self.busy)) * MS, self._hand, setup)
        action, given = HANDS[rng.below(len(HANDS))]
        item = setup.instruments[rng.below(len(setup.instruments))]
        args, instrument = dict(given), item.instrument
        if "side" in args:
            args["size"] = plain(Decimal(instrument.lot) * (1 + rng.below(30)))
        if action == "roll":
            args["to"] = setup.instruments[rng.below(len(setup.instruments))].instrument.id
        if self.host.alive:
            self.pressed += 1
            self.world.say("operator", f"ann: {action} {args} on {instrument.id}")
            named = None if "hedge" in args or action == "abort" else instrument.id
            version = self.host.seen_version()
            ident = f"c{self.pressed}"
            self.ann.send(Cmd(id=ident, action=action, args=args, instrument=named, version=version))

    def _come_back(self) -> None:
        if not self.ended and self.host.alive:
            self.press("resume", "looked at it")
            self.world.after(500 * MS, self._again)

    def _again(self) -> None:
        if not self.ended and self.host.alive:
            self.press("start")

    def _struck(self, action: str, args: Args) -> None:
        """Faults 34 and 35, which strike at commands."""
        world, rng = self.world, self.rng
        if world.draws(34) and world.strikes(34, ALL_ORDERS):
            cmd = Cmd(id=f"cut{self.pressed}", action=action, args=args, reason="as agreed")
            self.bob.send(cmd, part=1 + rng.below(60))
        if world.draws(35) and world.strikes(35, ALL_ORDERS):
            draw = rng.below(4)
            if draw == 0:  # opposite keys in one tick
                self.press("start", "", self.bob)
                self.press("pause", "", self.ann)
            elif draw == 1:  # the same command twice, over two lines
                again = Cmd(id=f"c{self.pressed}", action=action, args=args, reason="as agreed")
                self.ann.send(again)
                self.bob.send(again)
            elif draw == 2:
                self.press("kill", "I only look", self.eve)
                self.press("start", "", self.eve)
            else:  # pressed on a screen that was not up to date
                self.pressed += 1
                self.bob.send(Cmd(id=f"c{self.pressed}", action="start", version=1))

    # ------------------------------------------------------------ what befalls the host

    def _befall(self) -> None:
        """Once a second, while faults are about."""
        world, host = self.world, self.host
        if self.ended or world.healed:
            return
        world.after(SECOND, self._befall)
        if not host.alive:
            return
        if world.draws(24) and world.strikes(24, ALL_ORDERS):
            host.step_clock((world.dice(24).below(4_000) - 2_000) * MS)
        if world.draws(33) and world.strikes(33, ALL_ORDERS):
            host.stall((10 + world.dice(33).below(1_990)) * MS)
        if world.draws(32) and world.strikes(32, ALL_ORDERS):
            dice = world.dice(32)
            host.stall((1 + dice.below((30, 3_000, 60_000, 600_000)[dice.below(4)])) * MS)
        if world.draws(41) and world.strikes(41, ALL_ORDERS):
            self.press("set", "", None, **RELOADS[world.dice(41).below(len(RELOADS))])  # type: ignore[arg-type]
        if world.draws(42) and world.strikes(42, ALL_ORDERS):
            self.press("set", "", None, **ABSURD[world.dice(42).below(len(ABSURD))])  # type: ignore[arg-type]
        if world.draws(31) and world.strikes(31, ALL_ORDERS):
            self.pull(world.dice(31).below(3) == 0)

    def pull(self, power_loss: bool) -> None:
        """The process dies; somebody (or the machine) starts it again soon, and an operator arms it."""
        self.world.say("host", "power loss" if power_loss else "kill -9")
        self.host.crash(power_loss)
        self.world.after((50 + self.rng.below(2_000)) * MS, self.revive)

    def revive(self) -> None:
        if not self.host.alive:
            self.host.boot()
            if not self.ended:
                self.world.after((500 + self.rng.below(4_000)) * MS, self._again)
