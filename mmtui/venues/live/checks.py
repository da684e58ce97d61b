"""What must be known of a venue before a desk runs on it: reachable, clock, grids, and what the key may do.

Rules of this file: asks and reports; who refuses what is decided by the caller.  Nothing here changes anything at the
venue.
"""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from mmtui.core.market.instrument import Instrument, plain
from mmtui.venues.binance.links import Links
from mmtui.venues.binance.paths import PATHS
from mmtui.venues.binance.rest_calls import Call, read
from mmtui.venues.facts import facts_of
from mmtui.venues.live.http import Http
from mmtui.venues.live.signing import Credential

#: A clock that is further off than this is said (ns).
CLOCK_OFF = 500_000_000


class Report(msgspec.Struct):
    """What one venue has answered. Empty texts: not asked, or not told."""

    venue: str
    reached: bool = False
    why: str = ""  # why not
    offset_ms: float = 0.0
    error_ms: float = 0.0
    answer_ms: float = 0.0
    symbols: dict[str, Listed] = {}
    signed: bool = False  # the key and its signature are taken
    trades: bool = False
    withdraws: bool | None = None  # None: not told
    bound_to_ip: bool | None = None
    one_way: bool | None = None
    fees: dict[str, str] = {}  # symbol -> "maker/taker" bps
    holds: list[str] = []  # "USDT 1000000", "BTCUSDT +0.010"
    prices: dict[str, float] = {}
    dead_man: str = ""
    bounded: bool | None = None  # whether this account has the venue's dead-man switch; None: as the table says
    found: dict[str, Instrument] = {}  # of a venue of market_links: what it lists, whole


class Listed(NamedTuple):
    """A symbol as the venue lists it."""

    status: str
    tick: str
    lot: str
    min_notional: str


async def ask(venue: str, links: Links, instruments: list[Instrument], pair: Credential | None) -> Report:
    """Everything about one venue; with a pair, about its account too."""
    http = Http(venue, links, pair, time.time_ns)
    report = Report(venue, symbols={}, fees={}, holds=[], prices={})
    try:
        if not await http.settle():
            report.why = f"{links.rest} does not answer"
            return report
        report.reached = True
        report.offset_ms, report.error_ms = http.clock.offset / 1e6, http.clock.error / 1e6
        await _listed(http, links, report, instruments)
        if pair is not None:
            await (_futures if links.key else _spot)(http, report, instruments)
            await _permissions(http, report, bool(links.key))
            report.why = pair.mask(report.why) if report.why else ""  # a venue may say what it was sent
        report.answer_ms = http.took_ms
        report.dead_man = dead_man(venue)
    finally:
        await http.close()
    return report


def dead_man(venue: str) -> str:
    facts = facts_of(venue).dead_man
    return "none: UNBOUNDED" if facts.mechanism == "none" else f"{facts.mechanism} per {facts.scope}"


async def _listed(http: Http, links: Links, report: Report, instruments: list[Instrument]) -> None:
    """Tick, lot and least notional of the symbols that are wanted; and a price of each."""
    body, wrong = read(await http.public(links.info, {}))
    if wrong is not None or not isinstance(body, dict):
        report.why = "exchangeInfo cannot be read"
        return
    wanted = {item.symbol for item in instruments}
    for row in body.get("symbols", ()):
        if row.get("symbol") in wanted:
            filters = {one.get("filterType"): one for one in row.get("filters", ())}
            notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
            report.symbols[row["symbol"]] = Listed(
                str(row.get("status") or row.get("contractStatus") or ""),
                _step(filters.get("PRICE_FILTER", {}).get("tickSize")),
                _step(filters.get("LOT_SIZE", {}).get("stepSize")),
                _step(notional.get("minNotional") or notional.get("notional")) or "0",
            )
    for symbol in report.symbols:
        shown, wrong = read(await http.public(links.depth, {"symbol": symbol, "limit": "5"}))
        if wrong is None and shown.get("bids"):
            report.prices[symbol] = float(shown["bids"][0][0])


def _step(value: object) -> str:
    """Plain decimal text without trailing zeros."""
    try:
        return plain(Decimal(str(value)))
    except ArithmeticError:
        return ""


async def _permissions(http: Http, report: Report, futures: bool) -> None:
    body, wrong = read(await http.signed(Call("GET", "/sapi/v1/account/apiRestrictions", {})))
    if wrong is not None or not isinstance(body, dict):
        return
    report.withdraws = bool(body.get("enableWithdrawals"))
    report.bound_to_ip = bool(body.get("ipRestrict"))
    report.trades = report.trades and bool(
        body.get("enableFutures") if futures else body.get("enableSpotAndMarginTrading")
    )


