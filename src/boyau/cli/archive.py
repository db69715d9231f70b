"""Commands that copy a ledger out and make one again: export, backup, restore."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, say

if TYPE_CHECKING:
    from boyau.journal.archive import Exported
    from boyau.journal.restore import Restored
    from boyau.language import Language

EXIT_CANNOT, EXIT_INPUT = 4, 3
Folder = Annotated[Path, Parameter(help="The folder of the export; made where it is not there.")]


def export(ledger: Ledger, directory: Folder, *, language: In = None, json: Json = False) -> int:
    """Write a ledger out in a documented form that any program can read; the next run adds what is new.

    Works beside whoever writes the ledger. Interrupted, it is completed by the next run. `boyau verify DIR` checks it.

    Example: boyau export treasury.boyau archive
    """
    words = chosen(language)
    done = _exported(ledger, directory, words)
    if json:
        print_json(_plain(done))
    else:
        print(
            words.text(
                "{directory}: entries {entries}, new {new}; batches {batches}, files {files}, "
                "checkpoints {checkpoints}",
                directory=directory,
                **_figures(
                    words,
                    entries=done.manifest.entries,
                    new=done.new_entries,
                    batches=done.manifest.batches,
                    files=len(done.manifest.segments),
                    checkpoints=len(done.manifest.checkpoints),
                ),
            )
        )
    return 0


def backup(ledger: Ledger, directory: Folder, *, language: In = None, json: Json = False) -> int:
    """Back a ledger up: an export, and what it covers, and what would have been lost without it.

    Example: boyau backup treasury.boyau /mnt/other-building/treasury
    """
    words = chosen(language)
    done = _exported(ledger, directory, words)
    if json:
        print_json(_plain(done))
        return 0
    moment, last = _moment(done.manifest.time), words.number(str(done.manifest.entries - 1))
    print(words.text("Covers entries 0 to {last}, up to journal time {moment}.", last=last, moment=moment))
    if done.before is None:
        print(words.text("This is the first backup in {directory}.", directory=directory))
    else:
        print(
            words.text(
                "Since the backup before, of {moment}, {new} entries came; without this one they could have been lost.",
                moment=_moment(done.before.time),
                new=words.number(str(done.new_entries)),
            )
        )
    return 0


def restore(
    directory: Annotated[Path, Parameter(help="The folder of an export or backup.")],
    ledger: Ledger,
    *,
    until_entry: int | None = None,
    until: str = "",
    language: In = None,
    json: Json = False,
) -> int:
    """Make a new ledger from a backup, verified on the way; and say what is lost and how long it took.

    A ledger restored to an earlier point that goes on writing is a second history: witnesses refuse it, rightly.
    docs/backup.md says what to do.

    Example: boyau restore /mnt/other-building/treasury treasury.boyau

    Parameters
    ----------
    until_entry
        Restore up to this entry, at most. Batches are not divided.
    until
        Restore what was sealed up to this moment, YYYY-MM-DDTHH:MM:SSZ, or by the end of this day (UTC), YYYY-MM-DD.
    """
    from boyau.journal.archive import ArchiveError
    from boyau.journal.restore import restore as restored

    words = chosen(language)
    if until_entry is not None and until:
        told = words.text("{one} and {other} exclude each other", one="--until-entry", other="--until")
        raise Failure(told, 2)
    begun = time.monotonic_ns()
    target = Path(ledger.removeprefix("sqlite:///").removeprefix("sqlite:"))
    with _ticker(words) as show:
        try:
            done = restored(directory, target, until_entry=until_entry, until=_until(until), progress=show)
        except ArchiveError as error:
            raise Failure(str(error), EXIT_INPUT) from None
    tenths = (time.monotonic_ns() - begun) // 100_000_000
    _tell(done, ledger, tenths, words, json=json)
    return 0


def _tell(done: "Restored", ledger: str, tenths: int, words: "Language", *, json: bool) -> None:
    lost = done.manifest.entries - done.entries
    if json:
        facts: dict[str, Any] = {"ledger": ledger, "entries": done.entries, "batches": done.batches, "time": done.time}
        facts |= {"state_hash": done.state_hash.hex(), "lost_entries": lost, "backup_time": done.manifest.time}
        facts |= {"left_out": [one.plain() for one in done.left_out], "tenths_of_seconds": tenths}
        print_json(facts)
        return
    figures = _figures(words, last=done.entries - 1, lost=lost)
    print(
        words.text(
            "{ledger} is ready: entries 0 to {last}, up to journal time {moment}, in {seconds} s.",
            ledger=ledger,
            last=figures["last"],
            moment=_moment(done.time),
            seconds=words.number(f"{tenths // 10}.{tenths % 10}"),
        )
    )
    if lost:
        print(
            words.text(
                "Lost after it: {lost} entries, up to journal time {moment}.",
                lost=figures["lost"],
                moment=_moment(done.manifest.time),
            )
        )
        print(
            words.text(
                "Witnesses who saw them will refuse checkpoints of this ledger once it is written to: see {page}.",
                page="docs/backup.md",
            )
        )
    else:
        print(words.text("Nothing of the backup is lost. What came after the backup is not in it."))
    for one in done.left_out:
        say(words.text("left out, because it is not as it must be: {where}", where=one.where))


def _exported(ledger: str, directory: Path, words: "Language") -> "Exported":
    from boyau.journal.archive import ArchiveError
    from boyau.journal.archive import export as exported
    from boyau.stores import open_store

    store = open_store(ledger, write=False)
    try:
        with _ticker(words) as show:
            return exported(store, directory, show)
    except ArchiveError as error:
        raise Failure(str(error), EXIT_CANNOT) from None
    finally:
        store.close()


def _ticker(words: "Language") -> Any:
    """Return what shows progress; the total is not known to all who need it."""
    from boyau.cli.verify import Ticker

    return Ticker(0, words)


def _plain(done: "Exported") -> dict[str, Any]:
    made, before = done.manifest, done.before
    return {
        "ledger": made.ledger,
        "entries": made.entries,
        "batches": made.batches,
        "time": made.time,
        "tip": made.tip,
        "segments": len(made.segments),
        "checkpoints": len(made.checkpoints),
        "new_entries": done.new_entries,
        "before": None if before is None else {"entries": before.entries, "time": before.time},
    }


def _figures(words: "Language", **figures: int) -> dict[str, str]:
    return {name: words.number(str(figure)) for name, figure in figures.items()}


def _moment(at: int) -> str:
    import datetime as dt

    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _until(text: str) -> int | None:
    """Read a moment, or the end of a day, as microseconds."""
    from boyau.ledger import codes

    if not text:
        return None
    try:
        return codes.instant(text) if "T" in text else (codes.day(text) + 1) * 86_400_000_000 - 1
    except codes.CodeError as error:
        raise Failure(f"--until: {error}", 2) from None
