"""The records of the simulated world: participants, colours with their rules, limits, accounts, acts."""

from collections.abc import Iterator
from typing import Any

from boyau.ledger import amounts
from boyau.treasury.simulation.world import (
    ITEMS,
    KATO,
    LINES,
    NEXT,
    ROOT,
    RULED,
    TIER,
    TIER_HIGH,
    TIER_STRICT,
    VAT,
    VAT_PER_HUNDRED,
    YEAR,
    World,
)

Record = dict[str, Any]
NOT_PLAIN = ("administrator", "contractor", "subcontractor", "controller")
"""Who has no plain account."""
QUORUM = {"emergency": 2, "clawback": 2, "court": 1}
"""How many controllers must approve what goes past the rules."""
_CLASSES = {"small": ["supplier"], "vat_supplier": ["supplier", "vat_payer"]}


def attest(condition: str, by: str, **about: str) -> Record:
    """Return the attestation of *condition* by *by*, about a ``colour`` or a ``subject``."""
    return {"type": "attestation", "condition": condition, "by": by, **about}


def participant(who: str, kind: str, region: int) -> Record:
    """Return a participant; persons have no region of their own."""
    return {"type": "participant", "participant": who, "classes": _CLASSES.get(kind, [kind]), "region": kato(region)}


def kato(region: int) -> str:
    """Return the KATO code of a region's centre."""
    return f"{KATO[region]}1010000"


def base(world: World) -> Iterator[Record]:
    """Yield the participants, the tree down to the projects, and the plain accounts."""
    yield {"type": "participant", "participant": "treasury", "classes": ["administrator"]}
    yield {"type": "participant", "participant": "issuer", "classes": ["issuer"]}
    for kind, ids in world.ids.items():
        for k, who in enumerate(ids):
            yield participant(who, kind, k % world.regions)
            if kind not in NOT_PLAIN:
                yield {"type": "account", "account": f"{who}@KZT"}
    yield {"type": "colour", "colour": ROOT, "unit": "KZT", "title": f"Simulated year {YEAR}", "rules": _root_rules()}
    yield {"type": "account", "account": f"issuer@{ROOT}", "flags": ["issuer"]}
    yield {"type": "account", "account": f"treasury@{ROOT}"}
    yield {"type": "colour", "colour": VAT, "rules": _vat_rules()}
    for who in dict.fromkeys(customer(world, int(project)) for project in world.services):
        yield {"type": "account", "account": f"{who}@{VAT}"}
    for who in world.ids["vat_supplier"]:
        yield {"type": "account", "account": f"{who}@{VAT}#1"}
    for region in range(world.regions):
        yield {"type": "colour", "colour": f"{ROOT}/r{region}", "rules": {"regions": [KATO[region]]}}
    seen: set[str] = set()
    for project in range(world.projects):
        path = world.project_path(project)
        steps = path.split("/")
        for depth in range(4, len(steps) + 1):
            colour = "/".join(steps[:depth])
            if colour not in seen:
                seen.add(colour)
                yield {"type": "colour", "colour": colour}
        yield limits(world, project, 70)
        yield {"type": "account", "account": f"{customer(world, project)}@{path}"}


def customer(world: World, project: int) -> str:
    """Return who administers a project, and is the customer of its contracts."""
    return world.bin("administrator", project % world.programmes % world.administrators)


