"""R045: is the bidder registered?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option
from boyau.watch.lists import bare, listed
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Look every bidder and supplier up in the operator's list."""
    known = listed(options.file)
    who = process.participants | process.winners()
    found = sorted(one for one in who if bare(one) not in known and one not in known)
    return Hit(len(found), {"list": options.file}, tuple(found), 1) if found else None


FLAG = Flag(
    id="R045",
    title=mark("Bidder is not listed in business registries"),
    question=mark("Is a bidder missing in the register of businesses?"),
    formula="bidder ∉ register",
    fields=("parties/roles", "parties/id"),
    alarms=(mark("Foreign bidders, who are registered elsewhere."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/tenderers/id|awards/suppliers/id",),
    options={
        "file": Option(None, mark("the list: a file with one id a line"), str, needed=True),
    },
    check=check,
)
