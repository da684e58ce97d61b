"""Signing as everybody who needs a signature sees it: a credential, and what is refused before a secret is touched.

A credential is a pair in this process (keys.Pair: the signer's own, and tests) or one that a signer process holds
(host.signer_client.HeldKey).

Rules of this file: pure; a sentence of refusal tells names of fields, never values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol
from urllib.parse import quote

import msgspec

from mmtui.venues.live.signables import SIGNABLE
from mmtui.venues.signing_table import SAFE, Signable

#: Characters of one value; of one that is a list; of a key, a cursor, or ids with commas between them.
VALUE_MAX, LIST_MAX, LONG_MAX = 64, 8_192, 512
#: What stands in a JSON body without quotes, beside true and false.
_NUMBER = re.compile(r"[0-9]{1,24}(\.[0-9]{1,18})?", re.ASCII).fullmatch
_LONG = frozenset({"apiKey", "cursor", "txid"})
#: What a desk says when nobody can sign.
UNSIGNED = "the signer process is gone: nothing can be signed until it is back; `mmtui kill` has its own"


class Unsigned(Exception):
    """Nobody is there who could sign: nothing was sent."""


class Signed(NamedTuple):
    """What is sent: the fields as they were signed, and the signature (not yet escaped)."""

    payload: str
    signature: str

    @property
    def query(self) -> str:
        return f"{self.payload}&signature={quote(self.signature, safe='')}"


class Credential(Protocol):
    """An API key whose secret is held somewhere. open: it came from the environment.

    passphrase: what a venue wants beside key and signature, as it is, in every request; "": nothing.
    """

    key: str
    open: bool
    passphrase: str

    async def sign(self, market: str, method: str, path: str, fields: Mapping[str, str]) -> Signed:
        """PermissionError: not on the list; Unsigned: nobody can sign now."""

    def mask(self, text: str) -> str:
        """The text of a venue without key and secret."""

    def watch(self, changed: Callable[[bool], None]) -> None:
        """`changed` is called when signatures stop (False) and when they are there again (True)."""

    @property
    def alive(self) -> bool:
        """Whether signatures can be had."""


def refusal(market: str, method: str, path: str, fields: Mapping[str, str]) -> str:
    """Why a call is not signed; "" when it is."""
    table = SIGNABLE.get(market)
    allowed = table.places.get((method, path)) if table is not None else None
    if table is None or allowed is None:
        return f"{_plain(method)} {_plain(path)} is not on the list of calls that may be signed"
    for name, value in fields.items():
        if name not in allowed and name not in table.always:
            return f"{method} {path}: the field {_plain(name)} is not on the list of what may be signed"
        if name in table.lists:
            if why := _list(table, name, value):
                return f"{method} {path}: {why}"
        elif why := _value(table, name, value):
            return f"{method} {path}: {why}"
    return "" if "timestamp" in fields else f"{method} {path}: a call without a timestamp is not signed"


def _plain(text: str) -> str:
    """A name as it may be shown."""
    return "".join(c for c in text[:60] if c.isascii() and c.isprintable())


def _value(table: Signable, name: str, value: str) -> str:
    if name in table.forms and table.forms[name].fullmatch(value) is None:
        return f"the value of {name} is none that it can be"
    if name in table.bare:
        return "" if value in ("true", "false") or _NUMBER(value) else f"the value of {name} is none that it can be"
    if SAFE(value) and name not in table.values:
        return ""
    if (len(value) > VALUE_MAX and name not in _LONG) or len(value) > LONG_MAX:
        return f"the value of {name} is longer than {VALUE_MAX} characters"
    if not value.isascii() or not value.isprintable() or "&" in value or "=" in value:
        return f"the value of {name} has characters that no such value has"
    if name in table.values and value not in table.values[name]:
        return f"the value of {name} is none of {', '.join(sorted(table.values[name]))}"
    return ""


def _list(table: Signable, name: str, value: str) -> str:
    """Why a JSON list inside a field is refused."""
    if len(value) > LIST_MAX:
        return f"{name} is longer than {LIST_MAX} characters"
    inner = table.lists[name]
    try:
        if inner:
            tables = msgspec.json.decode(value.encode(), type=list[dict[str, str | bool]])
            rows = [(key, _text(one)) for row in tables for key, one in row.items()]
        else:
            rows = [(name, text) for text in msgspec.json.decode(value.encode(), type=list[str])]
    except (msgspec.MsgspecError, RecursionError):
        return f"{name} is no list of what it may hold"
    for key, text in rows:
        if inner and key not in inner:
            return f"{name}: the field {_plain(key)} is not on the list of what may be signed"
        if why := _value(table, key, text):
            return f"{name}: {why}"
    return ""


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else "true" if value else "false"
