"""The table of roles is complete by construction, and every route, operation and record obeys it for every role."""

import re

import pytest

from boyau.journal.operations import OPS
from boyau.ledger.registry import FIELDS
from boyau.service.gate.policy import CELLS, POLICY, Facts, Policy
from boyau.service.identity.people import Grant
from tests.service.test_gate_world import GRANTS, World, batch, pay

YES = "ycbp"
ACCOUNT = {"budget": "budget@kz/road", "builder": "builder@kz/road#1", "asphalt": "asphalt@KZT"}
DIGEST = "0" * 64
VALUES = {
    "name": "budget@kz/road", "path": "kz/road", "entry": "P-0", "provider": "none", "session": "999999",
    "passkey": "none", "account": "p-none", "number": "999999", "key": "none", "digest": DIGEST, "hook": "none",
    "request": "R-1", "version": "0", "what": "kz/road", "role": "treasury", "file": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


def routes_of(app):
    """Yield (method, path) of every route of the application, those of included routers too."""

    def below(routes, prefix=""):
        for route in routes:
            inner = getattr(route, "effective_candidates", None)
            if inner is not None:
                for one in inner():
                    if hasattr(one, "effective_candidates"):
                        yield from below([one], prefix)
                    else:
                        yield from ((method, one.path) for method in one.methods)
            else:
                yield from ((method, prefix + route.path) for method in route.methods or ())

    return sorted({(method, path) for method, path in below(app.router.routes) if method != "HEAD"})


def test_every_route_stands_in_the_table_and_the_table_has_no_others(world):
    found = {f"{method} {path}" for method, path in routes_of(world.app)}
    assert len(found) > 40
    assert found == set(POLICY.routes)


def test_every_operation_and_record_has_a_row_with_a_cell_for_every_role():
    derived = {f"op.{name}" for name in OPS} | {f"record.{name}" for name in FIELDS}
    derived |= {"record.account.change", "record.account.issuer", "see.persons"}  # asked by pages, of what they show
    doors = set(POLICY.routes.values())
    assert derived | doors == set(POLICY.actions)
    for action, row in POLICY.actions.items():
        assert tuple(row) == POLICY.roles, action
        assert set(row.values()) <= set(CELLS)
        assert row["public"] in "y-"  # everybody is of the public: a ban there would ban all


def test_a_row_that_lacks_a_cell_is_no_table():
    lists = "".join(f"{name} = []\n" for name in ("needs_participant", "needs_colour", "four_eyes_roles"))
    text = f'columns = ["a", "b"]\n{lists}[actions]\nact = "y"\n[routes]\n'
    with pytest.raises(ValueError, match="one cell for every role"):
        Policy(text)
    with pytest.raises(ValueError, match="has no row"):
        Policy(text.replace('"y"', '"y -"') + '"GET /x" = "other"\n')


def sample(route, role):
    """Return a request to a route about something within the scope of *role*."""
    method, template = route.split(" ")
    who = GRANTS.get(role, {}).get("participant", "")
    values = VALUES | {"name": ACCOUNT.get(who, VALUES["name"])}
    if template.endswith("/entries/{entry}") and who in ("asphalt", "agency"):
        values["entry"] = {"asphalt": "T-1", "agency": "0"}[who]
    if template.startswith(("/programmes/", "/who/")):
        values["name"] = "road"
    path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: values[match[1]].replace("#", "%23"), template)
    return method, path


@pytest.mark.parametrize("role", POLICY.roles)
@pytest.mark.parametrize("route", POLICY.routes)
def test_every_route_answers_every_role_as_the_table_says(world, route, role):
    action = POLICY.routes[route]
    method, path = sample(route, role)
    if action == "read.entry" and role in ("inspector", "doctor", "pharmacist"):
        entry = own_entry(world, role)
        path = f"/api/v1/entries/{entry}"
    more = {"json": pay("T-0", ACCOUNT.get(GRANTS.get(role, {}).get("participant", ""), "budget@kz/road"))}
    more = more if method in ("POST", "PUT") and "webhooks" not in path else {}
    if action == "submit":  # the door alone: what stands behind it has tests of its own below
        more = {"json": {"op": "nothing"}}
    if action == "explain" and role == "inspector":
        more["json"]["from"] = "agency@KZT"
    answer = world.ask(method, path, auth=world.role(role), **more)
    cell = POLICY.actions[action][role]
    kind = answer.headers.get("content-type", "")
    gate = kind.startswith("application/problem") and answer.json()["type"].rpartition("/")[2]
    if cell in YES:
        assert answer.status_code < 500 or gate == "closing", answer.text
        assert gate not in ("not-allowed", "signature") or "rule" not in answer.json(), answer.text
        if action not in ("self", "see"):  # a page asks for what it shows beyond what is public
            assert answer.status_code != 401, answer.text
    else:
        assert (answer.status_code, gate) == ((401, "sign-in") if role == "public" else (403, "not-allowed"))


