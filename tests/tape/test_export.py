"""Exports are read back with other programs' eyes and compared with what the engine's books and ledger hold."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal

import pytest
from taped_desk import desk_records, write_tape

from mmtui.cli import main
from mmtui.core.effects import Alert, PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Command, Fill, Trade
from mmtui.core.market.instrument import Grid
from mmtui.tape.export_tables import TABLES


def needs(name):
    """The package, or a skip that names it."""
    return pytest.importorskip(name, reason=f"skipped: no {name}", exc_type=ImportError)


@pytest.fixture
def session(tmp_path):
    write_tape(tmp_path / "s", close=True)
    return tmp_path / "s"


def exported(session, form):
    out = session.parent / form
    assert main(["export", str(session), "--format", form, "--out", str(out)]) == 0
    return out


def read_csv(out):
    """table -> rows as dicts, values by the kind of their column."""
    made = {
        "int": int,
        "ns": int,
        "text": str,
        "decimal": Decimal,
        "money": Decimal,
        "bool": lambda text: text == "True",
    }
    tables = {}
    for name, table in TABLES.items():
        kinds = {column.name: made[column.kind] for column in table.columns}
        with open(out / f"{name}.csv", newline="") as file:
            tables[name] = [
                {key: kinds[key](value) if value else None for key, value in row.items()}
                for row in csv.DictReader(file)
            ]
    return tables


def rebuilt(rows, upto):
    """instrument -> (bids, asks) of the rows of `book` before record `upto`."""
    books = {}
    for row in rows:
        if row["record"] >= upto:
            break
        bids, asks = books.setdefault(row["instrument"], ({}, {}))
        if row["kind"] == "clear":
            bids.clear(), asks.clear()
        elif row["kind"] != "gap":
            side = bids if row["side"] == "bid" else asks
            side[row["price"]] = row["size"]
            if not row["size"]:
                del side[row["price"]]
    return books


def test_csv_holds_the_books_level_by_level(session):
    setup, records = desk_records()
    rows = read_csv(exported(session, "csv"))["book"]
    for upto in (500, 2500, len(records)):
        engine = Engine(setup)
        for event, _ in records[:upto]:
            engine.process(event)
        books = rebuilt(rows, upto)
        for i, item in enumerate(setup.instruments):
            grid, book = Grid(item.instrument), engine.books[i]
            bids, asks = books[item.instrument.id]
            assert bids == {grid.tick * px: grid.lot * sz for px, sz in book.bids.top(10**6)}
            assert asks == {grid.tick * px: grid.lot * sz for px, sz in book.asks.top(10**6)}


def test_csv_holds_what_the_records_hold(session):
    setup, records = desk_records()
    tables = read_csv(exported(session, "csv"))
    events = Counter(type(event) for event, _ in records)
    effects = Counter(type(effect) for _, effects in records for effect in effects)
    assert len(tables["quotes"]) == events[BestQuote]
    assert len(tables["trades"]) == events[Trade]
    assert len(tables["fills"]) == events[Fill] > 0
    assert len(tables["commands"]) == events[Command] == 12
    assert len(tables["alerts"]) == effects[Alert]
    assert sum(row["kind"] == "place" for row in tables["orders"]) == effects[PlaceOrder]
    assert sum(row["kind"] == "clear" for row in tables["book"]) == events[BookSnapshot]
    levels = sum(
        len(event.bid_px) + len(event.ask_px) for event, _ in records if isinstance(event, BookSnapshot | BookDelta)
    )
    assert len(tables["book"]) == levels + events[BookSnapshot]
    for row, trade in zip(tables["trades"], (e for e, _ in records if isinstance(e, Trade)), strict=True):
        grid = Grid(setup.instruments[trade.i].instrument)
        assert (row["ts_recv"], row["ts_event"], row["trade_id"]) == (trade.ts, trade.ts_event, trade.trade_id)
        assert (row["price"], row["size"]) == (grid.tick * trade.px, grid.lot * trade.sz)
        assert row["side"] == ("buy" if trade.side > 0 else "sell")


def test_fills_commands_and_profit_are_those_of_the_ledger(session):
    setup, records = desk_records()
    engine = Engine(setup)
    for event, _ in records:
        engine.process(event)
    tables = read_csv(exported(session, "csv"))
    for i, item in enumerate(setup.instruments):
        signed = [
            row["size"] if row["side"] == "buy" else -row["size"]
            for row in tables["fills"]
            if row["instrument"] == item.instrument.id
        ]
        assert sum(signed) == Grid(item.instrument).lot * engine.accounts[i].position
    command = tables["commands"][0]
    assert (command["operator"], command["action"], json.loads(command["args"])) == ("ann", "spread", {"bps": 1.5})
    assert command["ok"] is True and command["before"] != command["after"]
    for row in tables["pnl"]:
        assert sum(value for key, value in row.items() if key not in ("record", "ts_recv", "total")) == row["total"]
    at = tables["pnl"][-1]["record"]
    engine = Engine(setup)
    for event, _ in records[: at + 1]:
        engine.process(event)
    assert tables["pnl"][-1]["total"] == Decimal(engine.ledger.total()).scaleb(-27)


def test_parquet_is_the_csv_with_types(session):
    pq = needs("pyarrow.parquet")
    import pyarrow as pa

    text, typed = exported(session, "csv"), exported(session, "parquet")
    for name, rows in read_csv(text).items():
        table = pq.read_table(typed / f"{name}.parquet")
        plain = table
        for place, column in enumerate(TABLES[name].columns):
            field = table.schema.field(column.name)
            assert field.metadata[b"note"].decode() == column.note
            if column.kind in ("decimal", "money"):
                assert field.type == pa.decimal128(38, 27 if column.kind == "money" else 18)
            if column.kind == "ns":
                assert field.type == pa.timestamp("ns", "UTC")
                plain = plain.set_column(place, column.name, table[column.name].cast(pa.int64()))
        # an empty text and none are the same in a CSV
        assert [
            {key: value or None if value == "" else value for key, value in row.items()} for row in plain.to_pylist()
        ] == rows


def test_the_readme_names_every_table_and_column(session):
    text = (exported(session, "csv") / "README.md").read_text()
    for name, table in TABLES.items():
        assert f"## {name} (" in text
        assert all(f"| {column.name} | {column.kind} |" in text for column in table.columns)


def test_nothing_is_written_over(session, capsys):
    out = exported(session, "csv")
    capsys.readouterr()
    assert main(["export", str(session), "--format", "csv", "--out", str(out)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    (session.parent / "file").write_text("mine")
    assert main(["export", str(session), "--format", "csv", "--out", str(session.parent / "file")]) == 2
    assert (session.parent / "file").read_text() == "mine"


@pytest.mark.parametrize("form", ["csv", "parquet", "hftbacktest"])
def test_what_is_interrupted_leaves_nothing_behind(session, form, monkeypatch):
    if form == "parquet":
        needs("pyarrow")
    from mmtui.review import export

    real = export.records

    def torn(reader):
        for record in real(reader):
            if record[0] == 3000:
                raise KeyboardInterrupt
            yield record

    monkeypatch.setattr(export, "records", torn)
    out = session.parent / "out"
    assert main(["export", str(session), "--format", form, "--out", str(out)]) == 130
    assert not out.exists()
    out.mkdir()
    assert main(["export", str(session), "--format", form, "--out", str(out)]) == 130
    assert not list(out.iterdir())


def test_without_pyarrow_parquet_is_a_sentence(session, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    out = session.parent / "out"
    assert main(["export", str(session), "--format", "parquet", "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert "pyarrow" in said.err and said.err.count("\n") == 1 and not said.out
    assert not out.exists()


def test_a_format_that_is_not_there_is_one_line(session, capsys):
    assert main(["export", str(session), "--format", "xml", "--out", str(session.parent / "x")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_engine_that_fails_costs_the_profit_and_not_the_export(session, capsys, monkeypatch):
    real = Engine.process

    def process(self, event):
        if self.tracker.next_oid > 20:
            raise RuntimeError("other code")
        return real(self, event)

    monkeypatch.setattr(Engine, "process", process)
    out = exported(session, "csv")
    assert "no profit and positions from there on" in capsys.readouterr().err
    assert "no profit and positions" in (out / "README.md").read_text()
    assert len(read_csv(out)["fills"]) > 0
