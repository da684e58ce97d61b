"""What a key does: one method for each action that is not just a command of the table.

Rules of this file: it reads the model, changes the store, sends over the session; drawing is the app's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Protocol

from mmtui.link.messages import Cmd, ParamsRequest, Transport
from mmtui.tui.actions import BY_ID, Action, Keymap
from mmtui.tui.asking import Asking, Pace
from mmtui.tui.commands import Args, command, label, parse_line
from mmtui.tui.session import Session
from mmtui.tui.store import Store
from mmtui.view.confirm import plan_lines
from mmtui.view.formats import parse_time
from mmtui.view.heat import SPANS, heat_step
from mmtui.view.ladder import other_step
from mmtui.view.model import SCREENS, Ask, Echo
from mmtui.view.parameters import chosen_param, said

_FLASH_S = 0.35
#: The page of parameters asks the host so often.
ASK_S = 1.0
_LATCHED = ("KILLED", "HALTED")
_STEPS = ("wider", "tighter", "skew_up", "skew_down", "size_up", "size_down")
_SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1000.0)
_ROWS = {"next_instrument": 1, "previous_instrument": -1, "page_down": 10, "page_up": -10}


class Screen(Protocol):
    """What the controller asks of the app."""

    def leave(self) -> None: ...
    def next_theme(self) -> None: ...
    def open_typed(self, kind: str, hint: str) -> None: ...
    def close_typed(self) -> None: ...


class Controller:
    def __init__(self, store: Store, session: Session, keymap: Keymap, screen: Screen) -> None:
        self.store = store
        self.session = session
        self.keymap = keymap
        self.screen = screen
        self.asking: Asking | None = None
        self.helping = False
        self.palette: str | None = None  # the typed line while it is open
        self.choice = 0
        self.pace = Pace()
        self.preview = ""  # a value that is being typed on the page of parameters
        self._asked: tuple[object, ...] = ()
        self._asked_at = 0.0
        self.resumes_desk = True  # what the open question of a resume is about: the desk, or the selected instrument
        self._handlers: dict[str, Callable[[], None]] = {
            "flatten": lambda: self._ask_plan("flatten"),
            "close": lambda: self._ask_plan("close"),
            "hedge": lambda: self._ask_plan("hedge"),
            "resume": self._resume,
            "leave": self.dismiss,
            "palette": self._open_palette,
            "help": self._help,
            "quit": screen.leave,
            "theme": screen.next_theme,
            "next_screen": lambda: self._screen(1),
            "previous_screen": lambda: self._screen(-1),
            "next_venue": lambda: self._venue(1),
            "previous_venue": lambda: self._venue(-1),
            "mark_next": lambda: self._mark(1),
            "mark_previous": lambda: self._mark(-1),
            "coarser": lambda: self._step(1),
            "finer": lambda: self._step(-1),
            "heat_span": self._heat_span,
            "profile_value": self._profile_value,
            "recentre": store.model.tops.clear,
            "cumulative": self._cumulative,
            "adjust": self._adjust,
            "replay_play": lambda: self._transport("pause" if self._playing() else "play"),
            "replay_step": lambda: self._transport("step", 1.0),
            "replay_back": lambda: self._transport("back", 1.0),
            "replay_slower": lambda: self._speed(-1),
            "replay_faster": lambda: self._speed(1),
            "replay_seek": self._ask_time,
        }

    # ------------------------------------------------------------ keys

    def press(self, key: str, stalled: bool = False, stalled_for: float = 0.0) -> None:
        """A key that no text field took. `stalled`: it may have been typed into a line that hung."""
        now = monotonic()
        action = self.keymap.resolve(key, self.store.model.replaying)
        if key == "enter":
            self.enter(now, stalled)
            return
        if action is None:
            return
        if stalled and not action.calm:
            self.store.say(f"line stalled {stalled_for:.0f} s: keys typed meanwhile were dropped", now)
            return
        self.do(action, now)

    def do(self, action: Action, now: float) -> None:
        """Do an action, from a key or the palette."""
        model = self.store.model
        model.flash, model.flash_until = action.id, now + _FLASH_S
        self.store.changed = True
        if action.trades and not self._may(action, now):
            return
        if self.palette is not None and action.id in _ROWS:
            self.choice = max(0, min(len(self.found()) - 1, self.choice + _ROWS[action.id]))
            return
        handler = self._handlers.get(action.id)
        if handler is not None:
            handler()
        elif action.id in _ROWS:
            self._move(action.id)
        elif action.id.startswith("screen_"):
            self._show(int(action.id[7:]) - 1)
        elif action.where == "replay":
            direction, _, kind = action.id.partition("_")
            self._transport("next" if direction == "next" else "prev", kind=kind)
        else:
            self._command(action, now)

    def _may(self, action: Action, now: float) -> bool:
        model = self.store.model
        if model.replaying:
            self.store.say("replay: nothing is sent", now)
            return False
        if model.observe and action.id != "kill":
            self.store.say("observer: you can look, and kill; nothing was sent", now)
            return False
        if action.id in _STEPS and not self.pace.take(now):
            self.store.say("ten steps a second are taken, the rest was dropped", now)
            return False
        return True

    def _command(self, action: Action, now: float, extra: Args | None = None, reason: str = "") -> None:
        cmd = command(self.store.model, action, extra, reason)
        if isinstance(cmd, str):
            self.store.say(cmd, now)
            return
        self.send(cmd, action.id, now)

    def send(self, cmd: Cmd, action: str, now: float) -> None:
        """Send a command; its echo stands above the key at once."""
        model = self.store.model
        echo = Echo(cmd.id, action, label(model, cmd), now)
        if not self.session.send(cmd):
            echo.state = "lost" if cmd.action == "kill" else "refused"
            echo.text = "no host: nothing was sent"
            if cmd.action == "kill":
                name = model.welcome.name if model.welcome else ""
                echo.label = f"KILL waits for the host; from a shell now: mmtui kill {name}".rstrip()
        self.store.sent(echo)

    # ------------------------------------------------------------ questions

    def enter(self, now: float, stalled: bool = False) -> None:
        """Enter: does what the open question or the palette says; counts only as the desk rules have it."""
        if self.palette is not None:
            self.submit(self.palette, now)
            return
        asking = self.asking
        if asking is None and self.store.model.screen == "parameters" and not self.helping:
            self._edit(now)
            return
        if asking is None or asking.ask.typed:
            return
        verdict = "early" if stalled else asking.enter(now)
        if verdict == "early":
            self.store.say("too early: read the bar, then press Enter once", now)
            return
        self.dismiss()
        if verdict == "late":
            self.store.say(f"{asking.ask.action}: the bar had closed; nothing was sent", now)
            return
        self._command(BY_ID[asking.ask.action], now)

    def submit(self, text: str, now: float) -> None:
        """A typed line: a reason, a time, or a choice of the palette."""
        if self.palette is not None:
            self._choose(text, now)
            return
        asking = self.asking
        if asking is None:
            return
        text = text.strip()
        if asking.ask.action == "edit":
            self.dismiss()
            if text:
                self._set(asking.ask.title.removeprefix("SET "), text, now)
            return
        if asking.ask.action == "resume":
            if not text:
                self.store.say("resume out of a latched state needs a reason", now)
                return
            self.dismiss()
            action = BY_ID["resume"] if self.resumes_desk else replace(BY_ID["resume"], scope="instrument")
            self._command(action, now, reason=text)
            return
        try:
            at = parse_time(text, self._replay_at())
        except ValueError as error:
            self.store.say(str(error), now)
            return
        self.dismiss()
        self._transport("seek", at=at)

    def dismiss(self) -> None:
        """Close whatever is open."""
        if self.asking is not None or self.palette is not None:
            self.screen.close_typed()
        if self.asking is not None and self.asking.ask.action == "edit":
            self.preview = ""
        self.asking, self.palette, self.helping = None, None, False
        self.store.model.ask = None
        self.store.changed = True

    def _ask(self, ask: Ask) -> None:
        self.dismiss()
        self.asking = Asking(ask)
        self.store.model.ask = ask
        self.store.model.notice = None

    def _ask_plan(self, kind: str) -> None:
        """Flatten, close or hedge: what would happen, from the host's newest plan."""
        model = self.store.model
        base = model.instrument.base if model.instrument else ""
        plan = model.plan(kind, base) if kind != "close" else None
        if plan is None and kind != "hedge":
            plan = model.plan(kind)
        title = {"flatten": f"FLATTEN Δ {base}", "hedge": f"HEDGE {base}"}.get(kind, "CLOSE ALL to baseline")
        lines = plan_lines(plan) if plan else ["the host names nothing to trade now; if that changes, it will be done"]
        self._ask(Ask(kind, title, lines, monotonic()))

    def _resume(self) -> None:
        """Plain out of PAUSED; out of a latched state a reason is typed."""
        model = self.store.model
        view = model.view()
        desk = model.frame.state if model.frame else ""
        self.resumes_desk = desk in _LATCHED or view is None or view.state not in _LATCHED
        latched = desk if self.resumes_desk else view.state if view else ""
        if latched not in _LATCHED:
            self._command(BY_ID["resume"], monotonic())
            return
        why = model.frame.state_reason if model.frame else ""
        if view is not None and not self.resumes_desk:
            why = view.state_reason
        self._ask(
            Ask(
                "resume",
                f"RESUME out of {latched}",
                [f"latched: {why or 'no reason given'}; lands in PAUSED"],
                monotonic(),
                typed=True,
            )
        )
        self.screen.open_typed("reason", "why may it trade again?")

    def _ask_time(self) -> None:
        self._ask(
            Ask(
                "replay_seek",
                "GO TO",
                ["a time of the session: HH:MM, HH:MM:SS, HH:MM:SS.mmm (UTC)"],
                monotonic(),
                typed=True,
            )
        )
        self.screen.open_typed("time", "HH:MM:SS")

    # ------------------------------------------------------------ parameters

    def ask_parameters(self, now: float) -> None:
        """While their page is looked at: once a second, and at once when what is looked at or typed has changed."""
        model, chosen = self.store.model, self.store.model.instrument
        if model.screen != "parameters" or chosen is None:
            return
        about = (chosen.id, self.preview, model.frame.version if model.frame else 0)
        if about == self._asked and now - self._asked_at < ASK_S:
            return
        self._asked, self._asked_at = about, now
        one = chosen_param(model)
        changes: Args = {one.name: self.preview} if one is not None and self.preview else {}
        self.session.send(ParamsRequest(id="page", instrument=chosen.id, preview=changes))

    def typing(self, text: str) -> None:
        """What stands in the open text field: the palette's line, or a value whose quotes are shown meanwhile."""
        if self.palette is not None:
            self.palette, self.choice = text, 0
            self.store.changed = True
        elif self.asking is not None and self.asking.ask.action == "edit":
            self.preview = text.strip()
            self.ask_parameters(monotonic())

    def _edit(self, now: float) -> None:
        model = self.store.model
        one = chosen_param(model)
        if one is None or not self._may(BY_ID["profile_value"], now):
            return
        unit = f" {one.unit}" if one.unit else ""
        lines = [f"{one.allowed}{unit}; now {said(one.value)}, in the profile {said(one.profile)}"]
        self._ask(Ask("edit", f"SET {one.name}", lines, now, typed=True, hint="Enter sets it, Esc leaves"))
        self.screen.open_typed("edit", said(one.value))

    def _set(self, name: str, text: str, now: float) -> None:
        self._command(Action("set", (), "quote", "", act="set", scope="instrument"), now, {name: text})

    def _profile_value(self) -> None:
        one = chosen_param(self.store.model)
        now = monotonic()
        if self.store.model.screen != "parameters" or one is None:
            self.store.say("y works on the page of parameters", now)
            return
        self._command(BY_ID["profile_value"], now, {"keys": [one.name]})

    # ------------------------------------------------------------ palette and help

    def _open_palette(self) -> None:
        self.dismiss()
        self.palette, self.choice = "", 0
        self.screen.open_typed("palette", "an action, or: spread 1.5 · skew -2 · size 20 · set levels=3 · fps 5")

    def found(self) -> list[tuple[str, str, str]]:
        """(keys, name, help) of what the typed line matches, best first."""
        line = (self.palette or "").strip().lower()
        entries = self.keymap.listing(self.store.model.replaying)
        names = [(e.keys, e.id.replace("_", " "), e.help) for e in entries if e.id not in ("palette", "leave")]
        if not line:
            return names
        ranked = [(_rank(line, name, text), at) for at, (_, name, text) in enumerate(names)]
        return [names[at] for score, at in sorted(ranked) if score < _NO]

    def _choose(self, text: str, now: float) -> None:
        model = self.store.model
        found = self.found()
        typed = parse_line(model, text)
        if text.startswith("fps "):
            self.dismiss()
            self._frames(text[4:], now)
            return
        chosen = found[self.choice][1].replace(" ", "_") if self.choice < len(found) else ""
        self.dismiss()
        if isinstance(typed, str):
            self.store.say(typed, now)
        elif typed is not None:
            act, args = typed
            action = Action(act, (), "quote", "", act=act, scope="instrument")
            if self._may(action, now):
                self._command(action, now, args)
        elif chosen:
            self.do(BY_ID[chosen], now)
        else:
            self.store.say(f"{text!r}: no action has that name", now)

    def _frames(self, text: str, now: float) -> None:
        """Frames a second: fewer on a thin line."""
        if not text.strip().isdigit() or not 2 <= int(text) <= 30:
            self.store.say("fps takes a whole number from 2 to 30", now)
            return
        self.session.frames(float(text))
        self.store.say(f"{int(text)} frames a second from the host", now, "hot")

    def _help(self) -> None:
        showing = self.helping
        self.dismiss()
        self.helping = not showing
        self.store.model.scroll = 0

    # ------------------------------------------------------------ looking

    def _show(self, at: int) -> None:
        model = self.store.model
        model.screen, model.scroll = SCREENS[at % len(SCREENS)], 0
        self.helping = False

    def _screen(self, by: int) -> None:
        self._show(SCREENS.index(self.store.model.screen) + by)

    def _move(self, id: str) -> None:
        """Up and down choose an instrument on the desk, and scroll elsewhere."""
        model = self.store.model
        by = _ROWS[id]
        if model.screen == "parameters" and not self.helping:
            last = len(model.params.params) - 1 if model.params is not None else 0
            model.param = max(0, min(last, model.param + by))
            return
        if self.helping or model.screen in ("fills", "log", "risk", "pnl", "venues", "why") or abs(by) > 1:
            longest = len(model.fills) - 1 if model.screen == "fills" else max(len(model.log), 60)
            model.scroll = max(0, min(max(0, longest), model.scroll + by))
        elif model.screen == "orders":
            self._mark(by)
        elif model.instruments:
            model.selected = (model.selected + by) % len(model.instruments)

    def _venue(self, by: int) -> None:
        model = self.store.model
        family, chosen = model.family(), model.instrument
        if chosen is not None and family:
            after = family[(family.index(chosen) + by) % len(family)]
            model.selected = model.instruments.index(after)

    def _mark(self, by: int) -> None:
        """Mark an own order: of the selected instrument on the desk, any on the orders' page."""
        model = self.store.model
        only = None if model.screen == "orders" or model.instrument is None else model.instrument.id
        ids = [o.oid for o in model.orders(only)]
        if not ids:
            model.marked = 0
            self.store.say("no own orders to mark", monotonic())
            return
        at = ids.index(model.marked) + by if model.marked in ids else 0 if by > 0 else -1
        model.marked = ids[at % len(ids)]

    def _step(self, by: int) -> None:
        """A coarser or finer price step of what is looked at."""
        model = self.store.model
        (heat_step if model.screen == "heat" else other_step)(model, by)

    def _heat_span(self) -> None:
        model = self.store.model
        model.heat_span = SPANS[(SPANS.index(model.heat_span) + 1) % len(SPANS)]

    def _cumulative(self) -> None:
        self.store.model.cumulative = not self.store.model.cumulative

    def _adjust(self) -> None:
        from mmtui.view.levels import adjusting

        self.store.model.adjust = not adjusting(self.store.model)

    # ------------------------------------------------------------ replay

    def _playing(self) -> bool:
        frame = self.store.model.frame
        return frame is not None and frame.replay is not None and frame.replay.playing

    def _replay_at(self) -> int:
        frame = self.store.model.frame
        return frame.replay.at if frame is not None and frame.replay is not None else 0

    def _speed(self, by: int) -> None:
        frame = self.store.model.frame
        now = frame.replay.speed if frame is not None and frame.replay is not None else 1.0
        nearest = min(range(len(_SPEEDS)), key=lambda i: abs(_SPEEDS[i] - now))
        self._transport("speed", _SPEEDS[max(0, min(len(_SPEEDS) - 1, nearest + by))])

    def _transport(self, op: str, value: float = 0.0, at: int = 0, kind: str = "") -> None:
        if not self.session.send(Transport(op=op, value=value, at=at, kind=kind)):
            self.store.say("no host: the tape cannot move", monotonic())


_NO = 9


def _rank(line: str, name: str, text: str) -> int:
    """How well a typed line names an action: -1 is its name, _NO not at all."""
    if name == line:
        return -1
    if name.startswith(line):
        return 0
    if any(word.startswith(line) for word in name.split()):
        return 1
    if line in name:
        return 2
    if line in text.lower():
        return 3
    letters = iter(name)
    return 4 if all(c in letters for c in line) else _NO
