"""The actions table: every key, palette entry, help line and place in the key bar comes from here.

Rules of this file: data and look-ups. `act` is the engine's act (core/commands.py) that an action sends; actions
without one change what this cockpit shows. `where`: live (not in a replay), replay, or any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmtui.view.keys import Key
from mmtui.view.model import SCREENS

Args = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Action:
    id: str
    keys: tuple[str, ...]  # Textual's names
    group: str  # quote | risk | view | replay | desk
    help: str
    label: str = ""  # in the key bar
    act: str = ""
    args: Args = ()
    scope: str = ""  # what a command names: instrument | venue | "" (the desk)
    where: str = "any"
    calm: bool = False  # taken even when keys have piled up behind a stalled line: pause, cancel, kill

    @property
    def trades(self) -> bool:
        return bool(self.act)


def _live(id: str, keys: tuple[str, ...], group: str, help: str, label: str, act: str, **more: Any) -> Action:
    return Action(id, keys, group, help, label, act, where="live", **more)


ACTIONS: tuple[Action, ...] = (
    _live("start", ("s",), "quote", "start quoting: RUNNING", "start", "start"),
    _live("stop", ("x",), "quote", "stop: cancel everything at once", "stop", "stop", calm=True),
    _live(
        "drain",
        ("X",),
        "quote",
        "stop when the open orders have concluded",
        "",
        "stop",
        args=(("drain", True),),
        calm=True,
    ),
    _live("pause", ("p",), "quote", "pause: pull all quotes", "pause", "pause", calm=True),
    _live("resume", ("r",), "quote", "resume; out of a latch a reason is asked for", "", "resume"),
    _live(
        "tighter",
        ("left_square_bracket",),
        "quote",
        "spread tighter by a tick or 10 % of the width",
        "",
        "spread",
        scope="instrument",
    ),
    _live(
        "wider",
        ("right_square_bracket",),
        "quote",
        "spread wider by a tick or 10 % of the width",
        "spread",
        "spread",
        scope="instrument",
    ),
    _live("skew_down", ("left_curly_bracket",), "quote", "skew down: LEAN SELL", "", "skew", scope="instrument"),
    _live("skew_up", ("right_curly_bracket",), "quote", "skew up: LEAN BUY", "skew", "skew", scope="instrument"),
    _live(
        "size_down", ("minus",), "quote", "quote 10 % less size", "", "size", args=(("pct", -10.0),), scope="instrument"
    ),
    _live(
        "size_up",
        ("equals_sign", "plus"),
        "quote",
        "quote 10 % more size",
        "size",
        "size",
        args=(("pct", 10.0),),
        scope="instrument",
    ),
    _live("reset", ("0",), "quote", "operator's spread, skew and size back to none", "", "reset", scope="instrument"),
    _live("undo", ("u",), "quote", "take back your own last change", "undo", "undo"),
    _live("limit", ("L",), "risk", "a limit: lowered at once, raised after a question", "", "limit"),
    _live("wide", ("W",), "risk", "WIDE: twice the width, half the size; again undoes", "WIDE", "wide"),
    _live("reduce", ("R",), "risk", "REDUCE: only the side that reduces; again undoes", "REDUCE", "reduce"),
    _live("exit", ("e",), "risk", "EXIT NOW: leave without crossing; again undoes", "EXIT", "exit"),
    _live(
        "cancel",
        ("c",),
        "risk",
        "cancel all own orders of the selected instrument",
        "cancel",
        "cancel",
        scope="instrument",
        calm=True,
    ),
    _live(
        "cancel_buys",
        ("b",),
        "risk",
        "cancel the buys of the selected instrument",
        "",
        "cancel",
        args=(("side", "buy"),),
        scope="instrument",
        calm=True,
    ),
    _live(
        "cancel_sells",
        ("a",),
        "risk",
        "cancel the sells of the selected instrument",
        "",
        "cancel",
        args=(("side", "sell"),),
        scope="instrument",
        calm=True,
    ),
    _live(
        "cancel_order", ("d",), "risk", "cancel the marked order (o marks)", "", "cancel", scope="instrument", calm=True
    ),
    _live(
        "cancel_venue",
        ("V",),
        "risk",
        "cancel all own orders on the selected venue",
        "",
        "cancel",
        scope="venue",
        calm=True,
    ),
    _live("cancel_desk", ("D",), "risk", "cancel all own orders of the desk", "", "cancel", calm=True),
    _live("flatten", ("f",), "risk", "flatten the net delta of the asset: asks first", "flatten", "flatten"),
    _live("close", ("C",), "risk", "close every leg to its baseline: asks first", "", "close"),
    _live("hedge", ("H",), "risk", "hedge: a ticket to the target delta; asks first", "hedge", "ticket"),
    _live("ticket", ("M",), "risk", "manual ticket: typed, priced, then asked", "ticket", "ticket", scope="instrument"),
    _live("abort", ("z",), "risk", "stop a running flatten, close or roll", "", "abort", calm=True),
    _live("extend", ("E",), "risk", "carry a task on, once, past its slippage cap", "", "extend"),
    Action(
        "kill",
        ("ctrl+backslash", "f12"),
        "risk",
        "KILL: block, cancel, prove zero; asks nothing",
        "KILL",
        "kill",
        calm=True,
    ),
    Action("next_instrument", ("down",), "view", "next instrument (on a page: a row down)"),
    Action("previous_instrument", ("up",), "view", "previous instrument (on a page: a row up)"),
    Action("next_venue", ("right",), "view", "next venue of this asset"),
    Action("previous_venue", ("left",), "view", "previous venue of this asset"),
    Action("mark_next", ("o",), "view", "mark the next own order", ""),
    Action("mark_previous", ("O",), "view", "mark the previous own order", ""),
    Action("next_screen", ("tab",), "view", "next screen", "screen"),
    Action("previous_screen", ("shift+tab",), "view", "previous screen"),
    *(
        Action(f"screen_{n}", (str(n),), "view", f"screen {n}: {name}")
        for n, name in enumerate(SCREENS, 1)
    ),
    Action("page_down", ("pagedown",), "view", "scroll a page down"),
    Action("page_up", ("pageup",), "view", "scroll a page up"),
    Action("coarser", ("right_parenthesis",), "view", "coarser price step of the ladder"),
    Action("finer", ("left_parenthesis",), "view", "finer price step of the ladder", "step"),
    _live(
        "profile_value",
        ("y",),
        "quote",
        "parameters: the chosen one back to its profile",
        "",
        "revert",
        scope="instrument",
    ),
    Action("heat_span", ("t",), "view", "heat map: 1, 2, 5 or 15 seconds a column"),
    Action("filter", ("F",), "view", "orders, parameters, log: rows that hold a text"),
    Action("sort", ("G",), "view", "orders: sorted by price, size, age, edge ..."),
    Action("acknowledge", ("h",), "view", "alerts heard: the header counts from here"),
    Action("mute", ("Z",), "view", "mute this terminal 10 min, but for a kill"),
    Action("recentre", ("v",), "view", "recentre the ladder"),
    Action("cumulative", ("m",), "view", "cumulative depth on and off"),
    Action("adjust", ("B",), "view", "Σ over all markets by basis: ladder, heat map"),
    Action("net", ("i",), "view", "ladder: prices with the taker fee, on and off"),
    Action("meter", ("Y",), "view", "bytes a second to this terminal, shown or not"),
    Action("default_layout", ("I",), "view", "the default layout (kept by desk and size)"),
    Action("theme", ("T",), "view", "next theme"),
    Action("palette", ("slash", "ctrl+p"), "view", "palette: every action by name", "palette"),
    Action("help", ("question_mark",), "view", "keys and signs; again to leave", "help"),
    Action("leave", ("escape",), "view", "leave the bar, the help, the palette"),
    Action("replay_play", ("space",), "replay", "play and pause the tape", "play", where="replay"),
    Action("replay_step", ("full_stop",), "replay", "one event on", "step", where="replay"),
    Action("replay_back", ("comma",), "replay", "one event back", "", where="replay"),
    Action("replay_slower", ("less_than_sign",), "replay", "half the speed", "", where="replay"),
    Action("replay_faster", ("greater_than_sign",), "replay", "twice the speed", "speed", where="replay"),
    Action("replay_seek", ("g",), "replay", "go to a time", "go to", where="replay"),
    Action("next_fill", ("n",), "replay", "next fill", "fill", where="replay"),
    Action("previous_fill", ("N",), "replay", "previous fill", where="replay"),
    Action("next_alert", ("a",), "replay", "next alert", "alert", where="replay"),
    Action("previous_alert", ("A",), "replay", "previous alert", where="replay"),
    Action("next_key", ("k",), "replay", "next key press of the operator", "key", where="replay"),
    Action("previous_key", ("K",), "replay", "previous key press of the operator", where="replay"),
    Action("bookmark", ("b",), "replay", "bookmark this instant; again takes it away", "bookmark", where="replay"),
    Action("next_bookmark", ("l",), "replay", "next bookmark", where="replay"),
    Action("previous_bookmark", ("semicolon",), "replay", "previous bookmark", where="replay"),
    Action("whatif", ("w",), "replay", "what-if beside the tape; on its page: another", "what-if", where="replay"),
    Action("whatif_difference", ("j",), "replay", "jump to the first decision that differs", where="replay"),
    Action("quit", ("q",), "desk", "leave; the desk goes on (demo and replay end)", "quit"),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}
KILL_KEYS = BY_ID["kill"].keys

#: Entries of the key bar that stand for two actions, by the one that carries the label.
PAIRS = {
    "wider": "tighter",
    "skew_up": "skew_down",
    "size_up": "size_down",
    "finer": "coarser",
    "next_screen": "previous_screen",
    "replay_step": "replay_back",
    "replay_faster": "replay_slower",
    "next_fill": "previous_fill",
    "next_alert": "previous_alert",
    "next_key": "previous_key",
    "next_bookmark": "previous_bookmark",
}

_SIGNS = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "minus": "-",
    "equals_sign": "=",
    "plus": "+",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "slash": "/",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "semicolon": ";",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "ctrl+backslash": "^\\",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "S-Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "f12": "F12",
}


def sign(key: str) -> str:
    """A key as it is shown."""
    if key in _SIGNS:
        return _SIGNS[key]
    return "^" + key[5:].upper() if key.startswith("ctrl+") else key


class Keymap:
    """Which key means which action here; made from the table, changed by the user's keymap.toml."""

    def __init__(self, keys: dict[str, tuple[str, ...]] | None = None) -> None:
        self.keys: dict[str, tuple[str, ...]] = {a.id: a.keys for a in ACTIONS} | (keys or {})
        self._entries: dict[bool, list[Key]] = {}  # made once a mode: they are asked for at every frame

    def resolve(self, key: str, replaying: bool) -> Action | None:
        """The action of a key: in a replay its own first."""
        found = [a for a in ACTIONS if key in self.keys[a.id]]
        if replaying:
            found.sort(key=lambda a: a.where != "replay")
        else:
            found = [a for a in found if a.where != "replay"]
        return found[0] if found else None

    def all_keys(self) -> list[str]:
        return sorted({key for keys in self.keys.values() for key in keys})

    def shown(self, id: str) -> str:
        return " ".join(sign(key) for key in self.keys[id])

    def entries(self, replaying: bool) -> list[Key]:
        """Entries of the key bar, for this mode."""
        if replaying in self._entries:
            return self._entries[replaying]
        out: list[Key] = self._entries.setdefault(replaying, [])
        for action in ACTIONS:
            if action.where == ("live" if replaying else "replay"):
                continue
            pair = PAIRS.get(action.id)
            first = sign(self.keys[action.id][0]) if self.keys[action.id] else ""
            if pair and self.keys[pair]:
                other = sign(self.keys[pair][0])
                first = f"{other} {first}" if action.id not in _FIRST else f"{first} {other}"
            ids = (action.id, pair) if pair else (action.id,)
            label = "" if replaying and action.trades else action.label
            out.append(Key(action.id, first, label, action.group, action.help, ids, action.trades))
        return out

    def listing(self, replaying: bool) -> list[Key]:
        """Every action by itself, for help and palette."""
        return [
            Key(a.id, self.shown(a.id), "", a.group, a.help, (a.id,), a.trades)
            for a in ACTIONS
            if a.where != ("live" if replaying else "replay")
        ]


_FIRST = {"next_screen", "finer", "next_fill", "next_alert", "next_key"}
