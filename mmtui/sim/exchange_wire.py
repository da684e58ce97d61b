"""The venue's private messages, in Binance's own JSON: orders, executions, balances and positions.

Rules of this file: bytes from templates; what they say is decided elsewhere.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Grid, Instrument, atoms_text
from mmtui.sim.exchange_orders import SimFill, SimOrder
from mmtui.sim.market import Market
from mmtui.sim.world import MS
from mmtui.venues.binance import profile

#: Our states -> the venue's.
_STATUS = {
    "open": b"NEW",
    "pending": b"NEW",
    "filled": b"FILLED",
    "cancelled": b"CANCELED",
    "expired": b"EXPIRED",
    "rejected": b"REJECTED",
}

_SPOT_ORDER = (
    b'{"e":"executionReport","E":%d,"s":"%b","c":"%b","S":"%b","o":"LIMIT","f":"%b","q":"%b","p":"%b","P":"0",'
    b'"F":"0","g":-1,"C":"%b","x":"%b","X":"%b","r":"%b","i":%b,"l":"%b","z":"%b","L":"%b","n":"%b","N":%b,"T":%d,'
    b'"t":%b,"w":%b,"m":%b,"Z":"0","Y":"0","Q":"0"}'
)
_FUTURES_ORDER = (
    b'{"e":"ORDER_TRADE_UPDATE","T":%d,"E":%d,"o":{"s":"%b","c":"%b","S":"%b","o":"LIMIT","f":"%b","q":"%b","p":"%b",'
    b'"ap":"0","sp":"0","x":"%b","X":"%b","i":%b,"l":"%b","z":"%b","L":"%b","n":"%b","N":"%b","T":%d,"t":%b,"m":%b,'
    b'"R":%b,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"%b","cp":false,"rp":"0"}}'
)
_SPOT_BALANCE = b'{"e":"outboundAccountPosition","E":%d,"u":%d,"B":[{"a":"%b","f":"%b","l":"0"}]}'
_FUTURES_POSITION = (
    b'{"e":"ACCOUNT_UPDATE","E":%d,"T":%d,"a":{"m":"%b","B":[],"P":[{"s":"%b","pa":"%b","ep":"%b","up":"0","mt":"cross",'
    b'"iw":"0","ps":"%b"}]}}'
)
#: A leg of hedge mode as messages name it.
_LEGS = {1: b"LONG", -1: b"SHORT", 0: b"BOTH"}


def report_name(instrument: Instrument) -> str:
    """The instrument as reports name it: by the form that the venue speaks here."""
    market = {"spot": profile.SPOT, "linear": profile.USDM, "inverse": profile.COINM}[instrument.kind]
    return f"{market.id}:{instrument.symbol}"


class PrivateWire:
    """Private messages of one instrument."""

    __slots__ = ("_grid", "_market", "_settle", "_spot", "_symbol")

    def __init__(self, market: Market) -> None:
        instrument = market.instrument
        self._market = market
        self._grid = Grid(instrument)
        self._spot = instrument.kind == "spot"
        self._symbol = instrument.symbol.encode()
        self._settle = instrument.settle.encode()

    def rescale(self, instrument: Instrument) -> None:
        """The venue's tick has become finer."""
        self._grid = Grid(instrument)

    def fee(self, px: int, lots: int, bps: str) -> str:
        """What an execution costs, in the settlement asset; plus is paid."""
        return atoms_text(self._grid.fee_atoms(2 * px, lots, bps))

    def order(self, order: SimOrder, clock: int, reason: str = "") -> bytes:
        """What has become of an order, other than an execution: NEW, CANCELED, EXPIRED, REJECTED."""
        status = _STATUS[order.state]
        return self._say(order, clock, status, status, 0, 0, b"0", b"-1", False, reason)

    def fill(self, order: SimOrder, fill: SimFill, filled: int, clock: int) -> bytes:
        """One execution; `filled` is the sum up to and with it."""
        status = b"FILLED" if filled >= order.sz else b"PARTIALLY_FILLED"
        return self._say(
            order, clock, b"TRADE", status, fill.sz, fill.px, fill.fee.encode(), fill.trade_id.encode(), fill.maker, "",
            filled,
        )  # fmt: skip

    def _say(
        self, order: SimOrder, clock: int, kind: bytes, status: bytes, lots: int, px: int, fee: bytes, trade: bytes,
        maker: bool, reason: str, filled: int = -1,
    ) -> bytes:  # fmt: skip
        market = self._market
        stamp = clock // MS
        client = order.client_id.encode()
        side = b"BUY" if order.side > 0 else b"SELL"
        sums = market.sz[order.filled if filled < 0 else filled]
        price, size = market.px[order.px], market.sz[order.sz]
        last, last_px = market.sz[lots], market.px[px]
        venue_id = order.venue_id.encode()
        if self._spot:
            asset = b'"%b"' % self._settle if lots else b"null"
            why = reason.encode() or b"NONE"
            tif = b"GTC" if order.tif == "GTX" else order.tif.encode()
            return _SPOT_ORDER % (
                stamp, self._symbol, client, side, tif, size, price, b"", kind, status, why, venue_id, last, sums,
                last_px, fee, asset, stamp, trade, b"true" if status == b"NEW" else b"false",
                b"true" if maker else b"false",
            )  # fmt: skip
        return _FUTURES_ORDER % (
            stamp, stamp, self._symbol, client, side, order.tif.encode(), size, price, kind, status, venue_id, last,
            sums, last_px, fee, self._settle, stamp, trade, b"true" if maker else b"false",
            b"true" if order.reduce_only else b"false", _LEGS[order.leg],
        )  # fmt: skip

    def account(self, clock: int, lots: int, base: str, reason: str = "ORDER", leg: int = 0) -> bytes:
        """The balance (spot), position or leg after something moved it, in lots."""
        stamp = clock // MS
        size = self._grid.size_text(lots).encode()
        if self._spot:
            return _SPOT_BALANCE % (stamp, stamp, base.encode(), size)
        entry = self._market.px[self._market.bid]
        return _FUTURES_POSITION % (stamp, stamp, reason.encode(), self._symbol, size, entry, _LEGS[leg])