def own_entry(world, role):
    """Return an entry that a role's participant is a side of."""
    who = GRANTS[role]["participant"]
    if who == "asphalt":
        if world.ask("GET", "/api/v1/entries/T-1", auth=world.role("auditor")).status_code == 404:
            assert batch(world, world.role("treasury"), pay("T-1", "builder@kz/road#1")) == ["posted"]
        return "T-1"
    listed = world.ask("GET", "/api/v1/entries?limit=1000", auth=world.role("auditor")).json()["items"]
    return next(one["entry"] for one in listed if one.get("participant") == who)


def operation(op, who):
    line = pay(f"O-{op}"[:16], ACCOUNT.get(who, "budget@kz/road"))
    if op in ("return", "reverse", "clawback"):
        line["original"] = "P-0"
    return line | {"op": op, "amount": "999999999.00"}


@pytest.mark.parametrize("role", POLICY.roles)
@pytest.mark.parametrize("op", sorted(OPS))
def test_every_operation_is_open_to_the_roles_of_its_row(world, op, role):
    who = GRANTS.get(role, {}).get("participant", "")
    expect(world, role, f"op.{op}", operation(op, who))


RECORDS = {
    "unit": {"unit": "KZT", "scale": 3},
    "participant": {"participant": "agency", "classes": "none"},
    "colour": {"colour": "kz/road/a", "rules": "none"},
    "limits": {"colour": "kz/road/a", "plan": "none"},
    "account": {"account": "nobody@kz/road"},
    "subject": {"subject": "S", "colour": "kz/road", "amount": "none"},
    "proposal": {"command": "none"},
    "approval": {"command": "none"},
    "key": {"participant": "agency", "key": "none"},
    "request": {"request": "R", "colour": "kz/road"},
    "denial": {"request": "R-1"},
    "appeal": {"request": "R-1"},
    "attestation": {"condition": "none", "colour": "kz/road", "subject": "both"},
    "log_key": {"number": "none"},
    "published": {},
    "note": {},
}


@pytest.mark.parametrize("role", POLICY.roles)
@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_every_record_is_open_to_the_roles_of_its_row(world, kind, role):
    record = {"type": kind} | RECORDS[kind]
    if "by" in (FIELDS[kind] or ()):
        record["by"] = GRANTS.get(role, {}).get("participant", "nobody")
    if role == "programme_administrator" and kind in ("proposal", "approval", "denial", "appeal"):
        # Bound to a colour, it needs a command or request that is known to be of it.
        cell = POLICY.actions[f"record.{kind}"][role]
        grants = [Grant(role, "kz/road", "budget")]
        assert POLICY.decide(grants, f"record.{kind}", Facts(("kz/road",), ("budget",))).allowed == (cell in YES)
        assert batch(world, world.role(role), record) == ["not_allowed"]
        return
    expect(world, role, f"record.{kind}", record)


def expect(world, role, action, line):
    """Submit one line and compare with the table: what is open may be refused by the ledger, but not by the gate."""
    if POLICY.actions["submit"][role] not in YES:
        answer = world.ask("POST", "/api/v1/batches", auth=world.role(role), json=[line])
        assert answer.status_code == (401 if role == "public" else 403)
        assert POLICY.actions[action][role] in "-x"
        return
    (result,) = batch(world, world.role(role), line)
    assert (result != "not_allowed") == (POLICY.actions[action][role] in YES), (action, role, result)


def test_who_is_bound_to_a_colour_or_participant_gets_nothing_beyond_it():
    for action, row in POLICY.actions.items():
        for role, cell in row.items():
            for bound in (Grant(role, "kz/road", "budget"), Grant(role, "kz/road")):
                for facts in (Facts(), Facts(("kz",), ("budget",)), Facts(("kz/roads",), ("budget",))):
                    verdict = POLICY.decide([bound], action, facts)
                    assert verdict.allowed == (cell == "y" or row["public"] == "y"), (action, role, facts)
            elsewhere = POLICY.decide([Grant(role, "", "budget")], action, Facts(("kz/road",), ("casino",)))
            assert elsewhere.allowed == (cell in "ycb" or row["public"] == "y")
