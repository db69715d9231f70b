"""The procurement model: those fields of an OCDS 1.1 release that a flag reads, typed, and nothing else.

Every source becomes this model: OCDS releases and records, the health procurement lots, whatever comes next. Field
names are those of the standard (https://standard.open-contracting.org/1.1/en/schema/reference/), written in its own
case, so that a path such as ``tender/tenderPeriod/startDate`` is also the way to the value here. Fields of extensions
that the Open Contracting Partnership's flags name (bids, participation fees, enquiries, beneficial owners, …) stand
beside them.

Amounts and quantities are exact decimals: they are read from the digits in the file and never become binary floats.
Everything is optional, because publishers leave out everything.
"""

from decimal import Decimal

from msgspec import Raw, Struct

_ABSENT = Raw()


class Lean(Struct, kw_only=True, gc=False, omit_defaults=True):
    """What all parts share: keyword-only, out of the way of the garbage collector (the model has no cycles)."""


class Value(Lean):
    """An amount of money; *currency* is ISO 4217."""

    amount: Decimal | None = None
    currency: str | None = None


class Period(Lean):
    """A span of time, RFC 3339."""

    startDate: str | None = None
    endDate: str | None = None


class Moment(Lean):
    """One moment, such as the opening of bids."""

    date: str | None = None


class Classification(Lean):
    """A code of goods, works or services in *scheme* (CPV, UNSPSC, ENS TRU …)."""

    scheme: str | None = None
    id: str | None = None


class Unit(Lean):
    """What a quantity counts, and the price of one."""

    name: str | None = None
    code: str | None = None
    value: Value | None = None


class Item(Lean):
    """Something bought."""

    classification: Classification | None = None
    quantity: Decimal | None = None
    unit: Unit | None = None


class Reference(Lean):
    """A reference to an organisation, by the id it has among ``parties``."""

    id: str | None = None


class Document(Lean):
    """A published document: only its type and day are read."""

    documentType: str | None = None
    datePublished: str | None = None


class Enquiry(Lean):
    """A question about the tender, and its answer."""

    id: str | None = None
    date: str | None = None
    dateAnswered: str | None = None
    answer: str | None = None


class Fee(Lean):
    """What a bidder must pay to take part (extension participationFee)."""

    id: str | None = None
    value: Value | None = None


class Tender(Lean):
    """The tender section."""

    status: str | None = None
    procurementMethod: str | None = None
    procurementMethodDetails: str | None = None
    procurementMethodRationale: str | None = None
    mainProcurementCategory: str | None = None
    awardCriteria: str | None = None
    eligibilityCriteria: str | None = None
    tenderPeriod: Period | None = None
    awardPeriod: Period | None = None
    bidOpening: Moment | None = None
    value: Value | None = None
    items: list[Item] | None = None
    numberOfTenderers: int | None = None
    tenderers: list[Reference] | None = None
    procuringEntity: Reference | None = None
    documents: list[Document] | None = None
    enquiries: list[Enquiry] | None = None
    participationFees: list[Fee] | None = None


class BidDocument(Lean):
    """A document of a bid. The same *url* or *id* in bids of different bidders is the same document."""

    id: str | None = None
    url: str | None = None
    documentType: str | None = None


class Bid(Lean):
    """One bid (extension bids)."""

    id: str | None = None
    date: str | None = None
    status: str | None = None
    value: Value | None = None
    tenderers: list[Reference] | None = None
    documents: list[BidDocument] | None = None
    relatedLots: list[str] | None = None


class Bids(Lean):
    """The bids section."""

    details: list[Bid] | None = None


class Subcontracting(Lean):
    """What of an award is handed on (extension subcontracting); a share of 0 to 1."""

    minimumPercentage: Decimal | None = None
    maximumPercentage: Decimal | None = None


class Award(Lean):
    """One award."""

    id: str | None = None
    status: str | None = None
    date: str | None = None
    value: Value | None = None
    suppliers: list[Reference] | None = None
    items: list[Item] | None = None
    relatedLots: list[str] | None = None
    relatedBid: str | None = None
    hasSubcontracting: bool | None = None
    subcontracting: Subcontracting | None = None


class Amendment(Lean):
    """A change of a contract, in words."""

    id: str | None = None
    date: str | None = None
    description: str | None = None
    rationale: str | None = None


class Milestone(Lean):
    """Something due by a day, and when it was met."""

    id: str | None = None
    type: str | None = None
    status: str | None = None
    dueDate: str | None = None
    dateMet: str | None = None


class Transaction(Lean):
    """A payment under a contract. ``amount`` is the name of the value in OCDS 1.0."""

    id: str | None = None
    date: str | None = None
    value: Value | None = None
    amount: Value | None = None
    payee: Reference | None = None


class Implementation(Lean):
    """How a contract is carried out."""

    milestones: list[Milestone] | None = None
    transactions: list[Transaction] | None = None
    documents: list[Document] | None = None


class RelatedProcess(Lean):
    """Another process that this one belongs to, such as a subcontract."""

    id: str | None = None
    relationship: list[str] | None = None
    identifier: str | None = None


class Contract(Lean):
    """One contract."""

    id: str | None = None
    awardID: str | None = None
    status: str | None = None
    dateSigned: str | None = None
    period: Period | None = None
    value: Value | None = None
    items: list[Item] | None = None
    suppliers: list[Reference] | None = None
    documents: list[Document] | None = None
    amendments: list[Amendment] | None = None
    relatedProcesses: list[RelatedProcess] | None = None
    implementation: Implementation | None = None


class Identifier(Lean):
    """The number of an organisation in a register (in Kazakhstan its BIN)."""

    scheme: str | None = None
    id: str | None = None
    legalName: str | None = None


class Address(Lean):
    """Where an organisation sits."""

    streetAddress: str | None = None
    locality: str | None = None
    region: str | None = None
    postalCode: str | None = None
    countryName: str | None = None


class ContactPoint(Lean):
    """How an organisation is reached."""

    name: str | None = None
    email: str | None = None
    telephone: str | None = None
    url: str | None = None


class Shareholder(Lean):
    """Who holds how much of an organisation; a share of 0 to 1 (extension shareholders)."""

    id: str | None = None
    shareholder: Reference | None = None
    shareholding: Decimal | None = None


class Party(Lean):
    """An organisation with the roles it has in the process."""

    id: str | None = None
    name: str | None = None
    roles: list[str] | None = None
    identifier: Identifier | None = None
    address: Address | None = None
    contactPoint: ContactPoint | None = None
    beneficialOwners: list[Reference] | None = None
    shareholders: list[Shareholder] | None = None


class Budget(Lean):
    """The budget of the planning section; *id* is the line it is charged to."""

    id: str | None = None
    project: str | None = None
    amount: Value | None = None


class Planning(Lean):
    """The planning section."""

    rationale: str | None = None
    budget: Budget | None = None
    documents: list[Document] | None = None


class Complaint(Lean):
    """A complaint about the process (extension complaints)."""

    id: str | None = None


class Release(Lean):
    """A contracting process as one compiled release.

    *parties* stay as they were written until a flag asks for them: most of a release's text is there, and most flags
    need ids only. ``Process.parties`` reads them.
    """

    ocid: str | None = None
    id: str | None = None
    date: str | None = None
    tag: list[str] | None = None
    buyer: Reference | None = None
    planning: Planning | None = None
    tender: Tender | None = None
    bids: Bids | None = None
    awards: list[Award] | None = None
    contracts: list[Contract] | None = None
    complaints: list[Complaint] | None = None
    parties: Raw = _ABSENT
