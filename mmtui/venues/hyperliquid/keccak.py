"""Keccak-256 as Ethereum uses it (the padding of 2011, which is not that of SHA3-256).

Source: G. Bertoni, J. Daemen, M. Peeters, G. Van Assche, "The Keccak reference", version 3.0 (2011), sections 1.2, 2.

Rules of this file: pure; bytes in, 32 bytes out.
"""

from __future__ import annotations

RATE = 136
_MASK = (1 << 64) - 1


def _constants() -> list[int]:
    """Round constants: bits of a linear feedback shift register."""
    out, state = [], 1
    for _ in range(24):
        value = 0
        for j in range(7):
            if state & 1:
                value |= 1 << ((1 << j) - 1)
            state = (state << 1) ^ (0x171 if state & 0x80 else 0)
        out.append(value)
    return out


def _path() -> list[tuple[int, int]]:
    """Rho and pi: the lane that each lane is put into, and how far it is turned, in the order of the walk."""
    out, x, y = [], 1, 0
    for t in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        out.append((x + 5 * y, (t + 1) * (t + 2) // 2 % 64))
    return out


_ROUNDS, _WALK = _constants(), _path()


def _permute(a: list[int]) -> None:
    """Keccak-f[1600] in place; lane x, y stands at x + 5 y."""
    for constant in _ROUNDS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        for x in range(5):
            right = c[(x + 1) % 5]
            d = c[x - 1] ^ ((right << 1 | right >> 63) & _MASK)
            for y in (0, 5, 10, 15, 20):
                a[x + y] ^= d
        lane = a[1]
        for place, turn in _WALK:
            a[place], lane = (lane << turn | lane >> (64 - turn)) & _MASK, a[place]
        for y in (0, 5, 10, 15, 20):
            r0, r1, r2, r3, r4 = a[y : y + 5]
            a[y : y + 5] = (r0 ^ (~r1 & r2), r1 ^ (~r2 & r3), r2 ^ (~r3 & r4), r3 ^ (~r4 & r0), r4 ^ (~r0 & r1))
        a[0] ^= constant


def keccak256(data: bytes) -> bytes:
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % RATE))
    padded[-1] |= 0x80
    state = [0] * 25
    for at in range(0, len(padded), RATE):
        for lane in range(RATE // 8):
            state[lane] ^= int.from_bytes(padded[at + 8 * lane : at + 8 * lane + 8], "little")
        _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])
