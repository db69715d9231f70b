"""kz_new_company: did a firm win that hardly exists?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.bins import registration
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.lists import bare
from boyau.watch.process import Process, ids, instant


def check(process: Process, options: Any) -> Answer:
    """Read the month of registration out of the BIN of every winner."""
    new, judged = {}, False
    for award in process.active_awards:
        for who in ids(award.suppliers):
            registered = registration(bare(who))
            awarded = instant(award.date) if registered is not None else None
            if awarded is None or registered is None:
                continue
            judged = True
            age = (awarded.date() - registered).days
            if 0 <= age < options.days:
                new[who] = age
    if not judged:
        return Reason.NOTHING_TO_COMPARE
    return Hit(min(new.values()), {"days": min(new.values())}, tuple(sorted(new)), 1) if new else None


FLAG = Flag(
    id="kz_new_company",
    title=mark("A new company wins"),
    question=mark("Did a firm win that had been registered shortly before?"),
    formula="days(awards.date − first day of the month in the BIN) < days; BIN: YYMM…",
    fields=("awards/suppliers/id", "awards/date"),
    alarms=(mark("A firm that was split off or took another form, with its people and machines."),),
    basis=(bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("awards/suppliers/id", "awards/date"),
    options={
        "days": Option(180, mark("days from registration within which a firm is new")),
    },
    check=check,
)
