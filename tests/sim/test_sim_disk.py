"""The disk in memory: the same answers as a real one, and its faults."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mmtui.sim.demands import Crashed
from mmtui.sim.disk import PAGE, SimDisk
from mmtui.sim.world import SECOND, START, World
from mmtui.tape.files import DISK, put
from mmtui.tape.format import TapeError
from mmtui.tape.ids import OrderIds

ALWAYS = 1_000_000
HOME = Path("/desk")


def disk(rates=None, seed=1):
    one = SimDisk(World(seed, rates or {}))
    one.make_folder(HOME)
    return one


def drive(files, folder):
    """Everything that Files promises, in one go; what was seen."""
    seen = []
    files.make_folder(folder / "deep" / "er")
    a = folder / "deep" / "a"
    handle = files.append(a)
    handle.write(b"hello ")
    handle.write(bytearray(b"world"))
    handle.truncate(7)
    handle.write(b"!")
    handle.sync()
    handle.close()
    seen.append(files.read(a))
    again = files.append(a)
    again.write(b"?")
    again.close()
    seen += [files.read(a), files.read_at(a, 2, 3), files.read_at(a, 7, 100), files.size(a)]
    over = files.over(a)
    over.write(b"J")
    over.write(b"E")
    over.close()
    seen.append(files.read(a))
    files.truncate(a, 4)
    put(files, folder / "b", b"one", sync=True)
    put(files, folder / "b", b"two")
    files.reserve(folder / "r", 1_000)
    seen += [files.read(a), files.read(folder / "b"), files.size(folder / "r"), files.names(folder)]
    files.replace(a, folder / "c")
    seen += [files.exists(a), files.exists(folder / "c"), files.exists(folder / "deep"), files.names(folder / "deep")]
    files.unlink(folder / "c")
    fresh = files.append(folder / "b", fresh=True)
    seen.append(files.size(folder / "b"))
    fresh.close()
    files.sync_folder(folder)
    for act in (files.read, files.size, files.over, files.unlink, files.names):
        try:
            act(folder / "no")
        except OSError as error:
            seen.append((type(error).__name__, error.errno))
    files.remove_folder(folder / "deep")
    seen.append(files.names(folder))
    return seen


def test_it_answers_as_the_real_disk_does(tmp_path):
    assert drive(disk(), HOME / "x") == drive(DISK, tmp_path / "x")


def test_a_process_that_dies_loses_nothing_that_it_wrote():
    one = disk()
    one.append(HOME / "a").write(b"x" * 100)
    one.crash(power_loss=False)
    assert one.read(HOME / "a") == b"x" * 100


def test_a_power_loss_keeps_what_was_synced_and_any_prefix_of_the_rest():
    kept, torn = set(), 0
    for seed in range(200):
        one = disk(seed=seed)
        handle = one.append(HOME / "a")
        handle.write(b"s" * 50)
        handle.sync()
        one.sync_folder(HOME)
        handle.write(b"t" * 2_000)
        one.crash(power_loss=True)
        data = one.read(HOME / "a")
        assert data[:50] == b"s" * 50
        rest = data[50:]
        whole = rest.rstrip(b"\0")
        assert whole == b"t" * len(whole) and len(rest) - len(whole) <= PAGE
        kept.add(len(rest))
        torn += whole != rest
    assert len(kept) > 50 and 0 in kept and torn > 20


def test_a_name_that_was_not_synced_is_gone_with_the_power():
    one = disk()
    put(one, HOME / "a", b"old", sync=True)
    put(one, HOME / "a", b"new")
    handle = one.append(HOME / "b")
    handle.write(b"x")
    handle.sync()
    one.crash(power_loss=True)
    assert one.read(HOME / "a") == b"old"
    assert not one.exists(HOME / "b")


def test_a_file_written_over_is_mixed_of_old_and_new_pages():
    mixed = 0
    for seed in range(40):
        one = disk(seed=seed)
        one.reserve(HOME / "r", 8 * PAGE)
        handle = one.over(HOME / "r")
        handle.sync()
        one.sync_folder(HOME)
        handle.write(b"n" * 8 * PAGE)
        one.crash(power_loss=True)
        data = one.read(HOME / "r")
        pages = [data[at : at + PAGE] for at in range(0, len(data), PAGE)]
        assert all(page in (bytes(PAGE), b"n" * PAGE) for page in pages)
        mixed += len(set(pages)) == 2
    assert mixed > 20


def test_fault_30_writes_and_syncs_fail_as_the_kernel_says():
    seen = set()
    for seed in range(60):
        one = disk({30: ALWAYS}, seed)
        try:
            handle = one.append(HOME / "a")
            handle.write(b"x" * 1_000)
        except OSError as error:
            seen.add(error.errno)
            size = one.size(HOME / "a") if one.exists(HOME / "a") else 0
            seen.add("short" if 0 < size < 1_000 else "none")
            assert size < 1_000
    assert seen == {errno.ENOSPC, errno.EIO, errno.EROFS, "short", "none"}


def test_fault_30_a_full_disk_takes_what_is_allocated_already():
    for seed in range(60):
        one = disk(seed=seed)
        one.reserve(HOME / "r", 1_000)
        one._trouble, one._until, one._fails = errno.ENOSPC, START + SECOND, [True, False]
        handle = one.over(HOME / "r")
        handle.write(b"x" * 1_000)
        with pytest.raises(OSError):
            handle.write(b"y")


def test_fault_30_a_sync_may_lie():
    lies = 0
    for seed in range(40):
        one = disk({30: ALWAYS // 3}, seed)
        try:
            handle = one.append(HOME / "a")
            handle.write(b"x" * 100)
            handle.sync()
            one.sync_folder(HOME)
        except OSError:
            continue
        one.crash(power_loss=True)
        lies += not one.exists(HOME / "a") or one.read(HOME / "a") != b"x" * 100
    assert lies > 3


def test_fault_31_the_process_dies_after_any_byte_of_a_write():
    sizes = set()
    for seed in range(60):
        one = disk({31: ALWAYS}, seed)
        handle = one.append(HOME / "a")
        handle.write(b"before")
        one.armed = True
        with pytest.raises(Crashed):
            handle.write(b"x" * 20)
        sizes.add(one.size(HOME / "a") - 6)
        one.crash(power_loss=False)
        handle = one.append(HOME / "a")
        handle.write(b"after")
    assert min(sizes) == 0 and max(sizes) == 20 and len(sizes) > 10


def test_31_a_bit_is_flipped():
    one = disk()
    put(one, HOME / "a", b"\x00\x00")
    one.flip(str(HOME / "a"), 9)
    assert one.read(HOME / "a") == b"\x00\x02"


def test_all_is_well_when_it_heals():
    one = disk({30: ALWAYS, 31: ALWAYS})
    one.armed = True
    with pytest.raises((OSError, Crashed)):
        one.append(HOME / "a").write(b"x")
    one._world.heal()
    one.append(HOME / "a").write(b"y")
    assert one.read(HOME / "a").endswith(b"y")


def test_no_order_id_is_given_twice_whatever_the_disk_does():
    for seed in range(150):
        one = disk({30: ALWAYS // 8, 31: ALWAYS // 8}, seed)
        given = 0
        for life in range(6):
            one.armed = False
            try:
                ids = OrderIds(one, HOME)
                one.armed = True
                ids.begin()
                assert ids.first >= given
                given = max(given, ids.limit)
                given = max(given, ids.extend())
            except (Crashed, TapeError):
                pass
            one.crash(power_loss=bool(life % 2) and not one._world.struck[30])


def test_contents_are_every_file_by_name():
    one = disk()
    put(one, HOME / "b", b"2")
    put(one, HOME / "a", b"1")
    assert one.contents() == [("/desk/a", b"1"), ("/desk/b", b"2")]
