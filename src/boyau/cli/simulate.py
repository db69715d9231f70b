"""The command that writes a simulated year with planted abuse, and says what was refused and what was found."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table, say

if TYPE_CHECKING:
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
            print(f"\r{month}  {rows:,} transfers, {a_second:,} a second ", end="", file=sys.stderr, flush=True)

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


def _print(outcome: "Outcome", answers: str, words: Any, *, json: bool) -> None:
    if json:
        print_json(outcome.plain() | {"answers": answers})
        return
    rows = [
        (
            line.kind.replace("_", " "),
            line.form.replace("_", " "),
            line.outcome,
            str(line.planted),
            str(line.refused),
            *("" if one is None else str(one) for one in (line.found, line.missed, line.false_alarms)),
            ", ".join(line.results),
            line.why,
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
        f"{outcome.transfers:,} transfers of {outcome.contracts:,} contracts, {outcome.records:,} records, "
        f"{tenths // 10}.{tenths % 10} s, {outcome.rows_a_second:,} transfers a second; answers: {answers}"
    )
    if outcome.not_planted:
        say(f"{outcome.not_planted} cases found no contract to stand in; more transfers make room for them")
    print(f"state hash {outcome.state_hash}")
