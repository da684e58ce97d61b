"""`mmtui venue serve`: a loopback exchange in the foreground, until it is ended.

Rules of this file: from arguments to a server; one JSON line on standard output, when ready.  The key and the secret
can be others than the built-in pair by the environment, never by an argument.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import time
from pathlib import Path

from aiohttp import web

from mmtui.core.errors import SourceError, UserError
from mmtui.venues.loopback.access import KEY, SECRET, Access
from mmtui.venues.loopback.api import CALLS
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import parse_faults
from mmtui.venues.loopback.journal import open_journal
from mmtui.venues.loopback.private.server import ACCOUNTS, AccountServer
from mmtui.venues.loopback.private.voice import Keys
from mmtui.venues.loopback.public.server import VOICES, PublicServer
from mmtui.venues.loopback.server import Server
from mmtui.venues.loopback.source import Captures, MarketSource, Synthetic, binance

HOST = "127.0.0.1"
KEY_ENV, SECRET_ENV = "MMTUI_LOOPBACK_KEY", "MMTUI_LOOPBACK_SECRET"
#: Of the protocols whose keys have one (OKX).
PASSPHRASE_ENV, PASSPHRASE = "MMTUI_LOOPBACK_PASSPHRASE", "loopbackPassphrase"
_SYNTHETIC = re.compile(r"synthetic(?::([a-z0-9-]+))?(?::([0-9]{1,18}))?")


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    if args.protocol in VOICES:
        return _run_venue(args)
    if args.protocol not in CALLS:
        raise UserError(f"protocol {args.protocol!r} is not served; there are: {', '.join((*CALLS, *VOICES))}")
    source = open_market(args.protocol, args.source or ["synthetic"], args.seed)
    exchange = Exchange(args.protocol, source, parse_faults(args.fault), args.seed)
    exchange.step()
    if args.journal:
        open_journal(exchange, args.journal)
    key, secret = os.environ.get(KEY_ENV, KEY), os.environ.get(SECRET_ENV, SECRET)
    try:
        return asyncio.run(_serve(Server(exchange, Access(key, secret)), args.port, {"key": key, "secret": secret}))
    except OSError as error:
        raise SourceError(f"port {args.port} on {HOST}: {error.strerror or error}") from None


def _run_venue(args: argparse.Namespace) -> int:
    """Market data of the synthetic market; where the protocol's private side is served, an account too."""
    if args.journal and args.protocol not in ACCOUNTS:
        raise UserError(f"protocol {args.protocol!r} is served without an account: leave --journal out")
    texts = args.source or ["synthetic"]
    match = _SYNTHETIC.fullmatch(texts[0]) if len(texts) == 1 else None
    if match is None:
        raise UserError(f"protocol {args.protocol!r} is served from synthetic[:SCENARIO[:SEED]] only")
    seed = int(match.group(2) or args.seed)
    scenario, faults = match.group(1) or "calm", parse_faults(args.fault)
    if args.protocol in ACCOUNTS:
        pair = ACCOUNTS[args.protocol].pair
        key, secret = os.environ.get(KEY_ENV, pair[0] or KEY), os.environ.get(SECRET_ENV, pair[1] or SECRET)
        keys = Keys(key, secret, os.environ.get(PASSPHRASE_ENV, PASSPHRASE))
        server: PublicServer = AccountServer(args.protocol, scenario, seed, faults, keys, args.journal)
        told = keys._asdict()
    else:
        server, told = PublicServer(args.protocol, scenario, seed, faults), {}
    try:
        return asyncio.run(_serve(server, args.port, told))
    except OSError as error:
        raise SourceError(f"port {args.port} on {HOST}: {error.strerror or error}") from None


def open_market(protocol: str, texts: list[str], seed: int) -> MarketSource:
    """`synthetic[:SCENARIO[:SEED]]`, or capture files."""
    match = _SYNTHETIC.fullmatch(texts[0]) if len(texts) == 1 else None
    if match:
        return Synthetic(binance(protocol), match.group(1) or "calm", int(match.group(2) or seed), time.time_ns())
    return Captures(protocol, [Path(text) for text in texts], time.time_ns())


async def _serve(server: Server | PublicServer, port: int, pair: dict[str, str]) -> int:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, reuse_address=True)
    await site.start()
    heart = asyncio.create_task(server.run())
    bound = runner.addresses[0][1]
    line = {"ready": True, "rest": f"http://{HOST}:{bound}", "ws": f"ws://{HOST}:{bound}", **pair}
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(line), flush=True)
    await over.wait()
    heart.cancel()
    server.close()
    await asyncio.sleep(0.05)
    await runner.cleanup()
    return 0
