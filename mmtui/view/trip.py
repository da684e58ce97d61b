"""The trip card of a kill: blocked, cancelled, proven, venue by venue; and what is left.

Rules of this file: rows only. -1 in a row means that it has not happened yet, and is shown as such.
"""

from __future__ import annotations

from mmtui.link.parts import TripRow, TripView
from mmtui.view import formats as fmt
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, rule, wrap

WIDE = 64


def trip(model: Model, card: TripView, cells: int, height: int) -> list[Row]:
    """A table where it fits, else a few rows a venue."""
    role = "killed" if not card.proven else "stopped"
    word = "PROVEN ZERO" if card.proven else "VERIFYING"
    who = f" by {clean(card.by)} at {fmt.clock(card.at, millis=True)}"
    cause = f" scope {card.scope} · cause {clean(card.cause)}"
    rows: list[Row]
    if cells >= WIDE:
        rows = [clip([(f" KILLED {word} ", role), (who, "bright"), (f"  {cause}", "text")], cells)]
    else:
        rows = [((f" KILLED {word} ", role),), clip([(who, "bright")], cells), clip([(cause, "text")], cells)]
    if cells >= WIDE:
        rows.append(
            clip([(f" {'venue':<8}{'blocked':>9}{'cancels':>14}{'acked':>9}{'verified':>11}  left", "dim")], cells)
        )
        for line in card.rows:
            rows.append(_table_row(model, card, line, cells))
    else:
        for line in card.rows:
            rows += _list_rows(model, card, line, cells)
    if cells >= WIDE and height > len(rows) + 1:
        rows.insert(0, rule("kill", cells, (), "danger"))
    lead = " next: "
    for text in wrap(clean(card.next), cells - len(lead))[: max(1, height - len(rows))]:
        rows.append(((lead, "dim"), (text, "text")))
        lead = " " * len(lead)
    return rows[:height]


def _us(value: int) -> str:
    return f"{value / 1000:.1f} ms" if value >= 0 else "…"


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value >= 0 else "…"


def _proof(line: TripRow) -> Span:
    if line.verified_ms >= 0 and not line.unknown and not line.open_orders:
        return f"{line.verified_ms:.0f} ms ✓", "ok"
    if line.silent_ms >= 0:
        return f"silent {line.silent_ms / 1000:.1f} s", "danger"
    if line.unknown:
        return f"{line.unknown} UNKNOWN", "danger"
    return (f"{line.open_orders} open", "warn") if line.open_orders else ("…", "warn")


def _left(model: Model, card: TripView, venue: str) -> str:
    parts: list[str] = []
    for instrument, size in card.positions.items():
        item = next((i for i in model.instruments if i.id == instrument), None)
        if ((item is not None and item.venue == venue) or instrument == venue) and fmt.amount(size):
            inverse = item is not None and item.kind == "inverse"
            unit = f"{item.base} ct" if item and inverse else item.base if item else ""
            parts.append(f"{fmt.money(size, 0 if inverse else 3)} {unit}".strip())
    return ", ".join(parts) or "flat"


def _table_row(model: Model, card: TripView, line: TripRow, cells: int) -> Row:
    text, role = _proof(line)
    sent = f"{_us(line.sent_us)} ({line.sent_orders})"
    return clip(
        [
            (f" {model.name(line.venue):<8}", "bright"),
            (f"{_us(line.blocked_us):>9}{sent:>14}{_ms(line.acked_ms):>9}", "text"),
            (f"{text:>11}", role),
            (f"  {_left(model, card, line.venue)}", "text"),
            (f"  {clean(line.text)}" if line.text else "", "dim"),
        ],
        cells,
    )


def _list_rows(model: Model, card: TripView, line: TripRow, cells: int) -> list[Row]:
    text, role = _proof(line)
    return [
        clip([(f" {model.name(line.venue):<7}", "bright"), (text, role)], cells),
        clip([("   left ", "dim"), (_left(model, card, line.venue), "text")], cells),
        clip([(f"   blocked {_us(line.blocked_us)} · acked {_ms(line.acked_ms)}", "dim")], cells),
        clip([(f"   {line.sent_orders} cancels sent in {_us(line.sent_us)}", "dim")], cells),
    ]
