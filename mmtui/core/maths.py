"""exp, log, log1p and pow with the same bits on every platform: the C library's differ, the core's may not.

Method: table-driven argument reduction after Tang (ACM TOMS 15, 1989, "Table-driven implementation of the exponential
function in IEEE floating-point arithmetic"; ACM TOMS 16, 1990, the same for the logarithm) with short Taylor
polynomials; pow is exp(y log x) with the logarithm and the product as pairs of doubles (Dekker, Numer. Math. 18, 1971).
Error: exp, log < 1 ulp, log1p < 2 ulp, pow < 1 ulp and exact where the result is a double (tests/core/test_maths.py).

Rules of this file: IEEE +, -, *, / on doubles, exact scalings, and integers, with which the tables are made once;
finite arguments; errors as in `math` (ValueError outside the domain, OverflowError beyond the largest double).
Floats are summed in the core by `math.fsum`, which is rounded once: the built-in `sum` of floats is compensated from
Python 3.12 on, and would give other bits there than on 3.11.
"""

from __future__ import annotations

from math import frexp, ldexp

#: Bits of the integers of which the tables are made.
_BITS = 140
_ONE = 1 << _BITS


def _log_ratio(a: int, b: int) -> int:
    """log(a / b) with _BITS fraction bits: 2 atanh((a - b) / (a + b)) by its series."""
    if a < b:
        return -_log_ratio(b, a)
    power, total, n = 2 * (a - b) * _ONE // (a + b), 0, 1
    while power:
        total += power // n
        power = power * (a - b) ** 2 // (a + b) ** 2
        n += 2
    return total


def _exp_fixed(x: int) -> int:
    """exp of a small fixed-point number, Taylor."""
    total, term, n = 0, _ONE, 0
    while term:
        total += term
        n += 1
        term = term * x // (n * _ONE)
    return total


def _pair(x: int, step: int) -> tuple[float, float]:
    """A fixed-point number as high + low; the high part is a whole number of 2**-step."""
    shift = _BITS - step
    high = (x + (1 << (shift - 1))) >> shift
    return ldexp(float(high), -step), ldexp(float(x - (high << shift)), -_BITS)


_LN2 = _log_ratio(2, 1)
#: log 2, and log of the table's points: high parts in units of 2**-40, so that e * log 2 + log F is exact.
_LN2_PAIR = _pair(_LN2, 40)
_LN2_HI: float = _LN2_PAIR[0]
_LN2_LO: float = _LN2_PAIR[1]
_FIRST = 90
_LAST = 182
_LOG = [_pair(_log_ratio(i, 128), 40) for i in range(_FIRST, _LAST)]
_LOG_HI = [hi for hi, _ in _LOG]
_LOG_LO = [lo for _, lo in _LOG]
#: log 2 / 64 with a high part that times any n (17 bits) is exact; 2**(j/64) as pairs.
_STEP = _pair(_LN2 // 64, 42)
_STEP_HI: float = _STEP[0]
_STEP_LO: float = _STEP[1]
_PER_STEP = 1.0 / (_STEP_HI + _STEP_LO)
_EXP = [_pair(_exp_fixed(_LN2 * j // 64), 52) for j in range(64)]
_EXP_HI = [hi for hi, _ in _EXP]
_EXP_LO = [lo for _, lo in _EXP]
_SCALES = [ldexp(1.0, m) for m in range(-1022, 1024)]
_ROOT_HALF = 0.7071067811865476
_LARGEST = 709.782712893384
_SMALLEST = -745.1332191019412
_SPLIT = 134217729.0  # 2**27 + 1
_WHOLE = 6755399441055744.0  # 1.5 * 2**52: what is added to it and taken away again is whole, ties to even


def exp(x: float) -> float:
    """e**x; 0.0 below -745.13."""
    if not _SMALLEST <= x <= _LARGEST:
        return _beyond(x)
    return _exp_pair(x, 0.0)


def _beyond(x: float) -> float:
    if x < _SMALLEST:
        return 0.0
    raise OverflowError("the exponential is larger than any number")


def _exp_pair(x: float, low: float) -> float:
    """exp(x + low), |low| far below |x|, x inside the range of exp."""
    nearest = x * _PER_STEP + _WHOLE - _WHOLE
    high = x - nearest * _STEP_HI
    rest = low - nearest * _STEP_LO
    r = high + rest
    rest += high - r
    p = r + (rest + r * r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720))))))
    n = int(nearest)
    j = n & 63
    top = _EXP_HI[j]
    y = top + (_EXP_LO[j] + top * p)
    m = n >> 6
    if -1022 <= m <= 1023:
        return y * _SCALES[m + 1022]
    if m > 1023:
        y = y * 2.0 * _SCALES[1023 + 1022]
        if y > 1.7976931348623157e308:
            raise OverflowError("the exponential is larger than any number")
        return y
    return y * _SCALES[m + 64 + 1022] * 5.421010862427522e-20  # 2**-64: one rounding, into the subnormals


def log(x: float) -> float:
    """Natural logarithm of x > 0."""
    if x <= 0.0:
        raise ValueError("the logarithm needs a number above 0")
    m, e = frexp(x)
    if m < _ROOT_HALF:
        m += m
        e -= 1
    i = int(m * 128.0 + 0.5)
    u = (m - i * 0.0078125) * 128.0 / i
    p = u * u * (-0.5 + u * (1 / 3 + u * (-0.25 + u * (0.2 + u * (-1 / 6 + u * (1 / 7))))))
    i -= _FIRST
    high = e * _LN2_HI + _LOG_HI[i]
    top = high + u
    return top + ((high - top) + u + (p + (e * _LN2_LO + _LOG_LO[i])))


def log1p(x: float) -> float:
    """log(1 + x) of x > -1, with all its digits where x is small."""
    u = 1.0 + x
    if u == 1.0:
        return x
    return log(u) + (x - (u - 1.0)) / u


def pow(x: float, y: float) -> float:
    """x**y of x >= 0."""
    if x <= 0.0:
        if x < 0.0 or y < 0.0:
            raise ValueError("the power needs a base above 0")
        return 0.0 if y else 1.0
    high, low = _log_pair(x)
    a = y * high
    if not -746.0 < a < 710.0:
        return _beyond(a)
    error = _product_error(y, high, a) + y * low
    top = a + error
    if not _SMALLEST <= top <= _LARGEST + 1e-12:
        return _beyond(top)
    return _exp_pair(top, (a - top) + error)


def _log_pair(x: float) -> tuple[float, float]:
    """log x as high + low, good to some 2**-70 of itself."""
    m, e = frexp(x)
    if m < _ROOT_HALF:
        m += m
        e -= 1
    i = int(m * 128.0 + 0.5)
    point = i * 0.0078125
    f = m - point
    total = m + point
    lost = m - (total - point) if m < point else point - (total - m)
    s = f / total
    product = s * total
    s_low = ((f - product) - _product_error(s, total, product) - s * lost) / total
    z = s * s
    i -= _FIRST
    high = e * _LN2_HI + _LOG_HI[i]
    u = s + s
    rest = (s_low + s_low) + u * z * (1 / 3 + z * (0.2 + z * (1 / 7))) + (e * _LN2_LO + _LOG_LO[i])
    top = high + u
    return top, (high - top) + u + rest


def _product_error(a: float, b: float, product: float) -> float:
    """a * b - product, exactly (Dekker)."""
    t = _SPLIT * a
    a_high = t - (t - a)
    a_low = a - a_high
    t = _SPLIT * b
    b_high = t - (t - b)
    b_low = b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
