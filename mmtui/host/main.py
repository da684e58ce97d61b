"""The host process: `mmtui engine` in the foreground, or detached for `mmtui demo`, `run` and `replay`.

Rules of this file: from a spec to a loop that runs and an exit code; one JSON line on standard output, when ready.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mmtui.config.paths import desk_dir, socket_path
from mmtui.config.schema import Access, Alerts, DeskConfig, Guard, Tape
from mmtui.core.errors import UserError
from mmtui.core.market.instrument import Instrument, plain
from mmtui.core.setup import DeskSetup, InstrumentSetup
from mmtui.host.registry import Desk as Entry
from mmtui.host.registry import DeskLock, RunsAlready, check_name

if TYPE_CHECKING:
    from mmtui.host.loop import HostLoop
    from mmtui.host.sinks import Webhook

#: A demo ends an hour after its last cockpit, a replay half a minute after its last.
DEMO_IDLE_S = 3600.0
REPLAY_IDLE_S = 30.0
#: Nice value of a desk's host, where it may set one: a late cancel costs money, a late compile does not.
PRIORITY = -10


def engine(args: argparse.Namespace) -> int:
    """`mmtui engine CONFIG`: in the foreground, headless."""
    spec = {"kind": "config", "path": str(args.config), "name": args.name, "speed": args.speed, "live": args.live}
    return serve(spec, detached=False)


def serve(spec: dict[str, Any], detached: bool) -> int:
    """Run one host to its end. Raises UserError when it cannot start."""
    os.umask(0o077)
    _protect(first=spec["kind"] == "config")
    if spec["kind"] == "replay":
        return _serve_replay(spec, detached)
    plan = _demo(spec) if spec["kind"] == "demo" else _config(spec, detached)
    lock = DeskLock(check_name(plan.setup.name))
    try:
        if detached:
            _to_log(plan.setup.name)
        return _serve_desk(plan, lock, keep=spec["kind"] != "demo", detached=detached)
    finally:
        lock.release(forget=spec["kind"] == "demo")


class Plan(NamedTuple):
    """What a desk's host is to run. `access`: its live venues, [] where it has a source."""

    setup: DeskSetup
    source: Any
    speed: float
    tape: Tape
    access: list[Any]
    config: Path | None = None  # of a desk on live venues
    guard: Guard = Guard()
    alerts: Alerts = Alerts()
    webhook: str = ""  # its address
    people: Access = Access()


def _serve_desk(plan: Plan, lock: DeskLock, *, keep: bool, detached: bool) -> int:
    from mmtui.host import latch, leftover
    from mmtui.host.commit import GroupCommit
    from mmtui.host.life import open_desk
    from mmtui.host.loop import HostLoop
    from mmtui.host.people import people
    from mmtui.host.snapshot import Snapshots
    from mmtui.host.tidy import hourly

    setup = plan.setup
    guarding: Any = None
    path, who = _socket(setup.name), people(plan.people, os.getuid())
    desk = open_desk(setup, plan.source, speed=plan.speed, keep=keep, access=plan.access)
    entry = Entry(setup.name, setup.mode.upper(), os.getpid(), path, desk.session)
    loop = HostLoop(desk, path, None if keep else DEMO_IDLE_S, who)
    if plan.access:
        desk.on_due = loop.wake
    if plan.config is not None and setup.mode == "live":
        leftover.remember(setup.name, plan.config, desk.session)
        guarding = _guarded(desk, plan.config, plan.guard)
    snapshots = Snapshots(desk)
    loop.between = snapshots.look
    webhook = _webhook(plan, loop, desk.trouble)
    with ThreadPoolExecutor(1) as disk:  # an fsync takes as long as it takes: never on the loop
        if keep:
            desk.on_latch = lambda latched: (disk.submit(latch.save, setup.name, latched), None)[1]
        hourly(plan.tape, disk, loop.loop.call_later)
        with GroupCommit(desk.tape) if keep else contextlib.nullcontext():
            loop.run(lambda: _ready(lock, entry, detached))
        ordered = desk.stop("shutdown" if desk.finished else "shutdown timed out")
        snapshots.finish()
    if webhook is not None:
        webhook.release()
    if ordered and not loop.timed_out:
        leftover.forget(setup.name)
        if guarding is not None:
            guarding.forget()
        return 0
    left = len(desk.engine.tracker.open)
    print(f"mmtui: desk {setup.name!r} ended without the proof of zero open orders ({left} open)", file=sys.stderr)
    return 1


def _guarded(desk: Any, config: Path, keys: Guard) -> Any:
    """A live desk's guard process and heartbeat, from before its first order."""
    from mmtui.host.guarding import Guarding

    guarding = Guarding(desk.setup.name, desk.session, config.resolve(), keys)
    desk.guard(guarding)
    return guarding


def _webhook(plan: Plan, loop: HostLoop, say: Callable[[str], None]) -> Webhook | None:
    """The desk's webhook, on its way; None where it has none."""
    if not plan.webhook:
        return None
    from mmtui.host.sinks import Webhook

    setup = plan.setup
    made = Webhook(plan.alerts, plan.webhook, setup.name, setup.mode.upper(), loop.loop, say)
    loop.hub.sink = made
    return made


