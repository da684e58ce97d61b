"""What parameters must be together: one clear sentence for the first that does not fit.

Rules of this file: pure; a range of a single parameter stands with its field, here stands what needs more than a range.
"""

from __future__ import annotations

from mmtui.core.quoting import params_price
from mmtui.core.quoting.flow import sessions
from mmtui.core.quoting.ladder import numbers
from mmtui.core.quoting.params import Quoting


def misfit(params: Quoting) -> tuple[str, str]:
    """(name of the parameter, what is wrong and what to give); ("", "") when everything fits."""
    for check in (_price, _spacing, _sizes, _bounds, _sessions, _guards):
        found = check(params)
        if found[0]:
            return found
    return "", ""


def _price(params: Quoting) -> tuple[str, str]:
    key, why = params_price.wrong(params)
    if not key:
        return key, why
    value = getattr(params, key)
    return key, f'"{value}" is not allowed: {why}' if isinstance(value, str) else f"{value:g} {why}"


def _numbers(name: str, text: str) -> tuple[str, str]:
    try:
        numbers(text)
    except ValueError:
        return name, f'"{text}" is not allowed; give numbers with commas, like "1, 2.5"'
    return "", ""


def _spacing(params: Quoting) -> tuple[str, str]:
    found = _numbers("spacing_list", params.spacing_list)
    if found[0] or params.spacing != "list":
        return found
    given = numbers(params.spacing_list)
    if len(given) < params.levels - 1:
        return "spacing_list", f"has {len(given)} distances; levels = {params.levels} needs {params.levels - 1}"
    if any(b <= a for a, b in zip((0.0, *given), given, strict=False)) or max((0.0, *given)) > 5_000:
        return "spacing_list", f'"{params.spacing_list}" is not allowed; give growing distances above 0, up to 5000 bps'
    return "", ""


def _sizes(params: Quoting) -> tuple[str, str]:
    found = _numbers("size_list", params.size_list)
    if found[0] or params.size_profile != "list":
        return found
    given = numbers(params.size_list)
    if len(given) < params.levels:
        return "size_list", f"has {len(given)} sizes; levels = {params.levels} needs {params.levels}"
    if min(given) < 0 or max(given) == 0 or max(given) > 1_000:
        return "size_list", f'"{params.size_list}" is not allowed; give multiples of size from 0 to 1000, not all 0'
    return "", ""


def _bounds(params: Quoting) -> tuple[str, str]:
    if 0 < params.price_ceiling <= params.price_floor:
        what = f"{params.price_floor:g} is not below price_ceiling {params.price_ceiling:g}; give a smaller one"
        return "price_floor", what
    return "", ""


def _sessions(params: Quoting) -> tuple[str, str]:
    try:
        sessions(params.sessions)
    except ValueError:
        what = f'"{params.sessions}" is not allowed; give times of the day in UTC, like "08:00-12:00, 13:30-20:00"'
        return "sessions", what
    return "", ""


def _guards(params: Quoting) -> tuple[str, str]:
    if 0 < params.max_order_age_s * 1e3 < 2 * params.min_life_ms:
        what = f"{params.max_order_age_s:g} s is less than twice min_life_ms {params.min_life_ms}; give a longer one"
        return "max_order_age_s", what
    for stop, resume in (("vol_pause_bps", "vol_resume_bps"), ("trend_hold_bps", "trend_resume_bps")):
        high, low = getattr(params, stop), getattr(params, resume)
        if high and low > high:
            return resume, f"{low:g} is above {stop} {high:g}; give a smaller one"
    if params.burst_lead != "off" and not (params.fair_source or params.leg):
        return "burst_lead", f'"{params.burst_lead}" is not allowed without a lead; give fair_source or leg as well'
    if params.hedge_floor and not params.leg:
        return "hedge_floor", "needs a leg; give leg as well"
    if params.hedge_floor and params.hedge_cancel_bps > params.hedge_edge_bps:
        what = f"{params.hedge_cancel_bps:g} is above hedge_edge_bps {params.hedge_edge_bps:g}; give a smaller one"
        return "hedge_cancel_bps", what
    if params.toxic_bps and params.toxic_action == "widen" and not params.toxic_widen_bps:
        return "toxic_widen_bps", "is 0 while toxic_action = widen; give the bps to widen by"
    return "", ""
