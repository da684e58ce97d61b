"""[[venue]] without a source: a live one, where it is and whose keys are used.

Rules of this file: what the keys mean together; names and addresses only, no secret is read here.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.config.errors import ConfigError
from mmtui.config.schema import LiveVenue, Venue

#: A live desk compares orders and positions with its venues so often (s).
RECONCILE_S = 5.0


def live_venue(error: Callable[[tuple[str, ...], str], ConfigError], place: int, venue: Venue, mode: str) -> LiveVenue:
    """The venue, checked; `error` makes a ConfigError of a place and a sentence."""
    where = ("venue", str(place))
    if bool(venue.rest) != bool(venue.ws):
        raise error((*where, "rest" if venue.rest else "ws"), "give both, rest and ws, or neither")
    if mode == "live" and not venue.keys:
        what = 'mode = "live" needs keys; give keys = "sealed:NAME", "keyring:NAME", "file:PATH" or "env:NAME"'
        raise error((*where, "keys"), what)
    return LiveVenue(venue.id, venue.rest, venue.ws, venue.keys, venue.accept_unbounded)
