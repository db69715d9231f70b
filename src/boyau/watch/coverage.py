# cython: annotation_typing=False
"""Which fields a process has, as bits of one number: what flags need is compared with it before a flag is asked.

Summed over the data, it says which flags can fire on them at all, computed and not claimed.
"""

from collections.abc import Iterable
from functools import reduce

from boyau.watch.model import Award, Bid, Contract, Item, Party, Planning, Tender, Value
from boyau.watch.process import Process

PATHS = (
    "planning/documents",
    "planning/budget/id",
    "tender/status",
    "tender/value/amount",
    "tender/procurementMethod",
    "tender/procurementMethodDetails",
    "tender/procurementMethodRationale",
    "tender/tenderPeriod/startDate",
    "tender/tenderPeriod/endDate",
    "tender/awardPeriod/startDate",
    "tender/bidOpening/date",
    "tender/documents",
    "tender/documents/datePublished",
    "tender/eligibilityCriteria",
    "tender/participationFees/value/amount",
    "tender/awardCriteria",
    "tender/numberOfTenderers",
    "tender/items/classification/id",
    "tender/items/quantity",
    "tender/items/unit/value/amount",
    "tender/enquiries",
    "complaints/id",
    "buyer/id",
    "bids/details",
    "bids/details/status",
    "bids/details/value/amount",
    "bids/details/date",
    "bids/details/tenderers/id",
    "bids/details/documents",
    "awards",
    "awards/status",
    "awards/date",
    "awards/value/amount",
    "awards/suppliers/id",
    "awards/items/classification/id",
    "awards/items/unit/value/amount",
    "awards/hasSubcontracting",
    "awards/subcontracting/minimumPercentage",
    "contracts",
    "contracts/awardID",
    "contracts/status",
    "contracts/dateSigned",
    "contracts/value/amount",
    "contracts/documents",
    "contracts/amendments",
    "contracts/relatedProcesses",
    "contracts/implementation/milestones",
    "contracts/implementation/transactions",
    "contracts/implementation/documents",
    "parties/address",
    "parties/contactPoint",
    "parties/contactPoint/url",
    "parties/identifier/id",
    "parties/beneficialOwners",
    "parties/shareholders",
)
"""Paths that flags ask for. ``buyer/id`` is the buyer's or, where there is none, the procuring entity's."""
BITS = {path: 1 << place for place, path in enumerate(PATHS)}
STRANGE = BITS[PATHS[-1]] << 1  # compiled, `1 << len(PATHS)` would be computed in 32 bits
"""Set where an amount was beyond all sense. It is struck out, so that no flag computes with it."""

