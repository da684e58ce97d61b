"""An account session of each venue with two instruments, and short words for what venues say to it."""

from mmtui.core.effects import CancelAll, CancelOrder, PlaceOrder
from mmtui.core.market.instrument import Instrument
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import Done, OrderResult, Request
from mmtui.venues.binance.reports import FillReport, OrderReport
from mmtui.venues.facts import facts_of

MS = 1_000_000
SECOND = 1_000 * MS
T0 = 1_767_225_600 * SECOND


def instrument(venue: str, symbol: str) -> Instrument:
    return Instrument(
        id=f"{venue}:{symbol}", venue=venue, symbol=symbol, kind="linear", base=symbol[:3], quote="USDT",
        settle="USDT", tick="0.1", lot="0.001",
    )  # fmt: skip


def session(venue: str = "binance-usdm", tag: str = "s1") -> AccountSession:
    return AccountSession(
        facts_of(venue), 0, [(0, instrument(venue, "BTCUSDT")), (1, instrument(venue, "ETHUSDT"))], tag
    )


def place(oid: int, i: int = 0, side: int = 1, px: int = 600_000, sz: int = 5, tif: str = "GTX") -> PlaceOrder:
    return PlaceOrder(i, oid, side, px, sz, tif, False, "quote", 0)


def sent(one: AccountSession, *effects: object, now: int = T0) -> list[Request]:
    for effect in effects:
        one.send(effect, now)
    return one.take(now)


def live(one: AccountSession, *oids: int, now: int = T0) -> None:
    """Orders that the venue has acknowledged."""
    for request in sent(one, *(place(oid) for oid in oids), now=now):
        results = [OrderResult(True, f"v{order.oid}") for order in request.orders]
        one.answer(request.id, Done(results), now)


def order_report(one: AccountSession, oid: int, status: str, filled: str = "0", **more: object) -> OrderReport:
    return OrderReport(
        "binance-usdm:BTCUSDT", T0, f"v{oid}", one.ids.of(oid), status, "buy", "limit", "GTX", "60000", "0.005",
        filled, **more,
    )  # fmt: skip


def fill_report(one: AccountSession, oid: int, trade: str = "t1", **more: object) -> FillReport:
    said = {
        "instrument": "binance-usdm:BTCUSDT", "ts_event": T0, "venue_order_id": f"v{oid}",
        "client_id": one.ids.of(oid) if oid else "web_1", "trade_id": trade, "side": "buy", "price": "60000",
        "size": "0.001", "maker": True, "fee": "0.012", "fee_asset": "USDT",
    }  # fmt: skip
    return FillReport(**{**said, **more})


def kinds(events: list[object]) -> list[str]:
    return [type(event).__name__ for event in events]


__all__ = ["MS", "SECOND", "T0", "CancelAll", "CancelOrder", "fill_report", "instrument", "kinds", "live",
           "order_report", "place", "sent", "session"]  # fmt: skip
