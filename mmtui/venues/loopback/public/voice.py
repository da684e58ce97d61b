"""What the loopback servers of all venues have in common: clients, topics, and who is told what.

A venue's Voice reads what a client sends (`heard`), and says what the market does (`booked`, `quoted`, `traded`,
`marked`) to those who have subscribed; `second` is called once a second for each client; `listing` and `clock` are its
REST answers.

Rules of this file: messages as values, sealed into bytes here; no market, no socket.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard

encode = msgspec.json.encode
MS = 1_000_000
#: Frames that may wait for one client.
QUEUE_MAX = 20_000
Topic = tuple[str, str]  # channel, symbol ("": of no symbol)
Body = dict[str, Any]


class PublicClient:
    """One WebSocket: what it has subscribed to, and the frames that wait for it (None: close)."""

    def __init__(self, born: float, path: str) -> None:
        self.born = born
        self.path = path
        self.topics: dict[Topic, None] = {}
        self.number = 0  # frames so far, where a venue counts them
        self.heard_at = born  # of the last answer to a question of the venue
        self.beat_s = 0  # it wants to be asked whether it lives so often
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_MAX)

    def wants(self, topic: Topic, on: bool) -> bool:
        """Subscribe to a topic or leave it; True: subscribed."""
        if on:
            self.topics[topic] = None
        else:
            self.topics.pop(topic, None)
        return on

    def put(self, data: bytes | None) -> None:
        with contextlib.suppress(asyncio.QueueFull):  # a slow client loses frames, and sees it by its sequence
            self.queue.put_nowait(data)


class Voice:
    """One venue's way of speaking. `muffled`: whether a symbol's book frame is to be left out.

    `spoiled`: whether its checksum is to be wrong.
    """

    venue: ClassVar[str]
    paths: ClassVar[tuple[str, ...]]  # of the stream
    notice: ClassVar[bytes] = b""  # what the venue says before it closes a connection; b"": nothing

    def __init__(self, boards: list[PublicBoard], clients: dict[PublicClient, None], now: Callable[[], int]) -> None:
        self.boards = {board.symbol: board for board in boards}
        self.clients = clients
        self.now = now
        self.muffled: Callable[[str], bool] = lambda symbol: False
        self.spoiled: Callable[[str], bool] = lambda symbol: False

    # -- what a client says --------------------------------------------------------------------------------------

    def greeted(self, client: PublicClient) -> None:
        """A client has connected."""

    def heard(self, client: PublicClient, text: bytes) -> None:
        """A message of a client."""
        raise NotImplementedError

    def second(self, client: PublicClient) -> None:
        """A second has passed."""

    # -- what the market does ------------------------------------------------------------------------------------

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        """Levels have changed; `before`: the id of the frame before."""
        raise NotImplementedError

    def quoted(self, board: PublicBoard) -> None:
        """The touch has changed."""

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        raise NotImplementedError

    def marked(self, board: PublicBoard) -> None:
        """Mark, index or funding have changed."""

    # -- REST ----------------------------------------------------------------------------------------------------

    def listing(self, path: str, query: dict[str, str]) -> Any:
        """The answer about instruments."""
        raise NotImplementedError

    def clock(self) -> Any:
        """The answer about the time."""
        raise NotImplementedError

    # -- for the venues ------------------------------------------------------------------------------------------

    def seal(self, client: PublicClient, body: Body) -> bytes:
        """A message as the client gets it."""
        return encode(body)

    def tell(self, client: PublicClient, body: Body) -> None:
        client.put(self.seal(client, body))

    def publish(self, topic: Topic, body: Body, muffled: bool = False) -> None:
        """To everyone who has subscribed; a muffled frame is made, and does not leave."""
        for client in list(self.clients):
            if topic in client.topics:
                data = self.seal(client, body)
                if not muffled:
                    client.put(data)

    def ms(self) -> int:
        return self.now() // MS


def decoded(text: bytes) -> Body | None:
    """A message that is an object; None: it is none."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def raw(text: str) -> msgspec.Raw:
    """A decimal text as a JSON number with its digits as they are."""
    return msgspec.Raw(text.encode())
