"""A flag that acts: money is held, decisions cite entries, and what was prevented is counted once, for any day."""

import pytest

from boyau.ledger import Kind
from boyau.watch.dispositions import DispositionRefused, desk, dispose, raise_finding
from boyau.watch.money import read
from boyau.watch.prevented import Part, prevented
from tests.page import DAY, WORLD, Page

BIN_AGENCY, BIN_COURT = "agency", "prosecutor"
HOLD = {
    "basis": "Criminal Procedure Code, the operator names the article",
    "until": "2026-12-24",
    "appeal": "the court",
}
TWO = {"by": BIN_AGENCY, "approved_by": BIN_COURT}


@pytest.fixture
def page():
    people = [{"type": "participant", "participant": name} for name in (BIN_AGENCY, BIN_COURT)]
    page = Page(world=[*WORLD, *people])
    page.check("""
        T1 issue    issuer@kz -> budget@kz              10000.00                 : posted
        T2 allocate budget@kz -> budget@kz/road          8000.00                 : posted
        C1 commit   budget@kz/road -> builder@kz/road#1  1000.00 item=CPV:45.1   : posted
        C2 commit   budget@kz/road -> builder@kz/road#1   600.00 item=CPV:45.2   : posted
    """)
    return page


def entry(page, name):
    from boyau.journal.find import entry_number

    return entry_number(page.book, name)


def flagged(page, finding, hold, flag="R028"):
    page.at += DAY // 24
    return raise_finding(page.book, finding=finding, flag=flag, ocid="ocds-1", hold=entry(page, hold))


def decided(page, finding, *names, action="cancel"):
    page.at += DAY // 24
    entries = [entry(page, name) for name in names]
    return dispose(page.book, finding=finding, action=action, reason="collusion was proved", entries=entries, **TWO)


def amounts(page, as_of=None):
    return {one.finding: one.amount for one in prevented(desk(page.book), read(page.book), as_of)}


def refused(page, **said):
    with pytest.raises(DispositionRefused) as refusal:
        dispose(page.book, **said)
    return refusal.value.code


def test_the_baseline_is_what_was_left_when_the_flag_was_raised(page):
    page.check("P1 pay on C1 250.00 : posted")
    flagged(page, "F1", "C1")
    page.check("P2 pay on C1 50.00 : posted")
    (one,) = prevented(desk(page.book), read(page.book))
    assert one.baseline == Part(75_000, entry(page, "C1"))
    assert one.amount == 0, "a flag alone prevents nothing"


def test_only_what_a_decision_cites_is_credited_and_every_tenge_has_an_entry(page):
    flagged(page, "F1", "C1")
    page.check("""
        R1 release on C1 300.00 : posted
        R2 release on C1 100.00 : posted
    """)
    assert amounts(page) == {"F1": 0}, "a release alone is no decision"
    decided(page, "F1", "R1", action="cut")
    (one,) = prevented(desk(page.book), read(page.book))
    assert one.credited == (Part(30_000, entry(page, "R1")),)
    assert len(one.decisions) == 1
    for part in (*one.credited, one.baseline):
        assert read(page.book).entry(part.entry).kind in (Kind.COMMIT, Kind.RELEASE)


def test_a_cancelled_contract_credits_what_was_left_of_it(page):
    flagged(page, "F1", "C1")
    page.check("""
        P1 pay on C1 400.00 : posted
        V1 void on C1       : posted
    """)
    decided(page, "F1", "V1")
    assert amounts(page) == {"F1": 60_000}, "what was paid in the meantime was not prevented"


def test_two_findings_about_one_contract_are_credited_once(page):
    flagged(page, "F1", "C1", "R028")
    flagged(page, "F2", "C1", "R035")
    page.check("V1 void on C1 : posted")
    decided(page, "F2", "V1")
    assert (
        refused(page, finding="F1", action="cancel", reason="again", entries=[entry(page, "V1")], **TWO)
        == "entry_cited"
    )
    assert amounts(page) == {"F1": 0, "F2": 100_000}


