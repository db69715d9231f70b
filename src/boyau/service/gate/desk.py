"""The desk as a request sees it: the same writer, behind the gate. There is no other way from a route to the ledger."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from boyau.journal import Book
from boyau.journal.intake import Line
from boyau.journal.operations import OPS
from boyau.journal.submission import Answer
from boyau.language.catalogue import mark as _
from boyau.service.answers import Outcome
from boyau.service.bulk import Bulk
from boyau.service.desk import Desk
from boyau.service.gate.decisions import Decision
from boyau.service.gate.lines import Check, look_up
from boyau.service.gate.policy import account_facts
from boyau.service.gate.turn import TURN, Turn
from boyau.service.identity.people import Caller
from boyau.service.problems import Problem

if TYPE_CHECKING:
    from boyau.service.gate.access import Access

T = TypeVar("T")
LINES_AT_ONCE = 256
"""More than these are checked in a thread, so that nobody else waits for it."""
NOT_ALLOWED = _("You may not do this. Who may is said in the description of roles.")


def refused(turn: Turn | None, rule: str = "") -> Problem:
    """Return the problem of a request that the gate does not let through."""
    title = turn.words.text(NOT_ALLOWED) if turn else NOT_ALLOWED
    return Problem(403, "not-allowed", title, **({"rule": rule} if rule else {}))


class GuardedDesk:
    """Hands to the desk what the caller of the moment may hand to it."""

    def __init__(self, desk: Desk, access: "Access") -> None:
        self._desk, self._access = desk, access
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="boyau-gate")

    def call(self, function: Callable[[Book], T]) -> "Future[T]":
        """Queue a short look at the book; the route has been allowed already, or there would be no turn."""
        if TURN.get(None) is None:
            raise refused(None)
        return self._desk.call(function)

    def submit(self, values: Sequence[Any], *, dry: bool = False) -> "Future[list[Answer]]":
        """Queue the lines that the caller may submit; the others are answered ``not_allowed``."""
        turn = TURN.get(None)
        if turn is None:
            raise refused(None)
        if len(values) <= LINES_AT_ONCE:
            return self._checked(turn, values, dry=dry)
        out: Future[list[Answer]] = Future()
        self._pool.submit(self._in_thread, out, turn, values, dry)
        return out

    def submit_bulk(self, bulk: Bulk) -> "Future[Outcome]":
        """Queue a batch as columns, where every line of it may be submitted; else line by line."""
        turn = TURN.get(None)
        if turn is None:
            raise refused(None)
        decisions = self._whole(turn.caller, bulk)
        if decisions is None:
            out: Future[Outcome] = Future()
            _follow(self.submit(bulk.lines()), out, Outcome.of)
            return out
        turn.written.append(self._access.decisions.record(decisions))
        return self._desk.submit_bulk(bulk)

    def _whole(self, caller: Caller, bulk: Bulk) -> list[Decision] | None:
        """Return the decisions on a batch of operations that name who pays and are all allowed; None: look closer."""
        if bulk.others:
            return None
        out = []
        for (op, source), count in Counter(zip(bulk.columns["op"], bulk.columns["source"], strict=True)).items():
            facts = account_facts(source)
            verdict = self._access.policy.decide(caller.grants, f"op.{op}", facts)
            if not source or op not in OPS or not verdict.allowed:
                return None
            resource = facts.colours[0] if facts.colours else "*"
            out.append(Decision(caller.account, caller.how, f"op.{op}", resource, True, verdict.rule, count))
        return out

    def _in_thread(self, out: "Future[list[Answer]]", turn: Turn, values: Sequence[Any], dry: bool) -> None:
        try:
            _follow(self._checked(turn, values, dry=dry), out, lambda answers: answers)
        except BaseException as error:  # noqa: BLE001 - it belongs to who waits
            out.set_exception(error)

    def _checked(self, turn: Turn, values: Sequence[Any], *, dry: bool) -> "Future[list[Answer]]":
        lines = [one if isinstance(one, Line) else Line(number, one) for number, one in enumerate(values, 1)]
        access = self._access
        check = Check(access.policy, turn.caller, lines, dry=dry, four_eyes=access.pending.four_eyes)
        asked = check.asked()
        if not asked:
            return self._decided(turn, check, {}, dry=dry)
        out: Future[list[Answer]] = Future()

        def found(done: "Future[dict[Any, Any]]") -> None:
            try:
                _follow(self._decided(turn, check, done.result(), dry=dry), out, lambda answers: answers)
            except BaseException as error:  # noqa: BLE001 - as above
                out.set_exception(error)

        def then(done: "Future[dict[Any, Any]]") -> None:
            if len(lines) > LINES_AT_ONCE:  # not in the writer's thread
                self._pool.submit(found, done)
            else:
                found(done)

        self._desk.call(lambda book: look_up(book, asked)).add_done_callback(then)
        return out

    def _decided(self, turn: Turn, check: Check, found: dict[Any, Any], *, dry: bool) -> "Future[list[Answer]]":
        check.decide(found)
        turn.written.append(self._access.decisions.record(check.decisions))
        if check.refused and turn.single:
            raise refused(turn, next(iter(check.refused.values())).rule)
        told = turn.words.text(NOT_ALLOWED)
        out: Future[list[Answer]] = Future()
        _follow(self._desk.submit(check.lines, dry=dry), out, lambda answers: check.answers(answers, told))
        return out

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown()


def _follow(source: "Future[Any]", out: "Future[Any]", function: Callable[[Any], Any]) -> None:
    """Have *out* done when *source* is."""

    def done(one: "Future[Any]") -> None:
        if not out.set_running_or_notify_cancel():
            return
        try:
            out.set_result(function(one.result()))
        except BaseException as error:  # noqa: BLE001 - as above
            out.set_exception(error)

    source.add_done_callback(done)
