"""What a key does: one method for each action that is not just a command of the table.

Rules of this file: it reads the model, changes the store, sends over the session; drawing is the app's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from mmtui.link.messages import Cmd, Heard
from mmtui.tui import commands, questions
from mmtui.tui.actions import BY_ID, Action, Keymap, sign
from mmtui.tui.alarms import Alarms
from mmtui.tui.asking import Asking, Pace, Screen
from mmtui.tui.bookmarks import Bookmarks
from mmtui.tui.commands import Args, label, parse_line
from mmtui.tui.comparing import Comparing
from mmtui.tui.editing import ParameterPage
from mmtui.tui.finding import found
from mmtui.tui.limiting import LimitLines
from mmtui.tui.looking import FILTERED, ROWS, Looking
from mmtui.tui.proposing import PROPOSED, Proposals, ticket_words
from mmtui.tui.session import Session
from mmtui.tui.settings import Settings
from mmtui.tui.store import Store
from mmtui.tui.tape import Tape
from mmtui.view.formats import parse_time
from mmtui.view.model import Ask, Echo

_FLASH_S = 0.35
_LATCHED = ("KILLED", "HALTED")
_STEPS = ("wider", "tighter", "skew_up", "skew_down", "size_up", "size_down")


class Controller:
    def __init__(
        self, store: Store, session: Session, keymap: Keymap, screen: Screen, settings: Settings = Settings()
    ) -> None:
        self.store = store
        self.session = session
        self.keymap = keymap
        self.screen = screen
        self.asking: Asking | None = None
        self.look = look = Looking(store)
        self.tape = tape = Tape(store, session)
        self.marks = Bookmarks(store, tape)
        self.proposals = Proposals(store, session)
        self.palette: str | None = None  # the typed line while it is open
        self.choice = 0
        self.pace = Pace()
        self.page = ParameterPage(self)
        self.compare = Comparing(self)
        self.limits = LimitLines(self)
        self.alarms = Alarms(store, settings.alerts)
        self.resumes_desk = True  # what the open question of a resume is about: the desk, or the selected instrument
        self._handlers: dict[str, Callable[[], None]] = {
            "flatten": lambda: self._ask_plan("flatten"),
            "close": lambda: self._ask_plan("close"),
            "hedge": lambda: self._ask_plan("hedge"),
            "resume": self._resume,
            "leave": self._leave,
            "palette": self._open_palette,
            "help": self._help,
            "quit": screen.leave,
            "theme": screen.next_theme,
            "meter": screen.meter,
            "default_layout": screen.default_layout,
            "ticket": self._ask_ticket,
            "filter": self._ask_filter,
            "acknowledge": self._acknowledge,
            "mute": lambda: self.alarms.toggle(monotonic()),
            "limit": self.limits.open,
            "next_screen": lambda: look.walk(1),
            "previous_screen": lambda: look.walk(-1),
            "next_venue": lambda: look.venue(1),
            "previous_venue": lambda: look.venue(-1),
            "mark_next": lambda: look.mark(1),
            "mark_previous": lambda: look.mark(-1),
            "coarser": lambda: look.step(1),
            "finer": lambda: look.step(-1),
            "heat_span": look.heat_span,
            "profile_value": self.page.revert,
            "recentre": store.model.tops.clear,
            "cumulative": look.cumulative,
            "adjust": look.adjust,
            "net": look.net,
            "sort": look.sort,
            "replay_play": tape.toggle,
            "replay_step": lambda: tape.move("step", 1.0),
            "replay_back": lambda: tape.move("back", 1.0),
            "replay_slower": lambda: tape.speed(-1),
            "replay_faster": lambda: tape.speed(1),
            "replay_seek": self._ask_time,
            "whatif": self.compare.open,
            "whatif_difference": self.compare.jump,
            **self.marks.handlers(),
        }
        #: Lines of the palette that are no acts, by their first word.
        self._lines: dict[str, Callable[[str, float], None]] = {
            "fps": self._frames,
            "whatif": self.compare.entered,
            "mute": self.alarms.mute,
            "limit": self.limits.entered,
        }
        #: What becomes of a typed line, by the question that it answers.
        self._entered: dict[str, Callable[[str, float], None]] = {
            "edit": self.page.entered,
            "filter": lambda text, now: self.dismiss(),
            "ticket": self._ticket,
            "resume": self._resumed,
            "replay_seek": self._went,
            "whatif": self.compare.entered,
            "limit": self.limits.entered,
            "raise": self.limits.confirmed,
        }

    def press(self, key: str, stalled: bool = False, stalled_for: float = 0.0) -> None:
        """A key that no text field took. `stalled`: it may have been typed into a line that hung."""
        now = monotonic()
        action = self.keymap.resolve(key, self.store.model.replaying)
        if key == "enter":
            self.enter(now, stalled)
            return
        if action is None:
            self.store.say(f"{sign(key)} works in a replay", now)
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
        if action.trades and not self.may(action, now):
            return
        if self.palette is not None and action.id in ROWS:
            self.choice = max(0, min(len(self.found()) - 1, self.choice + ROWS[action.id]))
            return
        handler = self._handlers.get(action.id)
        if handler is not None:
            handler()
        elif action.id in ROWS:
            self.look.scroll(ROWS[action.id])
        elif action.id.startswith("screen_"):
            self.look.show(int(action.id[7:]) - 1)
        elif action.where == "replay":
            direction, _, kind = action.id.partition("_")
            self.tape.move("next" if direction == "next" else "prev", kind=kind)
        else:
            self.command(action, now)

    def may(self, action: Action, now: float) -> bool:
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

    def command(self, action: Action, now: float, extra: Args | None = None, reason: str = "") -> None:
        cmd = commands.command(self.store.model, action, extra, reason)
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
        if asking is None and self.store.model.screen == "parameters" and not self.look.helping:
            self.page.edit(now)
            return
        if asking is None or asking.ask.typed:
            return
        verdict = "early" if stalled else asking.enter(now)
        if verdict == "early":
            self.store.say("too early: read the bar, then press Enter once", now)
            return
        proposed = self.proposals.shown
        self.dismiss()
        if verdict == "late":
            self.store.say(f"{asking.ask.action}: the bar had closed; nothing was sent", now)
        elif proposed is not None:
            self.send(proposed.act(), "ticket", now)
        else:
            self.command(BY_ID[asking.ask.action], now)

    def submit(self, text: str, now: float) -> None:
        """A typed line: a reason, a time, or a choice of the palette."""
        if self.palette is not None:
            self._choose(text, now)
            return
        if self.asking is not None:
            self._entered[self.asking.ask.action](text.strip(), now)

    def _resumed(self, text: str, now: float) -> None:
        if not text:
            self.store.say("resume out of a latched state needs a reason", now)
            return
        self.dismiss()
        action = BY_ID["resume"] if self.resumes_desk else replace(BY_ID["resume"], scope="instrument")
        self.command(action, now, reason=text)

    def _went(self, text: str, now: float) -> None:
        try:
            at = parse_time(text, self.tape.at)
        except ValueError as error:
            self.store.say(str(error), now)
            return
        self.dismiss()
        self.tape.move("seek", at=at)

    def _ticket(self, text: str, now: float) -> None:
        args = ticket_words(text)
        if isinstance(args, str):
            self.store.say(args, now)
        else:
            self._propose("ticket", args, now)

    def dismiss(self) -> None:
        """Close whatever is open."""
        if self.asking is not None or self.palette is not None:
            self.screen.close_typed()
        self.page.preview = ""
        self.asking, self.palette, self.look.helping = None, None, False
        self.proposals.drop()
        self.store.model.ask = None
        self.store.changed = True

    def _leave(self) -> None:
        """Esc: closes what is open and sends nothing; a filter goes."""
        self.store.model.filter = ""
        self.dismiss()

    def ask(self, ask: Ask) -> None:
        self.dismiss()
        self.asking = Asking(ask)
        self.store.model.ask = ask
        self.store.model.notice = None

    def _ask_plan(self, kind: str) -> None:
        self.ask(questions.plan(self.store.model, kind, monotonic()))

    def _resume(self) -> None:
        """Plain out of PAUSED; out of a latched state a reason is typed."""
        model = self.store.model
        view = model.view()
        desk = model.frame.state if model.frame else ""
        self.resumes_desk = desk in _LATCHED or view is None or view.state not in _LATCHED
        latched = desk if self.resumes_desk else view.state if view else ""
        if latched not in _LATCHED:
            self.command(BY_ID["resume"], monotonic())
            return
        mine = view is not None and not self.resumes_desk
        why = view.state_reason if view and mine else model.frame.state_reason if model.frame else ""
        self.ask(questions.resume(latched, why, monotonic()))
        self.screen.open_typed("reason", "why may it trade again?")

    def _ask_time(self) -> None:
        self.ask(questions.time(monotonic()))
        self.screen.open_typed("time", "HH:MM:SS")

    # ------------------------------------------------------------ a ticket: typed, priced by the host, then confirmed

    def _ask_ticket(self) -> None:
        chosen = self.store.model.instrument
        if chosen is None or self.store.model.frame is None:
            self.store.say("no instrument yet: a ticket needs one", monotonic())
            return
        self.ask(questions.ticket(chosen.id, monotonic()))
        self.proposals.instrument = chosen.id
        self.screen.open_typed("ticket", "buy 0.1 market · sell 0.2 @ 60000 post-only")

    def _propose(self, act: str, args: Args, now: float) -> None:
        """Ask the host what this would do and cost; the question opens with its answer."""
        chosen = self.store.model.instrument
        instrument = self.proposals.instrument or (chosen.id if chosen is not None else "")
        self.dismiss()
        self.proposals.ask(act, args, instrument, now)

    def hear(self, now: float) -> None:
        """The host's price of a ticket has come, or its answer to a limit: open the question, or say why not."""
        self.marks.read()
        self.limits.hear(now)
        answer = self.proposals.heard()
        if isinstance(answer, str):
            self.store.say(answer, now, "danger")
        elif answer is not None and (self.asking is not None or self.palette is not None):
            self.store.say("the ticket was dropped: something else was asked meanwhile", now)
            self.proposals.drop()
        elif answer is not None:
            self.ask(questions.proposed(self.store.model, answer, now))
            self.proposals.shown = answer

    def _ask_filter(self) -> None:
        model = self.store.model
        if model.screen not in FILTERED:
            self.store.say(f"the filter works on the pages {', '.join(FILTERED)}", monotonic())
            return
        model.filter = ""
        self.ask(questions.narrow(monotonic()))
        self.screen.open_typed("filter", "usdm · fill · resync · 14:03")

    # ------------------------------------------------------------ typed lines

    def typing(self, text: str) -> None:
        """What stands in the open text field: the palette's line, or a value whose quotes are shown meanwhile."""
        if self.palette is not None:
            self.palette, self.choice = text, 0
            self.store.changed = True
        elif self.asking is not None and self.asking.ask.action == "edit":
            self.page.typing(text.strip())
        elif self.asking is not None and self.asking.ask.action == "filter":
            self.store.model.filter, self.store.model.scroll = text.strip(), 0
            self.store.changed = True

    # ------------------------------------------------------------ palette and help

    def _open_palette(self) -> None:
        self.dismiss()
        self.palette, self.choice = "", 0
        hint = "an action, or: spread 1.5 · skew -2 · size 20 · set levels=3 · limit KEY=V · mute 30 · fps 5"
        self.screen.open_typed("palette", hint)

    def found(self) -> list[tuple[str, str, str]]:
        """(keys, name, help) of what the typed line matches, best first."""
        return found(self.keymap.listing(self.store.model.replaying), self.palette or "")

    def _choose(self, text: str, now: float) -> None:
        model = self.store.model
        names = self.found()
        typed = parse_line(model, text)
        own = self._lines.get(text.partition(" ")[0])
        if own is not None and " " in text:
            self.dismiss()
            own(text.partition(" ")[2].strip(), now)
            return
        chosen = names[self.choice][1].replace(" ", "_") if self.choice < len(names) else ""
        self.dismiss()
        if isinstance(typed, str):
            self.store.say(typed, now)
        elif typed is not None:
            act, args = typed
            action = Action(act, (), "quote", "", act=act, scope="instrument")
            if not self.may(action, now):
                return
            if act in PROPOSED and "preview" not in args:
                self._propose(act, args, now)
            else:
                self.command(action, now, args)
        elif chosen:
            self.do(BY_ID[chosen], now)
        else:
            self.store.say(f"{text!r}: no action has that name", now)

    def _frames(self, text: str, now: float) -> None:
        """Frames a second: fewer on a thin line."""
        if text.strip().isdigit() and 2 <= int(text) <= 30:
            self.screen.frames(float(text))
            self.store.say(f"{int(text)} frames a second from the host", now, "hot")
        else:
            self.store.say("fps takes a whole number from 2 to 30", now)

    def _acknowledge(self) -> None:
        """Here, and at the host: its webhook stops asking."""
        self.look.acknowledge()
        self.session.send(Heard(self.store.model.heard))

    def _help(self) -> None:
        showing = not self.look.helping
        self.dismiss()
        self.look.helping, self.store.model.scroll = showing, 0
