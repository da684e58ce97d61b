"""The parameters of an instrument as a cockpit edits them, and what the quotes would be with others.

Rules of this file: reads the engine; a preview is made on a copy of its quoter and changes nothing.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping

import msgspec

from mmtui.core.engine import Engine
from mmtui.core.errors import Refusal
from mmtui.core.parameters import changed
from mmtui.core.quoting.params import REFERENCE, ranges
from mmtui.core.quoting.quoter import Quoter
from mmtui.link import messages as m
from mmtui.link.parts import Level, Param, Rungs

_ALLOWED: dict[str, str] = {}


def answer(engine: Engine, request: m.ParamsRequest) -> m.Params:
    """Values, ranges, texts and last changes; an instrument that is not there has none."""
    if not _ALLOWED:
        _ALLOWED.update(ranges())
    i = engine.setup.index(request.instrument)
    if i < 0:
        return m.Params(
            id=request.id, instrument=request.instrument, profile="", profiles=[], params=[], wrong="no such instrument"
        )
    kept = engine.acts.adjust.parameters
    quoter = engine.quoters[i]
    now = msgspec.to_builtins(quoter.params)
    plain = msgspec.to_builtins(kept.profile(i, kept.profiles[i]))
    rows = []
    for name, (unit, text) in REFERENCE.items():
        last = kept.changed[i].get(name)
        rows.append(
            Param(
                name=name,
                value=json.dumps(now[name]),
                profile=json.dumps(plain[name]),
                unit=unit,
                allowed=_ALLOWED[name],
                text=text,
                changed_by=last.by if last else "",
                changed_at=last.ts if last else 0,
                before=last.before if last else "",
            )
        )
    then, wrong = None, ""
    if request.preview:
        try:
            then = preview(engine, i, request.preview)
        except Refusal as error:
            wrong = str(error)
    profiles = list(dict.fromkeys([engine.setup.instruments[i].profile, *engine.setup.profiles]))
    return m.Params(
        id=request.id,
        instrument=request.instrument,
        profile=kept.profiles[i],
        profiles=profiles,
        params=rows,
        now=quoted(engine, i) or preview(engine, i, {}),
        then=then,
        wrong=wrong,
    )


def quoted(engine: Engine, i: int) -> Rungs | None:
    """The ladder that is quoted now; None while the instrument is not."""
    quoter = engine.quoters[i]
    return _rungs(quoter, engine.accounts[i].position) if quoter.active and quoter.want[0] else None


def preview(engine: Engine, i: int, args: Mapping[str, object]) -> Rungs | None:
    """The ladder on the book as it is now, as if these were set. None: no book to quote on. Refusal: why not."""
    params = changed(engine, i, engine.quoters[i].params, args)
    book = engine.books[i]
    if not book.quotable:
        return None
    quoter: Quoter = copy.deepcopy(engine.quoters[i])
    quoter.derive(params)
    engine.market.lead(quoter)
    position = engine.accounts[i].position
    fair = engine.market.fair(quoter, engine.ts, book)
    if fair <= 0:
        return None
    quoter.reprice(book.bid, book.ask, fair, position, engine.ts)
    engine.market.ladders.shape(quoter, position, engine.ts)
    return _rungs(quoter, position)


def _rungs(quoter: Quoter, position: int) -> Rungs:
    return Rungs(
        bids=[Level(px, sz) for px, sz in zip(quoter.want[0], quoter.sizes.of[1], strict=False)],
        asks=[Level(px, sz) for px, sz in zip(quoter.want[1], quoter.sizes.of[-1], strict=False)],
        width_bps=quoter.width(),
        skew_bps=quoter.lean(position) + quoter.operator.skew_bps,
    )
