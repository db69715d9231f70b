"""All commands in one place, each loaded only when it is called; and what becomes of their errors."""

import os
import sys
from collections.abc import Callable

from cyclopts import App, CycloptsError

from boyau import __version__
from boyau.cli.output import Failure, fail

EXIT_INTERRUPTED = 130

app = App(
    name="boyau",
    help="Coloured public money, followed from the budget line to the last payee.",
    version=__version__,
    suppress_keyboard_interrupt=False,  # ``run`` says what became of the lines
)
import_app = App(name="import", help="Read published figures and turn them into coloured operations.")
report_app = App(name="report", help="Reports computed from the entries.")
show_app = App(name="show", help="Look at one thing: an account, a colour, an entry.")
views_app = App(name="views", help="Read models, which can be thrown away and rebuilt from the journal.")
subsidies_app = App(name="subsidies", help="Farm subsidies: the queue, and paying it.")
programme_app = App(name="programme", help="Ready-made colours: list, show, prove, install.")
iso20022_app = App(name="iso20022", help="Payment orders in; statuses, notifications and statements out; reconciling.")
witness_app = App(name="witness", help="Sign what a ledger says of itself, as long as it takes nothing back.")
watch_app = App(name="watch", help="Look for what is wrong in public procurement: flags, and what became of them.")
_GROUPS = (import_app, report_app, show_app, views_app, subsidies_app, programme_app, iso20022_app)
for group in (*_GROUPS, witness_app, watch_app):
    app.command(group)

_COMMANDS = (
    (app, "init", "ledgers:init", "Make a new, empty ledger."),
    (app, "info", "ledgers:info", "Tell how large a ledger is and what its state hash is."),
    (app, "submit", "submit:submit", "Post operations and records, one answer a line."),
    (app, "explain", "submit:explain", "List every rule that an operation breaks, and the remedy; post nothing."),
    (app, "check", "submit:check", "Check a file of records; name file, line and field."),
    (app, "key", "evidence:key", "Make a key to sign with, or show its public part."),
    (app, "sign", "evidence:sign", "Sign records: attestations, proposals, approvals."),
    (app, "log-key", "log:log_key", "Record the key that signs the log from now on."),
    (app, "checkpoint", "log:checkpoint", "Sign the ledger as it stands; have witnesses cosign it."),
    (app, "receipt", "log:receipt", "The receipt of one entry, which anybody can check."),
    (app, "verify", "verify:verify", "Recompute a ledger, an export or a receipt, and say what is not as it must be."),
    (app, "export", "archive:export", "Write a ledger out in a documented form; add what is new."),
    (app, "backup", "archive:backup", "Back a ledger up, and say what would have been lost."),
    (app, "restore", "archive:restore", "Make a ledger again from a backup, verified, up to any point."),
    (app, "serve", "serve:serve", "Run the service: the HTTP API on a ledger."),
    (app, "doctor", "serve:doctor", "Say what is wrong with an installation, and what to do."),
    (app, "evidence", "evidence:evidence", "What evidence is asked of whom, and until when."),
    (app, "trace", "trace:trace", "Follow money to its sources and to its payees: table, JSON, picture."),
    (app, "demo", "demo:demo", "Colour a year of Kazakhstan's budget and look around."),
    (app, "simulate", "simulate:simulate", "A simulated year with planted abuse; what was refused, what was found."),
    (import_app, "budget", "budget:import_budget", "Read published budget execution."),
    (report_app, "execution", "budget:report_execution", "Budget execution of a month, computed from the entries."),
    (show_app, "account", "ledgers:show_account", "What an account has and can still spend."),
    (show_app, "colour", "ledgers:show_colour", "The rules in force and the limits of a colour."),
    (show_app, "entry", "ledgers:show_entry", "One entry of the journal, by number or id."),
    (programme_app, "list", "programmes:list_programmes", "The programmes that come with the program."),
    (programme_app, "show", "programmes:show", "One programme: parameters, colours, who attests what by when."),
    (programme_app, "check", "programmes:check", "Prove a programme: narrowing, dead rules, ways to an end, blockers."),
    (programme_app, "records", "programmes:records", "The records that install a programme, for `submit`."),
    (subsidies_app, "queue", "subsidies:queue", "Who would be paid, who waits, why, and in which place."),
    (subsidies_app, "pay", "subsidies:pay", "Pay applications in lawful order, as far as the budget goes."),
    (iso20022_app, "import", "iso20022:import_orders", "Post payments: pain.001 or treasury orders in, pain.002 out."),
    (iso20022_app, "statement", "iso20022:statement", "The statement of an account for a day, camt.053."),
    (iso20022_app, "notify", "iso20022:notify", "Notifications of debits and credits, camt.054."),
    (iso20022_app, "reconcile", "iso20022:reconcile", "A bank's camt.053 against the ledger: every difference."),
    (witness_app, "init", "witness:init", "Set up a witness."),
    (witness_app, "log", "witness:log", "Watch a log: its origin, and the keys by which it signs."),
    (witness_app, "serve", "witness:serve", "Run the witness."),
    (witness_app, "disputes", "witness:disputes", "What logs have signed and the witness has refused: the evidence."),
    (watch_app, "run", "watch:run", "Put every flag to published procurement data (OCDS)."),
    (watch_app, "flags", "watch:flags", "The flags: what each asks, and what it needs."),
    (watch_app, "flag", "watch:flag", "One flag: question, formula, basis, false alarms, options."),
    (views_app, "drop", "ledgers:drop_views", "Throw the read models away."),
    (views_app, "rebuild", "ledgers:rebuild_views", "Build the read models again from the journal."),
)
for parent, name, where, line in _COMMANDS:
    parent.command(f"boyau.cli.{where}", name=name, help=line)


def run(arguments: list[str]) -> int:
    """Run one command; return its exit code. Every error is one sentence that says what to do."""
    for parent, name, *_ in _COMMANDS:
        if arguments[:-1] == [*(parent.name if parent is not app else ()), name]:
            parent[name].help = None  # asked for alone, its help is the function's own docstring, with the examples
    try:
        answer = app(arguments, exit_on_error=False, print_error=True, result_action="return_value")
        sys.stdout.flush()  # a reader that has gone away shows here, not when the interpreter ends
    except CycloptsError:
        return 2  # cyclopts has printed what is wrong
    except Failure as failure:
        return fail(str(failure), failure.code)
    except KeyboardInterrupt:
        return fail("interrupted; what was answered is kept, the rest was not begun", EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1 if arguments[:1] == ["submit"] else 0  # lines whose answers nobody reads are not posted
    except Exception as error:  # noqa: BLE001 - the known ones become one sentence; the others show themselves whole
        return _known(error)
    return answer if isinstance(answer, int) else 0


def _known(error: Exception) -> int:
    from boyau.journal import JournalBroken
    from boyau.journal.intake import IntakeError
    from boyau.stores import StoreDamaged, StoreError

    codes: list[tuple[type[Exception], int, Callable[[Exception], str]]] = [
        (IntakeError, 3, str),
        (StoreDamaged, 5, str),
        (StoreError, 4, str),
        (JournalBroken, 5, lambda e: f"the journal is not what it was: {e}"),
    ]
    for kind, code, words in codes:
        if isinstance(error, kind):
            return fail(words(error), code)
    raise error