def limits(world: World, project: int, hundredths: int) -> Record:
    """Return a project's three limits; payments at so many hundredths of the plan."""
    total = int(world.project_total[project])
    plan = amounts.write(total, 2)
    payments = amounts.write(total * hundredths // 100, 2)
    return {
        "type": "limits",
        "colour": world.project_path(project),
        "plan": plan,
        "obligations": plan,
        "payments": payments,
    }


def _root_rules() -> Record:
    return {
        "window": {"first": f"{YEAR}-01-01", "last": f"{YEAR}-12-31"},
        "payees": {
            "classes": [
                "contractor",
                "subcontractor",
                "supplier",
                "vat_payer",
                "employee",
                "tax_authority",
                "vat_office",
            ]
        },
        "holders": {"classes": ["administrator", "contractor", "subcontractor", "vat_payer"]},
        "items": list(RULED),
        "hops": 2,
        "documents": "once",
        "ends": {
            "classes": ["supplier", "employee", "tax_authority", "vat_office"],
            "caps": [
                {"classes": ["employee"], "share": "30%", "evidence": ["payroll"]},
                {"classes": ["tax_authority"], "share": "20%"},
            ],
        },
        "approval": [_tier(TIER, 1), _tier(TIER_HIGH, 2)],
        "slice": {"colour": VAT, "share": f"{VAT_PER_HUNDRED}/{100 + VAT_PER_HUNDRED}", "classes": ["vat_payer"]},
        "powers": {name: {"quorum": quorum, "classes": ["controller"]} for name, quorum in QUORUM.items()},
    }


def _vat_rules() -> Record:
    return {"payees": {"classes": ["vat_payer", "vat_office"]}, "ends": {"classes": ["vat_office"]}}


def _tier(above: int, quorum: int) -> Record:
    return {"above": amounts.write(above, 2), "quorum": quorum, "classes": ["controller"]}


def contract(world: World, c: int) -> Iterator[Record]:
    """Yield one contract: its colour with lines and terms, its two subcontracts, its accounts, what is attested."""
    path = world.path(c)
    customer = world.bin("administrator", world.administrator[c])
    line = [
        {
            "item": ITEMS[int(world.line_item[c, k])],
            "quantity": amounts.write(int(world.quantity[c, k]), 3),
            "price": amounts.write(int(world.price[c, k]), 2),
        }
        for k in range(world.line_item.shape[1])
    ]
    terms: Record = {
        "acceptance": True,
        "advance": f"{int(world.advance[c])}0%",
        "retention": {"share": "5%", "days": 365},
        "evidence": [
            {"condition": "acceptance_act", "at": "accept"},
            {"condition": "bank_guarantee", "at": "advance"},
        ],
    }
    if world.strict[c]:
        terms["approval"] = [_tier(TIER_STRICT, 1)]
    limit = amounts.write(int(world.total[c]), 2)
    yield {"type": "colour", "colour": path, "rules": {**terms, "lines": line, "payee_limit": limit}}
    yield {"type": "account", "account": f"{customer}@{path}"}
    yield {"type": "account", "account": f"{world.bin('contractor', world.contractor[c])}@{path}#1"}
    yield attest("bank_guarantee", customer, colour=path)
    yield attest("payroll", customer, colour=path)
    for k in range(2):
        limit = amounts.write(int(world.sub_total[c, k]) * 6 // 10, 2)
        rules = {"advance": "20%", "payee_limit": limit, "lines": [line[LINES + k]]}
        yield {"type": "colour", "colour": f"{path}/s{k}", "rules": rules}
        yield {"type": "account", "account": f"{world.bin('subcontractor', world.sub[c, k])}@{path}/s{k}#2"}


def next_year(world: World) -> Iterator[Record]:
    """Yield the next year's root, and a colour and an account for each contract whose money is carried over."""
    window = {"first": f"{YEAR + 1}-01-01", "last": f"{YEAR + 1}-12-31"}
    rules = {"window": window, "holders": {"classes": ["administrator", "contractor", "subcontractor"]}}
    yield {"type": "colour", "colour": NEXT, "unit": "KZT", "title": f"Simulated year {YEAR + 1}", "rules": rules}
    for c in world.clawed.tolist():
        yield {"type": "colour", "colour": f"{NEXT}/c{c}", "rules": {"carry_from": [world.path(c)]}}
        yield {"type": "account", "account": f"{world.bin('administrator', world.administrator[c])}@{NEXT}/c{c}"}


def act(name: str, colour: str, amount: int, by: str) -> list[Record]:
    """Return an act of work done: what it is worth, and who attests it (nobody: it stands unattested)."""
    subject = {"type": "subject", "subject": name, "colour": colour, "amount": amounts.write(amount, 2)}
    return [subject, attest("acceptance_act", by, subject=name)] if by else [subject]
