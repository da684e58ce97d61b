"""Before a desk runs on live venues: addresses and keys, the venues' own grids, and the question that is asked once.

Rules of this file: everything that can refuse does so before the desk's first event; nothing secret is shown.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from decimal import Decimal
from pathlib import Path

import msgspec

from mmtui.config.defaults import default_quoting
from mmtui.config.schema import DeskConfig, LiveVenue
from mmtui.core.errors import SourceError, UserError
from mmtui.core.market.instrument import Grid, Instrument
from mmtui.core.setup import DeskSetup, InstrumentSetup
from mmtui.host.guard_link import probe
from mmtui.host.guard_wire import load_secret
from mmtui.host.live import Access, VenueAccess
from mmtui.host.signer_client import HeldKey, hold
from mmtui.venues.binance.links import LINKS
from mmtui.venues.ccxt_market.link import ask_ccxt
from mmtui.venues.ccxt_market.names import CcxtLinks, exchange_of
from mmtui.venues.facts import facts_of
from mmtui.venues.live.account_checks import ask_account
from mmtui.venues.live.checks import Report, ask, objections, on_grid
from mmtui.venues.live.market_checks import as_listed, ask_market
from mmtui.venues.live.signing import Credential
from mmtui.venues.market_links import MARKET_LINKS, MarketLinks
from mmtui.venues.resolve import LIVE
from mmtui.venues.traders import TRADERS

#: Share of equity that may be in orders at a venue that would leave them unbounded.
UNBOUNDED = 0.10


def links_of(venue: LiveVenue) -> Access:
    """Where a venue is, by the config."""
    if exchange := exchange_of(venue.venue):
        if venue.rest:
            raise UserError(f"venue {venue.venue!r}: ccxt knows where it is; leave rest and ws out")
        return CcxtLinks(exchange)
    if (market := MARKET_LINKS.get(venue.venue)) is not None:
        return msgspec.structs.replace(market, rest=venue.rest, ws=venue.ws)
    links = LINKS.get(venue.venue)
    if links is None:
        raise UserError(f"venue {venue.venue!r}: no live link yet; there are {', '.join(LIVE)}: give it a `source`")
    if not venue.rest:
        return links
    rest, ws = venue.rest.rstrip("/"), venue.ws.rstrip("/")
    return msgspec.structs.replace(links, rest=rest, ws=ws, account=rest, api_ws=ws if links.api_ws else "")


async def inquire(venue: str, links: Access, instruments: list[Instrument], pair: Credential | None) -> Report:
    """What a venue answers; with a pair, about its account too."""
    if isinstance(links, CcxtLinks):
        return await ask_ccxt(venue, links, instruments)
    if isinstance(links, MarketLinks):
        report = await ask_market(links, instruments)
        return report if pair is None or venue not in TRADERS else await ask_account(report, links, instruments, pair)
    return await ask(venue, links, instruments, pair)


def access_of(config: DeskConfig, live: bool, kill: bool = False) -> list[VenueAccess]:
    """Addresses of every venue, in the desk's order; live: with its keys, held by a signer process of its own.

    kill: the keys kept for kills, where there are any.
    """
    venues = [source for source in config.sources if isinstance(source, LiveVenue)]
    links = {source.venue: links_of(source) for source in venues}
    wanted = {source.venue: (kill and source.kill_keys) or source.keys for source in venues} if live else {}
    held = hold(wanted, Path(config.path).resolve().parent)
    found = {venue: VenueAccess(venue, links[venue], held.get(venue)) for venue in links}
    return [found[venue] for venue in config.setup.venues]


def prepare(config: DeskConfig, live: bool) -> tuple[DeskSetup, list[VenueAccess], list[Report]]:
    """Ask every venue; the setup with the venues' grids. UserError or SourceError: the desk may not run."""
    if (config.setup.mode == "live") != live:
        if live:
            raise UserError(f'{config.path}: --live needs mode = "live" in [desk]; it says "{config.setup.mode}"')
        raise UserError(f'{config.path}: mode = "live" trades real orders: say so with --live')
    access = access_of(config, live)
    try:
        return _asked(config, live, access)
    except BaseException:
        release(access)
        raise


def release(access: list[VenueAccess]) -> None:
    """The signer that holds the keys ends, with its twin."""
    for one in access:
        if isinstance(one.pair, HeldKey):
            one.pair.client.close()


def _asked(
    config: DeskConfig, live: bool, access: list[VenueAccess]
) -> tuple[DeskSetup, list[VenueAccess], list[Report]]:
    setup = config.setup
    by_venue = {one.venue: [item.instrument for item in setup.instruments if item.instrument.venue == one.venue]
                for one in access}  # fmt: skip

    def asked(one: VenueAccess) -> Awaitable[Report]:
        return inquire(one.venue, one.links, by_venue[one.venue], one.pair)

    async def everything() -> list[Report]:
        return list(await asyncio.gather(*(asked(one) for one in access)))

    reports = asyncio.run(everything())
    why = [text for report in reports for text in objections(report, by_venue[report.venue], live)]
    if live:
        why += unbounded(config, reports, bounded=_second_host(config))
    if why:
        unreached = [report for report in reports if not report.reached]
        raise (SourceError if unreached else UserError)("; ".join(why))
    by_name = {report.venue: report for report in reports}
    instruments = [_listed(item, by_name[item.instrument.venue], setup) for item in setup.instruments]
    if why := [text for item in instruments if (text := _too_small(item))]:
        raise UserError("; ".join(why))
    return msgspec.structs.replace(setup, instruments=instruments), access, reports


