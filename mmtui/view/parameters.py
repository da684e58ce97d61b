"""The parameters' page: every live parameter of the selected instrument, what it does, who changed it, and a preview.

Rules of this file: rows only; values are the host's (link/messages.py Params), nothing is worked out here.
"""

from __future__ import annotations

import json

from mmtui.link.messages import Params
from mmtui.link.parts import Param, Rungs
from mmtui.view import formats as fmt
from mmtui.view.formats import Scale
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, cut, pad, rule, wrap

#: Cells of name, value, profile, unit; in a narrow list, so that the range is not cut.
_WIDE, _NARROW = (25, 14, 14, 14), (22, 11, 9, 10)


def parameters(model: Model, cells: int, height: int) -> list[Row]:
    """The list with the chosen one in view; its text, its last change and the preview under it."""
    chosen, params = model.instrument, model.params
    if chosen is None or params is None or params.instrument != chosen.id:
        return [rule("parameters", cells), ((" asking the host…", "dim"),)]
    rows = listed(model)
    differ = sum(1 for one in params.params if one.value != one.profile)
    right: list[Span] = [(f"profile {params.profile}", "hot")]
    if differ:
        right.append((f" · {differ} differ", "warn"))
    narrowed = f" · {len(rows)} with {model.filter!r} (Esc shows all)" if model.filter else ""
    out = [rule(f"parameters · {chosen.id}{narrowed}", cells, right), _head(cells)]
    below = _below(model, params, cells, 6 if height >= 30 else 4)
    room = max(1, height - len(out) - len(below))
    at = min(model.param, len(rows) - 1)
    top = max(0, min(at - room // 2, len(rows) - room))
    for k, one in enumerate(rows[top : top + room], top):
        out.append(_row(one, k == at, cells))
    if not rows:
        out.append(((" none of them", "dim"),))
    out += [()] * (room - max(1, len(rows[top : top + room])))
    return [*out, *below][:height]


def listed(model: Model) -> list[Param]:
    """The parameters that hold the typed filter in name, unit or text; `differ`: those off their profile."""
    rows = model.params.params if model.params is not None else []
    wanted = model.filter.lower()
    if wanted == "differ":
        return [one for one in rows if one.value != one.profile]
    return [one for one in rows if wanted in f"{one.name} {one.unit} {one.text}".lower()]


def chosen_param(model: Model) -> Param | None:
    """The one that the cursor stands on."""
    rows = listed(model)
    return rows[min(model.param, len(rows) - 1)] if rows else None


def said(text: str) -> str:
    """A value of the host as a person writes it."""
    value = json.loads(text)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value) or '""'


def _columns(cells: int) -> tuple[int, int, int, int]:
    return _WIDE if cells >= 100 else _NARROW


def _head(cells: int) -> Row:
    name, value, profile, unit = _columns(cells)
    text = f"   {'parameter':<{name}}{'value':>{value}}  {'profile':>{profile}}  {'unit':<{unit}} allowed"
    return clip([(text, "dim")], cells)


def _row(one: Param, chosen: bool, cells: int) -> Row:
    name, value, profile, unit = _columns(cells)
    differs = one.value != one.profile
    was = cut(clean(said(one.profile)), profile) if differs else "="
    spans: list[Span] = [
        (f" {'❯' if chosen else ' '} {cut(one.name, name):<{name}}", "own" if chosen else "text"),
        (f"{cut(clean(said(one.value)), value):>{value}}  ", "hot" if differs else "bright"),
        (f"{was:>{profile}}  ", "dim"),
        (f"{cut(one.unit, unit):<{unit}} ", "dim"),
        (one.allowed, "dim"),
    ]
    if one.changed_by:
        spans.append((f"   {clean(one.changed_by)} {fmt.clock(one.changed_at)}", "warn"))
    return clip(spans, cells)


def _below(model: Model, params: Params, cells: int, lines: int) -> list[Row]:
    """What the chosen one does; its last change; the quotes now, and as they would be."""
    one = chosen_param(model)
    out: list[Row] = [rule(one.name if one else "", cells)]
    text = wrap(one.text if one else "", max(10, cells - 2))
    if one is not None and len(one.allowed) > cells - sum(_columns(cells)) - 8:
        text += wrap(f"allowed: {one.allowed}", max(10, cells - 2))
    if len(text) > lines:
        text[lines - 1] = cut(text[lines - 1] + " …", cells - 2)
    out += [((f" {line}", "text"),) for line in [*text, *[""] * lines][:lines]]
    if one is not None and one.changed_by:
        what = f" was {said(one.before)} until {fmt.clock(one.changed_at)}, changed by {clean(one.changed_by)}"
        out.append(clip([(what, "warn")], cells))
    else:
        out.append(((" not changed in this session", "dim"),))
    out += previews(model, cells)
    if not params.wrong and params.then is None:
        keys: list[Span] = [
            (" ↑↓", "key"), (" choose  ", "dim"), ("Enter", "key"), (" edit, with a preview  ", "dim"),
            ("y", "key"), (" back to the profile  ", "dim"), ("u", "key"), (" undo  ", "dim"),
            ("F", "key"), (" filters (differ: the changed)" if cells >= 100 else " filters", "dim"),
        ]  # fmt: skip
        out.append(clip(keys, cells))
    return out


def previews(model: Model, cells: int) -> list[Row]:
    """The quotes now, and as they would be with the value that is being typed, or why it cannot be."""
    params = model.params
    if params is None:
        return []
    scale = model.scales[params.instrument]
    out = [_rungs("now", params.now, scale, cells)]
    if params.wrong:
        out.append(clip([(" then  ", "hot"), (clean(params.wrong), "danger")], cells))
    elif params.then is not None:
        out.append(_rungs("then", params.then, scale, cells))
    return out


def _rungs(word: str, rungs: Rungs | None, scale: Scale, cells: int) -> Row:
    """One line of the preview: width, skew, the first rungs of both sides."""
    if rungs is None:
        return clip([(f" {word:<6}", "hot"), ("no book to quote on", "dim")], cells)
    spans: list[Span] = [
        (f" {word:<6}", "hot"),
        (f"width {fmt.bps(rungs.width_bps, 2)} skew {fmt.bps(rungs.skew_bps, 2)} bps  ", "text"),
        (f"{scale.base} ", "dim"),
    ]
    for side, role in ((rungs.bids, "bid"), (rungs.asks, "ask")):
        text = "  ".join(f"{fmt.number(scale.base_size(x.sz, x.px), 4)} @ {scale.price(x.px)}" for x in side[:3])
        spans += [(text or "none", role), ("  │  " if role == "bid" else "", "rule")]
    return pad(clip(spans, cells), cells)
