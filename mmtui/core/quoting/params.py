"""Every quoting parameter: default, unit, range and the reference text that help, doctor and README print.

The parts stand in params_price.py, params_ladder.py, params_flow.py and params_pairs.py.  Rules of this file: puts
them together, and words what is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mmtui.core.quoting import params_flow, params_ladder, params_pairs, params_price


class Quoting(params_pairs.PairParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quoting profile. All bps are of fair value."""


#: name -> (unit, what it does). The test suite checks that every field stands here.
REFERENCE: dict[str, tuple[str, str]] = {
    **params_price.REFERENCE,
    **params_ladder.REFERENCE,
    **params_flow.REFERENCE,
    **params_pairs.REFERENCE,
}


def ranges() -> dict[str, str]:
    """What is allowed for each parameter, in words: "0 .. 5,000", "> 0 .. 20", "mid | micro", "true | false"."""
    return {field.name: _range(field.type) for field in msgspec.inspect.type_info(Quoting).fields}  # type: ignore[attr-defined]


def _range(kind: msgspec.inspect.Type) -> str:
    if isinstance(kind, msgspec.inspect.LiteralType):
        return " | ".join(str(value) for value in kind.values)
    if isinstance(kind, msgspec.inspect.BoolType):
        return "true | false"
    if isinstance(kind, msgspec.inspect.IntType | msgspec.inspect.FloatType):
        low = f"> {kind.gt:,g}" if kind.gt is not None else f"{kind.ge:,g}" if kind.ge is not None else ""
        high = f"< {kind.lt:,g}" if kind.lt is not None else f"{kind.le:,g}" if kind.le is not None else ""
        return f"{low} .. {high}".strip()
    return "text"


#: What msgspec calls the types of parameters.
_TYPES = {"`float`": "a number", "`int`": "a whole number", "`bool`": "true or false", "`str`": "a text"}


def in_words(error: msgspec.ValidationError, args: Mapping[str, object]) -> str:
    """A parameter that cannot be: "levels=100 is not allowed; give a whole number <= 20"."""
    why, _, path = str(error).partition(" - at `$.")
    key = path.rstrip("`")
    if not why.startswith("Expected ") or key not in args:
        return f"{key}={args.get(key)} is not allowed: {why[:1].lower()}{why[1:]}"
    wanted = why.removeprefix("Expected ").partition(", got ")[0]
    for name, words in _TYPES.items():
        wanted = wanted.replace(name, words)
    return f"{key}={args[key]} is not allowed; give {wanted}"
