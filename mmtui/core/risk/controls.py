"""The controls that rules for algorithmic trading ask for -> what does it here, its test, and what is missing.

Sources: RTS 6 (EU 2017/589), RTS 25 (EU 2017/574), SEC 15c3-5, FIA Best Practices 2024, CME, NI 23-103; they bind
firms, not software.  Printed by `mmtui doctor`, and a table of the README; the test suite imports every place and looks
up every test.  Rules of this file: data.
"""

from __future__ import annotations

from typing import NamedTuple


class Control(NamedTuple):
    """One control. `where`: module:name, under mmtui; `test`: file under tests::function; `missing`: "" when all is."""

    number: int
    name: str
    rule: str
    where: str
    test: str
    missing: str

    @property
    def state(self) -> str:
        """yes | part | no"""
        return "yes" if not self.missing else "part" if self.where else "no"


CONTROLS: tuple[Control, ...] = (
    Control(
        1, "price collar", "RTS 6 15(1)(a), FIA", "core.risk.references:doubtful",
        "core/test_repeats.py::test_a_quote_is_inside_of_the_collar_of_the_median_of_mid_last_and_mark",
        "over a period only as the profile says (vol_pause_bps, moving_band_above_pct), off unless it is set",
    ),
    Control(
        2, "largest order value", "RTS 6 15(1)(b), 15c3-5", "core.risk.gate:Gate.check",
        "core/test_gate.py::test_order_notional_is_in_the_desks_currency_for_every_kind_of_contract", "",
    ),
    Control(
        3, "largest order volume", "RTS 6 15(1)(c)", "core.risk.gate:Gate.check",
        "core/test_repeats.py::test_an_order_larger_than_max_order_does_not_leave_unless_it_reduces", "",
    ),
    Control(
        4, "messages; cancels keep a share", "RTS 6 15(1)(d)", "venues.account_budget:Budget",
        "venues/test_account_budget.py::test_creates_never_take_the_cancels_share", "",
    ),
    Control(
        5, "all orders count at once", "RTS 6 15(2)", "core.orders.tracker:Tracker.add",
        "core/test_gate.py::test_unknown_orders_count_as_fully_live", "",
    ),
    Control(
        6, "repeated automated execution", "RTS 6 15(3)", "core.risk.repeats:Repeats.filled",
        "core/test_repeats.py::test_so_many_fills_of_one_side_pause_the_instrument_until_an_operator_starts_it", "",
    ),
    Control(
        7, "duplicate and erroneous orders", "15c3-5(c)(1)", "host.blocks:IdBlocks",
        "core/test_reconcile.py::test_no_order_leaves_beyond_the_reserved_ids", "",
    ),
    Control(
        8, "position, credit, loss", "15c3-5, FIA", "core.risk.watch:Watch.losses",
        "core/test_loss_limits.py::test_a_loss_halts_the_desk_and_it_can_be_resumed_from",
        "margin (not told by COIN-M) and the distance to a liquidation are gauges of live accounts; they stop nothing",
    ),
    Control(
        9, "self-trade prevention", "FIA, CME", "core.order_side:OrderSide.place",
        "core/test_gate.py::test_own_quotes_never_cross_each_other",
        "",
    ),
    Control(
        10, "kill: any or all, one decision", "RTS 6 12", "core.risk.sweep:Sweeper",
        "sim/test_kill_runs.py::test_nothing_is_created_after_a_kill",
        "an order of somebody else on the same symbols goes with the cancel-all, but is not proven gone",
    ),
    Control(
        11, "cancel on disconnect", "CME COD", "venues.account_deadman:DeadManKeeper",
        "host/test_guard_layers.py::test_layer_5_the_venues_switch_with_engine_and_guard_dead", "",
    ),
    Control(
        12, "monitoring, alerts", "RTS 6 16, RTS 7 20", "host.sinks:Webhook",
        "host/test_alert_sinks.py::test_a_danger_that_nobody_acknowledged_comes_again_until_somebody_does", "",
    ),
    Control(
        13, "stale and bad market data", "FIA", "core.risk.protections:Protections",
        "core/test_protections.py::test_quotes_are_pulled_and_come_back_after_a_second_at_a_quarter",
        "a second venue's price only where fair_source names one; last trade and mark stand in the collar only",
    ),
    Control(
        14, "reconciliation", "RTS 6 17, FIA", "core.orders.reconcile:Reconciler",
        "core/test_reconcile.py::test_a_difference_is_a_break_only_when_two_polls_agree",
        "no drop copy on a second connection: fills are asked for again over REST, each round and reconnect",
    ),
    Control(
        15, "audit trail", "RTS 6 28, 15c3-5", "review.audit:audit",
        "review/test_session_commands.py::test_what_was_changed_afterwards_fails_the_audit",
        "`mmtui audit roots` is for a daily job of the machine's own: nothing sends the roots away by itself",
    ),
    Control(
        16, "clock", "RTS 25", "host.surroundings:Surroundings.look",
        "host/test_surroundings.py::test_a_clock_that_steps_warns_and_then_pauses",
        "each venue's offset is measured and shown; that this machine's clock is UTC is NTP's to prove",
    ),
    Control(
        17, "tests apart from trading, staged start, stress", "RTS 6 5-8", "sim.main:run",
        "sim/test_sim_command.py::test_a_seed_leaves_the_same_bytes_whatever_the_hash_seed_and_the_story",
        "the tape names the version, not a hash of code; peers are not compared, sizes are not ramped by themselves",
    ),
    Control(
        18, "self-assessment", "RTS 6 9", "bench.doctor:run",
        "risk_gauges/test_controls.py::test_the_doctor_prints_every_control",
        "this table, with the test of each control; when each test ran last is the CI's to say",
    ),
    Control(
        19, "continuity", "RTS 6 14, FIA", "host.guard:Guard",
        "host/test_guard_layers.py::test_layer_3_a_killed_engine_is_cancelled_by_its_guard_which_then_goes",
        "a crash is recovered from the tape, and guards on this host and a second one cancel; no standby takes over",
    ),
    Control(
        20, "access", "RTS 6 18, NI 23-103", "host.people:people",
        "host/test_admin_role.py::test_an_operator_who_says_admin_stays_an_operator",
        "roles are proven by uid, on one machine; keys are not rotated by themselves; no penetration test",
    ),
)  # fmt: skip

#: Columns of the table.
HEAD = ("#", "control", "asked for by", "here", "done by", "tested by", "missing")


def rows() -> list[tuple[str, ...]]:
    """The table as text."""
    return [
        (str(one.number), one.name, one.rule, one.state, one.where or "-", one.test or "-", one.missing or "-")
        for one in CONTROLS
    ]