_POWER_MAX = 40
"""No amount of money has more digits than that; a sum of such would take all memory there is."""
_PLAN_DOCS, _PLAN_BUDGET = (BITS[f"planning/{name}"] for name in ("documents", "budget/id"))
_STATUS, _VALUE, _METHOD, _DETAILS, _RATIONALE, _START, _END = (
    BITS[f"tender/{name}"]
    for name in (
        *("status", "value/amount", "procurementMethod", "procurementMethodDetails", "procurementMethodRationale"),
        *("tenderPeriod/startDate", "tenderPeriod/endDate"),
    )
)
_AWARDING, _OPENING, _DOCS, _DOCS_DAY, _ELIGIBILITY, _FEES, _CRITERIA, _NUMBER, _ENQUIRIES = (
    BITS[f"tender/{name}"]
    for name in (
        *("awardPeriod/startDate", "bidOpening/date", "documents", "documents/datePublished", "eligibilityCriteria"),
        *("participationFees/value/amount", "awardCriteria", "numberOfTenderers", "enquiries"),
    )
)
_ITEM_CODE, _ITEM_QUANTITY, _ITEM_PRICE = (
    BITS[f"tender/items/{name}"] for name in ("classification/id", "quantity", "unit/value/amount")
)
_COMPLAINTS, _BUYER = BITS["complaints/id"], BITS["buyer/id"]
_BIDS, _BID_STATUS, _BID_VALUE, _BID_DATE, _BID_WHO, _BID_DOCS = (
    BITS[f"bids/details{name}"] for name in ("", "/status", "/value/amount", "/date", "/tenderers/id", "/documents")
)
_AWARDS, _AWARD_STATUS, _AWARD_DATE, _AWARD_VALUE, _AWARD_WHO, _AWARD_CODE, _AWARD_PRICE, _AWARD_SUB, _AWARD_SHARE = (
    BITS[f"awards{name}"]
    for name in (
        *("", "/status", "/date", "/value/amount", "/suppliers/id", "/items/classification/id"),
        *("/items/unit/value/amount", "/hasSubcontracting", "/subcontracting/minimumPercentage"),
    )
)
_CONTRACTS, _C_AWARD, _C_STATUS, _C_SIGNED, _C_VALUE, _C_DOCS, _C_AMENDED, _C_RELATED, _C_STONES, _C_PAID, _C_DONE = (
    BITS[f"contracts{name}"]
    for name in (
        *("", "/awardID", "/status", "/dateSigned", "/value/amount", "/documents", "/amendments"),
        *("/relatedProcesses", "/implementation/milestones", "/implementation/transactions"),
        "/implementation/documents",
    )
)
_ADDRESS, _CONTACT, _URL, _REGISTER, _OWNERS, _SHARES = (
    BITS[f"parties/{name}"]
    for name in ("address", "contactPoint", "contactPoint/url", "identifier/id", "beneficialOwners", "shareholders")
)


def bits_of(paths: Iterable[str]) -> int:
    """Return the bits of *paths* together. KeyError: a path that is none."""
    return reduce(lambda bits, path: bits | BITS[path], paths, 0)


def presence(process: Process) -> int:
    """Return which of ``PATHS`` a process has, in at least one of its parts.

    What parties are is looked at where there are bids only: flags that ask for it compare bidders.
    """
    release, bits = process.release, 0
    tender = release.tender
    if tender is not None:
        bits = _of_tender(tender)
    buyer = release.buyer or (tender.procuringEntity if tender is not None else None)
    if buyer is not None and buyer.id:
        bits |= _BUYER
    if release.bids is not None and release.bids.details:
        bits |= _of_bids(release.bids.details) | _of_parties(process.parties)
    if release.awards:
        bits |= _of_awards(release.awards)
    if release.contracts:
        bits |= _of_contracts(release.contracts)
    if release.planning is not None:
        bits |= _of_planning(release.planning)
    if release.complaints:
        bits |= _COMPLAINTS
    return bits


def _of_planning(planning: Planning) -> int:
    bits = _PLAN_DOCS if planning.documents else 0
    return bits | _PLAN_BUDGET if planning.budget is not None and planning.budget.id else bits


def _of_tender(tender: Tender) -> int:
    bits = 0
    if tender.status:
        bits |= _STATUS
    if tender.value is not None and tender.value.amount is not None:
        bits |= _amount(tender.value, _VALUE)
    if tender.procurementMethod:
        bits |= _METHOD
    if tender.procurementMethodDetails:
        bits |= _DETAILS
    if tender.procurementMethodRationale:
        bits |= _RATIONALE
    if tender.tenderPeriod is not None:
        bits |= (_START if tender.tenderPeriod.startDate else 0) | (_END if tender.tenderPeriod.endDate else 0)
    if tender.items:
        bits |= _of_items(tender.items, _ITEM_CODE, _ITEM_PRICE) | _of_quantities(tender.items)
    if tender.numberOfTenderers is not None:
        bits |= _NUMBER
    if tender.awardPeriod is not None and tender.awardPeriod.startDate:
        bits |= _AWARDING
    if tender.bidOpening is not None and tender.bidOpening.date:
        bits |= _OPENING
    if tender.documents:
        bits |= _DOCS
        if any(document.datePublished for document in tender.documents):
            bits |= _DOCS_DAY
    if tender.eligibilityCriteria:
        bits |= _ELIGIBILITY
    if tender.participationFees:
        bits |= _FEES
    if tender.awardCriteria:
        bits |= _CRITERIA
    return bits | _ENQUIRIES if tender.enquiries else bits


