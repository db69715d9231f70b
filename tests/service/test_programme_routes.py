"""/api/v1/programmes: proof, dry run, and installing under four eyes, all or nothing."""

import pytest

from boyau.programmes import reader, writer
from tests.service.test_gate_world import World

VALUES = {
    "root": "kz/road/2027", "project": "mukur", "contract": "c1", "sub": "s1", "regions": "23", "work": "ENSTRU:42.11",
    "quantity": "100.00", "price": "30000000.00", "first": "2026-01-01", "last": "2026-12-31",
}  # fmt: skip


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


@pytest.fixture
def treasury(world):
    return world.machine(("treasury", {"participant": "ministry"}))


def ask(world, auth, what, **body):
    return world.ask("POST", f"/api/v1/programmes/{what}", auth=auth, json=body)


def entries(world):
    return world.desk.call(lambda book: book.entries).result()


def rules_of(world, path):
    return world.desk.call(
        lambda book: book.ledger.registry.colours[book.ledger.registry.colour_numbers[path]].own
    ).result()


CATTLE = {"root": "village/2026", "loan": "l1", "last": "2026-12-31"}


def planned(world, auth, values, name="cattle", **more):
    answer = ask(world, auth, "plan", name=name, values=values, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def install(world, auth, values, name="cattle", **more):
    plan = planned(world, auth, values, name, **more)["plan"]
    return ask(world, auth, "install", name=name, values=values, plan=plan, **more)


def test_the_public_lists_programmes_reads_their_proof_and_takes_the_file(world):
    items = world.ask("GET", "/api/v1/programmes").json()["items"]
    assert [one["name"] for one in items] == reader.names()
    told = world.ask("GET", "/api/v1/programmes/road").json()
    assert told["errors"] == 0
    assert (len(told["ways"]), told["colours"], max(way["days"] for way in told["ways"])) == (36, 4, 115)
    file = world.ask("GET", "/api/v1/programmes/road/file")
    assert file.text == reader.text("road")
    assert file.headers["content-type"].startswith("application/toml")
    assert world.ask("GET", "/api/v1/programmes/nothing").status_code == 404


def test_what_is_wrong_with_a_text_is_told_with_line_and_remedy(world, treasury):
    text = reader.text("cattle").replace('holders = { classes = ["farmer"] }', 'holders = { classes = ["lend"] }')
    told = ask(world, treasury, "check", text=text).json()
    found = {one["code"]: one for one in told["findings"]}
    line = next(k for k, line in enumerate(text.splitlines(), 1) if line.startswith('name = "loan"')) - 1
    assert found["widens_parent"]["line"] == line
    assert found["widens_parent"]["remedy"]
    assert told["errors"] >= 1
    assert told["document"]["colours"][1]["rules"]["holders"] == {"classes": ["lend"]}
    broken = ask(world, treasury, "check", text="name = ").json()
    assert broken["document"] is None
    assert (broken["findings"][0]["code"], broken["findings"][0]["line"]) == ("unreadable", 1)


def test_a_document_is_written_as_the_text_that_says_the_same(world, treasury):
    document = reader.document(reader.text("vat"))
    told = ask(world, treasury, "check", document=document).json()
    assert told["document"] == document
    assert reader.document(told["text"]) == document
    for name in reader.names():
        document = reader.document(reader.text(name))
        assert reader.document(writer.write(document)) == document


def test_a_plan_keeps_nothing_and_its_installation_makes_exactly_it(world, treasury):
    before = entries(world)
    plan = planned(world, treasury, CATTLE)
    assert entries(world) == before
    assert plan["ready"]
    assert [(one["colour"], one["state"]) for one in plan["records"]] == [
        ("", "same"), ("village/2026", "new"), ("village/2026/l1", "new"),
    ]  # fmt: skip
    done = install(world, treasury, CATTLE)
    assert done.status_code == 200, done.text
    assert [one["result"] for one in done.json()["records"]] == ["recorded", "recorded"]
    assert entries(world) == before + 2
    listed = world.ask("GET", "/api/v1/programmes").json()["items"]
    assert {one["name"]: one["installed"] for one in listed}["cattle"] == ["village/2026"]
    again = install(world, treasury, CATTLE)  # it is in force: nothing is to do
    assert [one["result"] for one in again.json()["records"]] == ["in_force", "in_force"]
    assert entries(world) == before + 2


def test_a_change_of_rules_in_force_is_proposed_and_told_rule_by_rule(world, treasury):
    assert install(world, treasury, CATTLE).status_code == 200
    changed = CATTLE | {"per_seller": "5000000.00", "last": "2026-11-30", "loan": "l2"}
    plan = planned(world, treasury, changed)
    root = plan["records"][1]
    assert (root["state"], root["quorum"], root["classes"]) == ("approval", 2, ["controller"])
    last, until = (
        (one["rule"], one["before"], one["after"], one["direction"]) for one in reversed(root["differences"])
    )
    assert last == ("window.last", "2026-12-31", "2026-11-30", "narrower")
    assert until[0] == "window.entry_until"
    before, rules = entries(world), rules_of(world, "village/2026")
    done = install(world, treasury, changed)
    results = {one["colour"]: one for one in done.json()["records"]}
    assert results["village/2026"]["result"] == "proposed"
    assert results["village/2026/l2"]["result"] == "recorded"
    assert rules_of(world, "village/2026") == rules
    assert entries(world) == before + 2  # the proposal and the new loan
    waiting = world.ask("GET", f"/api/v1/approvals/{results['village/2026']['digest']}", auth=treasury).json()
    assert (waiting["maker"], waiting["ready"], waiting["missing"]["quorum"]) == ("ministry", False, 2)
    again = planned(world, treasury, changed)
    assert again["records"][1]["proposed_by"] == "ministry"
    assert install(world, treasury, changed).json()["records"][0]["result"] == "proposed"
    assert entries(world) == before + 2


def test_what_rests_on_a_change_waits_for_it(world, treasury):
    assert install(world, treasury, CATTLE).status_code == 200
    text = reader.text("cattle").replace(
        '["ENSTRU:01.41", "ENSTRU:01.45"]', '["ENSTRU:01.41", "ENSTRU:01.45", "ENSTRU:02"]'
    )
    text = text.replace('payee_limit = "{per_seller}"', 'payee_limit = "{per_seller}"\nitems = ["ENSTRU:02"]')
    values = CATTLE | {"loan": "l3"}
    plan = ask(world, treasury, "plan", text=text, values=values).json()
    states = {one["colour"]: one for one in plan["records"]}
    assert states["village/2026"]["state"] == "approval"
    assert [one["direction"] for one in states["village/2026"]["differences"]] == ["wider"]
    assert (states["village/2026/l3"]["state"], states["village/2026/l3"]["waits_for"]) == ("later", "village/2026")
    done = ask(world, treasury, "install", text=text, values=values, plan=plan["plan"]).json()["records"]
    assert [one["result"] for one in done] == ["proposed", "later"]
    assert world.ask("GET", "/api/v1/colours/village/2026/l3").status_code == 404


@pytest.mark.parametrize("root", ["kz/road/cattle", "kz/rail"])
def test_a_plan_that_the_ledger_would_refuse_is_not_begun(world, treasury, root):
    values = CATTLE | {"root": root}
    plan = planned(world, treasury, values)
    assert not plan["ready"]
    refused = [one for one in plan["records"] if one["state"] == "refused"]
    assert refused[0]["reason"].startswith("widens_parent")
    before = entries(world)
    answer = ask(world, treasury, "install", name="cattle", values=values, plan=plan["plan"])
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "refused")
    assert entries(world) == before