def test_a_forged_second_citation_counts_nothing_twice(page):
    """Anybody who may write notes could write one past the desk: the sum stays."""
    flagged(page, "F1", "C1")
    flagged(page, "F2", "C1")
    page.check("V1 void on C1 : posted")
    decided(page, "F1", "V1")
    forged = {
        "type": "note",
        "note": "disposition",
        "finding": "F2",
        "action": "cancel",
        "entries": [entry(page, "V1")],
    }
    page.record(
        forged | TWO,
        forged | {"by": BIN_AGENCY},
        {"type": "note", "note": "finding", "finding": "F3", "hold_entry": "?"},
    )
    assert amounts(page) == {"F1": 100_000, "F2": 0}


def test_a_retender_of_the_same_plan_item_is_subtracted(page):
    flagged(page, "F1", "C1")
    page.check("V1 void on C1 : posted")
    decided(page, "F1", "V1")
    page.check("""
        C3 commit budget@kz/road -> builder@kz/road#1 700.00 item=CPV:45.1 : posted
        C4 commit budget@kz/road -> builder@kz/road#1 500.00 item=CPV:45.3 : posted
    """)
    (one,) = prevented(desk(page.book), read(page.book))
    assert one.subtracted == (Part(70_000, entry(page, "C3")),), "another item is another matter"
    assert one.amount == 30_000


def test_a_dearer_retender_leaves_nothing_and_never_less(page):
    flagged(page, "F1", "C1")
    page.check("V1 void on C1 : posted")
    decided(page, "F1", "V1")
    page.check("C3 commit budget@kz/road -> builder@kz/road#1 1500.00 item=CPV:45.1 : posted")
    assert amounts(page) == {"F1": 0}


def test_one_retender_is_subtracted_from_two_findings_only_once(page):
    page.check("C5 commit budget@kz/road -> builder@kz/road#1 1000.00 item=CPV:45.1 : posted")
    flagged(page, "F1", "C1")
    flagged(page, "F2", "C5")
    page.check("""
        V1 void on C1 : posted
        V2 void on C5 : posted
    """)
    decided(page, "F1", "V1")
    decided(page, "F2", "V2")
    page.check("C6 commit budget@kz/road -> builder@kz/road#1 1200.00 item=CPV:45.1 : posted")
    assert amounts(page) == {"F1": 0, "F2": 80_000}, "1,200 are bought again, of 2,000"


def test_credit_ends_at_the_baseline(page):
    """Money that came back before the flag, and money beyond the baseline, is not its merit."""
    page.check("R0 release on C1 200.00 : posted")
    flagged(page, "F1", "C1")
    assert refused(page, finding="F1", action="cut", reason="x", entries=[entry(page, "R0")], **TWO) == "entry_early"
    page.check("V1 void on C1 : posted")
    decided(page, "F1", "V1")
    assert amounts(page) == {"F1": 80_000}


def test_a_hold_stops_the_money_and_a_lifted_one_credits_nothing(page):
    flagged(page, "F1", "C1")
    dispose(page.book, finding="F1", action="hold", **HOLD, **TWO)
    page.check("P1 pay on C1 10.00 : credit_closed")
    assert amounts(page) == {"F1": 0}
    dispose(page.book, finding="F1", action="lift", reason="the suspicion was wrong", **TWO)
    page.check("P2 pay on C1 10.00 : posted")
    assert amounts(page) == {"F1": 0}
    assert desk(page.book).state("F1") == "lift"


def test_money_stays_held_while_another_finding_holds_it(page):
    flagged(page, "F1", "C1")
    flagged(page, "F2", "C1")
    for name in ("F1", "F2"):
        dispose(page.book, finding=name, action="hold", **HOLD, **TWO)
    dispose(page.book, finding="F1", action="lift", reason="settled", **TWO)
    page.check("P1 pay on C1 10.00 : credit_closed")
    dispose(page.book, finding="F2", action="lift", reason="settled", **TWO)
    page.check("P2 pay on C1 10.00 : posted")


