"""Entries of the lossless lane: what is said of an event, an alert, the result of a command.

Rules of this file: reads the engine and never changes it; entries are not numbered yet (`n` is 0).
"""

from __future__ import annotations

import json

from mmtui.core import events as ev
from mmtui.core.effects import Alert, Result
from mmtui.core.engine import Engine
from mmtui.core.orders.legs import told
from mmtui.link.messages import Item
from mmtui.link.parts import FillRow

#: What is said of an own order when the venue has said it.
_ORDERS: dict[type, str] = {
    ev.OrderAccepted: "accepted",
    ev.OrderCancelled: "cancelled",
    ev.OrderRejected: "rejected",
    ev.OrderAmended: "amended",
    ev.AmendRejected: "amend rejected",
}
#: Events of which something is said.
SPOKEN = frozenset({ev.Fill, ev.LegFill, ev.Command, ev.HostStarted, *_ORDERS})


def alert_item(engine: Engine, alert: Alert, ts: int) -> Item:
    name = engine.name(alert.i) if alert.i >= 0 else ""
    kind = "state" if alert.code == "state" else "alert"
    return Item(n=0, ts=ts, kind=kind, text=alert.text, severity=alert.severity, code=alert.code, instrument=name)


def event_item(engine: Engine, event: ev.Event) -> Item | None:
    """None: nothing is said of it."""
    if isinstance(event, ev.Command):
        words = [event.action, *_argument_words(event.args)]
        if event.i >= 0:
            words.append(engine.name(event.i))
        elif event.v >= 0:
            words.append(engine.setup.venues[event.v])
        text = f"{event.operator}: {' '.join(words)}" + (f" ({event.reason})" if event.reason else "")
        return Item(n=0, ts=event.ts, kind="key", text=text, command=event.id, code=event.action)
    if isinstance(event, ev.HostStarted):
        return Item(n=0, ts=event.ts, kind="note", text=f"host started ({event.cause}), life {event.epoch}")
    if isinstance(event, ev.Fill):
        return _fill_item(engine, event)
    what = _ORDERS.get(type(event), "")
    if what:
        order = engine.tracker.get(event.oid)  # type: ignore[union-attr]  # all of _ORDERS have it
        if order is None:
            return None
        grid = engine.accounts[order.i].grid
        reason = f": {event.reason}" if hasattr(event, "reason") else ""
        side = "BUY" if order.side > 0 else "SELL"
        text = (
            f"#{order.oid} {side} {grid.size_text(order.sz)} @ {grid.price_text(order.px)} "
            f"{what}{reason}"
        )
        return Item(n=0, ts=event.ts, kind="order", text=text, instrument=engine.name(order.i))
    return None


def _fill_item(engine: Engine, event: ev.Fill) -> Item:
    account = engine.accounts[event.i]
    order = engine.tracker.get(event.oid)
    reference = account.references.before(event.ts_event) or 2 * event.px
    edge = event.side * (reference - 2 * event.px) / (2 * event.px) * 1e4
    row = FillRow(
        ts=event.ts,
        instrument=account.instrument.id,
        side=event.side,
        px=event.px,
        sz=event.sz,
        maker=event.maker,
        edge_bps=edge,
        fee=f"{event.fee} {event.fee_asset}",
        purpose=order.purpose if order is not None else "unknown",
    )
    grid = account.grid
    side = "BUY" if event.side > 0 else "SELL"
    leg = {1: " long leg", -1: " short leg"}.get(told(event), "")
    text = f"{side} {grid.size_text(event.sz)} @ {grid.price_text(event.px)}{leg} edge {edge:+.1f} bps"
    return Item(n=0, ts=event.ts, kind="fill", text=text, instrument=account.instrument.id, fill=row)


def result_item(result: Result, ts: int) -> Item:
    return Item(
        n=0,
        ts=ts,
        kind="result",
        text=result.text,
        severity="info" if result.ok else "warn",
        command=result.command,
        ok=result.ok,
        version=result.version,
    )


def _argument_words(args: str) -> list[str]:
    try:
        table = json.loads(args or "{}")
    except ValueError:
        return []
    if not isinstance(table, dict):
        return []
    out = []
    for key, value in table.items():
        if key in ("bps", "pct") and isinstance(value, int | float):
            out.append(f"{value:+g}")
        elif key != "cause":
            out.append(f"{key}={value}" if key not in ("side", "asset", "order") else str(value))
    return out
