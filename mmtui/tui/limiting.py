"""Limits from the cockpit: lowered by a line at once; raised only when the word and a reason are typed after it.

Rules of this file: no Textual; which way a change goes is the engine's to say, here only its answer is read.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from mmtui.link.acts import typed
from mmtui.tui import questions
from mmtui.tui.actions import BY_ID, Action
from mmtui.tui.commands import Args
from mmtui.view.model import Echo

if TYPE_CHECKING:
    from mmtui.tui.controller import Controller

#: The engine's refusal of a raise without a reason.
NEEDS_REASON = "raising a limit needs a reason"
#: The word that confirms one.
WORD = "raise"
#: Limits of an instrument; the others are the desk's.
SCOPED = frozenset({"max_position"})


def keys() -> tuple[str, ...]:
    """The limits that there are; their module brings the ledger with it, so it is imported when it is asked."""
    from mmtui.core.risk.limiting import KEYS

    return tuple(KEYS)


class LimitLines:
    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.store = controller.store
        self._asked: Echo | None = None
        self._args: Args = {}
        self._action = BY_ID["limit"]

    def open(self) -> None:
        """The question: which limit."""
        now = monotonic()
        self.controller.ask(questions.limit(keys(), now))
        self.controller.screen.open_typed("limit", "daily_loss=400")

    def entered(self, text: str, now: float) -> None:
        """`daily_loss=400`: sent as it is; the engine takes what lowers."""
        self.controller.dismiss()
        if not self.controller.may(BY_ID["limit"], now):
            return
        pairs = [word.partition("=") for word in text.split()]
        if not pairs or any(not sign or not value or key not in keys() for key, sign, value in pairs):
            self.store.say(f"limit KEY=VALUE; there are {', '.join(keys())}", now)
            return
        scoped = {key in SCOPED for key, _, _ in pairs}
        if len(scoped) > 1:
            self.store.say("limits of the desk and of an instrument are two lines", now)
            return
        self._args = {key: typed(value) for key, _, value in pairs}
        scope = "instrument" if scoped == {True} else ""
        self._action = Action("limit", (), "risk", "", act="limit", scope=scope)
        self.controller.command(self._action, now, self._args)
        self._asked = self.store.model.echoes[-1] if self.store.model.echoes else None

    def hear(self, now: float) -> None:
        """The engine wants a reason: it would be a raise. Asked for, unless something else is open."""
        echo = self._asked
        if echo is None or echo.state == "requested":
            return
        self._asked = None
        busy = self.controller.asking is not None or self.controller.palette is not None
        if echo.state == "refused" and NEEDS_REASON in echo.text and not busy:
            what = " ".join(f"{key}={value}" for key, value in self._args.items())
            self.controller.ask(questions.raising(what, now))
            self.controller.screen.open_typed("raise", f"{WORD} because ...")

    def confirmed(self, text: str, now: float) -> None:
        """`raise REASON`."""
        word, _, reason = text.partition(" ")
        if word != WORD or not reason.strip():
            self.store.say(f"nothing was raised: type the word {WORD} and then why, or leave with Esc", now)
            return
        self.controller.dismiss()
        self.controller.command(self._action, now, self._args, reason=reason.strip())
