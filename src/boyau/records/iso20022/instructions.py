"""Payment instructions: what a pain.001 and a treasury payment order both become, and the operations they ask for."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import Ledger
from boyau.records.iso20022 import numbers, reasons
from boyau.records.iso20022.references import NOT_PROVIDED, operation_id

KINDS = ("pay", "commit", "advance")
"""What a payment order may ask for."""

TWICE = _("It names the same payment as line {line}.")
NO_NAME = _("The payment has no name of its own: give one of {names}.")
OTHER_COLOUR = _("The account {account} holds money of the colour {colour}, the order says {other}.")
OTHER_UNIT = _("The amount is in {unit}, the account {account} in {other}.")
OTHER_OWNER = _("The account {account} belongs to {owner}, the order names {named}.")
NO_ACCOUNT = _("“{said}” names no account of this ledger: give its name, a number from the file of numbers, or a BIN.")
NO_COLOUR = _("It is not said of which colour {payer} pays.")
SEVERAL = _("The payee {payee} has several accounts of this colour: {accounts}. Name one of them.")


class Fault(ValueError):  # noqa: N818 - an answer, not an error of the program
    """One instruction that cannot be carried out as it stands; the others can."""

    def __init__(self, field: str, source: str, code: str = "", **values: object) -> None:
        self.field, self.code = field, code or reasons.of_field(field)
        self._source, self._values = source, values
        super().__init__(source.format(**values) if values else source)

    def told(self, words: Language) -> str:
        """Say it in a language."""
        return words.text(self._source, **self._values)


class MessageRefused(ValueError):  # noqa: N818 - an answer, not an error of the program
    """The whole message is refused, under one code of ISO 20022."""

    def __init__(self, code: str, source: str, **values: object) -> None:
        self.code = code
        self._source, self._values = source, values
        super().__init__(source.format(**values) if values else source)
        self.message: Message | None = None
        """The message, for the status that refuses it."""

    def told(self, words: Language) -> str:
        """Say it in a language."""
        return words.text(self._source, **self._values)


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays or is paid, as a message names them; the account they mean is found with the ledger at hand."""

    iban: str = ""
    other: str = ""
    account: str = ""
    bin: str = ""

    def said(self) -> str:
        """Return what was said, for a sentence."""
        return self.account or self.iban or self.other or self.bin


@dataclass(slots=True)
class Instruction:
    """One payment asked for. ``fault``: it cannot be read. ``linked``: takes effect with the next one or not at all."""

    line: int
    id: str = ""
    instruction_id: str = ""
    end_to_end_id: str = ""
    uetr: str = ""
    payer: Party = field(default_factory=Party)
    payee: Party = field(default_factory=Party)
    amount: str = ""
    currency: str = "KZT"
    colour: str = ""
    operation: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None
    linked: bool = False


@dataclass(slots=True)
class Group:
    """Instructions under one header (PmtInf). ``together``: all or none."""

    id: str
    instructions: list[Instruction]
    together: bool = False


@dataclass(slots=True)
class Message:
    """What came in: its own names, for the status that answers it, and its groups."""

    name: str
    id: str
    created: str
    groups: list[Group]
    control_sum: str = ""

    @property
    def instructions(self) -> list[Instruction]:
        """Every instruction, in order."""
        return [one for group in self.groups for one in group.instructions]


def settle_ids(groups: list[Group]) -> None:
    """Refuse ids that stand twice, and join the instructions of groups that go together."""
    seen: dict[str, int] = {}
    for group in groups:
        for instruction in group.instructions:
            if instruction.id and instruction.id in seen:
                instruction.fault = instruction.fault or Fault("id", TWICE, "DU04", line=seen[instruction.id])
            seen.setdefault(instruction.id, instruction.line)
        if group.together:
            for instruction in group.instructions[:-1]:
                instruction.linked = True


def identity(uetr: str, end_to_end_id: str, instruction_id: str) -> str:
    """Return the operation's id: of the UETR, else of the end-to-end reference, else of the instruction's."""
    names = (uetr, "" if end_to_end_id == NOT_PROVIDED else end_to_end_id, instruction_id)
    name = next((one for one in names if one), "")
    if not name:
        raise Fault("id", NO_NAME, names="UETR, EndToEndId, InstrId")
    return operation_id(name)


