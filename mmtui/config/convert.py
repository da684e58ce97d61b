"""One TOML table -> one frozen struct, key by key, so that a mistake names its key and what is allowed there.

Rules of this file: knows structs and their ranges, not what the keys mean.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from mmtui.config.errors import ConfigError
from mmtui.config.lines import KeyLines
from mmtui.core.market.instrument import plain

T = TypeVar("T", bound=msgspec.Struct)

_ENV = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: More digits than any amount has.
_AMOUNT_MAX = Decimal(10) ** 15

#: Keys beside which somebody may put a secret by mistake: their values are never shown.
SECRETIVE = frozenset({"keys", "kill_keys", "secret"})


class Converter:
    """Makes structs of the tables of one file."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = KeyLines(text)

    def error(self, where: tuple[str, ...], what: str) -> ConfigError:
        return ConfigError(self.path, self.lines.find(*where), key_text(where), what)

    def table(self, value: object, shape: type[T], where: tuple[str, ...]) -> T:
        """A struct of a table; ConfigError for the first key that is unknown, missing, or not allowed."""
        if not isinstance(value, dict):
            raise self.error(where, f"{show(value)} is not allowed; this is a table of keys")
        fields = {field.name: field for field in msgspec.structs.fields(shape)}
        self.known(value, list(fields), where)
        done: dict[str, Any] = {}
        for name, field in fields.items():
            if name in value:
                done[name] = self.value(value[name], field.type, (*where, name))
            elif field.required:
                raise self.error(where, f"{name} is missing; give {describe(inspect.type_info(field.type))}")
        return shape(**done)

    def known(self, value: Mapping[str, object], names: list[str], where: tuple[str, ...]) -> None:
        for name in value:
            if name not in names:
                close = difflib.get_close_matches(name, names, 1, 0.6)
                hint = f"did you mean {close[0]}? " if close else ""
                raise self.error((*where, name), f"unknown key; {hint}Known here: {', '.join(names)}")

    def value(self, value: object, shape: Any, where: tuple[str, ...]) -> object:
        info = inspect.type_info(shape)
        nested = _struct_of(info)
        if nested is not None and isinstance(value, dict):
            return self.table(value, nested, where)
        value = self.expand(value, where)
        bad_float = isinstance(value, float) and not math.isfinite(value)
        try:
            if not bad_float:
                return msgspec.convert(value, shape)
        except (msgspec.ValidationError, OverflowError):
            pass
        shown = "what stands there" if where[-1] in SECRETIVE else show(value)
        raise self.error(where, f"{shown} is not allowed; give {describe(info)}")

    def expand(self, value: object, where: tuple[str, ...]) -> object:
        """${NAME} in texts by the environment."""
        if isinstance(value, list):
            return [self.expand(item, where) for item in value]
        if not isinstance(value, str):
            return value

        def look(match: re.Match[str]) -> str:
            found = os.environ.get(match.group(1))
            if found is None:
                what = f"the environment variable {match.group(1)} is not set; export it, or write a path"
                raise self.error(where, what)
            return found

        return _ENV.sub(look, value)

    def amount(self, value: int | float | str, where: tuple[str, ...], *, least: str = "", above: str = "") -> str:
        """Exact decimal text of a number, or of a text that is one."""
        try:
            number = Decimal(value) if isinstance(value, str) else Decimal(repr(value))
        except ArithmeticError:
            number = Decimal("NaN")
        wanted = f"a number above {above}" if above else f"a number of at least {least}" if least else "a number"
        if number.is_finite() and abs(number) > _AMOUNT_MAX:
            wanted = f"{wanted}{' and' if least or above else ''} of at most {_AMOUNT_MAX:.0e}"
        out = not number.is_finite() or abs(number) > _AMOUNT_MAX or isinstance(value, bool)
        if out or (least and number < Decimal(least)) or (above and number <= Decimal(above)):
            raise self.error(where, f"{show(value)} is not allowed; give {wanted}")
        return plain(number)


def key_text(where: tuple[str, ...]) -> str:
    """("venue", "1", "id") -> "venue[1].id" (counted from 0, as the tables stand in the file)."""
    text = ""
    for part in where:
        text += f"[{part}]" if part.isdigit() and text else f".{part}" if text else part
    return text


def show(value: object) -> str:
    """A value as TOML writes it, cut."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _struct_of(info: inspect.Type) -> type[msgspec.Struct] | None:
    if isinstance(info, inspect.StructType):
        return info.cls
    if isinstance(info, inspect.UnionType):
        return next((item.cls for item in info.types if isinstance(item, inspect.StructType)), None)
    return None


def describe(info: inspect.Type) -> str:
    """What a type allows, in words."""
    if isinstance(info, inspect.Metadata):
        return describe(info.type)
    if isinstance(info, inspect.LiteralType):
        return "one of " + ", ".join(show(value) for value in info.values)
    if isinstance(info, inspect.BoolType):
        return "true or false"
    if isinstance(info, inspect.FloatType | inspect.IntType):
        return _number("a whole number" if isinstance(info, inspect.IntType) else "a number", info)
    if isinstance(info, inspect.StrType):
        return f"a text like {info.pattern}" if info.pattern else "a text"
    if isinstance(info, inspect.ListType):
        return f"a list of {describe(info.item_type).removeprefix('a ')}s"
    if isinstance(info, inspect.StructType):
        return "a table { " + ", ".join(f"{field.name} = ..." for field in info.fields) + " }"
    if isinstance(info, inspect.UnionType):
        parts = [describe(item) for item in info.types if not isinstance(item, inspect.NoneType)]
        if "a number" in parts:
            parts = [part for part in parts if part not in ("a whole number", "a text")]
        return " or ".join(parts)
    return "something else"


def _number(what: str, info: inspect.FloatType | inspect.IntType) -> str:
    low = f"above {info.gt:g}" if info.gt is not None else f"of at least {info.ge:g}" if info.ge is not None else ""
    high = f"below {info.lt:g}" if info.lt is not None else f"of at most {info.le:g}" if info.le is not None else ""
    if info.ge is not None and info.le is not None:
        return f"{what} from {info.ge:g} to {info.le:g}"
    return " ".join(part for part in (what, low, "and" if low and high else "", high) if part)