def test_a_programme_that_is_not_proved_is_not_installed(world, treasury):
    text = reader.text("cattle").replace('ends = { classes = ["cattle_seller"] }\n', "")
    plan = ask(world, treasury, "plan", text=text, values=CATTLE).json()
    assert not plan["ready"]
    assert "dead_end" in {one["code"] for one in plan["findings"]}
    before = entries(world)
    answer = ask(world, treasury, "install", text=text, values=CATTLE, plan=plan["plan"])
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "not-proved")
    assert entries(world) == before


def test_a_plan_that_was_not_seen_is_not_installed(world, treasury):
    plan = planned(world, treasury, CATTLE)["plan"]
    line = {"type": "colour", "colour": "village", "unit": "KZT"}
    before = entries(world)
    answer = ask(world, treasury, "install", name="cattle", values=CATTLE | {"loan": "l9"}, plan=plan)
    assert answer.json()["type"].endswith("/plan-changed")
    assert world.ask("POST", "/api/v1/records", auth=treasury, json=line).status_code == 201
    assert entries(world) == before + 1


def test_who_may_rule_elsewhere_only_begins_nothing(world):
    administrator = world.machine("programme_administrator")  # below kz/road
    plan = planned(world, administrator, CATTLE)
    assert not plan["ready"]
    assert [one["allowed"] for one in plan["records"]] == [True, False, False]
    before = entries(world)
    answer = ask(world, administrator, "install", name="cattle", values=CATTLE, plan=plan["plan"])
    assert (answer.status_code, answer.json()["rule"]) == (403, "default")
    assert entries(world) == before
    for role in ("contractor", "controller", "auditor"):
        assert ask(world, world.role(role), "plan", name="cattle", values=CATTLE).status_code == 403


