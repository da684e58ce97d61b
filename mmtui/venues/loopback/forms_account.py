"""The venue's JSON for the account: balances, positions, wallet.

Rules of this file: from records to dicts, by the venue's documentation; nothing is decided here.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.core.market.instrument import plain
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.forms import Form, entry_text, signed
from mmtui.venues.loopback.records import ZERO
from mmtui.venues.loopback.wallet import Position

MS = 1_000_000


def spot_account(exchange: Exchange, now: int) -> Form:
    wallet, market = exchange.wallet, exchange.market
    maker, taker = Decimal(market.maker_bps), Decimal(market.taker_bps)
    rates = {"maker": plain(maker / 10_000), "taker": plain(taker / 10_000), "buyer": "0", "seller": "0"}
    return {
        "makerCommission": int(maker),
        "takerCommission": int(taker),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": rates,
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": now // MS,
        "accountType": "SPOT",
        "balances": [
            {"asset": a, "free": plain(wallet.free(a)), "locked": plain(wallet.locked.get(a, ZERO))}
            for a in wallet.balances
        ],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def position_risk(exchange: Exchange, i: int, position: Position) -> Form:
    """positionRisk of v2 and v3; v3 leaves out what it has not."""
    board, wallet = exchange.boards[i], exchange.wallet
    notional, margin = plain(wallet.notional(i, position)), plain(wallet.margin(i, position))
    return {
        "symbol": board.symbol,
        "positionSide": position.side,
        "positionAmt": signed(board, position.lots),
        "entryPrice": entry_text(position),
        "breakEvenPrice": entry_text(position),
        "markPrice": board.mark_text,
        "unRealizedProfit": plain(wallet.unrealised(i, position)),
        "liquidationPrice": board.liquidation_text(wallet.liquidation(i), "0") if position.lots else "0",
        "leverage": str(wallet.positions[i].leverage),
        "maxNotionalValue": "100000000",
        "marginType": "cross",
        "isolatedMargin": "0",
        "isAutoAddMargin": "false",
        "notional": notional,
        "isolatedWallet": "0",
        "marginAsset": board.settle,
        "initialMargin": margin,
        "maintMargin": plain(wallet.maintenance(i, position)),
        "positionInitialMargin": margin,
        "openOrderInitialMargin": "0",
        "adl": 0,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": position.updated // MS,
    }


def futures_balances(exchange: Exchange, now: int) -> list[Form]:
    """One row a coin that margin is kept in."""
    return [_balance(exchange, asset, now) for asset in dict.fromkeys(board.settle for board in exchange.boards)]


def _balance(exchange: Exchange, asset: str, now: int) -> Form:
    wallet = exchange.wallet
    total = wallet.balances.get(asset, ZERO)
    held = wallet.settled_in(asset)
    profit = sum((wallet.unrealised(i, position) for i, position in held), ZERO)
    return {
        "accountAlias": "loopback",
        "asset": asset,
        "balance": plain(total),
        "walletBalance": plain(total),
        "crossWalletBalance": plain(total),
        "crossUnPnl": plain(profit),
        "unrealizedProfit": plain(profit),
        "marginBalance": plain(total + profit),
        "maintMargin": plain(wallet.kept(asset)),
        "initialMargin": plain(sum((wallet.margin(i, position) for i, position in held), ZERO)),
        "positionInitialMargin": "0",
        "openOrderInitialMargin": "0",
        "availableBalance": plain(wallet.available(asset)),
        "maxWithdrawAmount": plain(wallet.available(asset)),
        "marginAvailable": True,
        "updateTime": now // MS,
    }


def futures_account(exchange: Exchange, now: int) -> Form:
    balances = futures_balances(exchange, now)
    positions = []
    for i, position in exchange.wallet.held():
        row = position_risk(exchange, i, position)
        row |= {"unrealizedProfit": row.pop("unRealizedProfit"), "isolated": False, "maxNotional": "100000000"}
        positions.append(row)
    body: Form = {
        "feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True, "updateTime": 0, "assets": balances,
        "positions": positions,
    }  # fmt: skip
    if exchange.market.kind == "inverse":  # no total over coins
        return body
    balance = balances[0]
    return body | {
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
        "totalInitialMargin": balance["initialMargin"],
        "totalMaintMargin": balance["maintMargin"],
        "totalWalletBalance": balance["balance"],
        "totalUnrealizedProfit": balance["crossUnPnl"],
        "totalMarginBalance": balance["marginBalance"],
        "totalPositionInitialMargin": balance["initialMargin"],
        "totalOpenOrderInitialMargin": "0",
        "totalCrossWalletBalance": balance["balance"],
        "totalCrossUnPnl": balance["crossUnPnl"],
        "availableBalance": balance["availableBalance"],
        "maxWithdrawAmount": balance["maxWithdrawAmount"],
    }
