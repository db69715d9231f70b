"""A small world with BINs, and messages for it: what a test does not say has a plain default."""

from lxml import etree

from boyau.language import language
from boyau.ledger.codes import day
from boyau.records.iso20022 import initiation, message, numbers, posting
from tests.page import Page

BUILDER, QUARRY, MOTORS = "140240009876", "990140001234", "050540004321"
IBAN, POOL = "KZ75125KZT1001300335", "KZ21125KZT1001300337"
TODAY = day("2026-11-24")
WORLD = [
    {"type": "unit", "unit": "KZT", "scale": 2},
    {"type": "participant", "participant": "issuer"},
    {"type": "participant", "participant": "roads", "classes": ["administrator"], "name": {"kk": "Жолдар", "en": "R"}},
    {"type": "participant", "participant": BUILDER, "classes": ["contractor"], "name": "Zhol Qurylys LLP"},
    {"type": "participant", "participant": QUARRY, "classes": ["supplier"], "name": "Quarry & Sons <LLP>"},
    {"type": "participant", "participant": MOTORS, "classes": ["car_dealer"]},
    {"type": "participant", "participant": "clerk", "classes": ["maker"]},
    {"type": "participant", "participant": "auditor", "classes": ["checker"]},
    {"type": "colour", "colour": "kz", "unit": "KZT", "rules": {"ends": {"classes": ["supplier"]}}},
    {
        "type": "colour",
        "colour": "kz/road",
        "rules": {
            "payees": {"classes": ["contractor", "supplier"]},
            "hops": 2,
            "approval": [{"above": "100000.00", "quorum": 1, "classes": ["checker"]}],
        },
    },
    {"type": "account", "account": "issuer@kz", "flags": ["issuer"]},
    {"type": "account", "account": "roads@kz"},
    {"type": "account", "account": "roads@kz/road"},
    {"type": "account", "account": f"{BUILDER}@kz/road#1"},
    {"type": "account", "account": f"{QUARRY}@KZT"},
    {"type": "account", "account": f"{MOTORS}@KZT"},
    {"type": "subject", "subject": "act-17"},
]
KNOWN = numbers.Numbers(accounts={IBAN: "roads@kz/road"}, pools={POOL: "kz"}, colours={"ROAD": "kz/road"})


def page(funds="5000.00"):
    made = Page(world=WORLD)
    made.check(f"ISSUE-1 issue issuer@kz -> roads@kz/road {funds} : posted")
    return made


def account(text):
    """Write an account: an IBAN, ``proxy:NAME``, or another number."""
    if text.startswith("proxy:"):
        name = text.removeprefix("proxy:")
        return f"<Id><Othr><Id>X</Id></Othr></Id><Prxy><Tp><Prtry>BOYAU</Prtry></Tp><Id>{name}</Id></Prxy>"
    if text[:2] == "KZ" and text[2:4].isdigit():
        return f"<Id><IBAN>{text}</IBAN></Id>"
    return f"<Id><Othr><Id>{text}</Id></Othr></Id>"


def payment(
    name="E-1",
    amount="10.00",
    *,
    to=QUARRY,
    to_account="",
    currency="KZT",
    kind="",
    colour="",
    more="",
    uetr="",
    before="",
):
    types = (f"<LclInstrm><Prtry>{kind}</Prtry></LclInstrm>" if kind else "") + (
        f"<CtgyPurp><Prtry>{colour}</Prtry></CtgyPurp>" if colour else ""
    )
    return (
        f"<CdtTrfTxInf><PmtId>{before}<EndToEndId>{name}</EndToEndId>{f'<UETR>{uetr}</UETR>' if uetr else ''}</PmtId>"
        f"{f'<PmtTpInf>{types}</PmtTpInf>' if types else ''}"
        f'<Amt><InstdAmt Ccy="{currency}">{amount}</InstdAmt></Amt>'
        f"<Cdtr><Nm>Somebody</Nm>{f'<Id><OrgId><Othr><Id>{to}</Id></Othr></OrgId></Id>' if to else ''}</Cdtr>"
        f"{f'<CdtrAcct>{account(to_account)}</CdtrAcct>' if to_account else ''}{more}</CdtTrfTxInf>\n"
    )


def block(
    *payments, name="B-1", batch="", date="2026-11-24", debtor=IBAN, counts="", colour="", method="TRF", version="09"
):
    day_of = f"<Dt>{date}</Dt>" if version != "03" else date
    return (
        f"<PmtInf><PmtInfId>{name}</PmtInfId><PmtMtd>{method}</PmtMtd>"
        f"{f'<BtchBookg>{batch}</BtchBookg>' if batch else ''}{counts}"
        f"{f'<PmtTpInf><CtgyPurp><Prtry>{colour}</Prtry></CtgyPurp></PmtTpInf>' if colour else ''}"
        f"<ReqdExctnDt>{day_of}</ReqdExctnDt>"
        f"<Dbtr><Nm>Roads</Nm></Dbtr><DbtrAcct>{account(debtor)}</DbtrAcct><DbtrAgt><FinInstnId/></DbtrAgt>\n"
        f"{''.join(payments)}</PmtInf>"
    )


def pain(*blocks, count=None, total=None, version="09", name="M-1"):
    text = "".join(one if one.startswith("<PmtInf>") else block(one, version=version) for one in blocks)
    number = text.count("<CdtTrfTxInf>") if count is None else count
    sums = f"<CtrlSum>{total}</CtrlSum>" if total is not None else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{message.NAMESPACE}pain.001.001.{version}">'
        f"<CstmrCdtTrfInitn><GrpHdr><MsgId>{name}</MsgId><CreDtTm>2026-11-24T09:30:00</CreDtTm><NbOfTxs>{number}</NbOfTxs>"
        f"{sums}<InitgPty><Nm>Roads</Nm></InitgPty></GrpHdr>\n{text}</CstmrCdtTrfInitn></Document>\n"
    ).encode()


def post(ledger_page, data, *, known=KNOWN, code="en", kept=True):
    """Read and post a message; return what became of each payment."""
    ledger_page.at += 1000
    return posting.post(ledger_page.book, initiation.read(data, "m.xml"), known, language(code), kept=kept)


def told(outcomes):
    return [(one.status, one.result, one.code) for one in outcomes]


def conforms(data, name):
    """Check against the published schema with a parser of the test's own; return a finder of texts."""
    root = etree.fromstring(data)
    assert root.tag == "{" + message.NAMESPACE + name + "}Document"
    message.schema(name).assertValid(root)
    space = {"m": message.NAMESPACE + name}
    return lambda path: [
        one.text for one in root.findall(".//" + "/".join(f"m:{step}" for step in path.split("/")), space)
    ]
