"""What may be signed with a Deribit key: method, path and fields of every call. Nothing else is ever signed.

The signature of a call covers the time, a number used once, the method, the path with its query, and the body: it is
good for that one call alone.  That of a login covers the time and the number only: whoever has it within a minute
can enter with all that the key may do, so a key that may withdraw is refused before a desk runs, and the desk itself
enters without the wallet's rights.  No call here withdraws, transfers, or touches sub-accounts and keys.

Rules of this file: data, and the venue's scheme.
Source: Deribit API documentation, "Authentication" (deri-hmac-sha256, client_signature), "Access scope" (2026-11-22).
"""

from __future__ import annotations

from mmtui.venues.signing_table import WEBSOCKET, Fields, Signable, Texts, body_of, calls, query_of

#: What is signed to enter the private stream; it stands where a path stands.
LOGIN = "login"
#: The same as a question: what the key may do.
AUTH = "/api/v2/public/auth"
API = "/api/v2/"
_ORDER = "amount price post_only reject_post_only reduce_only"

_PLACES = calls(
    f"""
    POST /api/v2/private/buy instrument_name type label time_in_force {_ORDER}
    POST /api/v2/private/sell instrument_name type label time_in_force {_ORDER}
    POST /api/v2/private/edit order_id {_ORDER}
    POST /api/v2/private/edit_by_label label instrument_name {_ORDER}
    POST /api/v2/private/enable_cancel_on_disconnect scope
    POST /api/v2/private/get_cancel_on_disconnect scope
    GET /api/v2/private/cancel order_id
    GET /api/v2/private/cancel_by_label label
    GET /api/v2/private/cancel_all_by_instrument instrument_name type
    GET /api/v2/private/get_open_orders_by_currency currency
    GET /api/v2/private/get_open_orders_by_instrument instrument_name
    GET /api/v2/private/get_user_trades_by_instrument_and_time instrument_name start_timestamp end_timestamp count \
sorting historical
    GET /api/v2/private/get_transaction_log currency start_timestamp end_timestamp count continuation
    GET /api/v2/private/get_positions currency
    GET /api/v2/private/get_account_summary currency extended
    GET {AUTH} grant_type
    WS login
    """
)
_CREATES = frozenset({("POST", f"/api/v2/private/{name}") for name in ("buy", "sell", "edit", "edit_by_label")})
_STAMPS = frozenset({"timestamp", "nonce", "valid_until"})


def _scheme(key: str, method: str, path: str, fields: Fields) -> Texts:
    """The body of a POST is the JSON-RPC message, which is the same on a WebSocket; its id is the number used once."""
    stamp, nonce = fields["timestamp"], fields.get("nonce", "")
    if not nonce.isdecimal():
        raise PermissionError(f"{method} {path}: a call without a whole number used once is not signed")
    rest = {name: text for name, text in fields.items() if name not in _STAMPS}
    if method == WEBSOCKET:
        return Texts("", f"{stamp}\n{nonce}\n")
    if path == AUTH:
        return Texts(query_of({**rest, "timestamp": stamp, "nonce": nonce}), f"{stamp}\n{nonce}\n")
    if method == "GET":
        query = query_of(rest)
        return Texts(query, f"{stamp}\n{nonce}\n{method}\n{path}{'?' if query else ''}{query}\n\n")
    if (method, path) in _CREATES and "valid_until" in fields:
        rest["valid_until"] = fields["valid_until"]
    called = path.removeprefix(API)
    body = f'{{"jsonrpc":"2.0","id":{nonce},"method":"{called}","params":{body_of(TABLE, rest)}}}'
    return Texts(body, f"{stamp}\n{nonce}\n{method}\n{path}\n{body}\n")


TABLE = Signable(
    places=_PLACES,
    always=_STAMPS,
    scheme=_scheme,
    creates=_CREATES,
    values={
        "type": frozenset({"limit", "all"}),
        "time_in_force": frozenset({"good_til_cancelled", "immediate_or_cancel"}),
        "scope": frozenset({"account", "connection"}),
        "grant_type": frozenset({"client_signature"}),
        "sorting": frozenset({"asc"}),
    },
    bare=frozenset({"amount", "price", "post_only", "reject_post_only", "reduce_only", "valid_until", "nonce"}),
)

SIGNABLE: dict[str, Signable] = {"deribit": TABLE}
