"""What a venue says of the account -> events: fills, found orders, moves, positions; and texts for what we send.

A number that cannot be one ("", NaN, 1e400, a negative price) becomes a Damage event and nothing is booked; a price or
size finer than the desk's grid refines it first.

Rules of this file: pure; decimal texts become ticks and lots here and nowhere else in the account's session.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from mmtui.core.events import (
    AccountMove,
    Damage,
    Event,
    Fill,
    GridRefined,
    LegFill,
    LegFound,
    LegMove,
    LegPositions,
    OrderFound,
    Positions,
)
from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import LedgerRow, OpenRow, PositionRow
from mmtui.venues.binance import profile
from mmtui.venues.binance.grid import (
    CACHE_MAX,
    PRODUCT_DECIMALS_MAX,
    OffGrid,
    Units,
    WireError,
    finer,
    parse_step,
    step_text,
)
from mmtui.venues.binance.reports import FillReport
from mmtui.venues.binance.wire import signed_decimal

#: Causes of fills that are not of our orders.
CAUSES = {"liquidation": "LIQUIDATION", "adl": "ADL"}
#: Causes that a ledger may name.
LEDGER = frozenset({"TRANSFER", "FUNDING", "FEE_ASSET", "CONVERSION"})
#: The leg that a report names in hedge mode.
LEGS = {"long": 1, "short": -1}


class StepTexts(dict[int, str]):
    """Number of steps -> the venue's decimal text, made once."""

    __slots__ = ("_decimals", "_number")

    def __init__(self, step: str) -> None:
        super().__init__()
        self.refine(step)

    def refine(self, step: str) -> None:
        self.clear()
        self._number, self._decimals = parse_step(step)

    def __missing__(self, steps: int) -> str:
        if len(self) > CACHE_MAX:
            self.clear()
        text = self[steps] = step_text(steps * self._number, self._decimals)
        return text


class GridTexts:
    """Prices and sizes of one instrument, both ways."""

    __slots__ = ("base", "i", "lot", "lots", "price", "quote", "size", "ticks")

    def __init__(self, i: int, instrument: Instrument) -> None:
        self.i = i
        self.base = instrument.base if instrument.kind == "spot" else ""  # "": fees are never taken out of the position
        self.quote = instrument.quote
        self.ticks = Units(instrument.tick)
        self.lots = Units(instrument.lot)
        self.price = StepTexts(instrument.tick)
        self.size = StepTexts(instrument.lot)
        self.lot = Decimal(instrument.lot)

    def follow(self, tick: str, lot: str) -> None:
        """The grid that is in force now."""
        self.ticks.refine(tick)
        self.lots.refine(lot)
        self.price.refine(tick)
        self.size.refine(lot)
        self.lot = Decimal(lot)

    def refine(self, now: int, off: OffGrid) -> GridRefined:
        """A finer tick or lot for a text that does not lie on the grid."""
        step, factor = finer(off.units.step, off.text)
        on_price = off.units is self.ticks
        tick, lot = (step, self.lots.step) if on_price else (self.ticks.step, step)
        if parse_step(tick)[1] + parse_step(lot)[1] > PRODUCT_DECIMALS_MAX:
            raise WireError(f"{off.text[:40]!r} would make tick {tick} x lot {lot} finer than money is counted")
        self.follow(tick, lot)
        return GridRefined(now, self.i, tick, lot, factor if on_price else 1, 1 if on_price else factor)

    def read(self, now: int, price: str, size: str, before: list[Event]) -> tuple[int, int]:
        """Ticks and lots; refinements of the grid are added to `before`. WireError when they are no numbers."""
        while True:
            try:
                return self.ticks[price], self.lots[size]
            except OffGrid as off:
                before.append(self.refine(now, off))

    def balance(self, size: str) -> int:
        """Whole lots of a signed size, cut toward zero: a balance may hold dust."""
        return self.parts(signed_decimal(size))[0]

    def parts(self, size: Decimal) -> tuple[int, str]:
        """Whole lots of a signed size, cut toward zero, and the text of what is left over."""
        lots = int(size / self.lot)
        rest = size - lots * self.lot
        return lots, format(rest, "f") if rest else "0"


