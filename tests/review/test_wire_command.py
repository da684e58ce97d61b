"""`mmtui wire`: raw public and private messages as JSON lines with exact decimal texts."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

import pytest

from mmtui.core.errors import UserError
from mmtui.review import wire

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "wire" / "nautilus" / "binance"

EXECUTION = {"e": "executionReport", "E": 1709654400000, "s": "ETHUSDT", "c": "own-1", "S": "SELL", "o": "LIMIT_MAKER",
             "f": "GTC", "q": "1.00000000", "p": "2400.10000000", "x": "TRADE", "X": "PARTIALLY_FILLED", "r": "NONE",
             "i": 12345679, "l": "0.25000000", "z": "0.25000000", "L": "2400.10000000", "n": "0.00001", "N": "BNB",
             "T": 1709654400001, "t": 77, "m": True, "C": ""}  # fmt: skip


def run(capsys, path, venue="binance"):
    code = wire.run(argparse.Namespace(venue=venue, file=path))
    out = capsys.readouterr()
    return code, [json.loads(line) for line in out.out.splitlines()], out.err


def write(path, *messages, times=True):
    lines = [(f"{1723161255000000000 + n} " if times else "") + json.dumps(m) for n, m in enumerate(messages)]
    path.write_text("\n".join(lines) + "\n")
    return path


def depth(first, final, price="61800.10"):
    return {"stream": "btcusdt@depth@0ms", "data": {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": first, "u": final,
            "pu": first - 1, "b": [[price, "0.5000"]], "a": []}}  # fmt: skip


@pytest.mark.parametrize("times", [True, False])
def test_lines_with_and_without_receive_time(capsys, tmp_path, times):
    snapshot = {"lastUpdateId": 15, "E": 5, "T": 5, "bids": [["61800.20", "1"]], "asks": []}
    path = write(tmp_path / "a", depth(6, 10), depth(11, 20, "0.000012345"), snapshot, times=times)
    code, rows, err = run(capsys, path)
    assert code == 0 and err == ""
    assert [row["event"] for row in rows] == ["BookDelta", "BookDelta", "BookSnapshot", "BookDelta"]
    assert [row["line"] for row in rows] == [1, 2, 3, 3]
    assert rows[0]["instrument"] == "binance-usdm:BTCUSDT" and rows[0]["bids"] == [["61800.1", "0.5"]]
    assert rows[1]["bids"] == [["0.000012345", "0.5"]] and rows[2]["bids"] == [["61800.2", "1"]]
    assert rows[0]["ts"] == (1723161255000000000 if times else 0)


def test_a_pretty_printed_file_and_an_array_are_documents(capsys, tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(depth(6, 10)["data"], indent=2))
    (tmp_path / "two.json").write_text(json.dumps([EXECUTION, EXECUTION], indent=1))
    assert [row["event"] for row in run(capsys, tmp_path / "one.json")[1]] == ["BookDelta"]
    assert [row["event"] for row in run(capsys, tmp_path / "two.json")[1]] == ["OrderReport", "FillReport"] * 2


def test_an_own_fill_of_spot(capsys, tmp_path):
    _, rows, _ = run(capsys, write(tmp_path / "a", {"subscriptionId": 0, "event": EXECUTION}))
    order, fill = rows
    assert (order["status"], order["client_id"], order["filled"]) == ("partially_filled", "own-1", "0.25")
    assert (fill["price"], fill["size"], fill["fee"], fill["fee_asset"], fill["maker"], fill["side"]) == (
        "2400.1", "0.25", "0.00001", "BNB", True, "sell")  # fmt: skip


def test_a_cancelled_order_keeps_its_own_client_id(capsys, tmp_path):
    cancelled = EXECUTION | {"x": "CANCELED", "X": "CANCELED", "c": "cancel-9", "C": "own-1"}
    _, rows, _ = run(capsys, write(tmp_path / "a", cancelled))
    assert [(row["event"], row["client_id"], row["status"]) for row in rows] == [("OrderReport", "own-1", "cancelled")]


def test_gz_and_damage(capsys, tmp_path):
    text = write(tmp_path / "a", depth(6, 10)).read_bytes() + b"rubbish\n1723161255000000001 {\"e\":\"trade\"}\n"
    (tmp_path / "a.gz").write_bytes(gzip.compress(text))
    code, rows, err = run(capsys, tmp_path / "a.gz")
    assert code == 0 and [row["event"] for row in rows] == ["BookDelta", "Damage"]
    assert len(err.splitlines()) == 2 and "a.gz:2: " in err


@pytest.mark.parametrize("broken", [{"q": "NaN"}, {"S": "HOLD"}, {"X": "ODD"}, {"T": -1}, {"s": "../x"}, {"p": None}])
def test_a_private_message_that_is_wrong_is_damage(capsys, tmp_path, broken):
    _, rows, err = run(capsys, write(tmp_path / "a", depth(6, 10), EXECUTION | broken))
    assert [row["event"] for row in rows] == ["BookDelta", "Damage"] and err.count("\n") == 1


OKX_TRADE = {"instId": "BTC-USDT", "tradeId": "7", "px": "91000.5", "sz": "0.1", "side": "sell", "ts": "1767225600000"}
OKX = {"arg": {"channel": "trades", "instId": "BTC-USDT"}, "data": [OKX_TRADE]}


def test_messages_of_another_venue_in_every_form_of_file(capsys, tmp_path):
    wrapped = {"message": OKX, "normalized": []}
    again = json.loads(json.dumps(OKX).replace('"7"', '"8"'))
    forms = {
        "lines": json.dumps(OKX) + "\n\n" + json.dumps(again),
        "times": f"1767225600000000001 {json.dumps(OKX)}\n1767225600000000002 {json.dumps(again)}",
        "wrapped": "\n".join(json.dumps({**wrapped, "message": one}) for one in (OKX, again)),
        "array": json.dumps([OKX, again], indent=2),
        "wrapped array": json.dumps([wrapped, {**wrapped, "message": again}]),
    }
    for name, text in forms.items():
        (tmp_path / "a").write_text(text)
        code, rows, err = run(capsys, tmp_path / "a", "okx")
        assert (code, err) == (0, ""), name
        assert [(row["event"], row["trade_id"], row["price"], row["side"]) for row in rows] == [
            ("Trade", 7, "91000.5", "sell"), ("Trade", 8, "91000.5", "sell")], name  # fmt: skip
        assert rows[0]["ts"] == (1767225600000000001 if name == "times" else 0)


def test_an_answer_with_its_address_names_its_instrument_there(capsys, tmp_path):
    book = {"id": 5, "asks": [["3000.5", "2"]], "bids": [["2999", "4"]]}
    address = "https://api.gateio.ws/api/v4/spot/order_book?currency_pair=ETH_USDT&limit=100&with_id=true"
    (tmp_path / "a").write_text(f"1767225600000000001 {address} {json.dumps(book)}\n")
    _, rows, _ = run(capsys, tmp_path / "a", "gate")
    assert [(row["event"], row["instrument"], row["seq"]) for row in rows] == [
        ("BookSnapshot", "gate-spot:ETH_USDT", 5)]  # fmt: skip


def test_a_snapshot_that_its_checksum_disproves_is_shown_as_refused(capsys, tmp_path):
    level = {"price": 1.5, "qty": 2.0}
    data = {"symbol": "BTC/USD", "bids": [level], "asks": [{"price": 2.5, "qty": 1.0}], "checksum": 1}
    message = {"channel": "book", "type": "snapshot", "data": [data]}
    _, rows, _ = run(capsys, write(tmp_path / "a", message), "kraken")
    assert [(row["event"], row.get("refused")) for row in rows] == [("BookGap", None), ("BookSnapshot", True)]


def test_mistakes(tmp_path):
    for venue, path, code, wanted in (
        ("mtgox", tmp_path / "a", 2, "binance-usdm"),
        ("binance", tmp_path / "missing", 3, "missing"),
        ("binance", write(tmp_path / "text", times=False), 3, "text"),
    ):
        with pytest.raises(UserError, match=wanted) as error:
            wire.run(argparse.Namespace(venue=venue, file=path))
        assert error.value.exit_code == code


@pytest.mark.skipif(not SHARED.is_dir(), reason="skipped: no wire data")
@pytest.mark.parametrize("path", sorted(SHARED.rglob("*.json")), ids=lambda path: path.stem)
def test_every_shared_message_is_read(capsys, path):
    code, rows, err = run(capsys, path)
    assert code == 0 and rows and err == ""
    told = {row["event"] for row in rows}
    quiet = ("kline", "avg_price", "server_time", "ticker", "trades_resp", "list_status")
    if not any(word in path.stem for word in quiet):
        assert "PassedOver" not in told, path.stem
