"""Reserved order ids: no id twice, whatever byte a life died at."""

import pytest

from mmtui.tape.files import DISK
from mmtui.tape.format import TapeError
from mmtui.tape.ids import BLOCK, FILE, OrderIds


def life(folder):
    ids = OrderIds(DISK, folder)
    ids.begin()
    return ids


def test_every_life_has_its_own_epoch_and_its_own_block(tmp_path):
    first = life(tmp_path)
    assert (first.epoch, first.first, first.limit) == (1, 1, 1 + BLOCK)
    second = life(tmp_path)
    assert (second.epoch, second.first, second.limit) == (2, 1 + BLOCK, 1 + 2 * BLOCK)


def test_a_further_block_is_due_when_half_of_one_is_used_and_keeps_the_epoch(tmp_path):
    ids = life(tmp_path)
    assert ids.renew_at == 1 + BLOCK // 2
    assert ids.extend() == ids.limit == 1 + 2 * BLOCK
    again = life(tmp_path)
    assert (again.epoch, again.first) == (2, 1 + 2 * BLOCK)


def test_a_write_torn_at_any_byte_leaves_the_block_before_it_or_the_new_one(tmp_path):
    life(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    life(tmp_path)
    after = (tmp_path / FILE).read_bytes()
    for length in range(len(after) + 1):
        (tmp_path / FILE).write_bytes(after[:length] + before[length:])
        ids = OrderIds(DISK, tmp_path)
        assert (ids.epoch, ids.limit) in ((1, 1 + BLOCK), (2, 1 + 2 * BLOCK))
        ids.begin()
        assert OrderIds(DISK, tmp_path).limit == ids.limit


def test_a_flipped_bit_never_gives_an_id_back(tmp_path):
    for _ in range(3):
        known = life(tmp_path)
    data = (tmp_path / FILE).read_bytes()
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        (tmp_path / FILE).write_bytes(changed)
        assert OrderIds(DISK, tmp_path).limit >= known.limit


def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path):
    (tmp_path / FILE).write_bytes(b"nothing of this kind")
    with pytest.raises(TapeError, match="which order ids were used is not known") as error:
        OrderIds(DISK, tmp_path)
    assert "\n" not in str(error.value)