def test_where_one_proposal_fails_the_others_are_taken_back_and_nothing_is_recorded(world, treasury):
    names = {"state_fund": "state-fund", "education_fund": "edu-fund"}
    given = {name: names.get(name, one.example) for name, one in reader.load("recovered").parameters.items()}
    roots = [name for name, one in reader.load("recovered").parameters.items() if one.kind == "path"]
    given |= dict(zip(roots, ("fund-a", "fund-b"), strict=True)) | {"last": "2026-12-31"}
    first = install(world, treasury, given, "recovered")
    assert first.status_code == 200, first.text
    changed = given | {"first": "2026-02-01"}
    plan = planned(world, treasury, changed, "recovered")
    waits = [one for one in plan["records"] if one["state"] == "approval"]
    assert len(waits) == 2
    # Somebody proposes the second of them in between, past the service: the ledger refuses ours.
    world.desk.submit([{"type": "proposal", "command": waits[1]["digest"], "by": "agency"}]).result()
    before = entries(world)
    answer = ask(world, treasury, "install", name="recovered", values=changed, plan=plan["plan"])
    assert answer.status_code == 200, answer.text  # it waits already, so only the first is proposed
    assert [one["result"] for one in answer.json()["records"]].count("proposed") == 2
    assert entries(world) == before + 1
    no_speaker = world.machine(("treasury", {}))
    changed = given | {"first": "2026-03-01"}
    before = entries(world)
    answer = install(world, no_speaker, changed, "recovered")
    assert answer.status_code == 403
    assert entries(world) == before


def test_values_and_texts_that_do_not_fit_are_told(world, treasury):
    missing = ask(world, treasury, "plan", name="road", values={})
    assert (missing.status_code, "must be given" in missing.json()["detail"]) == (422, True)
    wrong = ask(world, treasury, "plan", name="road", values=VALUES | {"price": "many"})
    assert wrong.json()["field"] == "parameters.price"
    assert ask(world, treasury, "plan", values={}).status_code == 422
    assert ask(world, treasury, "plan", name="none").status_code == 404
    assert ask(world, treasury, "plan", text="x", values={}).status_code == 422
    assert ask(world, treasury, "plan", document={"name": 1.5}).status_code in (400, 422)
    assert ask(world, treasury, "check", text="a" * 70_000).status_code == 413
    assert ask(world, treasury, "check", name=7).status_code == 422


def test_a_programme_that_would_take_long_to_prove_is_not_proved(world, treasury):
    text = reader.text("railway")
    more = "".join(
        f"\n[classes.more{k}]\nalso = {[f'more{(k + n) % 50}' for n in range(1, 5)]}\n"
        'what = { kk = "x", ru = "x", en = "x" }\n'
        for k in range(50)
    )
    some = ", ".join(f'"more{k}"' for k in range(50))
    text = text.replace("holders = { classes = [", f"holders = {{ classes = [{some}, ", 1)
    text = text.replace("payees = { classes = [", f"payees = {{ classes = [{some}, ", 1)
    told = ask(world, treasury, "check", text=text.replace("\n[[colours]]", f"{more}\n[[colours]]", 1)).json()
    assert "too many ways" in told["findings"][0]["message"]
