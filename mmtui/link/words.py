"""The words of ticket, hedge and roll, typed to `mmtui ctl` or in the palette, as arguments of the acts.

Rules of this file: words only; sizes and prices stay the text that was typed, so that nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.core.commands import BY_NAME
from mmtui.core.errors import UserError

Value = str | int | float | bool | list[str]
Args = dict[str, Value]

TYPES = ("limit", "post-only", "ioc")


def _usage(name: str, words: list[str]) -> UserError:
    return UserError(f"usage: {name} {BY_NAME[name].args} (not {' '.join(words)!r})")


def ticket(words: list[str]) -> Args:
    """buy 0.1 100000 post-only reduce-only preview, or hedge [ASSET] [preview]."""
    rest = [word for word in words if word not in ("preview", "reduce-only")]
    given: Args = {"preview": True} if "preview" in words else {}
    if rest[:1] == ["hedge"] and len(rest) <= 2 and "reduce-only" not in words:
        return {**given, "hedge": True, **({"asset": rest[1]} if rest[1:] else {})}
    if not 3 <= len(rest) <= 4 or rest[0] not in ("buy", "sell") or (rest[3:] and rest[3] not in TYPES):
        raise _usage("ticket", words)
    given |= {"side": rest[0], "size": rest[1], "price": rest[2]}
    if rest[3:]:
        given["type"] = rest[3]
    if "reduce-only" in words:
        given["reduce_only"] = True
    return given


def hedge(words: list[str]) -> Args:
    """Nothing, on, off, or set KEY=VALUE ...; an asset may stand among them."""
    given: Args = {"op": words[0]} if words[:1] and words[0] in ("on", "off", "set") else {}
    for word in words[len(given) :]:
        key, equals, text = word.partition("=")
        if equals and key and given.get("op") in ("set", "on"):
            given[key] = _value(text)
        elif equals or not word or "asset" in given:
            raise _usage("hedge", words)
        else:
            given["asset"] = word
    return given


def roll(words: list[str]) -> Args:
    """TO [SIZE] [post-only] [preview]."""
    rest = [word for word in words if word not in ("post-only", "preview")]
    if not 1 <= len(rest) <= 2:
        raise _usage("roll", words)
    given: Args = {"to": rest[0]}
    if rest[1:]:
        given["size"] = rest[1]
    for word, key in (("post-only", "post_only"), ("preview", "preview")):
        if word in words:
            given[key] = True
    return given


def _value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


HANDS: dict[str, Callable[[list[str]], Args]] = {"ticket": ticket, "hedge": hedge, "roll": roll}
