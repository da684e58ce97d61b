"""What may be signed with a Binance key: method, path and fields of every call. Nothing else is ever signed.

Binance's signature covers the fields and not the path: what a signature can be used for is bounded by the fields that
it covers.  No call here has the fields of a withdrawal (coin, address, amount), a transfer (asset, amount, type), a
sub-account or a key.

Rules of this file: data; whoever adds a field looks up every call of the venue that takes these fields and no others.
Source: the venue's public documentation of its signed endpoints (2026-11-22).
"""

from __future__ import annotations

from mmtui.venues.signing_table import WEBSOCKET, Fields, Places, Signable, Texts, calls, query_of

#: Fields of every signed call.
ALWAYS = frozenset({"timestamp", "recvWindow"})
#: The subscription to an account's events on the WebSocket API; its method stands where a path stands.
SUBSCRIBE = "userDataStream.subscribe.signature"
#: Field -> what its value is: a JSON list of tables with these fields, or of plain texts (no fields).
LISTS: dict[str, frozenset[str]] = {
    "batchOrders": frozenset({"symbol", "side", "type", "timeInForce", "quantity", "price", "newClientOrderId",
                              "reduceOnly", "positionSide", "selfTradePreventionMode"}),
    "origClientOrderIdList": frozenset(),
}  # fmt: skip
#: Field -> the only values that it may have.
VALUES: dict[str, frozenset[str]] = {
    "type": frozenset({"LIMIT", "LIMIT_MAKER"}),
    "side": frozenset({"BUY", "SELL"}),
    "positionSide": frozenset({"LONG", "SHORT"}),
    "selfTradePreventionMode": frozenset({"EXPIRE_MAKER"}),
}
#: Calls that can add risk: they leave half of a signer's rate to all others.
CREATES = frozenset({("POST", "/api/v3/order"), ("POST", "/fapi/v1/order"), ("POST", "/fapi/v1/batchOrders"),
                     ("PUT", "/fapi/v1/order"), ("POST", "/dapi/v1/order"), ("POST", "/dapi/v1/batchOrders"),
                     ("PUT", "/dapi/v1/order")})  # fmt: skip


#: market -> (method, path) -> fields that it may carry.
FIELDS: dict[str, Places] = {
    "binance-spot": calls(
        """
        POST /api/v3/order symbol side type timeInForce quantity price newClientOrderId newOrderRespType \
            selfTradePreventionMode
        PUT /api/v3/order/amend/keepPriority symbol origClientOrderId newClientOrderId newQty
        DELETE /api/v3/order symbol origClientOrderId
        DELETE /api/v3/openOrders symbol
        GET /api/v3/openOrders symbol
        GET /api/v3/allOrders symbol orderId limit
        GET /api/v3/myTrades symbol startTime fromId limit
        GET /api/v3/account
        GET /api/v3/account/commission symbol
        GET /sapi/v1/account/apiRestrictions
        WS userDataStream.subscribe.signature apiKey
        """
    ),
    "binance-usdm": calls(
        """
        POST /fapi/v1/order symbol side type timeInForce quantity price newClientOrderId reduceOnly \
            selfTradePreventionMode positionSide
        PUT /fapi/v1/order symbol origClientOrderId side quantity price
        POST /fapi/v1/batchOrders batchOrders
        DELETE /fapi/v1/batchOrders symbol origClientOrderIdList
        DELETE /fapi/v1/allOpenOrders symbol
        DELETE /fapi/v1/algoOpenOrders symbol
        GET /fapi/v1/openOrders symbol
        GET /fapi/v1/allOrders symbol orderId limit
        GET /fapi/v1/userTrades symbol startTime fromId limit
        GET /fapi/v3/positionRisk symbol
        GET /fapi/v1/income startTime limit
        POST /fapi/v1/countdownCancelAll symbol countdownTime
        GET /fapi/v3/account
        GET /fapi/v3/balance
        GET /fapi/v1/accountConfig
        GET /fapi/v1/positionSide/dual
        GET /fapi/v1/commissionRate symbol
        GET /sapi/v1/account/apiRestrictions
        """
    ),
    "binance-coinm": calls(
        """
        POST /dapi/v1/order symbol side type timeInForce quantity price newClientOrderId reduceOnly \
            selfTradePreventionMode positionSide
        PUT /dapi/v1/order symbol origClientOrderId side quantity price
        POST /dapi/v1/batchOrders batchOrders
        DELETE /dapi/v1/batchOrders symbol origClientOrderIdList
        DELETE /dapi/v1/allOpenOrders symbol
        GET /dapi/v1/openOrders symbol
        GET /dapi/v1/allOrders symbol orderId limit
        GET /dapi/v1/userTrades symbol startTime fromId limit
        GET /dapi/v1/positionRisk
        GET /dapi/v1/income startTime limit
        POST /dapi/v1/countdownCancelAll symbol countdownTime
        GET /dapi/v1/account
        GET /dapi/v1/positionSide/dual
        GET /dapi/v1/commissionRate symbol
        GET /sapi/v1/account/apiRestrictions
        """
    ),
}


def _scheme(key: str, method: str, path: str, fields: Fields) -> Texts:
    """The query is what is signed, and the path is not."""
    payload = query_of(fields)
    return Texts(payload, payload)


SIGNABLE: dict[str, Signable] = {
    market: Signable(
        places=places, always=ALWAYS, scheme=_scheme, creates=CREATES & places.keys(), lists=LISTS, values=VALUES
    )
    for market, places in FIELDS.items()
}

__all__ = ["ALWAYS", "CREATES", "FIELDS", "LISTS", "SIGNABLE", "SUBSCRIBE", "VALUES", "WEBSOCKET"]
