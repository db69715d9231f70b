"""The demonstration: a real budget, a simulated year of contracts with abuse in it, the pilots; then the pages on them.

The budget's figures are published ones (cli/demo_data); everything else is simulated, and says so.
"""

import csv
import datetime as dt
import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib import resources
from pathlib import Path
from typing import Any

from boyau.cli.output import Failure, In, chosen, print_table, say

YEAR = dt.datetime.now(dt.UTC).year
ROAD = f"kz/road-repair/{YEAR}"
LISTEN = "127.0.0.1:8080"
APPROVAL = {"above": "50000000.00", "quorum": 1, "classes": ["controller"]}
"""Under the second contract larger payments wait for a controller."""
TRANSFERS, ABUSE_EACH = 20_000, 3
"""Of the simulated year: honest transfers, and cases of every kind of abuse."""


def demo(path: Path = Path("out/demo.boyau"), *, serve: bool = True, listen: str = LISTEN, language: In = None) -> int:
    """Make a demonstration year, show what the ledger does, and open the pages on it until Ctrl-C.

    The republican budget of Kazakhstan for 2024 as published; a simulated year of contracts with abuse planted in it;
    the pilots' programmes. The ledger stays, so that you can go on with it. Run again, it is thrown away and made anew.

    Example calls:

        boyau demo out/demo.boyau --language kk
        boyau demo out/demo.boyau --no-serve

    Parameters
    ----------
    path
        Where the demonstration's ledger shall be; the name must contain "demo".
    serve
        Open the pages at the end; --no-serve ends there.
    listen
        Where the pages are served: a loopback address, as whoever opens them may look around in every role.
    """
    words = chosen(language)
    if "demo" not in path.name:
        raise Failure(f"{path}: the demonstration overwrites its ledger, so its name must contain “demo”", 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    _refuse_if_served(path, words)
    _clear(path)
    try:
        _year(str(path), words)
        _budget(str(path), words)
        _road(str(path), words)
        _pilots(str(path), words)
        _sign(str(path))
    except BaseException:  # a half-made year is none
        _clear(path)
        raise
    _trail(path, words)
    _next(path, words)
    if not serve:
        return 0
    from boyau.cli.demonstration.serving import serve_demonstration

    return serve_demonstration(str(path), listen, words)


def _refuse_if_served(path: Path, words: Any) -> None:
    """Refuse to throw a ledger away that somebody is writing to: they would go on without a file."""
    from boyau.journal import Book
    from boyau.stores import StoreLocked

    if not path.exists():
        return
    try:
        Book.open(str(path)).close()
    except StoreLocked:
        told = "{ledger} is being served; stop that first, or name another file"
        raise Failure(words.text(told, ledger=path), 4) from None
    except Exception:  # noqa: BLE001 - whatever is the matter with it, it is thrown away
        return


def _clear(path: Path) -> None:
    """Remove the ledger and what lies beside it, all of which has its name and a dash."""
    for one in (path, *path.parent.glob(f"{path.name}-*")):
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink(missing_ok=True)


def _year(ledger: str, words: Any) -> None:
    from boyau.cli.demonstration import names
    from boyau.journal import Book
    from boyau.treasury.regions import REGIONS
    from boyau.treasury.simulation import simulate

    _head(1, words.text("A simulated year of contracts, with abuse planted in it"))
    shown = sys.stderr.isatty()

    def progress(month: str, rows: int, _a_second: int) -> None:
        if shown:
            print(f"\r{month}  {words.number(str(rows))} ", end="", file=sys.stderr, flush=True)

    answers = Path(f"{ledger}-answers.ndjson")
    made = simulate(
        ledger, transfers=TRANSFERS, seed=1, answers=answers, each=ABUSE_EACH, regions=len(REGIONS), progress=progress
    )
    if shown:
        print(file=sys.stderr)
    with Book.open(ledger) as book:
        refused = [one for one in book.record([*names.colour_titles(book), *names.participants(book)]) if one]
    if refused:
        raise Failure(f"the demonstration did not go as it must: {refused[0]}")
    planted, stopped = sum(line.planted for line in made.lines), sum(line.refused for line in made.lines)
    print(
        words.text(
            "{transfers} transfers of {contracts} contracts; of {planted} cases of abuse the rules refused {refused}, "
            "the others wait to be found",
            transfers=words.number(str(made.transfers)), contracts=made.contracts, planted=planted, refused=stopped,
        )
    )  # fmt: skip


def _pilots(ledger: str, words: Any) -> None:
    from boyau.cli.demonstration import pilots
    from boyau.journal import Book

    _head(4, words.text("The pilots' programmes: railway, cattle, school meals, VAT, farm subsidies, recovered assets"))
    with Book.open(ledger) as book:
        count = pilots.play(book, YEAR)
    print(words.text("{count} steps, each answered as its rules demand", count=count))


def _sign(ledger: str) -> None:
    """Give the log a key of its own and sign what is there, so that receipts can be had and verified."""
    from boyau.cli.demonstration.serving import KEY
    from boyau.cli.log import checkpoint
    from boyau.journal import Book
    from boyau.journal.keys import make_open_key, open_signer
    from boyau.journal.log import key_record, origin_of

    key = Path(f"{ledger}{KEY}")
    make_open_key(key)
    signer = open_signer(str(key))
    with Book.open(ledger) as book:
        origin = origin_of(book.id)
        name = f"demonstration/{origin}"  # whoever meets a signature of it elsewhere sees what it is worth
        (refusal,) = book.record([key_record(book.ledger.registry.log_keys, name, signer, origin, None)])
        if refusal is not None:
            raise Failure(f"the demonstration did not go as it must: {refusal}")
    with redirect_stdout(io.StringIO()):
        checkpoint(ledger=ledger, key=str(key))


def _head(number: int, text: str) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print()
    console.print(f"{number}  {text}", style="bold")
    sys.stdout.flush()


def _budget(ledger: str, words: Any) -> None:
    from boyau.cli.budget import _post, _print_report
    from boyau.journal import Book
    from boyau.treasury.budget import mapping_file, report, statement
    from boyau.views import Views

    _head(2, words.text("A year of the republican budget of Kazakhstan, month by month, as coloured operations"))
    folder = resources.files("boyau.cli") / "demo_data"
    with resources.as_file(folder) as files:
        mapping = mapping_file.load(files / "republican_2024.toml")
        read = statement.read(files / "republican_2024.csv", mapping, dataset="republican")
        done = _post(read, ledger)
        titles = list(_titles(files / "republican_2024.csv"))
    with Book.open(ledger) as book, Views.open(ledger) as views:
        book.record(titles)
        views.follow(book)
        print(
            words.text(
                "{months} months: {rows} movements and {records} records, each kept in the journal",
                months=len(done.posted),
                rows=done.rows,
                records=done.records,
            )
        )
        execution = report.execution(views, book.ledger, "republican", 202412)
        compared = report.compare(execution)
    print()
    _print_report(execution, words, "", 2)
    print(
        words.text(
            "{compared} figures compared with the published ones: {differences} differ.",
            compared=compared.compared,
            differences=len(compared.differences),
        )
    )


def _titles(path: Path) -> Iterator[dict[str, Any]]:
    """Give the budget and its lines' colours their titles in three languages."""
    budget = {
        "kk": "2024 жылғы республикалық бюджет",
        "ru": "Республиканский бюджет на 2024 год",
        "en": "Republican budget of 2024",
    }
    yield {"type": "colour", "colour": "kz/republican/2024", "title": budget}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["month"].endswith("-12"):
                below = "" if row["code"] == "00" else f"/{int(row['code'])}"
                title = {code: row[f"name_{code}"] for code in ("kk", "ru", "en")}
                yield {"type": "colour", "colour": f"kz/republican/2024/total{below}", "title": title}


def _road_records() -> list[dict[str, Any]]:
    """Return the simulated programme: a road repair whose money buys road works in one region, on an act."""
    road = {"kk": "Жол жөндеу (үлгі)", "ru": "Ремонт дороги (модель)", "en": "Road repair (model)"}
    contract = {"kk": "№ 1 келісімшарт", "ru": "Договор № 1", "en": "Contract 1"}
    second = {"kk": "№ 2 келісімшарт", "ru": "Договор № 2", "en": "Contract 2"}
    who = [
        ("issuer", ["issuer"], "", {"kk": "Эмитент", "ru": "Эмитент", "en": "Issuer"}),
        (
            "owner",
            ["administrator"],
            "231010000",
            {"kk": "Жол басқармасы", "ru": "Управление дорог", "en": "Road authority"},
        ),
        ("builder", ["contractor"], "231010000", {"kk": "Мердігер", "ru": "Подрядчик", "en": "Contractor"}),
        ("bitumen", ["supplier"], "231010000", {"kk": "Битум зауыты", "ru": "Битумный завод", "en": "Bitumen plant"}),
        (
            "gravel",
            ["supplier"],
            "234630000",
            {"kk": "Қиыршық тас карьері", "ru": "Щебёночный карьер", "en": "Gravel pit"},
        ),
        ("agency", ["controller"], "", {"kk": "Бақылаушы", "ru": "Контролёр", "en": "Controller"}),
        ("motors", ["car_dealer"], "751110000", {"kk": "Автосалон", "ru": "Автосалон", "en": "Car dealer"}),
    ]
    window = {"first": f"{YEAR}-01-01", "last": f"{YEAR}-12-31"}
    rules = {"window": window, "ends": {"classes": ["supplier"]}, "regions": ["23"]}
    narrow = {
        "items": ["ENSTRU:42.11", "ENSTRU:08.12", "ENSTRU:19.20"],
        "evidence": ["acceptance_act"],
        "hops": 2,
        "payees": {"classes": ["contractor", "supplier"]},
    }
    records: list[dict[str, Any]] = [
        {"type": "participant", "participant": one, "classes": classes, "name": name}
        | ({"region": region} if region else {})
        for one, classes, region, name in who
    ]
    records += [
        {"type": "colour", "colour": ROAD, "unit": "KZT", "title": road, "rules": rules},
        {"type": "colour", "colour": f"{ROAD}/c1", "title": contract, "rules": narrow},
        {"type": "colour", "colour": f"{ROAD}/c2", "title": second, "rules": narrow | {"approval": [APPROVAL]}},
        {"type": "limits", "colour": ROAD, "plan": "2100000000.00"},
        {
            "type": "limits",
            "colour": f"{ROAD}/c1",
            "plan": "900000000.00",
            "obligations": "900000000.00",
            "payments": "400000000.00",
        },
    ]
    accounts = [
        f"issuer@{ROAD}",
        f"owner@{ROAD}",
        f"owner@{ROAD}/c1",
        f"builder@{ROAD}/c1#1",
        f"owner@{ROAD}/c2",
        f"builder@{ROAD}/c2#1",
        "bitumen@KZT",
        "gravel@KZT",
        "motors@KZT",
    ]
    records += [
        {"type": "account", "account": account} | ({"flags": ["issuer"]} if account.startswith("issuer") else {})
        for account in accounts
    ]
    acts = [{"type": "subject", "subject": f"act-{number}", "colour": f"{ROAD}/c{number}"} for number in (1, 2)]
    return [*records, *acts]


def _road_operations() -> list[dict[str, Any]]:
    """Return lawful operations: issue, allocate, commit, pay by the act, pay onward along the chain."""
    from boyau.treasury import Budget

    budget, contract = Budget(ROAD, holder="owner"), f"{ROAD}/c1"
    works = {"item": "ENSTRU:42.11.20"}
    return [
        budget.issue("2100000000.00", id="DEMO-ISSUE"),
        budget.allocate(ROAD, contract, "900000000.00", id="DEMO-ALLOCATE"),
        budget.allocate(ROAD, f"{ROAD}/c2", "300000000.00", id="DEMO-ALLOCATE-2"),
        budget.commit(contract, f"builder@{contract}#1", "850000000.00", id="DEMO-CONTRACT", **works),
        budget.pay("DEMO-CONTRACT", "320000000.00", id="DEMO-PAY-1", subject="act-1"),
        {
            "op": "pay",
            "id": "DEMO-BITUMEN",
            "from": f"builder@{contract}#1",
            "to": "bitumen@KZT",
            "amount": "140000000.00",
            "item": "ENSTRU:19.20.42",
            "subject": "act-1",
        },
        {
            "op": "pay",
            "id": "DEMO-GRAVEL",
            "from": f"builder@{contract}#1",
            "to": "gravel@KZT",
            "amount": "65000000.00",
            "item": "ENSTRU:08.12.12",
            "subject": "act-1",
        },
    ]


def _road(ledger: str, words: Any) -> None:
    from boyau.cli.submit import _print_explanation
    from boyau.journal import Book
    from boyau.journal.operations import Operations
    from boyau.language import explanation
    from boyau.ledger import Result
    from boyau.ledger.codes import day_of
    from boyau.ledger.explain import Explainer
    from boyau.treasury.simulation.keys import Keys

    _head(
        3, words.text("A road repair (simulated): the contractor spends coloured money, and tries to buy a car with it")
    )
    refused = {
        "op": "pay",
        "id": "DEMO-CAR",
        "from": f"builder@{ROAD}/c1#1",
        "to": "motors@KZT",
        "amount": "38500000.00",
        "item": "ENSTRU:29.10.22",
        "region": "751110000",
    }
    with Book.open(ledger) as book:
        keys = Keys(1)  # they follow from a number: for demonstration only
        signs = keys.record("owner", "acceptance_act", colour=ROAD)
        acts = [
            {"type": "attestation", "condition": "acceptance_act", "subject": one, "by": "owner"}
            for one in ("act-1", "act-2")
        ]
        answers = book.record([*_road_records(), signs])
        now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        answers += book.record([keys.sign(act, now) for act in acts])
        operations = Operations(book.ledger)
        today = day_of(book.now())
        decided = book.post(operations.rows([*_road_operations(), refused], today))
        results = [Result(int(row["result"])) for row in decided]
        if any(answers) or [result.ok for result in results] != [True] * (len(results) - 1) + [False]:
            raise Failure(f"the demonstration did not go as it must: {answers} {results}")
        rows = [
            (one["op"], one["id"], one["from"], one["to"], words.number(one["amount"]), one["result"])
            for one in (operations.describe(row) for row in decided)
        ]
        findings = [explanation(one, words) for one in Explainer(book.ledger).explain(decided[-1], book.now())]
    print_table(
        [
            words.text("operation"),
            "id",
            words.text("from"),
            words.text("to"),
            words.text("amount"),
            words.text("result"),
        ],
        rows,
        right=[4],
    )
    _print_explanation({"line": "DEMO-CAR", "result": "refused", "findings": findings}, words)


def _trail(path: Path, words: Any) -> None:
    from boyau.cli.trace import trace

    _head(5, words.text("Where the road's money went, down to the last payee"))
    trace(
        ROAD,
        ledger=str(path),
        follow="coloured",
        picture=path.with_name(path.name + "-trail.html"),
        language=words.code,
    )


def _next(path: Path, words: Any) -> None:
    _head(6, words.text("Go on yourself"))
    for line in (
        f"boyau report execution --month 2024-06 --ledger {path}",
        f"boyau show colour {ROAD}/c1 --ledger {path}",
        f"boyau trace DEMO-PAY-1 --ledger {path} --language {words.code}",
        f"boyau trace kz/republican/2024 --ledger {path} --picture budget.svg",
        f"boyau verify {path}",
    ):
        print(f"  {line}")
    say(f"{words.text('picture')}: {path}-trail.html")
