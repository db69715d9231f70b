"""The Python client: what it repeats, and what it never does."""

import json

import httpx
import pytest

from boyau.service.client import ApiError, Client, Posted, Unanswered
from tests.service.test_desk import ISSUE, PAY


class Service:
    """Answers what it is told to, in order, and keeps what it was sent."""

    def __init__(self, *answers):
        self.answers, self.sent, self.paused = list(answers), [], []

    def __call__(self, request):
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, document, *headers = answer
        return httpx.Response(status, json=document, headers=headers[0] if headers else None)

    def client(self, **more):
        return Client("http://x", transport=httpx.MockTransport(self), sleep=self.paused.append, **more)


BUSY = (503, {"type": "https://boyau.kz/problems/busy", "title": "busy", "status": 503}, {"retry-after": "2"})
DISK = (503, {"type": "https://boyau.kz/problems/store", "title": "store", "status": 503})
LOST = httpx.ReadError("gone")


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes():
    service = Service(LOST, BUSY, (200, {"result": "exists", "id": "P1", "entry": 7}))
    with service.client() as ledger:
        assert ledger.post(PAY) == Posted("exists", "P1", 7, new=False)
    assert len({one.content for one in service.sent}) == 1
    assert len(service.sent) == 3
    assert service.paused[1] >= 2


def test_without_an_id_nothing_is_posted():
    with Service().client() as ledger, pytest.raises(ValueError, match="id"):
        ledger.post({name: value for name, value in PAY.items() if name != "id"})


def test_a_record_is_repeated_only_where_it_cannot_have_arrived():
    record, good = {"type": "subject", "subject": "x"}, (201, {"result": "recorded", "entry": 1})
    with Service(LOST).client() as ledger, pytest.raises(Unanswered):
        ledger.record(record)
    with Service(DISK).client() as ledger, pytest.raises(ApiError):
        ledger.record(record)
    with Service(httpx.ConnectError("no"), BUSY, good).client() as ledger:
        assert ledger.record(record).entry == 1


def test_it_gives_up_and_says_that_it_does_not_know():
    service = Service(*[LOST] * 8)
    with service.client() as ledger, pytest.raises(Unanswered, match="gone"):
        ledger.post(PAY)
    assert len(service.sent) == 8
    assert service.paused == sorted(service.paused) or len(service.paused) == 7
    with Service(*[BUSY] * 2).client(tries_max=2) as ledger, pytest.raises(ApiError, match="busy"):
        ledger.post(PAY)


def test_a_refusal_is_an_error_with_its_findings_and_is_not_repeated():
    told = {"type": "https://boyau.kz/problems/payee-class", "title": "t", "findings": [{"result": "payee_class"}]}
    service = Service((409, told))
    with service.client() as ledger, pytest.raises(ApiError) as refused:
        ledger.post(PAY)
    assert (refused.value.kind, refused.value.findings[0]["result"]) == ("payee-class", "payee_class")
    assert len(service.sent) == 1


def test_a_batch_is_repeated_only_where_each_line_has_an_id():
    told = (200, {"lines": 2, "good": 2, "results": {"posted": 2}})
    service = Service(LOST, told)
    with service.client() as ledger:
        assert ledger.batch([ISSUE, PAY], only_counts=True)["good"] == 2
    assert [json.loads(line) for line in service.sent[1].content.splitlines()] == [ISSUE, PAY]
    with Service(LOST).client() as ledger, pytest.raises(Unanswered):
        ledger.batch([ISSUE, {"type": "subject", "subject": "x"}])


def test_lists_are_followed_to_their_end_and_the_feed_goes_on():
    service = Service(
        (200, {"items": [{"entry": 0}, {"entry": 1}], "next": "/api/v1/entries?after=1"}),
        (200, {"items": [{"entry": 2}], "next": None}),
        (200, {"items": [{"entry": 3}], "next": "x"}),
        (200, {"items": [], "next": None}),
        LOST,
        (200, {"items": [{"entry": 4}], "next": "x"}),
    )
    with service.client() as ledger:
        assert [one["entry"] for one in ledger.entries()] == [0, 1, 2]
        feed = ledger.follow(after=2)
        assert [next(feed)["entry"], next(feed)["entry"]] == [3, 4]
    assert service.sent[-1].url.params["after"] == "3"


def test_what_is_no_problem_document_is_told_as_it_came():
    with Client("http://x", transport=httpx.MockTransport(lambda _: httpx.Response(502, text="<html>"))) as ledger:
        for ask in (lambda: ledger.account("a@b"), lambda: ledger.colour("x"), lambda: ledger.entry(1)):
            with pytest.raises(ApiError, match="502"):
                ask()
