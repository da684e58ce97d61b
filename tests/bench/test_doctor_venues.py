"""What the doctor and the README say of venues is what their tables say."""

from __future__ import annotations

from pathlib import Path

from mmtui.bench.doctor_claims import CLAIMS, capabilities, claims, markdown
from mmtui.venues.facts import TRADING

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_table_of_the_readme_is_made_from_the_venues_tables():
    assert markdown() in README.read_text(), "README.md: put the output of mmtui.bench.doctor_claims.markdown() there"


def test_every_venue_has_a_row():
    assert [row[0] for row in claims()] == [row[0] for row in capabilities()] == list(TRADING)
    assert all(len(row) == len(CLAIMS) for row in claims())
    unbounded = {row[0] for row in claims() if "UNBOUNDED" in row[2]}
    assert unbounded == {name for name, facts in TRADING.items() if facts.dead_man.mechanism == "none"}
