"""`mmtui doctor`: what every venue's table claims, and when it was last verified.

Rules of this file: from tables to rows.
"""

from __future__ import annotations

from mmtui.venues.facts import TRADING
from mmtui.venues.trading import TradingFacts

CLAIMS = ("venue", "verified", "dead-man switch", "cancel-all", "batch", "post-only", "client id", "budget", "recalled")


def claims() -> list[tuple[str, ...]]:
    """One row a venue table."""
    return [_claim(facts) for facts in TRADING.values()]


def _claim(facts: TradingFacts) -> tuple[str, ...]:
    dead_man = facts.dead_man
    if dead_man.mechanism == "none":
        switch = "none: UNBOUNDED"
    else:
        switch = f"{dead_man.mechanism} per {dead_man.scope}, {dead_man.min_ms / 1000:g} s or more"
    return (
        facts.id,
        facts.verified,
        switch,
        facts.cancel_all,
        f"{facts.batch_create}/{facts.batch_cancel}",
        facts.post_only,
        f"{facts.id_max} {facts.id_chars}",
        f"{facts.rates.weight} in {facts.rates.window_ms / 1000:g} s",
        ", ".join(facts.recalled) or "-",
    )


#: Columns of the README's table, and where each cell comes from.
CAPABILITIES = (
    "venue",
    "market data",
    "orders",
    "loopback",
    "dead-man switch",
    "cancel-all",
    "batch",
    "amend",
    "post-only",
    "self-trade",
)


def capabilities() -> list[tuple[str, ...]]:
    """One row a venue: what mmtui has for it, and what the venue itself has by its table."""
    from mmtui.venues.binance import profile
    from mmtui.venues.binance.links import LINKS
    from mmtui.venues.loopback.api import CALLS
    from mmtui.venues.loopback.private.server import ACCOUNTS
    from mmtui.venues.loopback.public.server import VOICES
    from mmtui.venues.market_links import MARKET_LINKS
    from mmtui.venues.traders import TRADERS

    rows: list[tuple[str, ...]] = []
    for facts in TRADING.values():
        markets = {facts.id, f"{facts.id}-spot"}  # gate is gate-spot and gate-futures in market data
        captured, live = facts.id in profile.MARKETS, not markets.isdisjoint({*LINKS, *MARKET_LINKS})
        data = ", ".join(word for word, has in (("live", live), ("captures", captured)) if has) or "-"
        served = "market data" if not markets.isdisjoint(VOICES) else "-"
        if facts.id in CALLS or facts.id in ACCOUNTS:
            served = "yes"
        switch = facts.dead_man.mechanism
        rows.append(
            (
                facts.id,
                data,
                "live" if facts.id in LINKS or facts.id in TRADERS else "-",
                served,
                "none: unbounded" if switch == "none" else f"{switch}, {facts.dead_man.min_ms / 1000:g} s or more",
                {"venue": "account", "instrument": "symbol", "none": "one by one"}[facts.cancel_all],
                f"{facts.batch_create} / {facts.batch_cancel}",
                facts.amend_words(),
                {"reject": "rejects", "cancel": "cancels", "reprice": "reprices"}[facts.post_only],
                {"maker": "resting one goes", "": "account's rule"}[facts.self_trade],
            )
        )
    return rows


def markdown() -> str:
    """The README's table."""
    rows: list[tuple[str, ...]] = [CAPABILITIES, ("---",) * len(CAPABILITIES), *capabilities()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
