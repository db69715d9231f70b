"""Maker and checker: commands wait for their quorum, and nobody is both."""

import pytest

from tests.service.test_gate_world import World

RULES = {
    "approval": [{"above": "100.00", "quorum": 1, "classes": ["checker", "administrator", "supplier"]}],
    "powers": {"change": {"quorum": 1, "classes": ["checker"]}},
}
PAY = {"op": "pay", "id": "BIG-1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "500.00"}


@pytest.fixture
def world():
    made = World()
    rules = {"payees": {"classes": ["contractor", "supplier"]}, "hops": 2} | RULES
    made.desk.submit([{"type": "colour", "colour": "kz/road", "rules": rules}]).result()
    yield made
    made.close()


@pytest.fixture
def maker(world):
    return world.machine("programme_administrator")


@pytest.fixture
def checker(world):
    return world.machine("controller")


def ask(world, auth, path="", **body):
    return world.ask("POST", f"/api/v1/approvals{path}", auth=auth, json=body)


def proposed(world, maker, command=PAY):
    answer = ask(world, maker, command=command)
    assert answer.status_code == 201, answer.text
    return answer.json()["digest"]


def test_a_payment_waits_for_its_checker_and_is_then_sent(world, maker, checker):
    assert world.ask("POST", "/api/v1/transfers", auth=maker, json=PAY).json()["type"].endswith("approval-missing")
    answer = ask(world, maker, command=PAY)
    assert answer.status_code == 201
    told = answer.json()
    digest = told["digest"]
    assert (told["maker"], told["debtor"], told["beneficiary"], told["ready"]) == ("budget", "budget", "asphalt", False)
    assert told["missing"]["quorum"] == 1
    waiting = world.ask("GET", "/api/v1/approvals", auth=checker).json()["items"]
    assert [one["digest"] for one in waiting] == [digest]
    assert ask(world, maker, f"/{digest}/send").status_code == 409
    done = ask(world, checker, f"/{digest}/approve")
    assert done.status_code == 200, done.text
    assert done.json()["ready"]
    assert world.ask("GET", "/api/v1/approvals", auth=checker).json()["items"] == []
    sent = ask(world, maker, f"/{digest}/send")
    assert sent.status_code == 201, sent.text
    assert world.ask("GET", f"/api/v1/approvals/{digest}", auth=maker).json()["state"] == "sent"
    assert ask(world, checker, f"/{digest}/approve").status_code == 409
    listed = world.ask("GET", "/api/v1/entries?after=20&limit=1000", auth=world.role("auditor")).json()["items"]
    trail = [one.get("type") or (one["op"], one["result"]) for one in listed]
    early = ("pay", "approval_missing")  # what was tried is in the journal too
    assert trail[-5:] == [early, "proposal", early, "approval", ("pay", "posted")]


def test_the_digest_is_the_ledgers_own(world, maker, checker):
    digest = proposed(world, maker)
    explained = world.ask("POST", "/api/v1/explain", auth=maker, json=PAY | {"date": "2026-11-24"}).json()
    facts = next(one for one in explained["findings"] if one["result"] == "approval_missing")
    assert digest in str(facts)


def test_the_maker_is_no_checker(world, maker):
    digest = proposed(world, maker)
    refused = ask(world, maker, f"/{digest}/approve")
    assert refused.status_code == 403
    assert refused.json()["rule"] == "four-eyes/maker"
    direct = {"type": "approval", "command": digest, "by": "budget"}
    assert world.ask("POST", "/api/v1/records", auth=maker, json=direct).status_code == 403
    # Nor under another participant's name: the account is the same.
    world.access.people.grant(maker.account, "treasury", "", "ministry", "test")
    refused = ask(world, maker, f"/{digest}/approve", by="ministry")
    assert (refused.status_code, refused.json()["rule"]) == (403, "four-eyes/maker")


def test_the_payer_and_the_beneficiary_are_no_checkers(world, maker):
    digest = proposed(world, maker)
    for participant in ("asphalt", "budget"):
        other = world.machine(("owner", {"participant": participant}))
        refused = ask(world, other, f"/{digest}/approve")
        assert refused.status_code == 403
        assert refused.json()["rule"].startswith("four-eyes/")
        direct = {"type": "approval", "command": digest, "by": participant}
        answer = world.ask("POST", "/api/v1/batches", auth=other, json=[direct])
        assert answer.json()["answers"][0]["result"] == "not_allowed"
        assert world.ask("GET", "/api/v1/approvals", auth=other).json()["items"] == []


def test_nobody_proposes_what_they_may_not_send(world):
    builder = world.role("contractor")
    assert ask(world, builder, command=PAY).status_code == 403
    assert ask(world, world.role("inspector"), command=PAY).status_code == 403
    assert ask(world, world.role("contractor"), command=PAY, by="budget").status_code == 403
    assert world.access.pending.waiting() == []


def test_an_approval_can_be_withdrawn_and_a_command_too(world, maker, checker):
    digest = proposed(world, maker)
    assert ask(world, checker, f"/{digest}/approve").json()["ready"]
    assert not ask(world, checker, f"/{digest}/withdraw").json()["ready"]
    assert ask(world, maker, f"/{digest}/send").status_code == 409
    assert ask(world, maker, f"/{digest}/withdraw").json()["state"] == "withdrawn"
    assert ask(world, checker, f"/{digest}/approve").status_code == 409


def test_what_waits_too_long_waits_no_more(world, maker, checker):
    digest = proposed(world, maker)
    now = world.store.now()
    world.store.clock = lambda: now + 9 * 86_400
    assert world.access.pending.get(digest)["state"] == "expired"
    assert world.access.pending.waiting() == []
    world.store.clock = lambda: now
    for wrong in ("2000-01-01", "2999-01-01", "soon", 7):
        assert ask(world, maker, command=PAY | {"id": "BIG-2"}, until=wrong).status_code == 422


def test_a_change_of_limits_is_approved_like_a_payment(world, checker):
    treasury = world.machine(("treasury", {"participant": "ministry"}))
    limits = {"type": "limits", "colour": "kz/road", "payments": "900.00"}
    assert world.ask("POST", "/api/v1/records", auth=treasury, json=limits).status_code == 422
    digest = proposed(world, treasury, limits)
    assert ask(world, treasury, f"/{digest}/approve").status_code == 403
    assert ask(world, checker, f"/{digest}/approve").json()["ready"]
    assert ask(world, treasury, f"/{digest}/send").status_code == 201


def test_only_who_has_to_do_with_a_command_sees_it(world, maker, checker):
    digest = proposed(world, maker)
    assert world.ask("GET", f"/api/v1/approvals/{digest}", auth=checker).status_code == 200
    assert world.ask("GET", f"/api/v1/approvals/{digest}", auth=world.role("auditor")).status_code == 200
    stranger = world.role("contractor")
    assert world.ask("GET", f"/api/v1/approvals/{digest}", auth=stranger).status_code == 404
    assert world.ask("GET", f"/api/v1/approvals/{digest[:-1]}", auth=maker).status_code == 404


def test_what_is_no_command_is_not_proposed(world, maker):
    for command in (None, {"op": "nothing"}, {"type": "note"}, {}, PAY | {"to": "nobody@KZT"}):
        assert ask(world, maker, command=command).status_code == 422
    digest = proposed(world, maker)
    again = ask(world, maker, command=PAY)
    assert (again.status_code, again.json()["digest"]) == (409, digest)


def test_who_has_a_key_in_the_ledger_is_told_what_to_sign(world, maker):
    key = {"type": "key", "participant": "budget", "key": maker.private.public_key().public_bytes_raw().hex()}
    assert world.ask("POST", "/api/v1/records", auth=world.role("treasury"), json=key).status_code == 201
    answer = ask(world, maker, command=PAY)
    assert answer.status_code == 409
    record = answer.json()["record"]
    from boyau.ledger.evidence import message

    record["at"] = "2026-11-24T09:59:00Z"
    signature = maker.private.sign(message(record)).hex()
    signed = ask(world, maker, command=PAY, at=record["at"], signature=signature)
    assert signed.status_code == 201, signed.text
