"""Commands about farm subsidies: where everyone stands in the queue and why, and paying the queue."""

import contextlib
import json as json_module
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table

File = Annotated[Path, Parameter(help="Published applications: CSV, plain or gzipped.")]
OptionalLedger = Annotated[
    str, Parameter(name=["--ledger", "-l"], env_var="BOYAU_LEDGER", help="The ledger; without one only a plan.")
]
Amount = Annotated[str, Parameter(name="--budget", help="One sum in tenge, split over the queues by need.")]
BudgetFile = Annotated[
    Path | None, Parameter(name="--budget-file", help="Sums by region, purpose or queue (TOML or JSON).")
]
Year = Annotated[int | None, Parameter(name="--year", help="The budget's year; by default this year.")]
TablesFile = Annotated[
    Path | None, Parameter(name="--tables", help="Names of regions, purposes, statuses (TOML) instead of ours.")
]
TestBelow = Annotated[str, Parameter(name="--test-below", help="Tenge; a smaller application is taken for a trial.")]
Report = Annotated[
    Path | None, Parameter(name="--report", help="Write the answer for every line into this file (JSON).")
]
Root = Annotated[str, Parameter(name="--root", help="The colour above the year's.")]
_SHOWN = 20


@Parameter(name="")  # its fields bear their whole names, it has none of its own
@dataclass(frozen=True, kw_only=True)
class Options:
    """What the queue and paying it are both told."""

    budget: Amount = ""
    budget_file: BudgetFile = None
    year: Year = None
    root: Root = "kz/agro"
    tables: TablesFile = None
    test_below: TestBelow = "100.00"
    report: Report = None
    language: In = None
    json: Json = False


_USUAL = Options()


def queue(
    file: File,
    *,
    application: Annotated[str, Parameter(name=["--application", "-a"], help="Only this application, by number.")] = "",
    ledger: OptionalLedger = "",
    options: Options = _USUAL,
) -> int:
    """Say who would be paid, who waits, why, and in which place; post nothing.

    With a ledger, what it paid is paid and what it has left is the budget. With a budget and no ledger it is a plan.

    Example calls:

        boyau subsidies queue applications.csv.gz --application 2024-12-02-17675 --ledger agro.boyau
        boyau subsidies queue applications.csv.gz --budget 50000000000.00
    """
    desk = _Desk(file, options)
    sums = _sums(options, desk.tables)
    if ledger:
        from boyau.journal import Book

        with Book.open(ledger, write=False) as book:
            desk.ask(book, sums, options.root)
    else:
        desk.plan(sums)
    if application:
        return desk.one(application, json=options.json)
    desk.tell(json=options.json)
    return 3 if desk.read.unreadable else 0


def pay(
    file: File,
    *,
    ledger: Ledger,
    skip_unreadable: bool = False,
    options: Options = _USUAL,
) -> int:
    """Pay the queue: whoever registered first is paid first, in each purpose and region, as far as the budget goes.

    The budget is the year's whole budget: the same one again pays nobody, a larger one pays those who are next.

    Example calls:

        boyau subsidies pay applications.csv.gz --budget 50000000000.00 --ledger agro.boyau
        boyau subsidies pay applications.csv.gz --budget-file regions.toml --ledger agro.boyau --report answers.json

    Exit code 0: paid as far as the money goes; 1: the ledger refused someone; 3: some line could not be read.

    Parameters
    ----------
    skip_unreadable
        Pay although some lines cannot be read; whoever stands on them may be overtaken.
    """
    desk = _Desk(file, options)
    sums = _sums(options, desk.tables)
    if sums is None:
        raise Failure("name the money: --budget AMOUNT or --budget-file FILE", 2)
    if desk.read.unreadable and not skip_unreadable:
        desk.tell_unreadable()
        raise Failure(
            "nobody was paid: whoever stands on an unreadable line could be overtaken. Repair the file, or pay all the "
            "same with --skip-unreadable",
            3,
        )
    from boyau.journal import Book

    with Book.open(ledger) as book:
        refused = desk.pay(book, sums, options.root)
    desk.tell(json=options.json)
    return 3 if desk.read.unreadable else 1 if refused else 0


