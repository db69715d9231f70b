"""Signers: keys in sealed files and in a real token (SoftHSM2); what is signed can be taken for nothing else."""

import ast
import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
import unicodedata
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau import codec
from boyau.cli.app import run
from boyau.journal import keys, pkcs11
from boyau.journal.keys import SignerError, make_key, make_open_key, open_signer, public_key
from boyau.journal.log import origin_of
from boyau.ledger import evidence, log_keys
from boyau.proofs.note import Checkpoint, Note, NoteError, Verifier, cosigned
from boyau.proofs.note import sign as sign_note
from tests.debian import needed

ROOT = Path(__file__).resolve().parents[1]
PHRASE = "correct horse battery"
CHEAP = 2**4
"""A cost for tests that are about the form and not about the cost."""
PIN = "271828"


@pytest.fixture
def cheap(monkeypatch):
    monkeypatch.setattr(keys, "SCRYPT_N", CHEAP)


@pytest.fixture
def sealed(tmp_path, cheap):
    make_key(tmp_path / "lab.key", PHRASE)
    return tmp_path / "lab.key"


def verified(public, signature, message):
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    return True


def refusal(call, *arguments):
    with pytest.raises(SignerError) as caught:
        call(*arguments)
    return str(caught.value)


# ---- files ----------------------------------------------------------------------------------------------------------


