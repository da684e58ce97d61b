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
