"""The what-if beside a replay: its question, its page, the jump to the first decision that differs.

Rules of this file: no Textual; it sends Transport messages, the host runs it.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from mmtui.link.messages import Transport
from mmtui.tui import questions

if TYPE_CHECKING:
    from mmtui.tui.controller import Controller

SCREEN = "whatif"
USAGE = "KEY=VALUE ...; all KEY=VALUE ... for every instrument; off ends it"


class Comparing:
    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.store = controller.store

    def open(self) -> None:
        """Its page; on the page, or while there is none, the question."""
        model = self.store.model
        running = model.frame is not None and model.frame.replay is not None and model.frame.replay.whatif is not None
        asks = model.screen == SCREEN or not running
        model.screen, model.scroll = SCREEN, 0
        self.controller.look.helping = False
        if asks:
            self.controller.ask(questions.whatif(model, monotonic()))
            self.controller.screen.open_typed("whatif", "spread_bps=8 · all levels=3 size=0.1 · off")

    def entered(self, text: str, now: float) -> None:
        """A typed line: `spread_bps=8`, `all spread_bps=8 levels=3`, `off`."""
        model = self.store.model
        self.controller.dismiss()
        if not model.replaying:
            self.store.say("a what-if stands beside a replay; of a session: mmtui whatif SESSION --set ...", now)
            return
        words = text.split()
        if words == ["off"]:
            model.screen = "desk" if model.screen == SCREEN else model.screen
            self._send({}, "", now)
            return
        everywhere = words[:1] == ["all"]
        pairs = [word.partition("=") for word in (words[1:] if everywhere else words)]
        if not pairs or any(not sign or not key or not value for key, sign, value in pairs):
            self.store.say(f"what-if {USAGE}", now)
            return
        model.screen, model.scroll = SCREEN, 0
        chosen = model.instrument
        where = "" if everywhere or chosen is None else chosen.id
        self._send({key: value for key, _, value in pairs}, where, now)

    def jump(self) -> None:
        """To the first decision that differs."""
        frame = self.store.model.frame
        found = frame.replay.whatif if frame is not None and frame.replay is not None else None
        if found is None:
            self.store.say("no what-if runs: w asks for one", monotonic())
        elif not found.first:
            self.store.say(f"no decision differs in {found.progress:.0%} of the session so far", monotonic())
        else:
            self.controller.tape.move("seek", at=found.first)

    def _send(self, args: dict[str, str], instrument: str, now: float) -> None:
        if not self.controller.session.send(Transport(op="whatif", args=args, instrument=instrument)):
            self.store.say("no host: nothing was asked", now)
