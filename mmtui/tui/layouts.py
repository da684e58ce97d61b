"""What is looked at, kept for the next time: by desk, and apart for small and large terminals.

`layouts.json` in the state folder: desk -> small | large -> screen, instrument, price steps, heat map's span, sums.
Rules of this file: no Textual; a file that is wrong costs what it kept, never the cockpit: one sentence, the defaults.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.view.heat import SPANS
from mmtui.view.model import SCREENS, Model
from mmtui.view.orders_page import SORTS

Size = Literal["small", "large"]
#: From here on a terminal is large: the desk has its side column.
LARGE = (110, 31)
NAME = "layouts.json"
#: The desks that were looked at last.
DESKS = 50


class Layout(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    screen: str = "desk"
    instrument: str = ""
    steps: dict[str, Annotated[int, Meta(gt=0, le=10**18)]] = {}  # base -> price step of its ladder
    heat_span: int = 1
    cumulative: bool = False
    adjust: bool | None = None
    net: bool = False
    heat_sum: bool = False
    sort: str = ""


Kept = dict[str, dict[Size, Layout]]


def size_of(w: int, h: int) -> Size:
    return "large" if w >= LARGE[0] and h >= LARGE[1] else "small"


class Layouts:
    """Those of the file; `wrong` is a sentence when it could not be read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.wrong = ""
        self.size: Size | None = None  # in force; None: nothing has been taken over yet
        self._kept: Kept = {}
        try:
            self._kept = msgspec.json.decode(self.path.read_bytes(), type=Kept)
        except FileNotFoundError:
            pass
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self.wrong = f"{NAME}: {error}; the default layout is used"

    def fit(self, model: Model, w: int, h: int, gone: bool = False) -> bool:
        """The layout of this size comes into force when the size is another one; True when it did.

        gone: the operator has gone to a screen already: a layout that comes late leaves it there.
        """
        size = size_of(w, h)
        if size == self.size or model.welcome is None or model.frame is None:
            return False
        late = gone and self.size is None
        if self.size is not None:
            self.note(model)
        self.size = size
        found = self._kept.get(_desk(model), {}).get(size)
        if found is not None:
            _apply(model, msgspec.structs.replace(found, screen=model.screen) if late else found)
        return found is not None

    def note(self, model: Model) -> None:
        """Remember how it looks now."""
        if self.size is None or model.welcome is None:
            return
        desk = _desk(model)
        sizes = self._kept.pop(desk, {})
        sizes[self.size] = Layout(
            screen=model.screen if model.screen in SCREENS else "desk",
            instrument=model.instrument.id if model.instrument else "",
            steps=dict(model.steps),
            heat_span=model.heat_span,
            cumulative=model.cumulative,
            adjust=model.adjust,
            net=model.net,
            heat_sum=model.heat_sum,
            sort=model.sort,
        )
        self._kept[desk] = sizes
        while len(self._kept) > DESKS:
            del self._kept[next(iter(self._kept))]

    def forget(self, model: Model) -> None:
        """The default layout of this desk, in every size."""
        self._kept.pop(_desk(model), None)
        _apply(model, Layout())
        self.save()

    def save(self) -> None:
        """Write the file; where it cannot be written the layouts are for this time only."""
        temporary = self.path.with_name(f".{NAME}.{os.getpid()}")
        with suppress(OSError):
            temporary.write_bytes(msgspec.json.format(msgspec.json.encode(self._kept), indent=1) + b"\n")
            os.replace(temporary, self.path)


def _desk(model: Model) -> str:
    """Replays share one; a desk has its own."""
    return "REPLAY" if model.replaying or model.welcome is None else model.welcome.name


def _apply(model: Model, layout: Layout) -> None:
    """What of a layout fits this desk."""
    model.screen = layout.screen if layout.screen in SCREENS else "desk"
    model.scroll = 0
    places = [at for at, item in enumerate(model.instruments) if item.id == layout.instrument]
    if places:
        model.selected = places[0]
    bases = {item.base for item in model.instruments}
    model.steps = {base: step for base, step in layout.steps.items() if base in bases}
    model.tops.clear()
    model.heat_span = layout.heat_span if layout.heat_span in SPANS else SPANS[0]
    model.cumulative, model.adjust = layout.cumulative, layout.adjust
    model.net, model.heat_sum = layout.net, layout.heat_sum
    model.sort = layout.sort if layout.sort in SORTS else ""
