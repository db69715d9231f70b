"""R016: is the estimate out of the usual?"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.fences import quartiles_of
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason, Row
from boyau.watch.process import Process


class Estimates:
    """The estimates of every kind and currency, as texts: there are as many as processes."""

    def __init__(self, options: Any) -> None:
        self._digits, self._least = options.digits, options.least
        self.meta: dict[str, Exact | None] = {}
        self._kept: dict[tuple[str, str], list[tuple[str, str, str | None]]] = {}

    def add(self, process: Process) -> Reason | None:
        """Take the estimate of one process in, under the kind that all its items have."""
        value, kinds = process.tender.value, process.codes(self._digits)
        if value is None or value.amount is None or len(kinds) != 1:
            return Reason.NOTHING_TO_COMPARE
        (kind,) = kinds
        self._kept.setdefault((kind, value.currency or ""), []).append((str(value.amount), process.ocid, process.buyer))
        return None

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for key, found in other._kept.items():  # noqa: SLF001 - one class
            self._kept.setdefault(key, []).extend(found)

    def finish(self) -> Iterator[Found]:
        """Fence off the outliers on both sides of every kind."""
        for (kind, currency), found in sorted(self._kept.items()):
            if len(found) < self._least:
                continue
            ordered = sorted((Decimal(amount), ocid, buyer or "") for amount, ocid, buyer in found)
            amounts = [amount for amount, _, _ in ordered]
            fences = quartiles_of(amounts)
            if fences.lower is None or fences.upper is None:
                continue
            low, high = bisect_right(amounts, fences.lower), bisect_left(amounts, fences.upper)
            if low >= high:  # all are the same, and nothing is out of the usual
                continue
            told = {"kind": kind, "lower_fence": fences.lower, "upper_fence": fences.upper}
            for amount, ocid, buyer in (*ordered[:low], *ordered[high:]):
                yield Found(Group.OCID, ocid, amount, told, Row(ocid, buyer or None, amount, currency or None))


def gather(options: Any) -> Estimates:
    """Begin."""
    return Estimates(options)


FLAG = Flag(
    id="R016",
    title=mark("Tender value is higher or lower than average for this item category"),
    question=mark("Is the estimate of a tender far from those of the same kind?"),
    formula="tender.value ∉ [q1 − 1.5 (q3 − q1), q3 + 1.5 (q3 − q1)] of its kind and currency",
    fields=(
        "tender/value/amount",
        "tender/value/currency",
        "tender/items/classification/id",
        "tender/procurementMethod",
    ),
    alarms=(mark("Large and small purchases of one kind: the value knows nothing of the quantity."),),
    basis=(bases.OCP,),
    needs=("tender/value/amount", "tender/items/classification/id"),
    options={
        "digits": Option(4, mark("leading digits of a code that make a kind")),
        "least": Option(10, mark("fewest values of a kind that are compared")),
    },
    gather=gather,
)
