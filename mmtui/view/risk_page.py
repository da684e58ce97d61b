"""The page of risk: gauges with what fires them, deltas, limits, hedgers, states and switches, leverage.

Rules of this file: rows only.
"""

from __future__ import annotations

from mmtui.link.parts import AssetView, Gauge
from mmtui.link.risked import VenueRisk
from mmtui.view import formats as fmt
from mmtui.view import guards, legs
from mmtui.view.header import LEVEL_ROLES, STATE_ROLES
from mmtui.view.inventory import age_of, delta_row
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, meter, rule, scrolled
from mmtui.view.tables import Col, beside, table
from mmtui.view.var import NA, stress, value_at_risk

TONE = {"running": "ok", "paused": "warn", "stopped": "dim", "halted": "danger", "killed": "danger"}
_WORD = {"ok": "", "warn": "WARN", "reduce": "REDUCE ONLY", "act": "LIMIT"}
_WIDE = 150


def page(model: Model, cells: int, height: int) -> list[Row]:
    """All of it; side by side where there is room."""
    if model.frame is None:
        return [rule("risk", cells)]
    half = cells // 2 + 1 if cells >= _WIDE else cells + 2
    left_w, right_w = half - 2, cells - half if cells >= _WIDE else cells
    rows = [*gauges(model, cells), ()]
    left = [*deltas(model, left_w), (), *positions(model, left_w), *legs.rows(model, left_w), ()]
    left += value_at_risk(model, left_w)
    right = [*states(model, right_w), (), *switches(model, right_w), *guards.rows(model, right_w), ()]
    right += [*parts(model, right_w), (), *stress(model, right_w)]
    rows += beside(left, right, half, cells) if cells >= _WIDE else [*left, (), *right]
    return scrolled(rows, model.scroll, cells, height)


def gauges(model: Model, cells: int) -> list[Row]:
    """Each gauge: where it stands, of what, and what happens at its limit."""
    found = model.frame.gauges if model.frame else []
    boxes = 20 if cells >= _WIDE else 8 if cells >= 100 else 6
    said = 36 if cells >= _WIDE else 27 if cells >= 100 else max(20, cells - 51)
    of, word = (13, 11) if cells >= _WIDE else (10, 6)
    columns = (
        Col("gauge", 10, left=True),
        Col("of", of, left=True),
        Col("", boxes, left=True),
        Col("used", 5),
        Col("", word, left=True),
        Col("now, and the limit", said, keep=1, left=True),
        Col("at the limit", max(24, cells - 28 - of - word - boxes - said), keep=2, left=True),
    )
    lines = [_gauge(model, one, boxes, said) for one in found]
    head = rule("gauges · warn at 70 %, reduce only at 90 %, act at 100 %", cells, age_of(model))
    return [head, *_with_meters(columns, lines, found, boxes, cells)]


def _gauge(model: Model, one: Gauge, boxes: int, said: int) -> list[Span]:
    role = LEVEL_ROLES.get(one.level, "text")
    strong = role if role != "ok" else "text"
    full, rest = meter(one.share, boxes)
    return [
        (one.name, "text"),
        (model.label(one.scope), "dim"),
        (full + rest, strong),
        (fmt.percent(one.share), strong),
        (_WORD.get(one.level, one.level)[: 6 if boxes < 20 else 11], role),
        (fmt.rounded(one.text if len(one.text) <= said else one.text.partition(" since ")[0]), "dim"),
        (fmt.rounded(one.fires_at), "dim"),
    ]


def _with_meters(
    columns: tuple[Col, ...], lines: list[list[Span]], found: list[Gauge], boxes: int, cells: int
) -> list[Row]:
    """The table, the empty boxes of its meters paler than the full ones."""
    rows = table(columns, lines, cells)
    out = rows[:1]
    for row in rows[1:]:
        spans: list[Span] = []
        for text, role in row:
            body = text.rstrip("▯")
            spans.append((body, role))
            if body != text:
                spans.append((text[len(body) :], "faint"))
        out.append(clip(spans, cells))
    return out if found else [((" none yet", "dim"),)]


def deltas(model: Model, cells: int) -> list[Row]:
    """Net delta of every asset on its scale, and its hedger."""
    rows = [rule("net delta and hedger", cells)]
    for asset in model.frame.assets if model.frame else []:
        rows.append(delta_row(asset, cells))
        rows.append(_hedger(asset, cells))
    return rows


def _hedger(asset: AssetView, cells: int) -> Row:
    if not asset.hedge:
        return clip([("   no hedger: H hedges by hand", "dim")], cells)
    bad = asset.hedge.startswith(("failed", "off:"))
    spans: list[Span] = [
        (f"   hedger ±{asset.band} {asset.asset}  ", "dim"),
        (clean(asset.hedge), "danger" if bad else "text"),
        (f"  unhedged {asset.unhedged_s:.0f} s", "warn" if asset.unhedged_s else "dim"),
        (f" ({asset.unhedged_total_s:.0f} s in all)", "dim"),
    ]
    return clip(spans, cells)


