"""Bytes from the terminal: broken ones, pastes, and pastes that hold or lose an escape."""

import random

import pytest

from mmtui.tui.typed import BEGIN, END, Typed


def fed(*pieces, at=None):
    times = iter(at or [0.0] * len(pieces))
    typed = Typed(lambda: next(times))
    return "".join(typed.decode(piece) for piece in pieces)


def test_keys_pass_at_once_and_bytes_that_are_no_text_do_not_stop_them():
    assert fed(b"\x1b", b"q", b"\x1b[A", b"\x1b[24~") == "\x1bq\x1b[A\x1b[24~"
    assert fed(b"\x80\xffp") == "\ufffd\ufffdp"
    assert fed("Δ".encode()[:1], "Δ".encode()[1:]) == "Δ"


def test_an_escape_in_a_paste_does_not_end_it():
    paste = f"{BEGIN}abc\x1b[Aqs\x1bq{END}p".encode()
    whole = f"{BEGIN}abc[Aqsq{END}p"
    assert fed(paste) == whole
    for seed in range(50):
        cuts = sorted(random.Random(seed).sample(range(1, len(paste)), 4))
        pieces = [paste[a:b] for a, b in zip([0, *cuts], [*cuts, len(paste)], strict=True)]
        if pieces[0] != b"\x1b" and pieces[0] != b"\x1b[":  # those may be keys: they are not kept back
            assert fed(*pieces) == whole


@pytest.mark.parametrize("waited", [0.1, 1.0])
def test_a_paste_whose_end_got_lost_ends_by_itself(waited):
    seen = fed(f"{BEGIN}abc".encode(), b"\x1c", at=[0.0, waited])
    assert seen == f"{BEGIN}abc" + ("\x1c" if waited < 0.5 else f"{END}\x1c")


def test_a_terminal_that_has_gone_is_told_and_not_read_for_ever():
    with pytest.raises(EOFError):
        Typed().decode(b"")
    assert Typed().decode(b"", True) == ""
