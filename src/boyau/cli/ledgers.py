"""Commands about a ledger as a whole, and about one thing in it."""

from typing import Any

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table, say


def init(ledger: Ledger, *, name: str = "", json: Json = False) -> None:
    """Make a new, empty ledger in a file that does not exist yet.

    Example: boyau init treasury.boyau --name "Republican treasury"

    Parameters
    ----------
    name
        A title for people.
    """
    import uuid

    from boyau.journal import Book

    with Book.create(ledger, name=name) as book:
        identity = str(uuid.UUID(bytes=book.id))
        book.record([{"type": "unit", "unit": "KZT", "scale": 2}])
    if json:
        print_json({"ledger": ledger, "id": identity})
    else:
        print(f"{ledger} is ready: ledger {identity}, in tenge. Next: boyau submit FILE --ledger {ledger}")


def info(ledger: Ledger, *, json: Json = False) -> None:
    """Tell how large a ledger is, how its money stands and what its state hash is.

    Example: boyau info --ledger treasury.boyau
    """
    import uuid

    from boyau.journal import Book
    from boyau.ledger.codes import day_of, day_text

    with Book.open(ledger, write=False) as book:
        state = book.ledger
        facts = {
            "id": str(uuid.UUID(bytes=book.id)),
            "entries": book.entries,
            "batches": book.next_number,
            "last_day": day_text(day_of(state.time)),
            "accounts": len(state.accounts),
            "colours": len(state.registry.colours),
            "holds": int(state.tables.kernel.holds),
            "tip": book.tip.hex(),
            "state_hash": state.state_hash().hex(),
            "kernel": "compiled" if state.compiled else "not compiled",
        }
    if json:
        print_json(facts)
    else:
        print_table(["", ""], [(name.replace("_", " "), str(value)) for name, value in facts.items()])


def show_account(account: str, *, ledger: Ledger, language: In = None, json: Json = False) -> None:
    """Show an account: what it has, what is set aside, what it can still spend.

    Example: boyau show account budget@kz/road --ledger treasury.boyau
    """
    from boyau.journal import Book
    from boyau.ledger import amounts

    words = chosen(language)
    with Book.open(ledger, write=False) as book:
        if account not in book.ledger.accounts:
            raise Failure(f"there is no account {account}")
        colour = _colour_of(book, account)
        scale = book.ledger.registry.units[colour.unit]
        debits, credits, pending = book.ledger.balance(account)
        figures = {"credits": credits, "debits": debits, "set_aside": pending, "available": credits - debits - pending}
    if json:
        print_json({"account": account, "unit": colour.unit} | {k: amounts.write(v, scale) for k, v in figures.items()})
        return
    names = {
        "credits": words.text("came in"),
        "debits": words.text("went out"),
        "set_aside": words.text("set aside"),
        "available": words.text("available"),
    }
    print_table([account, ""], [(names[k], words.money(v, colour.unit, scale)) for k, v in figures.items()], right=[1])


def _colour_of(book: Any, account: str) -> Any:
    number = int(book.ledger.tables.acc[book.ledger.accounts[account], 3])
    return book.ledger.registry.colours[number]


def show_colour(colour: str, *, ledger: Ledger, language: In = None, json: Json = False) -> None:
    """Show a colour: its rules in force with where in the tree each comes from, its limits and what is used of them.

    Example: boyau show colour kz/road/2026 --ledger treasury.boyau
    """
    from boyau.journal import Book
    from boyau.ledger import amounts
    from boyau.ledger.registry import LIMITS
    from boyau.ledger.rules_text import rule_texts

    words = chosen(language)
    with Book.open(ledger, write=False) as book:
        registry = book.ledger.registry
        number = registry.colour_numbers.get(colour)
        if number is None:
            raise Failure(f"there is no colour {colour}")
        node = registry.colours[number]
        scale = registry.units[node.unit]
        used = book.ledger.counters(colour)
        rules = rule_texts(registry, node)
    limits = [
        {
            "limit": name,
            "set": None if node.limits[k] is None else amounts.write(node.limits[k] or 0, scale),
            "override": amounts.write(node.override[k], scale),
            "used": amounts.write(used[k], scale),
        }
        for k, name in enumerate(LIMITS)
    ]
    if json:
        print_json({"colour": colour, "title": node.title, "unit": node.unit, "rules": rules, "limits": limits})
        return
    print_table(
        [words.text("rule"), words.text("from"), words.text("means")],
        [(one["rule"], one["colour"], one["value"]) for one in rules],
        title=colour,
    )
    print_table(
        [words.text("limit"), words.text("set"), words.text("used")],
        [
            (
                str(one["limit"]),
                words.number(str(one["set"])) if one["set"] is not None else "—",
                words.number(str(one["used"])),
            )
            for one in limits
        ],
        right=[1, 2],
    )


def show_entry(entry: str, *, ledger: Ledger, json: Json = False) -> None:
    """Show an entry of the journal, by its number or by the id it was sent with.

    Example: boyau show entry P-1 --ledger treasury.boyau
    """
    from boyau.journal import Book
    from boyau.journal.find import describe_entry, entry_number

    with Book.open(ledger, write=False) as book:
        number = entry_number(book, entry)
        if number is None:
            raise Failure(f"no entry was posted under {entry!r}")
        facts = describe_entry(book, number)
    if json:
        print_json(facts)
    else:
        print_table(["", ""], [(name, str(value)) for name, value in facts.items()])


def drop_views(ledger: Ledger, *, json: Json = False) -> None:
    """Throw the read models away; the next report builds them again from the journal.

    Example: boyau views drop --ledger treasury.boyau
    """
    from boyau.views import Views

    removed = Views.drop(ledger)
    if json:
        print_json({"removed": removed or None})
    else:
        print(f"removed {removed}" if removed else "there were none")


def rebuild_views(ledger: Ledger, *, json: Json = False) -> None:
    """Build the read models again from the journal's entries.

    Example: boyau views rebuild --ledger treasury.boyau
    """
    from boyau.journal import Book
    from boyau.views import Views

    Views.drop(ledger)
    with Book.open(ledger, write=False) as book, Views.open(ledger) as views:
        say(f"reading {book.entries} entries")
        views.follow(book)
    if json:
        print_json({"entries": book.entries, "views": str(Views.path_of(ledger))})
    else:
        print(f"rebuilt from {book.entries} entries; see {Views.path_of(ledger).name}")
