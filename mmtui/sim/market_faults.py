"""Damage to what a venue says in public: frames lost, repeated, absurd, and books that cannot be (13-14, 16-20, 29).

Fault 15 (checksum mismatch) cannot occur: the public form that the simulator's venues speak carries no checksum.
Rules of this file: bytes in, bytes out; the market's truth is not touched, and every lie is corrected in time.
"""

from __future__ import annotations

import re
from functools import cache

from mmtui.sim.market import Frames, Market
from mmtui.sim.world import MS, World

_NUMBER = re.compile(rb'"(-?[0-9]+(?:\.[0-9]+)?)"')
_NO_NUMBERS = (b"NaN", b"Infinity", b"-inf", b"1e400", b"")
#: Faults that damage any frame, and those of depth updates.
_ANY, _DEPTH = (19, 20, 29), (13, 14, 18)
#: One absurd frame in so many is of the largest size.
HUGE_EVERY = 24


@cache
def _absurd() -> tuple[bytes, ...]:
    """Frames that nobody should send; made once."""
    return (
        b'{"stream":"btcusdt@depth@100ms","data":' + b"[" * 50_000,
        b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"\xff\xfe\xc3"}}',
        b'{"stream":"btcusdt@alien@9ms","data":{"e":"alienUpdate","E":1}}',
        b'{"e":"trade","s":7,"t":"x"}',
        b'[[[{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}]]]",
        b"\x00\x01\x02",
        b"",
        b"null",
        b'{"stream":"btcusdt@trade","data":{"e":"trade","X":"ALIEN"}}',
        b'{"stream":"btcusdt@depth@100ms","data":"' + b"9" * 10_000_000 + b'"}',
    )


class PublicFeed:
    """What leaves one venue in public."""

    __slots__ = ("_any", "_depth", "_first", "_kept", "_last", "_markets", "_world")

    def __init__(self, world: World, markets: dict[int, Market]) -> None:
        self._world = world
        self._markets = markets
        self._any = [n for n in _ANY if world.draws(n)]
        self._depth = [n for n in _DEPTH if world.draws(n)]
        self._last: dict[int, bytes] = {}  # newest depth update of each instrument, as it was meant
        self._kept: dict[int, bytes] = {}  # snapshot given last
        self._first: dict[int, bytes] = {}  # oldest snapshot

    def mangle(self, i: int, frames: Frames) -> list[bytes]:
        """The frames as they leave."""
        if not self._any and not self._depth:
            return [frame for _, frame in frames]
        out: list[bytes] = []
        for kind, whole in frames:
            bodies = self._of_depth(i, whole) if kind == "d" and self._depth else [whole]
            for body in bodies:
                out += self._of_any(kind, body)
        return out

    # -- depth updates -----------------------------------------------------------------------------------------

    def _of_depth(self, i: int, frame: bytes) -> list[bytes]:
        world = self._world
        before = self._last.get(i, frame)
        self._last[i] = frame
        for n in self._depth:
            if world.strikes(n):
                if n == 13:
                    return []
                if n == 14:
                    return [[frame, frame], [frame, before], [before, frame]][world.dice(14).below(3)]
                return [self._impossible(i, frame)]
        return [frame]

    def _impossible(self, i: int, frame: bytes) -> bytes:
        """Fault 18: a crossed, locked or one-sided book, put right within two seconds."""
        market, dice = self._markets[i], self._world.dice(18)
        ask = market.touch()[1]
        kind = dice.below(4)
        px, size = market.px, market.sz[1 + dice.below(50)]
        if kind < 2:  # crossed, locked
            key = ask + (2 * market.gap if kind == 0 else 0)
            frame = _insert(frame, b'"b":[', [b'["%b","%b"]' % (px[key], size)])
            keys = [key]
        else:
            sign = 1 if kind == 2 else -1
            keys = [key for key in (*market.sizes, *market.own) if key * sign > 0]
            rows = [b'["%b","0"]' % px[abs(key)] for key in keys]
            side = b'"b":[' if sign > 0 else b'"a":['
            steps = {text: step for step, text in px.items()}
            keys += [sign * steps[text] for text in _prices(frame, side)]  # what this frame would have said
            frame = _replace_side(frame, side, rows)
        self._world.after((50 + dice.below(1_950)) * MS, market.say_again, keys)
        return frame

    # -- any frame ---------------------------------------------------------------------------------------------

    def _of_any(self, kind: str, frame: bytes) -> list[bytes]:
        world = self._world
        for n in self._any:
            if world.strikes(n):
                dice = world.dice(n)
                if n == 29:
                    if dice.below(HUGE_EVERY) == 0:
                        return [_absurd()[9], frame]
                    which = dice.below(10)
                    return [frame[: dice.below(len(frame))]] if which == 9 else [_absurd()[which], frame]
                places = list(_NUMBER.finditer(frame))
                if places:
                    pick = dice.below(len(places))
                    if n == 20:
                        text = _NO_NUMBERS[dice.below(len(_NO_NUMBERS))]
                    else:  # a size of 0 is how depth says that a level is gone
                        size_of_depth = kind == "d" and pick % 2 == 1
                        text = b"-0.5" if size_of_depth or dice.below(2) else b"0"
                    start, end = places[pick].span(1)
                    return [frame[:start] + text + frame[end:]]
        return [frame]

    # -- snapshots ---------------------------------------------------------------------------------------------

    def snapshot(self, i: int) -> bytes | None:
        """The REST answer: right, (16) cut, empty, an error or a little old, or (17) as old as can be."""
        world = self._world
        body = self._markets[i].snapshot()
        before = self._kept.get(i, body)
        self._kept[i] = body
        first = self._first.setdefault(i, body)
        if world.strikes(17):
            return first
        if world.strikes(16):
            dice = world.dice(16)
            return [None, b"", b'{"code":-1003,"msg":"Way too many requests"}', before, body[: dice.below(len(body))]][
                dice.below(5)
            ]
        return body


_PRICE = re.compile(rb'\["([0-9.]+)"')


def _insert(frame: bytes, side: bytes, rows: list[bytes]) -> bytes:
    """More levels at the head of one side of a depth update."""
    at = frame.rfind(side) + len(side)
    comma = b"" if frame[at : at + 1] == b"]" else b","
    return frame[:at] + b",".join(rows) + comma + frame[at:]


def _prices(frame: bytes, side: bytes) -> list[bytes]:
    """Prices of one side of a depth update."""
    at = frame.rfind(side) + len(side)
    end = at if frame[at : at + 1] == b"]" else frame.find(b"]]", at)
    return _PRICE.findall(frame, at, end)


def _replace_side(frame: bytes, side: bytes, rows: list[bytes]) -> bytes:
    at = frame.rfind(side) + len(side)
    end = at + 1 if frame[at : at + 1] == b"]" else frame.find(b"]]", at) + 2
    return frame[:at] + b",".join(rows) + b"]" + frame[end:]
