"""An export as files: one a table, CSV or Parquet, and a README that says what is in them.

Rules of this file: rows go out in batches, so that a day needs no more memory than a minute; a file is whole or it is
taken away again.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TextIO

from mmtui.core.errors import SourceError, UserError
from mmtui.tape.export_tables import TABLES, Row, Table
from mmtui.tape.format import Header, instant

#: Rows of a table that are held before they are written.
BATCH = 65_536
NO_PYARROW = (
    "--format parquet needs pyarrow, which is not installed: `pip install 'mmtui[export]'`, or take --format csv"
)


class Sink(Protocol):
    """Where rows go."""

    files: list[Path]

    def put(self, name: str, rows: list[Row]) -> None:
        """A batch of one table."""

    def close(self) -> None:
        """Nothing more comes."""


class CsvFiles:
    """NAME.csv: a head of column names, decimals as they are, instants as whole ns, nothing for no value."""

    def __init__(self, folder: Path) -> None:
        self.files: list[Path] = []
        self._open: dict[str, TextIO] = {}
        self._writers: dict[str, Any] = {}
        for name, table in TABLES.items():
            path = folder / f"{name}.csv"
            self._open[name] = open(path, "w", newline="", encoding="utf-8")  # noqa: SIM115
            self.files.append(path)
            self._writers[name] = csv.writer(self._open[name], lineterminator="\n")
            self._writers[name].writerow([column.name for column in table.columns])

    def put(self, name: str, rows: list[Row]) -> None:
        self._writers[name].writerows(rows)

    def close(self) -> None:
        for file in self._open.values():
            file.close()


class ParquetFiles:
    """NAME.parquet: decimals as decimal128, instants as timestamps in ns UTC; notes are metadata of the columns."""

    def __init__(self, folder: Path) -> None:
        try:
            import pyarrow as pa
            import pyarrow.compute as pc
            import pyarrow.parquet as pq
        except ImportError as error:
            raise UserError(NO_PYARROW) from error
        self._pa = pa
        self._decimals = {"decimal": pa.decimal128(38, 18), "money": pa.decimal128(38, 27)}
        self._kinds = {
            "int": pa.int64(),
            "ns": pa.timestamp("ns", "UTC"),
            "text": pa.string(),
            **self._decimals,
            "bool": pa.bool_(),
        }
        self._cast: Callable[[Any, Any], Any] = lambda texts, kind: pc.cast(pa.array(texts, pa.string()), kind)
        self.files: list[Path] = []
        self._schemas = {name: self._schema(table) for name, table in TABLES.items()}
        self._writers: dict[str, Any] = {}
        for name, schema in self._schemas.items():
            path = folder / f"{name}.parquet"
            self._writers[name] = pq.ParquetWriter(path, schema, compression="zstd")
            self.files.append(path)

    def _schema(self, table: Table) -> Any:
        pa = self._pa
        fields = [
            pa.field(column.name, self._kinds[column.kind], metadata={"note": column.note}) for column in table.columns
        ]
        return pa.schema(fields, metadata={"note": table.note})

    def put(self, name: str, rows: list[Row]) -> None:
        columns = zip(*rows, strict=True)
        arrays = []
        for column, values in zip(TABLES[name].columns, columns, strict=True):
            kind = self._kinds[column.kind]
            try:
                make = self._cast if column.kind in self._decimals else self._pa.array
                arrays.append(make(values, kind))
            except (self._pa.ArrowException, OverflowError) as error:
                raise SourceError(f"{name}.{column.name}: a value does not fit {kind}: {error}") from error
        self._writers[name].write_batch(self._pa.record_batch(arrays, schema=self._schemas[name]))

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()


SINKS: dict[str, Callable[[Path], Sink]] = {"csv": CsvFiles, "parquet": ParquetFiles}


def read_me(header: Header, form: str, counts: dict[str, int], records: int, notes: list[str]) -> str:
    """README.md of an export of tables."""
    exact = "decimal128: prices and sizes with 18 places, money with 27" if form == "parquet" else "text"
    lines = [
        f"# Session {header.session}",
        "",
        f"Written by mmtui as {form} from {records:,} records of the tape, made {instant(header.created_ns)}.",
        "",
        f"Prices, sizes and money are exact decimals ({exact}). Instants are ns since 1970 UTC: `ts_recv` is our clock,"
        " `ts_event` the venue's. `record` is the number of"
        " the record on the tape, the same in all tables. Sizes are as the venue counts them (contracts on inverse"
        " instruments); `instruments` has ticks, lots and contract sizes.",
        *(["", *notes] if notes else []),
    ]
    for name, table in TABLES.items():
        lines += ["", f"## {name} ({counts[name]:,} rows)", "", f"{table.note[0].upper()}{table.note[1:]}.", ""]
        lines += ["| column | kind | |", "|---|---|---|"]
        lines += [f"| {column.name} | {column.kind} | {column.note} |" for column in table.columns]
    return "\n".join(lines) + "\n"
