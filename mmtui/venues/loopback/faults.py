"""What goes wrong at a loopback exchange, on purpose: chances and delays that can be changed while it runs.

Rules of this file: numbers and dice; who is hit acts on it.
"""

from __future__ import annotations

import msgspec

from mmtui.core.errors import UserError
from mmtui.core.rng import Rng


class Faults(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Chances are from 0 to 1, times in ms. Everything off by default."""

    delay_ms: float = 0.0  # every REST answer
    jitter_ms: float = 0.0
    stream_delay_ms: float = 0.0  # every frame of every stream
    lost_request: float = 0.0  # the connection ends before anything is done
    lost_answer: float = 0.0  # ... after it is done
    error_500: float = 0.0  # nothing done
    echo: float = 0.0  # nothing done; 400 or 500 by the dice, in words that repeat key, secret and what was asked
    error_503: float = 0.0  # done, or not: by the dice
    error_429: float = 0.0
    error_418: float = 0.0
    retry_after_s: float = 1.0  # of 429 and 418
    gap: float = 0.0  # a depth frame is left out
    checksum: float = 0.0  # a depth frame has the wrong checksum, where the venue sends one
    garbage: float = 0.0  # a frame that nobody can read follows
    half_open: bool = False  # streams send nothing more and answer no ping
    silent: bool = False  # streams answer pings and send nothing more
    skew_ms: float = 0.0  # the exchange's clock is ahead of ours by so much
    close_after_s: float = 0.0  # streams are closed at this age; 0: after 24 hours
    refuse: bool = False  # nobody may connect
    no_switch: bool = False  # dead-man switches are taken and never fire


def read_faults(faults: Faults, changes: dict[str, object]) -> Faults:
    """The faults with some of them changed. UserError names what is not allowed."""
    known = {field.name: field for field in msgspec.structs.fields(Faults)}
    done: dict[str, object] = {}
    for name, value in changes.items():
        if name not in known:
            raise UserError(f"fault {name[:40]!r} is not known; there are: {', '.join(known)}")
        try:
            done[name] = msgspec.convert(value, known[name].type, strict=False)
        except msgspec.ValidationError:
            raise UserError(f"fault {name}: {str(value)[:40]!r} is not allowed") from None
    return msgspec.structs.replace(faults, **done)


def parse_faults(texts: list[str]) -> Faults:
    """NAME=VALUE of the command line."""
    changes: dict[str, object] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise UserError(f"fault {text[:40]!r}: give NAME=VALUE")
        changes[name] = value
    return read_faults(Faults(), changes)


class Dice:
    """Draws of one exchange."""

    def __init__(self, seed: int) -> None:
        self._rng = Rng(seed, "loopback/faults")

    def strikes(self, chance: float) -> bool:
        return chance > 0.0 and self._rng.uniform() < chance

    def share(self) -> float:
        return self._rng.uniform()
