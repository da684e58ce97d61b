"""The page of what the desk earns: parts, obligations, markouts, order flow, health of markets, sides and levels.

Rules of this file: rows only; a number that is not known says n/a, and a market known only so far says how far.
"""

from __future__ import annotations

from mmtui.link.earned import DepthWithin, EarnView, LineView, MarkoutPoint, ObligationView
from mmtui.link.messages import Frame
from mmtui.view import formats as fmt
from mmtui.view.attribution import curves, top
from mmtui.view.inventory import age_of
from mmtui.view.model import Model
from mmtui.view.pnl import pnl
from mmtui.view.rows import Row, Span, clean, clip, cut, rule, scrolled
from mmtui.view.tables import beside

#: Below so many cells a table shows its first columns only.
WIDE = 100
#: From so many cells, and rows, the markout curves stand beside the tables, which have LEFT cells.
BESIDE, TALL, LEFT = 168, 30, 112


def page(model: Model, cells: int, height: int) -> list[Row]:
    """Everything, from the scroll on."""
    frame = model.frame
    if frame is None:
        return [rule("pnl", cells)]
    if cells < BESIDE or height < TALL:
        head = top(model, frame.pnl, cells) if cells >= WIDE else pnl(model, cells, 14)
        rows = [*head, *tables(model, frame, cells), (), *curves(model, cells)]
        return scrolled(rows, model.scroll, cells, height)
    head = top(model, frame.pnl, cells)
    left = scrolled(tables(model, frame, LEFT), model.scroll, LEFT, height - len(head))
    return [*head, *beside(left, [(), *curves(model, cells - LEFT - 2)], LEFT + 2, cells)][:height]


def tables(model: Model, frame: Frame, cells: int) -> list[Row]:
    """Everything in figures, a table below the other."""
    rows: list[Row] = []
    if frame.obligations:
        rows += [(), rule("obligations today", cells), *obligations(frame.obligations, cells)]
    rows += [(), rule("markouts: bps after a fill, mean ± 95 %", cells, age_of(model))]
    named = 13 if cells >= WIDE else 9
    points = frame.earn[0].markouts if frame.earn else []
    rows.append(clip([(" " * (named + 5), "dim"), *((f"{f'{p.seconds:g} s':>13}", "dim") for p in points)], cells))
    for one in frame.earn:
        rows += markouts(model, one, cells, named)
    rows += [(), rule("orders and inventory", cells), *flow(model, frame.earn, cells)]
    rows += [(), rule("health: over 500,000 (quote currency) within ±1 % at a spread under 0.3 %", cells)]
    rows += health(model, frame.earn, cells)
    chosen = model.instrument
    lines = [line for line in frame.lines if chosen is not None and line.instrument == chosen.id]
    if chosen is not None and lines:
        title = f"by side and level · {model.label(chosen.id)}, {frame.pnl.ccy}"
        rows += [(), rule(title, cells), *levels(lines, cells)]
    return rows


def obligations(meters: list[ObligationView], cells: int) -> list[Row]:
    """Each programme: inside or not, what is earned, what the rest of the day must hold; below it why not."""
    rows: list[Row] = []
    for one in meters:
        word, role = ("INSIDE", "ok") if one.inside else ("OUTSIDE", "warn")
        if not one.active:
            word, role = "not today", "dim"
        asked = one.required / one.total if one.total else 0.0
        spans: list[Span] = [
            (f" {cut(clean(one.name), 20):<21}", "text"),
            (f"{word:<10}", role),
        ]
        if one.active:
            rest = "earned" if not one.rest else f"rest {one.rest:.1%}" if one.rest <= 1 else "LOST today"
            spans += [
                (f"{one.held:>6,} of {one.elapsed:,} = {one.earned:.1%}", "bright" if one.earned >= asked else "warn"),
                (f"   {rest}", "danger" if one.rest > 1 else "ok" if not one.rest else "text"),
            ]
        spans.append((f"   asked {asked:.1%} of {one.total:,}", "dim"))
        if one.keep:
            spans.append(("   kept", "own"))
        rows.append(clip(spans, cells))
        if one.active and one.why and one.taken:
            rows.append(clip([(f"   {clean(one.why)}", "warn")], cells))
        if one.active and one.reward:
            rows.append(clip([(f"   {clean(one.reward)}", "dim")], cells))
    return rows


def markouts(model: Model, one: EarnView, cells: int, named: int) -> list[Row]:
    """The curve of an instrument, of both sides and of each; below it how many fills each point has."""
    name = f" {cut(model.label(one.id), named - 2):<{named - 1}}"
    if not one.markouts or not one.markouts[0].fills:
        return [clip([(name, "text"), ("no fill yet", "dim")], cells)]
    rows: list[Row] = []
    for label, role, curve in (
        ("both", "text", one.markouts), ("bids", "bid", one.markouts_bid), ("asks", "ask", one.markouts_ask),
    ):  # fmt: skip
        rows.append(clip([(name, "text"), (f"{label:<5}", role), *map(_point, curve)], cells))
        name = " " * named
    rows.append(clip([(f"{name}{'fills':<5}", "dim"), *((f"{p.fills:>13,}", "dim") for p in one.markouts)], cells))
    return rows


