"""Client order ids: which own order an id of the venue's stands for, within the venue's rules of length and letters.

An id is the desk's name, the tag of one desk session (the same over all its lives) and the number of the order.  Only
an id with exactly this tag is ours: another session of the same desk, a second engine and the operator's own orders
are foreign.

Rules of this file: text in, text out; no state but the head that all ids share.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from mmtui.venues.trading import TradingFacts

PREFIX = "mm"
#: Digits that a number may have at the least.
ROOM = 10
#: More digits are no number of an order.
DIGITS_MAX = 18

_TAG = re.compile(r"[a-z0-9]{1,5}", re.ASCII)


class ClientIds:
    """Numbers of orders <-> client ids of one venue."""

    __slots__ = ("_head", "_hex")

    def __init__(self, facts: TradingFacts, tag: str) -> None:
        if _TAG.fullmatch(tag) is None:
            raise ValueError(f"{tag!r} is no tag: one to five of a-z and 0-9")
        self._hex = facts.id_chars == "hex128"
        if self._hex:
            self._head = "0x" + blake2b(f"{PREFIX}{tag}".encode(), digest_size=8).hexdigest()
        else:
            self._head = f"{facts.id_lead}{PREFIX}{tag}{'x' if facts.id_chars == 'alnum' else '-'}"
            if len(self._head) + ROOM > facts.id_max:
                raise ValueError(f"{facts.id}: no room for order numbers in {facts.id_max} characters")

    def of(self, oid: int) -> str:
        return f"{self._head}{oid:016x}" if self._hex else f"{self._head}{oid}"

    def parse(self, client_id: str) -> int | None:
        """The number of our order, None when the id is not ours."""
        if not client_id.startswith(self._head):
            return None
        rest = client_id[len(self._head) :]
        if self._hex:
            oid = int(rest, 16) if len(rest) == 16 and all(c in "0123456789abcdef" for c in rest) else 0
            return oid if 0 < oid < 1 << 62 else None
        if not rest.isdecimal() or not rest.isascii() or rest[0] == "0" or len(rest) > DIGITS_MAX:
            return None
        return int(rest)
