"""The engine and the reference model say the same, on pages that a reader can check and on a million random entries."""

import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.ledger import Ledger
from boyau.ledger.rows import Kind
from tests.differential import Pair, paying, run
from tests.model import DAY, UNKNOWN, Row
from tests.model_evidence import signed_text

OPERATIONS = int(os.environ.get("BOYAU_OPERATIONS") or (1_000_000 if os.environ.get("CI") == "true" else 100_000))
SEEDS = range(1, 9)
START = 1_700_000_000_000_000  # 2023-11-14

LINE = re.compile(
    r"(?:(?P<name>\w+): )?(?P<kind>[a-z]+) (?:(?P<debit>\S+@\S+) (?P<credit>\S+@\S+) )?(?P<amount>\d+)"
    r"(?: of (?P<ref>\w+))?(?P<more>(?: \w+=\S+)*)(?P<linked> &)? -> (?P<answer>\w+)(?::(?P<detail>\d+))?"
)


class Page:
    """A ledger page, read by engine and model: one entry a line, with its answer; `&` links it with the next line."""

    def __init__(self, *, pure: bool) -> None:
        self.pair, self.at, self.entries = Pair(Ledger(pure=pure)), START, 0

    def told(self, text: str) -> None:
        """Take records: `participant ID classes`, `account NAME flags`, `colour NAME unit`, ..."""
        for line in text.strip().splitlines():
            kind, name, *rest = line.split()
            record = {
                "unit": lambda rest: {"scale": int(*rest)},
                "participant": lambda rest: {"classes": rest},
                "colour": lambda rest: {"title": "", **({"unit": rest[0]} if rest else {})},
                "account": lambda rest: {"flags": rest},
                "subject": lambda rest: {},
            }[kind](rest)
            assert self.pair.record({"type": kind, kind: name, **record}, self.at), line

    def record(self, kind: str, colour: str = "", **fields: object) -> bool:
        """Give one record with all its fields; return whether it was taken."""
        about = {"colour": colour} if colour else {}
        return self.pair.record({"type": kind, **about, **fields}, self.at)

    def check(self, text: str) -> None:
        """Post every line (a chain in one batch) and compare the answers; other lines state sums to compare."""
        rows, wanted = [], []
        for line in (one.strip() for one in text.strip().splitlines()):
            if line.startswith(("balance", "counters", "rest")):
                self.compare(line)
                continue
            row, answer = self.row(line)
            rows.append(row)
            wanted.append((line, answer))
            if not row.flags:
                self.at += 1_000_000
                self.pair.apply(rows, self.at)
                for (told, answer), decided in zip(wanted, self.pair.last, strict=True):
                    assert (decided.result.name.lower(), decided.detail) == answer, told
                rows, wanted = [], []
        self.pair.compare()

    def row(self, line: str) -> tuple[Row, tuple[str, int]]:
        """Return a line's row and the answer that it expects."""
        read = LINE.fullmatch(line)
        assert read, line
        self.entries += 1
        accounts, more = self.pair.ledger.accounts, dict(one.split("=") for one in read["more"].split())
        debit, credit = (accounts[read[side]] if read[side] else UNKNOWN for side in ("debit", "credit"))
        if "days" in more:
            more["value_date"] = START // DAY + int(more.pop("days"))
        row = Row(
            id=self.id(read["name"] or f"line {self.entries}"),
            ref=self.id(read["ref"] or ""),
            kind=Kind[read["kind"].upper()],
            amount=int(read["amount"]),
            debit=debit,
            credit=credit,
            flags=1 if read["linked"] else 0,
        )
        row = row._replace(**{"value_date": self.at // DAY, **{field: int(value) for field, value in more.items()}})
        return row, (read["answer"], int(read["detail"] or 0))

    @staticmethod
    def id(name: str) -> bytes:
        return name.encode().ljust(16, b"\0")

    def compare(self, line: str) -> None:
        """Compare the sums that a line states with the engine's."""
        what, name, *numbers = line.split()
        ledger = self.pair.ledger
        told = {
            "balance": lambda: ledger.balance(name),
            "counters": lambda: ledger.counters(name),
            "rest": lambda: (ledger.hold_remaining(self.id(name)),),
        }[what]()
        assert tuple(told) == tuple(map(int, numbers)), line


@pytest.fixture(params=["compiled", "pure"])
def page(request):
    """A ministry, two school districts, a builder with a subcontractor, and a baker."""
    page = Page(pure=request.param == "pure")
    page.told("""
        unit KZT 0
        participant ministry budget
        participant north budget school
        participant south budget school
        participant builder supplier
        participant digger supplier
        participant baker food
        colour kz KZT
        colour kz/schools
        colour kz/schools/roofs
        account ministry@kz issuer
        account north@kz
        account north@kz/schools
        account south@kz/schools/roofs
        account builder@kz/schools#1
        account builder@kz/schools/roofs#1
        account digger@kz/schools/roofs#2
        account builder@KZT
        account baker@KZT
    """)
    return page


def rule(page: Page, colour: str, **rules: object) -> bool:
    """Give a colour these rules from today."""
    unit = {} if "/" in colour else {"unit": "KZT"}
    return page.record("colour", colour, title="", rules=rules, **unit)


def test_money_keeps_its_colour_until_it_ends(page):
    """From the issuer to the last payee, with the counters of every level."""
    rule(page, "kz", ends={"classes": ["supplier"]})
    page.check("""
        issue ministry@kz north@kz 1000 -> posted
        allocate north@kz north@kz/schools 600 -> posted
        allocate north@kz south@kz/schools/roofs 300 -> posted
        pay north@kz/schools builder@kz/schools#1 250 -> posted
        pay builder@kz/schools#1 builder@KZT 200 -> posted
        pay builder@KZT baker@KZT 50 -> posted
        pay north@kz/schools baker@KZT 1 -> end_forbidden
        pay builder@kz/schools#1 digger@kz/schools/roofs#2 51 -> funds_insufficient
        pay builder@kz/schools#1 digger@kz/schools/roofs#2 50 -> posted
        counters kz 1000 250 250
        counters kz/schools 900 250 250
        counters kz/schools/roofs 350 0 0
        balance north@kz/schools 250 600 0
        balance ministry@kz 1000 0 0
        balance builder@KZT 50 200 0
    """)


def test_accounts_are_joined_only_as_the_kind_says(page):
    """Stage before colour."""
    page.check("""
        issue north@kz south@kz/schools/roofs 5 -> stage_forbidden
        issue ministry@kz builder@kz/schools#1 5 -> stage_forbidden
        issue ministry@kz north@kz 5 -> posted
        allocate north@kz north@kz/schools 5 -> posted
        withdraw north@kz/schools south@kz/schools/roofs 5 -> colour_forbidden
        pay north@kz/schools digger@kz/schools/roofs#2 5 -> stage_forbidden
        pay builder@KZT builder@kz/schools#1 5 -> colour_forbidden
        pay north@kz/schools north@kz/schools 5 -> accounts_same
        withdraw north@kz/schools north@kz 5 -> posted
        lapse north@kz ministry@kz 5 -> posted
        counters kz 0 0 0
    """)


def test_a_hold_is_paid_in_parts_and_its_rest_expires(page):
    """What is set aside cannot be spent twice, and comes back."""
    expires = START + DAY
    page.check(f"""
        issue ministry@kz north@kz 100 -> posted
        allocate north@kz north@kz/schools 100 -> posted
        H: commit north@kz/schools builder@kz/schools#1 80 expires={expires} -> posted
        pay north@kz/schools builder@kz/schools#1 21 -> funds_insufficient
        pay 30 of H -> posted
        pay 51 of H -> hold_exceeded
        release 10 of H -> posted
        pay north@kz south@kz/schools/roofs 1 of H -> hold_differs
        rest H 40
        counters kz/schools 100 70 30
        balance north@kz/schools 30 100 40
    """)
    page.at = expires
    page.check("""
        pay 1 of H -> hold_expired
        rest H 0
        counters kz/schools 100 30 30
        balance north@kz/schools 30 100 0
        G: commit north@kz/schools builder@kz/schools#1 70 -> posted
        void 0 of G -> posted
        void 0 of G -> hold_voided
        pay 5 of nothing -> hold_unknown
    """)


def test_what_is_returned_can_be_spent_again_but_the_hold_stays_spent(page):
    """Return undoes the counters for its amount."""
    page.check("""
        issue ministry@kz north@kz 100 -> posted
        allocate north@kz north@kz/schools 100 -> posted
        H: commit north@kz/schools builder@kz/schools#1 60 -> posted
        P: pay 60 of H -> posted
        return builder@kz/schools#1 north@kz/schools 20 of P -> posted
        return builder@kz/schools#1 north@kz/schools 41 of P -> original_exceeded
        return north@kz/schools builder@kz/schools#1 1 of P -> original_differs
        return builder@kz/schools#1 north@kz/schools 1 of H -> original_differs
        pay 1 of H -> hold_exceeded
        counters kz/schools 100 40 40
        reverse builder@kz/schools#1 north@kz/schools 40 of P -> posted
        counters kz/schools 100 0 0
        balance north@kz/schools 60 160 0
    """)


def test_linked_rows_stand_or_fall_together(page):
    """The first that fails gives its own reason."""
    page.check("""
        A: issue ministry@kz north@kz 100 & -> chain_broken
        B: allocate north@kz north@kz/schools 101 & -> funds_insufficient
        allocate north@kz north@kz/schools 1 -> chain_broken
        balance north@kz 0 0 0
        A: issue ministry@kz north@kz 100 & -> posted
        B: allocate north@kz north@kz/schools 100 -> posted
        A: issue ministry@kz north@kz 100 & -> exists
        allocate north@kz north@kz/schools 1 -> funds_insufficient
        counters kz/schools 100 0 0
    """)


def test_an_id_is_posted_once(page):
    """The number of the first field that differs tells what was changed."""
    page.check("""
        A: issue ministry@kz north@kz 100 -> posted
        A: issue ministry@kz north@kz 100 -> exists
        A: issue ministry@kz north@kz 101 -> id_conflict:2
        A: issue ministry@kz north@kz/schools 100 -> id_conflict:7
        A: issue ministry@kz north@kz 100 days=-1 -> id_conflict:9
        B: allocate north@kz north@kz/schools 101 -> funds_insufficient
        B: allocate north@kz north@kz/schools 99 -> posted
        H: commit north@kz/schools builder@kz/schools#1 9 -> posted
        P: pay 5 of H -> posted
        P: pay 5 of H -> exists
        P: pay north@kz/schools builder@kz/schools#1 5 of H -> exists
    """)


def test_limits_stand_at_any_level(page):
    """The detail counts levels upward; an override lets pass without a new figure."""
    page.record("limits", "kz", payments="50", date="2023-11-14")
    page.record("limits", "kz/schools", obligations="70", date="2023-11-14")
    page.check("""
        issue ministry@kz north@kz 100 -> posted
        allocate north@kz north@kz/schools 100 -> posted
        pay north@kz/schools builder@kz/schools#1 51 -> payments_exceeded:1
        pay north@kz/schools builder@kz/schools#1 71 -> obligations_exceeded
        pay north@kz/schools builder@kz/schools#1 50 -> posted
    """)
    assert not page.record("limits", "kz", payments="49", date="2023-11-14")
    assert page.record("limits", "kz", override={"payments": "10"}, reason="storm", date="2023-11-14")
    page.check("""
        pay north@kz/schools builder@kz/schools#1 11 -> payments_exceeded:1
        pay north@kz/schools builder@kz/schools#1 10 -> posted
    """)


def test_rules_only_narrow_and_new_versions_wait_for_their_day(page):
    """A parent's later narrowing reaches the children."""
    assert rule(page, "kz/schools", items=["ENSTRU:42.11"], payees={"classes": ["supplier", "food"]})
    assert not rule(page, "kz/schools/roofs", items=["ENSTRU:42"])
    assert not rule(page, "kz/schools/roofs", payees={"classes": ["school"]})
    assert page.record(
        "colour", "kz/schools", title="", rules={"payees": {"deny": ["builder"]}}, **{"from": "2023-11-16"}
    )
    page.check("""
        issue ministry@kz north@kz 100 -> posted
        allocate north@kz south@kz/schools/roofs 100 -> posted
        pay south@kz/schools/roofs builder@kz/schools/roofs#1 1 -> item_missing
        pay south@kz/schools/roofs builder@kz/schools/roofs#1 1 item=1421200000000000000 -> item_forbidden
        pay south@kz/schools/roofs builder@kz/schools/roofs#1 1 item=1421199000000000000 -> posted
    """)
    page.at = START + 2 * DAY
    page.check("pay south@kz/schools/roofs builder@kz/schools/roofs#1 1 -> payee_denied")


def test_a_colour_is_renamed_without_naming_its_unit_again(page):
    assert page.record("colour", "kz", title="Budget of all")
    registry = page.pair.ledger.registry
    kz = registry.colours[registry.colour_numbers["kz"]]
    assert (kz.title, kz.unit) == ("Budget of all", "KZT")


def test_evidence_is_attested_for_the_colour_above_or_for_the_subject(page):
    """The detail names the missing condition."""
    page.told("subject act-7")
    rule(page, "kz/schools", evidence=["contract", "act"])
    page.check("""
        issue ministry@kz north@kz 100 -> posted
        allocate north@kz north@kz/schools 100 -> posted
        pay north@kz/schools builder@kz/schools#1 1 -> evidence_missing:0
    """)
    page.record("attestation", colour="kz", condition="contract", by="ministry")
    page.check("pay north@kz/schools builder@kz/schools#1 1 -> evidence_missing:1")
    page.record("attestation", condition="act", subject="act-7", by="ministry")
    page.check("""
        pay north@kz/schools builder@kz/schools#1 1 -> evidence_missing:1
        pay north@kz/schools builder@kz/schools#1 1 subject=1 -> posted
        pay north@kz/schools builder@kz/schools#1 1 subject=2 -> subject_unknown
    """)


def test_a_request_passes_on_until_somebody_answers(page):
    """A denial can be appealed, time passes on what nobody answers, the last owner keeps it."""
    evidence = page.pair.model.evidence

    def stands(state: str, *where: object) -> None:
        page.pair.compare()
        request = evidence.requests["R"]
        owner, deadline = evidence.owner(request), evidence.standing(request)[1] - page.at // DAY
        assert (request["state"], owner, deadline)[: 1 + len(where)] == (state, *where)

    def give(kind: str, by: str, **fields: object) -> bool:
        return page.record(kind, request="R", by=by, reason="cracks", **fields)

    rule(page, "kz/schools", evidence=["contract"])
    further = [{"owner": "south", "days": 2}, {"owner": "ministry", "days": 5}]
    wanted = {"condition": "contract", "owner": "north", "days": 3, "escalation": further}
    assert page.record("request", "kz/schools", request="R", **wanted)
    stands("open", "north", 3)
    assert not give("appeal", "builder")
    assert not give("denial", "south")
    assert give("denial", "north")
    stands("denied", "north")
    assert give("appeal", "builder")
    stands("open", "south", 2)
    page.at += 3 * DAY
    page.check("issue ministry@kz north@kz 100 -> posted")
    stands("open", "ministry", 4)
    page.at += 9 * DAY
    assert not give("appeal", "builder")
    page.check("issue ministry@kz north@kz 100 -> posted")
    stands("open", "ministry", -5)
    assert page.record("attestation", "kz/schools", condition="contract", by="south")
    stands("answered")


def told_again(page):
    """A denial that was answered and taken back stands in the journal; whoever kept it hands it in once more."""
    private, words = Ed25519PrivateKey.from_private_bytes(bytes(32)), {"condition": "contract", "by": "south"}
    key = private.public_key().public_bytes_raw().hex()
    page.record("key", participant="north", key=key, conditions=["weather"])
    denial = {"type": "denial", "request": "R", "by": "north", "reason": "cracks", "at": "2023-11-14T22:13:20Z"}
    denial["signature"] = private.sign(signed_text(denial)).hex()
    page.pair.model.evidence.seal(key, denial)
    assert page.pair.record(denial, page.at)
    assert page.record("attestation", "kz", **words)
    assert page.record("attestation", "kz", **words, withdrawn=True)
    page.pair.record(denial, page.at)


def another_withdrawal(page):
    """What an attestation of the act answered opens again when one of the colour is taken back that was never given."""
    page.record("attestation", condition="contract", subject="act", by="south")
    page.record("attestation", "kz", condition="contract", by="south", withdrawn=True)
    page.pair.compare()


def accounts_left_open(page):
    """A receipt sent again with accounts left open names no hold that could fill them."""
    row = paying(0, 1, 5)._replace(id=Page.id("in"), ref=Page.id("no hold"), kind=Kind.RECEIVE, value_date=START // DAY)
    page.pair.apply([row], START + 1)
    page.pair.apply([row._replace(credit=UNKNOWN)], START + 2)


def issuer_on_a_hold(page):
    """A contractor's account that has moved nothing becomes an issuer, and its contract is paid."""
    rule(page, "kz")  # asks for no evidence
    page.check("""
        issue ministry@kz north@kz 100 -> posted
        allocate north@kz north@kz/schools 100 -> posted
        H: commit north@kz/schools builder@kz/schools#1 9 -> posted
    """)
    page.told("account builder@kz/schools#1 issuer")
    page.pair.apply([page.row("pay 5 of H -> posted")[0]], page.at + 1)


@pytest.mark.parametrize("scenario", [told_again, another_withdrawal, accounts_left_open, issuer_on_a_hold])
def test_what_the_model_once_found_wrong_is_right_and_stays_so(page, scenario):
    page.told("subject act")
    rule(page, "kz", evidence=["contract"])
    page.record("request", "kz", request="R", condition="contract", subject="act", owner="north", days=3)
    scenario(page)
    page.pair.compare()


def test_what_is_left_is_carried_into_next_year(page):
    """Only into a colour that names where it comes from."""
    page.told("""
        colour kz-2025 KZT
        account north@kz-2025
    """)
    page.check("""
        issue ministry@kz north@kz 100 -> posted
        carry north@kz north@kz-2025 40 -> colour_forbidden
    """)
    assert page.record("colour", "kz-2025", title="", unit="KZT", rules={"carry_from": ["kz"]})
    page.check("""
        C: carry north@kz north@kz-2025 40 -> posted
        counters kz 60 0 0
        counters kz-2025 40 0 0
        reverse north@kz-2025 north@kz 15 of C -> posted
        counters kz 75 0 0
        counters kz-2025 25 0 0
    """)


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_model_agree(seed):
    """Random worlds, every kind of entry, every answer, all sums."""
    run(seed, OPERATIONS // len(SEEDS))


@pytest.mark.parametrize("seed", SEEDS)
def test_uncompiled_engine_and_model_agree(seed):
    """The kernel's source is the kernel: uncompiled it decides the same."""
    run(seed, OPERATIONS // len(SEEDS) // 10, pure=True)


NAMES = st.sampled_from([f"id {number}".encode().ljust(16, b"\0") for number in range(6)])
ACCOUNTS = st.one_of(st.integers(0, 8), st.just(UNKNOWN))
ROWS = st.builds(
    lambda **fields: Row(**fields),  # noqa: PLW0108 - so that Hypothesis does not fill in what is left out
    id=NAMES,
    ref=NAMES | st.just(bytes(16)),
    amount=st.integers(0, 3),
    expires=st.sampled_from([0, START + 5, START + 50]),
    debit=ACCOUNTS,
    credit=ACCOUNTS,
    value_date=st.just(START // DAY),
    kind=st.sampled_from(sorted(set(Kind))),
    flags=st.sampled_from([0, 0, 0, 1]),
)
FIRST = Row(id=b"first".ljust(16, b"\0"), amount=9, debit=0, credit=1, value_date=START // DAY, kind=Kind.ISSUE)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(batches=st.lists(st.lists(ROWS, min_size=1, max_size=8), min_size=1, max_size=4))
def test_short_histories_agree(batches):
    """The same on histories so short that a failure shrinks to what matters."""
    page = Page(pure=True)
    page.told("""
        unit KZT 0
        participant ministry budget
        participant north budget
        participant builder supplier
        colour kz KZT
        colour kz/schools
        account ministry@kz issuer
        account north@kz
        account north@kz/schools
        account builder@kz#1
        account builder@kz/schools#1
        account north@kz/schools#2
        account builder@KZT
        account north@KZT
    """)
    rule(page, "kz", ends={"classes": ["supplier"]})
    page.record("limits", "kz/schools", plan="6", payments="4", date="2023-11-14")
    for number, rows in enumerate([[FIRST], *batches]):
        page.pair.apply(rows, START + 1 + number * 10)
        page.pair.compare()


CONTRACT_ROWS = st.builds(
    lambda **fields: Row(**fields),  # noqa: PLW0108
    id=NAMES,
    ref=NAMES,
    amount=st.integers(1, 4),
    debit=st.just(UNKNOWN),
    credit=st.just(UNKNOWN),
    value_date=st.sampled_from([START // DAY, START // DAY - 1]),
    subject=st.sampled_from([0, 0, 1]),
    kind=st.sampled_from([Kind.ACCEPT, Kind.ADVANCE, Kind.PAY, Kind.PAY, Kind.RELEASE]),
    flags=st.sampled_from([0, 0, 0, 1]),
) | st.builds(
    lambda **fields: Row(**fields),  # noqa: PLW0108
    id=NAMES,
    ref=NAMES,
    amount=st.integers(1, 4),
    debit=st.sampled_from([3, 4, 3]),
    credit=st.sampled_from([2, 3]),
    value_date=st.just(START // DAY),
    kind=st.sampled_from([Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK, Kind.PAY]),
)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(batches=st.lists(st.lists(CONTRACT_ROWS, min_size=1, max_size=10), min_size=1, max_size=4))
def test_short_contracts_agree(batches):
    """One contract of 7 with an advance, acts and retention, in every order."""
    page = Page(pure=True)
    page.told("""
        unit KZT 0
        participant ministry budget
        participant north budget
        participant builder supplier
        colour kz KZT
        colour kz/roofs
        account ministry@kz issuer
        account north@kz
        account north@kz/roofs
        account builder@kz/roofs#1
        account builder@kz/roofs#2
    """)
    page.record("subject", "kz/roofs", subject="act", amount="5")
    retention = {"share": "1/3", "days": 0}
    assert rule(page, "kz/roofs", acceptance=True, advance="3/7", retention=retention, payee_limit="6")
    first = FIRST._replace(credit=2)
    contract = Row(id=b"id 0".ljust(16, b"\0"), amount=7, debit=2, credit=3, value_date=START // DAY, kind=Kind.COMMIT)
    for number, rows in enumerate([[first], [contract], *batches]):
        page.pair.apply(rows, START + 1 + number * DAY // 3)
        page.pair.compare()