def test_a_sealed_key_at_full_cost(tmp_path):
    """The one test with the real scrypt: what it takes to guess once, and what the file says of it."""
    path = tmp_path / "lab.key"
    public = make_key(path, PHRASE)
    start = time.perf_counter()
    signer = open_signer(path, PHRASE)
    assert time.perf_counter() - start > 0.05, "a guess is dear"
    assert signer.public_key == public == public_key(path)
    assert verified(public, signer.sign(b"a word"), b"a word")
    fields = json.loads(path.read_bytes())
    assert (fields["n"], fields["r"], fields["p"]) == (131072, 8, 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_example_of_keys_md_by_a_second_reader(tmp_path):
    """What the page says is enough: read here with hashlib and json alone, and by the program."""
    text = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
    line = re.search(r"^```sealed\n(.*?\n)```$", text, re.MULTILINE | re.DOTALL)[1]
    phrase = re.search(r"The passphrase of this example is `([^`]+)`", text)[1]
    fields = json.loads(line)
    salt, nonce, seal = (bytes.fromhex(fields[name]) for name in ("salt", "nonce", "sealed"))
    secret = phrase.encode()
    key = hashlib.scrypt(secret, salt=salt, n=fields["n"], r=fields["r"], p=fields["p"], maxmem=2**28, dklen=32)
    outside = {name: value for name, value in fields.items() if name not in ("sealed", "check")}
    covered = b"boyau sealed key 1\n" + json.dumps(outside, sort_keys=True, separators=(",", ":")).encode()
    private = ChaCha20Poly1305(key).decrypt(nonce, seal, covered)
    assert private.hex() == "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"  # RFC 8032, 7.1, TEST 1
    path = tmp_path / "k"
    path.touch(0o600)
    path.write_text(line, encoding="utf-8")
    signature = open_signer(path, unicodedata.normalize("NFD", phrase)).sign(b"")
    assert signature.hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cn"])  # NFC is fixed for assigned characters only
CYRILLIC = st.sampled_from("абвгґдеёжзийіқңғүұһөӘäéй ")


@settings(max_examples=60)
@given(phrase=st.text(LETTERS | CYRILLIC, min_size=24, max_size=60), other=st.text(LETTERS | CYRILLIC, max_size=60))
def test_whatever_is_sealed_opens_with_its_passphrase_and_no_other(phrase, other):
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(keys, "SCRYPT_N", CHEAP)
        path = Path(folder) / "k"
        public = make_key(path, unicodedata.normalize("NFC", phrase))
        for form in (phrase, *(unicodedata.normalize(one, phrase) for one in ("NFC", "NFD"))):
            assert open_signer(path, form).public_key == public, "typed as one character or two, it is the same letter"
        if unicodedata.normalize("NFC", other) != unicodedata.normalize("NFC", phrase):
            assert "does not open" in refusal(open_signer, path, other)


def test_every_byte_of_a_sealed_key_counts(sealed):
    """Any bit flipped is found without a guess at the passphrase; a forged check is found by the seal."""
    whole = sealed.read_bytes()
    public = public_key(sealed)
    for at in range(len(whole)):
        for bit in range(8):
            sealed.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            assert re.search("damaged|no private key", refusal(open_signer, sealed, PHRASE))
            assert re.search("damaged|no private key", refusal(public_key, sealed))
    for cut in (whole[:-1], whole + b"\n", whole[:100], b" " + whole, b""):
        sealed.write_bytes(cut)
        refusal(open_signer, sealed, PHRASE)
    sealed.write_bytes(whole)
    assert open_signer(sealed, PHRASE).public_key == public


@pytest.mark.parametrize("name", ["public", "salt", "nonce", "sealed"])
def test_whoever_mends_the_check_still_meets_the_seal(sealed, name):
    fields = json.loads(sealed.read_bytes())
    for at in range(0, len(fields[name]), 7):
        forged = dict(fields)
        forged[name] = fields[name][:at] + f"{int(fields[name][at], 16) ^ 1:x}" + fields[name][at + 1 :]
        del forged["check"]
        sealed.write_bytes(codec.canonical(forged | {"check": keys._check(forged)}) + b"\n")
        assert "does not open" in refusal(open_signer, sealed, PHRASE)


@pytest.mark.parametrize("change", [{"n": 2}, {"n": 2**40}, {"p": 9}, {"form": "boyau sealed key 2"}, {"more": 1}])
def test_a_file_cannot_weaken_its_seal_nor_ask_for_all_memory(sealed, change):
    fields = json.loads(sealed.read_bytes()) | change
    del fields["check"]
    sealed.write_bytes(codec.canonical(fields | {"check": keys._check(fields)}) + b"\n")
    assert "does not know" in refusal(open_signer, sealed, PHRASE)


def test_a_seal_over_the_wrong_public_key_is_found(sealed, monkeypatch):
    """Whoever knows the passphrase could seal a file that shows another's key and signs with its own."""
    other = bytes(range(32))
    monkeypatch.setattr(keys, "_frame", lambda _, *rest, frame=keys._frame: frame(other, *rest))
    sealed.write_bytes(keys._sealed(keys._new_key(), PHRASE))
    assert public_key(sealed) == other
    assert "not that of its private key" in refusal(open_signer, sealed, PHRASE)


def test_a_passphrase_is_long_and_a_wrong_one_is_refused(sealed, tmp_path):
    assert "at least 12" in refusal(make_key, tmp_path / "new", "eleven char")
    assert not (tmp_path / "new").exists()
    make_key(tmp_path / "twelve", "құпиясөз-қыс")
    assert "does not open" in refusal(open_signer, sealed, PHRASE + " ")
    assert "no passphrase" in refusal(open_signer, sealed)
    assert "UTF-8" in refusal(open_signer, sealed, "twelve chars\udcff")
    asked = []
    assert open_signer(sealed, lambda: asked.append(1) or PHRASE).public_key == public_key(sealed)
    assert asked == [1], "asked once"


def test_open_keys_of_old_stay_readable(tmp_path):
    path = tmp_path / "old.key"
    public = make_open_key(path)
    assert re.fullmatch(rb"[0-9a-f]{64}\n", path.read_bytes())
    assert open_signer(path, lambda: pytest.fail("asked for nothing")).public_key == public == public_key(str(path))
    path.write_text(path.read_text().upper())
    assert public_key(path) == public


def test_a_key_is_never_overwritten_and_never_left_half_written(sealed, tmp_path, monkeypatch):
    before = sealed.read_bytes()
    assert "never overwritten" in refusal(make_key, sealed, PHRASE)
    assert "never overwritten" in refusal(make_open_key, sealed)
    assert sealed.read_bytes() == before
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        make_key(tmp_path / "full.key", PHRASE)
    assert not (tmp_path / "full.key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_secret_that_others_may_use_is_refused(sealed, tmp_path, mode):
    sealed.chmod(mode)
    told = refusal(open_signer, sealed, PHRASE)
    assert f"chmod 600 {sealed}" in told
    assert told == refusal(public_key, sealed)
    phrase = tmp_path / "phrase"
    phrase.write_text(PHRASE)
    phrase.chmod(mode)
    assert "chmod 600" in refusal(keys.read_passphrase, phrase)


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "one line"), (b"\n", "one line"), (b"two\nlines\n", "one line"), (b"\xff", "UTF-8")]
)
def test_a_file_with_a_passphrase_holds_one_line(tmp_path, content, told):
    path = tmp_path / "phrase"
    path.touch(0o600)
    path.write_bytes(content)
    assert told in refusal(keys.read_passphrase, path)
    path.write_bytes("бір құпия сөз \r\n".encode())
    assert keys.read_passphrase(path) == "бір құпия сөз ", "blanks belong to it"


