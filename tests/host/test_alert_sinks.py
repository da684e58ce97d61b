"""The webhook: alerts leave with no cockpit, a danger nobody acknowledged comes again, the address is never told."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mmtui.config.schema import Alerts
from mmtui.core.errors import UserError
from mmtui.host import sinks
from mmtui.host.sinks import Webhook, address
from mmtui.host.webhook import QUEUE, Escalation, Sender, body
from mmtui.link.messages import Item

CANARY = "hook-canary-51a9"


def item(n, severity="danger", code="halt", text="HALTED: loss"):
    return Item(n=n, ts=5, kind="alert", text=text, severity=severity, code=code)


class Receiver:
    """A web server of this machine that keeps what is posted; its first answers may be other ones."""

    def __init__(self, answers=()):
        taken, codes = self.taken, self.codes = [], list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                code = codes.pop(0) if codes else 200
                if code == 200:
                    taken.append((self.path, json.loads(data)))
                self.send_response(code)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{CANARY}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    async def wait(self, count):
        end = asyncio.get_running_loop().time() + 60
        while len(self.taken) < count:
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.02)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def hook(url, said, **config):
    return Webhook(Alerts(webhook="env:X", **config), url, "desk-1", "LIVE", asyncio.get_running_loop(), said.append)


async def test_an_alert_reaches_the_webhook_without_a_cockpit(receiver):
    said = []
    made = hook(receiver.url, said, repeat_s=0.0)
    made.publish([item(1, "warn"), item(2, text="HALTED: daily loss"), Item(n=3, ts=1, kind="log", text="x")])
    await receiver.wait(1)
    made.release()
    (path, data), = receiver.taken
    assert path == f"/{CANARY}"
    assert data["text"] == data["content"] == "mmtui desk-1 LIVE: DANGER halt: HALTED: daily loss"
    assert (data["n"], data["repeat"]) == (2, 0)
    assert not said


async def test_a_danger_that_nobody_acknowledged_comes_again_until_somebody_does(receiver):
    made = hook(receiver.url, [], repeat_s=0.3, repeats=50)
    made.publish([item(7)])
    await receiver.wait(3)
    assert receiver.taken[1][1]["text"].startswith("mmtui desk-1 LIVE: NOT ACKNOWLEDGED for 0.3 s: DANGER")
    made.heard(7)
    made.publish([item(8, text="done")])
    while not any(data["n"] == 8 for _, data in receiver.taken):
        await asyncio.sleep(0.02)
    made.heard(8)
    made.release()
    told = [data["n"] for _, data in receiver.taken]
    assert 7 not in told[told.index(8) :]


async def test_a_failure_is_said_once_without_the_address_and_tried_again():
    receiver = Receiver(answers=[500])
    said = []
    made = hook(receiver.url, said, repeat_s=0.0)
    made.publish([item(1)])
    await receiver.wait(1)
    while len(said) < 2:
        await asyncio.sleep(0.02)
    made.release()
    receiver.close()
    assert said == ["webhook: an alert could not be delivered: HTTP 500", "webhook: alerts are delivered again"]


async def test_nobody_listens_and_the_address_is_not_told(capfd):
    receiver = Receiver()
    receiver.close()
    said = []
    made = hook(receiver.url, said)
    made.publish([item(1)])
    while not said:
        await asyncio.sleep(0.02)
    assert said == ["webhook: an alert could not be delivered: cannot connect"]
    made._child.kill()
    while len(said) < 2:
        await asyncio.sleep(0.02)
    assert "its process has ended" in said[1]
    out = capfd.readouterr()
    assert CANARY not in out.out + out.err + repr(said) + repr(made)


async def test_a_kill_is_a_state_and_goes_out_too(receiver):
    made = hook(receiver.url, [], repeat_s=0.0)
    made.publish([
        Item(n=1, ts=5, kind="state", text="desk PAUSED -> RUNNING", severity="info", code="state"),
        Item(n=2, ts=5, kind="state", text="desk RUNNING -> KILLED", severity="danger", code="state"),
    ])  # fmt: skip
    await receiver.wait(1)
    made.release()
    assert receiver.taken[0][1]["text"] == "mmtui desk-1 LIVE: DANGER state: desk RUNNING -> KILLED"


async def test_a_pipe_that_is_full_costs_the_alert_and_no_time(receiver, monkeypatch):
    made = hook(receiver.url, [], repeat_s=0.0)

    def full(fd, data):
        raise BlockingIOError

    monkeypatch.setattr(sinks.os, "write", full)
    made.publish([item(n) for n in range(5)])
    monkeypatch.undo()
    assert made.dropped == 5
    made.release()


async def test_the_queue_is_bounded_and_the_oldest_go_first():
    taken = []

    async def post(data):
        taken.append(data)
        return ""

    sender = Sender({"desk": "d", "mode": "LIVE", "repeat_s": 0, "repeats": 0}, post, lambda text: None)
    for n in range(QUEUE + 30):
        sender.take({"n": n, "ts": 0, "severity": "danger", "code": "x", "text": str(n)}, 0.0)
    assert len(sender.queue) == QUEUE
    task = asyncio.create_task(sender.run())
    while len(taken) < QUEUE:
        await asyncio.sleep(0)
    task.cancel()
    assert "30 older alerts were left out" in taken[0]["text"]
    assert [data["n"] for data in taken] == list(range(30, QUEUE + 30))


def test_escalation_is_a_table():
    rise = Escalation(60.0, 2)
    one = {"n": 1, "severity": "danger"}
    rise.sent(one, 0.0)
    rise.sent({"n": 2, "severity": "warn"}, 0.0)
    assert rise.due(59.0) == []
    assert rise.due(60.0) == [{**one, "repeat": 1}]
    assert rise.due(61.0) == []
    assert rise.due(121.0) == [{**one, "repeat": 2}]
    assert rise.due(1_000.0) == []
    rise.sent(one, 0.0)
    rise.heard(1)
    assert rise.due(1_000.0) == []


def test_what_is_posted_says_how_long_nobody_heard():
    alert = {"n": 1, "ts": 2, "severity": "danger", "code": "kill", "text": "KILLED", "repeat": 2}
    said = body(alert, "d", "LIVE", 60.0)
    assert said["text"] == "mmtui d LIVE: NOT ACKNOWLEDGED for 120 s: DANGER kill: KILLED"


@pytest.mark.parametrize(
    "text", ["https://hooks.example/x", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:80/"]
)
def test_addresses_that_are_taken(text, monkeypatch, tmp_path):
    monkeypatch.setenv("HOOK", text)
    assert address("env:HOOK", tmp_path) == text
    path = tmp_path / "hook"
    path.write_text(text + "\n")
    path.chmod(0o600)
    assert address("file:hook", tmp_path) == text


@pytest.mark.parametrize(
    "text", [f"http://hooks.example/{CANARY}", CANARY, f"ftp://x/{CANARY}", f"https://x y/{CANARY}", f"https://[/{CANARY}"]
)
def test_other_addresses_are_refused_without_telling_them(text, monkeypatch, tmp_path):
    monkeypatch.setenv("HOOK", text)
    with pytest.raises(UserError) as wrong:
        address("env:HOOK", tmp_path)
    assert CANARY not in str(wrong.value) and "https://" in str(wrong.value)


def test_a_missing_or_open_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("HOOK", raising=False)
    with pytest.raises(UserError, match="the environment variable HOOK is not set"):
        address("env:HOOK", tmp_path)
    with pytest.raises(UserError, match="No such file"):
        address("file:none", tmp_path)
    path = tmp_path / "open"
    path.write_text("https://x/")
    path.chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        address("file:open", tmp_path)