def _serve_replay(spec: dict[str, Any], detached: bool) -> int:
    from mmtui.host.loop import HostLoop
    from mmtui.host.replay import open_replay

    stage = open_replay(spec["session"], 1.0 if spec["speed"] is None else spec["speed"], spec["at"])
    name = f"replay-{os.getpid()}"
    lock = DeskLock(name)
    try:
        if detached:
            _to_log(name)
        path = _socket(name)
        entry = Entry(name, "REPLAY", os.getpid(), path, stage.session)
        loop = HostLoop(stage, path, REPLAY_IDLE_S)
        stage.jumped = loop.hub.jumped
        loop.run(lambda: _ready(lock, entry, detached))
        return 0
    finally:
        lock.release(forget=True)


def _config(spec: dict[str, Any], detached: bool) -> Plan:
    """The setup and source of a config file, its pace, and how long sessions are kept."""
    from mmtui.config.load import load_config
    from mmtui.config.schema import CaptureFiles, LiveVenue, Synthetic
    from mmtui.host.feed import Source
    from mmtui.host.sinks import address

    config = load_config(Path(spec["path"]))
    setup = config.setup
    if spec["name"]:
        setup = msgspec.structs.replace(setup, name=check_name(spec["name"]))
    files = [path for source in config.sources if isinstance(source, CaptureFiles) for path in source.paths]
    synthetic = [source for source in config.sources if isinstance(source, Synthetic)]
    live = [source.venue for source in config.sources if isinstance(source, LiveVenue)]
    webhook = address(config.alerts.webhook, config.path.resolve().parent) if config.alerts.webhook else ""
    if live:
        plan = _live(msgspec.structs.replace(config, setup=setup), bool(spec.get("live")), detached)
        return plan._replace(alerts=config.alerts, webhook=webhook, people=config.access)
    if spec.get("live"):
        raise UserError(f"{config.path}: --live is for live venues; this desk has a source")
    source = Source.captures(files) if files else Source.synthetic(synthetic[0].scenario, synthetic[0].seed)
    speed = 1.0 if spec["speed"] is None else spec["speed"]
    return Plan(
        setup, source, speed, config.tape, [], alerts=config.alerts, webhook=webhook, people=config.access
    )


def _live(config: DeskConfig, live: bool, detached: bool) -> Plan:
    """A desk on live venues: they are asked, and so is whoever sits there (a detached host was asked for already)."""
    from mmtui.host.feed import Source
    from mmtui.host.golive import consent, prepare

    setup, access, reports = prepare(config, live)
    if live and not detached:
        consent(setup, access, reports)
    return Plan(setup, Source("live"), 1.0, config.tape, access, config.path, config.guard)


def _demo(spec: dict[str, Any]) -> Plan:
    """The demo's desk: every instrument of the synthetic market with the default parameters."""
    from mmtui.host.feed import Source, check_scenario, synthetic_instruments
    from mmtui.venues.resolve import amends

    source = Source.synthetic(check_scenario(spec["scenario"]), spec["seed"])
    instruments = synthetic_instruments(source)
    venues = list(dict.fromkeys(item.venue for item in instruments))
    setup = DeskSetup(
        name=spec["name"],
        mode="demo",
        currency="USDT",
        equity="1000000",
        instruments=[_demo_instrument(item) for item in instruments],
        venues=venues,
        amends=amends(venues),
        seed=spec["seed"],
    )
    return Plan(setup, source, 1.0, Tape(), [])


def _demo_instrument(item: Instrument) -> InstrumentSetup:
    """Default parameters; on spot a treasury as large as the position limit, so that both sides can be quoted."""
    from mmtui.config.defaults import default_quoting

    quoting = default_quoting(item)
    treasury = plain(20 * Decimal(repr(quoting.size))) if item.kind == "spot" else "0"
    return InstrumentSetup(instrument=item, quoting=quoting, baseline=treasury)


def _protect(first: bool) -> None:
    """No core dumps of a process that trades; ahead of others on the machine where the system lets it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if first:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)


def _ready(lock: DeskLock, entry: Entry, detached: bool) -> None:
    """Say once, to whoever started us, that clients can connect; a detached host then speaks to its log only."""
    lock.publish(entry)
    line = {"ready": True, "name": entry.name, "socket": str(entry.socket), "session": entry.session}
    _answer(line, detached)


def _answer(line: dict[str, Any], detached: bool) -> None:
    with contextlib.suppress(BrokenPipeError):  # the starter has gone: that is no reason to stop
        print(json.dumps(line), flush=True)
    if detached:
        os.dup2(2, 1)


def _to_log(name: str) -> None:
    """Errors of a detached host go to its desk's log; the newest host's only."""
    fd = os.open(desk_dir(name) / "host.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.dup2(fd, 2)
    os.close(fd)


def _socket(name: str) -> Path:
    try:
        return socket_path(name)
    except (ValueError, PermissionError) as error:
        raise UserError(_words(error)) from None


def _words(error: Exception) -> str:
    """What the system said, with the file and without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def main() -> int:
    """`python -m mmtui.host.main SPEC`: the detached host."""
    spec = json.loads(sys.argv[1])
    try:
        return serve(spec, detached=True)
    except RunsAlready as error:
        _answer({"running": error.name}, True)
        return 2
    except UserError as error:
        _answer({"error": str(error), "exit": error.exit_code}, True)
        return error.exit_code
    except OSError as error:
        _answer({"error": _words(error), "exit": 3}, True)
        return 3


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        sys.exit(main())
