"""How a venue changes resting orders in place: what the quoter and the paper venue need to know of it.

Rules of this file: the shape of the facts; which venue does what stands in its folder's trading.py.
"""

from __future__ import annotations

import msgspec


class Amending(msgspec.Struct, frozen=True, kw_only=True):
    """Of one venue. Sizes are whole sizes, what was filled included."""

    price: bool = True  # the price can be changed; the place in the queue is lost
    up: bool = True  # the size can be raised; the place is lost
    keeps: bool = True  # a smaller size at the same price keeps the place
    cancels: bool = False  # a post-only order whose new price would trade is cancelled (else refused, and it stands)