def _point(point: MarkoutPoint) -> Span:
    """Mean and interval; in colour where the interval does not hold zero."""
    if point.mean is None:
        return (f"{'n/a':>13}", "faint")
    if point.ci is None:
        return (f"{fmt.bps(point.mean, 2) + ' ±n/a':>13}", "dim")
    sure = abs(point.mean) > point.ci
    return (f"{fmt.bps(point.mean, 2)} ±{point.ci:.2f}".rjust(13), fmt.tone(point.mean) if sure else "text")


def _share(value: float | None, decimals: int = 1) -> str:
    return "n/a" if value is None else f"{value:.{decimals}%}"


def flow(model: Model, views: list[EarnView], cells: int) -> list[Row]:
    """Fill ratio, quote-to-trade, half-life, share of volume, presence at best, uptime."""
    wide = cells >= WIDE
    head = f" {'':<12}{'fill ratio':>11}{'quotes/trade':>14}{'half-life':>11}{'of volume':>11}"
    if wide:
        head += f"{'at best bid':>13}{'ask':>8}{'both sides':>12}"
    rows = [clip([(head, "dim")], cells)]
    for one in views:
        ratio = "n/a" if one.quote_to_trade is None else f"{one.quote_to_trade:,.1f}"
        life = "n/a" if one.half_life_s is None else f"{one.half_life_s:,.0f} s"
        text = f"{_share(one.fill_ratio):>11}{ratio:>14}{life:>11}{_share(one.volume_share, 2):>11}"
        if wide:
            view = model.views.get(one.id)
            up = _share(view.uptime if view else None)
            text += f"{_share(one.best_bid):>13}{_share(one.best_ask):>8}{up:>12}"
        rows.append(clip([(f" {model.label(one.id):<12}", "text"), (text, "bright")], cells))
    return rows


def health(model: Model, views: list[EarnView], cells: int) -> list[Row]:
    """Depth of both sides as far as it is known, spread, resilience, own share, the verdict."""
    wide = cells >= WIDE
    head = f" {'':<12}{'market':<9}{'spread':>9}" + "".join(f"{f'±{pct:g}%':>11}" for pct in (0.1, 1.0, 2.0))
    head += f"{'known':>9}{'own':>7}{'back in':>9}" if wide else ""
    rows = [clip([(head, "dim")], cells)]
    for one in views:
        word, role = {True: ("healthy", "ok"), False: ("THIN", "warn"), None: ("not known", "dim")}[one.healthy]
        spread = "n/a" if one.spread_pct is None else f"{one.spread_pct:.3f}%"
        spans: list[Span] = [(f" {model.label(one.id):<12}", "text"), (f"{word:<9}", role), (f"{spread:>9}", "text")]
        spans += [_depth(depth) for depth in one.depths] or [(f"{'n/a':>11}" * 3, "faint")]
        if wide:
            known = f"±{one.known_pct:.2g}%" if one.depths else "n/a"
            spans.append((f"{known:>9}{_share(one.own_share):>7}{_back(one):>9}  ", "text"))
            spans.append((clean(one.why), "dim"))
        rows.append(clip(spans, cells))
    return rows


def _depth(depth: DepthWithin) -> Span:
    """Both sides together; where the book is not known so far, what is known and a plus."""
    text = fmt.compact(depth.bid + depth.ask)
    return (f"{text:>11}", "text") if depth.known else (f"{'>' + text:>11}", "dim")


def _back(one: EarnView) -> str:
    """Mean seconds until the depth is back, of the sides that were swept."""
    known = [seconds for seconds in (one.resilience_bid_s, one.resilience_ask_s) if seconds is not None]
    return f"{sum(known) / len(known):.1f}s" if known else "n/a"


def levels(lines: list[LineView], cells: int) -> list[Row]:
    """What each purpose, side and level earned, and of what."""
    rows: list[Row] = []
    for line in lines:
        side, role = {1: ("BUY", "bid"), -1: ("SELL", "ask"), 0: ("", "dim")}[line.side]
        rung = f"level {line.level + 1}" if line.purpose == "quote" else ""
        total = fmt.amount(line.total)
        spans: list[Span] = [
            (f" {line.purpose:<9}", "text"),
            (f"{side:<5}", role),
            (f"{rung:<9}", "dim"),
            (f"{fmt.signed(total, 2):>14} ", fmt.tone(total)),
        ]
        spans += [(f"  {name} {fmt.money(value)}", "dim") for name, value in line.parts.items()]
        rows.append(clip(spans, cells))
    return rows
