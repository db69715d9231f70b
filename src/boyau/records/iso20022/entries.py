"""Entries of camt.053 and camt.054: one movement of money, seen from one account."""

import hashlib
from typing import Any

from boyau import codec
from boyau.journal import Book
from boyau.ledger import Kind, codes
from boyau.records.iso20022.initiation import ACT, CONTRACT, PROXY, REGION
from boyau.records.iso20022.message import Writer
from boyau.records.iso20022.numbers import Numbers
from boyau.records.iso20022.references import NOT_PROVIDED, reference, uetr

ISSUER = "BOYAU"
"""Who issues the codes and account names that are not ISO's."""
_OTHER_ID = 34
_GIVING_BACK = (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK)
_ON_CONTRACT = (Kind.PAY, Kind.ADVANCE)


class EntryWriter:
    """Writes accounts and entries of one ledger."""

    def __init__(self, book: Book, known: Numbers, out: Writer) -> None:
        self._book, self._out = book, out
        self._number_of = known.number_of
        self._names = list(book.ledger.accounts)
        self._written: dict[tuple[str, str], str] = {}
        self._subjects = list(book.ledger.subjects)
        registry = book.ledger.registry
        self._facts = dict(zip(registry.participants, registry.participant_facts, strict=True))

    def account(self, tag: str, name: str, *, unit: str = "") -> None:
        """Write an account: by its outside number where one is known, and always by the name it has here."""
        out, number = self._out, self._number_of.get(name, "")
        out.begin(tag)
        if number[:2].isalpha() and number[2:4].isdigit():
            out.leaf("Id/IBAN", number)
        elif number or len(name) <= _OTHER_ID:
            out.leaf("Id/Othr/Id", number or name, _OTHER_ID)
        else:  # the field is too short for this name: a digest stands there, and the name is the proxy
            out.leaf("Id/Othr/Id", hashlib.sha256(name.encode()).hexdigest()[:_OTHER_ID])
        out.leaf("Ccy", unit)
        out.begin("Prxy")
        out.leaf("Tp/Prtry", PROXY)
        out.leaf("Id", name)
        out.end()

    def owner(self, name: str) -> None:
        """Write the owner of account *name* inside an account, and close the account."""
        participant = name.partition("@")[0]
        self._out.begin("Ownr")
        self._party(participant)
        self._out.end(2)

    def _party(self, participant: str) -> None:
        title = self._facts.get(participant, {}).get("name", "")
        if isinstance(title, dict):
            title = title.get("kk") or next(iter(title.values()), "")
        self._out.leaf("Nm", str(title), 140)
        self._out.leaf("Id/OrgId/Othr/Id", participant, 35)

    def entry(self, row: Any, number: int, amount: int, day: int, unit: tuple[str, int]) -> None:
        """Write the movement of *row*, entry *number*: *amount* above zero came in, below zero went out."""
        out, kind = self._out, Kind(int(row["kind"]))
        side = "CRDT" if amount > 0 else "DBIT"
        out.begin("Ntry")
        out.leaf("NtryRef", str(number))
        out.amount("Amt", abs(amount), *unit)
        out.leaf("CdtDbtInd", side)
        if kind in _GIVING_BACK:
            out.leaf("RvslInd", "true")
        out.leaf("Sts/Cd", "BOOK")
        out.leaf("BookgDt/Dt", codes.day_text(day))
        out.leaf("ValDt/Dt", codes.day_text(int(row["value_date"])))
        out.leaf("AcctSvcrRef", str(number))
        out.begin("BkTxCd", "Domn")
        out.leaf("Cd", "PMNT")
        out.begin("Fmly")
        out.leaf("Cd", "RCDT" if amount > 0 else "ICDT")
        out.leaf("SubFmlyCd", "OTHR")
        out.end(2)
        out.begin("Prtry")
        out.leaf("Cd", kind.name.lower())
        out.leaf("Issr", ISSUER)
        out.end(2)
        out.begin("NtryDtls", "TxDtls")
        self._details(row, abs(amount), side, unit, kind)
        out.end(3)

    def _details(self, row: Any, amount: int, side: str, unit: tuple[str, int], kind: Kind) -> None:
        out, identity = self._out, codec.id_text(row["id"].tobytes())
        out.begin("Refs")
        out.leaf("EndToEndId", reference(identity) or NOT_PROVIDED, 35)
        out.leaf("UETR", uetr(identity))
        out.end()
        out.amount("Amt", amount, *unit)
        out.leaf("CdtDbtInd", side)
        debit, credit = self._names[int(row["debit"])], self._names[int(row["credit"])]
        out.begin("RltdPties")
        for who, name in (("Dbtr", debit), ("Cdtr", credit)):
            self._related(who, name)
        out.end()
        item = codes.item_text(int(row["item"]))
        out.leaf("Purp/Prtry", item, 35)
        self._remittance(row, kind)

    def _related(self, who: str, name: str) -> None:
        """Write a party and its account; most entries of a statement have one of them in common."""
        out, known = self._out, self._written.get((who, name))
        if known is not None:
            out.again(known)
            return
        mark = out.mark()
        out.begin(who, "Pty")
        self._party(name.partition("@")[0])
        out.end(2)
        self.account(f"{who}Acct", name)
        out.end()
        self._written[who, name] = out.since(mark)

    def _remittance(self, row: Any, kind: Kind) -> None:
        """Write contract, act and document, by the fields in which a pain.001 brings them."""
        out = self._out
        subject = int(row["subject"])
        act = self._subjects[subject - 1] if 0 < subject <= len(self._subjects) else ""
        held = codec.id_text(row["ref"].tobytes()) if kind in _ON_CONTRACT else ""
        document = row["document"].tobytes().hex() if any(row["document"].tobytes()) else ""
        lines = [f"sha256:{document}"] if document else []
        if len(act) > 35:
            lines.append(f"subject:{act}")
        if int(row["region"]):
            lines.append(f"{REGION}:{int(row['region'])}")  # these messages have no RgltryRptg
        if not (held or act or lines):
            return
        out.begin("RmtInf", "Strd")
        for code, tag, text in ((CONTRACT, "Cd", reference(held)), (ACT, "Prtry", act if len(act) <= 35 else "")):
            if text:
                out.begin("RfrdDocInf", "Tp", "CdOrPrtry")
                out.leaf(tag, code)
                out.end(2)
                out.leaf("Nb", text, 35)
                out.end()
        for line in lines:
            out.leaf("AddtlRmtInf", line, 140)
        out.end(2)
