"""What a venue that a Trader speaks for answers about an account, before a desk trades on it.

Rules of this file: asks and reports; who refuses what is decided by the caller.  Nothing here changes anything at the
venue.
"""

from __future__ import annotations

import asyncio
import time

from mmtui.core.market.instrument import Instrument
from mmtui.venues.binance.rest_calls import Call, Reply
from mmtui.venues.live.checks import Report, dead_man
from mmtui.venues.live.market_http import MarketHttp
from mmtui.venues.live.signing import Credential
from mmtui.venues.live.trade_http import TradeHttp
from mmtui.venues.market_links import MarketLinks
from mmtui.venues.trader import AccountFacts, Inquiry, Wrong
from mmtui.venues.traders import TRADERS


async def ask_account(
    report: Report, links: MarketLinks, instruments: list[Instrument], pair: Credential
) -> Report:
    """The market's report, with what the account and its key are."""
    if not report.reached or report.why:
        return report
    trader = TRADERS[links.venue](list(enumerate(instruments)))
    market = MarketHttp(links, time.time_ns)
    http = TradeHttp(trader, market, pair, time.time_ns)
    try:
        if not await http.settle():
            report.why = f"{links.home} does not tell its time"
            return report
        found = await _talk(trader.inquire(), http)
    finally:
        await http.close()
    report.dead_man = dead_man(report.venue)
    if not isinstance(found, AccountFacts):
        words = getattr(found, "text", "") or getattr(found, "kind", "")
        report.why = pair.mask(f"the venue refuses the key: {words}")  # a venue may say what it was sent
        return report
    report.signed, report.prices = True, found.prices
    report.trades, report.withdraws, report.bound_to_ip = found.trades, found.withdraws, found.bound_to_ip
    report.one_way, report.fees, report.holds, report.bounded = found.one_way, found.fees, found.holds, found.bounded
    if found.bounded is False:
        report.dead_man = "none for this account: UNBOUNDED"
    return report


async def _talk(inquiry: Inquiry, http: TradeHttp) -> AccountFacts | Wrong:
    replies: list[Reply] = []
    calls: list[Call] = next(inquiry)
    while True:
        replies = list(await asyncio.gather(*(http.signed(call) for call in calls)))
        try:
            calls = inquiry.send(replies)
        except StopIteration as over:
            found: AccountFacts | Wrong = over.value
            return found
