"""What may be signed: everything that the desk asks for, and nothing that moves money out or opens an account."""

from __future__ import annotations

import pytest

from mmtui.venues.binance.signable import CREATES, FIELDS, WEBSOCKET
from mmtui.venues.live.keys import Pair
from mmtui.venues.live.signer_wire import Done, FrameError, Frames, Mask, Masked, Refused, Sign, encode, question, reply
from mmtui.venues.live.signing import refusal
from mmtui.venues.live.vault import BURST, KEPT, RATE, Vault

KEY, SECRET = "an-api-key-of-a-desk", "a-secret-that-nobody-may-see"
ORDER = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTX", "quantity": "0.05", "price": "60000.1",
    "newClientOrderId": "x1", "timestamp": "1700000000000", "recvWindow": "3000",
}  # fmt: skip
STAMP = {"timestamp": "1700000000000"}
USDM, SPOT = "binance-usdm", "binance-spot"
ROW = '{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","quantity":"1","price":"2","newClientOrderId":"a"}'


@pytest.mark.parametrize(
    ("market", "method", "path", "fields"),
    [
        (SPOT, "POST", "/api/v3/order", ORDER),
        (USDM, "POST", "/fapi/v1/order", ORDER | {"reduceOnly": "true"}),
        (SPOT, "PUT", "/api/v3/order/amend/keepPriority",
         STAMP | {"symbol": "B", "origClientOrderId": "a", "newClientOrderId": "a", "newQty": "1"}),
        (USDM, "PUT", "/fapi/v1/order",
         STAMP | {"symbol": "B", "origClientOrderId": "a", "side": "BUY", "quantity": "1", "price": "2"}),
        (USDM, "POST", "/fapi/v1/batchOrders", STAMP | {"batchOrders": f"[{ROW},{ROW}]"}),
        (USDM, "DELETE", "/fapi/v1/batchOrders", STAMP | {"symbol": "B", "origClientOrderIdList": '["a","b"]'}),
        (USDM, "POST", "/fapi/v1/countdownCancelAll", STAMP | {"symbol": "BTCUSDT", "countdownTime": "10000"}),
        (SPOT, WEBSOCKET, "userDataStream.subscribe.signature", STAMP | {"apiKey": "k" * 64}),
        (SPOT, "GET", "/sapi/v1/account/apiRestrictions", STAMP),
    ],
)
def test_what_a_desk_asks_for_is_signed(market, method, path, fields):
    assert refusal(market, method, path, fields) == ""


@pytest.mark.parametrize(
    ("method", "path", "fields", "why"),
    [
        ("POST", "/sapi/v1/capital/withdraw/apply", STAMP, "not on the list of calls"),
        ("POST", "/sapi/v1/asset/transfer", STAMP, "not on the list of calls"),
        ("POST", "/sapi/v1/sub-account/universalTransfer", STAMP, "not on the list of calls"),
        ("POST", "/sapi/v1/sub-account/subAccountApi/ipRestriction", STAMP, "not on the list of calls"),
        ("POST", "/fapi/v1/leverage", STAMP, "not on the list of calls"),
        ("PUT", "/fapi/v1/batchOrders", ORDER, "not on the list of calls"),
        ("PUT", "/fapi/v1/order", ORDER, "field type"),
        ("POST", "/fapi/v1/order/../../../sapi/v1/capital/withdraw/apply", ORDER, "not on the list of calls"),
        # the signature covers the fields, not the path: these are what a withdrawal or a transfer needs
        ("POST", "/fapi/v1/order", STAMP | {"coin": "BTC", "address": "bc1q", "amount": "1"}, "field coin"),
        ("POST", "/fapi/v1/order", ORDER | {"amount": "1"}, "field amount"),
        ("POST", "/fapi/v1/order", ORDER | {"type": "MAIN_UMFUTURE"}, "none of LIMIT"),
        ("POST", "/fapi/v1/order", ORDER | {"type": "MARKET"}, "none of LIMIT"),
        ("POST", "/fapi/v1/order", ORDER | {"symbol": "BTC&amount=1"}, "characters"),
        ("POST", "/fapi/v1/order", ORDER | {"symbol": "B" * 65}, "longer than"),
        ("POST", "/fapi/v1/order", {"symbol": "BTCUSDT"}, "without a timestamp"),
        ("GET", "/fapi/v3/account", STAMP | {"asset": "BTC"}, "field asset"),
        ("POST", "/fapi/v1/batchOrders", STAMP | {"batchOrders": '[{"coin":"BTC"}]'}, "field coin"),
        ("POST", "/fapi/v1/batchOrders", STAMP | {"batchOrders": '{"symbol":"B"}'}, "no list"),
        ("POST", "/fapi/v1/batchOrders", STAMP | {"batchOrders": "[" * 5_000}, "no list"),
        ("POST", "/fapi/v1/batchOrders", STAMP | {"batchOrders": "[" + ",".join([ROW] * 200) + "]"}, "longer than"),
        ("DELETE", "/fapi/v1/batchOrders", STAMP | {"origClientOrderIdList": '[{"a":"b"}]'}, "no list"),
    ],
)
def test_nothing_else_is(method, path, fields, why):
    assert why in refusal(USDM, method, path, fields)
    with pytest.raises(PermissionError):
        Pair(KEY, SECRET).signed(USDM, method, path, fields)


