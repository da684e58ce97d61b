"""A small seeded generator with exactly the same stream everywhere (Steele, Lea & Flood 2014, SplitMix64).

Rules of this file: integer arithmetic; named streams, so that adding one keeps the draws of the others.
"""

from __future__ import annotations

from hashlib import blake2b

_MASK = (1 << 64) - 1


class Rng:
    """64-bit SplitMix generator. `Rng(seed, "name")` gives every component a stream of its own."""

    __slots__ = ("state",)

    def __init__(self, seed: int, name: str = "") -> None:
        digest = blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
        self.state = int.from_bytes(digest, "little")

    def bits(self) -> int:
        """Uniform integer in [0, 2**64)."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, n: int) -> int:
        """Uniform integer in [0, n), n > 0 (multiply-shift; the bias is below 2**-40 for n < 2**24)."""
        return (self.bits() * n) >> 64

    def uniform(self) -> float:
        """Uniform float in [0, 1)."""
        return (self.bits() >> 11) * (1.0 / (1 << 53))

    def normal(self) -> float:
        """Roughly standard normal (Irwin-Hall sum of 12): exactly rounded arithmetic only, tails cut at 6."""
        total = 0.0
        for _ in range(12):
            total += self.uniform()
        return total - 6.0
