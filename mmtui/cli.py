"""The command line: arguments only. Each sub-command imports its front end inside itself, when it is used.

Rules of this file: nothing heavy at the top (`mmtui --help` must cost nothing); the only place that knows exit codes:
0 done, 1 the answer is "no", 2 wrong usage or config, 3 a venue or file failed.  A user's mistake is one line.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from mmtui import __version__, cli_live, cli_review, fast
from mmtui.cli_review import json_flag
from mmtui.core.errors import UserError

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?$")


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see `{self.prog} --help`")


class Sub(NamedTuple):
    """One sub-command: `front` is `module:function`, imported when it runs."""

    name: str
    help: str
    front: str
    arguments: Callable[[argparse.ArgumentParser], None]
    text: str = ""


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


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: a whole number from 0 to 9223372036854775807")
    return int(text)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=_seed, metavar="N", help="the market's seed (default 1)")
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
    parser.add_argument("--seed", type=_seed, metavar="N", help="seed of latencies (default: the config's, else 1)")
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
    which.add_argument("--seeds", type=_seed, metavar="N", help="so many seeds, each in two processes (default 100)")
    which.add_argument("--seed", type=_seed, metavar="S", help="one seed, its story printed")
    parser.add_argument("--from", type=_seed, default=1, metavar="S", dest="first", help="the first seed (default 1)")
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


def demo(args: argparse.Namespace) -> int:
    """Start the demo's host (or find it) and become its cockpit."""
    from mmtui.host.launch import start_demo

    _terminal(lambda: _scenario(args.scenario))
    return _cockpit(start_demo(args.seed, args.scenario).socket)


def run(args: argparse.Namespace) -> int:
    """Start the desk's host (or find it running) and become its cockpit."""
    _terminal(lambda: _front("config.load:load_config")(args.config))
    return _cockpit(cli_live.start(args).socket)


def attach(args: argparse.Namespace) -> int:
    """Another cockpit on a desk that runs."""
    from mmtui.host.registry import find

    return _cockpit(lambda: find(args.name, replays=True).socket, observe=args.observe)


def replay(args: argparse.Namespace) -> int:
    """A recorded session in the cockpit; with --verify, the proof without one."""
    if args.verify:
        return _front("review.verify:run")(args)
    from mmtui.host.launch import start_replay
    from mmtui.review.sessions import find_session
    from mmtui.tape.reader import TapeReader

    session = find_session(args.session)
    reader = TapeReader(session)
    _terminal(lambda: None)
    if reader.header.source.get("kind") == "whatif" and not reader.count:
        from mmtui.review.whatif import expand

        print("mmtui: making the run again from its sources ...", file=sys.stderr)
        session = expand(session)
    return _cockpit(start_replay(str(session.resolve()), args.speed, args.at).socket)


def default() -> int:
    """`mmtui` alone: the only desk that runs; the list of them; the demo."""
    from mmtui.host.registry import running

    desks = [desk for desk in running() if desk.mode in ("LIVE", "PAPER", "SHADOW")]
    if len(desks) == 1:
        return _cockpit(lambda: desks[0].socket)
    if desks:
        names = "\n".join(f"  mmtui attach {desk.name}    {desk.mode}, pid {desk.pid}" for desk in desks)
        print(f"mmtui: {len(desks)} desks run; name one:\n{names}", file=sys.stderr)
        return 2
    return demo(argparse.Namespace(seed=None, scenario=None))


def _terminal(check: Callable[[], Any]) -> None:
    """Before a host is started for it: without a terminal there is no cockpit, and no host is left behind.

    `check` raises what is wrong with the arguments themselves: that is said first.
    """
    from mmtui.tui.terminal import require_terminal

    try:
        require_terminal()
    except UserError:
        check()
        raise


def _scenario(name: str | None) -> None:
    from mmtui.venues.synthetic.market import SCENARIOS

    if name is not None and name not in SCENARIOS:
        raise UserError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")


def _cockpit(socket: Callable[[], Path], observe: bool = False) -> int:
    """Import the cockpit while the host starts, then become it."""
    from mmtui.tui.run import run_cockpit

    return run_cockpit(socket(), observe=observe)


def _front(target: str) -> Callable[[argparse.Namespace], int]:
    module, _, name = target.partition(":")
    if module == "cli":
        return globals()[name]  # type: ignore[no-any-return]
    front: Any = getattr(import_module(f"mmtui.{module}"), name)
    return front  # type: ignore[no-any-return]


def build_parser() -> tuple[Parser, dict[str, Parser]]:
    """The whole command line, and the parser of each sub-command."""
    parser = Parser(
        prog="mmtui",
        description="A terminal cockpit for crypto market makers. Alone: the desk that runs, else the demo.",
        epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong usage or config, 3 a venue or file failed.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mmtui {__version__} (engine: {fast.kind()})")
    subs = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    parsers = {}
    for sub in COMMANDS:
        parsers[sub.name] = subs.add_parser(
            sub.name, help=sub.help, description=sub.help[0].upper() + sub.help[1:] + ".", allow_abbrev=False
        )
    return parser, parsers


def ctl_order(words: Sequence[str]) -> list[str]:
    """Options first, then `--` and the words: a negative number among them is no option."""
    options: list[str] = []
    rest: list[str] = []
    waiting = False
    for word in words:
        if waiting:
            options.append(word)
            waiting = False
        elif word.startswith("-") and not _NUMBER.match(word):
            options.append(word)
            waiting = word in ("--instrument", "--venue", "--reason")
        else:
            rest.append(word)
    return [*options, "--", *rest]


def dispatch(argv: Sequence[str]) -> int:
    """Parse and run. Raises UserError for a mistake."""
    if not argv:
        return default()
    parser, parsers = build_parser()
    sub = next((sub for sub in COMMANDS if sub.name == argv[0]), None)
    if sub is None:
        if not argv[0].startswith("-"):
            raise UserError(f"there is no command {argv[0]!r}; see `mmtui --help`")
        parser.parse_args(argv)
        return default()
    own = parsers[sub.name]
    sub.arguments(own)  # only what is used is built: the help of all costs nothing
    rest = list(argv[1:])
    args = own.parse_args(ctl_order(rest) if sub.name == "ctl" else rest)
    return _front(sub.front)(args)


def main(argv: Sequence[str] | None = None) -> int:
    """The `mmtui` command; returns its exit code."""
    try:
        return dispatch(sys.argv[1:] if argv is None else argv)
    except UserError as error:
        print(f"mmtui: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader has gone (`| head`): nothing more can be said, and Python must not say so at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"mmtui: {where}{error.strerror or error}", file=sys.stderr)
        return 3
