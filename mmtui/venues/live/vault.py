"""The keys of one signer process, and what it does for its desk: sign what the list allows, and mask words of venues.

Rules of this file: pure but for the clock that it is given; what it refuses is a sentence without a value.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.venues.account_secrets import Redactor
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signables import SIGNABLE
from mmtui.venues.live.signer_wire import Done, Mask, Masked, Refused, Sign

#: Signatures a second and market, and at once; a venue allows a fraction of this.
RATE, BURST = 200.0, 1_000.0
#: Creates leave so much of it to cancels and questions.
KEPT = 500.0


class Vault:
    """pairs: by market. now: seconds, of any clock that does not go back."""

    def __init__(self, pairs: dict[str, Pair], now: Callable[[], float]) -> None:
        self.pairs = pairs
        self._now = now
        self._left = dict.fromkeys(pairs, BURST)
        self._at = dict.fromkeys(pairs, now())
        texts = [text for pair in pairs.values() for text in (pair.key, pair.secret, pair.passphrase)]
        self._redactor = Redactor([text for text in texts if text])

    def __repr__(self) -> str:
        return f"Vault({', '.join(self.pairs)})"

    def answer(self, question: Sign | Mask) -> Done | Masked | Refused:
        if isinstance(question, Mask):
            return Masked(question.n, self._redactor.text(question.text))
        pair = self.pairs.get(question.market)
        if pair is None or question.market not in SIGNABLE:
            return Refused(question.n, "this signer holds no keys of that venue")
        fields = dict(question.fields)
        if len(fields) != len(question.fields):
            return Refused(question.n, "a field stands twice")
        table = SIGNABLE[question.market]
        create = (question.method, question.path) in table.creates and table.relieves not in fields
        if not self._may(question.market, KEPT if create else 0.0):
            return Refused(question.n, f"more than {RATE:.0f} signatures a second were asked for")
        try:
            signed = pair.signed(question.market, question.method, question.path, fields)
        except PermissionError as error:
            return Refused(question.n, str(error))
        return Done(question.n, signed.payload, signed.signature)

    def _may(self, market: str, kept: float) -> bool:
        now = self._now()
        left = min(BURST, self._left[market] + RATE * (now - self._at[market]))
        self._at[market] = now
        allowed = left - kept >= 1.0
        self._left[market] = left - 1.0 if allowed else left
        return allowed
