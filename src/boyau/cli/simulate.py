"""The command that writes a simulated year with planted abuse, and says what was refused and what was found."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table, say

if TYPE_CHECKING:
    from boyau.language import Language
    from boyau.treasury.simulation.run import Outcome


def simulate(
    *,
    ledger: Ledger,
    transfers: Annotated[int, Parameter(help="How many honest transfers the year shall have; 1,000 or more.")] = 20_000,
    seed: Annotated[int, Parameter(help="The same seed gives the same ledger, hash for hash.")] = 1,
    answers: Annotated[Path | None, Parameter(help="Where the answer file shall be; by default beside it.")] = None,
    abuse_per_kind: Annotated[int, Parameter(help="Cases planted of every kind of abuse.")] = 10,
    language: In = None,
    json: Json = False,
) -> int:
    """Write a simulated year into a new ledger: contracts, acts, payments, wages, taxes, returns; and abuse among them.

    What was planted stands in the answer file, one case a line. The table says what the ledger refused, what only a
    look at the journal finds, and what neither does.

    Example: boyau simulate --transfers 20000 --seed 1 --ledger year.boyau
    """
    from boyau.treasury.simulation import SimulationError, simulate

    words = chosen(language)
    if seed < 0 or abuse_per_kind < 0:
        raise Failure("--seed and --abuse-per-kind must be 0 or more", 2)
    beside = answers or Path(ledger.removeprefix("sqlite:") + "-answers.ndjson")
    if beside.exists():
        raise Failure(f"{beside} is there already; remove it, or name another with --answers", 2)
    if Path(ledger.removeprefix("sqlite:")).exists():
        raise Failure(f"{ledger} is there already; a simulated year goes into a new ledger", 4)
    shown = sys.stderr.isatty()

    def progress(month: str, rows: int, a_second: int) -> None:
        if shown:
            told = words.text(
                "{transfers} transfers, {speed} a second", **_figures(words, transfers=rows, speed=a_second)
            )
            print(f"\r{month}  {told} ", end="", file=sys.stderr, flush=True)

    try:
        outcome = simulate(
            ledger, transfers=transfers, seed=seed, answers=beside, each=abuse_per_kind, progress=progress
        )
    except SimulationError as error:
        raise Failure(str(error), 1) from None
    except OSError as error:
        raise Failure(str(error), 4) from None
    finally:
        if shown:
            print(file=sys.stderr)
    _print(outcome, str(beside), words, json=json)
    return 1 if any(line.broken for line in outcome.lines) else 0


def _figures(words: "Language", **figures: int) -> dict[str, str]:
    """Write figures as the language does."""
    return {name: words.number(str(figure)) for name, figure in figures.items()}


def _print(outcome: "Outcome", answers: str, words: "Language", *, json: bool) -> None:
    from boyau.treasury.simulation.kinds import NAMES

    if json:
        whole = outcome.plain()
        whole["lines"] = [line | {"why": words.text(line["why"])} for line in whole["lines"]]
        print_json(whole | {"answers": answers})
        return
    rows = [
        (
            *(words.text(NAMES[name]) for name in (line.kind, line.form, line.outcome)),
            str(line.planted),
            str(line.refused),
            *("" if one is None else str(one) for one in (line.found, line.missed, line.false_alarms)),
            ", ".join(line.results),
            words.text(line.why),
        )
        for line in outcome.lines
    ]
    heads = [
        words.text("abuse"),
        words.text("form"),
        "",
        words.text("planted"),
        words.text("refused"),
        words.text("found"),
        words.text("missed"),
        words.text("false alarms"),
        words.text("refused by"),
        words.text("why"),
    ]
    print_table(heads, rows, right=[3, 4, 5, 6, 7])
    tenths = outcome.tenths_of_seconds
    say(
        words.text(
            "{transfers} transfers of {contracts} contracts, {records} records, {seconds} s, "
            "{speed} transfers a second; answers: {answers}",
            **_figures(words, transfers=outcome.transfers, contracts=outcome.contracts, records=outcome.records),
            seconds=words.number(f"{tenths // 10}.{tenths % 10}"),
            speed=words.number(str(outcome.rows_a_second)),
            answers=answers,
        )
    )
    if outcome.not_planted:
        say(
            words.text(
                "{count} cases found no contract to stand in; more transfers make room for them",
                count=words.number(str(outcome.not_planted)),
            )
        )
    print(words.text("state hash {hash}", hash=outcome.state_hash))
