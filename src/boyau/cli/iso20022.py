"""Commands that speak ISO 20022: payment orders in, notifications and statements out, a bank's statement reconciled."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table, say

if TYPE_CHECKING:
    from boyau.language import Language

NumbersFile = Annotated[
    Path | None, Parameter(name="--numbers", help="Which outside account number is which account here (TOML).")
]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"], help="Write the message into this file.")]
Date = Annotated[str, Parameter(name="--date", help="A day, YYYY-MM-DD; by default the day of the last entry.")]
_TABLES = (".csv", ".tsv", ".ndjson", ".jsonl")


def import_orders(
    file: Annotated[str, Parameter(help="A pain.001 (XML), or treasury payment orders (.csv, .tsv, .ndjson, .jsonl).")],
    *,
    ledger: Ledger,
    status: Annotated[Path | None, Parameter(name="--status", help="Write the pain.002 into this file.")] = None,
    numbers: NumbersFile = None,
    dry_run: bool = False,
    language: In = None,
    json: Json = False,
) -> int:
    """Post the payments of a message; answer each by a status of ISO 20022.

    Example calls:

        boyau iso20022 import payments.xml --ledger treasury.boyau --status status.xml
        boyau iso20022 import orders.csv --ledger treasury.boyau --numbers numbers.toml --dry-run

    A message sent again posts nothing twice. Exit code 0: all done; 1: something was refused, or waits; 3: the message
    cannot be read.

    Parameters
    ----------
    dry_run
        Decide as if it were posted, on a copy; change nothing.
    """
    from boyau.journal import Book
    from boyau.journal.submission import Scratch
    from boyau.records.iso20022 import posting
    from boyau.records.iso20022 import status as report
    from boyau.records.iso20022.instructions import MessageRefused
    from boyau.records.iso20022.statement import moment

    words, known = chosen(language), _numbers(numbers)
    _folder(status)
    refused: MessageRefused | None = None
    try:
        message = _message(file)
    except MessageRefused as error:
        refused, message = error, error.message
    with Book.open(ledger, write=not dry_run) as book:
        target: Any = Scratch(book.ledger, book.clock) if dry_run else book
        outcomes = [] if refused else posting.post(target, message, known, words, kept=not dry_run)
        created, originator = moment(target.now()), posting.originator(book)
    if status is not None:
        telling: Any = {"created": created, "originator": originator}
        if refused:
            data = report.write_refused(message, refused, words, **telling)
        else:
            data = report.write(message, outcomes, **telling)
        _write(status, data)
    _tell(file, message, outcomes, refused, words, json=json)
    return 0 if not refused and all(one.done for one in outcomes) else 1


def statement(
    account: str,
    *,
    ledger: Ledger,
    date: Date = "",
    page: Annotated[int, Parameter(name="--page", help="Which page, from 1, of a day with very many entries.")] = 1,
    output: Output = None,
    numbers: NumbersFile = None,
    json: Json = False,
) -> None:
    """Write the statement of an account for one day: camt.053 with opening balance, entries, closing balance.

    Example: boyau iso20022 statement budget@kz/road --date 2026-11-24 --ledger treasury.boyau --output statement.xml

    Without --output the message goes to standard output. With --json its figures do, and the message only into a file.
    """
    from boyau.journal import Book
    from boyau.ledger import amounts
    from boyau.ledger.codes import day_text
    from boyau.records.iso20022.message import Unwritable
    from boyau.records.iso20022.movements import Imbalance, unit_of
    from boyau.records.iso20022.statement import write_statement

    known = _numbers(numbers)
    _folder(output)
    with Book.open(ledger, write=False) as book:
        if account not in book.ledger.accounts:
            raise Failure(f"there is no account {account}")
        try:
            data, found, pages = write_statement(book, account, _asked(book, date, "")[0], known, page=page)
        except Unwritable as error:
            raise Failure(str(error)) from None
        except Imbalance as error:
            raise Failure(str(error), 5) from None
        unit, scale = unit_of(book, account)
    facts = {
        "account": account,
        "date": day_text(found.first),
        "unit": unit,
        "opening": amounts.write(found.opening, scale),
        "entries": len(found.movements),
        "closing": amounts.write(found.closing, scale),
        "page": page,
        "pages": pages,
    }
    _hand_out(data, output, facts, json=json)


def notify(
    *accounts: str,
    ledger: Ledger,
    date: Date = "",
    entries: Annotated[str, Parameter(name="--entries", help="Entries FIRST-LAST instead of a day.")] = "",
    output: Output = None,
    numbers: NumbersFile = None,
    json: Json = False,
) -> None:
    """Write notifications of every debit and credit of a day, or of a range of entries: camt.054.

    Example calls:

        boyau iso20022 notify --date 2026-11-24 --ledger treasury.boyau --output notifications.xml
        boyau iso20022 notify quarry@KZT --entries 20-25 --ledger treasury.boyau

    Parameters
    ----------
    accounts
        Whose; without any, of all accounts but issuers'.
    """
    from boyau.journal import Book
    from boyau.records.iso20022.message import Unwritable
    from boyau.records.iso20022.statement import write_notification

    known = _numbers(numbers)
    _folder(output)
    if date and entries:
        raise Failure("name --date or --entries, not both", 2)
    with Book.open(ledger, write=False) as book:
        for account in accounts:
            if account not in book.ledger.accounts:
                raise Failure(f"there is no account {account}")
        day, span = _asked(book, date, entries)
        days = None if span else (day, day)
        try:
            data, told = write_notification(book, accounts, known, days=days, entries=span)
        except Unwritable as error:
            raise Failure(str(error)) from None
    facts = {"accounts": len(told), "entries": sum(told.values()), "by_account": told}
    _hand_out(data, output, facts, json=json)


def reconcile(
    *files: Annotated[str, Parameter(help="The bank's camt.053; several files where a statement has several pages.")],
    ledger: Ledger,
    of: Annotated[str, Parameter(name="--of", help="The account or colour here, where the file does not say.")] = "",
    numbers: NumbersFile = None,
    language: In = None,
    json: Json = False,
) -> int:
    """Compare a bank's statement with the coloured money outstanding, and list every difference.

    Example calls:

        boyau iso20022 reconcile bank.xml --ledger treasury.boyau --of kz/road
        boyau iso20022 reconcile bank.xml --ledger treasury.boyau --numbers numbers.toml --json

    Exit code 0: nothing differs; 1: something does; 3: the statement cannot be read.
    """
    from boyau.journal import Book
    from boyau.records.iso20022 import bank_statement, message, movements
    from boyau.records.iso20022 import reconcile as compared

    words, known = chosen(language), _numbers(numbers)
    if not files:
        raise Failure("name at least one file", 2)
    where = ", ".join(files)
    try:
        read = [one for file in files for one in bank_statement.read(message.read_bounded(file), file)]
        statements = bank_statement.joined(read, where)
        with Book.open(ledger, write=False) as book:
            found = [
                compared.reconcile(book, one, of or compared.target_of(one, known, where), where) for one in statements
            ]
    except message.MessageError as error:
        raise Failure(str(error), 3) from None
    except movements.NoSuchAccount as error:
        raise Failure(str(error)) from None
    except movements.Imbalance as error:
        raise Failure(str(error), 5) from None
    if json:
        print_json([one.facts() for one in found])
    else:
        for one in found:
            _print_reconciliation(one, words)
    return 1 if any(one.differences for one in found) else 0


# ---- reading what was asked -----------------------------------------------------------------------------------------


def _message(file: str) -> Any:
    from boyau.records.iso20022 import initiation, message, orders

    try:
        if Path(file).suffix.lower() in _TABLES:
            return orders.read(file)
        return initiation.read(message.read_bounded(file), file)
    except message.MessageError as error:
        raise Failure(str(error), 3) from None


def _numbers(path: Path | None) -> Any:
    from boyau.records.iso20022 import numbers

    try:
        return numbers.load(path)
    except numbers.NumbersError as error:
        raise Failure(str(error), 3) from None


def _asked(book: Any, date: str, entries: str) -> tuple[int, tuple[int, int] | None]:
    """Return the day and the range of entries that the options say."""
    from boyau.records.iso20022 import movements

    try:
        return movements.day_asked(book, date), movements.range_asked(book, entries)
    except movements.NotAsked as error:
        if error.missing:
            raise Failure(str(error)) from None
        raise Failure(f"--{error.field}: {error}", 2) from None


# ---- answering ------------------------------------------------------------------------------------------------------


def _folder(path: Path | None) -> None:
    """Say so before anything is posted where the answer could not be written."""
    if path is not None and not path.absolute().parent.is_dir():
        raise Failure(f"there is no folder for {path}; make it first", 2)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}; run it again, nothing is posted twice") from None


def _hand_out(data: bytes, output: Path | None, facts: dict[str, Any], *, json: bool) -> None:
    if output is not None:
        _write(output, data)
    if json:
        print_json(facts | ({"file": str(output)} if output else {}))
    elif output is None:
        print(data.decode(), end="")
    else:
        say(f"{output}: {facts['entries']} entries")


def _tell(file: str, message: Any, outcomes: Any, refused: Any, words: "Language", *, json: bool) -> None:
    told = [one.facts() for one in outcomes]
    if json:
        whole = {"code": refused.code, "reason": refused.told(words)} if refused else {}
        print_json({"message": message.id, "format": message.name} | whole | {"transactions": told})
        return
    if refused:
        print(f"{file}: {refused.code}: {refused.told(words)}")
        return
    for one in told:
        if one["status"] in ("RJCT", "PDNG"):
            remedy = f"\n    → {one['remedy']}" if "remedy" in one else ""
            answer = f"{one['status']} {one['code']} {one['result']}: {one.get('reason', '')}"
            print(f"{file}:{one['line']} {one['id']}: {answer}{remedy}")
    columns = [words.text("status"), words.text("meaning"), words.text("payments")]
    meanings = {
        "ACSC": words.text("posted"),
        "ACCP": words.text("accepted, no money has moved yet"),
        "PDNG": words.text("waits; send it again"),
        "RJCT": words.text("refused"),
    }
    counts = {status: sum(one["status"] == status for one in told) for status in meanings}
    rows = [(status, meanings[status], str(count)) for status, count in counts.items() if count]
    print_table(columns, rows, right=[2])


def _print_reconciliation(one: Any, words: "Language") -> None:
    def money(minor: int | None) -> str:
        return "—" if minor is None else words.money(minor, one.unit, one.scale)

    names = [
        words.text("opening balance"),
        words.text("entries"),
        words.text("sum of the entries"),
        words.text("closing balance"),
    ]
    rows = [
        (name, *(str(side[k]) if k == 1 else money(side[k]) for side in (one.here, one.there)))
        for k, name in enumerate(names)
    ]
    days = " – ".join(dict.fromkeys((words.day(one.first), words.day(one.last))))
    print_table(["", words.text("ledger"), words.text("bank")], rows, right=[1, 2], title=f"{one.name}, {days}")
    print(
        words.text(
            "{count} entries agree, {by_amount} of them by amount and day only.",
            count=one.matched,
            by_amount=one.matched_by_amount,
        )
    )
    if one.not_booked:
        print(words.text("{count} entries of the bank are not booked yet and were left out.", count=one.not_booked))
    if not one.differences:
        print(words.text("Nothing differs."))
        return
    kinds = {
        "opening": words.text("the opening balance differs"),
        "closing": words.text("the closing balance differs"),
        "statement_sum": words.text("the bank's own entries do not make its closing balance"),
        "amount_differs": words.text("the amounts differ"),
        "elsewhere": words.text("the ledger has it on another day or account, or the bank has it twice"),
        "missing_here": words.text("the ledger does not have it"),
        "missing_there": words.text("the bank does not have it"),
    }
    columns = [
        words.text("difference"),
        words.text("payment"),
        words.text("ledger"),
        words.text("bank"),
        words.text("line"),
        words.text("entry"),
    ]
    print_table(
        columns,
        [
            (
                kinds[d.kind],
                d.id,
                money(d.here),
                money(d.there),
                str(d.line or ""),
                "" if d.entry is None else str(d.entry),
            )
            for d in one.differences
        ],
        right=[2, 3, 4, 5],
    )
