"""`mmtui init`: a few questions, and a config that runs.

Every question has a default that Enter takes; `--yes` takes them all.  What is written has been loaded before it stands
under its name, and an existing file is never written over.  Rules of this file: questions and the document; what a
config may hold is load.py's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from decimal import Decimal
from glob import glob
from pathlib import Path
from typing import Any

import tomli_w

from mmtui.config.defaults import default_baseline, default_quoting, default_size
from mmtui.config.load import check_name, load_config
from mmtui.core.errors import UserError
from mmtui.core.market.instrument import Instrument, plain

SYNTHETIC, CAPTURES = "synthetic", "captures"
#: What is written where no file is named.
HERE = "mmtui.toml"

Check = Callable[[str], str]  # what is wrong with an answer, "" when nothing is


class Asker:
    """Asks on the terminal; with `taken` every question has its default as the answer."""

    def __init__(self, taken: bool, read: Callable[[str], str] = input) -> None:
        self.taken = taken
        self.read = read

    def text(self, question: str, default: str, check: Check = lambda answer: "") -> str:
        """An answer that `check` has nothing against."""
        while True:
            answer = default
            if not self.taken:
                try:
                    answer = self.read(f"{question} [{default}]: ").strip() or default
                except EOFError:
                    raise UserError("init: nothing was written") from None
            wrong = check(answer)
            if not wrong:
                return answer
            if self.taken:
                raise UserError(f"init: {wrong}")
            print(f"  {wrong}")

    def number(self, question: str, default: str, least: Decimal = Decimal(0)) -> Decimal:
        """A number above `least`."""

        def check(answer: str) -> str:
            try:
                value = Decimal(answer)
            except ArithmeticError:
                return f"{answer!r} is no number"
            return "" if value.is_finite() and value > least else f"give a number above {least}"

        return Decimal(self.text(question, default, check))

    def choice(self, question: str, options: dict[str, str], default: str) -> str:
        """One of the options, by name or number."""
        names = list(options)
        if not self.taken:
            print(question)
            for number, (name, what) in enumerate(options.items(), 1):
                print(f"  {number}  {name:<14} {what}")

        def check(answer: str) -> str:
            known = answer in names or (answer.isdecimal() and 0 < int(answer) <= len(names))
            return "" if known else f"give one of {', '.join(names)}, or its number"

        answer = self.text("which", default, check)
        return answer if answer in names else names[int(answer) - 1]


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    if not args.yes and not sys.stdin.isatty():
        raise UserError("init: asks its questions on a terminal; --yes takes every default")
    path = args.file or Path(HERE)
    if path.exists():
        raise UserError(f"{path}: is there already; name another file")
    ask = Asker(args.yes)
    document = make(ask, args, path.resolve().parent)
    write(path, document)
    print(f"{path} is written. Its market and parameters: `mmtui doctor {path}`; the desk: `mmtui run {path}`")
    return 0


def make(ask: Asker, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The document of the answers."""
    from mmtui.venues import resolve

    name = ask.text("name of the desk", args.name or "desk", lambda text: check_name(text) or "")
    markets = {
        SYNTHETIC: "a made market of three venues: no network, no files",
        CAPTURES: "recorded raw messages of real venues, on paper",
        **dict.fromkeys(resolve.LIVE, "its live market, on paper: no keys"),
    }
    given = CAPTURES if args.capture else args.market or SYNTHETIC
    market = given if args.market or args.capture else ask.choice("the market", markets, SYNTHETIC)
    if market not in markets:
        raise UserError(f"init: --market takes one of {', '.join(markets)}")
    prices: dict[str, float] = {}
    sources: dict[str, str | list[str]]
    if market == SYNTHETIC:
        scenario = ask.choice("what happens in it", resolve.scenarios(), "calm")
        items = resolve.simulated(scenario, 1)
        sources = {item.venue: f"synthetic:{scenario}" for item in items}
    elif market in resolve.LIVE:
        items, sources = _live(ask, market), {}
    else:
        files = _files(ask, args.capture)
        by_venue: dict[str, list[str]] = {}
        items = []
        for file in files:
            found, hints = resolve.captured([file])
            items += found
            prices |= hints
            for venue in dict.fromkeys(item.venue for item in found):
                by_venue.setdefault(venue, []).append(_relative(file, folder))
        sources = dict(by_venue)
    items = _chosen(ask, list({item.id: item for item in items}.values()))
    return _document(ask, name, items, sources, prices)


