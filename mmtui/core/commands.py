"""The operator's acts: one table that ctl, the cockpit's keys, the palette and the engine all read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `escalates`: goes down the state table, so anyone may do it at any time."""

    name: str
    args: str  # usage, as ctl prints it
    help: str
    escalates: bool = False
    needs_reason: bool = False
    scoped: bool = True  # takes --instrument and --venue
    undoable: bool = False


#: In the order in which they are listed everywhere.
ACTS: tuple[Act, ...] = (
    Act("start", "", "quote: RUNNING, from PAUSED or STOPPED"),
    Act("stop", "[drain]", "STOPPED: cancel everything at once, or let open orders conclude", escalates=True),
    Act("pause", "", "PAUSED: pull all quotes; hedges and manual orders go on", escalates=True),
    Act("resume", "", "RUNNING again; out of HALTED or KILLED it needs a reason and lands in PAUSED"),
    Act("spread", "±BPS", "widen or tighten the full width by so many bps", undoable=True),
    Act("skew", "±BPS", "move both quotes by so many bps, plus is up (LEAN BUY)", undoable=True),
    Act("size", "±PCT", "grow or shrink the quoted size by so many per cent of the configured one", undoable=True),
    Act("wide", "", "twice the width, half the size, on all instruments; again to undo"),
    Act("reduce", "", "quote only the side that reduces; again to undo", escalates=True),
    Act(
        "exit",
        "",
        "EXIT NOW: leave the inventory by the best prices that do not cross, the other side not quoted; again to undo",
        escalates=True,
    ),
    Act("reset", "", "operator's spread, skew and size back to none", undoable=True),
    Act("undo", "", "take back your own last change (60 s, if nobody changed it since)"),
    Act("cancel", "[ORDER | buy | sell]", "cancel one order, one side, or everything in scope", escalates=True),
    Act("set", "KEY=VALUE ...", "set quoting parameters of the instruments in scope", undoable=True),
    Act("profile", "NAME", "quote with another profile of the config", undoable=True),
    Act("revert", "[KEY ...]", "parameters, or all of them, back to those of the profile in force", undoable=True),
    Act("limit", "KEY=VALUE ...", "lower a limit at once; raising one needs a reason; undo never", escalates=True),
    Act(
        "incentive",
        "±AMOUNT",
        "book an incentive, or take an estimate back, in the desk's currency on --instrument; needs a reason",
    ),
    Act("flatten", "[ASSET]", "net delta to its target by the cheapest, deepest instrument; ends PAUSED"),
    Act("close", "", "every leg to its baseline, long and short legs in lockstep; ends PAUSED"),
    Act(
        "ticket",
        "buy|sell SIZE PRICE|market [limit|post-only|ioc] [reduce-only] [preview] | hedge [ASSET] [preview]",
        "one order by hand on --instrument, inside the manual collar; hedge: the one that brings delta to its target",
    ),
    Act("hedge", "[on | off | set KEY=VALUE ...] [ASSET]", "the hedger of an asset: its state, on, off, parameters"),
    Act("roll", "TO [SIZE] [post-only] [preview]", "the position of --instrument to another contract, in lockstep"),
    Act("abort", "", "stop a running flatten, close or roll", escalates=True),
    Act("extend", "", "carry a task on once past its slippage cap"),
    Act("kill", "[PROFILE]", "block, cancel, verify zero, and stay KILLED; PROFILE: what it quotes", escalates=True),
    Act("shutdown", "", "cancel, verify zero, end the host", escalates=True, scoped=False),
)

BY_NAME: dict[str, Act] = {act.name: act for act in ACTS}
