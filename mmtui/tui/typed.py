"""What comes in from the terminal: bytes that are no text and pastes can neither end the cockpit nor press its keys.

Rules of this file: bytes to text, no Textual. Textual's parser takes an escape inside a paste for the paste's end, and
reads the rest as keys; a paste whose end got lost would swallow KILL.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable
from time import monotonic

BEGIN, END = "\x1b[200~", "\x1b[201~"
#: A paste that has said nothing for so long is over.
PASTE_S = 0.5


class Typed:
    """An incremental decoder of the terminal's bytes (`decode` as in codecs)."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._text = getincrementaldecoder("utf-8")(errors="replace")
        self._clock = clock
        self._held = ""  # the first characters of what may be a mark
        self._pasting = False
        self._at = 0.0

    def decode(self, data: bytes, final: bool = False) -> str:
        """Text of the bytes read; EOFError when there were none: the terminal has gone."""
        if not data and not final:
            raise EOFError("the terminal has gone")
        now = self._clock()
        out = ""
        if self._pasting and now - self._at > PASTE_S:
            out, self._held, self._pasting = END, "", False
        self._at = now
        text, self._held = self._held + self._text.decode(data, final), ""
        while text:
            mark = END if self._pasting else BEGIN
            head, found, text = text.partition(mark)
            if not found and not final:
                head, self._held = _split(head, mark, 1 if self._pasting else 3)
            out += (head.replace("\x1b", "") if self._pasting else head) + found
            self._pasting = self._pasting != bool(found)
        return out


def _split(text: str, mark: str, least: int) -> tuple[str, str]:
    """Keep back an end of the text that may be the beginning of the mark; a single escape is a key."""
    for size in range(len(mark) - 1, least - 1, -1):
        if text.endswith(mark[:size]):
            return text[:-size], mark[:size]
    return text, ""


def decoder(encoding: str) -> type[Typed]:
    """In the place of codecs.getincrementaldecoder: terminals speak UTF-8."""
    return Typed
