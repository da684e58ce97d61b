"""`mmtui report`: the handover of a shift, and the month of obligations."""

from __future__ import annotations

import importlib.util
import json
from decimal import Decimal
from pathlib import Path

import pytest

from mmtui.cli import main
from mmtui.core.earn.programme import Obligation
from mmtui.core.effects import Alert
from mmtui.core.engine import Engine
from mmtui.core.events import Command, HostStarted, Timer
from mmtui.core.ledger.account import PARTS
from mmtui.review.report_month import month_of
from mmtui.review.report_text import markdown, table
from mmtui.review.shift import TOLD, Watcher, gather

DAY_S = 86_400
PROMISED = [
    Obligation(name="wide", max_spread_bps=200, min_depth=100, within_bps=200, snapshot_s=1, share_of_time=0.5,
               instruments=["sim-usdm:BTCUSDT"]),
    Obligation(name="narrow", max_spread_bps=0.01, min_depth=100, snapshot_s=5),
]  # fmt: skip


def helper(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


made = helper("sessions_made")


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Forty seconds of a trend, with two programmes."""
    folder = tmp_path_factory.mktemp("report") / "shift"
    made.record(folder, seconds=40, obligations=PROMISED)
    return folder


@pytest.fixture(scope="module")
def shift(session):
    return gather(session)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "state" / "mmtui" / "sessions"
    folder.mkdir(parents=True)
    return folder


def said(capsys, *argv):
    code = main(["report", *map(str, argv)])
    out, err = capsys.readouterr()
    return code, out, err


def cents(row):
    return {part: Decimal(row[part]) for part in ("total", *PARTS)}


def test_every_row_of_profit_adds_up_to_the_cent(shift):
    rows = [shift["pnl"], *(one["pnl"] for one in shift["instruments"].values()), *shift["lines"], *shift["intervals"]]
    assert len(rows) > 6
    for row in rows:
        amounts = cents(row)
        assert sum(amounts[part] for part in PARTS) == amounts["total"], row


def test_intervals_add_up_to_the_whole_in_every_column(shift):
    whole = cents(shift["pnl"])
    assert shift["interval_minutes"] == 1
    assert {part: sum(cents(row)[part] for row in shift["intervals"]) for part in whole} == whole


def test_it_says_what_the_engine_knows_at_the_end(shift, session):
    runner = made.record(session.with_name("again"), seconds=40, obligations=PROMISED)
    engine = runner.engine
    for i, account in enumerate(engine.accounts):
        one = shift["instruments"][engine.name(i)]
        assert one["fills"] == account.fills
        assert one["position"] == account.grid.size_text(account.position)
        assert one["markouts"] == account.markouts.curve()
    assert shift["closed"] and shift["state"] == "RUNNING" and shift["lives"] == 1


def test_the_markdown_has_its_parts_and_its_tables_are_whole(shift):
    text = markdown(shift)
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == [
        "# shift", "## PnL, USDT", "### By side and level", *(["### By 1 min"] if len(shift["intervals"]) > 1 else []),
        "## Orders and fills", "## Markouts, bps: mean ± 95 % (fills)", "## Obligations, last day",
        "## Markets at the end", "## Incidents",
    ]  # fmt: skip
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({(len(row), row.count("|")) for row in rows}) <= 1, block
    assert "Handed over: sim-" in text


def test_obligations_stand_with_what_was_earned(shift):
    wide, narrow = shift["obligations"]
    assert 20 < wide["held"] <= wide["taken"]
    assert wide["inside"] is (wide["why"] == "")
    assert narrow["held"] == 0 and not narrow["inside"]
    text = markdown(shift)
    assert "| wide " in text and "of 0.01 bps" in text


def test_a_chart_is_drawn_when_it_is_asked_for(shift, session, capsys):
    assert "```" not in markdown(shift)
    code, out, _ = said(capsys, session, "--charts")
    assert code == 0
    chart = out.split("```")[1]
    assert "PnL, USDT" in chart and "inventory" in chart
    assert "\x1b" not in out


def test_several_sessions_are_told_one_by_one_and_summed(session, capsys):
    code, out, _ = said(capsys, session, session)
    assert (code, out.count("# shift\n")) == (0, 2)
    total = next(line for line in out.splitlines() if line.startswith("| **all**") and "| USDT" in line)
    one = next(line for line in out.splitlines() if line.startswith("| shift"))
    both, single = (Decimal(line.split("|")[3].strip().replace(",", "")) for line in (total, one))
    assert both == 2 * single


def test_json_is_the_same_as_data(session, shift, capsys):
    code, out, _ = said(capsys, session, "--json")
    assert code == 0
    assert json.loads(out)["pnl"] == shift["pnl"]


def test_a_crashed_session_says_so(tmp_path, capsys):
    made.record(tmp_path / "crashed", seconds=3, close=False)
    _, out, _ = said(capsys, tmp_path / "crashed")
    assert "not closed: it runs, or its host died" in out


# -- incidents ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def watcher():
    from mmtui.config.defaults import default_setup
    from mmtui.venues.synthetic.market import SyntheticMarket

    items = SyntheticMarket(5, "calm", made.START).setup_instruments()
    return Watcher(Engine(default_setup(items, "d")), made.START, made.START + 10**9)


@pytest.mark.parametrize(
    ("alert", "kind"),
    [
        (Alert("danger", "state", "desk RUNNING -> HALTED: daily loss", -1, -1), "halt"),
        (Alert("danger", "state", "desk RUNNING -> KILLED: key", -1, -1), "kill"),
        (Alert("danger", "unknown", "order 5 UNKNOWN: no answer", 0, -1), "unknown"),
        (Alert("danger", "account", "EXTERNAL_FILL of 1", 0, -1), "account"),
        (Alert("warn", "limit", "REDUCE: daily loss at 90 %", -1, -1), "limit"),
        (Alert("info", "kill", "kill of desk: zero open orders, verified", -1, -1), "kill"),
        (Alert("info", "state", "desk RUNNING -> PAUSED: operator", -1, -1), ""),
        (Alert("warn", "reject", "order rejected", 0, -1), ""),
        (Alert("info", "protection", "data good again", 0, -1), ""),
    ],
)
def test_halts_kills_and_breaks_are_told(watcher, alert, kind):
    watcher.see(Timer(made.START + 5), [alert])
    assert [found for _, found, _ in watcher.incidents] == ([kind] if kind else [])


def test_trips_are_counted_and_acts_and_restarts_are_told(watcher):
    for k in range(3):
        watcher.see(Timer(made.START + k), [Alert("warn", "protection", "perp: stale: quotes pulled", 0, -1)])
    act = Command(made.START + 9, "c", "ann", "operator", "local", 0, "kill", "{}", reason="drill")
    watcher.see(act, [])
    watcher.see(Command(made.START + 9, "d", "ann", "operator", "local", 0, "skew", "{}"), [])
    watcher.see(HostStarted(made.START + 10, 2, "recovery", {}), [])
    assert watcher.trips == {"perp: stale: quotes pulled": 3}
    assert [(kind, text) for _, kind, text in watcher.incidents] == [
        ("act", "ann: kill (drill)"),
        ("restart", "host restarted after a crash, life 2"),
    ]


def test_without_incidents_that_is_said_and_many_are_counted(shift):
    quiet = {**shift, "incidents": [], "trips": [], "more_incidents": 0}
    assert "None: no halt, kill, break or trip." in markdown(quiet)
    many = [(made.START, "halt", "desk HALTED")] * TOLD
    loud = {**quiet, "incidents": many, "more_incidents": 7, "trips": [("x", 2)]}
    text = markdown(loud)
    assert text.count("**halt** desk HALTED") == TOLD
    assert "- and 7 more" in text and "- 2 × x" in text


# -- months ------------------------------------------------------------------------------------------------------------


def test_a_month_adds_the_sessions_of_its_days(home, capsys):
    day = made.START // 10**9 // DAY_S
    later = made.START + 2 * DAY_S * 10**9
    made.record(home / "one", seconds=12, obligations=PROMISED)
    made.record(home / "two", seconds=12, obligations=PROMISED, start=made.START + 60 * 10**9)
    made.record(home / "three", seconds=12, obligations=PROMISED, start=later, close=False)
    made.record(home / "free", seconds=2)
    (home / "broken").mkdir()
    code, out, _ = said(capsys, "--obligations", "--month", "2023-11", "--json")
    wide, narrow = json.loads(out)
    assert (code, wide["name"], wide["desk"], wide["sessions"]) == (0, "wide", "made", 3)
    assert [row["day"] for row in wide["days"]] == ["2023-11-14", "2023-11-15", "2023-11-16"]
    first, none, third = (row["held"] for row in wide["days"])
    assert first > third > 5 and none == 0
    assert first == pytest.approx(2 * third, abs=3)
    assert wide["earned_days"] == 0 and narrow["share"] == 0.0
    assert wide["share"] == pytest.approx((first + third) / (3 * DAY_S))
    _, out, _ = said(capsys, "--obligations", "--month", "2023-11")
    assert out.startswith("# Obligations in 2023-11\n\n## wide · desk made\n\n0 of 3 days earned (50.0% of 86,400")
    assert day == 19_675


def test_other_months_desks_and_sessions_are_left_out(home, capsys):
    made.record(home / "one", seconds=3, obligations=PROMISED)
    for more in (("--month", "2023-12"), ("--month", "2023-10"), ("--month", "2023-11", "--desk", "other")):
        code, out, _ = said(capsys, "--obligations", *more)
        assert code == 0
        assert "No session of this month has an obligation." in out
    _, out, _ = said(capsys, "one", "--obligations", "--month", "2023-11", "--desk", "made")
    assert "## narrow · desk made" in out


def test_the_days_before_the_first_session_count_where_the_programme_had_begun(home, capsys):
    import msgspec

    begun = [msgspec.structs.replace(PROMISED[0], from_day="2023-11-12", to_day="2023-11-20")]
    made.record(home / "one", seconds=3, obligations=begun)
    _, out, _ = said(capsys, "--obligations", "--month", "2023-11", "--json")
    assert [row["day"] for row in json.loads(out)[0]["days"]] == ["2023-11-12", "2023-11-13", "2023-11-14"]


@pytest.mark.parametrize(("text", "days"), [("2026-11", 30), ("2026-12", 31), ("2028-02", 29), ("2026-02", 28)])
def test_a_month_is_its_days(text, days):
    month = month_of(text)
    assert month.last - month.first + 1 == days


@pytest.mark.parametrize(
    "argv",
    [[], ["--obligations"], ["--obligations", "--month", "November"], ["--obligations", "--month", "2026-13"],
     ["s", "--month", "2026-11"], ["--desk", "a"]],
)  # fmt: skip
def test_wrong_usage_is_one_line(home, capsys, argv):
    code, out, err = said(capsys, *argv)
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_a_session_that_is_not_there_is_one_line(home, capsys):
    code, out, err = said(capsys, "nobody")
    assert (code, out) == (3, "")
    assert err == "mmtui: nobody: there is no such session; `mmtui sessions` lists them\n"


def test_tables_are_aligned():
    assert table(["a", "b"], [["x", "1"], ["yy", "100"]]) == (
        "| a   |   b |\n| --- | --: |\n| x   |   1 |\n| yy  | 100 |"
    )