def positions(model: Model, cells: int) -> list[Row]:
    """Each instrument's position against its limit, and its average entry."""
    columns = (
        Col("instrument", 14, left=True),
        Col("position", 12),
        Col("limit", 11),
        Col("used", 5),
        Col("target", 9, keep=2),
        Col("baseline", 10, keep=3),
        Col("average entry", 14, keep=1),
        Col("unit", 5, keep=1, left=True),
    )
    lines: list[list[Span]] = []
    for item in model.instruments:
        view = model.views.get(item.id)
        if view is None:
            continue
        limit = fmt.amount(view.max_position)
        share = abs(fmt.amount(view.position)) / limit if limit else 0.0
        role = "danger" if share >= 0.9 else "warn" if share >= 0.7 else "bright" if share else "dim"
        whole = item.kind == "inverse"
        places = 0 if whole else 3
        entry = fmt.number(fmt.amount(view.avg_price), model.scales[item.id].decimals + 1) if view.avg_price else "flat"
        lines.append(
            [
                (model.label(item.id), "hot" if item is model.instrument else "text"),
                (fmt.money(view.position, places), role),
                (f"±{fmt.number(limit, places)}" if limit else "none", "dim"),
                (fmt.percent(share), role),
                (fmt.money(view.target, places), "dim"),
                (fmt.number(fmt.amount(view.baseline), 3) if item.kind == "spot" else "", "dim"),
                (entry, "dim"),
                ("ct" if whole else item.base, "dim"),
            ]
        )
    return [rule("positions and limits", cells), *table(columns, lines, cells)]


def states(model: Model, cells: int) -> list[Row]:
    """The kill lattice: desk, venues, instruments; the worst of the three is in force."""
    frame = model.frame
    if frame is None:
        return []
    columns = (Col("instrument", 14, left=True), Col("state", 9, left=True), Col("orders", 6),
               Col("not known", 9, keep=1), Col("why", max(20, cells - 47), keep=2, left=True))  # fmt: skip
    role = TONE.get(STATE_ROLES.get(frame.state, ""), "text")
    desk: list[Span] = [
        ("desk", "text"), (frame.state, role), (str(len(frame.orders)), "text"),
        (str(sum(v.unknown_orders for v in frame.instruments)), "dim"), (clean(frame.state_reason), "dim"),
    ]  # fmt: skip
    lines = [desk]
    for view in frame.instruments:
        words = [view.state_reason or "", *view.protections]
        words += [word for word, on in (("WIDE", view.wide), ("REDUCE", view.reduce), ("EXIT NOW", view.exit)) if on]
        lines.append(
            [
                (model.label(view.id), "hot" if view is model.view() else "text"),
                (view.state, TONE.get(STATE_ROLES.get(view.state, ""), "text")),
                (str(view.open_orders), "text"),
                (str(view.unknown_orders), "danger" if view.unknown_orders else "dim"),
                (clean(" · ".join(w for w in words if w)), "warn" if view.protections else "dim"),
            ]
        )
    return [rule("states · the worst of desk, venue and instrument is in force", cells), *table(columns, lines, cells)]


def switches(model: Model, cells: int) -> list[Row]:
    """Per venue: what it would do with our orders if this host died, how far its contracts are levered, what they need
    and how far the nearest liquidation is, as the venue tells it."""
    frame = model.frame
    levers = {g.scope: g for g in (frame.gauges if frame else []) if g.name == "leverage"}
    by_venue = {g.text.rpartition(" on ")[2]: g for g in levers.values()} | levers
    risks = {one.venue: one for one in (frame.risk.venues if frame and frame.risk else [])}
    columns = (Col("venue", 14, left=True), Col("dead man's switch", 20, left=True), Col("leverage", 16, left=True),
               Col("maintenance", 11, keep=2), Col("liquidation", 11, keep=1), Col("msgs/s", 7, keep=3),
               Col("orders go to", 12, keep=4, left=True))  # fmt: skip
    lines: list[list[Span]] = []
    for venue in frame.venues if frame else []:
        lever = by_venue.get(venue.id)
        unbounded = venue.dead_man == "UNBOUNDED"
        lines.append(
            [
                (model.name(venue.id), "text"),
                (venue.dead_man, "danger" if unbounded else "dim"),
                (lever.text.partition(" on ")[0] if lever else "none", LEVEL_ROLES.get(lever.level, "dim")
                 if lever and lever.level != "ok" else "dim"),
                *_needs(risks.get(venue.id)),
                (f"{venue.orders_s:.0f}", "text"),
                (venue.execution, "dim"),
            ]
        )  # fmt: skip
    return [rule("dead man's switch, leverage, margin, distance to liquidation", cells), *table(columns, lines, cells)]


def _needs(risk: VenueRisk | None) -> tuple[Span, Span]:
    """Maintenance margin, and the distance from the mark price to the nearest liquidation price."""
    kept, away = (risk.margin, risk.liquidation_pct) if risk is not None else (None, None)
    return (
        (fmt.number(kept, 2), "text") if kept is not None else NA,
        (f"{away:.1f}%", "text") if away is not None else NA,
    )


def parts(model: Model, cells: int) -> list[Row]:
    """What each asset's delta is made of."""
    names = ("spot", "linear", "inverse", "wallet", "transit", "locked", "target")
    columns = (Col("Δ is made of", 12, left=True), *(Col(n, 9, keep=at // 3) for at, n in enumerate(names)))
    lines: list[list[Span]] = []
    for asset in model.frame.assets if model.frame else []:
        values = [fmt.amount(getattr(asset, name)) for name in names]
        lines.append([(asset.asset, "text"), *((fmt.signed(v, 3), "text" if v else "faint") for v in values)])
    return [rule("delta, in units of the asset", cells), *table(columns, lines, cells)]
