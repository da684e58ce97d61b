"""What may be signed with an OKX key: method, path and fields of every call. Nothing else is ever signed.

The signature covers the time, the method, the path with its query, and the body: a signature is good for that one call
alone.  No call here withdraws, transfers, borrows, or touches sub-accounts and keys.

Rules of this file: data, and the venue's scheme.
Source: OKX v5 API documentation, "REST Authentication" and "WebSocket Login" (2026-11-22).
"""

from __future__ import annotations

from mmtui.venues.signing_table import BODY, WEBSOCKET, Fields, Signable, Texts, body_of, calls, query_of

#: What is signed to enter the private stream; it stands where a path stands.
LOGIN = "login"
#: The path that the venue wants signed for it.
_VERIFY = "GET/users/self/verify"
_ROW = frozenset({"instId", "tdMode", "side", "ordType", "px", "sz", "clOrdId", "ordId", "reduceOnly", "stpMode"})

_PLACES = calls(
    """
    POST /api/v5/trade/order instId tdMode side ordType px sz clOrdId reduceOnly stpMode
    POST /api/v5/trade/batch-orders body
    POST /api/v5/trade/amend-order instId clOrdId newPx newSz cxlOnFail
    POST /api/v5/trade/cancel-batch-orders body
    POST /api/v5/trade/cancel-all-after timeOut
    GET /api/v5/trade/orders-pending instId after limit
    GET /api/v5/trade/fills begin after limit
    GET /api/v5/trade/fills-history instType begin after limit
    GET /api/v5/account/bills begin after limit
    GET /api/v5/account/positions
    GET /api/v5/account/balance
    GET /api/v5/account/config
    GET /api/v5/account/trade-fee instType instId instFamily
    WS login
    """
)


def _scheme(key: str, method: str, path: str, fields: Fields) -> Texts:
    stamp = fields["timestamp"]
    if method == WEBSOCKET:
        return Texts("", f"{stamp}{_VERIFY}")
    rest = {name: text for name, text in fields.items() if name != "timestamp"}
    if method == "GET":
        query = query_of(rest)
        return Texts(query, f"{stamp}{method}{path}{'?' if query else ''}{query}")
    body = body_of(TABLE, rest)
    return Texts(body, f"{stamp}{method}{path}{body}")


TABLE = Signable(
    places=_PLACES,
    always=frozenset({"timestamp"}),
    scheme=_scheme,
    digest="base64",
    creates=frozenset(
        {("POST", f"/api/v5/trade/{name}") for name in ("order", "batch-orders", "amend-order")}
    ),
    lists={BODY: _ROW},
    values={
        "tdMode": frozenset({"cash", "cross"}),
        "side": frozenset({"buy", "sell"}),
        "ordType": frozenset({"limit", "post_only", "ioc"}),
        "stpMode": frozenset({"cancel_maker"}),
    },
    bare=frozenset({"reduceOnly", "cxlOnFail"}),
    passphrase=True,
)

SIGNABLE: dict[str, Signable] = {"okx": TABLE}
