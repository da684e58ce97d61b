"""Where API keys come from: the sealed file, the keyring, private keys; and what is refused in one sentence."""

from __future__ import annotations

import base64
import io
import json
import pickle
import sys

import pytest

from mmtui.core.errors import UserError
from mmtui.venues.live import keys_sealed
from mmtui.venues.live.keys import Pair, load_pair

KEY, SECRET, PHRASE = "an-api-key-of-a-desk", "a-secret-that-nobody-may-see", "correct horse battery"
pytest.importorskip("cryptography")


@pytest.fixture
def sealed(tmp_path, monkeypatch):
    """A state folder with a passphrase file; scrypt as cheap as it may be."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    phrase = tmp_path / "phrase"
    phrase.write_text(PHRASE + "\n")
    phrase.chmod(0o600)
    monkeypatch.setenv(keys_sealed.PASSPHRASE_FILE, str(phrase))
    monkeypatch.setattr(keys_sealed, "N", 2**4)
    monkeypatch.setattr(keys_sealed, "_opened", {})
    return keys_sealed.sealed_path()


def act(monkeypatch, *words, text=""):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    from mmtui.cli import dispatch

    return dispatch(["keys", *words])


def test_keys_are_sealed_listed_checked_used_and_removed(sealed, monkeypatch, capsys, tmp_path):
    assert act(monkeypatch, "add", "desk", text=f"{KEY}\n{SECRET}\n") == 0
    assert act(monkeypatch, "add", "other", text=f"{KEY}\n{SECRET}2\n") == 0
    assert sealed.stat().st_mode & 0o777 == 0o600
    assert KEY.encode() not in sealed.read_bytes() and SECRET.encode() not in sealed.read_bytes()
    pair = load_pair("v", "sealed:desk", tmp_path)
    assert (pair.key, pair.secret, pair.open) == (KEY, SECRET, False)
    act(monkeypatch, "list")
    act(monkeypatch, "check", "other")
    act(monkeypatch, "remove", "other")
    with pytest.raises(UserError, match="no sealed keys 'other'"):
        act(monkeypatch, "remove", "other")
    said = "".join(capsys.readouterr())
    assert "desk  an API key and secret" in said
    assert KEY not in said and SECRET not in said
    with pytest.raises(UserError, match="no sealed keys 'nobody'"):
        load_pair("v", "sealed:nobody", tmp_path)


def test_a_sealed_file_of_others_readable_by_others_damaged_or_of_another_phrase_is_refused(sealed, monkeypatch):
    keys_sealed.save({"desk": {"key": KEY, "secret": SECRET}}, PHRASE)
    whole = sealed.read_bytes()
    with pytest.raises(UserError, match="passphrase is wrong, or the file was changed"):
        keys_sealed.load("another phrase")
    table = json.loads(whole)
    box = bytearray(base64.b64decode(table["box"]))
    box[3] ^= 1
    for change in ({"box": base64.b64encode(box).decode()}, {"n": 2**5}, {"salt": table["nonce"] + "AAAA"}):
        sealed.write_text(json.dumps(table | change))
        with pytest.raises(UserError, match=r"changed|damaged"):
            keys_sealed.load(PHRASE)
    for text in ("", "[]", "{", json.dumps(table | {"n": 2**30}), json.dumps(table | {"n": True}), "[" * 100_000):
        sealed.write_text(text)
        with pytest.raises(UserError, match="no file of sealed keys, or it is damaged"):
            keys_sealed.load(PHRASE)
    sealed.write_bytes(whole)
    sealed.chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        keys_sealed.load(PHRASE)
    sealed.chmod(0o600)
    monkeypatch.setattr("os.getuid", lambda: 12_345)
    with pytest.raises(UserError, match="does not belong to you"):
        keys_sealed.load(PHRASE)


def test_two_files_of_the_same_keys_have_nothing_in_common(sealed):
    first, second = (json.loads(keys_sealed.seal({"a": {}}, PHRASE)) for _ in range(2))
    assert all(first[name] != second[name] for name in ("salt", "nonce", "box"))


def test_a_passphrase_is_not_taken_from_a_file_that_others_read(sealed, tmp_path):
    (tmp_path / "phrase").chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        keys_sealed.passphrase()
    (tmp_path / "phrase").chmod(0o600)
    (tmp_path / "phrase").write_text("short\n")
    with pytest.raises(UserError, match="8 characters") as error:
        keys_sealed.passphrase()
    assert "short" not in str(error.value)


def test_the_passphrase_of_a_service_is_systemds_credential(sealed, tmp_path, monkeypatch):
    monkeypatch.delenv(keys_sealed.PASSPHRASE_FILE)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert keys_sealed.passphrase_file() is None
    (tmp_path / keys_sealed.CREDENTIAL).write_text(PHRASE)
    (tmp_path / keys_sealed.CREDENTIAL).chmod(0o400)
    assert keys_sealed.passphrase() == PHRASE


def test_what_is_no_key_is_not_taken_and_not_shown(sealed, monkeypatch):
    for text in ("", "onlyonelinehere", "short\nx", f"{KEY}\n{SECRET} and more", "k" * 20_000):
        with pytest.raises(UserError) as error:
            act(monkeypatch, "add", "desk", text=text)
        assert SECRET not in str(error.value) and "onlyone" not in str(error.value)
    assert not sealed.exists()
    with pytest.raises(UserError, match="give a NAME"):
        act(monkeypatch, "add", "../desk", text=f"{KEY}\n{SECRET}\n")


class Ring:
    """As much of the package keyring as is used."""

    def __init__(self, module="keyring.backends.SecretService"):
        self.kept = {}
        self.backend = type("Backend", (), {"__module__": module})()

    def get_keyring(self):
        return self.backend

    def get_password(self, service, name):
        return self.kept.get((service, name))

    def set_password(self, service, name, text):
        self.kept[service, name] = text

    def delete_password(self, service, name):
        del self.kept[service, name]


def test_keys_in_the_keyring(monkeypatch, tmp_path, capsys):
    ring = Ring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert act(monkeypatch, "add", "desk", "--keyring", text=f"{KEY}\n{SECRET}\n") == 0
    assert load_pair("v", "keyring:desk", tmp_path).secret == SECRET
    act(monkeypatch, "check", "desk", "--keyring")
    act(monkeypatch, "remove", "desk", "--keyring")
    assert not ring.kept
    with pytest.raises(UserError, match="the keyring has no keys 'desk'"):
        load_pair("v", "keyring:desk", tmp_path)
    ring.kept["mmtui", "desk"] = "nonsense"
    with pytest.raises(UserError, match="the keyring has no keys 'desk'"):
        load_pair("v", "keyring:desk", tmp_path)
    assert SECRET not in "".join(capsys.readouterr())


def test_a_keyring_that_is_not_there_fails_or_keeps_nothing_secret_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UserError, match=r"pip install 'mmtui\[live\]'"):
        load_pair("v", "keyring:desk", tmp_path)
    monkeypatch.setitem(sys.modules, "keyring", Ring("keyrings.alt.file"))
    with pytest.raises(UserError, match="keeps nothing secret"):
        load_pair("v", "keyring:desk", tmp_path)

    class Broken(Ring):
        def get_password(self, service, name):
            raise RuntimeError(SECRET)

    monkeypatch.setitem(sys.modules, "keyring", Broken())
    with pytest.raises(UserError, match="does not answer") as error:
        load_pair("v", "keyring:desk", tmp_path)
    assert SECRET not in str(error.value)


FIELDS = {"symbol": "BTCUSDT", "timestamp": "1700000000000"}


def test_private_keys_sign_as_the_venue_checks_them(tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    def pem(key):
        plain = serialization.NoEncryption()
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()

    path = tmp_path / "keys.toml"
    for key, more in (
        (ed25519.Ed25519PrivateKey.generate(), ()),
        (rsa.generate_private_key(65_537, 2_048), (padding.PKCS1v15(), SHA256())),
    ):
        path.write_text(f'key = "{KEY}"\nsecret = """{pem(key)}"""\n')
        path.chmod(0o600)
        pair = load_pair("v", f"file:{path}", tmp_path)
        signed = pair.signed("binance-spot", "GET", "/api/v3/openOrders", FIELDS)
        key.public_key().verify(base64.b64decode(signed.signature), signed.payload.encode(), *more)
        assert "=" not in signed.query.partition("&signature=")[2], "escaped"
    for text, why in ((pem(ec.generate_private_key(ec.SECP256R1())), "neither"), ("-----BEGIN NOTHING", "no private")):
        path.write_text(f'key = "{KEY}"\nsecret = """{text}"""\n')
        with pytest.raises(UserError, match=why) as error:
            load_pair("v", f"file:{path}", tmp_path)
        assert "BEGIN" not in str(error.value)


def test_a_pair_leaves_its_process_in_no_form():
    pair = Pair(KEY, SECRET)
    assert SECRET not in f"{pair}{pair!r}{[pair]}"
    with pytest.raises(TypeError):
        pickle.dumps(pair)
