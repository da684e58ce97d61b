"""The cockpit: puts panels where view/desk.py says, paints what changed, hands keys to the controller.

Rules of this file: Textual's side only; what is shown is made in view, what is done in controller.py.
"""

from __future__ import annotations

import asyncio
import os
import signal
from time import monotonic

from rich.console import COLOR_SYSTEMS
from rich.style import Style
from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.driver import Driver
from textual.events import Resize
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input

from mmtui.config.paths import state_dir
from mmtui.link.messages import PROTOCOL, Cmd, Hello
from mmtui.tui.actions import Keymap
from mmtui.tui.alarms import sound
from mmtui.tui.canvas import Canvas
from mmtui.tui.controller import Controller
from mmtui.tui.docking import dock_rows
from mmtui.tui.driver import GateDriver
from mmtui.tui.layouts import Layouts
from mmtui.tui.mouse import click, wheel
from mmtui.tui.painter import Painter
from mmtui.tui.panels import STYLES, rows_of
from mmtui.tui.roles import filtered, grey, sixteen, styles
from mmtui.tui.saver import Saver
from mmtui.tui.session import Connector, Session, operator_name, origin
from mmtui.tui.settings import Settings
from mmtui.tui.store import Store
from mmtui.tui.themes import chosen_theme, keep_theme, load_themes
from mmtui.view.desk import SMALLEST, Place, keys_height, places

#: The theme of terminals with 16 colours, where none was chosen.
SIXTEEN = "mmtui-ansi"
#: Looks for something to paint so often; nothing is painted when nothing changed.
TICK_S = 1 / 30
FPS = 10.0
SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"


class DeskScreen(Screen[None], inherit_bindings=False):
    """A screen without bindings of its own: Tab walks our screens, not a focus."""