def _live(ask: Asker, venue: str) -> list[Instrument]:
    """Instruments of a live venue whose tick and lot are known here."""
    from mmtui.venues import resolve

    usual = resolve.usual(venue)

    def check(text: str) -> str:
        unknown = [symbol for symbol in text.upper().split() if symbol not in usual]
        known = f"tick and lot are not known here; they are of {', '.join(usual)}"
        return f"{unknown[0]}: {known}" if unknown else "" if text.split() else "name one"

    symbols = ask.text("symbols", " ".join(usual[:2]), check).upper().split()
    return [item for symbol in dict.fromkeys(symbols) if (item := resolve.live(venue, symbol)) is not None]


def _files(ask: Asker, given: list[str]) -> list[Path]:
    def found(text: str) -> list[Path]:
        return [Path(name) for part in text.split() for name in sorted(glob(str(Path(part).expanduser()))) or [part]]

    def check(text: str) -> str:
        missing = [str(path) for path in found(text) if not path.is_file()]
        return f"{missing[0]}: there is no such file" if missing else "" if found(text) else "name at least one file"

    if given:
        wrong = check(" ".join(given))
        if wrong:
            raise UserError(f"init: {wrong}")
        return found(" ".join(given))
    return found(ask.text("capture files (several, or a pattern)", "*.gz", check))


def _relative(file: Path, folder: Path) -> str:
    """Relative to the config where it stands below it."""
    whole = file.resolve()
    return str(whole.relative_to(folder)) if whole.is_relative_to(folder) else str(whole)


def _chosen(ask: Asker, items: list[Instrument]) -> list[Instrument]:
    if len(items) == 1 or ask.taken:
        return items
    print("instruments")
    for number, item in enumerate(items, 1):
        print(f"  {number}  {item.id}")

    def check(text: str) -> str:
        good = text == "all" or all(n.isdecimal() and 0 < int(n) <= len(items) for n in text.replace(",", " ").split())
        return "" if good and text else f"give numbers from 1 to {len(items)}, or all"

    text = ask.text("which of them (numbers, or all)", "all", check)
    if text == "all":
        return items
    return [items[int(n) - 1] for n in dict.fromkeys(text.replace(",", " ").split())]


def _document(
    ask: Asker,
    name: str,
    items: list[Instrument],
    sources: dict[str, str | list[str]],
    prices: dict[str, float],
) -> dict[str, Any]:
    currency = ask.text("currency of PnL and limits", _currency(items))
    equity = ask.number(f"equity behind the desk, {currency}", "100000")
    loss = ask.number("halt at a day's loss of so many % of it", "1")
    spread = ask.number("full width from own bid to own ask, bps", "5")
    levels = ask.number("orders a side", "1")
    if levels != int(levels) or levels > 20:
        raise UserError("init: orders a side is a whole number from 1 to 20")
    venues = list(dict.fromkeys(item.venue for item in items))
    instruments: list[dict[str, Any]] = []
    profiles: dict[str, dict[str, Any]] = {}
    for item in items:
        size = default_size(item, prices.get(item.id, 0.0))
        profile = f"{item.base.lower()}-{item.kind}"
        profiles.setdefault(
            profile, {"spread_bps": float(spread), "levels": int(levels), "size": float(size)}
        )  # the other market's lot may be coarser: each asset and kind has its own
        entry: dict[str, Any] = {"id": item.id, "quoting": profile, "max_position": float(size * 20)}
        if item.kind == "spot":
            entry["baseline"] = float(default_baseline(item, default_quoting(item, prices.get(item.id, 0.0))))
        instruments.append(entry)
    return {
        "desk": {"name": name, "mode": "paper", "currency": currency, "equity": float(equity), "autostart": False},
        "venue": [{"id": venue, **({"source": sources[venue]} if sources else {})} for venue in venues],
        "instrument": instruments,
        "quoting": profiles,
        "limits": {"daily_loss": float(equity * loss / 100), "drawdown": float(equity * loss * 3 / 200)},
    }


def _currency(items: list[Instrument]) -> str:
    """What most of the instruments are quoted in, a stable dollar before the dollar."""
    quotes = [item.quote for item in items if item.kind != "inverse"] or ["USDT"]
    return max(dict.fromkeys(quotes), key=quotes.count)


def write(path: Path, document: dict[str, Any]) -> None:
    """Put the document under its name if it loads. ConfigError, and no file, when it does not."""
    text = f"# Written by `mmtui init`. `mmtui doctor {path.name}` prints every key that there is.\n\n"
    for section, value in _plain(document).items():  # arrays of tables as people write them
        for one in value if isinstance(value, list) else [{section: value}]:
            text += (f"[[{section}]]\n" if isinstance(value, list) else "") + tomli_w.dumps(one) + "\n"
    new = path.with_name(path.name + ".new")
    try:
        new.write_text(text, encoding="utf-8")
        try:
            load_config(new)
            new.rename(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def _plain(value: Any) -> Any:
    """Whole numbers without their .0."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(plain(Decimal(repr(value))))
    return value
