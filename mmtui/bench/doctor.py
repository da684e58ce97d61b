"""`mmtui doctor`: what this machine has, what a config means, and every table that decides.

Rules of this file: prints; checks what can be checked without a network (live venues: doctor_venues.py).
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmtui import __version__, fast
from mmtui.bench.doctor_claims import CLAIMS, claims
from mmtui.config.paths import runtime_dir, sessions_dir, state_dir
from mmtui.config.schema import DeskConfig, LiveVenue
from mmtui.core.commands import ACTS
from mmtui.core.earn.programme import Obligation
from mmtui.core.hedging.params import REFERENCE as HEDGE
from mmtui.core.hedging.params import Hedge
from mmtui.core.orders.table import TABLE
from mmtui.core.quoting.params import REFERENCE, Quoting
from mmtui.core.risk import controls
from mmtui.core.risk.limits import Limits
from mmtui.core.risk.states import MAY_SEND
from mmtui.core.risk.triggers import triggers
from mmtui.core.setup import DeskSetup
from mmtui.venues.paper.model import MODEL

PACKAGES = ("textual", "msgspec", "zstandard", "aiohttp", "numpy", "uvloop", "ccxt", "plotext")
#: Less free space than this is said: a busy desk writes about 200 MB a day.
SPACE = 2 * 1024**3
FILES = 256


def run(args: argparse.Namespace) -> int:
    """The sub-command; 0 when nothing is wrong."""
    setup = config = None
    if getattr(args, "config", None):
        from mmtui.config.load import load_config

        config = load_config(Path(args.config))
        setup = config.setup
    troubles = machine()
    limits = setup.limits if setup is not None else Limits()
    if setup is not None and config is not None:
        desk(setup)
        troubles += venues(config)
    table("what stops what", ("trigger", "kind", "scope", "stops", "comes back", "number"), list(triggers(limits)))
    table("controls", controls.HEAD, controls.rows())
    table(
        "states",
        ("state", "what may leave besides cancels"),
        [(state.name, ", ".join(sorted(purposes)) or "nothing") for state, purposes in MAY_SEND.items()],
    )
    table(
        "life of an order",
        ("state", "fact", "becomes"),
        [(state.name, fact.name, after.name) for (state, fact), after in TABLE.items()],
    )
    defaults = Quoting()
    table(
        "quoting parameters",
        ("key", "default", "unit", "what it does"),
        [(key, str(getattr(defaults, key)), unit, text) for key, (unit, text) in REFERENCE.items()],
    )
    table("venues: what their tables say", CLAIMS, claims())
    hedge = Hedge(band=1.0)
    table(
        "hedge parameters ([hedge.ASSET], hedge set)",
        ("key", "default", "unit", "what it does"),
        [(key, "-" if key == "band" else str(getattr(hedge, key)), *HEDGE[key]) for key in HEDGE],
    )
    table("acts", ("act", "arguments", "what it does"), [(act.name, act.args, act.help) for act in ACTS])
    print(f"\npaper fills\n  {MODEL}")
    for trouble in troubles:
        print(f"mmtui: {trouble}", file=sys.stderr)
    return 1 if troubles else 0


def machine() -> list[str]:
    """Versions, places, limits; returns what is wrong, a sentence each."""
    troubles = []
    print(f"mmtui {__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in PACKAGES:
        try:
            print(f"  {name:<12} {version(name)}")
        except PackageNotFoundError:
            print(f"  {name:<12} not installed")
            if name not in ("uvloop",):
                troubles.append(f"the package {name} is not installed")
    print(f"  engine       {fast.kind()}")
    for label, path in (("state", state_dir()), ("sockets", runtime_dir()), ("sessions", sessions_dir())):
        free = shutil.disk_usage(path).free
        print(f"  {label:<12} {path} ({free / 1024**3:.1f} GiB free)")
        if free < SPACE:
            troubles.append(f"{path} has only {free / 1024**3:.1f} GiB free")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if 0 <= soft < FILES:
        troubles.append(f"only {soft} files may be open at once (ulimit -n): {FILES} are wanted")
    term, colour = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    print(f"  terminal     TERM={term or '-'} COLORTERM={colour or '-'} {shutil.get_terminal_size()[0]} columns")
    return troubles


def venues(config: DeskConfig) -> list[str]:
    """What the venues of a live config answer; returns what is wrong."""
    if not any(isinstance(source, LiveVenue) for source in config.sources):
        return []
    from mmtui.bench import doctor_venues

    rows, grids, troubles = doctor_venues.live(config)
    table("venues: what they answer", doctor_venues.ANSWERS, rows)
    table("instruments at their venues", doctor_venues.GRIDS, grids)
    return troubles


def desk(setup: DeskSetup) -> None:
    """What a config means."""
    print(f"\ndesk {setup.name}: {setup.mode}, {setup.currency}, equity {setup.equity}, seed {setup.seed}")
    rows = []
    for item in setup.instruments:
        one = item.instrument
        rows.append(
            (
                one.id,
                one.kind,
                f"{one.tick} ({one.grid})",
                one.lot,
                f"{one.maker_bps}/{one.taker_bps}",
                item.profile if item.quote else "not quoted",
                f"{item.quoting.spread_bps:g} bps x {item.quoting.levels}",
                f"{item.quoting.size:g}",
                item.max_position if float(item.max_position) else f"{20 * item.quoting.size:g}",
                item.baseline,
            )
        )
    head = ("instrument", "kind", "tick", "lot", "fees bps", "profile", "spread", "size", "max position", "baseline")
    table("instruments", head, rows)
    if setup.obligations:
        titles = ("name", "asks for", "instruments", "days", "quotes")
        table("obligations", titles, [_obligation(one) for one in setup.obligations])


def _obligation(one: Obligation) -> tuple[str, ...]:
    """A programme as one row."""
    sides = "a side" if one.both_sides else "on one side"
    terms = f"{one.max_spread_bps:g} bps, {one.min_depth:,.0f} {sides} within {one.within_bps:g} bps"
    share = f"{one.share_of_time:.0%} of the snapshots, one every {one.snapshot_s} s"
    paid = [f"{one.reward_per_day:g} a day"] if one.reward_per_day else []
    paid += [f"{one.reward_bps:g} bps of maker fills"] if one.reward_bps else []
    share += f"; pays {' and '.join(paid)} (estimated)" if paid else ""
    names = f"{one.coverage:.0%} of {', '.join(one.instruments) or 'all'}"
    when = f"{one.from_day or '...'} to {one.to_day or '...'}" if one.from_day or one.to_day else "all"
    return (one.name, f"{terms}; {share}", names, when, "kept inside" if one.keep else "measured")


def table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Columns as wide as they need to be; the last one is left alone."""
    print(f"\n{title}")
    widths = [max(len(str(row[k])) for row in [head, *rows]) for k in range(len(head))]
    for row in [head, *rows]:
        cells = [str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  " + "  ".join(cells).rstrip())
