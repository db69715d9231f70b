"""How to verify without us: what can be proved, a receipt verified in the reader's own browser, keys, commands.

Nothing that is verified on the page is sent anywhere: ``static/verify.js`` computes it. Without a script the page is a
guide.
"""

from typing import Any

from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.language.catalogue import mark as _
from boyau.proofs.note import Verifier
from boyau.service.problems import Problem
from boyau.web.pages import Asked, Page

router = APIRouter(include_in_schema=False)
WORDS = {
    "good": _("It holds: entry {entry} is one of the first {size}, as the log's key signed."),
    "bad": _("It does not hold. Do not rely on it."),
    "half": _("The proof holds, but nobody whom you trust has signed it."),
    "no_form": _("This is no receipt: {reason}."),
    "no_crypto": _("This browser cannot check Ed25519 signatures. Check the receipt with the command below."),
    "no_secure": _("Browsers compute hashes on secure pages only (https). Check the receipt with the command below."),
    "fetch": _("The receipt could not be fetched: {reason}"),
    "not_json": _("it is not JSON"),
    "fields": _("a receipt of version 1 has other fields"),
    "shape": _("its digits, its hexadecimal or its base64 are not written as in a receipt"),
    "note": _("its checkpoint is not a signed note"),
    "step_read": _("Read the receipt"),
    "read": _("Entry {entry}, version 1; the entry itself has {bytes} bytes."),
    "step_key": _("Who signed the checkpoint"),
    "key_site": _("Signed by {name} ({id}). This site names that key: compare it with one from elsewhere."),
    "key_own": _("Signed by {name} ({id}), the key that you gave."),
    "key_none": _("Signed by {names}, and by no key that is trusted here."),
    "key_other": _("The key {name} did not sign the log at {size} entries; another one did."),
    "signature_bad": _("The signature of {name} does not fit the checkpoint: its text or the signature was changed."),
    "witness_good": _("Cosigned by the witness {name}, who saw this checkpoint on {time}."),
    "witness_bad": _("The cosignature of {name} does not fit the checkpoint."),
    "witness_unknown": _("Also signed by {names}: not checked, for their keys are not known here."),
    "step_leaf": _("Hash the entry"),
    "leaf": _("SHA-256 over a zero byte, the kind, the salt, the time and the entry gives {hash}."),
    "step_path": _("Climb the tree"),
    "path": _("{levels} hashes of neighbours lead from the entry to the root {hash}."),
    "path_long": _("The proof is too long for a tree of {size} entries."),
    "path_short": _("The proof is too short for a tree of {size} entries."),
    "outside": _("Entry {entry} lies outside a tree of {size} entries."),
    "path_bad": _(
        "They lead to another root than the checkpoint's: the entry, its salt, its time or the proof was changed."
    ),
    "root": _("That is the root in the checkpoint."),
    "level": _("level {number}"),
    "left": _("neighbour on the left"),
    "right": _("neighbour on the right"),
    "leaf_name": _("this entry"),
    "root_name": _("root"),
    "step_page": _("Compare with this page"),
    "page_same": _("What this page says is what the sealed bytes say, {number} fields."),
    "page_lies": _("This page says otherwise than the sealed bytes: {fields}."),
    "page_other": _("This is the receipt of another entry: {entry}, not {other}."),
    "field": _("field"), "sealed": _("in the sealed bytes"), "shown": _("on this page"), "same": _("same"),
    "differs": _("differs"), "says": _("What the entry says"),
}  # fmt: skip
FIELD_WORDS = {
    "entry": _("entry"), "time": _("journal time"), "kind": _("kind"), "amount": _("amount"),
    "debit": _("number of the paying account"),
    "credit": _("number of the receiving account"), "item": _("what is bought"), "quantity": _("quantity"),
    "region": _("region of delivery"), "date": _("date"), "document": _("document"), "id": _("id"),
    "ref": _("refers to"), "subject": _("number of the act"), "result": _("answer of the ledger"),
    "expires": _("ends on"),
}  # fmt: skip


def script_facts(page: Page) -> dict[str, Any]:
    """Return what ``static/verify.js`` needs: its words, and the log's keys with the entry each signs after."""

    def look(book: Book) -> list[dict[str, Any]]:
        keys = book.ledger.registry.log_keys.keys
        return [{"key": str(Verifier(one.name, bytes.fromhex(one.key))), "after": one.entry} for one in keys]

    words = {name: page.words.text(source) for name, source in WORDS.items()}
    fields = {name: page.words.text(source) for name, source in FIELD_WORDS.items()}
    return {"words": words, "fields": fields, "keys": page.reader.ask(look)}


@router.get("/verify")
def verify(page: Asked) -> Response:
    """Return the page on how to verify without us."""
    newest = page.reader.sealed.signed()
    facts = script_facts(page)
    entries = page.reader.rows.entries
    log = {name for name, _rest in (one["key"].split("+", 1) for one in facts["keys"])}
    witnesses = [one for one in newest.signers if one[0] not in log] if newest else []
    return page.render(
        "verify.html", newest=newest, script=facts, entries=entries, witnesses=witnesses,
        note=str(newest.note) if newest else "",
    )  # fmt: skip


@router.get("/verify/checkpoint")
def checkpoint(page: Asked) -> Response:
    """Return the newest signed checkpoint as witnesses and monitors take it: a signed note (C2SP)."""
    newest = page.reader.sealed.signed()
    if newest is None:
        raise Problem(404, "not-covered", page.words.text("No checkpoint is signed yet."))
    return Response(str(newest.note), 200, {"Cache-Control": "no-cache"}, "text/plain; charset=utf-8")
