"""The command line's words for live venues: `mmtui venue serve`, `--live`, and the question before a detached host.

Rules of this file: arguments only, as in cli.py; nothing heavy at the top.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmtui.host.launch import Started


def flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--live", action="store_true", help='trade: a config with mode = "live" needs this as well')


def admin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--admin", action="store_true", help="as admin: raises limits where only an admin may")
    socket(parser)


def socket(parser: argparse.ArgumentParser) -> None:
    what = "another user's desk, by [access] socket of its config"
    parser.add_argument("--socket", type=Path, metavar="PATH", help=what)


def venue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("serve", choices=("serve",), metavar="serve", help="be an exchange on 127.0.0.1")
    parser.add_argument("--protocol", required=True, metavar="P", help="binance-spot, binance-usdm, okx, bybit ...")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="0 (default): one that is free")
    what = "synthetic[:SCENARIO[:SEED]], or capture files (default: synthetic)"
    parser.add_argument("--source", nargs="+", metavar="S", help=what)
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="of the market and of faults (default 1)")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=VALUE", help="delay_ms=50, error_503=0.01 ...; repeat"
    )
    what = "keep the account's orders and executions in FILE, and go on with them after a restart"
    parser.add_argument("--journal", type=Path, metavar="FILE", help=what)


def keys(parser: argparse.ArgumentParser) -> None:
    acts = ("add", "list", "check", "remove")
    parser.add_argument("act", choices=acts, metavar="ACT", help=f"one of: {', '.join(acts)}")
    parser.add_argument("name", nargs="?", metavar="NAME", help="what a config calls them: sealed:NAME or keyring:NAME")
    parser.add_argument("--keyring", action="store_true", help="in the system's keyring, not in the sealed file")


def guard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the desk's config: its venues and keys")
    parser.add_argument("--name", metavar="N", help="the desk's name (default: the config's)")
    what = "be the guard on a second host: hear the desk's heartbeat over TCP, by the secret of [guard]"
    parser.add_argument("--listen", metavar="HOST:PORT", default="", help=what)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 0 to 65535")
    return int(text)


def seed(text: str) -> int:
    """A whole number of 63 bits."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: a whole number from 0 to 9223372036854775807")
    return int(text)


def start(args: argparse.Namespace) -> Started:
    """The host of `mmtui run`, on its way; before one that trades, the accounts are shown and somebody is asked."""
    from mmtui.host.launch import start_desk

    if args.live:
        ask(args.config)
    return start_desk(args.config, args.speed, args.live)


def ask(path: Path) -> None:
    """Show the accounts and ask, before a host trades on them (not where it runs already: it was asked for then)."""
    from mmtui.config.load import load_config
    from mmtui.config.schema import LiveVenue
    from mmtui.core.errors import UserError
    from mmtui.host.golive import consent, prepare, release
    from mmtui.host.registry import lookup

    config = load_config(path)
    if any(isinstance(one, LiveVenue) and one.keys.startswith("sealed:") for one in config.sources):
        from mmtui.venues.live.keys_sealed import PASSPHRASE_FILE, passphrase_file

        if passphrase_file() is None:  # the host is detached: nobody can be asked there
            raise UserError(
                f"{path}: sealed keys need their passphrase in a file of mode 0600 that {PASSPHRASE_FILE} names; to be "
                "asked for it, run `mmtui engine` on a terminal, and `mmtui attach` on another"
            )
    if lookup(config.setup.name) is None:
        setup, access, reports = prepare(config, live=True)
        try:
            consent(setup, access, reports)
        finally:
            release(access)
