"""Streams under faults: what a fault of one stream, or of the way to a venue, does not do to what comes later."""

from __future__ import annotations

import pytest
from sim_kit import MS, Line, Venue


def test_26_a_lost_listen_key_ends_the_stream_that_was_told_and_no_later_one():
    """A stream that the desk opens anew before the old one has closed is a good one."""
    for seed in range(20):
        one = Venue(rates={26: 1_000_000}, seed=seed)
        one.run(760)
        if any(b"listenKeyExpired" in body for body in one.private.frames):
            break
    one.world.heal()
    assert one.private.downs == [] and one.world.struck[26] == 1
    one.private.channel.close()
    again = Line(one.net, 0, "private")
    one.run(6_000)
    assert again.ups == 1 and not again.downs


@pytest.mark.parametrize(("ms", "ups", "downs"), [(1_900, 1, []), (2_100, 0, ["no answer"])])
def test_40_an_attempt_without_an_answer_gets_through_when_the_way_opens_in_time(ms, ups, downs):
    one = Venue()
    one.net._down[0], one.net._why[0] = one.world.now + ms * MS, "no answer"
    line = Line(one.net, 0, "private")
    one.run(1_950)
    assert not line.ups and not line.downs
    one.run(500)
    assert (line.ups, line.downs) == (ups, downs)


@pytest.mark.parametrize("noticed", [False, True])
def test_22_healing_resets_a_half_open_stream_that_the_venue_has_already_given_up(noticed):
    """Seed 4035: a forced close met a half-open stream; the client waited for its own timeout long after the end."""
    one = Venue()
    stream = one.public.channel
    stream.dead = True
    one.net._halves.append(stream)
    if noticed:
        one.net.drop(0, "", "the venue closed the connection")
    one.run(1_000)
    assert one.public.downs == []
    one.world.heal()
    one.run(1_000)
    assert one.public.downs == ["reset"] and not stream.open