def _second_host(config: DeskConfig) -> bool:
    """A green guard on a second host bounds what this one leaves behind. UserError: one is named that is not green."""
    keys = config.guard
    if not keys.remote:
        return False
    secret = load_secret(keys.secret, Path(config.path).resolve().parent)
    if wrong := probe(config.setup.name, keys.remote, secret, keys.remote_silence_s):
        raise SourceError(wrong)
    return True


def _listed(item: InstrumentSetup, report: Report, setup: DeskSetup) -> InstrumentSetup:
    """An instrument on its venue's grid; quoted with the defaults it is quoted with those of what the venue lists."""
    found = report.found.get(item.instrument.symbol)
    if found is None:
        instrument = on_grid(item.instrument, report.symbols[item.instrument.symbol])
        return msgspec.structs.replace(item, instrument=instrument)
    instrument = as_listed(item.instrument, found)
    quoting = item.quoting if item.profile in setup.profiles else default_quoting(instrument)
    return msgspec.structs.replace(item, instrument=instrument, quoting=quoting)


def _too_small(item: InstrumentSetup) -> str:
    """Why an instrument cannot be quoted on its venue's grid; "" when it can."""
    one = item.instrument
    if Decimal(repr(item.quoting.size)) < Decimal(one.lot):
        return f"{one.id}: size {item.quoting.size:g} is below one lot of the venue ({one.lot})"
    try:
        Grid(one)
    except ValueError as error:
        return str(error)
    return ""


def unbounded(config: DeskConfig, reports: list[Report], bounded: bool = False) -> list[str]:
    """Venues that would leave orders open for ever if we died: bounded by a guard on a second host, or accepted by the
    config, and small; else refused."""
    if bounded:
        return []
    said = []
    accepted = {source.venue for source in config.sources if isinstance(source, LiveVenue) and source.accept_unbounded}
    for report in reports:
        if facts_of(report.venue).dead_man.mechanism != "none" and report.bounded is not False:
            continue
        if report.venue not in accepted:
            said.append(
                f"{report.venue}: has no dead-man switch, so a dead host would leave its orders open; "
                "a guard on a second host ([guard] remote) bounds that; "
                "accept_unbounded = true takes that, with at most 10 % of equity in orders"
            )
            continue
        money = 0.0
        for item in config.setup.instruments:
            if item.instrument.venue == report.venue and item.quote:
                price = report.prices.get(item.instrument.symbol, 0.0)
                one = item.instrument
                unit = float(one.contract_size) * (1.0 if one.kind == "inverse" else price)
                money += 2 * item.quoting.levels * item.quoting.size * unit
        if money > UNBOUNDED * float(config.setup.equity):
            said.append(f"{report.venue}: {money:.0f} in orders is above 10 % of equity, and nothing bounds them")
    return said


def consent(setup: DeskSetup, access: list[VenueAccess], reports: list[Report]) -> None:
    """Show account, permissions and limits; on a terminal, ask once. UserError: no."""
    lines = summary(setup, reports)
    if exposed := [one.venue for one in access if one.pair is not None and one.pair.open]:
        lines.append(f"  keys of {', '.join(exposed)} come from the environment; a file of mode 0600 is safer")
    for line in lines:
        print(line, file=sys.stderr)
    if not sys.stdin.isatty():
        return
    print(f"trade live as desk {setup.name!r}? type its name: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != setup.name:
        raise UserError("not confirmed: nothing was started")


def summary(setup: DeskSetup, reports: list[Report]) -> list[str]:
    """What the operator must see before real orders leave."""
    limits = setup.limits
    loss = f"{limits.daily_loss:g} {setup.currency}" if limits.daily_loss else "1 % of equity"
    lines = [f"mmtui: LIVE desk {setup.name!r}, equity {setup.equity} {setup.currency}, daily loss {loss}"]
    for report in reports:
        rights = "trade" + (", no withdrawals" if report.withdraws is False else "")
        bound = "bound to addresses" if report.bound_to_ip else "NOT bound to an address"
        bound += ", hedge mode" if report.one_way is False else ""
        lines.append(
            f"  {report.venue}: key may {rights}, {bound}; dead-man switch {report.dead_man}; "
            f"clock {report.offset_ms:+.1f} ms; {', '.join(report.holds) or 'no holdings'}"
        )
        for item in setup.instruments:
            if item.instrument.venue == report.venue:
                quoting = item.quoting
                most = item.max_position if float(item.max_position) else f"{20 * quoting.size:g}"
                lines.append(
                    f"    {item.instrument.id}: {quoting.levels} x {quoting.size:g} a side, position up to {most}, "
                    f"fees {report.fees.get(item.instrument.symbol, '?')} bps"
                )
    return lines
