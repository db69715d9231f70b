"""The stages of budget money, as operations on the ledger.

Issue, allocate, re-allocate, commit, pay, return, lapse, carry over.

Each function returns operations in the form that ``submit`` takes (docs/formats.md), so that what a person could write
by hand and what a system sends are the same thing. Who may order them is the gate's business, not this module's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boyau.journal import Book
from boyau.ledger import amounts
from boyau.ledger.registry import Colour

Operation = dict[str, Any]
ID_LENGTH_MAX = 16


@dataclass(frozen=True, slots=True)
class Budget:
    """The accounts of one budget tree: *holder* owns the coloured accounts, *issuer* the one that money comes from."""

    root: str
    holder: str = "budget"
    issuer: str = "issuer"

    def account(self, colour: str) -> str:
        """Return the budget's own account of *colour*."""
        return f"{self.holder}@{colour}"

    @property
    def source(self) -> str:
        """The account that money of this tree is issued from and lapses to."""
        return f"{self.issuer}@{self.root}"

    def issue(self, amount: str, *, id: str, colour: str = "", **details: Any) -> Operation:  # noqa: A002
        """Issue coloured money (digital tenge against the plan), into the root or straight into *colour*."""
        to = self.account(colour or self.root)
        return {"op": "issue", "id": id, "from": self.source, "to": to, "amount": amount} | details

    def allocate(self, source: str, target: str, amount: str, *, id: str, **details: Any) -> Operation:  # noqa: A002
        """Allocate money from a colour to one below it, which narrows what it may buy."""
        accounts = {"from": self.account(source), "to": self.account(target)}
        return {"op": "allocate", "id": id, "amount": amount} | accounts | details

    def reallocate(self, source: str, target: str, amount: str, *, id: str, **details: Any) -> list[Operation]:  # noqa: A002
        """Re-allocate: up to the nearest colour above both, and down again; both steps or neither."""
        above = common_ancestor(source, target)
        if not above or above in (source, target):
            raise ValueError(f"{source} and {target} have no colour above both of them within one tree")
        steps = [("withdraw", source, above, True), ("allocate", above, target, False)]
        return [
            {"op": op, "id": step_id(id, k), "from": self.account(one), "to": self.account(other), "amount": amount}
            | ({"linked": True} if linked else {})
            | details
            for k, (op, one, other, linked) in enumerate(steps, 1)
        ]

    def commit(self, colour: str, payee: str, amount: str, *, id: str, **details: Any) -> Operation:  # noqa: A002
        """Register an obligation (contract): the money is set aside for this payee at once."""
        return {"op": "commit", "id": id, "from": self.account(colour), "to": payee, "amount": amount} | details

    def pay(self, commitment: str, amount: str, *, id: str, **details: Any) -> Operation:  # noqa: A002
        """Pay a part (or all) of an obligation; any number of parts."""
        return {"op": "pay", "id": id, "hold": commitment, "amount": amount} | details

    def give_back(self, payment: str, payer: str, payee: str, amount: str, *, id: str, **details: Any) -> Operation:  # noqa: A002
        """Return (a part of) a payment: colour and limits are restored."""
        accounts = {"from": payee, "to": payer}
        return {"op": "return", "id": id, "original": payment, "amount": amount} | accounts | details

    def lapse(self, amount: str, *, id: str, **details: Any) -> Operation:  # noqa: A002
        """Let money of the root lapse: it goes back to the issuer."""
        return {"op": "lapse", "id": id, "from": self.account(self.root), "to": self.source, "amount": amount} | details

    def carry_over(self, to: "Budget", amount: str, *, id: str, **details: Any) -> Operation:  # noqa: A002
        """Carry money over into another year's tree, whose colour must name this one in ``carry_from``."""
        accounts = {"from": self.account(self.root), "to": to.account(to.root)}
        return {"op": "carry", "id": id, "amount": amount} | accounts | details


def step_id(base: str, step: int) -> str:
    """Return the id of one step of an operation of several: the base, a dot, the step."""
    out = f"{base}.{step}"
    if len(out) > ID_LENGTH_MAX:
        raise ValueError(
            f"id {base!r} is too long for an operation of several steps; use at most {ID_LENGTH_MAX - 4} characters"
        )
    return out


def common_ancestor(one: str, other: str) -> str:
    """Return the longest colour path that is above (or equal to) both."""
    shared = []
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        shared.append(a)
    return "/".join(shared)


def close_year(
    book: Book, budget: Budget, *, prefix: str, carry_to: Budget | None = None, **details: Any
) -> list[Operation]:
    """Return the operations that end a budget year: open obligations are voided, what is left goes up to the root.

    What was voided is carried over to *carry_to* (whose root must allow it by ``carry_from``), so that registered
    obligations can be committed again in the new year; everything else lapses to the issuer. Without *carry_to* all of
    it lapses. *prefix* begins every id (at most 8 characters); each id names what it ends (a hold, an account, the
    root). Post them in one ``Book.group``: a year is closed whole, because what is to be carried over is known from the
    obligations that are open now.
    """
    registry, tables = book.ledger.registry, book.ledger.tables
    below = {colour.number for colour in _subtree(registry.colours, registry.colour_numbers[budget.root])}
    scale = registry.units[registry.colours[registry.colour_numbers[budget.root]].unit]
    own = {number for name, number in registry.accounts.items() if name.startswith(budget.holder + "@")}
    operations: list[Operation] = []
    unpaid = 0
    for place, hold in enumerate(tables.hold[: tables.kernel.holds]):
        debit = int(hold[3])
        if (
            int(hold[2]) > 0
            and int(hold[7]) == 0
            and debit in own
            and int(tables.acc[debit, 3]) in below
            and int(tables.acc[debit, 6]) == 0
        ):
            reference = hold[:2].tobytes()
            operations.append({"op": "void", "id": f"{prefix}v{place:x}", "hold": _hold_id(reference)} | details)
            unpaid += int(hold[2])
    total = 0
    for number in registry.accounts.values():
        colour, flags, hop = (int(tables.acc[number, k]) for k in (3, 5, 6))
        left = int(tables.acc[number, 1] - tables.acc[number, 0])
        if colour in below and not flags & 1 and hop == 0 and left > 0 and number in own:
            total += left
            if registry.colours[colour].path != budget.root:
                path = registry.colours[colour].path
                operations.append(
                    {
                        "op": "withdraw",
                        "id": f"{prefix}w{number:x}",
                        "from": budget.account(path),
                        "to": budget.account(budget.root),
                        "amount": amounts.write(left, scale),
                    }
                    | details
                )
    carried = min(unpaid, total) if carry_to is not None else 0
    if carry_to is not None and carried:
        operations.append(budget.carry_over(carry_to, amounts.write(carried, scale), id=f"{prefix}c", **details))
    if total > carried:
        operations.append(budget.lapse(amounts.write(total - carried, scale), id=f"{prefix}l", **details))
    return operations


def _hold_id(data: bytes) -> str:
    from boyau.codec import id_text

    return id_text(data)


def _subtree(colours: list[Colour], root: int) -> Iterator[Colour]:
    todo = [root]
    while todo:
        colour = colours[todo.pop()]
        yield colour
        todo.extend(colour.children)
