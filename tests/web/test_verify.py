"""Receipts verified in the reader's own browser: what holds, and every way in which one does not."""

import base64
import json

import pytest

from boyau.codec import ROWS
from boyau.journal.log import Log
from boyau.proofs.note import COSIGNATURE, Note, NoteError, Verifier, cosign, sign
from boyau.proofs.receipt import Receipt
from boyau.proofs.tree import ProofError
from boyau.stores import open_store
from tests.web.site import LANGUAGES, LOG_KEY, PHONE, WIDE, WITNESS, WITNESS_KEY, Look, Signer

OTHER_KEY = Signer(9)
VERDICT = "#verified [data-verdict]"


@pytest.fixture(scope="module")
def receipts(site):
    """Receipts of a payment and of records, made from the store alone; and of every place at the tree's edges."""
    store = open_store(site.ledger, write=False)
    log = Log(store)
    rows = next(batch.first + 1 for batch in store.batches() if batch.kind == ROWS and batch.count > 2)
    out = {entry: log.receipt(entry) for entry in (0, 1, rows, site.signed // 2, site.signed - 2, site.signed - 1)}
    store.close()
    return rows, out


@pytest.fixture(scope="module")
def browser_page(browser, site):
    """A page with the verifier, which computes without showing."""
    here = Look(browser, site, "en")
    here.go("/verify")

    def verify(text, keys=(site.log_key,), after=None):
        ruled = [{"key": key, "after": 0 if after is None else after} for key in keys]
        return here.page.evaluate(
            "([text, keys]) => window.boyauVerify.verify(text, { keys }).then((one) => [one.verdict, one.reason])",
            [text, ruled],
        )

    yield verify
    here.close()


def python_holds(text, keys):
    """The verdict of the verifier that everybody has: ``boyau verify``."""
    try:
        Receipt.from_json(text.encode()).verify([Verifier.read(key) for key in keys])
    except (ProofError, NoteError):
        return False
    return True


def test_what_holds_for_the_command_holds_in_the_browser(site, receipts, browser_page):
    for receipt in receipts[1].values():
        assert python_holds(receipt.to_json(), [site.log_key])
        assert browser_page(receipt.to_json()) == ["good", "good"]


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def changed(receipt, what):
    """Return a receipt with one byte, one proof hash or one signature other than it was."""
    value = json.loads(receipt.to_json())
    note = receipt.note
    if what == "data":
        if receipt.kind == ROWS:
            value["data"] = flipped(receipt.data, 32).hex()
        else:
            value["data"] = value["data"].replace(":", ": ", 1)
    elif what == "salt":
        value["salt"] = flipped(receipt.salt, 3).hex()
    elif what == "time":
        value["time"] = str(receipt.time + 1)
    elif what == "entry":
        value["entry"] = receipt.entry ^ 1
    elif what == "proof":
        value["proof"][0] = base64.b64encode(flipped(receipt.proof[0], 31)).decode()
    elif what == "short":
        value["proof"] = value["proof"][:-1]
    elif what == "long":
        value["proof"] = [*value["proof"], value["proof"][0]]
    elif what == "root":
        lines = note.text.split("\n")
        lines[2] = base64.b64encode(flipped(base64.b64decode(lines[2]), 0)).decode()
        value["checkpoint"] = str(Note("\n".join(lines), note.signatures))
    elif what == "size":
        value["checkpoint"] = value["checkpoint"].replace(
            f"\n{receipt.checkpoint.size}\n", f"\n{receipt.checkpoint.size + 1}\n"
        )
    elif what == "signature":
        first = (*note.signatures[0][:2], flipped(note.signatures[0][2], 5))
        value["checkpoint"] = str(Note(note.text, (first, *note.signatures[1:])))
    elif what == "other key":
        value["checkpoint"] = str(sign(Note(note.text), note.signatures[0][0], OTHER_KEY))
    elif what == "kind":
        value["kind"] = "record" if receipt.kind == ROWS else "row"
    return json.dumps(value, ensure_ascii=False)


TAMPERED = {
    "data": "path_bad", "salt": "path_bad", "time": "path_bad", "entry": "path_bad", "proof": "path_bad",
    "short": "path_short", "long": "path_long", "root": "signature_bad", "size": "signature_bad",
    "signature": "signature_bad", "other key": "key_none",
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_one_changed_byte_is_refused_with_the_right_sentence(site, receipts, browser_page, what):
    payment, all_of_them = receipts
    text = changed(all_of_them[payment], what)
    assert not python_holds(text, [site.log_key])
    verdict, reason = browser_page(text)
    assert verdict in ("bad", "half")
    assert reason == TAMPERED[what]
    assert (verdict == "half") == (what == "other key"), "the proof holds, whoever signed it"


@pytest.mark.parametrize("what", ["data", "proof", "root", "signature"])
def test_a_changed_record_is_refused_too(site, receipts, browser_page, what):
    text = changed(receipts[1][1], what)
    assert not python_holds(text, [site.log_key])
    assert browser_page(text)[0] == "bad"


def test_every_byte_of_a_payment_counts(site, receipts, browser_page):
    """Each of its 128 bytes, of the salt and of the proof's first hash: the browser refuses what the command does."""
    payment, all_of_them = receipts
    receipt = all_of_them[payment]
    value = json.loads(receipt.to_json())
    for place in range(0, 128, 7):
        text = json.dumps(value | {"data": flipped(receipt.data, place).hex()})
        assert browser_page(text) == ["bad", "path_bad"], place
    for place in range(16):
        assert browser_page(json.dumps(value | {"salt": flipped(receipt.salt, place).hex()}))[0] == "bad"


MALFORMED = {
    "": "not_json", "{": "not_json", "[]": "fields", "null": "fields", '{"receipt":1}': "fields", "7": "fields",
}  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_receipt_is_told_so(browser_page, text):
    assert browser_page(text) == ["bad", "no_form"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("receipt", 2), ("entry", -1), ("entry", "1"), ("entry", 1.5), ("kind", "rows"), ("kind", None), ("time", 5),
        ("time", "05"), ("time", "9" * 19), ("salt", "00"), ("salt", "ZZ" * 16), ("data", "00" * 127), ("data", None),
        ("data", "0" * 255), ("proof", "x"), ("proof", ["!!"]), ("proof", ["AAAA"]), ("proof", ["A" * 43]),
        ("proof", ["A" * 44] * 125), ("checkpoint", ""), ("checkpoint", "a\n\n"), ("checkpoint", None),
        ("more", 1),
    ],
)  # fmt: skip
def test_a_field_of_another_form_is_refused_before_anything_is_computed(site, receipts, browser_page, field, value):
    payment, all_of_them = receipts
    text = json.dumps(json.loads(all_of_them[payment].to_json()) | {field: value})
    assert not python_holds(text, [site.log_key])
    assert browser_page(text) == ["bad", "no_form"]


def test_base64_that_decodes_alike_but_is_written_otherwise_is_refused(site, receipts, browser_page):
    """The last letter of 32 bytes carries two bits that nobody reads: another letter there is another receipt."""
    payment, all_of_them = receipts
    value = json.loads(all_of_them[payment].to_json())
    one = value["proof"][0]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    value["proof"][0] = one[:-2] + letters[letters.index(one[-2]) ^ 1] + "="
    assert base64.b64decode(value["proof"][0]) == base64.b64decode(one)
    assert not python_holds(json.dumps(value), [site.log_key])
    assert browser_page(json.dumps(value)) == ["bad", "no_form"]


def test_a_key_signs_only_what_came_after_it(site, receipts, browser_page):
    """A key that was recorded after these entries did not sign them, whatever the signature says."""
    text = receipts[1][1].to_json()
    assert browser_page(text, after=site.signed + 5)[1] == "key_other"
    later = str(Verifier("later", OTHER_KEY.public_key))
    assert browser_page(text, keys=[site.log_key, later])[1] == "key_other"


# ---- the pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "width"), [("kk", PHONE), ("ru", WIDE), ("en", PHONE)])
def test_a_button_on_the_payment_verifies_it_and_compares_the_page(look, receipts, language, width):
    payment = receipts[0]
    here = look(language, width=width)
    here.go(f"/e/{payment}")
    here.page.click("#verify-entry")
    here.page.wait_for_selector(VERDICT, timeout=15_000)
    assert here.page.get_attribute(VERDICT, "data-verdict") == "good"
    rows = here.page.locator("#verified table tbody tr")
    assert rows.count() >= 8
    here.check()
    here.accessible()
    here.page.locator("#verified details").evaluate("(one) => { one.open = true; }")
    here.picture("verified")


@pytest.mark.parametrize("proved", ["amount", "date", "entry", "debit", "id"])
def test_a_lying_page_is_found_out(look, receipts, proved):
    """Somebody changes one figure that the page shows; the receipt is the real one."""
    here = look("ru")
    here.go(f"/e/{receipts[0]}")
    here.page.evaluate(
        "(name) => { const one = [...document.querySelectorAll(`[data-proved=${name}]`)].at(-1);"
        " one.textContent = one.textContent.replace(/[0-9](?=[^0-9]*$)/, (digit) => (Number(digit) + 1) % 10); }",
        proved,
    )
    here.page.click("#verify-entry")
    here.page.wait_for_selector(VERDICT, timeout=15_000)
    assert here.page.get_attribute(VERDICT, "data-verdict") == "bad"
    assert here.page.get_attribute(VERDICT, "data-reason") == "page_lies"


def test_a_page_that_leaves_a_figure_out_is_found_out(look, receipts):
    here = look("en")
    here.go(f"/e/{receipts[0]}")
    here.page.evaluate("document.querySelectorAll('[data-proved=amount]').forEach((one) => one.remove()); null")
    here.page.click("#verify-entry")
    here.page.wait_for_selector(VERDICT, timeout=15_000)
    assert here.page.get_attribute(VERDICT, "data-reason") == "page_lies"


def test_the_receipt_of_another_entry_is_found_out(look, site, receipts):
    payment = receipts[0]
    here = look("en")
    here.page.route(f"**/e/{payment}/receipt", lambda route: route.fulfill(body=receipts[1][0].to_json()))
    here.go(f"/e/{payment}")
    here.page.click("#verify-entry")
    here.page.wait_for_selector(VERDICT, timeout=15_000)
    assert here.page.get_attribute(VERDICT, "data-reason") == "page_other"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_is_pasted_and_nothing_is_sent(look, site, receipts, language):
    here = look(language)
    text = here.go("/verify")
    assert site.log_key in text
    assert WITNESS in text
    here.accessible()
    asked = []
    here.page.on("request", lambda request: asked.append(request.url))
    here.page.fill("#receipt", receipts[1][receipts[0]].to_json())
    here.page.click("#verify-form button")
    here.page.wait_for_selector(VERDICT, timeout=15_000)
    assert here.page.get_attribute(VERDICT, "data-verdict") == "good"
    assert asked == []
    here.picture("verify")


def test_a_link_or_a_number_is_enough_and_a_file_is_read(look, site, receipts, tmp_path):
    payment = receipts[0]
    here = look("en", width=PHONE)
    here.go("/verify")
    for told in (f"{site.url}/e/{payment}", str(payment)):
        here.page.fill("#receipt", told)
        here.page.click("#verify-form button")
        here.page.wait_for_function("() => document.querySelector('#receipt').value.startsWith('{')", timeout=15_000)
        here.page.wait_for_selector(f"{VERDICT}[data-verdict=good]", timeout=15_000)
    file = tmp_path / "changed.json"
    file.write_text(changed(receipts[1][payment], "data"), encoding="utf-8")
    here.page.set_input_files("#file", str(file))
    here.page.wait_for_function("() => document.querySelector('#receipt').value.includes('salt')", timeout=15_000)
    here.page.click("#verify-form button")
    here.page.wait_for_selector(f"{VERDICT}[data-verdict=bad]", timeout=15_000)
    here.picture("verify-bad")


def test_a_key_from_elsewhere_decides_and_that_of_the_site_no_longer_counts(look, site, receipts):
    """With the right key and the witness's it holds; with another log's key nobody who is trusted has signed."""
    here = look("en")
    here.go("/verify")
    here.page.fill("#receipt", receipts[1][receipts[0]].to_json())
    here.page.click("#verify-form summary")
    for keys, verdict in (
        (f"{site.log_key}\n{site.witness_key}", "good"),
        (str(Verifier("other", OTHER_KEY.public_key)), "half"),
        (site.log_key[:-5] + "AAAA=", "none"),
    ):
        here.page.fill("#keys", keys)
        here.page.click("#verify-form button")
        here.page.wait_for_selector(f"{VERDICT}[data-verdict={verdict}]", timeout=15_000)
        if verdict == "good":
            told = here.page.inner_text("#verified")
            assert "the key that you gave" in told
            assert f"Cosigned by the witness {WITNESS}" in told


def test_a_false_cosignature_is_refused(look, site, receipts):
    receipt = receipts[1][receipts[0]]
    note = sign(Note(receipt.note.text), receipt.note.signatures[0][0], LOG_KEY)
    forged = cosign(note, WITNESS, WITNESS_KEY, 5)
    name, key, signature = forged.signatures[1]
    forged = Note(forged.text, (forged.signatures[0], (name, key, flipped(signature, 70))))
    text = json.dumps(json.loads(receipt.to_json()) | {"checkpoint": str(forged)})
    here = look("en")
    here.go("/verify")
    told = here.page.evaluate(
        "([text, keys, given]) => window.boyauVerify.verify(text, { keys, given }).then((one) => one.reason)",
        [text, [{"key": site.log_key, "after": 0}], [str(Verifier(WITNESS, WITNESS_KEY.public_key, COSIGNATURE))]],
    )
    assert told == "witness_bad"


def test_a_browser_that_cannot_check_signatures_says_so(look, receipts):
    here = look("kk")
    here.page.add_init_script("SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('NotSupported'));")
    here.go(f"/e/{receipts[0]}")
    here.page.click("#verify-entry")
    here.page.wait_for_selector(VERDICT, timeout=15_000)
    assert here.page.get_attribute(VERDICT, "data-reason") == "no_crypto"
    assert here.page.get_attribute(VERDICT, "data-verdict") == "none"


def test_without_javascript_it_is_a_guide(look, site):
    here = look("ru", java_script_enabled=False)
    here.page.goto(site.url + "/verify")
    text = here.page.inner_text("main")
    assert "boyau verify" in text
    assert site.log_key in text
    assert not here.page.locator("#verify-form").is_visible()


def test_the_newest_checkpoint_is_handed_out_as_it_is_kept(look, site):
    answer = look("en").context.request.get(f"{site.url}/verify/checkpoint")
    note = Note.read(answer.text())
    assert note.verified([Verifier.read(site.log_key), Verifier.read(site.witness_key)])
    assert note.text.split("\n")[1] == str(site.signed)
