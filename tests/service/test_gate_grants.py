"""Powers are given by two: what waits, who agrees, what ends it, and how a fresh installation begins."""

import pytest

from boyau.service.gate.grants import WAIT_SECONDS, WAITING_MAX
from boyau.service.gate.policy import POLICY
from tests.service.test_gate_admin import ask
from tests.service.test_gate_world import World
from tests.service.test_identity_people import by_link

RULES = {"unit", "participant", "colour", "limits", "account", "subject", "approval", "key", "log_key", "published"}
ORIGIN = "https://ledger.test"


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def administrator(world):
    """Add an administrator who can sign in; return account and browser."""
    account, headers = world.person("administrator")
    world.access.people.join(account, "https://id.test", account)
    return account, headers


def grant(world, headers, account, role="treasury", **more):
    return ask(world, headers, "POST", "/grants", account=account, role=role, **more)


def agree(world, headers, number, what="approve"):
    return ask(world, headers, "POST", f"/grants/pending/{number}/{what}")


def pending(world, headers):
    return ask(world, headers, "GET", "/grants").json()["pending"]


def roles(world, account):
    return [one.role for one in world.access.people.grants(account)]


def test_every_role_that_moves_money_or_changes_rules_is_given_under_four_eyes():
    heavy = set()
    for action, row in POLICY.actions.items():
        kind, _, name = action.partition(".")
        if kind == "op" or (kind == "record" and name.partition(".")[0] in RULES) or action.startswith("admin."):
            heavy |= {role for role, cell in row.items() if cell in "ycbp" and action != "admin.read"}
    assert heavy == POLICY.four_eyes_roles
    assert {"treasury", "programme_administrator", "owner", "controller", "administrator"} <= heavy


def test_until_there_is_a_second_administrator_grants_take_effect_at_once_and_say_so(world):
    _, first = administrator(world)
    machine = world.machine().account
    answer = grant(world, first, machine)
    assert (answer.status_code, answer.json()["alone"]) == (201, True)
    assert roles(world, machine) == ["treasury"]
    (told,) = [one for one in ask(world, first, "GET", "/grants").json()["items"] if one["account"] == machine]
    assert (told["alone"], told["approved_by"]) == (True, "")
    assert world.decisions(rule="granted alone")
    second, headers = administrator(world)
    other = world.machine().account
    assert grant(world, first, other).status_code == 202
    assert grant(world, first, other, "analyst").status_code == 201, "it changes nothing"
    # Whoever removes the other one does not go on alone.
    assert ask(world, first, "DELETE", f"/people/{second}").status_code == 204
    assert grant(world, first, world.machine().account).status_code == 202
    assert headers


def test_who_goes_before_anybody_looked_leaves_four_eyes_behind(world):
    _, first = administrator(world)
    second, _ = administrator(world)
    number = next(one.number for one in world.access.people.grants(second))
    assert ask(world, first, "DELETE", f"/grants/{number}").status_code == 204
    assert grant(world, first, world.machine().account).status_code == 202


def test_a_grant_waits_is_seen_and_counts_when_another_administrator_agrees(world):
    (maker, first), (checker, second) = administrator(world), administrator(world)
    machine = world.machine().account
    answer = grant(world, first, machine, "controller", participant="agency", colour="kz/road")
    number = answer.json()["pending"]
    assert (answer.status_code, roles(world, machine)) == (202, [])
    (told,) = pending(world, second)
    assert told | {"at": 0, "expires": 0} == {
        "number": number, "kind": "grant", "account": machine, "role": "controller", "colour": "kz/road",
        "participant": "agency", "by": maker, "at": 0, "expires": 0,
    }  # fmt: skip
    assert told["expires"] == told["at"] + WAIT_SECONDS
    assert grant(world, first, machine, "controller", participant="agency", colour="kz/road").status_code == 409
    agreed = agree(world, second, number)
    assert agreed.status_code == 201
    assert roles(world, machine) == ["controller"]
    (told,) = [one for one in ask(world, first, "GET", "/grants").json()["items"] if one["account"] == machine]
    assert (told["number"], told["by"], told["approved_by"], told["alone"]) == (
        agreed.json()["number"], maker, checker, False,
    )  # fmt: skip
    assert pending(world, first) == []
    assert agree(world, second, number).status_code == 404
    told = [one["rule"] for one in world.decisions(action="admin.grants")]
    assert [rule for rule in told if "/" not in rule] == ["asked", "approved"]


