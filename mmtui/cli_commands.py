"""The sub-commands and their arguments, as a table.

Rules of this file: arguments only, as in cli.py; nothing heavy at the top.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mmtui import cli_live, cli_review
from mmtui.cli_live import seed
from mmtui.cli_review import json_flag


class Sub(NamedTuple):
    """One sub-command: `front` is `module:function`, imported when it runs."""

    name: str
    help: str
    front: str
    arguments: Callable[[argparse.ArgumentParser], None]


def _sources(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("source", nargs="+", metavar="SOURCE", help=what)


def _speed(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--speed", type=_speed_value, metavar="X", default=None, help=what)


def _speed_value(text: str) -> float:
    """A factor above 0, or `max` (0.0: as fast as it goes)."""
    if text == "max":
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.001 <= value <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: a number from 0.001 to 10000, or max")
    return value


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=seed, metavar="N", help="the market's seed (default 1)")
    parser.add_argument("--scenario", metavar="S", help="calm, trend, flash-crash, venue-outage ... (default calm)")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file")
    _speed(parser, "pace of recorded sources: 1 is real time, max as fast as it goes (default: the config's, else 1)")
    cli_live.flag(parser)


def _engine(parser: argparse.ArgumentParser) -> None:
    _run(parser)
    parser.add_argument("--name", metavar="N", help="the desk's name (default: the config's)")


def _attach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the desk (default: the only one that runs)")
    parser.add_argument("--observe", action="store_true", help="look only (and kill, if the config lets observers)")
    cli_live.socket(parser)


def _ctl(parser: argparse.ArgumentParser) -> None:
    from mmtui.core.commands import ACTS

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(len(f"{act.name} {act.args}") for act in ACTS)
    rows = [f"  {f'{act.name} {act.args}':<{width}}  {act.help}" for act in ACTS]
    rows.insert(0, f"  {'status':<{width}}  state, venues, instruments, PnL and risk of the desk")
    parser.epilog = "actions:\n" + "\n".join(rows)
    parser.add_argument("words", nargs="*", metavar="[NAME] ACTION [ARGS]", help="a desk's name, then what to do")
    parser.add_argument("--instrument", metavar="ID", help="only this instrument (venue:SYMBOL)")
    parser.add_argument("--venue", metavar="ID", help="only this venue")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why: needed out of HALTED and KILLED")
    cli_live.admin(parser)
    json_flag(parser)


def _kill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the desk (default: every desk of this user)")
    parser.add_argument("--config", type=Path, metavar="CONFIG", help="the desk of this config, running or not")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, for the record")
    json_flag(parser)


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", help="a session's name or folder, or a bundle")
    _speed(parser, "how fast to play: 1 is as it happened (default 1)")
    parser.add_argument("--at", metavar="NS", help="start at this instant (ns since 1970)")
    parser.add_argument("--verify", action="store_true", help="run the engine again and compare; prints JSON")


def _whatif(parser: argparse.ArgumentParser) -> None:
    _sources(parser, "capture files, a session, or synthetic:SCENARIO[:SEED]")
    parser.add_argument("--config", type=Path, metavar="C", help="the desk's TOML file (default: built-in parameters)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a quoting parameter; repeat")
    sweep = "the same market under many values: KEY=A..B:N, or KEY=V,V,...; repeat for every combination"
    parser.add_argument("--sweep", action="append", default=[], metavar="KEY=A..B:N", help=sweep)
    parser.add_argument("--jobs", type=int, metavar="J", help="processes of a sweep (default: one a core)")
    parser.add_argument("--model", choices=("pessimistic", "optimistic", "both"), default="both", help="the fill model")
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of latencies (default: the config's, else 1)")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after so many seconds of the source's clock")
    parser.add_argument("--out", metavar="SESSION", help="name or folder of the run that is recorded")
    json_flag(parser)


def _book(parser: argparse.ArgumentParser) -> None:
    _sources(parser, "capture files, or a session")
    parser.add_argument("--instrument", required=True, metavar="ID", help="venue:SYMBOL")
    parser.add_argument("--at", required=True, action="append", metavar="NS[,NS...]", help="instants, ns since 1970")
    parser.add_argument("--depth", type=int, metavar="N", help="levels a side (default: all)")
    json_flag(parser)


def _import(parser: argparse.ArgumentParser) -> None:
    _sources(parser, "capture files")
    parser.add_argument("--out", required=True, metavar="SESSION", help="name or folder of the session to write")
    json_flag(parser)


def _wire(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("venue", metavar="VENUE", help="a venue's family, such as binance")
    parser.add_argument("file", type=Path, metavar="FILE", help="raw messages, one a line, or one JSON file")


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one benchmark (default: all)")
    json_flag(parser)


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="?", type=Path, metavar="CONFIG", help="check this config as well")
    json_flag(parser)


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the config to write (default mmtui.toml)")
    parser.add_argument("--name", metavar="N", help="the desk's name")
    parser.add_argument("--market", metavar="M", help="synthetic, captures, or live data with paper fills")
    parser.add_argument("--capture", action="append", default=[], metavar="FILE", help="a raw capture; repeat")
    parser.add_argument("--yes", action="store_true", help="ask nothing, take every default")


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="prints what it is to source")


def _nothing(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def _sim(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=seed, metavar="N", help="so many seeds, each in two processes (default 100)")
    which.add_argument("--seed", type=seed, metavar="S", help="one seed, its story printed")
    parser.add_argument("--from", type=seed, default=1, metavar="S", dest="first", help="the first seed (default 1)")
    parser.add_argument("--jobs", type=int, metavar="J", help="processes at a time (default: one a core)")
    parser.add_argument("--once", action="store_true", help="each seed in one process only")
    parser.add_argument("--shrink", action="store_true", help="with --seed: which faults are needed for its breach")
    json_flag(parser)


COMMANDS: tuple[Sub, ...] = (
    Sub("demo", "synthetic market of three venues, paper execution: no config, no network, no keys", "cli:demo", _demo),
    Sub("init", "a few questions, and a config that runs", "config.wizard:run", _init),
    Sub("run", "start a desk (or find it running) and open the cockpit on it", "cli:run", _run),
    Sub("engine", "a desk without a cockpit; prints one JSON line when ready", "host.main:engine", _engine),
    Sub("attach", "another cockpit on a desk that runs", "cli:attach", _attach),
    Sub("ctl", "one act on a desk that runs, or its status", "host.ctl:run", _ctl),
    Sub("kill", "block, cancel and prove: every desk, or one; needs no cockpit", "host.kill:run", _kill),
    Sub("guard", "watch a live desk's decision loop; cancel when it stands still", "host.guard:run", cli_live.guard),
    Sub("replay", "open a recorded session in the cockpit, or verify it", "cli:replay", _replay),
    Sub("whatif", "run the engine again over captures or a session", "review.whatif:run", _whatif),
    Sub("book", "the depth book as it stood", "review.book:run", _book),
    Sub("import", "raw captures -> a session that can be replayed", "review.importer:run", _import),
    Sub("export", "a session as Parquet, CSV or hftbacktest files", "review.export:run", cli_review.export),
    Sub("wire", "decode raw messages of a venue to events", "review.wire:run", _wire),
    Sub("venue", "a loopback exchange that speaks a venue's real protocol", "venues.loopback.main:run", cli_live.venue),
    Sub("keys", "API keys, sealed or in a keyring: add, list, check, remove", "host.keys:run", cli_live.keys),
    Sub("sessions", "what has been recorded", "review.sessions:run", json_flag),
    Sub("report", "a shift for the next: profit, fills, promises, incidents", "review.report:run", cli_review.report),
    Sub("bundle", "an incident as one file that somebody else can open", "review.bundle:run", cli_review.bundle),
    Sub("audit", "check a session's chain of records", "review.audit:run", cli_review.audit),
    Sub("sim", "the whole desk under simulated venues, network, disk and operators that fail", "sim.main:run", _sim),
    Sub("schema", "JSON Schema of a config, for editors", "config.json_schema:run", _nothing),
    Sub("completion", "commands and options for a shell's tab key", "completion:run", _completion),
    Sub("bench", "measure this machine", "bench:run", _bench),
    Sub("doctor", "limits, protections and where things live; checks a config", "bench.doctor:run", _doctor),
)