class Cockpit(App[int], inherit_bindings=False):
    """One terminal on one desk."""

    ENABLE_COMMAND_PALETTE = False
    CSS = STYLES

    def __init__(
        self,
        connector: Connector,
        *,
        observe: bool = False,
        keymap: Keymap | None = None,
        themes: tuple[list[Theme], list[str]] | None = None,
        driver_class: type[Driver] | None = None,
        settings: Settings = Settings(),
        complaint: str = "",
    ) -> None:
        super().__init__(driver_class=driver_class, ansi_color=None)
        self.keymap_table = keymap or Keymap()
        self.themes_found, self.themes_wrong = themes if themes is not None else load_themes()
        operator = operator_name()
        self.store = Store(observe, operator)
        hello = Hello(
            protocol=PROTOCOL, role="observer" if observe else "operator", operator=operator, origin=origin()
        )
        self.line = Session(self.store, connector, hello, FPS)
        self.settings, self.complaint = settings, complaint
        self.controller = Controller(self.store, self.line, self.keymap_table, self, settings)
        self.looks: dict[str, Style] = {}
        self.painter = Painter()
        self.canvases: dict[str, Canvas] = {}
        self.laid: list[Place] = []
        self.dock: Place | None = None
        self.said = ""  # why the cockpit ended, for the shell
        self._second = 0
        self._painted = 0.0
        self.saver = Saver(FPS)
        self.layouts = Layouts(state_dir())
        self.metered = False
        self._typed = Input(id="typed", disabled=True)
        self._typed.cursor_blink = False
        self._typed.display = False
        self._bindings = BindingsMap(self._make_bindings())

    def _make_bindings(self) -> list[Binding]:
        kill = self.keymap_table.keys["kill"]
        keys = [k for k in self.keymap_table.all_keys() if k not in kill]
        out = [Binding(key, f"press('{key}')", show=False) for key in [*keys, "enter", "ctrl+c"]]
        return [*out, *(Binding(key, "kill", show=False, priority=True) for key in kill)]

    def get_default_screen(self) -> Screen[None]:
        return DeskScreen()

    # ------------------------------------------------------------ life

    def on_mount(self) -> None:
        for theme in self.themes_found:
            self.register_theme(theme)
        # truecolour roles fall together in 16 colours: there the theme that is made of them is the default
        wanted = chosen_theme(SIXTEEN) if self.console.color_system == "standard" else chosen_theme()
        self.theme = wanted if wanted in self.available_themes else "textual-dark"
        self._restyle()
        wrong = [*self.themes_wrong, *filter(None, (self.complaint, self.layouts.wrong))]
        if wrong:
            more = f" (+{len(wrong) - 1} more)" if len(wrong) > 1 else ""
            self.store.say(wrong[0] + more, monotonic() + 5)
        self.screen.mount(self._typed)
        self._lay()
        self.set_interval(TICK_S, self.tick)
        self.run_worker(self.line.run(self._refused), exclusive=True, exit_on_error=True)
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self._hung_up)

    def _hung_up(self) -> None:
        """The terminal has gone (or we are told to): the desk lives on in its host."""
        self._keep()
        self.exit(0)

    def _keep(self) -> None:
        """How it looks, for the next time."""
        self.layouts.note(self.store.model)
        self.layouts.save()

    def _refused(self, why: str) -> None:
        self.said = why
        self.exit(3)

    def leave(self) -> None:
        """q: a demo ends with its only cockpit; every other desk goes on without us."""
        self.run_worker(self._leave())

    async def _leave(self) -> None:
        self._keep()
        model = self.store.model
        welcome, frame = model.welcome, model.frame
        state = frame.state if frame else "state not known"
        alone = frame is None or frame.cockpits <= 1
        if welcome is not None and welcome.mode == "DEMO" and alone and not model.observe:
            self.line.send(Cmd(id=os.urandom(8).hex(), action="shutdown"))
            await self.line.drained()
        elif welcome is not None and welcome.mode != "REPLAY":
            self.said = f"desk {welcome.name} goes on ({state}); mmtui attach {welcome.name} comes back"
        self.exit(0)

    # ------------------------------------------------------------ keys

    def action_press(self, key: str) -> None:
        if key == "ctrl+c":
            quit_, kill = self.keymap_table.shown("quit"), self.keymap_table.shown("kill").split()[0]
            self.store.say(f"{quit_} leaves, {kill} kills; ctrl+c does nothing here", monotonic())
        else:
            gate = self._gate
            now = monotonic()
            stalled = gate is not None and gate.stalled(now)
            self.controller.press(key, stalled, gate.stalled_for if gate else 0.0)
        self.tick(True)

    def action_kill(self) -> None:
        self.controller.press(self.keymap_table.keys["kill"][0])
        self.tick(True)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.controller.typing(event.value)
        self.tick(True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.controller.submit(event.value, monotonic())
        self.tick(True)

    def on_canvas_pointed(self, event: Canvas.Pointed) -> None:
        canvas = event.canvas
        click(self.controller, (canvas.id or "").removeprefix("panel-"), canvas.rows, event.at, canvas.size.width)
        self.tick(True)

    def on_canvas_wheeled(self, event: Canvas.Wheeled) -> None:
        wheel(self.controller, event.by)
        self.tick(True)

    def open_typed(self, kind: str, hint: str) -> None:
        """Show the text field of the docked bar."""
        self._typed.disabled = False
        self._typed.display = True
        self._typed.value = ""
        self._typed.placeholder = hint
        self.screen.set_focus(self._typed)  # now: the next key, however soon, is text and no act

    def close_typed(self) -> None:
        self._typed.display = False
        self._typed.disabled = True
        self.screen.set_focus(None)

    def next_theme(self) -> None:
        names = [theme.name for theme in self.themes_found]
        if names:
            at = names.index(self.theme) if self.theme in names else -1
            self.theme = names[(at + 1) % len(names)]
            self._restyle()
            keep_theme(self.theme)
            self.store.say(f"theme {self.theme}", monotonic(), "hot")

    # ------------------------------------------------------------ drawing

    @property
    def _gate(self) -> GateDriver | None:
        driver = self._driver
        return driver if isinstance(driver, GateDriver) else None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names that Textual's own styles use with an ansi theme: a theme that lacks one would end the program."""
        return {"ansi-background": "ansi_default", "ansi-foreground": "ansi_default"}

    @property
    def _drawable(self) -> bool:
        """Not before our screen is there, and not while the app goes down."""
        return bool(self._screen_stack) and self.screen.is_mounted and not self._exit

    def _restyle(self) -> None:
        theme = self.current_theme
        self.looks.clear()
        variables = grey(dict(theme.variables), theme.dark) if self.no_color else dict(theme.variables)
        looks = filtered(styles(variables, theme.dark, theme.ansi), self.get_line_filters())
        thin = self.store.model.thin
        self.looks.update(sixteen(looks) if thin else looks)
        name = self.console.color_system
        self.store.model.shades = thin or theme.ansi or self.no_color or name not in ("truecolor", "256")
        self.painter.restyle(self.looks, COLOR_SYSTEMS[name] if name else None)
        for canvas in self.canvases.values():
            canvas.repaint()

    def on_resize(self, event: Resize) -> None:
        if not self._drawable:
            return
        self.store.model.tops.clear()
        self._lay()
        self.store.changed = True
        self.call_after_refresh(self.tick)

    def _lay(self) -> None:
        """Put every canvas in its place; those without one are hidden."""
        size = self.size
        self.layouts.fit(self.store.model, size.width, size.height, self.controller.look.gone)
        wanted = places(self.store.model, size.width, size.height, self.controller.look.helping)
        if wanted == self.laid:
            return
        self.laid = wanted
        names = {place.name for place in wanted}
        for name, canvas in self.canvases.items():
            if name != "dock" and name not in names:
                canvas.display = False
        for place in wanted:
            self._put(place)

    def _put(self, place: Place) -> Canvas:
        canvas = self.canvases.get(place.name)
        if canvas is None:
            canvas = self.canvases[place.name] = Canvas(place.name, self.looks)
            self.screen.mount(canvas)
        canvas.styles.width, canvas.styles.height = place.w, place.h
        canvas.styles.offset = (place.x, place.y)
        canvas.display = True
        canvas.move(place)
        return canvas

    def tick(self, at_once: bool = False) -> None:
        """Paint what changed, if the terminal takes it; a skipped frame loses nothing. at_once: a key was pressed."""
        if not self._drawable:
            return
        now = monotonic()
        model = self.store.model
        model.now = now
        self.controller.page.ask(now)
        self.controller.hear(now)
        self._ring(now)
        self.line.look(model.looked_at())
        asking = self.controller.asking
        gate = self._gate
        self._save(now, gate)
        if asking is not None:
            if asking.mark is not None and (gate is None or gate.passed(asking.mark)):
                asking.written(now)
            if asking.over(now):
                self.controller.dismiss()
                self.store.say(f"{asking.ask.action}: no Enter came; nothing was sent", now)
        timed = asking is not None
        if model.flash and now > model.flash_until:
            model.flash, timed = "", True
        second = int(now * 4)
        if second != self._second and (
            model.echoes or model.notice or model.link != "up" or model.frame_age_ms() > 900
        ):
            timed = True
        if not (self.store.changed or timed) or (gate is not None and not gate.open()):
            return
        if self.saver.level and not at_once and now - self._painted < 1 / self.saver.frames:
            return
        self._second, self._painted = second, now
        # what only time changes (an age, a countdown, an echo that ends) stands in the rows above and below
        everything = self.store.changed or model.link != "up" or model.frame_age_ms() > 900
        self.store.changed = False
        self._lay()
        self._paint(everything)
        if asking is not None and asking.mark is None and self.dock is not None:
            self.call_after_refresh(lambda: asking.painted(gate.mark() if gate else 0))

    def _save(self, now: float, gate: GateDriver | None) -> None:
        """A thin line gets fewer frames, then fewer panels and colours; what is painted is the newest state."""
        saver, model = self.saver, self.store.model
        # while nothing goes out nothing is decided: other colours or panels would be written all at once afterwards
        if gate is not None and gate.open() and saver.look(now, *gate.meter(now)):
            self.line.frames(saver.frames)
            thin = not saver.now.panels
            if thin != model.thin:
                model.thin = thin
                self._restyle()
            self.store.changed = True
        said = saver.words() if saver.level or self.metered else ""
        if said != model.line:
            model.line, self.store.changed = said, True

    def frames(self, fps: float) -> None:
        """The trader's choice; a thin line may get fewer."""
        self.saver.fps = fps
        self.line.frames(self.saver.frames)

    def default_layout(self) -> None:
        self.layouts.forget(self.store.model)
        self.store.say("the default layout", monotonic(), "hot")

    def meter(self) -> None:
        """What goes over the line, shown or not."""
        self.metered = not self.metered
        self.store.say(self.saver.words() if self.metered else "the meter is shown when the line is thin", monotonic())

    def _ring(self, now: float) -> None:
        """The bell and the desktop's notice, for what is to be heard now."""
        text = self.controller.alarms.due(now)
        if text:
            welcome = self.store.model.welcome
            write = self._driver.write if self._driver is not None and not self.is_headless else None
            wrong = sound(self.settings.alerts, welcome.name if welcome else "", text, self.bell, write)
            if wrong:
                self.store.say(wrong, now)

    def _paint(self, everything: bool) -> None:
        for place in self.laid:
            if not everything and place.name not in ("header", "second", "keys"):
                continue
            canvas = self.canvases[place.name]
            # under a bar the compositor knows what covers what; before a layout it will draw all anyway
            free = self.dock is None and canvas.drawn and canvas.laid == (place.w, place.h)
            rows = rows_of(self.store.model, self.keymap_table, place)
            canvas.show(rows, self.painter if free else None, place.x, place.y)
        self._write(self.painter.take())
        self._paint_dock()

    def _write(self, text: str) -> None:
        """Straight to the terminal, as one synchronised update where it knows them."""
        if text and self._driver is not None and self._running:
            self._driver.write(f"{SYNC_START}{text}{SYNC_END}" if self._sync_available else text)

    def _paint_dock(self) -> None:
        """The question, or the palette, over the rows above the keys."""
        w, h = self.size
        rows, typed = dock_rows(self.controller, self.store.model, w, h)
        if not rows or w < SMALLEST[0] or h < SMALLEST[1]:
            if self.dock is not None:
                self.canvases["dock"].display = False
                self.dock = None
            return
        bottom = h - keys_height(w, h) - (1 if typed else 0)
        place = Place("dock", 0, max(0, bottom - len(rows)), w, len(rows))
        if place != self.dock:
            self.dock = place
            self._put(place)
            self._typed.styles.offset = (0, bottom)
            self._typed.styles.width = w
        self.canvases["dock"].show(rows)
