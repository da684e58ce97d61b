"""An instrument's market in the event format of hftbacktest (version 2): one npz a file, array `data`.

A snapshot clears both sides and sets its levels; a delta sets levels (0 removes); a trade carries its taker's side. A
row with both flags is seen by exchange and local side where it stands; where the venue's instants do not rise with our
receive times, rows are split in two, so that exch_ts rises over the rows of the exchange side and local_ts over those
of the local side (the rule that hftbacktest.data.validate_event_order checks).  Where the venue's clock was ahead of
ours, its instants are moved back, all by the same (as correct_local_timestamp moves ours): no latency is negative.

Rules of this file: prices and sizes are the correctly rounded floats of their exact decimals; rows wait on the disk.
"""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from mmtui.core.events import BookDelta, BookSnapshot, Event, GridRefined, Trade
from mmtui.core.market.instrument import Instrument

DEPTH, TRADE, CLEAR, SNAPSHOT = 1, 2, 3, 4
EXCH, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
DTYPE = np.dtype(
    [
        ("ev", "<u8"),
        ("exch_ts", "<i8"),
        ("local_ts", "<i8"),
        ("px", "<f8"),
        ("qty", "<f8"),
        ("order_id", "<u8"),
        ("ival", "<i8"),
        ("fval", "<f8"),
    ]
)
BATCH = 131_072
#: A price that clears a whole side.
ALL = float("nan")


class HftFile:
    """The market of one instrument; `rows` counts what was written."""

    def __init__(self, folder: Path, instrument: Instrument) -> None:
        self.instrument = instrument
        stem = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in instrument.id)
        self.path = folder / f"{stem}.npz"
        self.part = folder / f"{stem}.part"
        self.rows = 0
        self.lead = 0  # ns by which the venue's clock was ahead of ours, at most
        self._part: BinaryIO = open(self.part, "wb")  # noqa: SIM115
        self._ev: list[int] = []
        self._exch: list[int] = []
        self._local: list[int] = []
        self._px: list[float] = []
        self._qty: list[float] = []
        self._grid()

    def add(self, event: Event) -> None:
        """One event of the instrument; those that hftbacktest does not know are passed over."""
        if isinstance(event, BookDelta):
            self._side(DEPTH | BUY, event, event.bid_px, event.bid_sz)
            self._side(DEPTH | SELL, event, event.ask_px, event.ask_sz)
        elif isinstance(event, Trade):
            self._side(TRADE | (BUY if event.side > 0 else SELL), event, [event.px], [event.sz])
        elif isinstance(event, BookSnapshot):
            for side, px, sz in ((BUY, event.bid_px, event.bid_sz), (SELL, event.ask_px, event.ask_sz)):
                self._put(CLEAR | side, event, [ALL], [0.0])
                self._side(SNAPSHOT | side, event, px, sz)
        elif isinstance(event, GridRefined):
            self.instrument = msgspec.structs.replace(self.instrument, tick=event.tick, lot=event.lot)
            self._grid()
        if len(self._ev) >= BATCH:
            self._flush()

    def finish(self) -> None:
        """Put the rows in order and write the npz; no file where there was no market."""
        self._flush()
        self._part.close()
        if self.rows:
            rows = np.memmap(self.part, DTYPE, "r")
            _write(self.path, rows, self.lead, *_order(np.array(rows["exch_ts"])))
            del rows
        self.part.unlink()

    def abandon(self) -> None:
        """Take away what was written."""
        self._part.close()
        for path in (self.part, self.path):
            path.unlink(missing_ok=True)

    # ------------------------------------------------------------ inside

    def _grid(self) -> None:
        self._tick = Decimal(self.instrument.tick).as_integer_ratio()
        self._lot = Decimal(self.instrument.lot).as_integer_ratio()

    def _side(self, ev: int, event: BookSnapshot | BookDelta | Trade, px: list[int], sz: list[int]) -> None:
        # int / int is correctly rounded: the float that the decimal text would be read as
        up, down = self._tick
        more, less = self._lot
        self._put(ev, event, [price * up / down for price in px], [size * more / less for size in sz])

    def _put(self, ev: int, event: BookSnapshot | BookDelta | Trade, px: list[float], qty: list[float]) -> None:
        count = len(px)
        exch = event.ts_event or event.ts  # unknown: as if it had taken no time
        self.lead = max(self.lead, exch - event.ts)
        self._ev += [ev] * count
        self._exch += [exch] * count
        self._local += [event.ts] * count
        self._px += px
        self._qty += qty

    def _flush(self) -> None:
        rows = np.zeros(len(self._ev), DTYPE)
        for name, values in (
            ("ev", self._ev), ("exch_ts", self._exch), ("local_ts", self._local), ("px", self._px), ("qty", self._qty)
        ):  # fmt: skip
            rows[name] = values
            values.clear()
        self._part.write(rows.tobytes())
        self.rows += len(rows)


def _order(exch: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Rows in the order of the file, and the flags of each; rows come in the order of our receive times.

    A row stands for both sides when no row before it is later at the exchange and none after it is earlier. Between
    two such rows, the others come once in the exchange's order and once in ours.
    """
    count = len(exch)
    both = (np.maximum.accumulate(exch) == exch) & (np.minimum.accumulate(exch[::-1])[::-1] == exch)
    every = np.arange(count)
    if both.all():
        return every, np.full(count, EXCH | LOCAL, np.uint64)
    block = np.cumsum(both)
    whole, split = every[both], every[~both]
    index = np.concatenate((whole, split, split))
    part = np.repeat(np.array([0, 1, 2]), (len(whole), len(split), len(split)))
    key = np.concatenate((whole, exch[split], split))
    order = np.lexsort((index, key, part, block[index]))
    flags = np.array([EXCH | LOCAL, EXCH, LOCAL], np.uint64)
    return index[order], flags[part[order]]


def _write(path: Path, rows: Any, lead: int, order: NDArray[np.int64], flags: NDArray[np.uint64]) -> None:
    npy: Any = np.lib.format
    head = {"descr": npy.dtype_to_descr(DTYPE), "fortran_order": False, "shape": (len(order),)}
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
        archive.open("data.npy", "w", force_zip64=True) as file,
    ):
        npy.write_array_header_1_0(file, head)
        for start in range(0, len(order), BATCH):
            batch = rows[order[start : start + BATCH]]
            batch["ev"] |= flags[start : start + BATCH]
            batch["exch_ts"] -= lead
            file.write(batch.tobytes())