def _sums(options: Options, tables: Any) -> Any:
    from boyau.treasury.subsidies import budgets

    budget, budget_file = options.budget, options.budget_file
    if budget and budget_file:
        raise Failure("name --budget or --budget-file, not both", 2)
    try:
        if budget:
            return budgets.of_total(budget)
        return budgets.load(budget_file, tables) if budget_file else None
    except budgets.BudgetError as error:
        raise Failure(str(error), 2 if budget else 3) from None


class _Desk:
    """One file read and sifted, and the answers to it."""

    def __init__(self, file: Path, options: Options) -> None:
        from boyau.journal.book import system_clock
        from boyau.ledger import amounts
        from boyau.ledger.codes import day, day_of, day_text
        from boyau.treasury.subsidies import applications, duplicates
        from boyau.treasury.subsidies.tables import TablesError, load

        self.words, self.file, self.report = chosen(options.language), file, options.report
        self.year = int(day_text(day_of(system_clock()))[:4]) if options.year is None else options.year
        if not applications.YEAR_FIRST <= self.year <= applications.YEAR_LAST:
            raise Failure(f"{self.year} is no year between {applications.YEAR_FIRST} and {applications.YEAR_LAST}", 2)
        if self.report is not None and not self.report.absolute().parent.is_dir():
            raise Failure(f"there is no folder for {self.report}; make it first", 2)
        try:
            least = amounts.parse(options.test_below)
        except amounts.AmountError as error:
            raise Failure(f"--test-below: {error}", 2) from None
        try:
            self.tables = load(options.tables)
            self.read = applications.read(file, self.tables)
        except (TablesError, applications.ApplicationsError) as error:
            raise Failure(str(error), 3) from None
        until = day(f"{self.year + 1}-01-01") * 86_400_000_000
        self.sifted = duplicates.sift(self.read.read, test_below=least, until=until)
        self.budgets: dict[Any, int] = {}
        self.rest: dict[Any, int] = {}
        self.answers: list[Any] = []

    def _needs(self, without: Any = ()) -> dict[Any, int]:
        from boyau.treasury.subsidies.queue import needs

        return needs(one for one in self.sifted.kept if one.key not in without)

    def _answer(self, outcome: Any, rest: dict[Any, int]) -> None:
        from boyau.treasury.subsidies.answers import answers

        self.rest = rest
        self.answers = answers(self.sifted, outcome, self.budgets, rest)

    def plan(self, sums: Any) -> None:
        """Plan without a ledger; without a budget everybody waits."""
        from boyau.treasury.subsidies.answers import Outcome
        from boyau.treasury.subsidies.queue import plan

        self.budgets = sums.spread(self._needs()) if sums else dict.fromkeys(self._needs(), 0)
        made = plan(self.sifted.kept, self.budgets)
        self._answer(Outcome(planned={one.key for one in made.pay}), made.rest)

    def ask(self, book: Any, sums: Any, root: str) -> None:
        """Say what the ledger paid, and what it would pay next: of its own money, or of a budget of *sums*."""
        from boyau.treasury.subsidies.answers import Outcome
        from boyau.treasury.subsidies.payment import PaymentError, Treasury
        from boyau.treasury.subsidies.queue import plan

        try:
            treasury = Treasury(book, self.tables, year=self.year, base=root)
        except PaymentError as error:
            raise Failure(str(error)) from None
        done = treasury.state(self.sifted.kept)
        needs = self._needs(done.differs)
        given = treasury.budgets(needs)
        self.budgets = sums.spread(needs) if sums else given
        rest = {q: done.rest.get(q, 0) + amount - given.get(q, 0) for q, amount in self.budgets.items()}
        made = plan(self.sifted.kept, rest, done.settled)
        self._answer(Outcome(done.paid, {one.key for one in made.pay}, done.differs), made.rest)

    def pay(self, book: Any, sums: Any, root: str) -> int:
        """Pay; return how many the ledger refused."""
        from boyau.treasury.subsidies.answers import Outcome
        from boyau.treasury.subsidies.payment import PaymentError, Treasury

        try:
            treasury = Treasury(book, self.tables, year=self.year, base=root)
            self.budgets = sums.spread(self._needs(treasury.state(self.sifted.kept).differs))
            treasury.fund(self.budgets)
            with _progress(self.file.name, len(self.sifted.kept)) as tick:
                done = treasury.pay(self.sifted.kept, tick)
        except PaymentError as error:
            raise Failure(str(error)) from None
        self._answer(Outcome(done.paid, (), done.differs, done.refused), done.rest)
        self.paid_now = len(done.now)
        return len(done.refused)

    # ---- telling ----------------------------------------------------------------------------------------------------

    def one(self, number: str, *, json: bool) -> int:
        """Answer about one application: every line that has its number."""
        found = [answer for answer in self.answers if number in (answer.application.number, answer.application.key)]
        if not found:
            more = f"; {len(self.read.unreadable)} lines cannot be read" if self.read.unreadable else ""
            raise Failure(f"{self.file.name} has no application {number}{more}")
        told = [answer.json(self.words) for answer in found]
        if json:
            print_json({"application": number, "answers": told})
            return 0
        for answer, facts in zip(found, told, strict=True):
            one = answer.application
            title = self.words.title(self.tables.titles[f"purpose/{one.purpose}"])
            region = self.words.title(self.tables.titles[f"region/{one.region}"])
            print(
                f"{one.number} ({title}; {region}; {one.registered}; {self.words.money(one.amount)}): {facts['text']}"
            )
        return 0

    def tell(self, *, json: bool) -> None:
        """Print the whole, and write the report."""
        from boyau.treasury.subsidies.answers import summary

        whole = {"year": self.year} | summary(self.read, self.sifted, self.answers, self.budgets, self.rest)
        if hasattr(self, "paid_now"):
            whole["paid_now"] = self.paid_now
        if self.report is not None:
            full = whole | {"applications": [answer.json(self.words) for answer in self.answers]}
            try:
                self.report.write_text(json_module.dumps(full, ensure_ascii=False) + "\n", encoding="utf-8")
            except OSError as error:
                raise Failure(f"the report {self.report} cannot be written: {error.strerror}") from None
        if json:
            print_json(whole)
        else:
            self._print(whole)

    def tell_unreadable(self) -> None:
        """List the lines that cannot be read, on standard error."""
        for problem in self.read.unreadable[:_SHOWN]:
            print(problem, file=sys.stderr)
        more = len(self.read.unreadable) - _SHOWN
        if more > 0:
            print(self.words.text("and {more} more; see --report", more=more), file=sys.stderr)

    def _print(self, whole: dict[str, Any]) -> None:
        words = self.words
        print(
            words.text(
                "{lines} lines: {kept} applications stand, {aside} are set aside, {unreadable} cannot be read",
                lines=whole["lines"],
                kept=whole["kept"],
                aside=len(self.sifted.aside),
                unreadable=len(whole["unreadable"]),
            )
        )
        for reason, count in whole["aside"].items():
            print(f"    {count:6} {reason}")
        print(f"    {len(whole['shared_numbers']):6} {words.text('numbers that two applications share (both stand)')}")
        print(
            f"    {len(whole['alike']):6} {words.text('groups alike in all but the number (suspicious, they stand)')}"
        )
        self.tell_unreadable()
        self._print_queues(whole)
        if "paid_now" in whole:
            print(
                words.text(
                    "{count} paid in this run, {refused} refused", count=whole["paid_now"], refused=whole["refused"]
                )
            )

    def _print_queues(self, whole: dict[str, Any]) -> None:
        words, titles = self.words, self.tables.titles
        columns = {
            "budget": words.text("budget"),
            "paid": words.text("paid"),
            "paid_sum": words.text("paid sum"),
            "planned": words.text("would be paid"),
            "planned_sum": words.text("sum would be paid"),
            "refused": words.text("refused"),
            "waiting": words.text("waiting"),
            "waiting_sum": words.text("waiting sum"),
        }
        for name in ("paid", "planned", "refused"):
            if not whole[name]:
                columns = {each: title for each, title in columns.items() if not each.startswith(name)}
        rows = [
            (
                words.title(titles[f"purpose/{one['purpose']}"]) if "purpose" in one else words.text("all queues"),
                words.title(titles[f"region/{one['region']}"]) if "region" in one else "",
                *(words.number(str(one[name])) for name in columns),
            )
            for one in [*whole["queues"], whole]
        ]
        print_table(
            [words.text("purpose"), words.text("region"), *columns.values()], rows, right=range(2, 2 + len(columns))
        )


@contextlib.contextmanager
def _progress(name: str, total: int) -> Iterator[Any]:
    """Show the applications go by, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda count: progress.advance(task, count)
