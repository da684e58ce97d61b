"""What an incident bundle tells a person: the desk at the instant, and what was done, said and filled around it.

Rules of this file: reads an engine and records, returns Markdown; times are UTC, money in the desk's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmtui.core.commands import BY_NAME
from mmtui.core.effects import Alert, Effect, PlaceOrder, Result
from mmtui.core.engine import Engine
from mmtui.core.events import Command, Event, Fill
from mmtui.core.ledger.account import PARTS
from mmtui.core.ledger.ledger import money
from mmtui.review.report_text import money_text, table
from mmtui.tape.format import instant

#: Lines of one kind that are told; the rest is counted.
TOLD = 200
Row = list[str]


class Story:
    """Sees the records of a part after the engine has; `look` once, before the first record after the instant."""

    def __init__(self, engine: Engine, around: int) -> None:
        self.engine = engine
        self.around = around
        self.records = self.differences = self.orders = 0
        self.start = self.end = engine.ts
        self.lost = False
        self.acts: list[Row] = []
        self.alerts: list[Row] = []
        self.fills: list[Row] = []
        self.states: list[Row] = []
        self.pnl = {"at the start": engine.ledger.parts()}
        self.at: list[str] = []  # Markdown of the instant

    def see(self, index: int, event: Event, recorded: list[Effect], made: list[Effect]) -> None:
        if not self.records:
            self.start = event.ts
        self.records += 1
        self.end = event.ts
        self.differences += made != recorded
        when = instant(event.ts)
        if isinstance(event, Command) and event.action in BY_NAME:
            result = next((effect for effect in recorded if isinstance(effect, Result)), None)
            said = ("" if result.ok else "REFUSED: ") + result.text if result else ""
            who = f"{event.operator} ({event.role}, {event.origin})"
            args = "" if event.args in ("", "{}") else f" {event.args}"
            self.acts.append([when, who, f"{event.action}{args}", event.reason, said])
        elif isinstance(event, Fill):
            self._fill(when, event)
        for effect in recorded:
            if isinstance(effect, Alert):
                row = [when, effect.severity, effect.code, effect.text]
                (self.states if effect.code in ("state", "kill") else self.alerts).append(row)
            elif isinstance(effect, PlaceOrder):
                self.orders += 1

    def _fill(self, when: str, event: Fill) -> None:
        grid = self.engine.accounts[event.i].grid
        side, how = "BUY" if event.side > 0 else "SELL", "maker" if event.maker else "taker"
        size, price = grid.size_text(event.sz), grid.price_text(event.px)
        self.fills.append([when, self.engine.name(event.i), side, size, price, how, f"{event.fee} {event.fee_asset}"])

    def look(self) -> None:
        """The desk as it stood at the instant."""
        if not self.at:
            self.pnl["at the instant"] = self.engine.ledger.parts()
            self.at = [_states(self.engine), _instruments(self.engine), _waterfalls(self.engine)]


def summary(story: Story, manifest: Mapping[str, Any], journal: list[dict[str, object]]) -> str:
    """The whole text."""
    story.pnl["at the end"] = story.engine.ledger.parts()
    setup = story.engine.setup
    again = "the engine makes every effect again" if not story.differences else (
        f"**{story.differences:,} records have other effects with this mmtui than were recorded**"
    )
    head = [
        f"# Incident of desk {setup.name}, {setup.mode}, around {instant(story.around)}",
        "",
        f"Part of session {manifest['session']}: records {manifest['first']:,} to"
        f" {manifest['first'] + story.records - 1:,} ({story.records:,}), {instant(story.start)} to"
        f" {instant(story.end)}; {again}.",
        f"Recorded by mmtui {manifest['mmtui']['recorded'] or '?'}, bundled by {manifest['mmtui']['bundled']}, Python"
        f" {manifest['python']}, {manifest['platform']}.",
        *(f"**{sentence}**" for sentence in manifest["damage"]),
        "",
        "Open it with `mmtui replay BUNDLE`, prove it with `mmtui replay BUNDLE --verify`.",
    ]
    lines = [f"- {_line(line)}" for line in journal]
    blocks = [
        "\n".join(head),
        f"## At {instant(story.around)}",
        *story.at,
        _money(story),
        _block("Operators' acts", ["time", "who", "act", "reason", "what became of it"], story.acts),
        _block("States and kills", ["time", "severity", "kind", "text"], story.states),
        _block("Alerts", ["time", "severity", "kind", "text"], story.alerts),
        _block("Fills", ["time", "instrument", "side", "size", "price", "as", "fee"], story.fills),
        f"{story.orders:,} orders were sent in this time.",
        "## Side journal\n\n" + ("\n".join(lines[-TOLD:]) or "Nobody came or went."),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _block(title: str, head: Row, rows: list[Row]) -> str:
    if not rows:
        return f"## {title}\n\nNone."
    more = f"\n\nand {len(rows) - TOLD:,} before these" if len(rows) > TOLD else ""
    clean = [[cell.replace("|", "¦").replace("\n", " ") for cell in row] for row in rows[-TOLD:]]
    return f"## {title} ({len(rows):,})\n\n{table(head, clean, left=len(head))}{more}"


def _line(line: dict[str, object]) -> str:
    ts = line.get("ts")
    when = f"{instant(ts)} " if isinstance(ts, int) and ts else ""
    return when + ", ".join(str(v) if k == "kind" else f"{k} {v}" for k, v in line.items() if k != "ts")


def _money(story: Story) -> str:
    rows = [
        [when, money_text(money(sum(parts.values()))), *(money_text(money(parts[part])) for part in PARTS)]
        for when, parts in story.pnl.items()
    ]
    shown = [k for k in range(2 + len(PARTS) - 1) if k < 2 or any(row[k] != "0.00" for row in rows)]
    head = ["PnL", "total", *PARTS]
    body = [[row[k] for k in shown] for row in rows]
    return f"## PnL, {story.engine.setup.currency}\n\n{table([head[k] for k in shown], body)}"


def _states(engine: Engine) -> str:
    lattice = engine.lattice
    rows = [["desk", lattice.desk.name, lattice.reasons.get("desk", "")]]
    for kind, states, names in (
        ("venue", lattice.venues, engine.setup.venues),
        ("instrument", lattice.instruments, [engine.name(i) for i in range(len(engine.accounts))]),
    ):
        for state, name in zip(states, names, strict=True):
            rows.append([f"{kind} {name}", state.name, lattice.reasons.get(f"{kind}:{name}", "")])
    for i, why in enumerate(engine.protections.reasons):
        if why:
            rows.append([f"protection on {engine.name(i)}", "quotes pulled", why])
    return f"### States\n\n{table(['scope', 'state', 'why'], rows, left=3)}"


def _instruments(engine: Engine) -> str:
    rows = []
    for i, account in enumerate(engine.accounts):
        grid, book = account.grid, engine.books[i]
        bid, ask = (grid.price_text(px) if px else "-" for px in (book.bid, book.ask))
        valid = "valid" if book.valid else f"not valid: {book.why}"
        rows.append([engine.name(i), bid, ask, valid, grid.size_text(account.position), str(engine.tracker.count[i]),
                     str(engine.tracker.unknown(i)), money_text(money(account.total()))])  # fmt: skip
    head = ["instrument", "bid", "ask", "book", "position", "open orders", "UNKNOWN", "PnL"]
    return f"### Markets and positions\n\n{table(head, rows)}"


def _waterfalls(engine: Engine) -> str:
    blocks = []
    for i, quoter in enumerate(engine.quoters):
        if not quoter.enabled:
            continue
        tick = float(engine.accounts[i].grid.tick)
        for name, side in (("bid", 1), ("ask", -1)):
            lines = quoter.why(side)
            if not lines:
                blocks.append(f"{engine.name(i)} {name}: not quoted: {quoter.reasons[side] or 'no price yet'}")
                continue
            rows = [[line.label, f"{line.value * tick:+,.6g}" if k else "", f"{line.after * tick:,.8g}"]
                    for k, line in enumerate(lines)]  # fmt: skip
            blocks.append(f"{engine.name(i)} {name}\n\n{table(['step', 'moves by', 'price'], rows)}")
    return "### Why the quotes stood there\n\n" + ("\n\n".join(blocks) or "No instrument is quoted.")
