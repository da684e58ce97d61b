"""The header: what am I connected to and is it real, is it quoting, how much risk, how much money; and the alarm row.

Rules of this file: rows only. The four answers keep their places; an alarm gets the row below, never their place.
"""

from __future__ import annotations

from mmtui.link.messages import Frame
from mmtui.link.parts import Gauge, TaskView
from mmtui.view import formats as fmt
from mmtui.view import guards
from mmtui.view.model import SCREENS, Model
from mmtui.view.rows import Row, Span, clean, clip, ends, meter, width

MODE_ROLES = {"LIVE": "live", "PAPER": "paper", "DEMO": "demo", "REPLAY": "replay", "SHADOW": "shadow"}
STATE_ROLES = {"RUNNING": "running", "PAUSED": "paused", "STOPPED": "stopped", "HALTED": "halted", "KILLED": "killed"}
LEVEL_ROLES = {"ok": "ok", "warn": "warn", "reduce": "danger", "act": "danger"}
#: A frame older than this on our side: the numbers are not to be traded on.
FRAME_STALE_MS = 2_000


def header(model: Model, cells: int) -> Row:
    """One row: mode, desk and asset, state, fair value, delta, PnL, feeds, worst gauge; as many as fit."""
    welcome, frame = model.welcome, model.frame
    if welcome is None:
        return clip([(" mmtui ", "stopped"), ("  connecting to the desk…", "dim")], cells)
    mode = welcome.mode
    spans: list[Span] = [(f" {mode} ", MODE_ROLES.get(mode, "shadow"))]
    if welcome.simulated and cells >= 100:
        spans.append((" SIMULATED ", "demo"))
    if model.observe:
        spans.append((" OBSERVER ", "shadow"))
    chosen = model.instrument
    desk = f" {welcome.name}" + (f" ▸ {chosen.base}" if chosen else "")
    if frame is None:
        return clip([*spans, (desk, "text"), ("  waiting for the first frame…", "dim")], cells)
    spans.append((desk + " ", "text"))
    since = max(0, frame.ts - frame.state_since) if frame.state_since else 0  # 0: a replay before its first record
    spans.append((f" {frame.state} ", STATE_ROLES.get(frame.state, "paused")))
    if cells >= 100:
        spans.append((f" {fmt.duration(since)}", "dim"))
    return _fit(spans, _facts(model, frame, cells), cells) if cells >= 60 else clip(spans, cells)


def _fit(left: list[Span], facts: list[tuple[int, list[Span]]], cells: int) -> Row:
    """All facts that fit, the least important dropped first, in their order of place."""
    room = cells - width(tuple(left))
    gap = 3 if cells >= 100 else 2
    kept: set[int] = set()
    for at in sorted(range(len(facts)), key=lambda i: facts[i][0]):
        need = width(tuple(facts[at][1])) + gap
        if need <= room:
            kept.add(at)
            room -= need
    spans = list(left)
    for at, (_, fact) in enumerate(facts):
        if at in kept:
            spans += [(" " * gap, "text"), *fact]
    return clip(spans, cells)


def _facts(model: Model, frame: Frame, cells: int) -> list[tuple[int, list[Span]]]:
    """(importance, spans): 0 is dropped last."""
    out: list[tuple[int, list[Span]]] = []
    chosen = model.instrument
    view = model.view()
    if chosen and view and view.fair:
        scale = model.scales[chosen.id]
        text = fmt.price(round(view.fair * fmt.UNIT), scale.decimals + 1)
        out.append((3, [("fair ", "dim"), (text, "bright")]))
    asset = next((a for a in frame.assets if chosen and a.asset == chosen.base), None)
    if asset is not None:
        limit = fmt.amount(asset.limit)
        share = abs(fmt.amount(asset.delta)) / limit if limit else 0.0
        full, rest = meter(share, 6) if cells >= 100 else ("", "")
        role = "danger" if share >= 0.9 else "warn" if share >= 0.7 else "text"
        out.append(
            (
                0,
                [
                    ("Δ ", "dim"),
                    (f"{fmt.money(asset.delta, 3)} {asset.asset}{' ' if full or rest else ''}", role),
                    (full, role),
                    (rest, "faint"),
                ],
            )
        )
    switches = (("WIDE", view.wide), ("REDUCE", view.reduce), ("EXIT NOW", view.exit)) if view else ()
    modes = [word for word, on in switches if on]
    if modes:
        out.append((1, [(" ".join(modes), "warn")]))
    waiting = model.unheard()
    if waiting:
        mark, role = ("‼", "danger") if any(item.severity == "danger" for item in waiting) else ("!", "warn")
        out.append((2, [(f"{mark} {len(waiting)} alert{'s' if len(waiting) > 1 else ''}", role)]))
    if model.line:
        out.append((2, [(model.line, "warn" if "fps" in model.line else "dim")]))
    if model.muted_until > model.now:
        out.append((1, [(f"MUTED {(model.muted_until - model.now) / 60:.0f} min", "warn")]))
    total = fmt.amount(frame.pnl.total)
    out.append((1, [("PnL ", "dim"), (fmt.signed(total, 2), fmt.tone(total)), (f" {frame.pnl.ccy}", "dim")]))
    up = sum(1 for v in frame.venues if v.connected)
    feeds = f"{up}/{len(frame.venues)} feeds"
    out.append((4, [(feeds, "dim" if up == len(frame.venues) else "danger")]))
    worst = worst_gauge(frame)
    if worst is not None:
        role = LEVEL_ROLES.get(worst.level, "text")
        out.append(
            (2, [(worst.name + " ", "dim"), (fmt.percent(worst.share).strip(), role if role != "ok" else "text")])
        )
    if len(frame.operators) > 1:
        driver = next((one for one in frame.operators if one.endswith(" drives")), "")
        text = f"{len(frame.operators)} operators" + (f", {clean(driver)}" if driver else "")
        out.append((5, [(text, "dim")]))
    return out


