"""kz_single_source: is there a ground for a single source?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import DIRECT, Process
from boyau.watch.words import holds


def check(process: Process, options: Any) -> Answer:
    """Look for one of the operator's grounds in what the buyer says."""
    if process.method not in DIRECT:
        return Reason.METHOD
    tender = process.tender
    if holds(options.grounds, tender.procurementMethodRationale, tender.procurementMethodDetails):
        return None
    return Hit(
        1, {"rationale": (tender.procurementMethodRationale or "")[:80], "details": tender.procurementMethodDetails}
    )


FLAG = Flag(
    id="kz_single_source",
    title=mark("Single source without ground"),
    question=mark("Was a single source chosen without a lawful ground?"),
    formula="procurementMethod ∈ {direct, limited} ∧ no ground ⊂ procurementMethodRationale, procurementMethodDetails",
    fields=("tender/procurementMethod", "tender/procurementMethodDetails", "tender/procurementMethodRationale"),
    alarms=(mark("Grounds that are written in other words: add them to `grounds`."),),
    basis=(bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("tender/procurementMethod",),
    options={
        "grounds": Option(
            None, mark("words that name a lawful ground, such as the number of an article"), list, needed=True
        ),
    },
    check=check,
)
