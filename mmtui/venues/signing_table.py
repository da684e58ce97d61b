"""What may be signed with a key of one venue, and how: the shape of each venue's list (its signable.py).

A list names method and path of every call and the fields that it may carry; its scheme makes of the fields the text
that is sent and the text that is signed.

Rules of this file: pure; the shape and what all schemes share, no fact of any one venue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote

import msgspec

#: The method of what is signed for a WebSocket; its name stands where a path stands.
WEBSOCKET = "WS"
#: The field that is a whole JSON body by itself (a list).
BODY = "body"
#: Values that stand in an address as they are; nearly all do.
SAFE = re.compile(r"[A-Za-z0-9_.~-]{0,64}", re.ASCII).fullmatch

Fields = Mapping[str, str]
Places = dict[tuple[str, str], frozenset[str]]


class Texts(NamedTuple):
    """Of one call. payload: the query or the body, as it is sent; signed: what the signature is made of."""

    payload: str
    signed: str | bytes


class Signable(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's list. `scheme`: (API key, method, path, fields) -> texts.

    digest: HMAC-SHA256 in hex or in base64; "sha512": HMAC-SHA512 in base64, and the secret is base64 itself.
    """

    places: Places
    always: frozenset[str]  # fields that every call may have: stamps
    scheme: Callable[[str, str, str, Fields], Texts]
    digest: Literal["hex", "base64", "sha512", "secp256k1"] = "hex"
    creates: frozenset[tuple[str, str]] = frozenset()  # calls that can add risk
    relieves: str = ""  # a field that a call of `creates` has where it only cancels
    lists: dict[str, frozenset[str]] = {}  # field -> fields of the tables of its JSON list; none: plain texts
    values: dict[str, frozenset[str]] = {}  # field -> the only values that it may have
    forms: dict[str, re.Pattern[str]] = {}  # field -> what its whole value must look like
    bare: frozenset[str] = frozenset()  # fields that are true, false or a number in a JSON body
    passphrase: bool = False  # a key has one beside its secret


def calls(text: str) -> Places:
    """METHOD PATH FIELD ... a line."""
    rows = [line.split() for line in text.strip().splitlines()]
    return {(method, path): frozenset(fields) for method, path, *fields in rows}


def query_of(fields: Fields) -> str:
    """Fields as a query, in their order."""
    return "&".join([f"{name}={text if SAFE(text) else quote(text, safe='')}" for name, text in fields.items()])


def body_of(table: Signable, fields: Fields) -> str:
    """Fields as a JSON body: texts, but for lists and bare ones, which stand as they are."""
    if BODY in fields:
        return fields[BODY]
    rows = [
        f'"{name}":{text if name in table.lists or name in table.bare else msgspec.json.encode(text).decode()}'
        for name, text in fields.items()
    ]
    return f"{{{','.join(rows)}}}"