def worst_gauge(frame: Frame) -> Gauge | None:
    return max(frame.gauges, key=lambda g: g.share, default=None)


def alarms(model: Model) -> list[tuple[str, str]]:
    """(text, role) of everything that takes the second row, worst first."""
    out: list[tuple[str, str]] = []
    frame = model.frame
    if model.link == "lost":
        gone = model.now - model.link_since
        out.append(
            (
                f"HOST LOST {gone:.0f} s ago: {model.link_why or 'connection closed'} · retrying · numbers are old",
                "alarm",
            )
        )
    elif frame is not None and model.frame_age_ms() > FRAME_STALE_MS:
        out.append((f"STALE: no frame from the host for {fmt.age(model.frame_age_ms() // 1000 * 1000)}", "alarm"))
    if frame is None:
        return out
    if frame.trip is not None and not frame.trip.proven:
        out.append((f"KILL IN PROGRESS by {frame.trip.by}: not all venues have proven zero", "alarm"))
    unknown = sum(v.unknown_orders for v in frame.instruments)
    if unknown:
        out.append((f"{unknown} UNKNOWN order{'s' if unknown > 1 else ''}: counted as live until proven", "alarm"))
    if frame.state in ("KILLED", "HALTED"):
        out.append((f"{frame.state}: {frame.state_reason or 'no reason given'} · r resumes with a reason", "alarm"))
    latched = [
        f"{model.label(v.id)} {v.state}" + (f": {v.state_reason}" if v.state_reason else "")
        for v in frame.instruments
        if v.state in ("KILLED", "HALTED")
    ]
    if latched and frame.state not in ("KILLED", "HALTED"):
        out.append((f"{', '.join(latched)} · r resumes with a reason", "alarm"))
    out += [(task_text(task), "alarm" if task.at_cap else "caution") for task in frame.tasks]
    down = [model.name(v.id) for v in frame.venues if not v.connected and not v.ended]
    if down:
        out.append((f"FEED DOWN: {', '.join(down)}", "alarm"))
    if frame.ended:
        out.append(("SOURCE ENDED: the market data is over, the desk is paused", "caution"))
    bad = [
        f"{model.label(b.id)} {b.state.upper()}" for b in frame.books if b.state in ("gap", "crossed", "stale", "down")
    ]
    if bad and not frame.ended:
        out.append((" · ".join(bad[:4]) + (f" · +{len(bad) - 4}" if len(bad) > 4 else ""), "caution"))
    out += guards.alarms(model)
    unbounded = [model.name(v.id) for v in frame.venues if v.dead_man == "UNBOUNDED"]
    if unbounded:
        out.append((f"UNBOUNDED: {', '.join(unbounded)} would keep orders if the host died", "caution"))
    if frame.state == "PAUSED" and frame.state_reason and " by " not in frame.state_reason:
        out.append((f"PAUSED: {frame.state_reason}", "caution"))
    return out


def task_text(task: TaskView) -> str:
    """A running flatten or close: what it does, how far it is, which key stops it."""
    what = f"{task.kind.upper()} {task.scope} {task.progress:.0%} · {task.text} · left {task.left}"
    return f"{what} · AT ITS SLIPPAGE CAP: E extends once, z aborts" if task.at_cap else f"{what} · z aborts"


def second_row(model: Model, cells: int) -> Row:
    """The worst alarm over the whole width, else the row of screens and instruments."""
    found = alarms(model)
    if found:
        text, role = found[0]
        more = f"  (+{len(found) - 1} more)" if len(found) > 1 else ""
        simulated: list[Span] = [(" SIMULATED ", "demo")] if _marks_simulated(model, cells) else []
        room = cells - width(tuple(simulated))
        return (*clip([(f" {text}{more}".ljust(room), role)], room), *simulated)
    spans: list[Span] = [(" ", "text")]
    chosen = model.instrument
    for name, text in _screens(model, cells):
        spans += [(text, "hot" if name == model.screen else "dim"), ("  ", "text")]
    right: list[Span] = [(f"{chosen.id} ", "dim")] if chosen else []
    if _marks_simulated(model, cells):
        right.append((" SIMULATED ", "demo"))
    return ends(spans, right, cells)


def _screens(model: Model, cells: int) -> list[tuple[str, str]]:
    """(screen, what stands for it) as far as there is room."""
    out: list[tuple[str, str]] = []
    for at, name in enumerate(SCREENS):
        picked = name == model.screen
        if picked or cells >= 60:
            out.append((name, f"{at + 1} {name}" if picked or cells >= 100 else str(at + 1)))
    return out


def screen_at(model: Model, cells: int, x: int) -> int:
    """The place of the screen whose name stands at cell x of the second row; -1: none."""
    left = 1
    for name, text in _screens(model, cells):
        if left - 1 <= x <= left + len(text):
            return SCREENS.index(name)
        left += len(text) + 2
    return -1


def _marks_simulated(model: Model, cells: int) -> bool:
    """On a narrow screen SIMULATED stands in the second row: the header has no room for it."""
    return model.welcome is not None and model.welcome.simulated and cells < 100