def test_no_call_has_a_field_of_what_must_never_be_signed():
    never = {
        "coin", "address", "addressTag", "amount", "asset", "network", "email", "subAccountId", "subAccountApiKey",
        "fromEmail", "toEmail", "fromAccountType", "toAccountType", "kindType", "walletType", "permissions",
    }  # fmt: skip
    for calls in FIELDS.values():
        for (_, path), fields in calls.items():
            assert not fields & never, path
            assert "withdraw" not in path and "transfer" not in path.lower() and "sub-account" not in path
    assert all(call in {place for calls in FIELDS.values() for place in calls} for call in CREATES)


def test_a_refusal_tells_no_value():
    secret = "my-secret-value-somebody-mistyped"
    for fields in (ORDER | {"side": secret}, ORDER | {"price": f"&{secret}"}, STAMP | {"batchOrders": secret}):
        assert secret not in refusal(USDM, "POST", "/fapi/v1/order", fields)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_a_signer_signs_for_its_own_venues_at_a_bounded_rate_and_creates_never_take_the_cancels_share():
    clock = Clock()
    vault = Vault({USDM: Pair(KEY, SECRET)}, clock)
    order = Sign(1, USDM, "POST", "/fapi/v1/order", list(ORDER.items()))
    cancel = Sign(2, USDM, "DELETE", "/fapi/v1/allOpenOrders", [("symbol", "BTCUSDT"), *STAMP.items()])
    assert isinstance(vault.answer(order), Done)
    assert "no keys of that venue" in vault.answer(Sign(1, SPOT, "GET", "/api/v3/account", list(STAMP.items()))).why
    twice = Sign(1, USDM, "GET", "/fapi/v3/account", [*STAMP.items(), *STAMP.items()])
    assert "twice" in vault.answer(twice).why
    signed = 1
    while isinstance(answer := vault.answer(order), Done):
        signed += 1
    assert signed == BURST - KEPT and "signatures a second" in answer.why
    assert all(isinstance(vault.answer(cancel), Done) for _ in range(int(KEPT)))
    assert isinstance(vault.answer(cancel), Refused)
    clock.now += 1.0
    assert sum(isinstance(vault.answer(cancel), Done) for _ in range(1_000)) == RATE
    assert SECRET not in repr(vault)


def test_a_venues_words_come_back_without_key_and_secret():
    vault = Vault({USDM: Pair(KEY, SECRET), SPOT: Pair("another-api-key", "another-secret!")}, Clock())
    said = vault.answer(Mask(7, f"bad signature by {SECRET} of {KEY[3:]} and another-secret!"))
    assert said == Masked(7, "bad signature by *** of *** and ***")


def test_frames_come_in_pieces_and_what_is_none_ends_the_line():
    messages = [Sign(n, USDM, "GET", "/fapi/v3/account", list(STAMP.items())) for n in range(5)]
    data = b"".join(encode(message) for message in messages)
    frames, found = Frames(), []
    for at in range(0, len(data), 7):
        found += [question(body) for body in frames.feed(data[at : at + 7])]
    assert found == messages
    with pytest.raises(FrameError):
        Frames().feed(b"\xff" * 8)
    for body in (b"", b"\x00", encode(Done(1, "a", "b"))[4:], b"\x91" * 500):
        with pytest.raises(FrameError):
            question(body)
    with pytest.raises(FrameError):
        reply(encode(messages[0])[4:])