def test_files_that_are_no_keys(tmp_path):
    assert "no file" in refusal(open_signer, tmp_path / "none")
    assert "folder" in refusal(open_signer, tmp_path)
    path = tmp_path / "k"
    path.touch(0o600)
    path.write_bytes(b"x" * 5000)
    assert "longer" in refusal(open_signer, path)
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    assert "no private key" in refusal(keys.is_sealed, path)


# ---- secrets --------------------------------------------------------------------------------------------------------


def test_no_secret_in_errors_representations_or_logs(sealed, token, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    wrong, tried = "wrong-wrong-wrong", []
    signer = open_signer(sealed, PHRASE)
    # Ways to fail with a secret in hand: of each, what a crash would print.
    ways = [
        (open_signer, sealed, wrong),
        (make_key, sealed, wrong),
        (make_key, sealed.parent / "new", wrong[:11]),
        (open_signer, token("lab"), "314159"),
        (open_signer, token("none"), PIN),
        (open_signer, token("lab") + "&pin-value=314159", None),
        (open_signer, token("lab") + "&pin-value=314159&pin-value=314159", None),
        (open_signer, token("lab") + "&pin-value=314159&x=1", None),
        (open_signer, token("lab") + "&pin-value=%3", None),
    ]
    for call, *arguments in ways:
        try:
            call(*arguments)
        except SignerError as error:
            tried.append("".join(traceback.format_exception(error)) + repr(error) + repr(error.values))
    assert len(tried) == len(ways)
    place = pkcs11.Place.read(token("lab") + f"&pin-value={PIN}")
    tried += [repr(signer), str(signer), repr(place), caplog.text, *capsys.readouterr()]
    private = signer._private.private_bytes_raw().hex()
    for secret in (PHRASE, wrong, wrong[:11], "314159", PIN, private):
        assert not any(secret in one for one in tried)
    assert signer.public_key.hex() in repr(signer)


def test_the_terminal_is_asked_and_shows_nothing(tmp_path):
    """A real terminal, both times: what is typed does not come back."""
    path = tmp_path / "lab.key"
    master, slave = os.openpty()
    command = [sys.executable, "-c", "from boyau.cli import main; main()", "key", str(path), "--language", "en"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("BOYAU_PASSPHRASE_FILE", None)
    # In a session of its own there is no /dev/tty: it reads standard input, which is a terminal.
    with subprocess.Popen(
        command, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, env=environment
    ) as process:
        said = b""
        for prompt in (b"characters: ", b"Once more: "):
            while not said.endswith(prompt):
                one = process.stderr.read(1)
                assert one, said.decode()
                said += one
            os.write(master, PHRASE.encode() + b"\n")
        out, rest = process.communicate(timeout=60)
    os.set_blocking(master, False)
    try:
        echoed = os.read(master, 1000)
    except (BlockingIOError, OSError):
        echoed = b""
    os.close(master)
    os.close(slave)
    assert process.returncode == 0, rest.decode()
    assert PHRASE.encode() not in echoed + said + out + rest
    assert open_signer(path, PHRASE).public_key.hex() == out.decode().strip()


# ---- a token --------------------------------------------------------------------------------------------------------

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


def softhsm():
    """Return SoftHSM2's library."""
    needed("softhsm2", "softhsm2-util")
    return next(one for one in MODULES if Path(one).exists())


@pytest.fixture(scope="session")
def token(tmp_path_factory):
    """A token with a key `lab`; returns how a key in it is named."""
    module = softhsm()
    folder = tmp_path_factory.mktemp("softhsm2")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))  # read once, when the library is loaded
        for label in ("Boyau казна", "twin", "twin"):
            command = [
                "softhsm2-util",
                "--init-token",
                "--free",
                "--label",
                label,
                "--pin",
                PIN,
                "--so-pin",
                "31415926",
            ]
            subprocess.run(command, check=True, capture_output=True)

        def uri(name, **more):
            path = {"token": "Boyau%20%D0%BA%D0%B0%D0%B7%D0%BD%D0%B0", "object": name, **more}
            return "pkcs11:" + ";".join(f"{k}={v}" for k, v in path.items()) + f"?module-path={module}"

        pkcs11.make_key(uri("lab"), PIN)
        yield uri


