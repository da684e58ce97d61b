"""API keys: read by name from the environment, a file, the system's keyring or the sealed file, and shown to nobody.

Rules of this file: never from an argument; a pair has no text form that tells it.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

from mmtui.core.errors import UserError
from mmtui.venues.account_secrets import Redactor
from mmtui.venues.live.signables import SIGNABLE
from mmtui.venues.live.signing import Signed, refusal

HOW = (
    'give keys = "env:NAME" (NAME_KEY and NAME_SECRET), "file:PATH" (TOML, mode 0600), "sealed:NAME" or '
    '"keyring:NAME" (both by `mmtui keys add NAME`)'
)
PEM = "-----BEGIN "
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}").fullmatch


class Pair:
    """An API key and its secret: what HMAC-SHA256 is keyed with, or a private key (PEM: Ed25519 or RSA).

    passphrase: what OKX wants beside them.
    """

    __slots__ = ("_private", "key", "open", "passphrase", "secret")

    def __init__(self, key: str, secret: str, open: bool = False, passphrase: str = "") -> None:
        self.key = key
        self.secret = secret
        self.passphrase = passphrase
        self.open = open  # in the environment, where every process that is started from here gets it too
        self._private: Any = None

    def __repr__(self) -> str:
        return "Pair(***)"

    def __reduce__(self) -> str:
        raise TypeError("a pair is not copied out of its process")

    # -- signing.Credential --------------------------------------------------------------------------------------

    async def sign(self, market: str, method: str, path: str, fields: Mapping[str, str]) -> Signed:
        return self.signed(market, method, path, fields)

    def signed(self, market: str, method: str, path: str, fields: Mapping[str, str]) -> Signed:
        """PermissionError: the call is not on the list."""
        if why := refusal(market, method, path, fields):
            raise PermissionError(why)
        table = SIGNABLE[market]
        texts = table.scheme(self.key, method, path, fields)
        if table.digest == "secp256k1":
            return Signed(texts.payload, _on_curve(self.secret, str(texts.signed)) if texts.signed else "")
        signed = texts.signed.encode() if isinstance(texts.signed, str) else texts.signed
        return Signed(texts.payload, self._signature(signed, table.digest))

    def mask(self, text: str) -> str:
        return Redactor([one for one in (self.key, self.secret, self.passphrase) if one]).text(text)

    def watch(self, changed: Callable[[bool], None]) -> None:
        """Signatures are always there."""

    @property
    def alive(self) -> bool:
        return True

    def _signature(self, payload: bytes, how: str) -> str:
        """HMAC as the list says (Signable.digest); Ed25519, or RSA (PKCS#1 v1.5, SHA-256), in base64."""
        if how == "sha512":
            return base64.b64encode(hmac.digest(base64.b64decode(self.secret), payload, sha512)).decode()
        if not self.secret.startswith(PEM):
            digest = hmac.digest(self.secret.encode(), payload, sha256)
            return base64.b64encode(digest).decode() if how == "base64" else digest.hex()
        if self._private is None:
            self._private = private_key(self.secret)
        return base64.b64encode(self._private(payload)).decode()


def _on_curve(secret: str, digest: str) -> str:
    """A signature of 32 bytes (hex), as JSON."""
    from mmtui.venues.hyperliquid.curve import key_of, sign

    r, s, v = sign(key_of(secret), bytes.fromhex(digest))
    return f'{{"r":"{r:#066x}","s":"{s:#066x}","v":{v}}}'


def _agent(venue: str, pair: Pair) -> None:
    """UserError: what is given is no account's address with the private key of an agent of it."""
    from mmtui.venues.hyperliquid.curve import address_of, key_of

    if _ADDRESS(pair.key) is None:
        raise UserError(f"venue {venue!r}: its key is the account's address (0x and 40 hex digits)")
    try:
        own = address_of(key_of(pair.secret))
    except ValueError:
        raise UserError(f"venue {venue!r}: its secret is the private key (64 hex digits) of an API wallet") from None
    if own == pair.key.lower():
        raise UserError(
            f"venue {venue!r}: the secret is the account's own private key, which can withdraw: "
            "authorize an API wallet at the venue, and give its key"
        )


def private_key(pem: str) -> Callable[[bytes], bytes]:
    """What signs with a private key. UserError: it is none of the two kinds, or `cryptography` is not there."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise UserError("a private key needs the package cryptography: pip install 'mmtui[live]'") from None
    try:
        key = load_pem_private_key(pem.encode(), None)
    except Exception:  # whatever it says may hold what it was given
        raise UserError("what stands there is no private key without a passphrase (PEM)") from None
    if isinstance(key, Ed25519PrivateKey):
        return key.sign
    if isinstance(key, RSAPrivateKey):
        return lambda payload: key.sign(payload, PKCS1v15(), SHA256())
    raise UserError("the private key is neither Ed25519 nor RSA")


def load_pair(venue: str, source: str, base: Path) -> Pair:
    """The pair that a config names. UserError says what is missing, and nothing of what is there."""
    pair = _loaded(venue, source, base)
    table = SIGNABLE.get(venue)
    if table is not None and table.digest == "secp256k1":
        _agent(venue, pair)
    if table is not None and table.passphrase and not pair.passphrase:
        raise UserError(
            f"venue {venue!r}: its keys have a passphrase: NAME_PASSPHRASE in the environment, passphrase in the file, "
            "or a line of its own behind the secret for `mmtui keys add`"
        )
    if table is not None and table.digest == "sha512" and not _base64(pair.secret):
        raise UserError(f"venue {venue!r}: what stands there is no secret of its keys: those are base64")
    return pair


def _base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _loaded(venue: str, source: str, base: Path) -> Pair:
    kind, _, name = source.partition(":")
    what = f"venue {venue!r}"
    if kind == "env" and name:
        return _from_environment(venue, name)
    if kind == "file" and name:
        path = Path(name).expanduser()
        return _from_file(venue, path if path.is_absolute() else base / path)
    if kind == "keyring" and name:
        from mmtui.venues.live import keys_keyring

        return checked(what, f"the keyring's {name!r}", *keys_keyring.get(what, name))
    if kind == "sealed" and name:
        from mmtui.venues.live import keys_sealed

        return checked(what, f"the sealed {name!r}", *keys_sealed.get(what, name))
    raise UserError(f"{what}: no keys; {HOW}")


def _from_environment(venue: str, name: str) -> Pair:
    found = [os.environ.get(f"{name}_{part}", "").strip() for part in ("KEY", "SECRET")]
    missing = [f"{name}_{part}" for part, text in zip(("KEY", "SECRET"), found, strict=True) if not text]
    if missing:
        raise UserError(f"venue {venue!r}: the environment variable {missing[0]} is not set; export it, or {HOW}")
    phrase = os.environ.get(f"{name}_PASSPHRASE", "").strip()
    pair = checked(f"venue {venue!r}", f"{name}_KEY", found[0], behind(found[1], phrase))
    return Pair(pair.key, pair.secret, True, pair.passphrase)


def read_private(path: Path, what: str, whose: str, owners: tuple[int, ...] = ()) -> bytes:
    """Bytes of a file that is its owner's alone. UserError: anybody else's, or readable by others.

    what: who asks, for the sentence; whose: what would not be used; owners: others than this user that may own it.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise UserError(f"{what}: {path}: {error.strerror or error}") from None
    with os.fdopen(fd, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise UserError(f"{what}: {path} is no file")
        if facts.st_uid != os.getuid() and facts.st_uid not in owners:
            raise UserError(f"{what}: {path} does not belong to you: {whose} not used")
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise UserError(f"{what}: {path} can be read by others: chmod 600 it")
        return file.read()


def _from_file(venue: str, path: Path) -> Pair:
    data = read_private(path, f"venue {venue!r}", "its keys are")
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise UserError(f'venue {venue!r}: {path} is no TOML; it holds key = "..." and secret = "..."') from None
    key, secret, phrase = table.get("key"), table.get("secret"), table.get("passphrase", "")
    if not isinstance(key, str) or not isinstance(secret, str) or not isinstance(phrase, str):
        raise UserError(f'venue {venue!r}: {path}: give key = "..." and secret = "..."')
    return checked(f"venue {venue!r}", str(path), key.strip(), behind(secret.strip(), phrase.strip()))


def behind(secret: str, passphrase: str) -> str:
    """A secret with its passphrase on a line of its own, as both are kept."""
    return f"{secret}\n{passphrase}" if passphrase else secret


def checked(what: str, where: str, key: str, secret: str) -> Pair:
    """A pair whose texts can be an API key and a secret; `what` asks, and begins the sentence of a UserError."""
    phrase = ""
    if not secret.startswith(PEM):
        secret, _, phrase = secret.partition("\n")
    for text in (key, secret):
        if text is secret and text.startswith(PEM):
            private_key(text)
        elif len(text) < 8 or not text.isascii() or not text.isprintable() or " " in text:
            raise UserError(f"{what}: {where}: what stands there is no API key and secret")
    if phrase and not (phrase.isascii() and phrase.isprintable()):
        raise UserError(f"{what}: {where}: what stands behind the secret is no passphrase")
    return Pair(key, secret, passphrase=phrase)