class Owners:
    """Which accounts a participant has; ``seen`` adds those that have come since, and none is ever taken away."""

    def __init__(self) -> None:
        self._of: dict[str, list[str]] = {}
        self._count = 0

    def seen(self, ledger: Ledger) -> "Owners":
        """Bring it up to date with *ledger*, always the same one; return itself."""
        for name in islice(ledger.accounts, self._count, None):
            self._of.setdefault(name.partition("@")[0], []).append(name)
        self._count = len(ledger.accounts)
        return self

    def of(self, participant: str) -> list[str]:
        """Return the accounts of a participant, in the order in which they were made."""
        return self._of.get(participant, [])


class Directory:
    """Finds the accounts that parties mean, in one ledger. *owners*: kept by who reads many messages."""

    def __init__(self, ledger: Ledger, known: numbers.Numbers, owners: Owners | None = None) -> None:
        self._ledger, self._known = ledger, known
        self._owners = (owners or Owners()).seen(ledger)

    def operation(self, instruction: Instruction) -> dict[str, Any]:
        """Return the operation that *instruction* asks for; raises ``Fault``."""
        if instruction.fault is not None:
            raise instruction.fault
        colour = self._known.colours.get(instruction.colour, instruction.colour)
        payer = self._payer(instruction.payer, colour)
        own = payer.partition("@")[2].partition("#")[0]
        if colour and own != colour:
            raise Fault("from", OTHER_COLOUR, "FF06", account=payer, colour=own, other=colour)
        number = self._ledger.accounts.get(payer)
        if number is not None:
            unit = self._ledger.registry.colours[int(self._ledger.tables.acc[number, 3])].unit
            if unit != instruction.currency:
                raise Fault("amount", OTHER_UNIT, "CURR", unit=instruction.currency, account=payer, other=unit)
        operation = {"op": "pay", "id": instruction.id, "from": payer, "to": self._payee(instruction.payee, payer)}
        operation |= {"amount": instruction.amount} | instruction.operation
        return operation | ({"linked": True} if instruction.linked else {})

    def _named(self, party: Party, field: str) -> tuple[str, str]:
        """Return (account, "") or ("", participant) as far as the message and the file of numbers say."""
        for number, problem in (
            (party.iban, numbers.iban_problem(party.iban) if party.iban else ""),
            (party.other, ""),
        ):
            if problem:
                raise Fault(field, problem, number=number)
        account, participant = party.account, ""
        for number in (party.iban, party.other):
            account = account or self._known.accounts.get(number, "")
            participant = participant or self._known.participants.get(number, "")
        account = account or (party.other if "@" in party.other else "")
        owner = account.partition("@")[0] or participant
        # Only a number that looks like one can contradict: participants may have any code.
        if party.bin and owner and owner != party.bin and owner.isdigit() and len(owner) == len(party.bin):
            raise Fault(field, OTHER_OWNER, "BE01", account=party.said(), owner=owner, named=party.bin)
        return account, "" if account else participant or party.bin

    def _payer(self, party: Party, colour: str) -> str:
        account, participant = self._named(party, "from")
        if account:
            return account
        if not participant:
            raise Fault("from", NO_ACCOUNT, said=party.said() or "—")
        if not colour:
            raise Fault("from", NO_COLOUR, "FF06", payer=participant)
        return f"{participant}@{colour}"

    def _payee(self, party: Party, payer: str) -> str:
        account, participant = self._named(party, "to")
        if account:
            return account
        if not participant:
            raise Fault("to", NO_ACCOUNT, said=party.said() or "—")
        # A contractor who holds this colour is paid into it, so that it keeps its colour; where there are several such
        # accounts, or none, the order must say which, or the colour ends.
        colour, _, hop = payer.partition("@")[2].partition("#")
        wanted = int(hop or 0) + 1
        held = [
            name
            for name in self._owners.of(participant)
            if name.endswith(f"#{wanted}") and f"{name.partition('@')[2].partition('#')[0]}/".startswith(f"{colour}/")
        ]
        if len(held) > 1:
            raise Fault("to", SEVERAL, payee=participant, accounts=", ".join(held[:4]))
        if held:
            return held[0]
        number = self._ledger.accounts.get(payer)
        unit = self._ledger.registry.colours[int(self._ledger.tables.acc[number, 3])].unit if number is not None else ""
        return f"{participant}@{unit or 'KZT'}"
