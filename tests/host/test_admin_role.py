"""Roles over a real socket: what a user is stands in the config, its uid is the socket's, a claim gives nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mmtui.config.schema import Access
from mmtui.core.errors import UserError
from mmtui.host.people import lower, people
from mmtui.link.codec import cockpit_decoder, encode
from mmtui.link.messages import PROTOCOL, Hello, Refused, Welcome

ME = os.getuid()


def desk(home, name, lines, raise_by_admins=True):
    config = home.config(name)
    text = config.read_text() + ("admins_raise = true\n" if raise_by_admins else "")
    config.write_text(text + f"[access]\n{lines}\n")
    return home.engine(config)[1]


def greeted(path, role):
    """What a host answers to somebody who says that they are this."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(30.0)
        line.connect(str(path))
        line.sendall(encode(Hello(protocol=PROTOCOL, role=role, operator="mallory", origin="local", uid=0)))
        decoder = cockpit_decoder()
        while data := line.recv(1 << 16):
            for message in decoder.feed(data):
                if isinstance(message, Welcome | Refused):
                    return message
    return None


def test_an_admin_raises_a_limit_where_the_desk_asks_for_one(home):
    desk(home, "admined", f"admins = [{ME}]")
    assert "leverage 3 → 1" in home.run("ctl", "admined", "limit", "leverage=1").stdout
    refused = home.run("ctl", "admined", "limit", "leverage=2", "--reason", "agreed", code=1)
    assert "only an admin raises a limit" in refused.stdout + refused.stderr
    raised = home.run("ctl", "admined", "limit", "leverage=2", "--reason", "agreed", "--admin")
    assert "leverage 1 → 2" in raised.stdout
    home.run("ctl", "admined", "shutdown")


def test_an_operator_who_says_admin_stays_an_operator(home):
    ready = desk(home, "claimed", f"admins = [{ME + 1}]\noperators = [{ME}]")
    assert greeted(ready["socket"], "admin").role == "operator"
    home.run("ctl", "claimed", "limit", "leverage=1")
    refused = home.run("ctl", "claimed", "limit", "leverage=2", "--reason", "agreed", "--admin", code=1)
    assert "only an admin raises a limit" in refused.stdout + refused.stderr
    assert home.status("claimed")["state"] == "RUNNING"
    home.run("ctl", "claimed", "shutdown")


def test_an_observer_who_says_operator_only_looks_and_may_kill(home):
    ready = desk(home, "observed", f"observers = [{ME}]", raise_by_admins=False)
    for claimed in ("observer", "operator", "admin"):
        assert greeted(ready["socket"], claimed).role == "observer"
    refused = home.run("ctl", "observed", "pause", code=1)
    assert "an observer can only look" in refused.stdout + refused.stderr
    home.run("ctl", "observed", "kill")
    assert home.status("observed")["state"] == "KILLED"


def test_the_owner_is_an_operator_where_others_are_named(home):
    ready = desk(home, "owned", f"admins = [{ME + 1}]")
    assert greeted(ready["socket"], "admin").role == "operator"
    home.run("ctl", "owned", "shutdown")


#: `mmtui ctl` of another user: it becomes one as it connects, where the interpreter may be root's alone.
AS = """
import os, sys
from mmtui.cli import main
from mmtui.link.blocking import BlockingConnection
connect = BlockingConnection.__init__
def become(self, *args, **more):
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))
    connect(self, *args, **more)
BlockingConnection.__init__ = become
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(ME != 0, reason="only root can be another user")
def test_other_users_come_in_by_the_shared_socket_as_what_they_are(home):
    folder = home.root / "shared"
    folder.mkdir(mode=0o755)
    home.root.chmod(0o755)
    path = folder / "desk.sock"
    ready = desk(home, "shared", f'admins = [12345]\nobservers = [12346]\nsocket = "{path}"')
    assert Path(ready["socket"]).stat().st_mode & 0o777 == 0o600

    def act(uid, *words):
        done = subprocess.run([sys.executable, "-c", AS, str(uid), "ctl", "--socket", str(path), *words], env=home.env,
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    code, said = act(12345, "limit", "leverage=1")
    assert (code, "leverage 3 → 1" in said) == (0, True), said
    assert act(12345, "limit", "leverage=2", "--reason", "agreed", "--admin")[0] == 0
    code, said = act(12346, "pause")
    assert code == 1 and "an observer can only look" in said
    code, said = act(12347, "status")
    assert code != 0 and "state" not in said
    home.run("ctl", "shared", "limit", "leverage=1")
    refused = home.run("ctl", "shared", "limit", "leverage=2", "--reason", "agreed", "--admin", code=1)
    assert "only an admin" in refused.stdout + refused.stderr
    home.run("ctl", "shared", "shutdown")
    assert not path.exists()


def test_admins_raise_without_an_admin_is_said(home):
    config = home.config("nobody")
    config.write_text(config.read_text() + "admins_raise = true\n")
    said = home.run("doctor", str(config), code=None)
    assert "nobody is an admin; name users in [access] admins" in said.stdout + said.stderr


@pytest.mark.parametrize(
    ("access", "wrong"),
    [
        (Access(admins=["no such user at all"]), "there is no user"),
        (Access(admins=[7], observers=[7]), "user 7 is named as observer and as admin"),
        (Access(socket="/nowhere/at/all/x.sock"), "No such file"),
        (Access(socket="/tmp/x.sock"), "can be written by others"),
    ],
)
def test_what_is_wrong_with_access_is_said(access, wrong):
    with pytest.raises(UserError, match=wrong):
        people(access, 1000)


def test_roles_are_those_of_the_config():
    assert people(Access(), 1000).roles == {1000: "admin"}
    assert people(Access(admins=["root"], operators=[5], observers=[6]), 1000).roles == {
        0: "admin", 5: "operator", 6: "observer", 1000: "operator",
    }  # fmt: skip
    assert lower("admin", "operator") == lower("operator", "admin") == "operator"
    assert lower("admin", "admin") == "admin" and lower("observer", "admin") == "observer"
