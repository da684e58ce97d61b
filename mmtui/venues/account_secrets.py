"""Secrets of an account kept out of everything that a venue's words become: events, alerts, tape, log.

Venues echo what they were sent: a key in an error, a signed address in a refusal.  Whatever an account session hands
out passes here, at its one exit, so that nobody behind it has to think of it.

Rules of this file: texts in, texts out; a piece of a secret is treated as the whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from urllib.parse import quote, quote_plus

import msgspec

from mmtui.core import events as ev
from mmtui.core.events import Event

#: So many characters of a secret in a row give it away: texts are cut on their way here.
PIECE = 8
#: A shorter secret is masked where it stands whole; one shorter than this is none.
LEAST = 4
#: More of a venue's words is not kept.
TEXT_MAX = 500
MASK = "***"
#: Events that carry free words of a venue, and the field in which they do. Ids are no words: they are never changed.
TEXTS: dict[type, str] = {
    ev.OrderRejected: "reason",
    ev.OrderCancelled: "reason",
    ev.CancelRejected: "reason",
    ev.AmendRejected: "reason",
    ev.OrderUnknown: "why",
    ev.AccountStatus: "why",
    ev.Damage: "what",
}


class Redactor:
    """Masks the secrets of one account, plain or as they stand in an address or in JSON."""

    __slots__ = ("_also", "_pieces", "_short")

    def __init__(self, secrets: Sequence[str], also: Callable[[str], str] | None = None) -> None:
        """also: masks what is not known here (a signer process, which alone has the secrets)."""
        self._also = also
        forms = {
            form for one in secrets for form in (one, quote(one, safe=""), quote_plus(one), json.dumps(one)[1:-1])
        }
        self._short = sorted(form for form in forms if LEAST <= len(form) < PIECE)
        self._pieces = {form[at : at + PIECE] for form in forms for at in range(len(form) - PIECE + 1)}

    def text(self, text: str) -> str:
        """At most TEXT_MAX characters of the text, with every run of a secret masked."""
        text = text[:TEXT_MAX]
        if self._also is not None and len(text) >= LEAST:
            text = self._also(text)
        for short in self._short:
            text = text.replace(short, MASK)
        out: list[str] = []
        kept = at = 0
        while at < len(text) and self._pieces:
            end = at
            while text[end : end + PIECE] in self._pieces:
                end += 1
            if end == at:
                at += 1
            else:
                out += (text[kept:at], MASK)
                kept = at = end - 1 + PIECE
        return "".join((*out, text[kept:]))

    def events(self, events: list[Event]) -> list[Event]:
        """The events, with the words of the venue masked."""
        return [self._event(event) if type(event) in TEXTS else event for event in events]

    def _event(self, event: Event) -> Event:
        name = TEXTS[type(event)]
        said = getattr(event, name)
        clean = self.text(said)
        return msgspec.structs.replace(event, **{name: clean}) if clean != said else event
