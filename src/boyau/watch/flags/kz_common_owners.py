"""kz_common_owners: do rivals belong together by the ownership register?"""

from decimal import Decimal
from itertools import combinations
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.lists import bare
from boyau.watch.ownership import read
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Compare every bidder with every other, by statements of beneficial ownership."""
    if len(process.participants) < 2:
        return Reason.FEW_BIDS
    register = read(options.file)
    known = {
        who: register.owners(bare(who), options.share) | register.owners(who, options.share)
        for who in process.participants
    }
    if sum(bool(owners) for owners in known.values()) < 2:
        return Reason.NOTHING_TO_COMPARE
    same = [(a, b) for a, b in combinations(sorted(known), 2) if known[a] & known[b]]
    if not same:
        return None
    shared = sorted(set().union(*(known[a] & known[b] for a, b in same)))
    return Hit(
        len(same), {"pairs": len(same), "owners": shared[:5]}, tuple(sorted({who for pair in same for who in pair})), 1
    )


FLAG = Flag(
    id="kz_common_owners",
    title=mark("Common owners among bidders"),
    question=mark("Do bidders have a common owner, directly or through other firms?"),
    formula="owners*(a) ∩ owners*(b) ≠ ∅, a ≠ b; BODS 0.4, followed through all levels",
    fields=("bids/details/tenderers/id",),
    alarms=(
        mark("State holdings, whose daughters have one owner by law."),
        mark("Owners of a few per cent: raise `share`."),
    ),
    basis=(bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("bids/details/tenderers/id",),
    options={
        "file": Option(None, mark("ownership statements: a BODS 0.4 file"), str, needed=True),
        "share": Option(
            Decimal(25), mark("per cent from which on an owner counts; of unknown shares all count"), Decimal
        ),
    },
    check=check,
)
