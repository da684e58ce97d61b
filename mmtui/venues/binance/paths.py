"""The REST paths of Binance's three markets, where they differ.

Sources: the venue's public documentation of spot, USDS-M (v3 of account and positions) and COIN-M (all v1; 100 orders
a page).

Rules of this file: data.
"""

from __future__ import annotations

import msgspec


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """Of one market. `account` knows the balances; `mode` whether positions are one-way, "": not asked."""

    root: str
    account: str
    positions: str
    trades: str
    mode: str = ""
    orders_page: int = 1_000  # orders of one answer of allOrders

    def of(self, name: str) -> str:
        """A path below the root."""
        return f"{self.root}/{name}"


PATHS: dict[str, Paths] = {
    "binance-spot": Paths(
        root="/api/v3", account="/api/v3/account", positions="/api/v3/account", trades="/api/v3/myTrades"
    ),
    "binance-usdm": Paths(
        root="/fapi/v1",
        account="/fapi/v3/account",
        positions="/fapi/v3/positionRisk",
        trades="/fapi/v1/userTrades",
        mode="/fapi/v1/accountConfig",
    ),
    "binance-coinm": Paths(
        root="/dapi/v1",
        account="/dapi/v1/account",
        positions="/dapi/v1/positionRisk",
        trades="/dapi/v1/userTrades",
        mode="/dapi/v1/positionSide/dual",
        orders_page=100,
    ),
}
