"""Bodies of mmtui bench and mmtui doctor.

Every figure is process CPU time unless its name says wall; ratios are taken in one run, interleaved, over rounds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import Any

from mmtui import fast
from mmtui.core.errors import UserError

#: name -> module of this room, what it measures.
BENCHMARKS: dict[str, tuple[str, str]] = {
    "book": ("market", "captured message -> book, top 20 of both sides; beside it ccxt's handler"),
    "quote": ("market", "captured message -> quote decision, 5 levels a side: plain, full pipeline, looked at"),
    "wire": ("wire", "decoding of the other venues' book updates, messages a second; beside it ccxt's handlers"),
    "flood": ("flood", "20,000 messages a second on three sockets: from sent to applied in the book"),
    "orders": ("orders", "ten orders on the wire, answered; building and signing one; beside it ccxt"),
    "signer": ("signer", "one signature of an order: in-process, and from the process that holds the keys"),
    "whatif": ("market", "what-if with latency and queue-aware fills, events a second"),
    "tape": ("tape", "tape: bytes and µs a record written, records a second read, seek"),
    "seek": ("seek", "opening a session at any instant: checkpoint, roll-forward; what keeping checkpoints costs"),
    "recovery": ("recovery", "kill -9 with 1,000 open orders at four venues -> known and reconciled"),
    "kill": ("kill", "kill command -> last cancel, 60 and 200 open orders"),
    "frame": ("cockpit", "frame CPU and bytes of the cockpit in a pseudo-terminal, 200x50"),
    "screens": ("cockpit", "frame CPU and bytes of each screen in a pseudo-terminal, 200x50, six instruments at peak"),
    "keys": ("keys", "key -> handler and key -> painted while events flood the host; a terminal that stalls for 6 s"),
    "session": ("endurance", "a session of eight hours, accelerated: memory of cockpit and host while screens change"),
    "start": ("cockpit", "start-up: --help, cockpit to first paint, engine to ready"),
    "memory": ("cockpit", "memory of the engine host"),
    "avellaneda-stoikov": ("stoikov", "the paper's simulation (2008) through our quoting step"),
    "inventory": ("inventory", "inventory-aware against symmetric quotes over 100 seeds of the synthetic market"),
    "captures": ("captures", "the same on the six captures: PnL parts, inventory, markouts; both fill models"),
}


def run(args: argparse.Namespace) -> int:
    """The sub-command: all benchmarks, or one."""
    names = [args.name] if args.name else list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise UserError(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    results: dict[str, Any] = {}
    if not args.json:
        print(f"engine: {fast.kind()}")
    for name in names:
        if not args.json:
            print(f"{name}: {BENCHMARKS[name][1]}", flush=True)
        module = importlib.import_module(f"mmtui.bench.{BENCHMARKS[name][0]}")
        found: dict[str, Any] = getattr(module, f"bench_{name.replace('-', '_')}")()
        results[name] = found
        if not args.json:
            for key, value in found.items():
                if key != "rows" or "table" not in found:
                    print(f"  {key:<34} {value}")
    if args.json:
        print(json.dumps(results[args.name] if args.name else results))
    sys.stdout.flush()
    return 0
