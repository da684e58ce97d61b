"""The audit lists operators' acts: who, what, before and after."""

from pathlib import Path

from mmtui.core.setup import DeskSetup
from mmtui.link.acts import to_command
from mmtui.link.messages import Cmd, Hello
from mmtui.review.audit import _sentence, audit

YESTERDAY = Path(__file__).parent.parent / "tape" / "yesterday" / "closed"
SETUP = DeskSetup(name="t", mode="paper", currency="USDT", equity="1", instruments=[], venues=[])


def test_an_act_is_told_with_who_and_what_and_before_and_after():
    (act,) = audit(YESTERDAY)["acts"]
    assert (act["operator"], act["role"], act["origin"], act["uid"]) == ("ann", "operator", "local", -1)
    assert (act["action"], act["args"], act["reason"], act["ok"]) == ("spread", '{"bps":1.5}', "why", True)
    assert act["before"] != act["after"]
    said = _sentence(act)
    assert "ann (uid -1, operator, local): spread" in said
    assert f"{act['before']} -> {act['after']} (why)" in said


def test_a_command_carries_the_user_id_that_the_host_saw():
    who = Hello(protocol=1, role="operator", operator="ann", origin="local", uid=1234)
    command = to_command(SETUP, Cmd(id="1", action="pause"), who, 5)
    assert command.uid == 1234
