"""The tables of an export: their columns, kinds and units; the text that explains them to whoever opens the files.

Rules of this file: data. A table's rows are made in export_rows.py, files in export_files.py.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from mmtui.core.ledger.account import PARTS

#: decimal: prices and sizes, up to 18 places; money: exact in 27 places, so that parts add up to totals.
Kind = Literal["int", "ns", "text", "decimal", "money", "bool"]
Row = tuple[Any, ...]


class Column(NamedTuple):
    name: str
    kind: Kind
    note: str


class Table(NamedTuple):
    name: str
    note: str
    columns: tuple[Column, ...]


RECORD = Column("record", "int", "number of the record on the tape")
RECV = Column("ts_recv", "ns", "our receive time, the clock of the engine, ns since 1970 UTC")
EVENT = Column("ts_event", "ns", "the venue's own time, ns since 1970 UTC; empty where it gave none")
INSTRUMENT = Column("instrument", "text", "venue:SYMBOL")
VENUE = Column("venue", "text", "id of the venue")
PRICE = Column("price", "decimal", "in quote units")
SIZE = Column("size", "decimal", "as the venue counts it: base units, contracts on inverse instruments")
SEQ = Column("seq", "int", "the venue's update id")
ORDER = Column("order_id", "int", "client order id, unique in the session")
SIDE = Column("side", "text", "buy or sell")


def _money(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "money", "in the desk's currency, signed") for name in names)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "book",
            "depth updates by level, in the order of the tape: kind `clear` empties both sides, then come the levels"
            " of the snapshot; `delta` sets a level to a size, 0 removes it; `gap` makes the book invalid until the"
            " next clear",
            (
                RECORD, RECV, EVENT, INSTRUMENT, Column("kind", "text", "clear, snapshot, delta or gap"),
                Column("side", "text", "bid or ask; empty on clear and gap"), PRICE, SIZE, SEQ,
            ),
        ),
        Table(
            "quotes",
            "best bid and ask as the venue's ticker says them; empty where a side is empty",
            (
                RECORD, RECV, EVENT, INSTRUMENT, Column("bid", "decimal", "in quote units"),
                Column("bid_size", "decimal", SIZE.note), Column("ask", "decimal", "in quote units"),
                Column("ask_size", "decimal", SIZE.note), SEQ,
            ),
        ),
        Table(
            "trades",
            "public trades, and forced orders where the venue tells them",
            (
                RECORD, RECV, EVENT, INSTRUMENT, Column("kind", "text", "trade or liquidation"),
                Column("trade_id", "int", "the venue's; empty on liquidations"),
                Column("side", "text", "the taker's: buy or sell"), PRICE, SIZE,
            ),
        ),
        Table(
            "marks",
            "mark and index prices, funding rates",
            (
                RECORD, RECV, EVENT, INSTRUMENT, Column("mark", "decimal", "in quote units"),
                Column("index", "decimal", "in quote units; empty where unknown"),
                Column("funding", "decimal", "rate of one interval, a fraction: 0.0001 is one bp"),
                Column("next_funding", "ns", "instant of the next payment; empty where unknown"),
            ),
        ),
        Table(
            "feed",
            "what happened to the market data itself",
            (
                RECORD, RECV, INSTRUMENT, VENUE,
                Column("kind", "text", "connected, disconnected, ended, damage, refined (a finer grid)"),
                Column("text", "text", "why or what"),
            ),
        ),
        Table(
            "orders",
            "requests that left the desk and what the venues answered; an order's price and size stand at its request",
            (
                RECORD, RECV, EVENT, INSTRUMENT, VENUE,
                Column(
                    "kind", "text", "requests: place, amend, cancel, cancel all, query orders, query account; answers:"
                    " accepted, rejected, cancelled, cancel rejected, amended, amend rejected, unknown, found, cancel"
                    " all done, open orders",
                ),
                ORDER, SIDE, PRICE, SIZE, Column("tif", "text", "GTX (post-only), GTC or IOC"),
                Column("reduce_only", "bool", ""), Column("purpose", "text", "quote, flatten, close, manual ..."),
                Column("level", "int", "rung of the ladder, 0 is nearest"),
                Column("venue_order_id", "text", ""), Column("text", "text", "reason, or what was asked or named"),
            ),
        ),
        Table(
            "fills",
            "executions of own orders",
            (
                RECORD, RECV, EVENT, INSTRUMENT, ORDER, Column("trade_id", "text", "the venue's"), SIDE, PRICE, SIZE,
                Column("maker", "bool", "false: taker"), Column("fee", "decimal", "positive is paid"),
                Column("fee_asset", "text", ""),
            ),
        ),
        Table(
            "moves",
            "changes of positions and balances that venues' own ledgers explain, and ADJUST: those that nothing does",
            (
                RECORD, RECV, EVENT, VENUE, INSTRUMENT,
                Column("cause", "text", "TRANSFER, EXTERNAL_FILL, FUNDING, FEE_ASSET, LIQUIDATION, ADL, CONVERSION or"
                " ADJUST"), Column("ref", "text", "the venue's id of the entry"),
                Column("size", "decimal", "change of the position, signed"), PRICE,
                Column("amount", "decimal", "change of money, plus is received"), Column("asset", "text", "of amount"),
            ),
        ),
        Table(
            "commands",
            "what operators and the host did, and what became of it",
            (
                RECORD, RECV, Column("command", "text", "id of the act"), Column("operator", "text", "who"),
                Column("uid", "text", "user id on the host; empty where it was not recorded"),
                Column("role", "text", "operator or observer"),
                Column("origin", "text", "local, ssh ADDRESS, ctl, signal, guard ..."),
                Column("action", "text", "what"),
                Column("args", "text", "JSON"), INSTRUMENT, VENUE, Column("reason", "text", "as it was given"),
                Column("seen", "int", "state version on the operator's screen; 0: none claimed"),
                Column("ok", "bool", "empty: no result on this record"), Column("result", "text", ""),
                Column("before", "text", ""), Column("after", "text", ""), Column("version", "int", "after the act"),
            ),
        ),
        Table(
            "alerts",
            "what the engine said",
            (
                RECORD, RECV, Column("severity", "text", "info, warn or danger"), Column("code", "text", "stable word"),
                Column("text", "text", ""), INSTRUMENT, VENUE,
            ),
        ),
        Table(
            "pnl",
            "profit of the desk once a second: the engine run again over the tape's events",
            (RECORD, RECV, *_money("total", *PARTS)),
        ),
        Table(
            "positions",
            "positions once a second where one is held, with profit since the start",
            (
                RECORD, RECV, INSTRUMENT, Column("position", "decimal", SIZE.note + "; signed, above the baseline"),
                Column("reference", "decimal", "mid price of the last mark, in quote units"), *_money("total"),
            ),
        ),
        Table(
            "instruments",
            "the instruments with the grids that were in force at the end",
            tuple(
                Column(name, "text", note)
                for name, note in (
                    ("instrument", "venue:SYMBOL"), ("venue", ""), ("symbol", ""), ("kind", "spot, linear or inverse"),
                    ("base", ""), ("quote", ""), ("settle", "asset in which profit is paid"),
                    ("tick", "price increment"), ("lot", "size increment"),
                    ("contract_size", "quote units a contract (inverse), base units a contract (linear)"),
                )
            ),
        ),
    )
}  # fmt: skip
