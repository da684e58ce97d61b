"""The one table of what stops what: trigger -> scope -> what stops -> whether it comes back alone -> its number.

Printed by `mmtui doctor`; the numbers are read from the limits in force.  Rules of this file: data.
"""

from __future__ import annotations

from typing import NamedTuple

from mmtui.core.orders.reconcile import APART, ROUNDING
from mmtui.core.quoting.guards import LEG_GOOD_NS
from mmtui.core.risk.limits import STALE_WARN_MS, Limits
from mmtui.core.risk.protections import HYSTERESIS, LEAD_STALE
from mmtui.core.risk.watch import REDUCE, WARN

SECOND = 1_000_000_000


class Trigger(NamedTuple):
    name: str
    kind: str  # protection | limit | refusal | state
    scope: str
    stops: str
    back: str
    number: str


def triggers(limits: Limits) -> list[Trigger]:
    """The table for one set of limits."""
    back = f"alone, after {HYSTERESIS / SECOND:g} s of good data, at a quarter of the size for {limits.ease_back_s:g} s"
    stale = (
        f"{limits.stale_major_ms} ms majors, {limits.stale_other_ms} ms others; the screen warns at {STALE_WARN_MS} ms"
    )
    loss = f"{limits.daily_loss:g}" if limits.daily_loss else "1 % of equity"
    drawdown = f"{limits.drawdown:g}" if limits.drawdown else "1.5 % of equity"
    collar = f"{limits.collar_major_bps:g} bps majors, {limits.collar_other_bps:g} bps others from the reference"
    messages = f"{limits.messages_per_s}/s a venue, {limits.cancel_share:.0%} of it kept for cancels"
    trips = f"more than {limits.trips_to_pause} trips in {limits.trips_window_s / 60:g} min"
    cap = f"{limits.flatten_cap_major_bps:g} bps majors, {limits.flatten_cap_other_bps:g} bps others"
    breaks = f"more than {ROUNDING} lot, unexplained, in two polls {APART / SECOND:g} s apart"
    leg = f"alone, after {LEG_GOOD_NS / SECOND:g} s of a good leg"
    levered = f"gross of contracts {limits.leverage:g} x the venue's equity, worst case"
    manual = f"{limits.collar_manual_bps:g} bps from the reference"
    near = f"{REDUCE:.0%} of a"
    lag = _number(limits.loop_lag_ms, "ms", "stood still")
    step = _number(limits.clock_step_ms, "ms", "a step")
    disk = _number(limits.disk_free_mb, "MB", "free, less than")
    median = "the collar, round the median of mid, last, mark"
    latched = "no: an operator, with a reason"
    return [
        Trigger("stale feed", "protection", "instrument", "quotes", back, stale),
        Trigger("sequence gap", "protection", "instrument", "quotes", back, "any hole in the venue's sequence"),
        Trigger("crossed book", "protection", "instrument", "quotes", back, "best bid at or above best ask"),
        Trigger("one-sided book", "protection", "instrument", "quotes", back, "a side is empty"),
        Trigger("feed down", "protection", "venue", "quotes", back, "the connection says so"),
        Trigger(
            "lead venue", "protection", "instrument", "quotes", back, f"fair_source silent {LEAD_STALE / SECOND:g} s"
        ),
        Trigger("account not known", "protection", "venue", "quotes", back, "private stream down, or catching up"),
        Trigger(
            "volatility pause", "protection", "instrument", "quotes", _guard("vol_resume_s"), _set("vol_pause_bps")
        ),
        Trigger("toxic flow", "protection", "side", "quotes, or widens", _guard("toxic_hold_s"), _set("toxic_bps")),
        Trigger("trade burst", "protection", "instrument", "quotes", _guard("burst_hold_s"), _set("burst_trades")),
        Trigger("one-leg guard", "protection", "instrument", "quotes", leg, _set("leg")),
        Trigger("trend hold", "protection", "side", "quotes", "alone, below trend_resume_bps", _set("trend_hold_bps")),
        Trigger(
            "repeated executions", "protection", "side", "quotes", _guard("throttle_hold_s"), _set("throttle_fills")
        ),
        Trigger("strategy fails", "protection", "instrument", "quotes", back, "any error while it prices"),
        Trigger(
            "hedge failed", "protection", "asset", "quotes that would need the hedge", "alone, with the hedge",
            "rejected, venue dead, a limit, an UNKNOWN order, or [hedge] cap_bps reached; tried again after retry_s",
        ),
        Trigger("unhedged", "limit", "asset", "nothing: an alert", "in band", "[hedge] unhedged_s outside of the band"),
        Trigger("hedger off", "state", "asset", "the hedger", "no: hedge on", "overfill or position break"),
        Trigger("tripped too often", "state", "instrument", "PAUSED", "no: an operator", trips),
        Trigger("repeated execution", "state", "instrument", "PAUSED", "no: an operator", _repeats(limits)),
        Trigger("loop lag", "state", "desk", "PAUSED", "no: an operator", lag),
        Trigger("clock step", "state", "desk", "PAUSED", "no: an operator", step),
        Trigger("disk", "state", "desk", "PAUSED", "no: an operator", disk),
        Trigger("restart after a crash", "state", "desk", "PAUSED", "no: an operator", "always"),
        Trigger("source ended", "state", "desk", "PAUSED", "no: there is no market", "always"),
        Trigger("daily loss", "limit", "desk", "HALTED", latched, f"{loss}, UTC day and rolling 24 h"),
        Trigger("drawdown", "limit", "desk", "HALTED", latched, drawdown),
        Trigger("loss gauge", "limit", "desk", "quotes that add", f"alone, below {WARN:.0%}", f"{near} loss limit"),
        Trigger("position gauge", "limit", "instrument", "quotes that add", "alone, below", f"{near} position limit"),
        Trigger("position break", "limit", "instrument", "HALTED", latched, breaks),
        Trigger("another engine", "limit", "instrument", "HALTED", latched, "an order with an id that we never used"),
        Trigger("overfill", "limit", "instrument", "HALTED", latched, "one lot beyond the order's size"),
        Trigger("foreign fill", "limit", "instrument", "HALTED", latched, "a fill of an order that is not ours"),
        Trigger(
            "position limit", "refusal", "order", "orders that add", "with the position", "max_position, worst case"
        ),
        Trigger("order size", "refusal", "order", "orders that add", "-", "max_order of the instrument"),
        Trigger("references disagree", "refusal", "order", "that quote", "-", median),
        Trigger("order notional", "refusal", "order", "that order", "-", _or(limits.order_notional, "10 % of equity")),
        Trigger("gross notional", "refusal", "order", "that order", "-", _or(limits.gross_notional, "3 x equity")),
        Trigger("leverage", "refusal", "venue", "contract orders that add", "with the position", levered),
        Trigger("price collar", "refusal", "order", "that order", "-", collar),
        Trigger("manual collar", "refusal", "order", "that ticket", "-", manual),
        Trigger("message rate", "refusal", "venue", "new orders", "alone", messages),
        Trigger("spot balance", "refusal", "order", "that sale", "-", "baseline + position - open sells"),
        Trigger("slippage cap", "refusal", "task", "the task stops", "one press extends it once", cap),
    ]  # fmt: skip


def _guard(parameter: str) -> str:
    return f"alone, after {parameter}"


def _set(parameter: str) -> str:
    return f"{parameter} of the profile"


def _repeats(limits: Limits) -> str:
    if not limits.repeated_fills:
        return "off (repeated_fills = 0)"
    return f"{limits.repeated_fills} fills of one side in {limits.repeated_s:g} s, none of the other"


def _number(limit: int, unit: str, what: str) -> str:
    return f"{what} {limit} {unit}, of a desk on live venues" if limit else "off"


def _or(value: float | None, default: str) -> str:
    return f"{value:g}" if value else default