def raw(uri):
    """Open the token past our code, as another program would."""
    import pkcs11 as library

    place = pkcs11.Place.read(uri)
    return library.lib(place.module).get_token(token_label=place.token).open(rw=True, user_pin=PIN)


def test_a_token_signs_and_anybody_verifies(token):
    signer = open_signer(token("lab"), PIN)
    for message in (b"", b"a word", bytes(range(256)) * 256):
        assert verified(signer.public_key, signer.sign(message), message)
    with pytest.raises(InvalidSignature):
        verified(signer.public_key, signer.sign(b"a word"), b"another")
    note = sign_note(Note(str(Checkpoint("log.example", 5, bytes(32)))), "log.example", signer)
    (key,) = Note.read(str(note)).verified([Verifier("log.example", signer.public_key)])
    assert key.public_key == signer.public_key == public_key(token("lab"))
    assert repr(signer) == f"TokenSigner(Boyau казна, lab, {signer.public_key.hex()})"
    signer.close()


def test_what_is_made_in_a_token_stays_there(token):
    import pkcs11 as library

    session = raw(token("lab"))
    (private,) = session.get_objects(
        {library.Attribute.LABEL: "lab", library.Attribute.CLASS: library.ObjectClass.PRIVATE_KEY}
    )
    assert private[library.Attribute.NEVER_EXTRACTABLE]
    assert private[library.Attribute.ALWAYS_SENSITIVE]
    assert private[library.Attribute.LOCAL]
    session.close()
    assert "never overwritten" in refusal(pkcs11.make_key, token("lab"), PIN)


def test_what_is_wrong_with_a_token_is_told(token, tmp_path):
    assert "refuses this PIN" in refusal(open_signer, token("lab"), "314159")
    assert "refuses this PIN" in refusal(open_signer, token("lab"), "1")
    assert "none was given" in refusal(open_signer, token("lab"))
    assert "has no key none" in refusal(open_signer, token("none"), PIN)
    assert "has no key none" in refusal(public_key, token("none"), PIN)
    assert "has no key 01" in refusal(open_signer, token("lab").replace("object=lab", "id=%01"), PIN)
    assert "no token Safe" in refusal(open_signer, token("lab", token="Safe"), PIN)
    assert "several tokens" in refusal(open_signer, token("lab", token="twin"), PIN)
    assert "no token twin" in refusal(open_signer, token("lab", token="twin", serial="0"), PIN)
    assert "no file" in refusal(open_signer, f"pkcs11:token=t;object=o?module-path={tmp_path}/none.so", PIN)
    (tmp_path / "text.so").write_text("no library")
    assert "no library" in refusal(open_signer, f"pkcs11:token=t;object=o?module-path={tmp_path}/text.so", PIN)


def test_the_pin_comes_from_a_file_that_the_uri_names(token, tmp_path):
    pin = tmp_path / "pin"
    pin.touch(0o600)
    pin.write_text(PIN + "\n")
    for source in (f"file:{pin}", f"file://{pin}", pin):
        open_signer(f"{token('lab')}&pin-source={source}", lambda: pytest.fail("asked")).close()
    open_signer(f"{token('lab')}&pin-value={PIN}").close()
    pin.chmod(0o644)
    assert "chmod 600" in refusal(open_signer, f"{token('lab')}&pin-source={pin}")


def test_two_keys_of_one_token_in_one_process(token):
    pkcs11.make_key(token("one", id="%A1"), PIN)
    pkcs11.make_key(token("one", id="%A2"), PIN)
    assert "several keys one" in refusal(open_signer, token("one"), PIN)
    first, second = (open_signer(token("one", id=name), PIN) for name in ("%A1", "%a2"))
    assert first.public_key != second.public_key
    for signer in (first, second):
        assert verified(signer.public_key, signer.sign(b"a word"), b"a word")
    second.close()
    first.close()


