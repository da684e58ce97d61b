"""The desk's side of its guards: the heartbeat of its decision loop, the fence at its egress, the process beside it.

Once an own life is fenced nothing more is created by it: the desk finds itself KILLED by the guard, and only an
operator who leaves KILLED begins a new life.  A guard that is away is said, and started again.

Rules of this file: no venue, no event loop; everything happens inside a turn of the loop that it tells of.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from mmtui.config.schema import Guard
from mmtui.core.risk.states import Desk as State
from mmtui.host.beat import G_ARMED, G_BLIND, G_WAITING, GUARD_COUNT, GUARD_STATE, GUARD_WORDS, Heart
from mmtui.host.guard_link import RemoteLink
from mmtui.host.guard_wire import load_secret
from mmtui.host.leftover import guard_log, guard_report
from mmtui.link.guarded import GuardView

#: A guard that has not looked for so long is away (s); it is looked after so often.
AWAY_S, LOOK_S = 1.5, 0.25
#: The first try to start it again, and the longest pause between two (s).
AGAIN_S, AGAIN_MAX_S = 2.0, 30.0
_LEVELS = {G_ARMED: "ok", G_WAITING: "warn", G_BLIND: "danger"}


class Guarded(Protocol):
    """The desk, as its guards know it."""

    engine: Any
    fault: str

    def act(self, action: str, origin: str, id: str, reason: str = "") -> None: ...

    def say(self, text: str, severity: str = "warn") -> None: ...


class Guarding:
    """Of one live desk. `config`: the file that a guard process reads."""

    def __init__(self, name: str, session: str, config: Path, keys: Guard) -> None:
        self.name = name
        self.keys = keys
        self.heart = Heart(name, session)
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._began = time.monotonic()
        self._looked = 0.0
        self._seen = 0.0
        self._count = self.heart.words[GUARD_COUNT]
        self._again = AGAIN_S
        self._due = 0.0
        self._told = 0  # life whose fence the desk knows of
        self._away = False
        self._fence = 0  # our own: a second host that we are out of contact with has cancelled by now
        self._why = ""
        self._lapsed = False
        self._known = False  # the guard over there has heard this life
        self.remote: RemoteLink | None = None
        if keys.remote:
            secret = load_secret(keys.secret, config.parent)
            self.remote = RemoteLink(name, keys.remote, secret, keys.remote_silence_s)
        self.start()

    # -- the process -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the guard process, in a session of its own: it outlives this one."""
        if not self.keys.enabled:
            return
        self._due = time.monotonic() + self._again
        self._again = min(self._again * 2, AGAIN_MAX_S)
        command = [sys.executable, "-m", "mmtui", "guard", str(self._config), "--name", self.name]
        with guard_log(self.name).open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _look_after(self, desk: Guarded, now: float) -> None:
        """Whether the guard looks; started again when it does not."""
        self._looked = now
        count = self.heart.words[GUARD_COUNT]
        if count != self._count:
            self._count, self._seen, self._again = count, now, AGAIN_S
        if self._process is not None:
            self._process.poll()
        away = now - max(self._seen, self._began) > AWAY_S
        if away is not self._away:
            self._away = away
            if away and self.keys.enabled:
                log = guard_log(self.name)
                desk.say(f"the guard process is absent: nobody cancels if this host hangs (its log: {log})", "danger")
        ended = self._process is None or self._process.returncode is not None
        if away and ended and now >= self._due:
            self.start()

    # -- every turn of the loop --------------------------------------------------------------------------------------

    @property
    def fenced(self) -> bool:
        """No order may be created."""
        if self.heart.fenced or self._fence >= self.heart.life:
            return True
        return self.remote is not None and not self.remote.leased(time.monotonic_ns())

    def hinders(self) -> str:
        """Why quoting may not begin; "" when nothing keeps it."""
        remote = self.remote
        if remote is None or remote.green(time.monotonic_ns()):
            return ""
        return f"the remote guard at {remote.where} is not green: {remote.trouble or remote.words()}"

    def turn(self, desk: Guarded) -> None:
        """The loop has made a turn. A desk whose engine has failed beats no more: its guard makes sure of its kill."""
        if desk.fault:
            return
        heart = self.heart
        heart.beat()
        if self.remote is not None:
            self._remote_turn(desk, self.remote)
        if heart.fenced or self._fence >= heart.life:
            self._fenced(desk)
        now = time.monotonic()
        if now - self._looked >= LOOK_S:
            self._look_after(desk, now)

    def _remote_turn(self, desk: Guarded, remote: RemoteLink) -> None:
        """Beat over there as well; out of contact, stop before the guard over there begins, and count as cancelled."""
        now = time.monotonic_ns()
        remote.turn(self.heart, now)
        if remote.fence >= self.heart.life and self._fence < remote.fence:
            self._fence, self._why = remote.fence, "remote guard: it has cancelled this desk's orders"
        leased = remote.leased(now)
        if leased:
            self._lapsed, self._known = False, True
        elif not self._lapsed and desk.engine.lattice.desk is State.RUNNING:
            self._lapsed = True
            desk.act("pause", "guard", f"remote-{self.heart.life}-{now}", self.hinders())
        if self._known and remote.cancelled_by_now(now) and self._fence < self.heart.life:
            self._fence = self.heart.life
            self._why = f"remote guard: no contact for {(now - remote.acked) / 1e9:.1f} s, so it has cancelled"

    def _fenced(self, desk: Guarded) -> None:
        life = self.heart.life
        if self._told != life:
            self._told = life
            report = guard_report(self.name) if self.heart.fenced else {}
            why = str(report.get("why") or self._why or "guard: it cancelled this desk's orders")
            desk.act("kill", "guard", f"guard-{life}", why)
            for line in [why, *report_lines(report)]:
                desk.say(line, "danger")
        elif desk.engine.lattice.desk is not State.KILLED:
            self.heart.above(self._fence)
            self._known = False
            if self.remote is not None:
                self.remote.again()

    def end(self) -> None:
        """The desk has ended in order, nothing being open."""
        self.heart.end()
        if self.remote is not None:
            self.remote.bye(self.heart, time.monotonic_ns())

    def close(self) -> None:
        """The loop ends."""
        if self.remote is not None:
            self.remote.close()

    def forget(self) -> None:
        self.heart.forget()

    # -- what is shown -----------------------------------------------------------------------------------------------

    def views(self) -> list[GuardView]:
        return [self._local()] if self.remote is None else [self._local(), self._distant(self.remote)]

    def _distant(self, remote: RemoteLink) -> GuardView:
        now = time.monotonic_ns()
        seen = (now - remote.acked) // 1_000_000 if remote.acked else -1
        if not remote.leased(now):
            text = f"at {remote.where} {remote.trouble or 'does not answer'}: no order is created"
            return GuardView(name="remote guard", state="absent", text=text, seen_ms=seen, level="danger")
        text = f"at {remote.where}, cancels everything after {remote.silence / 1e9:g} s without a heartbeat"
        level = _LEVELS.get(remote.state, "danger")
        return GuardView(name="remote guard", state=remote.words(), text=text, seen_ms=seen, level=level)

    def _local(self) -> GuardView:
        now = time.monotonic()
        seen = int((now - self._seen) * 1e3) if self._seen else -1
        if not self.keys.enabled:
            text = "switched off by [guard] enabled = false: nobody cancels if this host hangs"
            return GuardView(name="guard", state="off", text=text, seen_ms=-1, level="warn")
        if self._away or not self._seen:
            starting = now - self._began < AWAY_S
            state, level = ("starting", "warn") if starting else ("absent", "danger")
            text = "nobody cancels if this host hangs; it is started again"
            return GuardView(name="guard", state=state, text=text, seen_ms=seen, level=level)
        code = self.heart.words[GUARD_STATE]
        state = GUARD_WORDS[code] if code < len(GUARD_WORDS) else "absent"
        text = f"cancels everything when the decision loop stands still for {self.keys.silence_s:g} s"
        return GuardView(name="guard", state=state, text=text, seen_ms=seen, level=_LEVELS.get(code, "danger"))


def report_lines(report: dict[str, Any]) -> list[str]:
    """What a guard did at each venue, a line each."""
    lines = []
    for venue, row in report.get("venues", {}).items():
        times = ", ".join(
            f"{word} {row[key]:.0f} ms" if row.get(key) is not None else f"not {word}"
            for word, key in (("sent", "sent_ms"), ("acknowledged", "acked_ms"), ("verified zero", "verified_ms"))
        )
        lines.append(f"guard at {venue}: {row.get('cancelled', 0)} orders found; {times} after it fired")
    return lines


def says(views: Callable[[], list[GuardView]]) -> dict[str, dict[str, Any]]:
    """For `ctl status --json`."""
    return {one.name: {"state": one.state, "seen_ms": one.seen_ms, "text": one.text} for one in views()}
