"""Private messages of the venues, written by their documents, and the reports that they are."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from market_kit import rows
from test_market_fuzz import mutated

from mmtui.review.wire_market import PRIVATE
from mmtui.venues.binance.grid import WireError
from mmtui.venues.private_words import reports

GOLDEN = Path(__file__).with_name("golden_private")
FAMILIES = sorted(PRIVATE)


def frames(family):
    return (GOLDEN / f"{family}.frames").read_bytes().splitlines()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_command_prints_the_golden_reports(capsys, family):
    found = rows(capsys, family, GOLDEN / f"{family}.frames")
    wanted = [json.loads(line) for line in (GOLDEN / f"{family}.rows").read_text().splitlines()]
    assert found == wanted


@pytest.mark.parametrize("family", FAMILIES)
def test_garbled_private_messages_are_reports_of_plain_numbers_or_refused(family):
    rng = random.Random(3)
    for body in frames(family):
        for _ in range(150):
            wrong = json.dumps(mutated(rng, json.loads(body))).encode()
            try:
                found = reports(wrong, PRIVATE[family])
            except WireError:
                continue
            for report in found:
                for name, value in msgspec.to_builtins(report).items():
                    if name in ("price", "size", "filled", "free", "locked", "total", "fee", "entry", "trigger"):
                        assert value == "" or Decimal(value).is_finite()
                    elif name == "ts_event":
                        assert 0 <= value < 1 << 63


@pytest.mark.parametrize("family", FAMILIES)
def test_cut_and_deep_private_messages_are_refused(family):
    for body in (frames(family)[0][:-9], b"[" * 100_000, b'{"a":' * 50_000, b"\xff", b""):
        with pytest.raises(WireError):
            reports(body, PRIVATE[family])


def test_a_damaged_object_says_what_it_was():
    with pytest.raises(WireError, match="accFillSz, ordId, state: 'vanished' is no order state"):
        reports(frames("okx")[-1], PRIVATE["okx"])
