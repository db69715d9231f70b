"""The API: what every route answers, in a process and over HTTP; and that its description is true."""

import base64
import hashlib
import hmac
import io
import json

import pytest
from fastapi.testclient import TestClient

from boyau.service import problems
from boyau.service.app import create_app
from boyau.service.desk import Desk
from boyau.stores import StoreError, StoreFull
from tests.service.test_desk import ISSUE, PAY, lines_of, world

NDJSON = {"content-type": "application/x-ndjson"}
V1 = "/api/v1"


@pytest.fixture
def desk():
    return Desk(world())


@pytest.fixture
def api(desk):
    with TestClient(create_app(desk), raise_server_exceptions=False) as client:
        yield client


def post(api, value, path="/transfers", **more):
    return api.post(f"{V1}{path}", json=value, **more)


# ---- one at a time --------------------------------------------------------------------------------------------------


def test_a_payment_is_posted_once_and_said_to_exist_the_second_time(api):
    assert post(api, ISSUE).status_code == 201
    first, second = post(api, PAY), post(api, PAY)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() | {"result": "exists"} == second.json()
    assert first.headers["location"] == first.json()["href"]
    entry = api.get(first.json()["href"]).json()
    assert (entry["id"], entry["amount"], entry["result"]) == ("P1", "10.00", "posted")


def test_one_id_for_two_payments_is_a_conflict(api):
    post(api, ISSUE)
    post(api, PAY)
    told = post(api, PAY | {"amount": "11.00"})
    assert (told.status_code, told.json()["result"]) == (409, "id_conflict")
    assert told.json()["type"].endswith("/id-conflict")


def test_a_refusal_lists_every_reason_in_the_language_asked_for(api):
    post(api, ISSUE)
    told = post(api, PAY | {"to": "casino@KZT", "amount": "5000.00"}, headers={"accept-language": "de, ru;q=0.8"})
    assert told.status_code == 409
    assert told.headers["content-type"] == "application/problem+json"
    body = told.json()
    assert {"payee_class", "funds_insufficient"} <= {one["result"] for one in body["findings"]}
    assert body["title"] == body["findings"][0]["reason"]
    assert any("а" <= letter <= "я" for letter in body["title"])
    assert body["instance"] == f"{V1}/transfers"


def test_an_idempotency_key_is_the_id(api):
    key = {"Idempotency-Key": '"I1"'}
    without = {name: value for name, value in ISSUE.items() if name != "id"}
    assert [post(api, without, headers=key).status_code for _ in range(2)] == [201, 200]
    told = post(api, PAY, headers=key)
    assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (400, "key-differs")


