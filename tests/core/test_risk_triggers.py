"""The table of what stops what, as `mmtui doctor` prints it: an auditor reads it, so it is compared word by word."""

import pytest

from mmtui.core.risk.limits import Limits
from mmtui.core.risk.triggers import triggers

BACK = "alone, after 1 s of good data, at a quarter of the size for 60 s"
LATCHED = "no: an operator, with a reason"

TABLE = f"""
stale feed | protection | instrument | quotes | {BACK} | 2000 ms majors, 5000 ms others; the screen warns at 500 ms
sequence gap | protection | instrument | quotes | {BACK} | any hole in the venue's sequence
crossed book | protection | instrument | quotes | {BACK} | best bid at or above best ask
one-sided book | protection | instrument | quotes | {BACK} | a side is empty
feed down | protection | venue | quotes | {BACK} | the connection says so
lead venue | protection | instrument | quotes | {BACK} | fair_source silent 1 s
account not known | protection | venue | quotes | {BACK} | private stream down, or catching up
volatility pause | protection | instrument | quotes | alone, after vol_resume_s | vol_pause_bps of the profile
toxic flow | protection | side | quotes, or widens | alone, after toxic_hold_s | toxic_bps of the profile
trade burst | protection | instrument | quotes | alone, after burst_hold_s | burst_trades of the profile
one-leg guard | protection | instrument | quotes | alone, after 1 s of a good leg | leg of the profile
trend hold | protection | side | quotes | alone, below trend_resume_bps | trend_hold_bps of the profile
repeated executions | protection | side | quotes | alone, after throttle_hold_s | throttle_fills of the profile
strategy fails | protection | instrument | quotes | {BACK} | any error while it prices
hedge failed | protection | asset | quotes that would need the hedge | alone, with the hedge | rejected, venue dead, \
a limit, an UNKNOWN order, or [hedge] cap_bps reached; tried again after retry_s
unhedged | limit | asset | nothing: an alert | in band | [hedge] unhedged_s outside of the band
hedger off | state | asset | the hedger | no: hedge on | overfill or position break
tripped too often | state | instrument | PAUSED | no: an operator | more than 3 trips in 10 min
repeated execution | state | instrument | PAUSED | no: an operator | off (repeated_fills = 0)
loop lag | state | desk | PAUSED | no: an operator | stood still 5000 ms, of a desk on live venues
clock step | state | desk | PAUSED | no: an operator | a step 2500 ms, of a desk on live venues
disk | state | desk | PAUSED | no: an operator | free, less than 100 MB, of a desk on live venues
restart after a crash | state | desk | PAUSED | no: an operator | always
source ended | state | desk | PAUSED | no: there is no market | always
daily loss | limit | desk | HALTED | {LATCHED} | 1 % of equity, UTC day and rolling 24 h
drawdown | limit | desk | HALTED | {LATCHED} | 1.5 % of equity
loss gauge | limit | desk | quotes that add | alone, below 70% | 90% of a loss limit
position gauge | limit | instrument | quotes that add | alone, below | 90% of a position limit
position break | limit | instrument | HALTED | {LATCHED} | more than 1 lot, unexplained, in two polls 6 s apart
another engine | limit | instrument | HALTED | {LATCHED} | an order with an id that we never used
overfill | limit | instrument | HALTED | {LATCHED} | one lot beyond the order's size
foreign fill | limit | instrument | HALTED | {LATCHED} | a fill of an order that is not ours
position limit | refusal | order | orders that add | with the position | max_position, worst case
order size | refusal | order | orders that add | - | max_order of the instrument
references disagree | refusal | order | that quote | - | the collar, round the median of mid, last, mark
order notional | refusal | order | that order | - | 10 % of equity
gross notional | refusal | order | that order | - | 3 x equity
leverage | refusal | venue | contract orders that add | with the position | gross of contracts 3 x the venue's equity, \
worst case
price collar | refusal | order | that order | - | 100 bps majors, 300 bps others from the reference
manual collar | refusal | order | that ticket | - | 50 bps from the reference
message rate | refusal | venue | new orders | alone | 50/s a venue, 20% of it kept for cancels
spot balance | refusal | order | that sale | - | baseline + position - open sells
slippage cap | refusal | task | the task stops | one press extends it once | 30 bps majors, 100 bps others
"""


def rows(limits):
    return [" | ".join(row) for row in triggers(limits)]


def test_the_table_with_the_default_limits():
    assert rows(Limits()) == TABLE.strip().splitlines()


@pytest.mark.parametrize(
    ("limits", "name", "says"),
    [
        ({"daily_loss": 777.0}, "daily loss", "777, UTC day and rolling 24 h"),
        ({"drawdown": 555.5}, "drawdown", "555.5"),
        ({"order_notional": 2_500.0}, "order notional", "2500"),
        ({"gross_notional": 90_000.0}, "gross notional", "90000"),
        ({"stale_major_ms": 700, "stale_other_ms": 900}, "stale feed", "700 ms majors, 900 ms others"),
        ({"collar_major_bps": 12.5, "collar_other_bps": 40.0}, "price collar", "12.5 bps majors, 40 bps others"),
        ({"messages_per_s": 30, "cancel_share": 0.5}, "message rate", "30/s a venue, 50% of it kept for cancels"),
        ({"trips_to_pause": 5, "trips_window_s": 90.0}, "tripped too often", "more than 5 trips in 1.5 min"),
        ({"flatten_cap_major_bps": 7.0, "flatten_cap_other_bps": 9.0}, "slippage cap", "7 bps majors, 9 bps others"),
        ({"leverage": 2.5}, "leverage", "2.5 x the venue's equity"),
        ({"collar_manual_bps": 20.0}, "manual collar", "20 bps from the reference"),
        ({"repeated_fills": 7, "repeated_s": 3.0}, "repeated execution", "7 fills of one side in 3 s, none of the"),
        ({"loop_lag_ms": 900}, "loop lag", "stood still 900 ms"),
        ({"clock_step_ms": 0}, "clock step", "off"),
        ({"disk_free_mb": 5}, "disk", "free, less than 5 MB"),
        ({"ease_back_s": 5.0}, "sequence gap", "at a quarter of the size for 5 s"),
    ],
)
def test_the_numbers_are_those_of_the_limits_in_force(limits, name, says):
    (row,) = [row for row in rows(Limits(**limits)) if row.startswith(f"{name} | ")]
    assert says in row
