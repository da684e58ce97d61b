"""Funding in the skew: lean away from the side that will pay.

Rules of this file: pure functions; the quoter decides what to do with them.
"""

from __future__ import annotations

#: The lean grows over so many hours before a payment: the longest interval between payments in use.
WINDOW_H = 8.0

#: name -> (unit, what it does): for the parameters that a quoting profile has of it.
REFERENCE: dict[str, tuple[str, str]] = {
    "funding_skew": (
        "",
        "bps of skew for a bp of funding rate, at the moment of payment; it grows from nothing over the 8 hours "
        "before. A positive rate (longs pay) leans SELL. 0: funding does not move quotes; use 0.2 to 1 on perpetuals "
        "that are held over payments",
    ),
    "funding_skew_cap_bps": ("bps", "the skew by funding never passes this, either way"),
}


def funding_skew_bps(rate: float, hours_to_next: float, factor: float, cap: float) -> float:
    """Skew in bps, plus is up, by the funding that is due in `hours_to_next`.

    `rate`: fraction of notional of the coming payment, positive when longs pay; `factor`: bps of skew for a bp of
    rate at the payment; `cap`: bps, never passed.  The weight grows linearly over WINDOW_H: inventory that is taken
    on long before a payment is likely to be gone by then.  Nothing is known of a payment in the past: 0.
    """
    if hours_to_next < 0.0 or hours_to_next >= WINDOW_H:
        return 0.0
    weight = 1.0 - hours_to_next / WINDOW_H
    return max(-cap, min(cap, -factor * rate * 1e4 * weight))


def carry_bps(funding_e10: int, side: int) -> float:
    """What trading one unit on `side` costs in funding at the next payment, bps: a buy pays a positive rate."""
    return side * funding_e10 * 1e-6
