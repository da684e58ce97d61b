"""The page of parameters: what is asked of the host while it is looked at, a value that is being typed, its answer.

Rules of this file: no Textual; what is sent goes through the controller.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from mmtui.link.messages import ParamsRequest
from mmtui.tui import questions
from mmtui.tui.actions import BY_ID, Action
from mmtui.tui.commands import Args
from mmtui.view.parameters import chosen_param, said

if TYPE_CHECKING:
    from mmtui.tui.controller import Controller

#: The page asks the host so often.
ASK_S = 1.0


class ParameterPage:
    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.store = controller.store
        self.preview = ""  # a value that is being typed
        self._asked: tuple[object, ...] = ()
        self._asked_at = 0.0

    def ask(self, now: float) -> None:
        """While it is looked at: once a second, and at once when what is looked at or typed has changed."""
        model, chosen = self.store.model, self.store.model.instrument
        if model.screen != "parameters" or chosen is None:
            return
        about = (chosen.id, self.preview, model.frame.version if model.frame else 0)
        if about == self._asked and now - self._asked_at < ASK_S:
            return
        self._asked, self._asked_at = about, now
        one = chosen_param(model)
        changes: Args = {one.name: self.preview} if one is not None and self.preview else {}
        self.controller.session.send(ParamsRequest(id="page", instrument=chosen.id, preview=changes))

    def edit(self, now: float) -> None:
        """Enter on a row: its value in the docked bar."""
        one = chosen_param(self.store.model)
        if one is None or not self.controller.may(BY_ID["profile_value"], now):
            return
        self.controller.ask(questions.edit(one, now))
        self.controller.screen.open_typed("edit", said(one.value))

    def typing(self, text: str) -> None:
        """The quotes that it would make are shown meanwhile."""
        self.preview = text
        self.ask(monotonic())

    def entered(self, text: str, now: float) -> None:
        asking = self.controller.asking
        name = asking.ask.title.removeprefix("SET ") if asking is not None else ""
        self.controller.dismiss()
        if text and name:
            act = Action("set", (), "quote", "", act="set", scope="instrument")
            self.controller.command(act, now, {name: text})

    def revert(self) -> None:
        """The chosen one back to its profile."""
        one = chosen_param(self.store.model)
        now = monotonic()
        if self.store.model.screen != "parameters" or one is None:
            self.store.say("y works on the page of parameters", now)
            return
        self.controller.command(BY_ID["profile_value"], now, {"keys": [one.name]})