async def _spot(http: Http, report: Report, instruments: list[Instrument]) -> None:
    body, wrong = read(await http.signed(Call("GET", "/api/v3/account", {})))
    if wrong is not None:
        report.why = _refused(wrong)
        return
    report.signed, report.trades = True, bool(body.get("canTrade"))
    assets = {asset for item in instruments for asset in (item.base, item.quote)}
    for row in body.get("balances", ()):
        if row.get("asset") in assets:
            report.holds.append(f"{row['asset']} {_step(row.get('free'))}+{_step(row.get('locked'))} locked")
    rates = body.get("commissionRates") or {}
    for item in instruments:
        report.fees[item.symbol] = _bps(rates.get("maker"), rates.get("taker"))


async def _futures(http: Http, report: Report, instruments: list[Instrument]) -> None:
    paths = PATHS[report.venue]
    body, wrong = read(await http.signed(Call("GET", paths.account, {})))
    if wrong is not None:
        report.why = _refused(wrong)
        return
    report.signed = True
    config, wrong = read(await http.signed(Call("GET", paths.mode, {})))
    if wrong is None:
        report.trades = bool({**body, **config}.get("canTrade"))
    if not paths.mode.endswith("dual"):
        config, wrong = read(await http.signed(Call("GET", paths.of("positionSide/dual"), {})))
    if wrong is None and isinstance(config.get("dualSidePosition"), bool):
        report.one_way = not config["dualSidePosition"]
    report.holds += _wallet(body, {item.settle for item in instruments})
    rows, wrong = read(await http.signed(Call("GET", paths.positions, {})))
    if wrong is None:
        report.holds += [_held(row) for row in rows if float(row["positionAmt"])]
    for item in instruments:
        rates, wrong = read(await http.signed(Call("GET", paths.of("commissionRate"), {"symbol": item.symbol})))
        if wrong is None:
            report.fees[item.symbol] = _bps(rates.get("makerCommissionRate"), rates.get("takerCommissionRate"))


def _held(row: dict[str, Any]) -> str:
    """A position, and in hedge mode which leg it is."""
    side = str(row.get("positionSide") or "BOTH")
    return f"{row['symbol']} {_step(row['positionAmt'])}" + (f" ({side.lower()} leg)" if side != "BOTH" else "")


def _wallet(body: dict[str, Any], assets: set[str]) -> list[str]:
    """USDS-M tells a total; COIN-M a wallet of each coin."""
    if "totalWalletBalance" in body:
        told = (("wallet", "totalWalletBalance"), ("available", "availableBalance"))
        return [f"{word} {_step(body.get(key))} USDT" for word, key in told]
    return [
        f"wallet {_step(row.get('walletBalance'))} {row['asset']}"
        for row in body.get("assets", ())
        if row.get("asset") in assets
    ]


def _refused(wrong: Any) -> str:
    return f"the venue refuses the key: {getattr(wrong, 'text', '') or getattr(wrong, 'kind', '')}"


def _bps(maker: object, taker: object) -> str:
    try:
        return "/".join(plain(Decimal(str(rate)) * 10_000) for rate in (maker, taker))
    except ArithmeticError:
        return ""


def on_grid(item: Instrument, listed: Listed) -> Instrument:
    """An instrument with the venue's own grid, unless the config gives one."""
    if item.grid == "config" or not listed.tick or not listed.lot:
        return item
    return msgspec.structs.replace(
        item, tick=listed.tick, lot=listed.lot, min_notional=listed.min_notional, grid="venue"
    )


def objections(report: Report, wanted: list[Instrument], live: bool) -> list[str]:
    """Why a desk may not run there, a sentence each."""
    if not report.reached:
        return [f"{report.venue}: {report.why}"]
    said = [f"{report.venue}: {report.why}"] if report.why else []
    for item in wanted:
        listed = report.symbols.get(item.symbol)
        if listed is None:
            said.append(f"{item.id}: the venue does not list it")
        elif listed.status != "TRADING":
            said.append(f"{item.id}: the venue says {listed.status}, not TRADING")
    if not live or not report.signed:
        return said
    if report.withdraws is None:
        said.append(f"{report.venue}: what the key may do could not be read; a key with withdrawal rights is refused")
    elif report.withdraws:
        said.append(f"{report.venue}: the key has withdrawal rights; make one that can only trade")
    if not report.trades:
        said.append(f"{report.venue}: the key may not trade here")
    return said + _mode(report, any(item.hedge_mode for item in wanted))


def _mode(report: Report, hedge: bool) -> list[str]:
    """Config and account must agree on the position mode: an order of the other is refused, or opens what it should
    close."""
    speaks = report.venue in PATHS  # elsewhere orders name no leg
    if hedge and not speaks:
        return [f'{report.venue}: position_mode = "hedge" is traded at Binance only; give position_mode = "net"']
    if report.one_way is None:
        asked = f'{report.venue}: position_mode = "hedge", but the account\'s mode could not be read'
        return [asked] if hedge else []
    if report.one_way and hedge:
        return [
            f'{report.venue}: position_mode = "hedge", but the account has one-way positions; '
            "set it to hedge mode at the venue, or give position_mode = \"net\""
        ]
    if not report.one_way and not hedge:
        return [
            f"{report.venue}: the account is in hedge mode; "
            "set it to one-way positions" + (', or give position_mode = "hedge"' if speaks else "")
        ]
    return []