def test_nobody_agrees_to_what_they_asked_for_or_what_is_for_them(world):
    (_, first), (second, other), (_, third) = administrator(world), administrator(world), administrator(world)
    number = grant(world, first, world.machine().account).json()["pending"]
    answer = agree(world, first, number)
    assert (answer.status_code, answer.json()["rule"]) == (403, "four-eyes/maker")
    number = grant(world, first, second, "administrator").json()["pending"]
    assert agree(world, other, number).status_code == 403
    assert [one["rule"] for one in world.decisions(allowed=False)] == ["four-eyes/maker", "four-eyes/own"]
    assert agree(world, third, number).status_code == 201


@pytest.mark.parametrize("end", ["withdrawn", "refused", "expired", "maker removed", "maker without role", "removed"])
def test_what_waits_no_longer_cannot_be_agreed_to(world, end):
    (maker, first), (_, second), (_, third) = administrator(world), administrator(world), administrator(world)
    account, _ = world.person()
    number = grant(world, first, account).json()["pending"]
    if end in ("withdrawn", "refused"):
        assert agree(world, first if end == "withdrawn" else second, number, "withdraw").status_code == 204
        assert world.decisions(rule="withdrawn")
    elif end == "expired":
        now = world.store.clock()
        world.store.clock = lambda: now + WAIT_SECONDS + 1
        _, second = administrator(world)  # the sessions of the others have ended
    elif end == "maker removed":
        assert ask(world, third, "DELETE", f"/people/{maker}").status_code == 204
    elif end == "maker without role":
        (own,) = world.access.people.grants(maker)
        assert ask(world, third, "DELETE", f"/grants/{own.number}").status_code == 204
    else:
        assert ask(world, third, "DELETE", f"/people/{account}").status_code == 204
    assert agree(world, second, number).status_code == 404
    assert roles(world, account) == []
    if end != "maker without role":
        assert pending(world, second) == []


def test_a_key_of_a_machine_with_powers_waits_too(world):
    (_, first), (_, second) = administrator(world), administrator(world)
    signer = world.machine("treasury")
    answer = ask(world, first, "POST", f"/machines/{signer.account}/keys", public_key="ab" * 32)
    number, key = answer.json()["pending"], answer.json()["key"]
    assert answer.status_code == 202
    assert world.access.people.machine(key) is None
    assert pending(world, second)[0] | {"number": number, "kind": "key", "key": key} == pending(world, second)[0]
    assert "ab" * 32 not in str(pending(world, second))
    assert agree(world, first, number).status_code == 403
    assert agree(world, second, number).status_code == 201
    assert world.access.people.machine(key)[0] == signer.account
    light = world.machine("analyst")
    assert ask(world, first, "POST", f"/machines/{light.account}/keys", public_key="cd" * 32).status_code == 201
    # Two ask for the same key: one of them gets it.
    numbers = [
        ask(world, first, "POST", f"/machines/{one.account}/keys", certificate_spki="ef" * 32).json()["pending"]
        for one in (signer, world.machine("treasury"))
    ]
    assert [agree(world, second, one).status_code for one in numbers] == [201, 409]


def test_who_gets_a_new_link_gets_their_powers_back_by_consent_only(world):
    (_, first), (second, _), (_, third) = administrator(world), administrator(world), administrator(world)
    assert ask(world, first, "POST", f"/people/{second}/link").status_code == 201
    assert roles(world, second) == [], "whoever opens the link"
    (told,) = pending(world, third)
    assert (told["account"], told["role"]) == (second, "administrator")
    assert agree(world, first, told["number"]).status_code == 403
    assert ask(world, first, "POST", f"/people/{second}/link").status_code == 201, "the first was lost"
    assert agree(world, third, told["number"]).status_code == 201
    assert roles(world, second) == ["administrator"]
    reader, _ = world.person("analyst")
    assert ask(world, first, "POST", f"/people/{reader}/link").status_code == 201
    assert roles(world, reader) == ["analyst"]


def test_not_endlessly_many_wait(world):
    (_, first), (_, _) = administrator(world), administrator(world)
    machine = world.machine().account
    for k in range(WAITING_MAX):
        world.access.grants.ask(machine, "treasury", f"kz/c{k}", "", "p-x")
    assert grant(world, first, machine).status_code == 409


def test_where_one_of_two_is_left_the_operator_lets_a_second_one_in():
    world = World()
    try:
        _, first = administrator(world)
        assert world.store.first_link(ORIGIN) == ""
        second, _ = administrator(world)
        assert world.store.first_link(ORIGIN) == ""
        assert ask(world, first, "DELETE", f"/people/{second}").status_code == 204
        link = world.store.first_link(ORIGIN)
        assert link.startswith(f"{ORIGIN}/sign-in#link=")
        assert by_link(world, link).status_code == 200
        assert len([one for one in world.access.people.accounts("person") if one["active"]]) == 2
        assert ask(world, first, "GET", "/grants").status_code == 200, "who is there stays"
    finally:
        world.close()
