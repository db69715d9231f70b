"""R048: does a supplier sell everything from bread to bridges?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.fences import quartiles
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason
from boyau.watch.process import Process


class Varieties:
    """The classes of goods, works and services that every supplier was awarded, and in how many processes."""

    def __init__(self, options: Any) -> None:
        self._digits, self._threshold = options.digits, options.threshold
        self._least = options.minimum_contracting_processes
        self.meta: dict[str, Exact | None] = {}
        self._codes: dict[str, set[str]] = {}
        self._processes: dict[str, int] = {}

    def add(self, process: Process) -> Reason | None:
        """Take the awarded items of one process in. What several suppliers share says nothing of one of them."""
        seen = set()
        for award in process.active_awards:
            suppliers = award.suppliers
            if not award.items or suppliers is None or len(suppliers) != 1:
                continue
            supplier = suppliers[0].id
            codes = [i.classification.id for i in award.items if i.classification is not None and i.classification.id]
            if supplier is None or not codes:
                continue
            self._codes.setdefault(supplier, set()).update(code[: self._digits] for code in codes)
            if supplier not in seen:
                self._processes[supplier] = self._processes.get(supplier, 0) + 1
                seen.add(supplier)
        return None if seen else Reason.NO_AWARD

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for supplier, codes in other._codes.items():  # noqa: SLF001 - one class
            self._codes.setdefault(supplier, set()).update(codes)
            self._processes[supplier] = self._processes.get(supplier, 0) + other._processes[supplier]  # noqa: SLF001

    def finish(self) -> list[Found]:
        """Fence off those that supply most kinds."""
        kinds = {who: len(codes) for who, codes in self._codes.items() if self._processes[who] >= self._least}
        fences = quartiles(kinds.values())
        self.meta = {} if self._threshold is not None else {"q1": fences.q1, "q3": fences.q3}
        fence = fences.upper if self._threshold is None else self._threshold
        self.meta["upper_fence"] = fence
        return [
            Found(
                Group.TENDERER,
                who,
                count,
                {"kinds": count, "processes": self._processes[who], "upper_fence": fence},
            )
            for who, count in sorted(kinds.items())
            if fence is not None and count >= fence
        ]


FLAG = Flag(
    id="R048",
    title=mark("Heterogeneous supplier"),
    question=mark("Is a supplier awarded unusually many different kinds of goods, works and services?"),
    formula="|first digits of awards.items.classification.id| ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=("awards/items/classification/id", "awards/suppliers/id", "awards/status"),
    alarms=(mark("Wholesalers, department stores and exchange brokers sell everything."),),
    basis=(bases.OCP,),
    needs=("awards/items/classification/id", "awards/suppliers/id"),
    options={
        "digits": Option(2, mark("leading digits of a code that make a kind")),
        "threshold": Option(None, mark("number of kinds instead of the fence that is computed")),
        "minimum_contracting_processes": Option(20, mark("fewest processes of a supplier that counts")),
    },
    gather=Varieties,
)
