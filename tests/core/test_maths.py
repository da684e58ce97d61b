"""The core's own exp, log and pow: as good as the C library's, and the same bits everywhere."""

import math
import struct
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core import maths
from mmtui.core.rng import Rng


def ulps(mine, reference):
    return abs(mine - reference) / math.ulp(reference)


@given(st.floats(-745.0, 709.78))
def test_exp_is_within_two_units_of_the_last_place(x):
    assert ulps(maths.exp(x), math.exp(x)) <= 2


@given(st.floats(5e-324, 1.7e308))
def test_log_is_within_two_units_of_the_last_place(x):
    assert ulps(maths.log(x), math.log(x)) <= 2


@given(st.floats(0.5, 2.0))
def test_log_near_one_keeps_its_digits(x):
    assert ulps(maths.log(x), math.log(x)) <= 2


@given(st.floats(-0.999, 1e300))
def test_log1p_is_within_two_units_of_the_last_place(x):
    assert ulps(maths.log1p(x), math.log1p(x)) <= 2


@given(st.floats(1e-30, 1e30), st.floats(-10, 10))
def test_pow_is_within_two_units_of_the_last_place(x, y):
    assert ulps(maths.pow(x, y), math.pow(x, y)) <= 2


@given(st.floats(0.999, 1.001), st.floats(-1e5, 1e5))
def test_pow_of_bases_near_one_and_large_exponents(x, y):
    assert ulps(maths.pow(x, y), math.pow(x, y)) <= 2


@given(st.integers(1, 3_000), st.integers(0, 30))
def test_pow_is_exact_where_the_result_is_a_double(base, exponent):
    if base**exponent < 2**53:
        assert maths.pow(float(base), float(exponent)) == base**exponent


def test_exact_cases():
    assert maths.exp(0.0) == 1.0 and maths.log(1.0) == 0.0 and maths.log1p(0.0) == 0.0
    assert [maths.pow(2.0, n) for n in (1023, -1022, -1074)] == [2.0**1023, 2.0**-1022, 5e-324]
    assert maths.pow(0.0, 2.0) == 0.0 and maths.pow(0.0, 0.0) == maths.pow(7.0, 0.0) == maths.pow(1.0, 1e300) == 1.0
    assert maths.pow(0.25, 0.5) == 0.5 and maths.pow(4.0, -1.5) == 0.125


@given(st.floats(-700, 700), st.floats(1e-9, 1.0))
def test_exp_rises(x, step):
    assert maths.exp(x) <= maths.exp(x + step)


def test_ends_of_the_range_are_those_of_the_c_library():
    assert maths.exp(-800.0) == 0.0 and maths.pow(10.0, -400.0) == 0.0
    assert maths.exp(-745.13) == 5e-324
    assert maths.exp(709.782712893384) == math.exp(709.782712893384)
    for call in (lambda: maths.exp(710.0), lambda: maths.pow(10.0, 400.0), lambda: maths.exp(float("nan"))):
        with pytest.raises(OverflowError):
            call()
    for call in (lambda: maths.log(0.0), lambda: maths.log(-1.0), lambda: maths.pow(-8.0, 2.0)):
        with pytest.raises(ValueError, match="needs a"):
            call()


def test_the_same_bits_on_every_platform():
    """A digest of 20,000 results: made of +, -, *, / and exact scalings, it can only change with the method."""
    rng, found = Rng(1, "maths"), blake2b(digest_size=8)
    for _ in range(5_000):
        x, y = rng.uniform() * 40 - 20, rng.uniform() * 100 + 1e-9
        for value in (maths.exp(x), maths.log(y), maths.log1p(y), maths.pow(y, x)):
            found.update(struct.pack("<d", value))
    assert found.hexdigest() == "8cba4460c1d971cc"