def test_a_dry_run_decides_and_keeps_nothing(api):
    assert post(api, ISSUE, "/transfers?dry_run=true").json() == {"result": "posted", "id": "I1"}
    assert api.get(f"{V1}/entries/I1").status_code == 404
    assert post(api, ISSUE, "/transfers?dry_run=perhaps").status_code == 422
    assert post(api, ISSUE, "/explain").json() == {"result": "posted", "findings": []}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "unreadable"),
        (b"[]", 400, "unreadable"),
        (b'{"op":"pay","op":"pay"}', 400, "unreadable"),
        (b'{"op":"pay","amount":1.5}', 400, "unreadable"),
        (b"\xff", 400, "unreadable"),
        (b"[" * 100_000, 413, "too-large"),
        (b"{}", 422, "unreadable"),
        (b'{"op":"pay","id":"A","amount":1}', 422, "unreadable"),
        (b'{"op":"pay","id":"A","amount":"1","bonus":"x"}', 422, "unreadable"),
        (b'{"op":"pay","id":"A","linked":true}', 409, "chain-open"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(api, body, status, kind):
    told = api.post(f"{V1}/transfers", content=body, headers={"content-type": "application/json"})
    assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (status, kind)


def test_a_body_of_another_type_is_not_guessed_at(api):
    assert api.post(f"{V1}/transfers", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    assert api.post(f"{V1}/batches", content=b"x", headers={"content-type": "text/plain"}).status_code == 415


def test_records_are_recorded_or_refused(api):
    assert post(api, {"type": "participant", "participant": "baker"}, "/records").status_code == 201
    told = post(api, {"type": "magic"}, "/records")
    assert (told.status_code, told.json()["result"]) == (422, "refused")
    assert post(api, ISSUE, "/records").status_code == 422


# ---- many at a time -------------------------------------------------------------------------------------------------


def test_a_batch_has_an_answer_for_each_line(api):
    data = lines_of(ISSUE, PAY, b"# a remark\n", b"{\n", {"type": "subject", "subject": "s"}, PAY)
    told = api.post(f"{V1}/batches", content=data, headers=NDJSON).json()
    assert [one["result"] for one in told["answers"]] == ["posted", "posted", "unreadable", "recorded", "exists"]
    assert (told["lines"], told["good"]) == (5, 4)
    assert told["answers"][4]["entry"] == told["answers"][1]["entry"]
    counts = api.post(f"{V1}/batches?only_counts=true", content=data, headers=NDJSON).json()
    assert counts["results"] == {"exists": 3, "unreadable": 1, "recorded": 1}
    assert "answers" not in counts


def test_a_chain_is_posted_whole_or_not_at_all(api):
    chain = [ISSUE | {"linked": True}, PAY | {"amount": "2000.00"}]
    told = api.post(f"{V1}/batches", content=lines_of(*chain), headers=NDJSON).json()
    assert [one["result"] for one in told["answers"]] == ["chain_broken", "funds_insufficient"]
    assert api.get(f"{V1}/accounts/budget@kz/road").json()["available"] == "0.00"


def test_the_same_batch_in_every_format(api, tmp_path):
    import duckdb

    rows = [ISSUE] + [PAY | {"id": f"P{k}", "amount": "1.00"} for k in range(20)]
    path = tmp_path / "x.parquet"
    values = ", ".join(
        f"('{one['op']}', '{one['id']}', '{one['from']}', '{one['to']}', {one['amount']})" for one in rows
    )
    names = 'op, id, "from", "to", amount'
    with duckdb.connect() as db:
        db.execute(f"copy (select * from (values {values}) t({names})) to '{path}' (format parquet)")
        db.execute(f"copy (select 1.5::double as amount) to '{path}-float' (format parquet)")
    forms = {
        "application/x-ndjson": lines_of(*rows),
        "application/json": json.dumps(rows).encode(),
        "application/vnd.apache.parquet": path.read_bytes(),
    }
    for number, (kind, data) in enumerate(forms.items()):
        told = api.post(f"{V1}/batches", content=data, headers={"content-type": kind}).json()
        assert told["results"] == {"exists" if number else "posted": 21}, kind
    parquet = {"content-type": "application/vnd.apache.parquet"}
    told = api.post(f"{V1}/batches", content=path.with_name("x.parquet-float").read_bytes(), headers=parquet)
    assert (told.status_code, "floating" in told.json()["detail"]) == (400, True)
    told = api.post(f"{V1}/batches", content=b"PAR1", headers=parquet)
    assert (told.status_code, "/proc" in told.text) == (400, False)


def test_arrow_is_read_where_pyarrow_is_installed_and_else_said_not_to_be(api):
    arrow = {"content-type": "application/vnd.apache.arrow.stream"}
    try:
        import pyarrow as pa
    except ImportError:
        told = api.post(f"{V1}/batches", content=b"", headers=arrow)
        assert (told.status_code, "pyarrow" in told.json()["detail"]) == (415, True)
        return
    table = pa.Table.from_pylist([ISSUE, PAY])
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    told = api.post(f"{V1}/batches", content=sink.getvalue(), headers=arrow)
    assert told.json()["results"] == {"posted": 2}
    assert api.post(f"{V1}/batches", content=b"no arrow", headers=arrow).status_code == 400


def test_a_batch_is_bounded(api, monkeypatch):
    monkeypatch.setattr("boyau.service.api.BATCH_LINES_MAX", 3)
    assert api.post(f"{V1}/batches", content=lines_of(*[PAY] * 4), headers=NDJSON).status_code == 413
    monkeypatch.setattr("boyau.service.api.BATCH_BYTES_MAX", 10)
    assert api.post(f"{V1}/batches", content=lines_of(PAY), headers=NDJSON).status_code == 413


# ---- looking --------------------------------------------------------------------------------------------------------


def test_lists_are_paged_by_a_cursor_that_new_ones_do_not_move(api):
    page = api.get(f"{V1}/accounts?limit=3").json()
    names = [one["account"] for one in page["items"]]
    while page["next"]:
        page = api.get(page["next"]).json()
        names += [one["account"] for one in page["items"]]
    assert names == ["issuer@kz", "budget@kz", "budget@kz/road", "budget@kz/rail", "builder@kz/road#1", "asphalt@KZT",
                     "casino@KZT"]  # fmt: skip
    below = api.get(f"{V1}/accounts", params={"colour": "kz/road"}).json()
    assert [one["account"] for one in below["items"]] == ["budget@kz/road", "builder@kz/road#1"]
    colours = api.get(f"{V1}/colours?limit=1000").json()
    assert {"kz", "kz/road", "kz/rail"} <= {one["colour"] for one in colours["items"]}
    assert all("rules" not in one for one in colours["items"])
    for wrong in ("limit=0", "limit=1001", "after=-2", "limit=x"):
        assert api.get(f"{V1}/accounts?{wrong}").status_code == 422


def test_what_the_caller_has_already_is_not_sent_again(api):
    post(api, ISSUE)
    first = api.get(f"{V1}/accounts/budget@kz/road")
    known = {"If-None-Match": f'"x", W/{first.headers["etag"]}'}
    assert api.get(f"{V1}/accounts/budget@kz/road", headers=known).status_code == 304
    post(api, PAY)
    assert api.get(f"{V1}/accounts/budget@kz/road", headers=known).json()["available"] == "990.00"
    assert "immutable" in api.get(f"{V1}/entries/I1").headers["cache-control"]
    assert api.get(f"{V1}/entries/I1", headers={"If-None-Match": "*"}).status_code == 304


def test_no_id_takes_the_place_of_an_entry(api):
    for identity in ("1", "500", "007"):
        assert post(api, ISSUE | {"id": identity}).status_code == 201
    before, asked = api.get(f"{V1}/entries/1"), api.get(f"{V1}/entries/500")
    assert (before.json()["entry"], before.json()["type"]) == (1, "unit")
    assert (asked.json()["id"], api.get(f"{V1}/entries/007").json()["id"]) == ("500", "007")
    # An entry 500 may still come: nobody may keep for ever what this address says until then.
    kept = ["immutable" in one.headers["cache-control"] for one in (before, asked, api.get(f"{V1}/entries/007"))]
    assert kept == [True, False, False]


@pytest.mark.parametrize("path", ["accounts/x@y", "colours/x", "entries/x", "entries/99", f"entries/{'9' * 5000}", "x"])
def test_what_is_not_there_is_404(api, path):
    told = api.get(f"{V1}/{path}")
    assert (told.status_code, told.json()["status"]) == (404, 404)


def test_the_feed_waits_for_entries_and_ends_with_the_service(api, desk):
    post(api, ISSUE)
    last = api.get(f"{V1}/entries?limit=1000").json()["items"][-1]["entry"]
    assert api.get(f"{V1}/entries?after={last}&wait=1").json() == {"items": [], "next": None}
    api.app.state.feed.close()
    assert api.get(f"{V1}/entries?after={last}&wait=30").json()["items"] == []


def test_health_readiness_and_metrics(api):
    post(api, ISSUE)
    assert api.get("/health").json()["status"] == "ok"
    assert api.get("/ready").status_code == 200
    assert 'boyau_results_total{result="posted"} 1.0' in api.get("/metrics").text


# ---- when something is wrong ----------------------------------------------------------------------------------------


def test_too_much_at_once_is_503_with_a_time(api, monkeypatch):
    monkeypatch.setattr(api.app.state.desk, "_jobs_max", 0)
    told = post(api, PAY)
    assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (503, "busy")
    assert int(told.headers["retry-after"]) >= 1


@pytest.mark.parametrize(("error", "kind"), [(StoreFull("full"), "disk-full"), (StoreError("gone"), "store")])
def test_a_disk_that_fails_is_503_and_nothing_is_claimed(api, monkeypatch, error, kind):
    def failing(_rows):
        raise error

    monkeypatch.setattr(api.app.state.desk._book, "post", failing)
    for told in (post(api, ISSUE), api.post(f"{V1}/batches", content=lines_of(ISSUE), headers=NDJSON)):
        assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (503, kind)
        assert "same ids" in told.json()["detail"]


def test_after_the_end_nothing_is_taken(api, desk):
    desk.close()
    assert post(api, PAY).json()["type"].rpartition("/")[2] == "closing"


# ---- the description ------------------------------------------------------------------------------------------------


def test_the_description_is_valid_openapi_3_1(api):
    from openapi_spec_validator import OpenAPIV31SpecValidator, validate

    document = api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    validate(document, cls=OpenAPIV31SpecValidator)
    operations = [one for path in document["paths"].values() for one in path.values()]
    ids = [one["operationId"] for one in operations]
    assert len(ids) == len(set(ids))
    assert {"postTransfer", "postBatch", "listAccounts", "addWebhook", "listEntries"} <= set(ids)


def test_every_problem_that_is_described_has_its_words():
    for code in (304, 400, 401, 403, 404, 409, 413, 415, 422, 429, 503):
        assert problems.WORDS[code]
    assert set(problems.problems(404)) == {401, 403, 404, 429, 503}


# ---- webhooks -------------------------------------------------------------------------------------------------------


def test_signatures_are_those_of_standard_webhooks():
    """The example of the specification's reference libraries."""
    from boyau.service.webhooks import sign

    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    told = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


class Receiver:
    """Stands for the receiver's web server: fails as often as it is told to."""

    def __init__(self, *statuses):
        self.statuses, self.messages = list(statuses), []

    def __call__(self, request):
        import httpx

        self.messages.append((dict(request.headers), request.content))
        return httpx.Response(self.statuses.pop(0) if self.statuses else 204)


@pytest.fixture
def hooked(api, desk, tmp_path, monkeypatch):
    import httpx

    from boyau.service import webhooks

    made = []

    def hook(receiver, **more):
        hooks = webhooks.Hooks(desk, str(tmp_path / "hooks"), transport=httpx.MockTransport(receiver), **more)
        api.app.state.hooks = hooks
        made.append(hooks)
        return hooks

    yield hook
    for one in made:
        one.close()


def until(condition, seconds=10):
    import time

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_entries_arrive_in_order_signed_and_again_until_they_are_taken(api, hooked):
    receiver = Receiver(500, 302)
    hooked(receiver, private=True)
    made = post(api, {"url": "http://127.0.0.1:1/x", "after": -1}, "/webhooks")
    assert made.status_code == 201
    secret, path = made.json()["secret"], made.headers["location"]
    post(api, ISSUE)
    until(lambda: api.get(path).json()["next"] == api.get("/health").json()["entries"])
    assert "secret" not in api.get(path).json()
    first, second, third = receiver.messages[:3]
    assert {one[0]["webhook-id"] for one in (first, second, third)} == {first[0]["webhook-id"]}
    ids = [entry["entry"] for entry in json.loads(third[1])["data"]["entries"]]
    assert ids == list(range(len(ids)))
    headers, body = third
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    before = len(receiver.messages)
    assert api.put(f"{path}/place", json={"after": 10}).json()["next"] == 11
    until(lambda: len(receiver.messages) > before)
    assert json.loads(receiver.messages[-1][1])["data"]["entries"][0]["entry"] == 11
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.delete(path).status_code == 404


def test_a_receiver_that_is_gone_is_not_asked_again(api, hooked):
    receiver = Receiver(410)
    hooked(receiver, private=True)
    path = post(api, {"url": "http://127.0.0.1:1/x", "after": -1}, "/webhooks").headers["location"]
    until(lambda: api.get(path).json()["state"] == "gone")
    post(api, ISSUE)
    assert len(receiver.messages) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.kz/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://10.0.0.1/",
        "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "ftp://x/y",
        "https://u:p@1.1.1.1/", "https:///x", "https://1.1.1.1:99999/", "nonsense", "https://0.0.0.0/",
        "https://100.64.0.1/", "https://224.0.0.1/",
    ],
)  # fmt: skip
def test_nothing_is_sent_into_the_network_of_the_service(api, hooked, url):
    hooked(Receiver())
    told = post(api, {"url": url}, "/webhooks")
    assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (422, "webhook-url"), told.text


def test_a_name_that_turns_private_later_is_not_followed(api, hooked, monkeypatch):
    answers = [["1.1.1.1"], ["1.1.1.1"], ["127.0.0.1"]]

    def looked(*_arguments, **_more):
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(2, 1, 6, "", (one, 443)) for one in found]

    monkeypatch.setattr("boyau.service.webhooks.socket.getaddrinfo", looked)
    receiver = Receiver(500)
    hooked(receiver)
    path = post(api, {"url": "https://example.kz/x", "after": -1}, "/webhooks").headers["location"]
    until(lambda: "private" in api.get(path).json()["said"])
    assert [one[0]["host"] for one in receiver.messages] == ["example.kz"]


def test_webhooks_are_bounded_and_may_be_off(api, hooked):
    assert api.get(f"{V1}/webhooks").json()["type"].endswith("webhooks-off")
    hooked(Receiver(), most=1, private=True)
    statuses = [post(api, {"url": "http://127.0.0.1:1/x"}, "/webhooks").status_code for _ in range(2)]
    assert statuses == [201, 409]
    assert len(api.get(f"{V1}/webhooks").json()["items"]) == 1
    assert post(api, {"url": 1}, "/webhooks").status_code == 422
