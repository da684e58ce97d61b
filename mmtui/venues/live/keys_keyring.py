"""API keys in the system's keyring (macOS Keychain, Secret Service, KWallet), by the package `keyring`.

Rules of this file: `keyring` is imported when a config or `mmtui keys` asks for it, and never else; what it raises is
told by its kind alone.
"""

from __future__ import annotations

import json
from typing import Any

from mmtui.core.errors import UserError

SERVICE = "mmtui"
#: Backends that write what they are given as it is: no place for a secret.
PLAIN = ("keyrings.alt.file", "keyring.backends.null")


def _keyring(what: str) -> Any:
    """The package, with a backend that keeps secrets."""
    try:
        import keyring
    except ImportError:
        raise UserError(f"{what}: the keyring needs the package keyring: pip install 'mmtui[live]'") from None
    backend: Any = keyring.get_keyring()
    for one in getattr(backend, "backends", None) or [backend]:
        if type(one).__module__.startswith(PLAIN):
            raise UserError(f"{what}: this keyring ({type(one).__name__}) keeps nothing secret: it is not used")
    return keyring


def get(what: str, name: str) -> tuple[str, str]:
    """Key and secret of a name; `what` asks, and begins the sentence of a UserError."""
    ring = _keyring(what)
    try:
        text = ring.get_password(SERVICE, name)
    except Exception as error:  # a backend's own errors may say anything
        raise UserError(f"{what}: the keyring does not answer ({type(error).__name__})") from None
    try:
        pair: Any = json.loads(text) if text else None
        return str(pair["key"]), str(pair["secret"])
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{what}: the keyring has no keys {name!r}: `mmtui keys add {name} --keyring`") from None


def put(name: str, key: str, secret: str) -> None:
    ring = _keyring("mmtui keys")
    try:
        ring.set_password(SERVICE, name, json.dumps({"key": key, "secret": secret}))
    except Exception as error:
        raise UserError(f"mmtui keys: the keyring does not take it ({type(error).__name__})") from None


def remove(name: str) -> None:
    ring = _keyring("mmtui keys")
    try:
        ring.delete_password(SERVICE, name)
    except Exception as error:
        raise UserError(f"mmtui keys: the keyring has no keys {name!r} ({type(error).__name__})") from None
