"""The role admin over the command line: who raises limits where the desk asks for an admin."""

from __future__ import annotations


def test_ctl_raises_a_limit_as_admin_only_where_the_desk_asks_for_one(home):
    config = home.config("admined")
    config.write_text(config.read_text() + "admins_raise = true\n")
    home.engine(config)
    assert "leverage 3 → 1" in home.run("ctl", "admined", "limit", "leverage=1").stdout
    refused = home.run("ctl", "admined", "limit", "leverage=2", "--reason", "agreed", code=1)
    assert "only an admin raises a limit" in refused.stdout + refused.stderr
    raised = home.run("ctl", "admined", "limit", "leverage=2", "--reason", "agreed", "--admin")
    assert "leverage 1 → 2" in raised.stdout
    home.run("ctl", "admined", "shutdown")
