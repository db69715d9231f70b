"""R006: are bidders kept out by conditions?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option
from boyau.watch.process import Process
from boyau.watch.words import holds


def check(process: Process, options: Any) -> Answer:
    """Look for the operator's words."""
    found = holds(options.words, process.tender.eligibilityCriteria)
    return Hit(len(found), {"words": found}) if found else None


FLAG = Flag(
    id="R006",
    title=mark("Unreasonable prequalification requirements"),
    question=mark("Do the conditions for taking part hold words that keep bidders out?"),
    formula="∃ word ∈ words: word ⊂ tender.eligibilityCriteria",
    fields=("tender/eligibilityCriteria",),
    alarms=(mark("A word that is harmless in its sentence: read the sentence."),),
    basis=(bases.OCP, bases.OPERATOR),
    needs=("tender/eligibilityCriteria",),
    options={
        "words": Option(None, mark("words and phrases that are unreasonable as a condition"), list, needed=True),
    },
    check=check,
)
