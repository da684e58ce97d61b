"""A shift as Markdown: what was earned and of what, how it was filled, what was promised, what went wrong.

Rules of this file: plain data in, text out; a number that there is none of is a dash.
"""

from __future__ import annotations

from typing import Any

from mmtui.core.ledger.account import PARTS
from mmtui.tape.format import instant

#: Parts that stand in a table even when they are zero.
ALWAYS = ("spread", "inventory", "fees")


def markdown(shift: dict[str, Any], charts: bool = False) -> str:
    """The report of one session."""
    blocks = [
        _head(shift), _pnl(shift), _levels(shift), _intervals(shift), _fills(shift), _markouts(shift),
        _obligations(shift), _health(shift), _incidents(shift),
    ]  # fmt: skip
    if charts:
        blocks.insert(2, _charts(shift))
    return "\n\n".join(block for block in blocks if block) + "\n"


def table(head: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A Markdown table, its columns aligned in the text too; the first `left` of them to the left."""
    widths = [max(3, *(len(row[k]) for row in [head, *rows])) for k in range(len(head))]
    marks = ["-" * w if k < left else "-" * (w - 1) + ":" for k, w in enumerate(widths)]

    def line(cells: list[str]) -> str:
        padded = (c.ljust(w) if k < left else c.rjust(w) for k, (c, w) in enumerate(zip(cells, widths, strict=True)))
        return f"| {' | '.join(padded)} |"

    return "\n".join([line(head), line(marks), *map(line, rows)])


def _head(shift: dict[str, Any]) -> str:
    seconds = (shift["end"] - shift["start"]) // 10**9
    length = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    end = "closed" if shift["closed"] else "not closed: it runs, or its host died"
    why = f" ({shift['state_reason']})" if shift["state_reason"] else ""
    lines = [
        f"# {shift['session']}",
        "",
        f"Desk {shift['desk']}, {shift['mode']}, {instant(shift['start'])} to {instant(shift['end'])} ({length}),"
        f" {shift['records']:,} records, {end}.",
        f"State at the end: {shift['state']}{why}. Lives of the host: {shift['lives']}.",
    ]
    held = [
        f"{name} {one['position']} with {one['open_orders']} open orders"
        for name, one in shift["instruments"].items()
        if one["position"] != "0" or one["open_orders"]
    ]
    lines.append(f"Handed over: {'; '.join(held) or 'no position, no open order'}.")
    if shift["unknown_orders"]:
        lines.append(f"**{shift['unknown_orders']} orders UNKNOWN.**")
    return "\n".join([*lines, *(f"**{sentence}**" for sentence in shift["trouble"])])


def _columns(rows: list[dict[str, str]]) -> list[str]:
    """Parts worth a column."""
    return ["total", *(part for part in PARTS if part in ALWAYS or any(float(row.get(part, 0)) for row in rows))]


def _pnl(shift: dict[str, Any]) -> str:
    named = shift["instruments"].items()
    rows = {name: one["pnl"] for name, one in named if one["fills"] or float(one["pnl"]["total"])}
    rows["**all**"] = shift["pnl"]
    columns = _columns(list(rows.values()))
    body = [[name, *(money_text(row[part]) for part in columns)] for name, row in rows.items()]
    return f"## PnL, {shift['ccy']}\n\n{table(['instrument', *columns], body)}"


def _levels(shift: dict[str, Any]) -> str:
    lines = shift["lines"]
    if not lines:
        return ""
    columns = _columns(lines)
    side = {1: "buy", -1: "sell", 0: ""}
    body = [
        [line["instrument"], line["purpose"], side[line["side"]],
         str(line["level"] + 1) if line["purpose"] == "quote" else "", *(money_text(line[part]) for part in columns)]
        for line in lines
    ]  # fmt: skip
    head = ["instrument", "purpose", "side", "level", *columns]
    return f"### By side and level\n\n{table(head, body, left=4)}"


def _intervals(shift: dict[str, Any]) -> str:
    rows = shift["intervals"]
    if len(rows) < 2:
        return ""
    columns = _columns(rows)
    body = [[instant(row["from"])[:16], *(money_text(row[part]) for part in columns)] for row in rows]
    return f"### By {shift['interval_minutes']} min\n\n{table(['from (UTC)', *columns], body)}"


def _fills(shift: dict[str, Any]) -> str:
    body = [
        [name, f"{one['quotes']:,}", f"{one['fills']:,}", _share(one["fill_ratio"]), _number(one["quote_to_trade"]),
         one["bought"], one["sold"], _share(one["volume_share"], 2), _number(one["half_life_s"], 0),
         _share(one["uptime"]), f"{_share(one['best_bid'])} / {_share(one['best_ask'])}"]
        for name, one in shift["instruments"].items()
    ]  # fmt: skip
    head = ["instrument", "quotes", "fills", "fill ratio", "quotes/trade", "bought", "sold", "of volume", "half-life s",
            "both sides", "at best bid / ask"]  # fmt: skip
    return f"## Orders and fills\n\n{table(head, body)}"


def _markouts(shift: dict[str, Any]) -> str:
    body = []
    for name, one in shift["instruments"].items():
        for label, key in (("both", "markouts"), ("buys", "markouts_bid"), ("sells", "markouts_ask")):
            if one[key] and one[key][0][3]:
                body.append([name, label, *(_point(*point) for point in one[key])])
    if not body:
        return ""
    first = next(iter(shift["instruments"].values()))["markouts"]
    head = ["instrument", "side", *(f"{seconds:g} s" for seconds, *_ in first)]
    return f"## Markouts, bps: mean ± 95 % (fills)\n\n{table(head, body, left=2)}"


def _point(seconds: float, mean: float | None, ci: float | None, fills: int) -> str:
    if mean is None:
        return "-"
    return f"{mean:+.2f} ± {ci:.2f} ({fills:,})" if ci is not None else f"{mean:+.2f} ({fills:,})"


def _obligations(shift: dict[str, Any]) -> str:
    if not shift["obligations"]:
        return ""
    body = [
        [one["name"], f"{one['held']:,} of {one['elapsed']:,}", _share(one["earned"]),
         _share(one["required"] / one["total"]), _share(one["rest"]) if one["rest"] <= 1 else "lost",
         "inside" if one["inside"] else one["why"] or "outside"]
        for one in shift["obligations"]
    ]  # fmt: skip
    head = ["programme", "snapshots", "earned", "asked", "rest must hold", "at the end"]
    return f"## Obligations, last day\n\n{table(head, body)}"


def _health(shift: dict[str, Any]) -> str:
    body = []
    for name, one in shift["instruments"].items():
        depths = [f"{'' if known else '>'}{bid + ask:,.0f}" for _, bid, ask, known in one["depths"]] or ["-"] * 3
        word = {True: "healthy", False: "thin", None: "not known"}[one["healthy"]]
        spread = "-" if one["spread_pct"] is None else f"{one['spread_pct']:.4f} %"
        back = f"{_number(one['resilience_bid_s'])} / {_number(one['resilience_ask_s'])}"
        known = f"±{one['known_pct']:.2g} %" if one["depths"] else "-"
        body.append([name, word, spread, *depths, known, _share(one["own_share"]), back, one["why"]])
    head = ["instrument", "market", "spread", "±0.1 %", "±1 %", "±2 %", "known to", "own share", "back in s, bid / ask",
            "why"]  # fmt: skip
    rule = "Healthy: more than 500,000 of quote currency within ±1 % at under 0.3 % spread."
    return f"## Markets at the end\n\n{rule}\n\n{table(head, body)}"


def _incidents(shift: dict[str, Any]) -> str:
    lines = [f"- {instant(ts)} **{kind}** {text}" for ts, kind, text in shift["incidents"]]
    if shift["more_incidents"]:
        lines.append(f"- and {shift['more_incidents']:,} more")
    lines += [f"- {count:,} × {text}" for text, count in shift["trips"]]
    return "## Incidents\n\n" + ("\n".join(lines) or "None: no halt, kill, break or trip.")


def _charts(shift: dict[str, Any]) -> str:
    from mmtui.review.charts import Series, chart

    points = shift["points"]
    series = [
        Series(name, [(row[0], row[k]) for row in points], joined=True)
        for k, name in ((1, "total"), (2, "spread"), (3, "inventory"))
    ]
    text = chart(series, f"PnL, {shift['ccy']}", "hours", shift["ccy"])
    return f"```\n{text.rstrip()}\n```" if text else ""


def money_text(text: str) -> str:
    """Decimal text of money, signed and grouped."""
    value = float(text)
    return f"{value:+,.2f}" if value else "0.00"


def _share(value: float | None, decimals: int = 1) -> str:
    return "-" if value is None else f"{value * 100:.{decimals}f} %"


def _number(value: float | None, decimals: int = 1) -> str:
    return "-" if value is None else f"{value:,.{decimals}f}"
