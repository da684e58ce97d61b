"""The command line: what is typed becomes a sub-command of cli_commands.py; its front end is imported when it is used.

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
from typing import Any, NoReturn

from mmtui import __version__, cli_live, fast
from mmtui.cli_commands import COMMANDS
from mmtui.core.errors import UserError

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?$")


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see `{self.prog} --help`")


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

    return _cockpit(lambda: args.socket or find(args.name, replays=True).socket, observe=args.observe)


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
    from mmtui.tui.terminal import require_keymap, require_terminal

    try:
        require_terminal()
    except UserError:
        check()
        raise
    require_keymap()


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
        epilog="`mmtui COMMAND --help` has examples. Exit codes: 0 done, 1 the answer is no, 2 wrong usage or config,"
        " 3 a venue or file failed.",
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=16),
    )
    parser.add_argument("--version", action="version", version=f"mmtui {__version__} (engine: {fast.kind()})")
    subs = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    parsers = {}
    for sub in COMMANDS:
        parsers[sub.name] = subs.add_parser(
            sub.name, help=sub.help, description=sub.help[0].upper() + sub.help[1:] + ".", allow_abbrev=False
        )
    return parser, parsers


def _manual(parser: Parser, name: str) -> None:
    """Under the arguments: what the command is for, examples, exit codes."""
    from mmtui.cli_help import manual

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n\n".join(filter(None, (parser.epilog, manual(name))))


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
            waiting = word in ("--instrument", "--venue", "--reason", "--socket")
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
    if "-h" in rest or "--help" in rest:
        _manual(own, sub.name)
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
