"""When a heartbeat counts as lost, and the page that loop and guard share."""

from __future__ import annotations

import pytest

from mmtui.core.errors import SourceError
from mmtui.host.beat import BEATING, ENDED, FENCE, GUARD_COUNT, STARTING, Heart, Page, Pulse, page_path
from mmtui.host.guard_watch import Said, Watch

MS = 1_000_000
STEP = 20 * MS


class Looks:
    """A watch that is looked through every 20 ms."""

    def __init__(self, silence_ms=800, fence=0):
        self.watch = Watch(silence_ms * MS, fence)
        self.now = 0
        self.beats = 0

    def look(self, count=1, *, beat=True, life=10, state=BEATING, there=True, step=STEP):
        """So many looks; what they said."""
        said = []
        for _ in range(count):
            self.now += step
            self.beats += beat
            found = self.watch.look(self.now, Pulse(life, self.beats, state, "s-1a2b") if there else None)
            if found is not None:
                said.append(found)
        return said


def test_it_is_armed_by_a_beat_that_it_sees_and_not_by_one_that_is_old():
    looks = Looks()
    assert looks.look(100, there=False) == []
    assert looks.look(100, beat=False) == []  # a page that somebody left
    assert looks.look(100, state=STARTING) == []
    assert looks.look(3) == [Said.ARMED]
    assert looks.watch.session == "s-1a2b"


def test_silence_is_lost_once_and_in_time():
    looks = Looks()
    looks.look(5)
    assert looks.look(39, beat=False) == []
    assert looks.look(1, beat=False) == [Said.LOST]
    assert looks.look(500, beat=False) == []
    assert looks.watch.fence == 10


def test_a_page_that_vanishes_is_silence():
    looks = Looks()
    looks.look(5)
    assert looks.look(60, there=False) == [Said.LOST]


def test_a_life_that_came_back_is_not_armed_again_and_the_next_one_is():
    looks = Looks()
    looks.look(5)
    looks.look(60, beat=False)
    assert looks.look(100) == []  # SIGCONT: it is fenced
    assert looks.look(3, life=11) == [Said.ARMED]


def test_a_host_that_is_started_again_in_time_is_no_loss_and_one_that_takes_too_long_is_fenced():
    looks = Looks()
    looks.look(5)
    looks.look(20, beat=False, life=11, state=STARTING)
    assert looks.look(20, life=11) == []
    looks.look(20, beat=False, life=12, state=STARTING)
    assert looks.look(40, beat=False, life=12, state=STARTING) == [Said.LOST]
    assert looks.watch.fence == 12  # the life that is starting finds itself fenced


def test_an_ordered_end_is_over_and_never_lost():
    looks = Looks()
    looks.look(5)
    assert looks.look(200, beat=False, state=ENDED) == [Said.OVER]
    assert looks.look(200, beat=False, there=False) == []


def test_a_guard_that_was_asleep_gives_the_loop_its_chance():
    looks = Looks()
    looks.look(5)
    assert looks.look(1, beat=False, step=3_600_000 * MS) == []  # the machine slept for an hour
    assert looks.look(50) == []
    assert looks.watch.quiet == 0


def test_lives_that_were_cancelled_before_the_guard_was_started_again_stay_fenced():
    looks = Looks(fence=10)
    assert looks.look(50) == []
    assert looks.look(3, life=11) == [Said.ARMED]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_what_the_loop_counts_the_guard_reads_and_the_fence_comes_back(folders):
    heart = Heart("d", "d-20260101T000000-ab12")
    page = Page(page_path("d"), make=False)
    assert page.pulse() == (heart.life, 0, STARTING, "d-20260101T000000-ab12")
    heart.beat()
    heart.beat()
    assert page.pulse()[1:3] == (2, BEATING)
    assert not heart.fenced
    page.words[FENCE] = heart.life
    page.words[GUARD_COUNT] += 1
    assert heart.fenced
    before = heart.life
    heart.above(before + 7)
    assert heart.life > before + 7
    assert not heart.fenced
    heart.forget()
    assert page.pulse().state == ENDED
    assert not page_path("d").exists()


def test_a_later_life_is_above_the_fence_of_an_earlier_one(folders):
    first = Heart("d", "s")
    Page(page_path("d"), make=False).words[FENCE] = first.life
    again = Heart("d", "s")
    assert again.life > first.life and not again.fenced
    assert first.fenced  # the old process, if it still lives


def test_a_page_that_others_can_read_or_that_is_none_is_refused(folders):
    path = page_path("d")
    path.write_bytes(bytes(512))
    path.chmod(0o600)
    with pytest.raises(SourceError, match="no page"):
        Page(path, make=False)
    path.chmod(0o644)
    with pytest.raises(SourceError, match="private"):
        Page(path, make=False)
    with pytest.raises(FileNotFoundError):
        Page(page_path("nobody"), make=False)
