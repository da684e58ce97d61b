"""Numbers as text: one place, fixed widths, real minus."""

import pytest

from mmtui.view import formats as fmt


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [
        (61_660 * fmt.UNIT, 1, "61,660.0"),
        (61_660 * fmt.UNIT + fmt.UNIT // 20, 2, "61,660.05"),
        (12 * fmt.UNIT // 10**9, 9, "0.000000012"),
        (-fmt.UNIT, 0, "−1"),
    ],
)
def test_prices_are_exact_and_grouped(units, decimals, text):
    assert fmt.price(units, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1_284.1, "+1,284.10"), (-0.001, "0.00"), (0.0, "0.00"), (-402.15, "−402.15"), (float("nan"), "n/a")],
)
def test_signed_money_has_no_negative_zero(value, text):
    assert fmt.signed(value, 2) == text


def test_sizes_are_right_aligned_and_their_zeros_dimmed():
    spans = fmt.size_spans(0.3, 3, 8)
    assert "".join(text for text, _ in spans) == "   0.300"
    assert spans == (("   0", "faint"), (".3", "text"), ("00", "faint"))
    assert "".join(text for text, _ in fmt.size_spans(0.0002, 3, 8)) == "  <0.001", "dust is no zero"
    assert "".join(text for text, _ in fmt.size_spans(12_345_678.9, 3, 8)) == "   12.3M"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(4, "4ms"), (999, "999ms"), (1_234, "1.2s"), (45_000, "45s"), (180_000, "3m"), (7_200_000, "2h"), (-1, "n/a")],
)
def test_ages(ms, text):
    assert fmt.age(ms) == text


def test_fresh_ages_do_not_flicker():
    assert {fmt.calm_age(ms) for ms in range(100)} == {"<0.1s"}
    assert fmt.calm_age(1_240) == "1.2s"


def test_dates_and_times():
    assert fmt.date(1_763_647_402_123_000_000) == "2025-11-20"
    assert fmt.date(951_782_400 * 10**9) == "2000-02-29"
    assert fmt.clock(1_763_647_402_123_000_000, millis=True) == "14:03:22.123"
    assert fmt.duration(2_467 * 10**9) == "00:41:07"


def test_typed_times_mean_the_day_of_the_session():
    near = 1_763_647_402 * 10**9
    assert fmt.clock(fmt.parse_time("14:05", near)) == "14:05:00"
    assert fmt.clock(fmt.parse_time(" 14:05:06.5 ", near), millis=True) == "14:05:06.500"
    assert fmt.date(fmt.parse_time("00:00:00", near)) == "2025-11-20"
    for wrong in ("25:00", "14", "14:61", "soon", "", "14:00:00:00"):
        with pytest.raises(ValueError, match="HH:MM"):
            fmt.parse_time(wrong, near)


def test_venue_names_are_short_only_where_unique():
    assert fmt.short_names(["sim-spot", "sim-usdm"]) == {"sim-spot": "spot", "sim-usdm": "usdm"}
    assert fmt.short_names(["a-spot", "b-spot"]) == {"a-spot": "a-spot", "b-spot": "b-spot"}


@pytest.mark.parametrize(("mid", "decimals"), [(61_660.0, 3), (2_640.0, 2), (150.0, 1), (0.1, 0), (0.0, 3)])
def test_size_decimals_follow_the_price(mid, decimals):
    assert fmt.size_decimals(mid) == decimals


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("50213.09 of 750000.00 USDT", "50,213.09 of 750,000.00 USDT"),
        ("0.12345 of 1.5", "0.12345 of 1.5"),
        ("21 of 50", "21 of 50"),
        ("would fire at −1500 USDT", "would fire at −1,500 USDT"),
        ("50,213.09 of 1,000", "50,213.09 of 1,000"),
    ],
)
def test_numbers_in_a_text_of_the_host_are_grouped(text, grouped):
    assert fmt.grouped(text) == grouped
