"""How a venue publishes its market data, as data: channels, the rule that proves a book, pings, snapshots.

One table a venue stands in its folder's public.py with its sources.  What a table only recalls (nobody read it in a
document or saw it in messages) is named in `recalled`.

Rules of this file: the shape of the facts; no fact of any one venue, no behaviour.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class MarketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's public market data."""

    id: str
    family: str  # what `mmtui wire` calls it
    verified: str  # when the table was last compared with its sources
    source: str
    recalled: tuple[str, ...] = ()  # fields that nobody has verified

    urls: tuple[tuple[str, str], ...]  # (kind of instrument, "" all: address of the WebSocket)
    sequence: str  # the rule that is obeyed on every frame
    checksum: str = ""  # likewise; "": the venue sends none
    snapshot: Literal["channel", "rest", "every message"] = "channel"
    book: str
    depth: int  # levels a side of the subscribed book; 0: all
    trades: str
    quotes: str = ""
    marks: str = ""  # mark price, index price and funding; "": none
    liquidations: str = ""
    funding_h: int = 0  # hours of one funding period, where it is fixed; 0: none, or told by the venue

    ping: str = ""  # the text that the client sends; "": ping frames of the WebSocket
    pong: str = ""  # how the venue's answer begins
    ping_s: int = 20
    steady: bool = False  # something comes every few seconds whatever the market does: silence means trouble
    notice: str = ""  # what a frame holds that says that the venue will close the connection soon
    life_s: int = 0  # age at which the venue closes a connection; 0: it does not
    per_s: int = 0  # messages of ours that it takes in a second; 0: no limit is known that we could reach
    batch: int = 100  # channels in one request
