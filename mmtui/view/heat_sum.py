"""The consolidated heat map: seconds of all markets of an asset on the selected one's prices, moved by their basis.

Rules of this file: pure; sizes in lots of the selected market; a market without a good book in a second adds nothing.
"""

from __future__ import annotations

from array import array

from mmtui.view.formats import UNIT, Scale
from mmtui.view.heat_history import KEPT, History, Second
from mmtui.view.model import Model


def consolidated(model: Model, history: History, count: int = KEPT) -> list[Second]:
    """The selected market's newest seconds with what the others had in them; one that is over is summed once."""
    chosen = model.instrument
    others = [item for item in model.family() if item is not chosen and item.id in model.heat.histories]
    if chosen is None or not others:
        return list(history.columns)[-count:]
    home = model.scales[chosen.id]
    known = model.heat.summed
    if len(known) > 4 * KEPT:
        known.clear()
    newest = {i.id: list(model.heat.histories[i.id].columns)[-count:] for i in others}
    tables = [(model.scales[i.id], {one.start: one for one in newest[i.id]}) for i in others]
    out: list[Second] = []
    last = history.columns[-1] if history.columns else None
    for own in list(history.columns)[-count:]:
        made = known.get((chosen.id, own.start)) if own is not last else None
        if made is None:
            made = _sum(own, home, [(scale, table.get(own.start)) for scale, table in tables])
            if own is not last:
                known[chosen.id, own.start] = made
        out.append(made)
    return out


def _sum(own: Second, home: Scale, others: list[tuple[Scale, Second | None]]) -> Second:
    out = Second(own.start)
    out.good, out.bid, out.ask = own.good, own.bid, own.ask
    out.own_bid, out.own_ask = own.own_bid, own.own_ask
    out.buys, out.sells, out.bought, out.sold = dict(own.buys), dict(own.sells), own.bought, own.sold
    levels = array("q", own.levels)
    for scale, other in others:
        if own.good and other is not None and other.good:
            _add(out, levels, home, scale, other)
    out.keep(levels)
    return out


def _add(out: Second, levels: array[int], home: Scale, scale: Scale, other: Second) -> None:
    """The other market's second at the selected one's prices."""
    shift = ((out.bid + out.ask) * home.tick_u - (other.bid + other.ask) * scale.tick_u) // 2

    def moved(px: int, lots: int) -> tuple[int, int]:
        at = round((px * scale.tick_u + shift) / home.tick_u)
        size = scale.base_size(abs(lots), px)
        value = size * at * home.tick_u / UNIT if home.inverse else size
        return at, max(1, round(value / home.lot))

    pairs = iter(other.levels)
    for px in pairs:
        lots = next(pairs)
        at, size = moved(px, lots)
        levels.extend((at, size if lots > 0 else -size))
    for theirs, mine in ((other.buys, out.buys), (other.sells, out.sells)):
        for px, lots in theirs.items():
            at, size = moved(px, lots)
            mine[at] = mine.get(at, 0) + size
    out.bought, out.sold = sum(out.buys.values()), sum(out.sells.values())