def _of_items(items: list[Item], code: int, price: int) -> int:
    bits = 0
    for item in items:
        if item.classification is not None and item.classification.id:
            bits |= code
        if item.unit is not None and item.unit.value is not None and item.unit.value.amount is not None:
            bits |= _amount(item.unit.value, price)
    return bits


def _of_quantities(items: list[Item]) -> int:
    bits = 0
    for item in items:
        if item.quantity is not None:
            if -_POWER_MAX < item.quantity.adjusted() < _POWER_MAX:
                bits |= _ITEM_QUANTITY
            else:
                item.quantity = None
                bits |= STRANGE
    return bits


def _amount(value: Value, bit: int) -> int:
    """Return *bit* for an amount that can be counted with; strike out one that cannot."""
    if value.amount is None or -_POWER_MAX < value.amount.adjusted() < _POWER_MAX:
        return bit
    value.amount = None
    return STRANGE


def _of_bids(details: list[Bid]) -> int:
    bits = _BIDS
    for bid in details:
        if bid.status:
            bits |= _BID_STATUS
        if bid.value is not None and bid.value.amount is not None:
            bits |= _amount(bid.value, _BID_VALUE)
        if bid.date:
            bits |= _BID_DATE
        if bid.tenderers and bid.tenderers[0].id:
            bits |= _BID_WHO
        if bid.documents:
            bits |= _BID_DOCS
    return bits


def _of_awards(awards: list[Award]) -> int:
    bits = _AWARDS
    for award in awards:
        if award.status:
            bits |= _AWARD_STATUS
        if award.date:
            bits |= _AWARD_DATE
        if award.value is not None and award.value.amount is not None:
            bits |= _amount(award.value, _AWARD_VALUE)
        if award.suppliers and award.suppliers[0].id:
            bits |= _AWARD_WHO
        if award.items:
            bits |= _of_items(award.items, _AWARD_CODE, _AWARD_PRICE)
        if award.hasSubcontracting is not None:
            bits |= _AWARD_SUB
        if award.subcontracting is not None and award.subcontracting.minimumPercentage is not None:
            bits |= _AWARD_SHARE
    return bits


def _of_contracts(contracts: list[Contract]) -> int:
    bits = _CONTRACTS
    for contract in contracts:
        if contract.awardID:
            bits |= _C_AWARD
        if contract.status:
            bits |= _C_STATUS
        if contract.dateSigned:
            bits |= _C_SIGNED
        if contract.value is not None and contract.value.amount is not None:
            bits |= _amount(contract.value, _C_VALUE)
        if contract.documents:
            bits |= _C_DOCS
        if contract.amendments:
            bits |= _C_AMENDED
        if contract.relatedProcesses:
            bits |= _C_RELATED
        work = contract.implementation
        if work is not None:
            bits |= (_C_STONES if work.milestones else 0) | (_C_DONE if work.documents else 0)
            for payment in work.transactions or ():
                value = payment.value or payment.amount
                bits |= _amount(value, _C_PAID) if value is not None and value.amount is not None else 0
    return bits


def _of_parties(parties: list[Party]) -> int:
    bits = 0
    for party in parties:
        if party.address is not None:
            bits |= _ADDRESS
        if party.contactPoint is not None:
            bits |= _CONTACT | (_URL if party.contactPoint.url else 0)
        if party.identifier is not None and party.identifier.id:
            bits |= _REGISTER
        if party.beneficialOwners:
            bits |= _OWNERS
        if party.shareholders:
            bits |= _SHARES
    return bits
