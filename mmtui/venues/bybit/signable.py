"""What may be signed with a Bybit key: method, path and fields of every call. Nothing else is ever signed.

Bybit's signature covers the time, the key, the window and the query or body, and not the path: what a signature can be
used for is bounded by the fields that it covers.  No call here has the fields of a withdrawal or a transfer (coin,
chain, address, amount, fromAccountType, toAccountType), a sub-account (subMemberId) or a key (permissions).

Rules of this file: data, and the venue's scheme.
Source: Bybit v5 API documentation, "Authentication" and "WebSocket connect" (2026-11-22).
"""

from __future__ import annotations

from mmtui.venues.signing_table import WEBSOCKET, Fields, Signable, Texts, body_of, calls, query_of

#: What is signed to enter the private stream; it stands where a path stands.
LOGIN = "login"
_ROW = frozenset(
    {"symbol", "side", "orderType", "qty", "price", "timeInForce", "orderLinkId", "reduceOnly", "smpType"}
)

_PLACES = calls(
    """
    POST /v5/order/create category symbol side orderType qty price timeInForce orderLinkId reduceOnly smpType
    POST /v5/order/create-batch category request
    POST /v5/order/amend category symbol orderLinkId qty price
    POST /v5/order/cancel category symbol orderLinkId
    POST /v5/order/cancel-batch category request
    POST /v5/order/cancel-all category symbol
    POST /v5/order/disconnected-cancel-all product timeWindow
    GET /v5/order/realtime category symbol settleCoin limit cursor
    GET /v5/execution/list category startTime endTime limit cursor
    GET /v5/account/transaction-log accountType startTime endTime limit cursor
    GET /v5/position/list category symbol settleCoin limit cursor
    GET /v5/account/wallet-balance accountType
    GET /v5/account/fee-rate category symbol
    GET /v5/user/query-api
    GET /v5/account/query-dcp-info
    WS login
    """
)
_STAMPS = frozenset({"timestamp", "recv_window"})


def _query(fields: Fields) -> str:
    """A cursor stands as the venue gave it: it is escaped already."""
    plain = query_of({name: text for name, text in fields.items() if name != "cursor"})
    return f"{plain}&cursor={fields['cursor']}" if "cursor" in fields else plain


def _scheme(key: str, method: str, path: str, fields: Fields) -> Texts:
    if method == WEBSOCKET:
        return Texts("", f"GET/realtime{fields['timestamp']}")
    rest = {name: text for name, text in fields.items() if name not in _STAMPS}
    payload = _query(rest) if method == "GET" else body_of(TABLE, rest)
    return Texts(payload, f"{fields['timestamp']}{key}{fields.get('recv_window', '')}{payload}")


TABLE = Signable(
    places=_PLACES,
    always=_STAMPS,
    scheme=_scheme,
    creates=frozenset({("POST", f"/v5/order/{name}") for name in ("create", "create-batch", "amend")}),
    lists={"request": _ROW},
    values={
        "category": frozenset({"linear", "inverse"}),
        "side": frozenset({"Buy", "Sell"}),
        "orderType": frozenset({"Limit"}),
        "timeInForce": frozenset({"GTC", "IOC", "PostOnly"}),
        "smpType": frozenset({"CancelMaker"}),
        "accountType": frozenset({"UNIFIED"}),
        "product": frozenset({"DERIVATIVES"}),
    },
    bare=frozenset({"reduceOnly", "timeWindow"}),
)

SIGNABLE: dict[str, Signable] = {"bybit": TABLE}
