"""How commands speak: tables or JSON on standard output, everything else on standard error."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from boyau.language import Language

Ledger = Annotated[
    str,
    Parameter(name=["--ledger", "-l"], env_var="BOYAU_LEDGER", help="The ledger: a path, or sqlite:PATH."),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Answer in JSON.")]
In = Annotated[str | None, Parameter(name="--language", help="One of kk, ru, en; by default the environment's.")]


_TEXT_LEAST = 24
"""Characters that the first column of texts keeps beside the figures."""
_KEEP = "\ue000"
"""Stands for a no-break space while rich lays out a table: it would break a figure there."""


class Failure(Exception):  # noqa: N818 - carries an exit code
    """A command cannot go on; *code* is its exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def fail(message: str, code: int) -> int:
    """Print an error; return the exit code."""
    print(f"boyau: {message}", file=sys.stderr)
    return code


def chosen(code: str | None) -> "Language":
    """Return the language asked for."""
    from boyau.language import language

    try:
        return language(code)
    except ValueError as error:
        raise Failure(str(error), 2) from None


def say(text: str) -> None:
    """Print progress or a remark, out of the way of the answer."""
    print(text, file=sys.stderr)


def print_json(value: Any) -> None:
    """Print one JSON value: indented for people, on one line for programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = (), title: str = ""
) -> None:
    """Print a table; the columns numbered in *right* hold figures."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    rows = [tuple(row) for row in rows]
    longest = {k: max((len(row[k]) for row in rows), default=0) for k in range(len(columns))}
    texts = [k for k in range(len(columns)) if k not in right]
    least = {k: min(_TEXT_LEAST, longest[k]) for k in texts}
    # A figure is never broken or cut: a table of many figures is rather wider than the screen.
    needed = sum(least.values()) + sum(max(longest[k], 8) for k in right) + 3 * len(columns) + 2
    screen = Console().width if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "140"))
    console = Console(width=max(screen, needed), highlight=False, markup=False)
    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for k, name in enumerate(columns):
        if k in right:
            table.add_column(name.replace(" ", "\n", 1), justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold", min_width=least[k] if k == texts[0] else None)
    for row in rows:
        table.add_row(*(cell.replace("\u00a0", _KEEP) for cell in row))
    with console.capture() as text:
        console.print(table)
    print(text.get().replace(_KEEP, "\u00a0"), end="")
