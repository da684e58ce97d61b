"""What may be signed with a Kraken key: method, path and fields of every call. Nothing else is ever signed.

Both signatures cover the path and every field: one is good for that one call alone.  The challenge of the Futures
stream is a text of the venue's that is signed like a call, so it must be a UUID: no call looks like one.  No call here
withdraws, transfers, or touches sub-accounts and keys; and none is spot's CancelAll, which is of the whole account.

Rules of this file: data, and the venue's schemes.
Source: Kraken API documentation, "Spot REST Authentication", "Futures REST: Generate authentication strings" (as of
2024 over the text as it is sent) and "Futures WebSocket: challenge" (2026-11-22).
"""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import quote

from mmtui.venues.signing_table import WEBSOCKET, Fields, Signable, Texts, body_of, calls, query_of

V3 = "/derivatives/api/v3"
#: The list of new orders, and that of cancels: both leave as `json`, and only one of them stands in a call.
SENDS, CANCELS = "sends", "cancels"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_NONCE = re.compile(r"[0-9]{1,20}", re.ASCII)

_FUTURES = calls(
    f"""
    POST {V3}/sendorder orderType symbol side size limitPrice cliOrdId reduceOnly processBefore
    POST {V3}/editorder cliOrdId size limitPrice processBefore
    POST {V3}/batchorder {SENDS} {CANCELS} processBefore
    POST {V3}/cancelorder cliOrdId
    POST {V3}/cancelallorders symbol
    POST {V3}/cancelallordersafter timeout
    GET {V3}/openorders
    GET {V3}/fills lastFillTime
    GET {V3}/openpositions
    GET {V3}/accounts
    GET {V3}/instruments
    GET {V3}/feeschedules
    GET {V3}/feeschedules/volumes
    GET /api/history/v3/account-log since before count
    WS login challenge
    """
)
_ROW = frozenset({"order", "order_tag", "orderType", "symbol", "side", "size", "limitPrice", "cliOrdId", "reduceOnly"})


def _futures(key: str, method: str, path: str, fields: Fields) -> Texts:
    """PermissionError: a batch of both kinds."""
    if method == WEBSOCKET:
        return Texts("", sha256(fields["challenge"].encode()).digest())
    if SENDS in fields and CANCELS in fields:
        raise PermissionError("a batch is of new orders or of cancels, and not of both")
    rest = {name: text for name, text in fields.items() if name not in ("timestamp", SENDS, CANCELS)}
    payload = query_of(rest)
    if rows := fields.get(SENDS) or fields.get(CANCELS):
        body = quote(f'{{"batchOrder":{rows}}}', safe="")
        payload = f"{payload}{'&' if payload else ''}json={body}"
    text = f"{payload}{fields['timestamp']}{path.removeprefix('/derivatives')}"
    return Texts(payload, sha256(text.encode()).digest())


FUTURES = Signable(
    places=_FUTURES,
    always=frozenset({"timestamp"}),  # the nonce, which leaves in a header
    scheme=_futures,
    digest="sha512",
    creates=frozenset({("POST", f"{V3}/{name}") for name in ("sendorder", "editorder", "batchorder")}),
    relieves=CANCELS,
    lists={SENDS: _ROW, CANCELS: frozenset({"order", "cliOrdId"})},
    values={
        "orderType": frozenset({"lmt", "post", "ioc"}),
        "side": frozenset({"buy", "sell"}),
        "order": frozenset({"send", "cancel"}),
    },
    forms={"challenge": UUID, "timestamp": _NONCE},
    bare=frozenset({"reduceOnly"}),
)

PRIVATE = "/0/private"
_SPOT = calls(
    f"""
    POST {PRIVATE}/AddOrder pair ordertype type volume price timeinforce oflags cl_ord_id stptype deadline
    POST {PRIVATE}/AddOrderBatch pair orders deadline
    POST {PRIVATE}/AmendOrder cl_ord_id order_qty limit_price post_only deadline
    POST {PRIVATE}/CancelOrder cl_ord_id
    POST {PRIVATE}/CancelOrderBatch cl_ord_ids txids
    POST {PRIVATE}/CancelAllOrdersAfter timeout
    POST {PRIVATE}/OpenOrders
    POST {PRIVATE}/QueryOrders txid
    POST {PRIVATE}/TradesHistory start ofs
    POST {PRIVATE}/Ledgers start ofs
    POST {PRIVATE}/Balance
    POST {PRIVATE}/TradeVolume pair
    POST {PRIVATE}/GetApiKeyInfo
    POST {PRIVATE}/GetWebSocketsToken
    """
)


#: What a field is called when it leaves.
_SENT_AS = {"txids": "orders"}


def spot_message(path: str, nonce: str, body: str) -> bytes:
    """What the signature of a spot call is made of."""
    return path.encode() + sha256(f"{nonce}{body}".encode()).digest()


def _spot(key: str, method: str, path: str, fields: Fields) -> Texts:
    nonce = fields["timestamp"]
    rest = {_SENT_AS.get(name, name): text for name, text in fields.items() if name != "timestamp"}
    body = body_of(SPOT, {"nonce": nonce, **rest})
    return Texts(body, spot_message(path, nonce, body))


SPOT = Signable(
    places=_SPOT,
    always=frozenset({"timestamp"}),  # the nonce, which leaves in the body
    scheme=_spot,
    digest="sha512",
    creates=frozenset({("POST", f"{PRIVATE}/{name}") for name in ("AddOrder", "AddOrderBatch", "AmendOrder")}),
    lists={
        "orders": frozenset(
            {"ordertype", "type", "volume", "price", "timeinforce", "oflags", "cl_ord_id", "stptype"}
        ),
        "cl_ord_ids": frozenset(),
        "txids": frozenset(),
    },
    values={
        "ordertype": frozenset({"limit"}),
        "type": frozenset({"buy", "sell"}),
        "timeinforce": frozenset({"GTC", "IOC"}),
        "oflags": frozenset({"fciq", "post,fciq"}),
        "stptype": frozenset({"cancel-oldest"}),
    },
    forms={"timestamp": _NONCE},
    bare=frozenset({"post_only", "timeout", "start", "ofs"}),
)

SIGNABLE: dict[str, Signable] = {"kraken-spot": SPOT, "kraken-futures": FUTURES}
