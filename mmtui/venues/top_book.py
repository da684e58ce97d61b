"""The best levels of a book in the venue's own words, kept where a checksum is computed over them.

Rules of this file: ticks, and texts made by the caller; cut to the depth that was subscribed, as the venue cuts.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence


class TopSide:
    """One side: key (ticks times sign, the best is the greatest) -> text."""

    __slots__ = ("keys", "sign", "words")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.words: dict[int, str] = {}
        self.keys: list[int] = []

    def apply(self, prices: Sequence[int], words: Sequence[str]) -> None:
        """A level of no words is gone."""
        for price, word in zip(prices, words, strict=True):
            key = self.sign * price
            if word:
                if key not in self.words:
                    insort(self.keys, key)
                self.words[key] = word
            elif self.words.pop(key, ""):
                del self.keys[bisect_left(self.keys, key)]

    def cut(self, depth: int) -> list[int]:
        """Prices that fell out of the subscribed depth."""
        spare = len(self.keys) - depth
        if spare <= 0:
            return []
        gone, self.keys = self.keys[:spare], self.keys[spare:]
        for key in gone:
            del self.words[key]
        return [self.sign * key for key in gone]

    def best(self, count: int) -> list[str]:
        return [self.words[key] for key in reversed(self.keys[-count:])]

    def rescale(self, px: int) -> None:
        self.keys = [key * px for key in self.keys]
        self.words = {key * px: word for key, word in self.words.items()}


class TopBook:
    """Both sides."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids = TopSide(+1)
        self.asks = TopSide(-1)

    def rescale(self, px: int) -> None:
        self.bids.rescale(px)
        self.asks.rescale(px)
