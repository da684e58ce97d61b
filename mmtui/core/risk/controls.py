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
        1, "price collar", "RTS 6 15(1)(a), FIA", "core.risk.gate:Gate.check",
        "core/test_gate.py::test_a_price_outside_the_collar_does_not_leave",
        "the reference is the instrument's last valid mid, not a median of three feeds; no second collar on own drift",
    ),
    Control(
        2, "largest order value", "RTS 6 15(1)(b), 15c3-5", "core.risk.gate:Gate.check",
        "core/test_gate.py::test_order_notional_is_in_the_desks_currency_for_every_kind_of_contract", "",
    ),
    Control(
        3, "largest order volume", "RTS 6 15(1)(c)", "core.risk.gate:Gate.check",
        "core/test_gate.py::test_an_order_leaves_only_inside_the_worst_case_or_when_it_reduces",
        "bounded by the position limit and the order's value; no bound in lots of its own",
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
        6, "repeated automated execution", "RTS 6 15(3)", "core.quoting.guards:Guards",
        "core/test_guards_fills.py::test_throttle_fills_holds_a_side_for_throttle_hold_s",
        "holds the side and comes back alone; an operator is asked only where trips_to_pause is passed",
    ),
    Control(
        7, "duplicate and erroneous orders", "15c3-5(c)(1)", "host.blocks:IdBlocks",
        "core/test_reconcile.py::test_no_order_leaves_beyond_the_reserved_ids", "",
    ),
    Control(
        8, "position, credit, loss", "15c3-5, FIA", "core.risk.watch:Watch.losses",
        "core/test_loss_limits.py::test_a_loss_halts_the_desk_and_it_can_be_resumed_from",
        "margin and the distance to a liquidation are gauges where the venue tells them (USDM); they stop nothing",
    ),
    Control(
        9, "self-trade prevention", "FIA, CME", "core.order_side:OrderSide.place",
        "core/test_gate.py::test_own_quotes_never_cross_each_other",
        "on one instrument of one desk; the venue's own tag is not sent",
    ),
    Control(
        10, "kill: any or all, one decision", "RTS 6 12", "core.risk.sweep:Sweeper",
        "core/test_kill.py::test_kill_from_any_state_ends_at_zero",
        "every desk by `mmtui kill` without a name; no scope of one strategy, or of other people's orders",
    ),
    Control(
        11, "cancel on disconnect", "CME COD", "venues.account_deadman:DeadManKeeper",
        "host/test_guard_layers.py::test_layer_5_the_venues_switch_with_engine_and_guard_dead", "",
    ),
    Control(
        12, "monitoring, alerts", "RTS 6 16, RTS 7 20", "host.frames:FrameBuilder.items",
        "host/test_host_hub.py::test_welcome_then_snapshot_then_items_without_a_hole",
        "alerts reach cockpits only; nothing rings elsewhere, and an unread one does not escalate",
    ),
    Control(
        13, "stale and bad market data", "FIA", "core.risk.protections:Protections",
        "core/test_protections.py::test_quotes_are_pulled_and_come_back_after_a_second_at_a_quarter",
        "a second source for the reference only where fair_source names one",
    ),
    Control(
        14, "reconciliation", "RTS 6 17, FIA", "core.orders.reconcile:Reconciler",
        "core/test_reconcile.py::test_a_difference_is_a_break_only_when_two_polls_agree",
        "no drop copy on a second connection",
    ),
    Control(
        15, "audit trail", "RTS 6 28, 15c3-5", "review.audit:audit",
        "review/test_session_commands.py::test_what_was_changed_afterwards_fails_the_audit",
        "no daily export of the root hash",
    ),
    Control(
        16, "clock", "RTS 25", "", "",
        "every event carries the host's and the venue's time; offsets are not estimated, and a step does not pause",
    ),
    Control(
        17, "tests apart from trading, staged start, stress", "RTS 6 5-8", "sim.main:run",
        "sim/test_sim_command.py::test_a_seed_leaves_the_same_bytes_whatever_the_hash_seed_and_the_story",
        "no hash of code and config in the header, no comparison with peers, no ramp of sizes",
    ),
    Control(
        18, "self-assessment", "RTS 6 9", "bench.doctor:run",
        "risk_gauges/test_controls.py::test_the_doctor_prints_every_control",
        "this table; not the last run of each test",
    ),
    Control(
        19, "continuity", "RTS 6 14, FIA", "host.guard:Guard",
        "host/test_guard_layers.py::test_layer_3_a_killed_engine_is_cancelled_by_its_guard_which_then_goes",
        "a crash is recovered from the tape, and guards on this host and a second one cancel; no standby takes over",
    ),
    Control(
        20, "access", "RTS 6 18, NI 23-103", "host.server:peer",
        "host/test_host_hub.py::test_another_users_process_is_not_even_greeted",
        "the admin's role is claimed, not proven; keys are not rotated by themselves; no penetration test",
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
