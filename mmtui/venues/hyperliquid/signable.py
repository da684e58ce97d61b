"""What may be signed with the key of a Hyperliquid agent: every action with its fields. Nothing else is ever signed.

A place is the venue's path with the name of the action, or of the question, behind it (questions are not signed; their
user is the account).  What is signed is the hash of the action's MessagePack, its nonce and its expiry, as the phantom
agent of EIP-712.  No action here withdraws, sends, transfers, borrows, changes leverage or approves agents; `builder`,
whom an order would pay a fee, and a referrer are no fields of anything here.

Rules of this file: data, and the venue's scheme; what is no such action is a PermissionError.
Source: Hyperliquid API documentation, "Exchange endpoint", "Signing"; hyperliquid-python-sdk (2026-11-22).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mmtui.venues.hyperliquid.keccak import keccak256
from mmtui.venues.signing_table import WEBSOCKET, Fields, Signable, Texts, calls

LOGIN = "login"
EXCHANGE, INFO = "/exchange", "/info"
#: The chain that the phantom agent speaks of: "a" is the main one.
SOURCE = b"a"

_PLACES = calls(
    """
    POST /exchange/order orders
    POST /exchange/cancelByCloid cancels
    POST /exchange/cancel cancels
    POST /exchange/scheduleCancel after
    POST /exchange/noop
    POST /info/meta
    POST /info/frontendOpenOrders
    POST /info/userFillsByTime startTime
    POST /info/userFunding startTime
    POST /info/userNonFundingLedgerUpdates startTime
    POST /info/clearinghouseState
    POST /info/userFees
    POST /info/userRateLimit
    WS login
    """
)
Row = dict[str, Any]


def _order(row: Row) -> Row:
    return {
        "a": int(row["a"]), "b": row["b"], "p": row["p"], "s": row["s"], "r": row["r"],
        "t": {"limit": {"tif": row["tif"]}}, "c": row["c"],
    }  # fmt: skip


_CANCELS: dict[str, Callable[[Row], Row]] = {
    "cancelByCloid": lambda row: {"asset": int(row["asset"]), "cloid": row["cloid"]},
    "cancel": lambda row: {"a": int(row["a"]), "o": int(row["o"])},
}


def action_of(name: str, fields: Fields) -> Row:
    """The action as it is hashed: the order of its fields counts."""
    try:
        if name == "order":
            rows = msgspec.json.decode(fields["orders"].encode())
            return {"type": name, "orders": [_order(row) for row in rows], "grouping": "na"}
        if name in _CANCELS:
            rows = msgspec.json.decode(fields["cancels"].encode())
            return {"type": name, "cancels": [_CANCELS[name](row) for row in rows]}
        when = {"time": int(fields["timestamp"]) + int(fields["after"])} if "after" in fields else {}
    except (KeyError, ValueError, TypeError, AttributeError, msgspec.MsgspecError):
        why = "a field of the action is missing, or none that it can be"
        raise PermissionError(f"POST {EXCHANGE}/{name}: {why}") from None
    return {"type": name, **when}


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


_DOMAIN = keccak256(
    keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    + keccak256(b"Exchange") + keccak256(b"1") + _word(1_337) + _word(0)
)  # fmt: skip
_AGENT = keccak256(b"Agent(string source,bytes32 connectionId)") + keccak256(SOURCE)


def digest_of(action: Row, nonce: int, expires: int = 0) -> bytes:
    """What is signed of an action; expires 0: never. Nothing is signed for a vault."""
    data = msgspec.msgpack.encode(action) + nonce.to_bytes(8, "big") + b"\x00"
    if expires:
        data += b"\x00" + expires.to_bytes(8, "big")
    return keccak256(b"\x19\x01" + _DOMAIN + keccak256(_AGENT + keccak256(data)))


def _scheme(key: str, method: str, path: str, fields: Fields) -> Texts:
    if method == WEBSOCKET:
        return Texts("", "")
    try:
        return _texts(key, path, fields)
    except (ValueError, OverflowError):
        raise PermissionError(f"{method} {path}: a number is none that it can be") from None


def _texts(key: str, path: str, fields: Fields) -> Texts:
    name = path.rpartition("/")[2]
    if path.startswith(INFO):
        told: Row = {"type": name} | ({"user": key} if name != "meta" else {})
        if "startTime" in fields:
            told["startTime"] = int(fields["startTime"])
        return Texts(msgspec.json.encode(told).decode(), "")
    action, nonce = action_of(name, fields), int(fields["timestamp"])
    expires = int(fields["expiresAfter"]) if name == "order" and "expiresAfter" in fields else 0
    body = {"action": action, "nonce": nonce} | ({"expiresAfter": expires} if expires else {})
    return Texts(msgspec.json.encode(body).decode(), digest_of(action, nonce, expires).hex())


TABLE = Signable(
    places=_PLACES,
    always=frozenset({"timestamp", "expiresAfter"}),
    scheme=_scheme,
    digest="secp256k1",
    creates=frozenset({("POST", "/exchange/order")}),
    lists={
        "orders": frozenset({"a", "b", "p", "s", "r", "tif", "c"}),
        "cancels": frozenset({"a", "o", "asset", "cloid"}),
    },
    values={"tif": frozenset({"Alo", "Gtc", "Ioc"})},
    bare=frozenset({"a", "b", "r", "o", "asset", "timestamp", "expiresAfter", "after", "startTime"}),
)

SIGNABLE: dict[str, Signable] = {"hyperliquid": TABLE}
