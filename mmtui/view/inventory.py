"""The inventory panel: net delta of the asset against its limits, and what it is made of.

Rules of this file: rows only.
"""

from __future__ import annotations

from mmtui.link.parts import AssetView
from mmtui.view import formats as fmt
from mmtui.view.legs import words
from mmtui.view.model import Model
from mmtui.view.plots import balance
from mmtui.view.rows import Row, Span, clean, clip, ends, rule

_PARTS = ("spot", "linear", "inverse", "wallet", "transit")


def inventory(model: Model, cells: int, height: int) -> list[Row]:
    """Delta on a scale, positions of the asset's markets, then the parts of delta that are not zero."""
    frame, chosen = model.frame, model.instrument
    if frame is None or chosen is None:
        return [rule("inventory", cells)]
    asset = next((a for a in frame.assets if a.asset == chosen.base), None)
    rows = [rule("inventory", cells, age_of(model))]
    if asset is None:
        return [*rows, ((f" no {chosen.base} on this desk", "dim"),)]
    rows.append(delta_row(asset, cells))
    if asset.hedge:
        rows.append(hedge_row(asset, cells))
    for item in model.family():
        view = model.views.get(item.id)
        if view is None:
            continue
        limit = fmt.amount(view.max_position)
        share = abs(fmt.amount(view.position)) / limit if limit else 0.0
        unit = " ct" if item.kind == "inverse" else ""
        over = f" base {fmt.number(fmt.amount(view.baseline), 2)}" if item.kind == "spot" else ""
        if cells >= 56 and over:
            over = f" over its baseline of {fmt.number(fmt.amount(view.baseline), 3)}"
        places = model.scales[item.id].decimals + 1
        average = f" avg {fmt.number(fmt.amount(view.avg_price), places)}" if view.avg_price and cells >= 44 else ""
        role = "danger" if share >= 0.9 else "warn" if share >= 0.7 else "bright" if share else "dim"
        places = 0 if item.kind == "inverse" else 3
        left: list[Span] = [
            (f" {model.name(item.id):<6}", "hot" if item.id == chosen.id else "dim"),
            (f"{fmt.money(view.position, places):>9}{unit}", role),
            (words(view, places) or average or over, "dim"),
        ]
        rows.append(ends(left, [(f"{fmt.percent(share)} ", role if share >= 0.7 else "dim")], cells))
    short = cells < 56
    parts = [
        f"{name[:3] if short and len(name) > 4 else name} {fmt.money(getattr(asset, name), 3)}"
        for name in _PARTS
        if round(fmt.amount(getattr(asset, name)), 3)
    ]
    if not parts or (round(fmt.amount(asset.target), 3) and (not short or len(parts) < 3)):
        parts.append(f"{'tgt' if short else 'target'} {fmt.money(asset.target, 3)}")
    sums = (" " if short else " Δ = ") + ("  " if not short else " ").join(parts)
    locked = f"locked {fmt.number(fmt.amount(asset.locked), 3)} "
    if fmt.amount(asset.locked) and len(sums) + len(locked) < cells:
        rows.append(ends([(sums, "dim")], [(locked, "dim")], cells))
    else:
        rows.append(clip([(sums, "dim")], cells))
    return rows[:height]


def hedge_row(asset: AssetView, cells: int) -> Row:
    """What the hedger does, and for how long delta has been outside of its band."""
    bad = asset.hedge.startswith(("failed", "off:"))
    clock = f"unhedged {asset.unhedged_s:.0f} s " if asset.unhedged_s else f"±{asset.band} "
    role = "danger" if bad else "warn" if asset.unhedged_s else "dim"
    return ends([(" hedge ", "dim"), (clean(asset.hedge), role)], [(clock, role if asset.unhedged_s else "dim")], cells)


def delta_row(asset: AssetView, cells: int) -> Row:
    """Net delta on a scale of its limit."""
    limit, delta = fmt.amount(asset.limit), fmt.amount(asset.delta)
    share = delta / limit if limit else 0.0
    role = "danger" if abs(share) >= 0.9 else "warn" if abs(share) >= 0.7 else "own"
    left, middle, right = balance(max(-1.0, min(1.0, share)), 11)
    return clip(
        [
            (f" Δ {asset.asset} ", "dim"),
            (f"{fmt.signed(delta, 3):>9} ", "bright"),
            (left, role if share < 0 else "faint"),
            (middle, "dim"),
            (right, role if share > 0 else "faint"),
            (f" ±{fmt.number(limit, 3)}" if limit else " no limit", "dim"),
        ],
        cells,
    )


def age_of(model: Model) -> list[Span]:
    """The age of what the host sent last, for a panel's head."""
    age = model.frame_age_ms()
    return [(fmt.calm_age(age), "dim" if age < 1_000 else "danger")]


def summary(model: Model, cells: int) -> Row:
    """Inventory and PnL in one row, for screens without the panels."""
    frame, chosen = model.frame, model.instrument
    if frame is None or chosen is None:
        return ()
    view = model.view()
    spans: list[Span] = []
    if view is not None:
        lean = lean_word(view.skew_bps)
        spans += [
            (f" {model.name(chosen.id)} ", "hot"),
            (fmt.money(view.position, 0 if chosen.kind == "inverse" else 3), "bright"),
            (f" of ±{fmt.number(fmt.amount(view.max_position), 0 if chosen.kind == 'inverse' else 2)}", "dim"),
            (" ct" if chosen.kind == "inverse" else f" {chosen.base}", "dim"),
            ("  orders ", "dim"),
            (str(view.open_orders), "text"),
            ("  skew ", "dim"),
            (f"{fmt.bps(view.skew_bps, 2)} {lean}", "text"),
        ]
    for at, name in enumerate(("spread", "inventory", "fees")):
        value = fmt.amount(frame.pnl.parts.get(name, "0"))
        word = f"{'  ' if at else f'  {frame.pnl.ccy} '}{'inv' if name == 'inventory' else name} "
        part: list[Span] = [(word, "dim"), (fmt.signed(value, 2), fmt.tone(value))]
        if sum(len(t) for t, _ in spans + part) > cells:
            break
        spans += part
    return clip(spans, cells)


def lean_word(skew: float) -> str:
    """Never a sign alone; even where two decimals show a zero."""
    shown = round(skew, 2)
    return "LEAN BUY" if shown > 0 else "LEAN SELL" if shown < 0 else "even"
