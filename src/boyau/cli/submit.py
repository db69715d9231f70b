"""Commands that hand lines to a ledger: submit them, try them, have them explained, check records."""

import json as json_module
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table, say

if TYPE_CHECKING:
    from boyau.language import Language

Source = Annotated[
    str,
    Parameter(
        allow_leading_hyphen=True, help="A file (.ndjson, .jsonl, .csv, .tsv, .parquet), or - for lines of JSON."
    ),
]
_PROGRESS_LINES = 100_000
_EXPLAINED_MAX = 10_000
"""Refusals explained in words; beyond that only their code is given, so that a flood of them stays quick."""


def submit(file: Source, *, ledger: Ledger, dry_run: bool = False, language: In = None, json: Json = False) -> int:
    """Post operations and records, one answer a line; each answer is given when its line is on disk.

    Example calls:

        boyau submit payments.ndjson --ledger treasury.boyau
        boyau submit payments.csv --ledger treasury.boyau --dry-run
        generate | boyau submit - --ledger treasury.boyau --json

    Exit code 0: all posted; 1: something was refused; 3: something could not be read.

    Parameters
    ----------
    dry_run
        Decide as if it were posted, on a copy; change nothing.
    """
    from boyau.journal import Book
    from boyau.journal.submission import Scratch, Submission

    words = chosen(language)
    lines = _lines(file)
    counts: dict[str, int] = {}
    with Book.open(ledger, write=not dry_run) as book:
        target: Any = Scratch(book.ledger, book.clock) if dry_run else book
        teller = _Teller(target, words)
        for answer in Submission(target).run(lines):
            counts[answer.result] = counts.get(answer.result, 0) + 1
            told = teller.tell(answer)
            if json:
                print(json_module.dumps(told, ensure_ascii=False))
            elif not answer.ok:
                print(_sentence(told, file))
            if sum(counts.values()) % _PROGRESS_LINES == 0:
                say(f"{sum(counts.values()):,} lines")
    done = sum(counts.get(name, 0) for name in ("posted", "exists", "recorded"))
    refused = sum(counts.values()) - done
    if not json:
        kept = words.text("would be posted") if dry_run else words.text("posted")
        print(f"{done} {kept}, {refused} {words.text('refused')}")
    return 3 if counts.get("unreadable") else 1 if refused else 0


def _lines(file: str) -> Iterator[Any]:
    from boyau.journal import intake

    return intake.read(file, sys.stdin.buffer)


class _Teller:
    """Says in words what became of a line."""

    def __init__(self, target: Any, words: "Language") -> None:
        self._target, self._words, self._explained = target, words, 0
        self._explainer: Any = None

    def tell(self, answer: Any) -> dict[str, Any]:
        """Return an answer as JSON: line, id, result, and for a refusal why and what to do."""
        told: dict[str, Any] = {"line": answer.line, "id": answer.id, "result": answer.result}
        if answer.message:
            told |= {"field": answer.field, "reason": answer.message}
        elif not answer.ok and answer.row is not None and self._explained < _EXPLAINED_MAX:
            self._explained += 1
            told |= self._why(answer)
        return {name: value for name, value in told.items() if value not in ("", None)}

    def _why(self, answer: Any) -> dict[str, Any]:
        from boyau.language import explanation
        from boyau.ledger.explain import Explainer
        from boyau.ledger.refusals import Result
        from boyau.ledger.rule_findings import Finding

        if self._explainer is None:
            self._explainer = Explainer(self._target.ledger)
        result = Result[answer.result.upper()]
        found = [f for f in self._explainer.explain(answer.row, self._target.now()) if f.result is result]
        return explanation(
            found[0] if found else Finding(result, facts={"field": int(answer.row["detail"])}), self._words
        )


def _sentence(told: dict[str, Any], file: str) -> str:
    where = f"{file}:{told['line']}" + (f" {told['id']}" if "id" in told else "")
    field = f" {told['field']}:" if "field" in told else ""
    remedy = f"\n    → {told['remedy']}" if "remedy" in told else ""
    return f"{where}: {told['result']}:{field} {told.get('reason', '')}{remedy}".rstrip()


