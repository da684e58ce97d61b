"""The rows that each record of a tape gives to the tables of an export.

Rules of this file: exact values only (decimal text of prices, sizes and money; instants in ns; None where there is no
value); it knows nothing of file formats.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from mmtui.core import events as ev
from mmtui.core.effects import (
    Adjust,
    Alert,
    AmendOrder,
    CancelAll,
    CancelOrder,
    Effect,
    PlaceOrder,
    QueryAccount,
    QueryOpenOrders,
    Result,
)
from mmtui.core.engine import Engine
from mmtui.core.ledger.account import PARTS
from mmtui.core.market.instrument import Grid, Instrument, plain
from mmtui.core.setup import DeskSetup
from mmtui.tape.export_tables import TABLES, Row

#: Profit and positions are written once in so long.
SAMPLE_NS = 1_000_000_000
#: Texts of prices and sizes that are remembered, an instrument.
_TEXTS = 200_000
#: Decimals of money in the ledger's units.
PLACES = 27

_SIDES = {1: "buy", -1: "sell"}


class _Texts:
    """Decimal texts of one instrument's prices and sizes, and its grid."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.grid = Grid(instrument)
        self._prices: dict[int, str] = {}
        self._sizes: dict[int, str] = {}

    def price(self, ticks: int) -> str:
        text = self._prices.get(ticks)
        if text is None:
            if len(self._prices) >= _TEXTS:
                self._prices.clear()
            text = self._prices[ticks] = self.grid.price_text(ticks)
        return text

    def size(self, lots: int) -> str:
        text = self._sizes.get(lots)
        if text is None:
            if len(self._sizes) >= _TEXTS:
                self._sizes.clear()
            text = self._sizes[lots] = self.grid.size_text(lots)
        return text


