"""What a loopback exchange keeps of its account in a file: orders, executions, ends, moves of money, refusals.

One JSON line each, in the order in which they happened, written before anybody is answered: an exchange that was
killed goes on where it stood (`mmtui venue serve --journal FILE`), and what was true at the venue can be read later.

    k: life | new | fill | end | amend | move | mode | refused;  at: our clock, ns;  ts: the exchange's, ns
    sizes in lots, prices in ticks, of the grid that the latest "life" names

Rules of this file: one write a line, so that a death of the process tears none; a torn last line is left out.
"""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from mmtui.core.errors import SourceError, UserError
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.records import Order

#: Ids of orders that an exchange may have given away without a line: a new life leaves so many out.
SKIPPED = 1_000


class Journal:
    """A file that grows."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror}") from None
        if os.fstat(self._file).st_size and not path.read_bytes().endswith(b"\n"):
            os.write(self._file, b"\n")

    def write(self, kind: str, fields: dict[str, Any]) -> None:
        line = msgspec.json.encode({"k": kind, "at": time.time_ns(), **fields})
        os.write(self._file, line + b"\n")


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal, none where there is no file. SourceError names a line that cannot be read."""
    rows: list[dict[str, Any]] = []
    if not path.exists():
        return rows
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        except msgspec.MsgspecError as error:
            if number < len(lines):
                raise SourceError(f"{path}: line {number}: {error}") from None
    return rows


def open_journal(exchange: Exchange, path: Path) -> None:
    """Go on with what a journal tells, and keep it from now on. UserError: it is of another exchange."""
    try:
        for row in read(path):
            _STEPS[row["k"]](exchange, row)
    except (KeyError, IndexError, TypeError, ArithmeticError) as error:
        raise UserError(f"{path}: no journal of {exchange.market.id}: {type(error).__name__}: {error}") from None
    now = exchange.now()
    for order in [order for order in exchange.orders.values() if order.open]:
        exchange.rest(order, now)
    journal = Journal(path)
    grids = {board.symbol: [str(board.tick), str(board.lot)] for board in exchange.boards}
    journal.write("life", {"market": exchange.market.id, "symbols": grids})
    exchange.note = journal.write


def _life(exchange: Exchange, row: dict[str, Any]) -> None:
    if row["market"] != exchange.market.id:
        raise KeyError(row["market"])
    exchange.skip_ids(SKIPPED)


def _new(exchange: Exchange, row: dict[str, Any]) -> None:
    i = exchange.by_symbol[row["symbol"]].i
    order = Order(
        row["id"], row["client"], i, row["side"], row["type"], row["tif"], row["px"], row["sz"], row["reduces"],
        row["ts"], row.get("leg", "BOTH"),
    )  # fmt: skip
    order.limit = row["limit"]
    exchange.remember(order)


def _fill(exchange: Exchange, row: dict[str, Any]) -> None:
    exchange.execute(exchange.orders[row["order"]], row["px"], row["sz"], row["maker"], row["ts"])


def _end(exchange: Exchange, row: dict[str, Any]) -> None:
    order = exchange.orders[row["order"]]
    order.status, order.reason, order.updated = row["status"], row["why"], row["ts"]


def _amend(exchange: Exchange, row: dict[str, Any]) -> None:
    order = exchange.orders[row["order"]]
    if row["client"] != order.client:
        exchange.rename(order, row["client"])
    order.px = order.limit = row["px"]
    order.sz, order.updated = row["sz"], row["ts"]


def _move(exchange: Exchange, row: dict[str, Any]) -> None:
    exchange.moved(row["kind"], row["symbol"], Decimal(row["amount"]), row["asset"], row["ts"])


def _mode(exchange: Exchange, row: dict[str, Any]) -> None:
    exchange.switch(row["dual"])


def _refused(exchange: Exchange, row: dict[str, Any]) -> None:
    """Nothing came of it."""


_STEPS = {
    "life": _life, "new": _new, "fill": _fill, "end": _end, "amend": _amend, "move": _move, "mode": _mode,
    "refused": _refused,
}  # fmt: skip
