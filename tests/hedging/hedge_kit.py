"""A desk with a hedger: one quoted leg that gets positions, contracts that may be traded against it."""

from __future__ import annotations

from decimal import Decimal

from desk_kit import MS, Desk, item, setup_of

from mmtui.core.hedging.params import Hedge

BAND = 0.05
ROOMY = {"drawdown": 1e6, "daily_loss": 1e6}


def hedged(*items, execution="paper", limits=None, size=100, quote=False, **params):
    """A desk with spot (quoted or not), a linear and an inverse contract, and a hedger of BTC."""
    items = items or (
        item("spot", quote=quote, max_position="10"),
        item("linear", quote=quote, max_position="10"),
        item("inverse", quote=quote, max_position="5000"),
    )
    hedge = Hedge(**{"band": BAND, "passive_s": 0.0, **params})
    desk = Desk(setup_of(*items, limits={**ROOMY, **(limits or {})}, hedges={"BTC": hedge}), execution)
    for i in range(len(items)):
        desk.book(i=i, size=size)
    return desk


def market(desk, ms=3_000, bid=999_995, ask=1_000_005, size=100, skip=()):
    """A market that refreshes all its levels every 100 ms."""
    for _ in range(ms // 100):
        desk.runner.advance(desk.now + 100 * MS)
        for i in range(len(desk.setup.instruments)):
            if i not in skip:
                desk.book(bid, ask, i, size)


def net(desk) -> Decimal:
    return desk.engine.tasks.desk.net("BTC")


def hedges(desk, since=0):
    return [e for e in desk.places(since) if e.purpose == "hedge"]


def state(desk):
    return desk.engine.hedger.assets["BTC"]


def alerts(desk, code="hedge"):
    return [a.text for a in desk.alerts if a.code == code]
