"""API keys in one sealed file of this user: scrypt (RFC 7914) makes a key of a passphrase, ChaCha20-Poly1305 (RFC 8439)
seals with it, the header included.

The passphrase comes from the file that MMTUI_PASSPHRASE_FILE names, from systemd's credential `mmtui-passphrase`, or is
asked for on the terminal.

Rules of this file: no cipher of our own (package `cryptography`); the file is 0600 and its owner's, or it is not used;
a wrong passphrase and a changed file are the same sentence.
"""

from __future__ import annotations

import base64
import contextlib
import getpass
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from mmtui.config.paths import state_dir
from mmtui.core.errors import UserError
from mmtui.venues.live.keys import read_private

KIND = "mmtui sealed keys 1"
#: scrypt: 128 MiB and about half a second (OWASP's recommendation of 2023).
N, R, P = 2**17, 8, 1
#: A file that asks for more is not opened (N * R * 128 bytes of memory).
N_MAX, R_MAX, P_MAX = 2**20, 16, 4
SIZE_MAX = 1 << 20
PASSPHRASE_MIN = 8
PASSPHRASE_FILE, CREDENTIAL = "MMTUI_PASSPHRASE_FILE", "mmtui-passphrase"
WHAT = "sealed keys"
Pairs = dict[str, dict[str, str]]


def sealed_path() -> Path:
    return state_dir() / "keys.sealed"


# -- passphrase --------------------------------------------------------------------------------------------------


def passphrase_file() -> Path | None:
    """Where the passphrase stands, without anybody to ask; None: nowhere."""
    if name := os.environ.get(PASSPHRASE_FILE):
        return Path(name)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / CREDENTIAL if folder else None
    return path if path is not None and path.exists() else None


def passphrase(again: bool = False) -> str:
    """From its file, or from the terminal without echo; again: a new one, asked for twice."""
    path = passphrase_file()
    if path is not None:
        text = read_private(path, WHAT, "its passphrase is", owners=(0,)).decode(errors="replace").rstrip("\n")
    else:
        text = ask("passphrase of the sealed keys: ")
        if again and ask("once more: ") != text:
            raise UserError(f"{WHAT}: the two passphrases differ: nothing was written")
    if len(text) < PASSPHRASE_MIN:
        raise UserError(f"{WHAT}: a passphrase has {PASSPHRASE_MIN} characters at the least")
    return text


def ask(question: str) -> str:
    """From the terminal of this session, whatever standard input is."""
    try:
        with open("/dev/tty", "r+b", buffering=0):
            pass
    except OSError:
        raise UserError(
            f"{WHAT}: nobody can be asked for the passphrase here; name a file of mode 0600 in {PASSPHRASE_FILE}"
        ) from None
    try:
        return getpass.getpass(f"mmtui: {question}")
    except EOFError:
        raise UserError(f"{WHAT}: no answer") from None


# -- the file ----------------------------------------------------------------------------------------------------


def seal(pairs: Pairs, phrase: str) -> bytes:
    """The file's bytes."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    header = {"kind": KIND, "n": N, "r": R, "p": P, "salt": _text(salt), "nonce": _text(nonce)}
    box = _cipher(phrase, salt, N, R, P).encrypt(nonce, json.dumps(pairs).encode(), _bound(header))
    return json.dumps({**header, "box": _text(box)}, indent=1).encode() + b"\n"


def unseal(data: bytes, phrase: str, where: Path) -> Pairs:
    """UserError: no such file, another passphrase, or changed since."""
    try:
        table = json.loads(data)
        kind, n, r, p = table["kind"], table["n"], table["r"], table["p"]
        salt, nonce, box = (base64.b64decode(table[name], validate=True) for name in ("salt", "nonce", "box"))
        fits = (
            kind == KIND and all(type(x) is int for x in (n, r, p)) and len(salt) == 16 and len(nonce) == 12
            and 2 <= n <= N_MAX and n & (n - 1) == 0 and 1 <= r <= R_MAX and 1 <= p <= P_MAX
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise UserError(f"{WHAT}: {where} is no file of sealed keys, or it is damaged")
    header = {"kind": kind, "n": n, "r": r, "p": p, "salt": table["salt"], "nonce": table["nonce"]}
    cipher = _cipher(phrase, salt, n, r, p)
    try:
        pairs: Pairs = json.loads(cipher.decrypt(nonce, box, _bound(header)))
    except Exception:  # the library's own error, which says as little
        raise UserError(f"{WHAT}: {where}: the passphrase is wrong, or the file was changed") from None
    return pairs


def _bound(header: dict[str, Any]) -> bytes:
    """What is sealed without being hidden."""
    return json.dumps(header, sort_keys=True).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _cipher(phrase: str, salt: bytes, n: int, r: int, p: int) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    except ImportError:
        raise UserError(f"{WHAT}: they need the package cryptography: pip install 'mmtui[live]'") from None
    memory = 128 * n * r + 128 * r * p + (1 << 20)
    key = hashlib.scrypt(phrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=32)
    return ChaCha20Poly1305(key)


def load(phrase: str) -> Pairs:
    """Every pair. UserError: no file, not ours, not openable."""
    path = sealed_path()
    if not path.exists():
        raise UserError(f"{WHAT}: there are none yet: `mmtui keys add NAME`")
    data = read_private(path, WHAT, "its keys are")
    if len(data) > SIZE_MAX:
        raise UserError(f"{WHAT}: {path} is no file of sealed keys, or it is damaged")
    return unseal(data, phrase, path)


def save(pairs: Pairs, phrase: str) -> None:
    """Whole or not at all, 0600 from the first byte on."""
    path = sealed_path()
    data = seal(pairs, phrase)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


_opened: dict[str, Pairs] = {}


def get(what: str, name: str) -> tuple[str, str]:
    """Key and secret of a name; the passphrase is asked for once a process."""
    path = str(sealed_path())
    if path not in _opened:
        _opened[path] = load(passphrase())
    pair = _opened[path].get(name)
    if pair is None:
        raise UserError(f"{what}: there are no sealed keys {name!r}: `mmtui keys add {name}`")
    return pair["key"], pair["secret"]
