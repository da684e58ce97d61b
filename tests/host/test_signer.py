"""The signer process: holds the keys, signs what is asked for, dies with its desk, is replaced when it dies alone."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from mmtui.core.errors import UserError
from mmtui.host import signer_client
from mmtui.host.signer_client import WITHHELD, hold
from mmtui.host.signer_line import Line, start
from mmtui.venues.live.signer_wire import Fork, Sign, encode
from mmtui.venues.live.signing import UNSIGNED, Unsigned

KEY, SECRET = "an-api-key-of-a-desk", "a-secret-that-nobody-may-see"
USDM = "binance-usdm"
ASK = ("GET", "/fapi/v1/openOrders", {"symbol": "BTCUSDT", "timestamp": "17"})
WAIT_S = 20.0


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(f'key = "{KEY}"\nsecret = "{SECRET}"\n')
    path.chmod(0o600)
    return path


@pytest.fixture
def held(keys, tmp_path):
    pair = hold({USDM: f"file:{keys}"}, tmp_path)[USDM]
    yield pair
    pair.client.close()


def signature():
    return hmac.digest(SECRET.encode(), b"symbol=BTCUSDT&timestamp=17", "sha256").hex()


async def until(what):
    deadline = time.monotonic() + WAIT_S
    while not (found := what()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return found


def gone(pid):
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def test_it_signs_what_the_list_allows_and_refuses_the_rest_in_a_sentence(held):
    async def go():
        signed = await held.sign(USDM, *ASK)
        assert (signed.payload, signed.signature) == ("symbol=BTCUSDT&timestamp=17", signature())
        with pytest.raises(PermissionError, match="not on the list of calls that may be signed"):
            await held.sign(USDM, "POST", "/sapi/v1/capital/withdraw/apply", {"timestamp": "17"})
        many = await asyncio.gather(*(held.sign(USDM, *ASK) for _ in range(400)))
        assert {one.signature for one in many} == {signature()}

    asyncio.run(go())
    asyncio.run(go())  # another loop, as between the questions before a start and the desk itself
    assert held.key == KEY and not held.open
    assert held.mask(f"no such key {KEY} or {SECRET}!") == "no such key *** or ***!"


def test_no_process_list_and_no_text_of_the_desks_end_has_the_secret(held):
    needle = SECRET.encode()
    asyncio.run(held.sign(USDM, *ASK))
    for pid in (os.getpid(), held.client.line.pid):
        assert needle not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert needle not in Path(f"/proc/{held.client.line.pid}/environ").read_bytes()
    assert SECRET not in f"{held}{held!r}{vars(held.client)}"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_it_leaves_no_core_and_hides_from_other_processes_of_its_user(held):
    limits = Path(f"/proc/{held.client.line.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    # not dumpable: its files under /proc belong to root
    assert Path(f"/proc/{held.client.line.pid}/environ").stat().st_uid == 0


def test_signals_for_the_whole_group_do_not_end_it_and_its_desks_death_does(held):
    async def go():
        await held.sign(USDM, *ASK)
        client = held.client
        pids = [client.line.pid, await until(lambda: client.twin and client.twin.pid)]
        for pid in pids:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
                os.kill(pid, number)
        assert (await held.sign(USDM, *ASK)).signature == signature()
        assert pids[0] == client.line.pid
        return pids

    pids = asyncio.run(go())
    held.client.close()
    asyncio.run(until(lambda: all(gone(pid) for pid in pids)))
    assert not held.alive


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_signer_that_dies_or_hangs_is_replaced_by_its_twin_and_nothing_is_lost(held, how):
    async def go():
        told = []
        held.watch(told.append)
        await held.sign(USDM, *ASK)
        for _ in range(3):
            first = held.client.line.pid
            await until(lambda: held.client.twin and held.client.twin.pid)
            asked = [asyncio.ensure_future(held.sign(USDM, *ASK)) for _ in range(20)]
            os.kill(first, how)
            asked += [asyncio.ensure_future(held.sign(USDM, *ASK)) for _ in range(20)]
            assert {one.signature for one in await asyncio.gather(*asked)} == {signature()}
            assert held.alive and held.client.line.pid != first
        assert told == []

    asyncio.run(go())


def test_a_twin_of_many_generations_stands_no_deeper_and_signs_as_the_first_did(keys, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.setrecursionlimit(300)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH")))))
    process, line, _ = start({USDM: f"file:{keys}"}, tmp_path)
    for _ in range(200):
        line.sock.setblocking(True)
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(line.sock, [encode(Fork())], [theirs.fileno()])
        twin = Line(ours)
        while not (found := twin.read()):
            assert found is not None
        line.close()
        line = twin
    line.sock.sendall(encode(Sign(1, USDM, ASK[0], ASK[1], list(ASK[2].items()))))
    while not (found := line.read()):
        assert found is not None
    assert found[0].signature == signature()
    line.close()
    process.wait()


def test_a_venue_that_nobody_wrote_a_list_for_is_refused_and_the_signer_lives(keys, tmp_path):
    pair = hold({"nowhere": f"file:{keys}"}, tmp_path)["nowhere"]

    async def go():
        pid = pair.client.line.pid
        for _ in range(3):
            with pytest.raises(PermissionError, match="no keys of that venue"):
                await pair.sign("nowhere", *ASK)
        assert pair.client.line.pid == pid

    asyncio.run(go())
    pair.client.close()


def test_when_both_are_gone_nobody_signs_until_a_new_one_stands(held, monkeypatch):
    monkeypatch.setattr(signer_client, "PAUSE_S", 0.05)

    async def go():
        told = []
        held.watch(told.append)
        await held.sign(USDM, *ASK)
        client = held.client
        twin = await until(lambda: client.twin and client.twin.pid)
        os.kill(twin, signal.SIGKILL)
        await until(lambda: client.twin is None)
        os.kill(client.line.pid, signal.SIGKILL)
        with contextlib.suppress(Unsigned):
            await held.sign(USDM, *ASK)
        await until(lambda: told)
        assert told[0] is False
        assert held.mask("words of a venue") == WITHHELD
        assert held.mask(UNSIGNED) == UNSIGNED
        await until(lambda: told == [False, True])
        assert (await held.sign(USDM, *ASK)).signature == signature()

    asyncio.run(go())


def test_a_signer_that_may_not_hold_the_keys_says_why(keys, tmp_path):
    keys.chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        hold({USDM: f"file:{keys}"}, tmp_path)
    with pytest.raises(UserError, match="no keys"):
        hold({USDM: "nonsense"}, tmp_path)
    assert hold({}, tmp_path) == {}


def test_the_environment_is_said_to_be_open(monkeypatch, tmp_path):
    monkeypatch.setenv("DESK_KEY", KEY)
    monkeypatch.setenv("DESK_SECRET", SECRET)
    pair = hold({USDM: "env:DESK"}, tmp_path)[USDM]
    assert pair.open
    pair.client.close()
