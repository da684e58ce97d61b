"""[[venue]] without a source: a live one, where it is and whose keys are used.

Rules of this file: what the keys mean together; names and addresses only, no secret is read here.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.config.errors import ConfigError
from mmtui.config.schema import Guard, LiveVenue, Venue

#: A live desk compares orders and positions with its venues so often (s).
RECONCILE_S = 5.0


def live_venue(
    error: Callable[[tuple[str, ...], str], ConfigError], place: int, venue: Venue, mode: str, no_orders: str
) -> LiveVenue:
    """The venue, checked; `error` makes a ConfigError of a place and a sentence.

    no_orders: why orders cannot be sent there; "" where they can.
    """
    where = ("venue", str(place))
    if bool(venue.rest) != bool(venue.ws):
        raise error((*where, "rest" if venue.rest else "ws"), "give both, rest and ws, or neither")
    if mode == "live" and no_orders:
        raise error(("desk", "mode"), no_orders)
    if mode == "live" and not venue.keys:
        what = 'mode = "live" needs keys; give keys = "sealed:NAME", "keyring:NAME", "file:PATH" or "env:NAME"'
        raise error((*where, "keys"), what)
    return LiveVenue(venue.id, venue.rest, venue.ws, venue.keys, venue.accept_unbounded, venue.kill_keys)


def misguarded(guard: Guard) -> tuple[str, str]:
    """(key, what is wrong) of a [guard]; ("", "") when nothing is."""
    if guard.remote and not guard.secret:
        return "secret", 'a remote guard needs one; give secret = "env:NAME" or secret = "file:PATH"'
    port = guard.remote.rpartition(":")[2]
    if guard.remote and not 0 < int(port) < 65_536:
        return "remote", f"{port} is no port; give 1 to 65535"
    return "", ""
