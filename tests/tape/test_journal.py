"""The side journal: a chain that shows what was changed, and goes on after a torn line."""

import pytest
from memory_disk import HOME, MemoryDisk

from mmtui.tape.format import TapeError
from mmtui.tape.journal import NAME, SideJournal, check_journal, read_journal


@pytest.fixture
def journal(tmp_path):
    made = SideJournal(tmp_path)
    made.write("attach", at=5, who="ann", origin="ssh 10.0.0.7")
    made.write("look", at=6, screen="desk")
    made.write("detach", at=7, who="ann")
    made.close()
    return tmp_path


def test_lines_come_back_in_order(journal):
    assert [(line["n"], line["kind"], line["at"]) for line in read_journal(journal)] == [
        (0, "attach", 5), (1, "look", 6), (2, "detach", 7),
    ]
    assert check_journal(journal) == (3, [])


def test_every_changed_byte_is_noticed(journal):
    data = (journal / NAME).read_bytes()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        (journal / NAME).write_bytes(changed)
        assert check_journal(journal)[1], place


def test_a_line_taken_out_is_noticed(journal):
    lines = (journal / NAME).read_bytes().splitlines(keepends=True)
    (journal / NAME).write_bytes(lines[0] + lines[2])
    count, wrong = check_journal(journal)
    assert count == 1
    assert "journal:2: the line does not follow" in wrong[0]


def test_it_goes_on_after_a_kill_at_every_byte(journal):
    data = (journal / NAME).read_bytes()
    for length in range(len(data)):
        (journal / NAME).write_bytes(data[:length])
        again = SideJournal(journal)
        again.write("attach", at=9)
        again.close()
        count, wrong = check_journal(journal)
        assert (count, wrong) == (data[:length].count(b"\n") + 1, [])


def test_a_full_disk_leaves_no_torn_line_in_the_middle():
    disk = MemoryDisk()
    made = SideJournal(HOME, disk)
    made.write("attach", at=5)
    disk.room = 10
    with pytest.raises(TapeError, match="No space left on device"):
        made.write("attach", at=9)
    disk.room = None
    made.write("attach", at=10)
    assert check_journal(HOME, disk) == (2, [])
    assert read_journal(HOME, disk)[-1]["at"] == 10


def test_no_journal_is_no_error(tmp_path):
    assert check_journal(tmp_path) == (0, [])
    assert read_journal(tmp_path) == []