def explain(
    file: Source, *, ledger: Ledger, given: tuple[str, ...] = (), language: In = None, json: Json = False
) -> int:
    """Say what would become of operations, and list every rule that fails, without posting anything.

    Each rule comes with the colour of the tree that makes it, the journal entry that set it, the evidence that is
    missing and the remedy.

    Example calls:

        echo '{"op":"pay","id":"P-1",...}' | boyau explain - --ledger treasury.boyau --language kk
        boyau explain waiting.ndjson --ledger treasury.boyau --given acceptance_act@act-17

    Parameters
    ----------
    given
        What if this evidence arrived: CONDITION@SUBJECT or CONDITION@COLOUR; may be given several times.
    """
    from boyau.journal import Book
    from boyau.journal.operations import OperationError, Operations
    from boyau.language import explanation
    from boyau.ledger import codes
    from boyau.ledger.explain import Explainer

    words, worst = chosen(language), 0
    with Book.open(ledger, write=False) as book:
        state = _assuming(book, given).ledger if given else book.ledger
        operations, explainer, at = Operations(state), Explainer(state), book.now()
        for line, after in _with_next(_lines(file)):
            told: dict[str, Any] = {"line": line.number}
            try:
                if line.error:
                    raise OperationError(line.field, line.error)
                row = operations.rows([line.value], codes.day_of(at))[0]
                told |= {"id": line.value.get("id", "")}
                following = None
                if after is not None and not after.error:  # a slice is paid by the next line
                    with suppress(OperationError):
                        following = operations.rows([after.value], codes.day_of(at))[0]
                findings = [explanation(one, words) for one in explainer.explain(row, at, following)]
                told |= {"result": findings[0]["result"] if findings else "posted", "findings": findings}
            except OperationError as error:
                told |= {"result": "unreadable", "field": error.field, "reason": error.message, "findings": []}
            worst = max(worst, {"posted": 0, "exists": 0, "unreadable": 3}.get(told["result"], 1))
            if json:
                print(json_module.dumps(told, ensure_ascii=False))
            else:
                _print_explanation(told, words)
    return worst


def _with_next(lines: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each line with the one after it, None after the last."""
    before = next(lines, None)
    while before is not None:
        after = next(lines, None)
        yield before, after
        before = after


def _assuming(book: Any, given: tuple[str, ...]) -> Any:
    """Return a copy of the ledger's state in which this evidence has arrived."""
    from boyau.journal.submission import Scratch

    scratch = Scratch(book.ledger, book.clock)
    for one in given:
        condition, _, thing = one.partition("@")
        try:
            scratch.ledger.registry.assume(condition, thing)
        except KeyError as unknown:
            told = f"--given {one}: the ledger knows no {unknown}; write CONDITION@SUBJECT or CONDITION@COLOUR"
            raise Failure(told, 2) from None
    return scratch


def _print_explanation(told: dict[str, Any], words: "Language") -> None:
    title = f"{told['line']} {told.get('id', '')}".rstrip()
    if told["result"] == "unreadable":
        print(": ".join(part for part in (title, told["field"], told["reason"]) if part))
        return
    if not told["findings"]:
        print(f"{title}: {words.text('Every rule is met; this would be posted.')}")
        return
    rows = [
        (
            one["result"],
            one["reason"],
            f"{one.get('colour', '—')}" + (f" (№ {one['entry']})" if "entry" in one else ""),
            one["remedy"],
        )
        for one in told["findings"]
    ]
    columns = [words.text("rule"), words.text("why"), words.text("set by"), words.text("what to do")]
    print_table(columns, rows, title=f"{title}: {words.text('this would be refused')}")


def check(file: Source, *, ledger: Annotated[str, Parameter(name=["--ledger", "-l"])] = "", json: Json = False) -> int:
    """Check a file of records (colours, limits, participants…) without recording them; name file, line and field.

    Example calls:

        boyau check colours.ndjson
        boyau check amendment.ndjson --ledger treasury.boyau

    Parameters
    ----------
    ledger
        Check against the state of this ledger; by default against an empty one that knows the tenge.
    """
    from boyau.journal import Book
    from boyau.journal.submission import Scratch, Submission

    if ledger:
        with Book.open(ledger, write=False) as book:
            target = Scratch(book.ledger, book.clock)
    else:
        with Book.create("memory:") as book:
            book.record([{"type": "unit", "unit": "KZT", "scale": 2}])
            target = Scratch(book.ledger, book.clock)
    answers = list(Submission(target).run(_lines(file)))
    bad = [answer for answer in answers if not answer.ok]
    if not answers:
        raise Failure(f"{file} holds no lines", 3)
    if json:
        print_json(
            {
                "checked": len(answers),
                "errors": [
                    {"file": file, "line": one.line, "field": one.field, "message": one.message or one.result}
                    for one in bad
                ],
            }
        )
    else:
        for one in bad:
            print(": ".join(part for part in (f"{file}:{one.line}", one.field, one.message or one.result) if part))
        print(f"{len(answers)} lines checked, {len(bad)} with errors")
    return 3 if any(one.result == "unreadable" for one in bad) else 1 if bad else 0
