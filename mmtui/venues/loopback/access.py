"""Who may ask a loopback exchange what, and how much: API key, HMAC-SHA256 signature, recvWindow, rate limits.

Rules of this file: the venue's rules of access; the secret is compared, and handed out by the fault `echo` alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

from mmtui.venues.loopback.codes import Refusal

#: The pair that every loopback exchange takes unless it is given another. It opens nothing but these.
KEY = "loopbackKeyLoopbackKeyLoopbackKeyLoopbackKeyLoopbackKeyLoopbackK"
SECRET = "loopbackSecretLoopbackSecretLoopbackSecretLoopbackSecretLoopback"
MS = 1_000_000
MINUTE = 60_000 * MS
RECV_WINDOW, RECV_WINDOW_MAX = 5_000, 60_000
#: The exchange's clock may be behind the client's by less than this (the venue's own rule).
AHEAD_MS = 1_000


def sign(secret: str, payload: str) -> str:
    """The venue's signature of a query: HMAC-SHA256 in hex."""
    return hmac.digest(secret.encode(), payload.encode(), sha256).hex()


class Access:
    """Keys and windows of one exchange."""

    def __init__(self, key: str, secret: str) -> None:
        self.key = key
        self._secret = secret

    def careless(self, asked: str) -> str:
        """The words of the fault `echo`: all that a client must keep to itself."""
        return f"Mistaken: {self._secret} of {self.key} for {asked}"

    def check_key(self, key: str | None) -> None:
        if not key or not key.isalnum():
            raise Refusal(-2014)
        if not hmac.compare_digest(key, self.key):
            raise Refusal(-2015)

    def check_signed(self, payload: str, params: Mapping[str, str], now: int) -> None:
        """`payload`: everything that was signed, as it came. Instants in ns."""
        signature = params.get("signature")
        if not signature:
            raise Refusal(-1102, "signature")
        if "timestamp" not in params:
            raise Refusal(-1102, "timestamp")
        stamp, window = params["timestamp"], params.get("recvWindow", str(RECV_WINDOW))
        if not stamp.isdecimal():
            raise Refusal(-1100, "timestamp")
        if not window.replace(".", "", 1).isdecimal() or float(window) > RECV_WINDOW_MAX:
            raise Refusal(-1100, "recvWindow")
        if not hmac.compare_digest(sign(self._secret, payload), signature):
            raise Refusal(-1022)
        sent, at = int(stamp), now // MS
        if sent >= at + AHEAD_MS or at - sent > float(window):
            raise Refusal(-1021)


class Limits:
    """Request weight a minute, and orders in their windows; fixed windows, as the venue counts them."""

    def __init__(self, weight: int, orders: tuple[tuple[int, int, str], ...]) -> None:
        self.weight = weight
        self.used = 0
        self._minute = 0
        self._orders = orders  # (limit, ms, name of the header)
        self._counts: list[tuple[int, int]] = [(0, 0)] * len(orders)  # window, orders in it
        self._over = 0

    def spend(self, weight: int, now: int) -> None:
        """Refusal -1003 with 429, and 418 when the client goes on."""
        minute = now // MINUTE
        if minute != self._minute:
            self._minute, self.used, self._over = minute, 0, 0
        self.used += weight
        if self.used > self.weight:
            self._over += 1
            raise Refusal(-1003, self.weight, status=418 if self._over > 20 else 429)

    def order(self, count: int, now: int) -> None:
        for k, (limit, ms, _) in enumerate(self._orders):
            window = now // (ms * MS)
            before, used = self._counts[k]
            used = count if window != before else used + count
            self._counts[k] = (window, used)
            if used > limit:
                raise Refusal(-1015, limit, f"{ms // 1000} SECOND", status=429)

    def headers(self, ordered: bool) -> dict[str, str]:
        headers = {"X-MBX-USED-WEIGHT": str(self.used), "X-MBX-USED-WEIGHT-1M": str(self.used)}
        if ordered:
            for (_, _, name), (_, used) in zip(self._orders, self._counts, strict=True):
                headers[f"X-MBX-ORDER-COUNT-{name}"] = str(used)
        return headers

    def seconds_left(self, now: int) -> int:
        return max(1, (MINUTE - now % MINUTE) // (1_000 * MS))
