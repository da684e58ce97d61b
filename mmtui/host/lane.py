"""The lossless lane: items numbered without a hole, and the bounded memory from which a snapshot is made.

Rules of this file: no sockets; the hub sends what comes out.
"""

from __future__ import annotations

from collections import deque

from mmtui.link.messages import Item, Snapshot

#: What a snapshot keeps of each kind.
KEEP = 200


class Lane:
    def __init__(self) -> None:
        self.n = 0
        self._kept: dict[str, deque[Item]] = {}

    def number(self, item: Item) -> Item:
        """Give the item its place, and remember it."""
        self.n += 1
        item.n = self.n
        kept = self._kept.get(item.kind)
        if kept is None:
            kept = self._kept[item.kind] = deque(maxlen=KEEP)
        kept.append(item)
        return item

    def clear(self) -> None:
        """Forget what happened (a replay that jumps); the numbers go on."""
        self._kept.clear()

    def snapshot(self) -> Snapshot:
        """The lane up to now: the newest of each kind, in order."""
        items = [item for kept in self._kept.values() for item in kept]
        items.sort(key=lambda item: item.n)
        return Snapshot(n=self.n, items=items)
