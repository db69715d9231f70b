"""The command that follows money: of a colour, an account, an entry; as a table, JSON, a picture."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table, say


def trace(
    what: Annotated[
        str, Parameter(help="A colour (kz/road), an account (budget@kz/road), or an entry (its id or number).")
    ],
    *,
    ledger: Ledger,
    direction: Literal["from", "to", "both"] = "both",
    follow: Literal["colour", "coloured", "all"] | None = None,
    method: Literal["fifo", "pro_rata"] = "fifo",
    level: int | None = None,
    top: int = 12,
    picture: Path | None = None,
    language: In = None,
    json: Json = False,
) -> None:
    """Follow money to its sources and to its payees.

    Money is told apart by lots, first in first out: what came first is spent first. Every part of every split adds up
    to the whole.

    Example calls:

        boyau trace kz/republican/2024/2/12 --ledger kz.boyau
        boyau trace 100140005678@KZT --direction from --ledger kz.boyau --json
        boyau trace P-1 --ledger kz.boyau --picture trail.html

    Parameters
    ----------
    direction
        Of an account or entry: where its money came from, where it went to, or both.
    follow
        How far: colour (until it leaves the colour), coloured (while it has any colour), all (through plain accounts).
    method
        fifo (first in first out) or pro_rata (in proportion, by largest remainders).
    level
        Depth of the colour tree that is shown; deeper colours are summed.
    top
        Nodes of one kind that are shown; the others become one.
    picture
        Draw it: a file ending in .svg or .html.
    """
    from boyau.journal import Book
    from boyau.trace import Figures, TraceError, sankey, sankey_page
    from boyau.trace import journal as traced

    words = chosen(language)
    if picture is not None and picture.suffix not in (".svg", ".html"):
        raise Failure(f"{picture}: a picture is .svg or .html", 2)
    with Book.open(ledger, write=False) as book:
        say(f"following {book.entries} entries")
        try:
            flow, unit = _ask(book, traced.read(book, method), what, direction, follow, level, top)
        except TraceError as error:
            raise Failure(str(error)) from None
        figures = Figures(words.code, unit, book.ledger.registry.units[unit])
    title = f"{words.text('Trail of the money')}: {_title(flow, what, words.code)}"
    if picture is not None:
        draw = sankey_page.svg if picture.suffix == ".svg" else sankey_page.html
        picture.write_text(draw(flow, title=title, language=words.code, number_format=figures), encoding="utf-8")
        say(f"drawn: {picture}")
    if json:
        print_json(_with_texts(flow.as_dict(words.code)))
        return
    rows = [
        (
            row["from_title"],
            row["to_title"],
            figures.exact(row["amount"]),
            figures.exact(row["returned"]) if row["returned"] else "",
            str(row["entries"]),
        )
        for row in flow.rows(words.code)
    ]
    columns = [
        words.text("from"),
        words.text("to"),
        words.text("amount"),
        words.text("given back"),
        words.text("entries"),
    ]
    print_table(columns, rows, right=[2, 3, 4], title=title)
    print(sankey.totals_line(flow, words.code, figures))


def _ask(book: Any, known: Any, what: str, direction: Any, follow: Any, level: int | None, top: int) -> tuple[Any, str]:
    """Find out what *what* is, and ask the question; return the flow and the unit its amounts are in."""
    from boyau.journal.find import entry_number
    from boyau.trace import flow_of_account, flow_of_colour, flow_of_entry

    registry = book.ledger.registry
    options: dict[str, Any] = {"level": level, "top": top or None, "held": known.held}
    if follow:
        options["follow"] = follow
    if what in registry.colour_numbers:
        flow = flow_of_colour(known.lineage, known.names, what, **options)
        return flow, registry.colours[registry.colour_numbers[what]].unit
    if what in registry.accounts:
        number = registry.accounts[what]
        flow = flow_of_account(known.lineage, known.names, number, direction=direction, **options)
        return flow, registry.colours[int(book.ledger.tables.acc[number, 3])].unit
    entry = entry_number(book, what)
    if entry is None:
        raise Failure(f"{what!r} is no colour, account or posted entry of this ledger")
    flow = flow_of_entry(known.lineage, known.names, entry, direction=direction, **options)
    account = int(known.lineage.credit[known.lineage.place(entry)])
    return flow, registry.colours[int(book.ledger.tables.acc[account, 3])].unit


def _title(flow: Any, what: str, language: str) -> str:
    if flow.question["of"] != "colour":
        return what
    title = flow.names.colour_title(what, language)
    return f"{title} ({what})" if title else what


def _with_texts(value: Any) -> Any:
    """Amounts travel as texts in JSON: integers of minor units lose digits beyond 2^53 in many readers."""
    if isinstance(value, dict):
        amounts = ("amount", "came", "kept", "returned", "received", "unspent", "held", "elsewhere", "given_back")
        return {k: str(v) if k in amounts and isinstance(v, int) else _with_texts(v) for k, v in value.items()}
    return [_with_texts(one) for one in value] if isinstance(value, list) else value
