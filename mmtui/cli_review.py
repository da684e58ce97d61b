"""The command line's words for recorded sessions: reports, audits, exports, incident bundles.

Rules of this file: arguments only, as in cli.py; nothing heavy at the top.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else, on standard output")


def export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", help="a session's name or folder")
    parser.add_argument("--format", required=True, choices=("parquet", "csv", "hftbacktest"), help="of the files")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="a folder that is not there, or empty")


def report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", nargs="*", metavar="SESSION", help="names or folders of sessions")
    parser.add_argument("--charts", action="store_true", help="with a chart of the profit and its parts")
    parser.add_argument("--obligations", action="store_true", help="a month of obligations, over all sessions or these")
    parser.add_argument("--month", metavar="YYYY-MM", default="", help="the month, such as 2026-11")
    parser.add_argument("--desk", metavar="NAME", default="", help="only sessions of this desk")
    json_flag(parser)


def audit(parser: argparse.ArgumentParser) -> None:
    what = "verify: check the chain of a session's records; roots: the end of each session's chain, to keep elsewhere"
    parser.add_argument("verify", choices=("verify", "roots"), metavar="verify | roots", help=what)
    parser.add_argument("session", nargs="?", metavar="SESSION", help="a session's name or folder (verify)")
    json_flag(parser)


def bundle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", help="a session's name or folder")
    when = "the instant (UTC): ns since 1970, 2026-11-20T14:03:22, or 14:03:22"
    parser.add_argument("--around", required=True, metavar="T", help=when)
    parser.add_argument("--minutes", type=float, default=5.0, metavar="M", help="before and after T (default 5)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the file to write (default SESSION-part-RECORD.zip)")
    json_flag(parser)
