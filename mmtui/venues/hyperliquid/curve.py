"""Signatures on the curve secp256k1 as Ethereum uses them: made, and traced back to the address that made them.

The secret number of a signature is derived from the key and the digest (RFC 6979), so that the same bytes always leave.
Time depends on the key; whoever could measure that reads this process's memory anyway.

Sources: SEC 1 version 2.0, sections 4.1.3 and 4.1.6; SEC 2 version 2.0, section 2.4.1; RFC 6979, section 3.2; Ethereum
yellow paper, appendix F (lower s, address).

Rules of this file: pure; integers and bytes; a key that is none is a ValueError without a word of it.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from mmtui.venues.hyperliquid.keccak import keccak256

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
G = (
    0x79BE667E_F9DCBBAC_55A06295_CE870B07_029BFCDB_2DCE28D9_59F2815B_16F81798,
    0x483ADA77_26A3C465_5DA4FBFC_0E1108A8_FD17B448_A6855419_9C47D08F_FB10D4B8,
)
Point = tuple[int, int]
_Jacobian = tuple[int, int, int]  # z 0: the point at infinity
_NOWHERE: _Jacobian = (0, 1, 0)


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if not z:
        return point
    square = y * y % P
    s = 4 * x * square % P
    m = 3 * x * x % P
    found = (m * m - 2 * s) % P
    return found, (m * (s - found) - 8 * square * square) % P, 2 * y * z % P


def _add(point: _Jacobian, other: Point) -> _Jacobian:
    x, y, z = point
    if not z:
        return (*other, 1)
    square = z * z % P
    u, s = other[0] * square % P, other[1] * square * z % P
    if u == x:
        return _double(point) if s == y else _NOWHERE
    h, r = u - x, s - y
    hh = h * h % P
    hhh, v = h * hh % P, x * hh % P
    found = (r * r - hhh - 2 * v) % P
    return found, (r * (v - found) - y * hhh) % P, z * h % P


def _plain(point: _Jacobian) -> Point:
    inverse = pow(point[2], -1, P)
    square = inverse * inverse % P
    return point[0] * square % P, point[1] * square * inverse % P


def _times(k: int, point: Point) -> _Jacobian:
    found = _NOWHERE
    for bit in bin(k)[2:]:
        found = _double(found)
        if bit == "1":
            found = _add(found, point)
    return found


def _table() -> list[list[Point]]:
    """d x 16^w x G for each digit d of each place w."""
    rows, base = [], G
    for _ in range(64):
        row, at = [base], base
        for _ in range(14):
            at = _plain(_add((*at, 1), base))
            row.append(at)
        rows.append(row)
        base = _plain(_add((*at, 1), base))
    return rows


_ROWS: list[list[Point]] = []


def _times_g(k: int) -> Point:
    if not _ROWS:
        _ROWS.extend(_table())
    found = _NOWHERE
    for row in _ROWS:
        digit, k = k & 15, k >> 4
        if digit:
            found = _add(found, row[digit - 1])
    return _plain(found)


def key_of(text: str) -> int:
    """A private key of 64 hex digits, with or without 0x. ValueError: it is none."""
    digits = text.removeprefix("0x")
    try:
        key = int(digits, 16) if len(digits) == 64 else 0
    except ValueError:
        key = 0
    if not 0 < key < N:
        raise ValueError("no private key of 64 hex digits")
    return key


def address_of(key: int) -> str:
    """The Ethereum address of a private key."""
    return _address(_times_g(key))


def _address(point: Point) -> str:
    return "0x" + keccak256(point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big"))[12:].hex()


def _nonces(key: int, digest: bytes) -> int:
    """RFC 6979, the first number that it gives (the next ones have never been needed: 2^-127)."""
    mac, v = bytes(32), b"\x01" * 32
    seed = key.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    for byte in (b"\x00", b"\x01"):
        mac = hmac.digest(mac, v + byte + seed, sha256)
        v = hmac.digest(mac, v, sha256)
    return int.from_bytes(hmac.digest(mac, v, sha256), "big")


def sign(key: int, digest: bytes) -> tuple[int, int, int]:
    """r, s and v (27 or 28) over 32 bytes."""
    k = _nonces(key, digest)
    x, y = _times_g(k % N)
    r = x % N
    s = pow(k, -1, N) * (int.from_bytes(digest, "big") + r * key) % N
    odd = y & 1
    if s > N // 2:
        s, odd = N - s, odd ^ 1
    return r, s, 27 + odd


def signer_of(digest: bytes, r: int, s: int, v: int) -> str:
    """The address that has signed; "": nobody has."""
    if not (0 < r < N and 0 < s < N and v in (27, 28)):
        return ""
    square = (r * r * r + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return ""
    y = y if y & 1 == v - 27 else P - y
    inverse = pow(r, -1, N)
    z = int.from_bytes(digest, "big")
    parts = _times_g(-z * inverse % N), _times(s * inverse % N, (r, y))
    found = _add(parts[1], parts[0])
    return _address(_plain(found)) if found[2] else ""