class Rows:
    """Takes the records of a tape in order; `out` holds the rows of each table until somebody takes them away."""

    def __init__(self, setup: DeskSetup, engine: Engine | None = None) -> None:
        """engine: as it stands before the first record, where that is no new one."""
        self.setup = setup
        self.out: dict[str, list[Row]] = {name: [] for name in TABLES}
        self.trouble = ""  # why there is no profit from some record on
        self._engine: Engine | None = engine or Engine(setup)
        self._texts = [_Texts(account.instrument) for account in self._engine.accounts]
        self._expected = 0
        self._sampled = 0
        self._events: dict[type, Callable[[int, Any], None]] = {
            ev.BookSnapshot: self._snapshot,
            ev.BookDelta: self._delta,
            ev.BookGap: self._gap,
            ev.BestQuote: self._quote,
            ev.Trade: self._trade,
            ev.Liquidation: self._liquidation,
            ev.MarkPrice: self._mark,
            ev.FeedStatus: self._status,
            ev.SourceEnded: self._ended,
            ev.Damage: self._damage,
            ev.GridRefined: self._refined,
            ev.OrderAccepted: self._accepted,
            ev.OrderRejected: self._rejected,
            ev.OrderCancelled: self._cancelled,
            ev.CancelRejected: self._cancel_rejected,
            ev.OrderUnknown: self._unknown,
            ev.OrderFound: self._found,
            ev.LegFound: self._found,
            ev.OrderAmended: self._amended,
            ev.AmendRejected: self._amend_rejected,
            ev.CancelAllDone: self._cancel_all_done,
            ev.OpenOrders: self._open_orders,
            ev.Fill: self._fill,
            ev.LegFill: self._fill,
            ev.AccountMove: self._move,
            ev.LegMove: self._move,
        }

    def record(self, number: int, event: ev.Event, effects: list[Effect]) -> None:
        """One record of the tape."""
        handler = self._events.get(type(event))
        if handler is not None:
            handler(number, event)
        elif isinstance(event, ev.Command):
            self._command(number, event, effects)
        for effect in effects:
            self._effect(number, event, effect)
        if self._engine is not None:
            self._run(self._engine, number, event)

    def finish(self) -> None:
        """After the last record."""
        for texts in self._texts:
            one = texts.instrument
            self.out["instruments"].append(
                (
                    one.id, one.venue, one.symbol, one.kind, one.base, one.quote, one.settle, one.tick, one.lot,
                    one.contract_size,
                )
            )  # fmt: skip

    # ------------------------------------------------------------ market

    def _snapshot(self, number: int, event: ev.BookSnapshot) -> None:
        head = (number, event.ts, event.ts_event or None, self._name(event.i))
        self.out["book"].append((*head, "clear", None, None, None, event.seq))
        self._levels(head, "snapshot", event)

    def _delta(self, number: int, event: ev.BookDelta) -> None:
        self._levels((number, event.ts, event.ts_event or None, self._name(event.i)), "delta", event)

    def _levels(self, head: Row, kind: str, event: ev.BookSnapshot | ev.BookDelta) -> None:
        out, texts, seq = self.out["book"], self._texts[event.i], event.seq
        for px, sz in zip(event.bid_px, event.bid_sz, strict=True):
            out.append((*head, kind, "bid", texts.price(px), texts.size(sz), seq))
        for px, sz in zip(event.ask_px, event.ask_sz, strict=True):
            out.append((*head, kind, "ask", texts.price(px), texts.size(sz), seq))

    def _gap(self, number: int, event: ev.BookGap) -> None:
        self.out["book"].append((number, event.ts, None, self._name(event.i), "gap", None, None, None, event.got))

    def _quote(self, number: int, event: ev.BestQuote) -> None:
        texts = self._texts[event.i]
        bid = (texts.price(event.bid_px), texts.size(event.bid_sz)) if event.bid_px else (None, None)
        ask = (texts.price(event.ask_px), texts.size(event.ask_sz)) if event.ask_px else (None, None)
        self.out["quotes"].append(
            (number, event.ts, event.ts_event or None, self._name(event.i), *bid, *ask, event.seq)
        )

    def _trade(self, number: int, event: ev.Trade) -> None:
        self._public(number, event, "trade", event.trade_id)

    def _liquidation(self, number: int, event: ev.Liquidation) -> None:
        self._public(number, event, "liquidation", None)

    def _public(self, number: int, event: ev.Trade | ev.Liquidation, kind: str, trade: int | None) -> None:
        texts = self._texts[event.i]
        head = (number, event.ts, event.ts_event or None, self._name(event.i), kind, trade)
        self.out["trades"].append((*head, _SIDES.get(event.side), texts.price(event.px), texts.size(event.sz)))

    def _mark(self, number: int, event: ev.MarkPrice) -> None:
        head = (number, event.ts, event.ts_event or None, self._name(event.i))
        index = scaled(event.index, 8) if event.index else None
        funding = (scaled(event.funding, 10), event.next_funding or None)
        self.out["marks"].append((*head, scaled(event.mark, 8), index, *funding))

    def _status(self, number: int, event: ev.FeedStatus) -> None:
        kind = "connected" if event.connected else "disconnected"
        self.out["feed"].append((number, event.ts, None, self.setup.venues[event.v], kind, event.why))

    def _ended(self, number: int, event: ev.SourceEnded) -> None:
        self.out["feed"].append((number, event.ts, None, None, "ended", event.source))

    def _damage(self, number: int, event: ev.Damage) -> None:
        text = f"{event.source}:{event.line}: {event.what}"
        self.out["feed"].append((number, event.ts, None, None, "damage", text))

    def _refined(self, number: int, event: ev.GridRefined) -> None:
        one = msgspec.structs.replace(self._texts[event.i].instrument, tick=event.tick, lot=event.lot)
        self._texts[event.i] = _Texts(one)
        text = f"tick {event.tick}, lot {event.lot}"
        self.out["feed"].append((number, event.ts, one.id, one.venue, "refined", text))

    # ------------------------------------------------------------ own orders

    def _order(
        self, number: int, ts: int, event: int, kind: str, i: int = -1, v: int = -1, oid: int | None = None,
        what: Row = (None,) * 7, venue_order_id: str | None = None, text: str | None = None,
    ) -> None:  # fmt: skip
        """`what`: side, price, size, tif, reduce-only, purpose, level."""
        place = (self._name(i), self._venue(v, i))
        self.out["orders"].append((number, ts, event or None, *place, kind, oid, *what, venue_order_id, text))

    def _accepted(self, n: int, e: ev.OrderAccepted) -> None:
        self._order(n, e.ts, e.ts_event, "accepted", e.i, oid=e.oid, venue_order_id=e.venue_order_id or None)

    def _rejected(self, n: int, e: ev.OrderRejected) -> None:
        self._order(n, e.ts, e.ts_event, "rejected", e.i, oid=e.oid, text=e.reason)

    def _cancelled(self, n: int, e: ev.OrderCancelled) -> None:
        self._order(n, e.ts, e.ts_event, "cancelled", e.i, oid=e.oid, text=e.reason)

    def _cancel_rejected(self, n: int, e: ev.CancelRejected) -> None:
        self._order(n, e.ts, e.ts_event, "cancel rejected", e.i, oid=e.oid, text=e.reason)

    def _unknown(self, n: int, e: ev.OrderUnknown) -> None:
        self._order(n, e.ts, 0, "unknown", e.i, oid=e.oid, text=e.why)

    def _found(self, n: int, e: ev.OrderFound) -> None:
        texts = self._texts[e.i]
        what = (_SIDES.get(e.side), texts.price(e.px), texts.size(e.sz), None, None, None, None)
        text = f"filled {texts.size(e.filled)}"
        self._order(n, e.ts, e.ts_event, "found", e.i, -1, e.oid, what, e.venue_order_id or None, text)

    def _amended(self, n: int, e: ev.OrderAmended) -> None:
        texts = self._texts[e.i]
        what = (None, texts.price(e.px), texts.size(e.sz), None, None, None, None)
        self._order(n, e.ts, e.ts_event, "amended", e.i, -1, e.oid, what, text=f"amend {e.amend}")

    def _amend_rejected(self, n: int, e: ev.AmendRejected) -> None:
        fate = "stands as before" if e.stands else "may be gone"
        self._order(n, e.ts, e.ts_event, "amend rejected", e.i, oid=e.oid, text=f"amend {e.amend}: {e.reason}; {fate}")

    def _cancel_all_done(self, n: int, e: ev.CancelAllDone) -> None:
        self._order(n, e.ts, 0, "cancel all done", v=e.v, text=f"query {e.query}")

    def _open_orders(self, n: int, e: ev.OpenOrders) -> None:
        named = " ".join(map(str, e.oids)) or "none"
        self._order(n, e.ts, 0, "open orders", v=e.v, text=f"query {e.query}, endpoint {e.endpoint}: {named}")

    def _fill(self, number: int, event: ev.Fill) -> None:
        texts = self._texts[event.i]
        head = (number, event.ts, event.ts_event or None, self._name(event.i), event.oid, event.trade_id)
        what = (_SIDES.get(event.side), texts.price(event.px), texts.size(event.sz))
        self.out["fills"].append((*head, *what, event.maker, event.fee, event.fee_asset))

    def _move(self, number: int, event: ev.AccountMove) -> None:
        texts = self._texts[event.i] if event.i >= 0 else None
        size = texts.size(event.lots) if texts is not None else None
        if size is not None and event.rest != "0":
            size = plain(Decimal(size) + Decimal(event.rest))
        price = texts.price(event.px) if texts is not None and event.px else None
        place = (self._venue(event.v, event.i), self._name(event.i))
        head = (number, event.ts, event.ts_event or None, *place, event.cause, event.ref)
        self.out["moves"].append((*head, size, price, event.amount or None, event.asset or None))

    # ------------------------------------------------------------ acts and effects

    def _command(self, number: int, event: ev.Command, effects: list[Effect]) -> None:
        results = [effect for effect in effects if isinstance(effect, Result) and effect.command == event.id]
        done = (results[0].ok, *_said(results[0])) if results else (None,) * 5
        uid = getattr(event, "uid", None)
        self.out["commands"].append(
            (
                number, event.ts, event.id, event.operator, None if uid is None else str(uid), event.role, event.origin,
                event.action, event.args, self._name(event.i), self._venue(event.v, event.i), event.reason or None,
                event.version, *done,
            )
        )  # fmt: skip

    def _effect(self, number: int, event: ev.Event, effect: Effect) -> None:
        ts = event.ts
        if isinstance(effect, PlaceOrder):
            texts = self._texts[effect.i]
            what = (
                _SIDES.get(effect.side), texts.price(effect.px), texts.size(effect.sz), effect.tif, effect.reduce_only,
                effect.purpose, effect.level,
            )  # fmt: skip
            self._order(number, ts, 0, "place", effect.i, oid=effect.oid, what=what)
        elif isinstance(effect, AmendOrder):
            texts = self._texts[effect.i]
            now = (_SIDES.get(effect.side), texts.price(effect.px), texts.size(effect.sz), *(None,) * 4)
            self._order(number, ts, 0, "amend", effect.i, -1, effect.oid, now, text=f"amend {effect.amend}")
        elif isinstance(effect, CancelOrder):
            self._order(number, ts, 0, "cancel", effect.i, oid=effect.oid)
        elif isinstance(effect, CancelAll):
            self._order(number, ts, 0, "cancel all", effect.i, effect.v, text=f"query {effect.query}")
        elif isinstance(effect, QueryOpenOrders):
            text = f"query {effect.query}, endpoint {effect.endpoint}"
            self._order(number, ts, 0, "query orders", v=effect.v, text=text)
        elif isinstance(effect, QueryAccount):
            self._order(number, ts, 0, "query account", v=effect.v, text=f"query {effect.query}: {effect.what}")
        elif isinstance(effect, Alert):
            place = (self._name(effect.i), self._venue(effect.v, effect.i))
            self.out["alerts"].append((number, ts, effect.severity, effect.code, effect.text, *place))
        elif isinstance(effect, Adjust):
            change = self._texts[effect.i].size(effect.after - effect.before)
            place = (self._venue(-1, effect.i), self._name(effect.i))
            self.out["moves"].append((number, ts, None, *place, "ADJUST", effect.why, change, None, None, None))
        elif isinstance(effect, Result) and not (isinstance(event, ev.Command) and event.id == effect.command):
            row = (number, ts, effect.command, *(None,) * 10, effect.ok, *_said(effect))
            self.out["commands"].append(row)

    # ------------------------------------------------------------ profit

    def _run(self, engine: Engine, number: int, event: ev.Event) -> None:
        if number != self._expected:
            self._stop(f"records {self._expected} to {number - 1} are lost")
            return
        self._expected = number + 1
        try:
            engine.process(event)
        except Exception as error:  # other code than that which recorded it: the tape itself is exported all the same
            self._stop(f"record {number}: {type(error).__name__}: {error}")
            return
        second = event.ts // SAMPLE_NS
        if second != self._sampled:
            self._sampled = second
            self._sample(engine, number, event.ts)

    def _stop(self, why: str) -> None:
        self._engine = None
        self.trouble = f"no profit and positions from there on: {why}"

    def _sample(self, engine: Engine, number: int, ts: int) -> None:
        ledger = engine.ledger
        if not any(account.fills for account in engine.accounts):
            return
        parts = ledger.parts()
        values = (scaled(ledger.total(), PLACES), *(scaled(parts[part], PLACES) for part in PARTS))
        self.out["pnl"].append((number, ts, *values))
        for i, account in enumerate(engine.accounts):
            if account.position or account.fills:
                mid = plain(account.grid.tick * account.mark2 / 2) if account.mark2 else None
                held = account.grid.size_text(account.position)
                row = (number, ts, self._name(i), held, mid, scaled(account.total(), PLACES))
                self.out["positions"].append(row)

    # ------------------------------------------------------------ names

    def _name(self, i: int) -> str | None:
        return self.setup.instruments[i].instrument.id if i >= 0 else None

    def _venue(self, v: int, i: int) -> str | None:
        if v >= 0:
            return self.setup.venues[v]
        return self.setup.instruments[i].instrument.venue if i >= 0 else None


def _said(result: Result) -> Row:
    return (result.text, result.before or None, result.after or None, result.version)


def scaled(value: int, places: int) -> str:
    """Exact decimal text of value x 10**-places."""
    whole, part = divmod(abs(value), 10**places)
    digits = f"{part:0{places}d}".rstrip("0")
    text = f"{whole}.{digits}" if digits else f"{whole}"
    return f"-{text}" if value < 0 else text
