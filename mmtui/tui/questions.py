"""The questions of the docked bar: title, lines, and whether a text is typed.

Rules of this file: no Textual; the model is read, nothing is changed.
"""

from __future__ import annotations

from mmtui.link.parts import Param
from mmtui.tui.proposing import TICKET_USAGE, Proposal
from mmtui.view.confirm import plan_lines
from mmtui.view.model import Ask, Model
from mmtui.view.parameters import said


def plan(model: Model, kind: str, now: float) -> Ask:
    """Flatten, close or hedge: what would happen, from the host's newest plan."""
    base = model.instrument.base if model.instrument else ""
    found = model.plan(kind, base) if kind != "close" else None
    if found is None and kind != "hedge":
        found = model.plan(kind)
    title = {"flatten": f"FLATTEN Δ {base}", "hedge": f"HEDGE {base}"}.get(kind, "CLOSE ALL to baseline")
    lines = plan_lines(found) if found else ["the host names nothing to trade now; if that changes, it will be done"]
    return Ask(kind, title, lines, now)


def resume(latched: str, why: str, now: float) -> Ask:
    """Out of a latched state: a reason is typed."""
    lines = [f"latched: {why or 'no reason given'}; lands in PAUSED"]
    return Ask("resume", f"RESUME out of {latched}", lines, now, typed=True)


def time(now: float) -> Ask:
    lines = ["a time of the session: HH:MM, HH:MM:SS, HH:MM:SS.mmm (UTC)"]
    return Ask("replay_seek", "GO TO", lines, now, typed=True)


def ticket(instrument: str, now: float) -> Ask:
    lines = [f"one order by hand on {instrument}: {TICKET_USAGE}"]
    return Ask("ticket", "TICKET", lines, now, typed=True, hint="Enter asks what it costs, Esc leaves")


def proposed(model: Model, answer: Proposal, now: float) -> Ask:
    """A ticket or a roll that the host has priced."""
    return Ask(answer.kind, f"{answer.kind.upper()} {model.label(answer.instrument)}", answer.lines(), now)


def narrow(now: float) -> Ask:
    lines = ["rows that hold this text, in any case: a time, a venue, a word; parameters off their profile: differ"]
    return Ask("filter", "FILTER", lines, now, typed=True, hint="Enter keeps it, Esc shows all")


def edit(one: Param, now: float) -> Ask:
    unit = f" {one.unit}" if one.unit else ""
    lines = [f"{one.allowed}{unit}; now {said(one.value)}, in the profile {said(one.profile)}"]
    return Ask("edit", f"SET {one.name}", lines, now, typed=True, hint="Enter sets it, Esc leaves")


def whatif(model: Model, now: float) -> Ask:
    name = model.instrument.id if model.instrument else "the instrument"
    mine = f"KEY=VALUE ...: quoting parameters of {name}, from the first record on"
    lines = [mine, "all KEY=VALUE ...: those of every instrument"]
    return Ask("whatif", "WHAT IF", lines, now, typed=True, hint="Enter runs it, off ends it, Esc leaves")


def limit(keys: tuple[str, ...], now: float) -> Ask:
    lines = [f"KEY=VALUE, lowered at once, raised after a question: {', '.join(keys)}"]
    return Ask("limit", "LIMIT", lines, now, typed=True, hint="Enter sends it, Esc leaves")


def raising(what: str, now: float) -> Ask:
    lines = ["this RAISES a limit: more may be lost. To do it type the word raise, and why"]
    return Ask("raise", f"RAISE {what}", lines, now, typed=True, hint="Enter sends it with your reason, Esc leaves it")
