"""Evidence is signed by whom it may be signed, and asked of somebody, until some day, always."""

import datetime as dt

import pytest

from boyau import codec
from boyau.journal import keys, signing
from boyau.ledger import RecordRefused, approvals
from tests.page import Page

INSPECTED = {
    "type": "colour",
    "colour": "kz/road",
    "rules": {"payees": {"classes": ["contractor", "supplier"]}, "hops": 2, "evidence": ["quality"]},
}


@pytest.fixture
def page(tmp_path):
    page = Page()
    page.record(
        INSPECTED,
        {"type": "participant", "participant": "lab", "classes": ["laboratory"]},
        {"type": "participant", "participant": "ministry", "classes": ["ministry"]},
        {"type": "participant", "participant": "court", "classes": ["court"]},
        {"type": "subject", "subject": "km-17", "colour": "kz/road", "amount": "500.00"},
    )
    page.check("""
        I1 issue issuer@kz -> budget@kz                      1000.00 : posted
        A1 allocate budget@kz -> budget@kz/road              1000.00 : posted
    """)
    page.key = tmp_path / "lab.key"
    page.lab = keys.make_open_key(page.key).hex()
    return page


def signed(page, moment=None, **fields):
    record = {"type": "attestation", "condition": "quality", "subject": "km-17", "by": "lab", **fields}
    moment = moment or dt.datetime.fromtimestamp(page.at // 1_000_000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return signing.sign(record, page.key, moment)


def register(page, **fields):
    page.record({"type": "key", "participant": "lab", "key": page.lab, "conditions": ["quality"], **fields})


def test_a_condition_with_a_key_counts_only_when_signed(page):
    register(page)
    unsigned = {"type": "attestation", "condition": "quality", "subject": "km-17", "by": "ministry"}
    assert page.refused(unsigned).code == "signature_missing"
    assert page.refused(signed(page, by="ministry")).code == "signature_invalid"
    forged = signed(page) | {"subject": "km-17", "withdrawn": True}
    assert page.refused(forged).code == "signature_invalid"
    page.check("""
        P1 pay budget@kz/road -> asphalt@KZT 100.00 subject=km-17 : evidence_missing
    """)
    page.record(signed(page))
    page.check("""
        P1 pay budget@kz/road -> asphalt@KZT 100.00 subject=km-17 : posted
        P2 pay budget@kz/road -> asphalt@KZT 400.01 subject=km-17 : subject_exceeded
        P3 pay budget@kz/road -> asphalt@KZT 400.00 subject=km-17 : posted
    """)


def test_a_withdrawn_word_cannot_be_told_again_by_who_kept_it(page):
    register(page)
    kept = signed(page)
    page.record(kept)
    page.wait(hours=1)
    page.record(signed(page, withdrawn=True))
    assert page.refused(kept).code == "attestation_old"
    page.check("""
        P1 pay budget@kz/road -> asphalt@KZT 100.00 subject=km-17 : evidence_missing
    """)


def test_a_key_counts_on_its_days_for_its_conditions_and_its_colour(page):
    register(page, until="2026-11-25", colour="kz/rail")
    assert page.refused(signed(page)).code == "issuer_scope"
    register(page, until="2026-11-25", conditions=["weather"])
    assert page.refused(signed(page)).code == "issuer_scope"
    register(page, until="2026-11-25")
    assert page.refused(signed(page, moment="2026-12-24T00:00:00Z")).code == "date_future"
    page.wait(days=2)
    assert page.refused(signed(page)).code == "key_expired"
    assert page.refused(signed(page, moment="2026-11-24T12:00:00Z")).code == "key_expired"  # and not by a past date


def test_what_was_attested_before_a_key_was_revoked_stands(page):
    register(page)
    page.record(signed(page))
    register(page, until="2026-11-23")
    page.check("""
        P1 pay budget@kz/road -> asphalt@KZT 100.00 subject=km-17 : posted
    """)
    assert page.refused(signed(page, withdrawn=True)).code == "key_expired"


ASKED = {
    "type": "request",
    "request": "R1",
    "condition": "quality",
    "colour": "kz/road",
    "subject": "km-17",
    "by": "builder",
    "owner": "lab",
    "days": 10,
    "escalation": [{"owner": "ministry", "days": 5}, {"owner": "court", "days": 30}],
}


def standing(page):
    request = page.book.ledger.registry.evidence.requests["R1"]
    today = page.at // 86_400_000_000
    step, deadline, _ = request.standing(today)
    return step.owner, deadline - today, request.state


def test_an_unanswered_request_passes_on_by_journal_time_and_always_has_an_owner(page):
    page.record(ASKED)
    assert standing(page) == ("lab", 10, "open")
    page.wait(days=11)
    assert standing(page) == ("ministry", 4, "open")
    page.wait(days=5)
    assert standing(page) == ("court", 29, "open")
    page.wait(days=100)
    assert standing(page) == ("court", -71, "open"), "overdue, but still somebody's"


def test_a_request_without_owner_or_deadline_is_refused(page):
    assert page.refused(ASKED | {"owner": "nobody"}).code == "owner_missing"
    assert page.refused(ASKED | {"days": 0}).code == "deadline_missing"
    assert page.refused({k: v for k, v in ASKED.items() if k != "days"}).code == "deadline_missing"
    assert page.refused(ASKED | {"condition": "weather"}).code == "condition_unasked"
    nameless = {k: v for k, v in ASKED.items() if k != "by"} | {"signature": "ab" * 64}
    assert (page.refused(nameless).code, page.refused(nameless).field) == ("field_missing", "by")
    page.record(ASKED)
    assert page.refused(ASKED).code == "request_made"


def test_a_denial_can_be_appealed_until_the_last_owner(page):
    denial = {"type": "denial", "request": "R1", "by": "lab", "reason": "compaction 0.91"}
    appeal = {"type": "appeal", "request": "R1", "by": "builder", "reason": "sampled beside the road"}
    page.record(ASKED)
    assert page.refused(appeal).code == "appeal_early"
    assert page.refused(denial | {"by": "ministry"}).code == "not_owner"
    page.record(denial)
    assert page.refused(denial).code == "request_closed"
    page.record(appeal)
    assert standing(page) == ("ministry", 5, "open")
    page.record(denial | {"by": "ministry"}, appeal, denial | {"by": "court"})
    assert page.refused(appeal).code == "appeal_exhausted"
    page.record({"type": "attestation", "condition": "quality", "subject": "km-17", "by": "lab"})
    assert standing(page)[2] == "answered"


def test_keys_words_and_requests_survive_a_snapshot(page):
    from boyau.ledger import Ledger, snapshot

    register(page)
    page.record(signed(page), ASKED | {"subject": "km-17"})
    register(page, conditions=["weather"])  # "quality" is asked to be signed all the same, for good
    before = page.book.ledger
    after = Ledger(seed=before.seed)
    snapshot.load(after, snapshot.dump(before))
    snapshot.load_ids(after, *snapshot.ids_since(before, 0))
    assert after.state_hash() == before.state_hash()
    assert after.registry.evidence.signed == {"quality", "weather"}
    with pytest.raises(RecordRefused, match="128"):
        after.record({"type": "attestation", "condition": "quality", "subject": "km-17", "by": "ministry"}, after.time)


def test_an_attestation_answers_what_it_is_about_in_a_restored_ledger_too(page):
    from boyau.ledger import Ledger, snapshot

    page.record({"type": "subject", "subject": "km-18", "colour": "kz/road", "amount": "5.00"})
    page.record(ASKED, ASKED | {"request": "R2", "subject": "km-18"}, ASKED | {"request": "R3", "subject": ""})

    def answered(ledger):
        return {name for name, one in ledger.registry.evidence.requests.items() if one.state == "answered"}

    restored = Ledger(seed=page.book.ledger.seed)
    snapshot.load(restored, snapshot.dump(page.book.ledger))
    told = {"type": "attestation", "condition": "quality", "by": "lab"}
    for ledger in (page.book.ledger, restored):
        ledger.record(told | {"subject": "km-18"}, ledger.time)
        assert answered(ledger) == {"R2"}
        ledger.record(ASKED | {"request": "R4", "subject": "km-18"}, ledger.time)
        assert answered(ledger) == {"R2"}, "what is asked again is answered by another word"
        ledger.record(told | {"colour": "kz/road"}, ledger.time)
        assert answered(ledger) == {"R1", "R2", "R3", "R4"}
        ledger.record(told | {"colour": "kz/road", "withdrawn": True}, ledger.time)
        assert "R1" not in answered(ledger)


def test_what_is_signed_and_approved_is_the_journals_own_canonical_form():
    record = {"type": "note", "б": ["ә", 1, None], "a": {"z": True, "b": "\u2028"}}
    assert approvals.canonical(record) == codec.canonical(record)