def test_halves_that_do_not_belong_together_sign_nothing(token):
    import pkcs11 as library

    for name in ("mine", "theirs"):
        pkcs11.make_key(token(name), PIN)
    session = raw(token("mine"))
    for name, kind, new in (("mine", "PUBLIC_KEY", "gone"), ("theirs", "PUBLIC_KEY", "mine")):
        found = {library.Attribute.LABEL: name, library.Attribute.CLASS: library.ObjectClass[kind]}
        (one,) = session.get_objects(found)
        one[library.Attribute.LABEL] = new
    session.close()
    signer = open_signer(token("mine"), PIN)
    assert "does not fit its public key" in refusal(signer.sign, b"a word")
    signer.close()
    assert "has no key theirs" in refusal(open_signer, token("theirs"), PIN), "its public half was taken away"


def test_a_token_that_hides_its_public_keys_is_asked_with_the_pin(token):
    import pkcs11 as library

    pkcs11.make_key(token("hidden"), PIN)
    session = raw(token("hidden"))
    found = {library.Attribute.LABEL: "hidden", library.Attribute.CLASS: library.ObjectClass.PUBLIC_KEY}
    (shown,) = session.get_objects(found)
    hidden = shown.copy({library.Attribute.PRIVATE: True, library.Attribute.LABEL: "hidden"})
    shown.destroy()
    point = bytes(hidden[library.Attribute.EC_POINT])[2:]
    session.close()
    assert "has no key hidden" in refusal(public_key, token("hidden"))
    assert public_key(token("hidden"), PIN) == point
    signer = open_signer(token("hidden"), PIN)
    assert signer.public_key == point
    signer.close()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("TokenNotPresent", "no token T"),
        ("PinLocked", "is locked"),
        ("PinLenRange", "refuses this PIN"),
        ("MechanismInvalid", "does not sign with Ed25519"),
        ("DeviceError", "does not answer as it should: DeviceError"),
    ],
)
def test_errors_that_soft_tokens_seldom_give_are_told_too(name, told):
    from pkcs11 import exceptions

    place = pkcs11.Place.read("pkcs11:token=T;object=o?module-path=/m")
    assert told in str(pkcs11._said(getattr(exceptions, name)("with a secret"), place))


def test_a_session_that_was_ended_signs_no_more(token):
    signer = open_signer(token("lab"), PIN)
    signer.close()
    signer.close()
    assert "does not answer" in refusal(signer.sign, b"a word")


def test_without_the_library_it_is_said_what_to_install(token, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'boyau[hsm]'" in refusal(open_signer, token("lab"), PIN)
    assert "pip install 'boyau[hsm]'" in refusal(public_key, token("lab"))
    assert "pip install 'boyau[hsm]'" in refusal(pkcs11.make_key, token("lab"), PIN)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("pkcs11:", "lacks module-path"),
        ("pkcs11:object=o?module-path=/m", "lacks token"),
        ("pkcs11:token=t?module-path=/m", "lacks object"),
        ("pkcs11:token=t;object=?module-path=/m", "lacks object"),
        ("pkcs11:token=t;object=o", "lacks module-path"),
        ("pkcs11:token=t;object=o?module-path=m.so", "whole path"),
        ("pkcs11:token=t;object=o?module-path=/m&pin-source=|cat", "whole path"),
        ("pkcs11:token=t;object=o?module-name=softhsm2", "module-name is not read"),
        ("pkcs11:token=t;slot-id=1;object=o?module-path=/m", "slot-id is not read"),
        ("pkcs11:token=t;token=u;object=o?module-path=/m", "twice"),
        ("pkcs11:token=t;object=%zz?module-path=/m", "wrongly"),
        ("pkcs11:token=%ff;object=o?module-path=/m", "wrongly"),
        ("pkcs11:token;object=o?module-path=/m", "wrongly"),
        ("pkcs11:token=t;object=o;type=public?module-path=/m", "private key"),
    ],
)
def test_uris_that_name_no_key(uri, told):
    assert told in refusal(open_signer, uri)
    assert told in refusal(open_signer, uri.replace("pkcs11:", "PKCS11:"))


