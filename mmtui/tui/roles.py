"""Roles to styles: what each role of view/rows.py looks like in a theme.

Rules of this file: the only place where a role becomes colours; every style is whole (foreground, background and
attributes), since Textual's NO_COLOR filter fails on text without one.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter, Monochrome

from mmtui.view.rows import FADE, HEAT, HEAT_ROLES, ROLES

#: Colours that a theme may set in [variables]; these are used where it does not.
DARK = {
    "fg": "#c8ccd4",
    "bg": "#101216",
    "bright": "#f2f4f8",
    "dim": "#7d8591",
    "faint": "#474d57",
    "rule": "#2c313a",
    "own": "#ffd75f",
    "bid": "#5fb98a",
    "ask": "#e07a76",
    "bidbar": "#24503c",
    "askbar": "#5c3033",
    "ok": "#6cc391",
    "warn": "#e5a24a",
    "danger": "#ff5c5c",
    "hot": "#7fb4ff",
    "block": "#101216",
    "live": "#ff4d4d",
    "paper": "#7fb4ff",
    "demo": "#b48ef0",
    "replay": "#4fc4c4",
    "shadow": "#8a93a0",
    "stale": "#5a616c",
}
LIGHT = {
    "fg": "#2b3038",
    "bg": "#f7f7f4",
    "bright": "#000000",
    "dim": "#666d78",
    "faint": "#a9afb8",
    "rule": "#d5d7d6",
    "own": "#7a3ff0",
    "bid": "#0f7a46",
    "ask": "#c0322c",
    "bidbar": "#b9e0c9",
    "askbar": "#f3c6c1",
    "ok": "#0f7a46",
    "warn": "#a35a00",
    "danger": "#c8001e",
    "hot": "#0b57c4",
    "block": "#ffffff",
    "live": "#c8001e",
    "paper": "#0b57c4",
    "demo": "#6a3fc0",
    "replay": "#00767a",
    "shadow": "#666d78",
    "stale": "#9aa0a8",
}
NAMES = tuple(DARK)

#: role -> (foreground, background, bold). Blocks are a colour and a word.
_LOOK: dict[str, tuple[str, str, bool]] = {
    "text": ("fg", "bg", False),
    "bright": ("bright", "bg", False),
    "dim": ("dim", "bg", False),
    "faint": ("faint", "bg", False),
    "head": ("dim", "bg", False),
    "title": ("fg", "bg", True),
    "rule": ("rule", "bg", False),
    "own": ("own", "bg", True),
    "bid": ("bid", "bg", False),
    "ask": ("ask", "bg", False),
    "bidbar": ("bidbar", "bg", False),
    "askbar": ("askbar", "bg", False),
    "ok": ("ok", "bg", False),
    "loss": ("ask", "bg", False),
    "warn": ("warn", "bg", False),
    "danger": ("danger", "bg", True),
    "alarm": ("block", "danger", True),
    "caution": ("block", "warn", True),
    "select": ("bright", "rule", False),
    "key": ("bright", "bg", True),
    "hot": ("hot", "bg", True),
    "flash": ("block", "hot", True),
    "live": ("block", "live", True),
    "paper": ("block", "paper", True),
    "demo": ("block", "demo", True),
    "replay": ("block", "replay", True),
    "shadow": ("block", "shadow", True),
    "running": ("block", "ok", True),
    "paused": ("block", "warn", True),
    "stopped": ("block", "dim", True),
    "halted": ("block", "danger", True),
    "killed": ("block", "danger", True),
}


def styles(variables: dict[str, str], dark: bool, ansi: bool) -> dict[str, Style]:
    """A style for every role and its paler twin."""
    defaults = DARK if dark else LIGHT
    colours = {name: Color.parse(variables.get(name, defaults[name])) for name in NAMES}
    out: dict[str, Style] = {}
    for role in ROLES:
        fg, bg, bold = _LOOK[role]
        fore, back = colours[fg], colours[bg]
        strong = bold and not (ansi and fg == "block")  # terminals show a bold black of sixteen as a grey
        out[role] = Style(color=fore.rich_color, bgcolor=back.rich_color, bold=strong)
        paler = colours["stale"] if ansi or fg in ("bright", "fg") else fore.blend(colours["bg"], 0.5)
        out[role + FADE] = Style(color=paler.rich_color, bgcolor=back.rich_color, bold=False, dim=ansi)
    out.update(_heat(colours))
    return out


def _heat(colours: dict[str, Color]) -> dict[str, Style]:
    """The heat map's half blocks: the upper half is the foreground, the lower one the background."""
    ground = colours["bg"]
    shades = [ground]
    for side in ("bid", "ask"):
        low, high = colours[f"{side}bar"], colours[side]
        half = HEAT / 2
        for k in range(1, HEAT + 1):  # from the ground over the bar's colour to the side's own
            shades.append(ground.blend(low, k / half) if k <= half else low.blend(high, (k - half) / half))
    out: dict[str, Style] = {}
    for role in HEAT_ROLES:
        upper, lower = (shades[int(n)] for n in role[4:].split("."))
        for name, fade in ((role, 0.0), (role + FADE, 0.5)):
            fore, back = upper.blend(ground, fade), lower.blend(ground, fade)
            out[name] = Style(color=fore.rich_color, bgcolor=back.rich_color, bold=False)
    return out


def grey(variables: dict[str, str], dark: bool) -> dict[str, str]:
    """The variables of a theme for a terminal without colours: bids are bright there and asks are not."""
    colours = {name: variables.get(name, default) for name, default in (DARK if dark else LIGHT).items()}
    ground, light = Color.parse(colours["bg"]), Color.parse(colours["bright"])
    bars = {side: ground.blend(light, share).hex for side, share in (("bidbar", 0.45), ("askbar", 0.2))}
    return {**variables, "bid": colours["bright"], "ask": colours["dim"], **bars}


def filtered(looks: dict[str, Style], filters: Sequence[LineFilter]) -> dict[str, Style]:
    """The styles after the app's line filters (NO_COLOR, dim): once here instead of at every painted line."""
    background = looks["text"].bgcolor
    ground = Color.from_rich_color(background) if background is not None else Color(0, 0, 0)
    out: dict[str, Style] = {}
    if any(isinstance(one, Monochrome) for one in filters):  # red is a dark grey there: danger is to be seen
        strong = Style(color=looks["bright"].color, bold=True)
        looks = looks | {role: looks[role] + strong for role in ("danger", "warn", "own", "hot")}
        looks["loss"] = looks["bright"]
    for role, style in looks.items():
        segments = [Segment("x", style)]
        for line_filter in filters:
            segments = line_filter.apply(segments, ground)
        out[role] = segments[0].style or style
    return out


def sixteen(looks: dict[str, Style]) -> dict[str, Style]:
    """The same in the 16 colours that every terminal has: shorter sequences for a thin line."""
    return {role: _sixteen(style) for role, style in looks.items()}


def _sixteen(style: Style) -> Style:
    fore, back = (
        colour.downgrade(ColorSystem.STANDARD) if colour is not None else None
        for colour in (style.color, style.bgcolor)
    )
    return style + Style(color=fore, bgcolor=back)
