"""The command that verifies a ledger, an export or a receipt, and says of each finding what it means and what to do."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, chosen, print_json, say
from boyau.cli.verify_words import COMMANDS, HELP, TEXTS

if TYPE_CHECKING:
    from boyau.language import Language
    from boyau.ledger import Ledger
    from boyau.verify import Finding, Report, Source, Trust

EXIT_FINDINGS, EXIT_UNREADABLE = 1, 2
FINDINGS_SHOWN = 50
"""So many are written out for people; `--json` has them all."""
PROGRESS_SECONDS = 1.0

Target = Annotated[
    str,
    Parameter(
        name=["--target", "--ledger", "-l"],
        env_var="BOYAU_LEDGER",
        help="What to verify: a ledger, the directory of an export, or a receipt.",
    ),
]
Keys = Annotated[
    list[str] | None,
    Parameter(name="--key", negative="", help="A key of the log that you know from elsewhere: name+id+base64."),
]
Witnesses = Annotated[
    list[str] | None,
    Parameter(name="--witness", negative="", help="The key of a witness that you trust: name+id+base64."),
]


def verify(
    target: Target,
    *,
    key: Keys = None,
    witness: Witnesses = None,
    quorum: int | None = None,
    against: str = "",
    language: In = None,
    json: Json = False,
) -> int:
    """Recompute a whole ledger from its entries, and say what is not as it was sealed, signed and decided.

    Exit codes: 0 all is well, 1 something was found, 2 it cannot be verified. Works beside whoever writes the ledger.

    Example: boyau verify treasury.boyau --key boyau/ledger/0192…+1a2b3c4d+AQ… --against yesterday

    Parameters
    ----------
    quorum
        So many of the witnesses must have cosigned the newest checkpoint; by default more than half of those given.
    against
        An older export or ledger that somebody kept: the first entry that differs is named, with what both say.
    """
    from boyau.verify import Unreadable, Verification, is_receipt, open_source

    words = chosen(language)
    trust = _trust(key or [], witness or [], quorum, words)
    opened: list[Source] = []
    try:
        if is_receipt(target):
            return _receipt(Path(target), trust, words, json=json)
        opened.append(open_source(target))
        if against:
            opened.append(open_source(against))
        begun = time.monotonic_ns()
        with Ticker(opened[0].entries, words) as show:
            work = Verification(opened[0], trust, against=opened[1] if against else None, progress=show)
            report = work.report()
        took = max(1, (time.monotonic_ns() - begun) // 100_000_000)
    except Unreadable as error:
        raise Failure(str(error), EXIT_UNREADABLE) from None
    finally:
        for one in opened:
            one.close()
    told = _Told(words, work.ledger)
    if json:
        print_json(_plain(report, told))
    else:
        _print(report, told, trusted=bool(trust.keys))
        speed = words.number(str(report.entries * 10 // took))
        seconds = words.number(f"{took // 10}.{took % 10}")
        say(words.text("{seconds} s, {speed} entries a second", seconds=seconds, speed=speed))
    return EXIT_FINDINGS if report.count else 0


def _trust(keys: list[str], witnesses: list[str], quorum: int | None, words: "Language") -> "Trust":
    from boyau.proofs.note import COSIGNATURE, ED25519, NoteError, Verifier
    from boyau.verify import Trust

    read: list[tuple[Verifier, ...]] = []
    for texts, kind, option in ((keys, ED25519, "--key"), (witnesses, COSIGNATURE, "--witness")):
        try:
            read.append(tuple(Verifier.read(text) for text in texts))
        except NoteError as error:
            raise Failure(f"{option}: {error}", EXIT_UNREADABLE) from None
        if any(one.kind != kind for one in read[-1]):
            told = words.text("this is a key of the other kind: {key}", key=next(o for o in read[-1] if o.kind != kind))
            raise Failure(f"{option}: {told}", EXIT_UNREADABLE)
    if quorum is not None and not 0 <= quorum <= len(read[1]):
        told = words.text("{quorum} witnesses are asked for and {count} are named", quorum=quorum, count=len(read[1]))
        raise Failure(told, EXIT_UNREADABLE)
    return Trust(read[0], read[1], quorum)


# ---- receipts -------------------------------------------------------------------------------------------------------


def _receipt(path: Path, trust: "Trust", words: "Language", *, json: bool) -> int:
    from boyau.proofs.note import NoteError
    from boyau.verify import Unreadable, read_receipt, verify_receipt

    receipt = read_receipt(path)
    signers = ", ".join(sorted({name for name, _, _ in receipt.note.signatures}))
    if not trust.keys:
        reason = words.text(
            "a receipt is checked with the log's key, which you must know from elsewhere; give it with {option} "
            "(signed by: {signers})",
            option="--key",
            signers=signers,
        )
        raise Failure(reason, EXIT_UNREADABLE)
    try:
        size, content = receipt.checkpoint.size, receipt.content()
    except (NoteError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None
    signed, findings = verify_receipt(receipt, trust)
    told = _Told(words, None)
    when = told.moment(receipt.time)
    if json:
        facts: dict[str, Any] = {"entry": receipt.entry, "time": receipt.time, "size": size, "content": content}
        facts |= {"signed": [str(one) for one in signed], "findings": [told.plain(one) for one in findings]}
        print_json(facts)
    elif findings:
        print(told.lines(findings[0]).lstrip())
    else:
        names = ", ".join(one.name for one in signed)
        print(
            words.text(
                "The receipt holds: entry {entry} of {time} stands among the first {size} entries. "
                "Signed by: {signers}.",
                entry=receipt.entry,
                time=when,
                size=words.number(str(size)),
                signers=names,
            )
        )
        print(told.content(receipt.data, receipt.kind))
    return EXIT_FINDINGS if findings else 0


# ---- ledgers --------------------------------------------------------------------------------------------------------


def _plain(report: "Report", told: "_Told") -> dict[str, Any]:
    newest = report.newest
    facts = {name: getattr(report, name) for name in report.__slots__ if name not in ("newest", "findings")}
    facts["newest"] = {name: getattr(newest, name) for name in newest.__slots__}
    return facts | {"findings": [told.plain(one) for one in report.findings]}


def _print(report: "Report", told: "_Told", *, trusted: bool) -> None:
    words = told.words
    number = {name: words.number(str(getattr(report, name))) for name in ("entries", "batches", "checkpoints", "count")}
    title = f" ({report.title})" if report.title else ""
    print(f"{words.text('ledger')} {report.ledger}{title}")
    print(
        words.text("entries: {entries}, batches: {batches}, checkpoints: {checkpoints}", **number)
        + f", {told.moment(report.time)}"
    )
    for name in ("tip", "root", "state_hash"):
        print(f"  {name.replace('_', ' '):10} {getattr(report, name) or '—'}")
    if report.compared is not None:
        print(words.text("Alike with the copy: the first {count} entries.", count=words.number(str(report.compared))))
    if report.newest.size:
        size, key = words.number(str(report.newest.size)), report.newest.key
        print(words.text("The first {size} entries are signed, by {key}.", size=size, key=key))
    else:
        print(words.text("No signed checkpoint covers anything here: the ledger agrees with itself, no more."))
    if not trusted and report.first_key:
        print(
            words.text(
                "The first key of the log is taken on trust. Compare it with the one that was published, or give that "
                "with {option}: {key}",
                option="--key",
                key=report.first_key,
            )
        )
    if report.stopped is not None:
        entry = words.number(str(report.stopped))
        print(
            words.text("From entry {entry} on, decisions could not be made again: the state is not known.", entry=entry)
        )
    if report.differing > 1:
        told_count = words.number(str(report.differing))
        print(
            words.text(
                "Entries decided otherwise: {count}. The later ones may follow from the first.", count=told_count
            )
        )
    for finding in report.findings[:FINDINGS_SHOWN]:
        print(told.lines(finding))
    if report.count > FINDINGS_SHOWN:
        print(
            words.text("Not shown: {count}. {option} has more.", count=report.count - FINDINGS_SHOWN, option="--json")
        )
    print(words.text("Findings: {count}.", count=number["count"]) if report.count else words.text("Nothing was found."))


class _Told:
    """Findings in words. *state* gives accounts their names in what a row says."""

    def __init__(self, words: "Language", state: "Ledger | None") -> None:
        self.words, self._state = words, state

    def lines(self, finding: "Finding") -> str:
        """Return a finding as people read it: the entries, what it means, what both sides say, what to do."""
        out = [f"\n{self.entries(finding)}{self.sentence(finding)}"]
        labels = {
            "stands": self.words.text("here"),
            "other": self.words.text("in the copy"),
            "decided": self.words.text("decided again"),
        }
        kinds = finding.facts.get("kinds", [1, 1])
        for name, label in labels.items():
            if name in finding.facts and "due" not in finding.facts:
                out.append(f"    {label}: {self.content(finding.facts[name], kinds[name == 'other'])}")
        out.append(f"    → {self.remedy(finding)}")
        return "\n".join(out)

    def entries(self, finding: "Finding") -> str:
        """Return which entries a finding is about."""
        first, last = (None if n is None else self.words.number(str(n)) for n in (finding.first, finding.last))
        if first is None:
            return ""
        if first == last:
            return self.words.text("Entry {first}:", first=first) + " "
        return self.words.text("Entries {first} to {last}:", first=first, last=last) + " "

    def sentence(self, finding: "Finding") -> str:
        """Return what was found, and what it means."""
        facts = {"where": finding.where, "name": "", "error": "", "good": "", "entries": "", **finding.facts}
        for name in ("time", "before", "seen"):
            if name in facts:
                facts[name] = self.moment(int(facts[name]))
        return self.words.text(TEXTS[finding.code][0], **facts)

    def remedy(self, finding: "Finding") -> str:
        """Return what to do."""
        return self.words.text(HELP[TEXTS[finding.code][1]], **COMMANDS)

    def plain(self, finding: "Finding") -> dict[str, Any]:
        """Return a finding for programs."""
        return finding.plain() | {"text": self.sentence(finding), "remedy": self.remedy(finding)}

    def moment(self, time: int) -> str:
        """Write a journal time."""
        import datetime as dt

        try:
            moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=time)
        except OverflowError:
            return f"{time} µs"
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def content(self, value: object, kind: int) -> str:
        """Write what an entry says: a record as it is, a row as the operation that it is."""
        from json import dumps

        if not isinstance(value, bytes):
            return dumps(value, ensure_ascii=False)
        if kind != 1:
            return value.decode("utf-8", "replace")
        try:
            return dumps(self._row(value), ensure_ascii=False)
        except Exception:  # noqa: BLE001 - bytes that somebody changed; as digits they show at least where
            return value.hex()

    def _row(self, value: bytes) -> dict[str, Any]:
        import numpy as np

        from boyau.codec import id_text
        from boyau.journal.operations import Operations
        from boyau.ledger import ROW, Kind, Result

        row = np.frombuffer(value, ROW)[0]
        asked, took = int(row["amount"]), int(row["settled"])
        # What took effect is shown; where another amount was asked for, somebody may have changed one of the two.
        apart = {"amount_asked_minor": str(asked)} if took not in (0, asked) else {}
        if self._state is not None:
            return Operations(self._state).describe(row) | apart
        return apart | {
            "op": Kind(int(row["kind"])).name.lower(),
            "id": id_text(row["id"].tobytes()),
            "amount_minor": str(int(row["settled"] or row["amount"])),
            "debit": int(row["debit"]),
            "credit": int(row["credit"]),
            "result": Result(int(row["result"])).name.lower(),
        }


class Ticker:
    """Says now and then how far it is, where somebody watches."""

    def __init__(self, total: int, words: "Language") -> None:
        self._total, self._words, self._next = total, words, time.monotonic() + PROGRESS_SECONDS
        self._shown = sys.stderr.isatty()
        self.show: Callable[[int], None] = self._show if self._shown else lambda _entries: None

    def __enter__(self) -> Callable[[int], None]:
        return self.show

    def _show(self, entries: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            done, of = (self._words.number(str(one)) for one in (entries, self._total))
            print(f"\r{done} / {of} " if self._total else f"\r{done} ", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r", end="", file=sys.stderr)