def test_a_token_on_the_command_line(token, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    pin, record = tmp_path / "pin", tmp_path / "in.ndjson"
    pin.touch(0o600)
    pin.write_text(PIN + "\n")
    record.write_text('{"type":"attestation","condition":"quality","subject":"km-17","by":"lab"}\n' * 3)
    made = token("inspector")
    assert run(["key", made, "--show", "--passphrase-file", str(pin)]) == 3
    assert "has no key inspector" in capsys.readouterr().err
    assert run(["key", made, "--passphrase-file", str(pin)]) == 0
    public = capsys.readouterr().out.strip()
    assert run(["key", made]) == 0
    assert capsys.readouterr().out.strip() == public, "shown, not made anew, and no PIN is asked for"
    monkeypatch.setenv("BOYAU_PASSPHRASE_FILE", str(pin))
    assert run(["sign", str(record), "--key", made]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 3
    assert all(evidence.verify(public, line) for line in lines)
    assert run(["sign", str(record), "--key", f"{made}&pin-value={PIN}"]) == 2
    told = capsys.readouterr().err
    assert "command line" in told
    assert PIN not in told


def test_how_many_signatures_a_second(token, tmp_path, capsys):
    """Measured and printed; what fails here is a signer that has become unusable, not a slow machine."""
    make_open_key(tmp_path / "k")
    message = evidence.message({"type": "attestation", "condition": "quality", "subject": "km-17", "by": "lab"})
    for name, signer in (("file", open_signer(tmp_path / "k")), ("token", open_signer(token("lab"), PIN))):
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < 0.5:
            signer.sign(message)
            count += 1
        rate = count / (time.perf_counter() - start)
        with capsys.disabled():
            print(f"\n{name}: {rate:,.0f} Ed25519 signatures a second", end="")
        assert rate > 50
    signer.close()


# ---- what is signed is taken for nothing else -----------------------------------------------------------------------

RECORDS = ("attestation", "request", "denial", "appeal", "proposal", "approval")
ROOT_HASH = bytes(range(32))


def stated():
    """Return the prefixes and tags of docs/keys.md, as bytes."""
    text = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
    part = text.split("## What is signed")[1]
    return {one.replace("\\n", "\n").encode() for one in re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE)}


def signed_forms():
    """Return messages of every form that is signed, made by the functions that make them, under their beginnings."""
    checkpoint = str(Checkpoint(origin_of(bytes(range(16))), 17, ROOT_HASH))
    new_key = {"type": "log_key", "number": 1, "key": "ab" * 32, "proof": "cd" * 64}
    return {
        b"boyau/ledger/": [Note(checkpoint).text.encode()],
        b"cosignature/v1\ntime ": [cosigned(checkpoint, 1_900_000_000)],
        b"boyau log key 1\n": [log_keys.message(new_key, proof=proof) for proof in (False, True)],
        b"boyau signed record 1\n": [evidence.message({"type": name, "by": "lab"}) for name in RECORDS],
    }


def test_every_signed_form_has_its_own_beginning():
    forms = signed_forms()
    for prefix, messages in forms.items():
        assert prefix in stated()
        for message in messages:
            assert [one for one in forms if message.startswith(one)] == [prefix]
    every = [message for messages in forms.values() for message in messages]
    assert len(set(every)) == len(every)


def test_no_prefix_or_tag_begins_another_and_all_are_stated():
    """A tag that the code uses and the page does not list is found here, and the other way round."""
    used = set()
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, bytes | str):
                text = node.value if isinstance(node.value, bytes) else node.value.encode()
                used |= {
                    found[0] for found in [re.match(rb"(boyau [a-z ]+ \d+\n|cosignature/v\d+\ntime )", text)] if found
                }
    listed = stated()
    assert used == listed - {b"boyau/ledger/"}, "docs/keys.md lists every beginning, and no other"
    assert not [(a, b) for a in listed for b in listed if a != b and b.startswith(a)]


def test_signatures_are_made_only_where_the_page_says():
    places = set()
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sign":
                places |= {path.relative_to(ROOT / "src/boyau").as_posix()} if len(node.args) == 1 else set()
    page = (ROOT / "docs/keys.md").read_text(encoding="utf-8").split("## What is signed")[1]
    assert {place for place in places if f"`{place}`" not in page} == set()


@given(
    origin=st.text(min_size=1) | st.sampled_from(["cosignature/v1", "boyau signed record 1"]),
    size=st.integers(0, 2**60),
)
def test_no_name_of_a_log_makes_its_checkpoint_something_else(origin, size):
    """Even a log that calls itself by another's prefix: its second line is a number, which begins no other form."""
    try:
        text = str(Checkpoint.read(str(Checkpoint(origin, size, ROOT_HASH))))
    except NoteError:
        return
    assert not text.encode().startswith((b"boyau signed record 1\n{", b"cosignature/v1\ntime "))
