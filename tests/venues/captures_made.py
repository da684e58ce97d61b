"""Small captures made by the tests: lines as the venue and the recorder write them."""

from __future__ import annotations

import json
from pathlib import Path

T0 = 1_723_161_255_000_000_000


class Made:
    """Collects lines of one symbol of one market; every line is 1 ms after the one before."""

    def __init__(self, market: str = "usdm", symbol: str = "BTCUSDT", t0: int = T0) -> None:
        self.market, self.symbol, self.now = market, symbol, t0
        self.lines: list[bytes] = []

    def add(self, message: object) -> Made:
        self.now += 1_000_000
        return self.raw(f"{self.now} ".encode() + json.dumps(message, separators=(",", ":")).encode())

    def raw(self, line: bytes) -> Made:
        self.lines.append(line)
        return self

    def stream(self, name: str, data: dict) -> Made:
        return self.add({"stream": f"{self.symbol.lower()}@{name}", "data": data})

    def depth(self, first: int, final: int, pu: int = -1, b=(), a=()) -> Made:
        data = {"e": "depthUpdate", "E": 1723161256299, "s": self.symbol, "U": first, "u": final}
        if self.market != "spot":
            data |= {"T": 1723161256298, "pu": pu}
        return self.stream("depth@0ms", data | {"b": list(b), "a": list(a)})

    def snapshot(self, at: int, bids=(("100.0", "5"),), asks=(("101.0", "5"),)) -> Made:
        data: dict = {"lastUpdateId": at}
        if self.market != "spot":
            data |= {"E": 1723161256501, "T": 1723161256493}
        if self.market == "coinm":
            data |= {"symbol": self.symbol, "pair": self.symbol.partition("_")[0]}
        return self.add(data | {"bids": list(bids), "asks": list(asks)})

    def ticker(self, u: int, bid="100.0", ask="101.0") -> Made:
        data = {"u": u, "s": self.symbol, "b": bid, "B": "1", "a": ask, "A": "2"}
        if self.market != "spot":
            data |= {"e": "bookTicker", "T": 1723161256298, "E": 1723161256299}
        return self.stream("bookTicker", data)

    def trade(self, number: int, price="100.5", size="1", buyer_maker=False, **more) -> Made:
        data = {"e": "trade", "E": 1723161256322, "T": 1723161256321, "s": self.symbol, "t": number, "p": price,
                "q": size, "m": buyer_maker}  # fmt: skip
        data |= {"M": True} if self.market == "spot" else {"X": "MARKET"}
        return self.stream("trade", data | more)

    def write(self, path: Path, end: bytes = b"\n") -> Path:
        path.write_bytes(b"\n".join(self.lines) + end)
        return path
