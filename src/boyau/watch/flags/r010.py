"""R010: why was there no competition?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import DIRECT, Process


def check(process: Process, options: Any) -> Answer:
    """Look for a reason; where the operator lists lawful grounds, for one of them."""
    if process.method not in DIRECT:
        return Reason.METHOD
    tender = process.tender
    if options.grounds:
        if tender.procurementMethodDetails in options.grounds:
            return None
        return Hit(1, {"details": tender.procurementMethodDetails})
    return None if tender.procurementMethodRationale else Hit(1, {"details": tender.procurementMethodDetails})


FLAG = Flag(
    id="R010",
    title=mark("Unjustified use of non competitive procedure"),
    question=mark("Was a procedure without competition used, and no reason given?"),
    formula="method ∈ {direct, limited} ∧ (procurementMethodRationale = ∅ ∨ procurementMethodDetails ∉ grounds)",
    fields=("tender/procurementMethod", "tender/procurementMethodDetails", "tender/procurementMethodRationale"),
    alarms=(mark("Reasons that are published as a document and not in the field."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/procurementMethod",),
    somewhere=("tender/procurementMethodRationale",),
    options={
        "grounds": Option([], mark("procurementMethodDetails that are lawful grounds; none: any reason will do"), list),
    },
    check=check,
)
