"""`mmtui keys`: puts API keys into the sealed file or the system's keyring, lists, checks and removes them by name.

Rules of this file: key and secret come from the terminal without echo, or from standard input, a line each; never from
an argument; nothing of them is ever shown.
"""

from __future__ import annotations

import argparse
import getpass
import re
import sys

from mmtui.core.errors import UserError
from mmtui.host.signer import harden
from mmtui.venues.live import keys_keyring, keys_sealed
from mmtui.venues.live.keys import PEM, behind, checked

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
INPUT_MAX = 16_384


def run(args: argparse.Namespace) -> int:
    """Carry out `mmtui keys ...`. UserError: what is wrong."""
    harden()
    if args.act == "list":
        return _list(args)
    if not args.name or not _NAME.fullmatch(args.name):
        raise UserError(f"mmtui keys {args.act}: give a NAME of letters, digits, - _ and . (at most 40)")
    return {"add": _add, "remove": _remove, "check": _check}[args.act](args)


def _add(args: argparse.Namespace) -> int:
    key, secret = _asked()
    pair = checked("mmtui keys", "the input", key, secret)
    if args.keyring:
        keys_keyring.put(args.name, pair.key, behind(pair.secret, pair.passphrase))
        return _say(f"{args.name}: in the keyring; a config names it keyring:{args.name}")
    path = keys_sealed.sealed_path()
    new = not path.exists()
    phrase = keys_sealed.passphrase(again=new)
    pairs = {} if new else keys_sealed.load(phrase)
    keys_sealed.save({**pairs, args.name: {"key": pair.key, "secret": behind(pair.secret, pair.passphrase)}}, phrase)
    return _say(f"{args.name}: sealed in {path}; a config names it sealed:{args.name}")


def _remove(args: argparse.Namespace) -> int:
    if args.keyring:
        keys_keyring.remove(args.name)
    else:
        phrase = keys_sealed.passphrase()
        pairs = keys_sealed.load(phrase)
        if pairs.pop(args.name, None) is None:
            raise UserError(f"mmtui keys: there are no sealed keys {args.name!r}")
        keys_sealed.save(pairs, phrase)
    return _say(f"{args.name}: removed here; the venue still takes these keys until they are deleted there")


def _list(args: argparse.Namespace) -> int:
    if args.keyring:
        raise UserError("mmtui keys list: a keyring does not list its names; `mmtui keys check NAME --keyring` asks it")
    if not keys_sealed.sealed_path().exists():
        return _say("no sealed keys: `mmtui keys add NAME`")
    for name, pair in sorted(keys_sealed.load(keys_sealed.passphrase()).items()):
        print(f"{name}  {_kind(pair['secret'])}")
    return 0


def _check(args: argparse.Namespace) -> int:
    room = keys_keyring if args.keyring else keys_sealed
    pair = checked("mmtui keys", repr(args.name), *room.get("mmtui keys", args.name))
    return _say(f"{args.name}: readable, {_kind(pair.secret)}; what a venue lets it do: `mmtui doctor CONFIG`")


def _kind(secret: str) -> str:
    return "a private key" if secret.startswith(PEM) else "an API key and secret"


def _asked() -> tuple[str, str]:
    """Key, and secret with its passphrase: from the terminal, or a line each of standard input (of a PEM more)."""
    if sys.stdin.isatty():
        key = getpass.getpass("API key (not shown): ").strip()
        secret = getpass.getpass("secret (not shown; a private key: give it on standard input): ").strip()
        return key, behind(secret, getpass.getpass("passphrase (not shown; OKX only, else empty): ").strip())
    text = sys.stdin.read(INPUT_MAX + 1)
    if len(text) > INPUT_MAX:
        raise UserError("mmtui keys add: standard input is no API key and secret, a line each")
    key, _, secret = text.strip().partition("\n")
    return key.strip(), secret.strip()


def _say(text: str) -> int:
    print(text)
    return 0
