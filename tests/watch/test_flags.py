"""Every flag fires on what it is about, does not fire on what it is not about, and says why where it cannot say."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest

from boyau.watch.coverage import BITS, PATHS, STRANGE
from boyau.watch.flag import Group, Reason
from boyau.watch.flags.r029 import EXPECTED
from boyau.watch.lists import ListError
from boyau.watch.registry import FLAGS
from boyau.watch.run import run
from boyau.watch.settings import Settings, SettingsError, load
from tests.shared_data import shared_data


def day(number, month=1):
    return f"2026-{month:02}-{number:02}T10:00:00Z"


def money(amount, currency="KZT"):
    return {"amount": amount, "currency": currency}


def bid(who, amount=None, status="valid", **more):
    value = {} if amount is None else {"value": money(amount)}
    return {"id": f"b-{who}", "status": status, "tenderers": [{"id": who}]} | value | more


def award(who, amount=100, **more):
    return {"id": "a1", "status": "active", "date": day(20), "suppliers": [{"id": who}], "value": money(amount)} | more


def items(code="45000000", price=None, quantity=None):
    unit = {} if price is None else {"unit": {"name": "t", "value": money(price)}}
    return [
        {"classification": {"scheme": "CPV", "id": code}} | unit | ({} if quantity is None else {"quantity": quantity})
    ]


def process(*bids, buyer="B", method="open", **parts):
    """One process; what is given in *parts* stands in the tender if it is a field of the tender."""
    tender = {"procurementMethod": method}
    whole = {"buyer": {"id": buyer}, "date": day(28, 12)}
    top = {"awards", "contracts", "planning", "complaints", "parties", "date"}
    for name, value in parts.items():
        (whole if name in top else tender)[name] = value
    return whole | {"tender": tender} | ({"bids": {"details": list(bids)}} if bids else {})


def put(tmp_path, flag, processes, **options):
    lines = [json.dumps({"ocid": f"o{k}", "tag": ["compiled"]} | one) for k, one in enumerate(processes)]
    path = tmp_path / "file"
    path.write_text("\n".join(lines))
    return run(str(path), Settings({"flags": [flag]} | ({flag: options} if options else {})))


def period(first, last, **more):
    return {"tenderPeriod": {"startDate": first, "endDate": last}} | more


def party(who, **more):
    return {"id": who} | more


def contract(amount=None, **more):
    return (
        {"id": "c1", "awardID": "a1", "status": "active"} | ({} if amount is None else {"value": money(amount)}) | more
    )


DOC = {"documentType": "x"}
CHANGED = {"amendments": [{"description": "changed"}]}
FEE = {"participationFees": [{"value": money(5)}]}


def fee(amount):
    return process(value=money(100), participationFees=[{"value": money(amount)}])


def meeting(order, winner, code="45000000", month=1):
    bids = [bid(who, 10 + k, date=day(10 + k, month)) for k, who in enumerate(order)]
    return process(*bids, awards=[award(winner)], items=items(code), **period(day(1, month), day(9, month)))


def direct(amount, who="S", number=20, code="45000000", month=1):
    return process(
        method="direct", awards=[award(who, amount, date=day(number, month))], items=items(code), value=money(amount)
    )


OWNED = [party("a", beneficialOwners=[{"id": "x"}]), party("b", beneficialOwners=[{"id": "x"}])]
APART = [party("a", beneficialOwners=[{"id": "x"}]), party("b", beneficialOwners=[{"id": "y"}])]
HELD = [party(w, shareholders=[{"shareholder": {"id": "x"}, "shareholding": 0.3}]) for w in "ab"]
LITTLE = [party(w, shareholders=[{"shareholder": {"id": "x"}, "shareholding": 0.2}]) for w in "ab"]
PHONE = {"contactPoint": {"telephone": "+7 701 123-45-67"}}
SAME_PHONE = {"contactPoint": {"telephone": "8 (701) 1234567"}}
OTHER_PHONE = {"contactPoint": {"telephone": "+7 701 765-43-21"}}
STONES = {"implementation": {"milestones": [{"dueDate": day(1, 6), "dateMet": day(9, 6)}]}}
MET = {"implementation": {"milestones": [{"dueDate": day(9, 6), "dateMet": day(1, 6)}]}}


def paid(*amounts):
    return {"implementation": {"transactions": [{"value": money(one)} for one in amounts]}}


USUAL = [1, 2, 2, 3, 3, 3, 4, 4, 5]
PLAN = {"planning": {"documents": [{"documentType": "procurementPlan"}]}}

CASES = {
    # flag: (options, processes that it finds nothing in, one in which it finds something)
    "R001": ({}, [process(planning={"documents": [DOC]})], process()),
    "R002": (
        {"threshold": 100},
        [process(value=money(95))] * 4 + [process(value=money(101), buyer="C")],
        process(value=money(99)),
    ),
    "R003": ({}, [process(**period(day(1), day(20)))], process(**period(day(1), day(5)))),
    "R004": (
        {},
        [process(**period(day(5), day(9)), documents=[{"documentType": "tenderNotice", "datePublished": day(4)}])],
        process(**period(day(5), day(9)), documents=[{"documentType": "tenderNotice", "datePublished": day(6)}]),
    ),
    "R005": (
        {},
        [process(**period(day(5), day(9)), documents=[{"documentType": "biddingDocuments"}])],
        process(**period(day(5), day(9)), documents=[DOC]),
    ),
    "R006": (
        {"words": ["Only from this city"]},
        [process(eligibilityCriteria="any")],
        process(eligibilityCriteria="only FROM this city!"),
    ),
    "R007": ({}, [process(documents=[{"documentType": "technicalSpecifications"}])], process(documents=[DOC])),
    "R008": ({}, [fee(one) for one in USUAL], fee(50)),
    "R009": ({}, [fee(one) for one in USUAL], fee(50)),
    "R010": ({}, [process(method="direct", procurementMethodRationale="fire"), process()], process(method="direct")),
    "R011": (
        {"threshold": 100},
        [process(value=money(60), items=items(), **period(day(1, m), day(5, m))) for m in (1, 3, 5)],
        [process(value=money(60), items=items(), buyer="C", **period(day(k), day(9))) for k in (1, 8)],
    ),
    "R012": ({}, [process(method="direct", **PLAN)], process(method="direct", planning={"documents": [DOC]})),
    "R013": ({"threshold": Decimal("0.5")}, [process(buyer="C")] * 9, [process(method="direct")] * 5),
    "R014": (
        {"threshold": 3},
        [process(**period(day(1), day(9)), bidOpening={"date": day(9)})],
        process(**period(day(1), day(9)), bidOpening={"date": day(3)}),
    ),
    "R015": (
        {"threshold": 10},
        [process(bidOpening={"date": day(1)}, awardPeriod={"startDate": day(4)})],
        process(bidOpening={"date": day(1)}, awardPeriod={"startDate": day(22)}),
    ),
    "R016": (
        {"least": 5},
        [process(value=money(100 + one), items=items()) for one in USUAL],
        process(value=money(900), items=items()),
    ),
    "R017": ({"least": 5}, [process(items=items(price=100 + one)) for one in USUAL], process(items=items(price=900))),
    "R018": ({}, [process(numberOfTenderers=2), process(bid("a"), bid("b"))], process(bid("a"))),
    "R019": (
        {},
        [process(numberOfTenderers=8, items=items(), buyer="C")] * 9,
        [process(numberOfTenderers=1, items=items())] * 5,
    ),
    "R020": ({}, [process()], process(complaints=[{"id": "1"}])),
    "R021": (
        {"threshold": Decimal("0.9")},
        [process(awardCriteria="priceOnly", buyer="C")] * 5,
        [process(awardCriteria="beauty")] * 5,
    ),
    "R022": ({}, [process(bid("a", 100), bid("b", 100 + one)) for one in USUAL], process(bid("a", 100), bid("b", 900))),
    "R023": (
        {},
        [process(bid("a", 100), bid("b", 110), bid("c", 130))],
        process(bid("a", 100), bid("b", 110), bid("c", 121)),
    ),
    "R024": (
        {"threshold": Decimal("0.01")},
        [process(bid("a", 100), bid("b", 150), awards=[award("a")])],
        process(bid("a", 1000), bid("b", 1001), awards=[award("a")]),
    ),
    "R025": (
        {"threshold": Decimal("0.1")},
        [process(bid("w"), awards=[award("w")])],
        [process(bid(f"w{k}"), bid("l"), awards=[award(f"w{k}")]) for k in range(4)],
    ),
    "R026": (
        {"threshold": Decimal("0.5"), "least": 2},
        [process(items=items("11110000"), awards=[award("w")])] * 3,
        [process(items=items(), awards=[award("w", suppliers=[{"id": "w"}, {"id": "v"}])])] * 2,
    ),
    "R027": ({}, [meeting("ab", "a", month=m) for m in (1, 2, 3, 4)], meeting("cd", "c", month=5)),
    "R028": (
        {},
        [process(bid("a", 100), bid("b", 101)), process(bid("a", 95), bid("b", 95), value=money(100))],
        process(bid("a", 100), bid("b", 100)),
    ),
    "R029": (
        {"least": 50},
        [process(bid("l", int(f"{d}{k}"))) for d in range(1, 10) for k in range(round(EXPECTED[d - 1] * 100))],
        [process(bid("h", 900 + k)) for k in range(60)],
    ),
    "R030": (
        {},
        [process(bid("a", 1, date="2026-01-09T12:00:00+05:00"), awards=[award("a")], **period(day(1), day(9)))],
        process(bid("a", 1, date=day(10)), awards=[award("a")], **period(day(1), day(9))),
    ),
    "R031": (
        {},
        [process(bid("a", 90), value=money(100), awards=[award("a")])],
        process(bid("a", 100), value=money(100), awards=[award("a")]),
    ),
    "R032": ({}, [process(bid("a"), bid("b"), parties=APART)], process(bid("a"), bid("b"), parties=OWNED)),
    "R033": ({}, [process(bid("a"), bid("b"), parties=LITTLE)], process(bid("a"), bid("b"), parties=HELD)),
    "R034": ({"least": 3}, [meeting("xy", "x"), meeting("yx", "x"), meeting("xy", "x")], [meeting("abc", "a")] * 3),
    "R035": (
        {},
        [process(bid("a"), bid("b"), awards=[award("a")])],
        process(bid("a"), bid("b", status="disqualified"), awards=[award("a")]),
    ),
    "R036": (
        {},
        [process(bid("a", 9), bid("b", 10, "disqualified"), awards=[award("a")])],
        process(bid("a", 11), bid("b", 10, "disqualified"), awards=[award("a")]),
    ),
    "R037": ({}, [process(bid("a", status="disqualified", documents=[DOC]))], process(bid("a", status="disqualified"))),
    "R038": (
        {"threshold": Decimal("0.9"), "minimum_submitted_bids": 9},
        [process(bid("a"), bid("b"), buyer="C")],
        process(bid("c", status="disqualified"), bid("d", status="disqualified")),
    ),
    "R039": (
        {},
        [
            process(enquiries=[{"id": "1", "answer": "yes"}], status="complete"),
            process(enquiries=[{"id": "1"}], status="active"),
        ],
        process(enquiries=[{"id": "1"}], status="complete"),
    ),
    "R040": ({}, [process(buyer="C", awards=[award(f"s{k}")]) for k in range(10)], [process(awards=[award("s")])] * 10),
    "R041": (
        {},
        [process(bid("a", documents=[{"url": "1"}]), bid("b", documents=[{"url": "2"}]))],
        process(bid("a", documents=[{"url": "1"}]), bid("b", documents=[{"url": "1"}])),
    ),
    "R042": (
        {},
        [process(bid("a"), parties=[party("a", **PHONE)])],
        process(bid("a"), parties=[party("a", contactPoint={"telephone": "000-00-00-00"})]),
    ),
    "R043": (
        {},
        [process(bid("a"), parties=[party("a", **OTHER_PHONE), party("B", roles=["buyer"], **PHONE)])],
        process(bid("a"), parties=[party("a", **SAME_PHONE), party("B", roles=["buyer"], **PHONE)]),
    ),
    "R044": (
        {},
        [process(bid("a"), bid("b"), parties=[party("a", **PHONE), party("b", **OTHER_PHONE)])],
        process(bid("a"), bid("b"), parties=[party("a", **PHONE), party("b", **SAME_PHONE)]),
    ),
    "R047": (
        {},
        [process(bid("a"), awards=[award("a")], parties=[party("a", contactPoint={"url": "https://a"})])],
        process(bid("a"), awards=[award("a")], parties=[party("a", **PHONE)]),
    ),
    "R048": (
        {"threshold": 3, "minimum_contracting_processes": 2},
        [process(awards=[award("n", items=items(c))]) for c in ("11", "11")],
        [process(awards=[award("w", items=items(c))]) for c in ("11", "22", "33")],
    ),
    "R049": ({"threshold": 100}, [direct(95, "T"), direct(50)], [direct(95), direct(99)]),
    "R050": (
        {},
        [process(items=items("11110000"), awards=[award(f"s{k}")]) for k in range(10)],
        [process(items=items(), awards=[award("s")])] * 10,
    ),
    "R051": (
        {},
        [process(items=items("11110000"), awards=[award(f"s{k}")]) for k in range(10)],
        [process(items=items(), awards=[award("s")])] * 10,
    ),
    "R052": ({}, [direct(10, "T", 1), direct(50, "T", 5)], [direct(10, number=1), direct(500, number=5)]),
    "R053": (
        {},
        [meeting("xy", "x"), meeting("xy", "x"), meeting("xy", "x"), meeting("xy", "y")],
        [meeting("ab", "a")] * 4,
    ),
    "R054": (
        {"threshold": 100},
        [process(method="direct", awards=[award("s", 90)], contracts=[contract(95, **CHANGED)])],
        process(method="direct", awards=[award("s", 90)], contracts=[contract(150, **CHANGED)]),
    ),
    "R055": (
        {"threshold": 100},
        [direct(60, "T", month=1), direct(30, "T", month=2)],
        [direct(60, month=1), direct(60, month=9)],
    ),
    "R056": (
        {},
        [process(bid("a", 9), bid("b", 10), awards=[award("a")], awardCriteria="priceOnly")],
        process(bid("a", 9), bid("b", 10), awards=[award("b")], awardCriteria="priceOnly"),
    ),
    "R057": ({}, [meeting("xy", "x")] * 4, [meeting("ab", w) for w in "abab"]),
    "R058": (
        {},
        [process(bid("a", 100), bid("b", 100 + one), awards=[award("a")]) for one in USUAL],
        process(bid("a", 100), bid("b", 900), awards=[award("a")]),
    ),
    "R059": (
        {},
        [process(awards=[award("a")], contracts=[contract(100 + one)]) for one in USUAL],
        process(awards=[award("a")], contracts=[contract(900)]),
    ),
    "R060": (
        {},
        [process(awards=[award("a", date=day(1))], contracts=[contract(dateSigned=day(1 + one))]) for one in USUAL],
        process(awards=[award("a", date=day(1))], contracts=[contract(dateSigned=day(9, 9))]),
    ),
    "R061": (
        {"threshold": 0},
        [process(awards=[award("a", date=day(20))], **period(day(1), day(9)))],
        process(awards=[award("a", date=day(9))], **period(day(1), day(9))),
    ),
    "R062": (
        {},
        [process(awards=[award("a", date=day(9 + one))], **period(day(1), day(9))) for one in USUAL],
        process(awards=[award("a", date=day(9, 9))], **period(day(1), day(9))),
    ),
    "R063": (
        {},
        [process(contracts=[contract(documents=[{"documentType": "contractSigned"}])])],
        process(contracts=[contract()]),
    ),
    "R064": ({}, [process(contracts=[contract()])], process(contracts=[contract(**CHANGED)])),
    "R065": (
        {},
        [
            process(
                awards=[award("a", items=items(quantity=5))], contracts=[contract(items=items(quantity=6), **CHANGED)]
            )
        ],
        process(awards=[award("a", items=items(quantity=5))], contracts=[contract(items=items(quantity=4), **CHANGED)]),
    ),
    "R066": (
        {},
        [
            process(
                awards=[award("a", items=items(quantity=5))], contracts=[contract(items=items(quantity=4), **CHANGED)]
            )
        ],
        process(contracts=[contract(amendments=[{"description": "Дополнительный объём"}])]),
    ),
    "R067": ({}, [process(contracts=[contract(**MET)])], process(contracts=[contract(**STONES)])),
    "R068": (
        {},
        [process(contracts=[contract(100, **paid(60, 40))])],
        process(contracts=[contract(100, **paid(60, "41"))]),
    ),
    "R069": (
        {},
        [process(awards=[award("a", 100)], contracts=[contract(90, **CHANGED)])],
        process(awards=[award("a", 100)], contracts=[contract(110, **CHANGED)]),
    ),
    "R070": (
        {},
        [process(awards=[award("z")]), process(awards=[award("l")])],
        process(
            bid("w"),
            bid("l"),
            awards=[award("w")],
            contracts=[contract(relatedProcesses=[{"relationship": ["subContract"], "identifier": "o1"}])],
        ),
    ),
    "R071": (
        {},
        [process(awards=[award("a", subcontracting={"minimumPercentage": 0.4})])],
        process(awards=[award("a", subcontracting={"minimumPercentage": 0.6})]),
    ),
    "R072": (
        {"threshold": 1},
        [process(buyer="C", awards=[award("a", hasSubcontracting=False)])] * 5,
        [process(awards=[award("a", hasSubcontracting=True)])] * 5,
    ),
    "R073": (
        {},
        [
            process(
                contracts=[
                    contract(status="terminated", implementation={"documents": [{"documentType": "finalAudit"}]})
                ]
            )
        ],
        process(contracts=[contract(status="terminated")]),
    ),
    "kz_unit_price": (
        {},
        [process(items=items(price=100 + one)) for one in USUAL],
        process(items=items(price=220, quantity=3)),
    ),
    "kz_duplicate": ({}, [direct(70, "T", 1), direct(70, "T", 25)], [direct(70, number=1), direct(70, number=5)]),
    "kz_splitting": (
        {"threshold": 100},
        [direct(60, "T", month=1), direct(60, "T", month=5)],
        [direct(60, number=1), direct(60, number=9)],
    ),
    "kz_contract_increase": (
        {"share": Decimal("0.1")},
        [process(awards=[award("a")], contracts=[contract(110)])],
        process(awards=[award("a")], contracts=[contract(111)]),
    ),
    "kz_single_source": (
        {"grounds": ["article 39"]},
        [process(method="direct", procurementMethodRationale="by Article 39, 3.1"), process()],
        process(method="direct", procurementMethodRationale="hurry"),
    ),
    "kz_new_company": (
        {},
        [process(awards=[award("KZ-BIN-100140005678")])],
        process(awards=[award("KZ-BIN-251040000012")]),
    ),
}
"""R045, R046 and kz_common_owners look into a file; they have tests of their own."""


def test_bits_are_those_of_python_when_compiled():
    assert 2 ** len(PATHS) == STRANGE
    assert sorted(BITS.values()) == [2**place for place in range(len(PATHS))]


def test_no_flag_is_forgotten():
    theirs = {one["id"] for one in json.loads(shared_data("ocp_red_flags_73.json").read_text())}
    assert len(theirs) == 73
    assert theirs <= set(FLAGS)
    assert set(FLAGS) == set(CASES) | {"R045", "R046", "kz_common_owners"}


@pytest.mark.parametrize("name", CASES)
def test_a_flag_fires_on_what_it_is_about_and_on_nothing_else(tmp_path, name):
    options, quiet, loud = CASES[name]
    loud = loud if isinstance(loud, list) else [loud]
    report = put(tmp_path, name, [*quiet, *loud], **options)
    (answer,) = report.answers
    places = {f"o{k}" for k in range(len(quiet), len(quiet) + len(loud))}
    found = {one.subject for one in report.findings if one.group is Group.OCID}
    assert answer.fires
    assert report.findings, "it must find something"
    assert found <= places, "it found something where nothing is"
    assert found or {one.group for one in report.findings} <= set(Group) - {Group.OCID}
    told = answer.found + answer.not_found + sum(answer.not_applicable.values()) + sum(answer.cannot.values())
    assert told == report.processes == len(quiet) + len(loud), "every process has exactly one answer"
    silent = put(tmp_path, name, quiet, **options)
    assert silent.findings == [], "without the one it is about it is silent"


@pytest.mark.parametrize("name", CASES)
def test_findings_carry_exact_figures_and_evidence(tmp_path, name):
    options, quiet, loud = CASES[name]
    report = put(tmp_path, name, [*quiet, *(loud if isinstance(loud, list) else [loud])], **options)
    for one in report.findings:
        assert not isinstance(one.value, float | bool)
        assert one.evidence
        assert not any(isinstance(value, float) for value in one.evidence.values())


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_cannot_fire_where_its_fields_are_nowhere_and_says_which(tmp_path, name):
    """Computed from the data: nothing in them but an ocid."""
    (answer,) = put(tmp_path, name, [{}, {}]).answers
    assert not answer.fires
    flag = FLAGS[name]
    needed = [option for option, what in flag.options.items() if what.needed]
    assert list(answer.why_options) == needed
    if not needed:
        assert answer.why_fields
        assert sum(answer.cannot.values()) == 2
    for field in answer.why_fields:
        assert field in (*flag.needs, *flag.somewhere)


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_well_made(name):
    flag = FLAGS[name]
    assert (flag.check is None) != (flag.gather is None)
    assert flag.basis and flag.alarms and flag.fields and flag.formula
    for need in (*flag.needs, *flag.somewhere):
        assert all(path in BITS for path in need.split("|")), need
    for option in flag.options.values():
        assert option.needed or option.default is not None or "fence" in option.text or "threshold" in option.text
    theirs = {one["id"]: one for one in json.loads(shared_data("ocp_red_flags_73.json").read_text())}
    if name in theirs:
        assert flag.title == " ".join(theirs[name]["title"].split())


# ---- single flags more closely --------------------------------------------------------------------------------------


def test_an_overpaid_item_tells_by_how_much(tmp_path):
    options, quiet, loud = CASES["kz_unit_price"]
    (one,) = put(tmp_path, "kz_unit_price", [*quiet, loud], **options).findings
    usual = one.evidence["median"]
    assert one.evidence["overpaid"] == (220 - usual) * 3
    assert one.value == Fraction(220) / usual


def test_sums_of_very_long_amounts_are_exact(tmp_path):
    """Forty digits: more than decimals keep by themselves."""
    long = 12345678901234567890123456789012345678
    report = put(tmp_path, "R040", [process(awards=[award("s", long + k)]) for k in range(10)])
    assert {one.evidence["of"] for one in report.findings} == {Decimal(10 * long + 45)}


def test_five_bids_at_the_lawful_floor_are_no_collusion(tmp_path):
    """95 % of the estimate, to the tiyn: a price floor in Kazakhstan. Without an estimate, or at 94 %, it is found."""
    floor = process(*(bid(f"b{k}", 950) for k in range(5)), value=money(1000))
    assert put(tmp_path, "R028", [floor]).findings == []
    assert put(tmp_path, "R028", [floor | {"tender": {}}]).findings
    low = process(*(bid(f"b{k}", 940) for k in range(5)), value=money(1000))
    assert len(put(tmp_path, "R028", [low]).findings) == 6


def test_zones_are_heeded_in_lateness(tmp_path):
    """14:30 at +05:00 is before 10:00 UTC, though its text sorts after."""
    one = process(bid("a", 1, date="2026-01-09T14:30:00+05:00"), awards=[award("a")], **period(day(1), day(9)))
    assert put(tmp_path, "R030", [one]).findings == []
    assert put(tmp_path, "R030", [one], as_text=True).findings


@pytest.mark.parametrize(("name", "text", "found"), [("R045", "a\n", {"b"}), ("R046", "b, since 2024\n# c\n", {"b"})])
def test_lists_of_the_operator_are_looked_up(tmp_path, name, text, found):
    path = tmp_path / f"{name}.txt"
    path.write_text(text)
    report = put(tmp_path, name, [process(bid("a")), process(bid("b"))], file=str(path))
    assert {one.subject for one in report.findings if one.group is Group.TENDERER} == found
    with pytest.raises(ListError, match="cannot be read"):
        put(tmp_path, name, [process(bid("a"))], file=str(tmp_path / "none"))


def test_common_owners_are_followed_through_firms(tmp_path):
    """BODS 0.4: a is owned by h, h and b by the person p. A circle ends, a closed record counts no more."""

    def statement(record, kind, details, **more):
        return {"recordId": record, "recordType": kind, "statementDate": "2026-01-01", "recordDetails": details} | more

    def entity(name):
        return statement(f"e-{name}", "entity", {"identifiers": [{"scheme": "KZ-BIN", "id": name}]})

    def owns(owner, owned, share):
        interest = {"type": "shareholding", "share": {"exact": share}}
        return statement(
            f"r-{owner}-{owned}", "relationship", {"subject": owned, "interestedParty": owner, "interests": [interest]}
        )

    told = [
        entity("a"),
        entity("b"),
        entity("h"),
        owns("e-h", "e-a", 60),
        owns("p", "e-h", 30),
        owns("p", "e-b", 25.0),
        owns("e-a", "e-h", 40),
    ]
    path = tmp_path / "owners.json"
    path.write_text(json.dumps(told))
    both = process(bid("KZ-BIN-a"), bid("KZ-BIN-b"))
    report = put(tmp_path, "kz_common_owners", [both], file=str(path))
    assert [one.evidence.get("owners") for one in report.findings if one.group is Group.OCID] == [["p"]]
    assert put(tmp_path, "kz_common_owners", [both], file=str(path), share=Decimal(26)).findings == []
    closed = tmp_path / "closed.json"
    closed.write_text(
        "\n".join(
            json.dumps(one)
            for one in [*told, owns("p", "e-b", 25) | {"recordStatus": "closed", "statementDate": "2026-02-01"}]
        )
    )
    assert put(tmp_path, "kz_common_owners", [both], file=str(closed)).findings == []


def test_every_published_example_of_ownership_is_read():
    from boyau.watch.ownership import read

    paths = [path for path in shared_data("bods").rglob("*.json") if path.is_file()]
    assert len(paths) > 15
    assert all(len(read(str(path))) for path in paths)
    direct_owner = read(str(shared_data("bods", "bods_fixtures", "data", "core", "01-direct-ownership.json")))
    assert direct_owner.owners("10000001", Decimal(25)) == {"rec-jane-smith-1975"}
    assert direct_owner.owners("GB-COH-10000001", Decimal(76)) == set()


def test_a_cancelled_process_is_looked_at_by_complaints_only(tmp_path):
    gone = process(**period(day(1), day(2)), status="cancelled", complaints=[{"id": "1"}])
    assert put(tmp_path, "R020", [gone]).findings
    (answer,) = put(tmp_path, "R003", [gone]).answers
    assert answer.not_applicable == {Reason.CANCELLED: 1}


def test_absence_waits_until_somebody_publishes_and_then_looks_again(tmp_path):
    """The only plan is far down: the beginning of the file does not show it, and the file is read a second time."""
    many = [process()] * 700
    assert put(tmp_path, "R001", many).findings == []
    report = put(tmp_path, "R001", [*many, process(planning={"documents": [DOC]})])
    assert (len(report.findings), report.processes) == (700, 701)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("flags = 5", "a list of texts"),
        ("[R999]", "is no flag"),
        ("[R003]\nthreshold = 'x'", "a whole number is meant"),
        ("[R003]\nlimit = 1", "has no option"),
        ("[R003", "is no TOML"),
        ("R003 = 1", "a table of options"),
        ("currency = 5", "a text is meant"),
        ("[R018]\ncount = 1", "true or false is meant"),
        ("[R024]\nthreshold = true", "a number is meant"),
    ],
)
def test_wrong_settings_are_one_clear_sentence(tmp_path, told, words):
    path = tmp_path / "settings.toml"
    path.write_text(told)
    with pytest.raises(SettingsError, match=words):
        load(path)


def test_settings_are_read_exactly(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("currency = 'KZT'\nflags = ['R024', 'R003']\n[R024]\nthreshold = 0.1\n[R003]\nmethods = ['open']\n")
    settings = load(path)
    assert settings.flags["R024"].threshold == Decimal("0.1")
    assert settings.flags["R003"].methods == {"open"}
    assert settings.scope.currency == "KZT"
