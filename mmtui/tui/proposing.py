"""Orders by hand in two steps: the host prices what was typed, the docked bar shows its answer, Enter sends it.

Rules of this file: no Textual.  What is sent is what was priced, on the instrument it was priced for, whatever has been
looked at meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from mmtui.core.errors import UserError
from mmtui.link.messages import Cmd
from mmtui.link.words import ticket
from mmtui.tui.commands import Args
from mmtui.tui.session import Session
from mmtui.tui.store import Store
from mmtui.view.formats import grouped
from mmtui.view.model import Echo

#: Acts that are priced and asked about before they are sent.
PROPOSED = ("ticket", "roll")
TICKET_USAGE = "buy|sell SIZE PRICE|market [limit|post-only|ioc] [reduce-only]"


def ticket_words(text: str) -> Args | str:
    """A typed ticket as the arguments of the act, or one sentence; `sell 0.2 @ 60,000` is `sell 0.2 60000`."""
    words = [word.replace(",", "") for word in text.replace("@", " ").split()]
    if words[:1] == ["ticket"]:
        words = words[1:]
    try:
        return {key: value for key, value in ticket(words).items() if key != "preview"}
    except UserError:
        return f"a ticket is {TICKET_USAGE}, not {text.strip()!r}" if words else "nothing was typed"


@dataclass(slots=True)
class Proposal:
    """One that the host was asked to price."""

    kind: str
    args: Args
    instrument: str
    version: int
    echo: Echo

    def act(self) -> Cmd:
        """The act itself."""
        return Cmd(
            id=uuid4().hex, action=self.kind, args=self.args, instrument=self.instrument or None, version=self.version
        )

    def lines(self) -> list[str]:
        """What it would do, and what that may cost."""
        what, colon, cost = grouped(self.echo.text).partition(": ")
        return [what, cost] if colon else [what]


class Proposals:
    """At most one at a time."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store = store
        self.session = session
        self.instrument = ""  # that the open ticket line is for
        self.asked: Proposal | None = None
        self.shown: Proposal | None = None  # its question is open

    def ask(self, kind: str, args: Args, instrument: str, now: float) -> None:
        """Send it to be priced."""
        model = self.store.model
        version = model.frame.version if model.frame else 0
        cmd = Cmd(id=uuid4().hex, action=kind, args={**args, "preview": True}, instrument=instrument, version=version)
        echo = Echo(cmd.id, "ticket", f"what a {kind} on {model.label(instrument)} costs", now)
        self.asked = Proposal(kind, args, instrument, version, echo)
        if not self.session.send(cmd):
            echo.state, echo.text = "refused", "no host: nothing was sent"
        self.store.sent(echo)

    def heard(self) -> Proposal | str | None:
        """The proposal once it is priced, the reason why it will not be, or nothing yet."""
        asked = self.asked
        if asked is None or asked.echo.state == "requested":
            return None
        self.asked = None
        if asked.echo.state == "done":
            return asked
        return f"{asked.kind} refused: {asked.echo.text or 'the host was lost'}; nothing was sent"

    def drop(self) -> None:
        """Nothing of it will be sent."""
        self.instrument, self.asked, self.shown = "", None, None