class Reader:
    """The account's statements of one venue."""

    def __init__(self, venue: str, v: int, instruments: list[tuple[int, Instrument]]) -> None:
        self.v = v
        self.grids = {i: GridTexts(i, instrument) for i, instrument in instruments}
        self._legs = any(instrument.hedge_mode for _, instrument in instruments)
        self._source = f"{venue}/account"
        self._damaged = 0
        names = (venue, *profile.MARKETS)
        self._places = {f"{name}:{instrument.symbol}": i for name in names for i, instrument in instruments}

    def place(self, instrument: str) -> int:
        """Place of the instrument of a report, -1 when the desk does not have it."""
        return self._places.get(instrument, -1)

    def refined(self, event: GridRefined) -> None:
        """Somebody else has found a finer grid."""
        grid = self.grids.get(event.i)
        if grid is not None and (grid.ticks.step, grid.lots.step) != (event.tick, event.lot):
            grid.follow(event.tick, event.lot)

    def damage(self, now: int, what: object) -> Damage:
        self._damaged += 1
        return Damage(now, self._source, 0, self._damaged, str(what)[:200])

    def fill(self, now: int, report: FillReport, oid: int | None) -> list[Event]:
        """An execution, of our order `oid` or of nobody's that we know. The last event is the fill, or a Damage.

        A spot fee that was taken in the base asset is told as what it is worth, and as a move of the position.
        """
        i = self.place(report.instrument)
        if i < 0 or not report.fee:  # the quick report without a fee: the whole one follows
            return []
        events: list[Event] = []
        try:
            if not report.trade_id:
                raise WireError("a fill without a trade id")
            side = {"buy": 1, "sell": -1}[report.side]
            fee = signed_decimal(report.fee)
            px, sz = self.grids[i].read(now, report.price, report.size, events)
            if not px or not sz:
                raise WireError(f"a fill of {report.size[:40]!r} at {report.price[:40]!r}")
        except (WireError, KeyError) as error:
            return [*events, self.damage(now, f"fill {report.trade_id[:40]!r}: {error}")]
        if fee and report.fee_asset == self.grids[i].base:
            lots, rest = self.grids[i].parts(-fee)
            ref = f"{report.instrument.partition(':')[2]}/{report.trade_id}/fee"
            events.append(
                AccountMove(now, report.ts_event, self.v, i, "FEE_ASSET", ref, lots, 0, "0", report.fee_asset, rest)
            )
            fee *= Decimal(report.price)
            report = msgspec.structs.replace(report, fee=format(fee, "f"), fee_asset=self.grids[i].quote)
        leg = LEGS.get(report.leg, 0)
        if oid is not None:
            trade, paid = (report.trade_id, side, px, sz), (report.maker, report.fee, report.fee_asset)
            told = (now, report.ts_event, i, oid, *trade, *paid)
            events.append(LegFill(*told, leg) if leg else Fill(*told))
        else:
            cause = CAUSES.get(report.kind, "EXTERNAL_FILL")
            ref = f"{report.instrument.partition(':')[2]}/{report.trade_id}"
            money = (format(-fee, "f") if fee else "0", report.fee_asset)
            moved = (now, report.ts_event, self.v, i, cause, ref, side * sz, px, *money)
            events.append(LegMove(*moved, leg=leg) if leg else AccountMove(*moved))
        return events

    def found(self, now: int, row: OpenRow, oid: int) -> list[Event]:
        """An open order with an id of ours that was not sent in this life. The last event is it, or a Damage."""
        grid = self.grids.get(row.i)
        events: list[Event] = []
        try:
            if grid is None or row.side not in (1, -1):
                raise WireError("it names no instrument or side of this desk")
            px, sz = grid.read(now, row.price, row.size, events)
            _, filled = grid.read(now, row.price, row.filled, events)
            if not px or not sz or filled > sz:
                raise WireError(f"{row.filled[:40]!r} of {row.size[:40]!r} at {row.price[:40]!r}")
            px, sz = grid.read(now, row.price, row.size, events)  # on the grid as it is after all refinements
        except WireError as error:
            return [*events, self.damage(now, f"open order {row.client_id[:40]!r}: {error}")]
        told = (now, row.ts_event, row.i, oid, row.side, px, sz, filled, row.venue_order_id)
        leg = LEGS.get(row.leg, 0)
        events.append(LegFound(*told, leg) if leg else OrderFound(*told))
        return events

    def move(self, now: int, row: LedgerRow) -> Event:
        """An entry of the ledger, or the Damage that it is."""
        try:
            if row.cause not in LEDGER or not row.ref:
                raise WireError(f"cause {row.cause[:40]!r}")
            amount = signed_decimal(row.amount)
            grid = self.grids.get(row.i)
            lots, rest = grid.parts(signed_decimal(row.size)) if grid is not None else (0, "0")
        except WireError as error:
            return self.damage(now, f"ledger entry {row.ref[:40]!r}: {error}")
        text = format(amount, "f")
        return AccountMove(
            now,
            row.ts_event,
            self.v,
            row.i if grid is not None else -1,
            row.cause,
            row.ref,
            lots,
            0,
            text,
            row.asset,
            rest,
        )

    def positions(self, now: int, rows: list[PositionRow]) -> Positions | Damage:
        """What the venue holds (query 0), or the Damage that one of the rows is: half an answer is none.

        In hedge mode each leg has a row, and the size of a short one may come with its sign or without.
        """
        said: dict[int, int] = {}
        shorts: dict[int, int] = {}
        for row in rows:
            grid = self.grids.get(row.i)
            if grid is None:
                continue
            try:
                lots = grid.balance(row.size)
            except WireError as error:
                return self.damage(now, f"position: {error}")
            leg = LEGS.get(row.leg, 0)
            if leg < 0:
                shorts[row.i] = abs(lots)
            said[row.i] = said.get(row.i, 0) + (leg * abs(lots) if leg else lots)
        head = (now, self.v, 0, list(said), list(said.values()))
        return LegPositions(*head, [shorts.get(i, 0) for i in said]) if self._legs else Positions(*head)


