"""A site with budgets: the republic's of 2024 as published, two regions' (made of it), and a simulated year."""

import csv
import io
from functools import cache
from importlib import resources
from pathlib import Path

from boyau.journal import Book
from boyau.treasury.budget import mapping_file, statement
from boyau.treasury.budget.posting import BudgetImport
from boyau.treasury.simulation import simulate
from boyau.views import Views
from tests.web.site import Site

DATA = resources.files("boyau.cli") / "demo_data"
REPUBLIC, ATYRAU, ASTANA = "kz/republican/2024", "kz/local-atyrauskaya/2024", "kz/local-g-astana/2024"
COLUMNS = {
    "plan": "plan", "plan_payments": "payments_plan", "plan_obligations": "obligations_plan",
    "obligations": "obligations", "paid": "paid",
}  # fmt: skip
"""Our names and those of the published file."""


@cache
def published() -> list[dict[str, str]]:
    """The lines of the published file."""
    return list(csv.DictReader(io.StringIO((DATA / "republican_2024.csv").read_text(encoding="utf-8"))))


def path_of(row: dict[str, str]) -> str:
    """The path of a published line below its year."""
    return "total" if row["code"] == "00" else f"total/{int(row['code'])}"


def minor(row: dict[str, str], column: str) -> int:
    """A published figure in minor units, by our name of its column."""
    return 100 * int(row[COLUMNS[column]])


def figures(month: str) -> dict[str, dict[str, int]]:
    """Published figures of a month by line, with what is unpaid."""
    out = {}
    for row in published():
        if row["month"] == month:
            found = {name: minor(row, name) for name in COLUMNS}
            out[path_of(row)] = found | {"unpaid": found["obligations"] - found["paid"]}
    return out


class BudgetSite(Site):
    """Serves them. Atyrau's budget has the year 2023 before it, which spends a month's part as 2024 does."""

    def __init__(self, folder: Path) -> None:
        self.ledger = str(folder / "demo.boyau")
        simulate(self.ledger, transfers=8000, seed=1, answers=folder / "answers.ndjson", each=0)
        text = (DATA / "republican_2024.csv").read_text(encoding="utf-8")
        head, _, lines = text.partition("\n")
        with resources.as_file(DATA) as files:
            mapping = mapping_file.load(files / "republican_2024.toml")
            republic = files / "republican_2024.csv"
            before = folder / "both.csv"
            before.write_text(f"{head}\n{lines.replace(',2024-', ',2023-')}{lines}", encoding="utf-8")
            with Book.open(self.ledger) as book, Views.open(self.ledger) as views:
                views.follow(book)
                for file, name in (
                    (republic, "republican"),
                    (before, "local-atyrauskaya"),
                    (republic, "local-g-astana"),
                ):
                    read = statement.read(file, mapping, dataset=name)
                    BudgetImport(book, read, f"kz/{name}", lambda *_: []).run()
        self.serve(Book.open(self.ledger))

    def views(self) -> Views:
        """The read models, followed up to now."""
        return Views.open(self.ledger)