def test_any_day_can_be_computed_again(page):
    """What was known on a day is the same whenever it is asked, whatever came after."""
    moments = [page.at]
    flagged(page, "F1", "C1")
    moments.append(page.at)
    page.at += DAY
    page.check("R1 release on C1 400.00 : posted")
    decided(page, "F1", "R1", action="cut")
    moments.append(page.at)
    page.at += DAY
    page.check("V1 void on C1 : posted")
    decided(page, "F1", "V1")
    moments.append(page.at)
    page.at += DAY
    page.check("C3 commit budget@kz/road -> builder@kz/road#1 900.00 item=CPV:45.1 : posted")
    moments.append(page.at)
    told = [amounts(page, moment) for moment in moments]
    assert told == [{}, {"F1": 0}, {"F1": 40_000}, {"F1": 100_000}, {"F1": 10_000}]
    page.at += DAY
    flagged(page, "F2", "C2")
    assert [amounts(page, moment) for moment in moments] == told


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"finding": "F9", "action": "dismiss", "by": BIN_AGENCY, "reason": "x"}, "finding_unknown"),
        ({"finding": "F1", "action": "burn", "by": BIN_AGENCY}, "action_unknown"),
        ({"finding": "F1", "action": "dismiss", "by": "nobody", "reason": "x"}, "participant_unknown"),
        ({"finding": "F1", "action": "dismiss", "by": "", "reason": "x"}, "participant_unknown"),
        ({"finding": "F1", "action": "dismiss", "by": BIN_AGENCY}, "field_missing"),
        ({"finding": "F1", "action": "dismiss", "by": BIN_AGENCY, "reason": "x", "basis": "y"}, "field_unknown"),
        ({"finding": "F1", "action": "hold", "by": BIN_AGENCY, **HOLD}, "four_eyes"),
        ({"finding": "F1", "action": "hold", "by": BIN_AGENCY, "approved_by": BIN_AGENCY, **HOLD}, "four_eyes"),
        ({"finding": "F1", "action": "hold", **TWO, **HOLD, "until": "2026-11-01"}, "field_value"),
        ({"finding": "F1", "action": "hold", **TWO, **HOLD, "until": "soon"}, "field_value"),
        ({"finding": "F1", "action": "dismiss", "by": BIN_AGENCY, "reason": "see 900101300123"}, "personal_data"),
        ({"finding": "F1", "action": "lift", **TWO, "reason": "x"}, "not_held"),
        ({"finding": "F1", "action": "cancel", **TWO, "reason": "x", "entries": [1]}, "entry_unfit"),
        ({"finding": "F1", "action": "cancel", **TWO, "reason": "x", "entries": "12"}, "field_value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_disposed_is_refused_and_leaves_no_trace(page, said, code):
    flagged(page, "F1", "C1")
    before = page.book.entries
    assert refused(page, **said) == code
    assert page.book.entries == before


def test_a_finding_is_about_a_commitment_and_has_a_name_of_its_own(page):
    flagged(page, "F1", "C1")
    for name, hold, code in (("F1", "C1", "finding_taken"), ("", "C1", "finding_taken"), ("F2", "T1", "hold_unknown")):
        with pytest.raises(DispositionRefused) as refusal:
            raise_finding(page.book, finding=name, flag="R028", ocid="o", hold=entry(page, hold))
        assert refusal.value.code == code


def test_a_dismissed_finding_stays_dismissed_but_for_a_case(page):
    flagged(page, "F1", "C1")
    dispose(page.book, finding="F1", action="dismiss", by=BIN_AGENCY, reason="a price floor")
    assert refused(page, finding="F1", action="hold", **TWO, **HOLD) == "dismissed"
    dispose(page.book, finding="F1", action="case", by=BIN_AGENCY, case="K-1")
    assert desk(page.book).state("F1") == "case"
