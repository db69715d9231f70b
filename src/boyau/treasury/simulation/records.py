"""The records of the simulated world: participants, colours with their rules, limits, accounts, acts."""

from collections.abc import Iterator
from typing import Any

from boyau.ledger import amounts
from boyau.treasury.simulation.world import ITEMS, KATO, LINES, ROOT, RULED, TIER, TIER_HIGH, YEAR, World

Record = dict[str, Any]
_CLASS = {"small": "supplier"}


def attest(condition: str, by: str, **about: str) -> Record:
    """Return the attestation of *condition* by *by*, about a ``colour`` or a ``subject``."""
    return {"type": "attestation", "condition": condition, "by": by, **about}


def participant(who: str, kind: str, region: int) -> Record:
    """Return a participant of one class; persons have no region of their own."""
    return {"type": "participant", "participant": who, "classes": [_CLASS.get(kind, kind)], "region": kato(region)}


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
            if kind not in ("administrator", "contractor", "subcontractor", "controller"):
                yield {"type": "account", "account": f"{who}@KZT"}
    yield {"type": "colour", "colour": ROOT, "unit": "KZT", "title": f"Simulated year {YEAR}", "rules": _root_rules()}
    yield {"type": "account", "account": f"issuer@{ROOT}", "flags": ["issuer"]}
    yield {"type": "account", "account": f"treasury@{ROOT}"}
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
        yield {"type": "account", "account": f"{world.bin('administrator', _administrator(world, project))}@{path}"}


def _administrator(world: World, project: int) -> int:
    return project % world.programmes % world.administrators


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
        "payees": {"classes": ["contractor", "subcontractor", "supplier", "employee", "tax_authority"]},
        "holders": {"classes": ["administrator", "contractor", "subcontractor"]},
        "items": list(RULED),
        "hops": 2,
        "documents": "once",
        "ends": {
            "classes": ["supplier", "employee", "tax_authority"],
            "caps": [
                {"classes": ["employee"], "share": "30%", "evidence": ["payroll"]},
                {"classes": ["tax_authority"], "share": "20%"},
            ],
        },
        "approval": [
            {"above": amounts.write(TIER, 2), "quorum": 1, "classes": ["controller"]},
            {"above": amounts.write(TIER_HIGH, 2), "quorum": 2, "classes": ["controller"]},
        ],
    }


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
    terms = {
        "acceptance": True,
        "advance": f"{int(world.advance[c])}0%",
        "retention": {"share": "5%", "days": 365},
        "evidence": [
            {"condition": "acceptance_act", "at": "accept"},
            {"condition": "bank_guarantee", "at": "advance"},
        ],
    }
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


def act(name: str, colour: str, amount: int, by: str) -> list[Record]:
    """Return an act of work done: what it is worth, and who attests it (nobody: it stands unattested)."""
    subject = {"type": "subject", "subject": name, "colour": colour, "amount": amounts.write(amount, 2)}
    return [subject, attest("acceptance_act", by, subject=name)] if by else [subject]
