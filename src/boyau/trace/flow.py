"""A flow: the answer to a question about money, as nodes and the links between them.

Nothing is lost in it: what came to a node, from outside the answer and over links, is what left it over links and what
stayed. Money not yet spent and money on hold are nodes of their own. Amounts are minor units, Python integers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from boyau.trace.errors import require
from boyau.trace.names import Names
from boyau.trace.parts import Int64s, Integers
from boyau.trace.words import word


class NodeKind(StrEnum):
    """What a node of a flow stands for."""

    SOURCE = "source"
    """An issuer that gave money."""
    COLOUR = "colour"
    """A colour's own accounts (hop 0), down to the level asked for."""
    HOLDER = "holder"
    """A participant that holds coloured money it was paid (hop 1 and above)."""
    PAYEE = "payee"
    """A participant that received plain money: here the colour ended."""
    RETURNED = "returned"
    """An issuer that got money back."""
    UNSPENT = "unspent"
    """Money that lies on coloured accounts, free."""
    HELD = "held"
    """Money that lies on coloured accounts, set aside by holds."""
    PARTICIPANT = "participant"
    """A participant with all its accounts: what the question was about."""


@dataclass(frozen=True, slots=True)
class Node:
    """One place in a flow. ``came`` + links in = links out + ``kept``; ``amount`` is either side of that.

    ``name`` is a colour's path, a participant's id, or empty; ``merged`` is how many small ones an "other" stands for
    (else 0); ``tier`` is the colour's depth or the holder's hop; ``focus`` marks what the question was about.
    """

    key: str
    kind: NodeKind
    name: str
    tier: int
    merged: int
    focus: bool
    came: int
    kept: int
    amount: int


@dataclass(frozen=True, slots=True)
class Link:
    """Money that went from one node to another. ``amount`` is net: ``returned`` went and came back.

    ``entries`` counts the transfers in both directions; for a link to unspent or held money, the lots that lie there.
    ``colour`` is that of the money: the deepest path that all of it lies in; "" where it has none in common.
    """

    origin: str
    target: str
    amount: int
    returned: int
    entries: int
    colour: str = ""


Lots = tuple[Int64s, Int64s, Integers]
"""Money that lies somewhere: the entries that brought it, how much of each is left, the number of its node."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The transfers behind the links: entry numbers, amounts, and which link (giver × nodes + taker).

    ``lots``, by kind: the money behind links to what is unspent or held.
    """

    numbers: Int64s
    amount: Int64s
    code: Int64s
    nodes: Mapping[str, int]
    lots: Mapping[str, Lots] = field(default_factory=dict)

    def table(self, link: Link) -> tuple[Int64s, Int64s]:
        """Return entry numbers and amounts of a link, in journal order; what was given back is negative."""
        size = len(self.nodes)
        giver, taker = self.nodes.get(link.origin, -1), self.nodes.get(link.target, -1)
        if giver >= 0 and link.target in self.lots:
            numbers, amount, node = self.lots[link.target]
            places = np.flatnonzero((node == giver) & (amount > 0))
            numbers, amount = numbers[places], amount[places]
        elif giver < 0 or taker < 0:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        else:
            there, back = giver * size + taker, taker * size + giver
            places = np.flatnonzero((self.code == there) | (self.code == back))
            numbers = self.numbers[places]
            amount = np.where(self.code[places] == there, self.amount[places], -self.amount[places])
        order = np.argsort(numbers, kind="stable")
        return numbers[order], amount[order]

    def of(self, link: Link) -> Iterator[tuple[int, int]]:
        """Yield (entry number, amount) of a link, in journal order; what was given back is negative."""
        numbers, amount = self.table(link)
        yield from zip(numbers.tolist(), amount.tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class Flow:
    """Nodes (largest first) and links (largest first) that answer ``question``."""

    question: Mapping[str, Any]
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    names: Names = field(repr=False, compare=False)
    evidence: Evidence = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        balance = {node.key: node.came - node.kept for node in self.nodes}
        for link in self.links:
            require(link.amount >= 0 and link.returned >= 0, "a link that carries less than nothing")
            balance[link.origin] -= link.amount
            balance[link.target] += link.amount
        for node in self.nodes:
            require(node.came >= 0 and node.kept >= 0, "a node that keeps less than nothing")
            require(balance[node.key] == 0, f"money was lost or made in {node.key}")

    @property
    def totals(self) -> dict[str, int]:
        """Sums of the answer: what came = what payees received + unspent + held + returned to the source + elsewhere.

        ``given_back`` is beside that sum: money that went and came back between two nodes.
        """
        kept = dict.fromkeys(("received", "unspent", "held", "returned", "elsewhere"), 0)
        names = {NodeKind.PAYEE: "received", NodeKind.PARTICIPANT: "received", NodeKind.RETURNED: "returned"}
        names |= {NodeKind.UNSPENT: "unspent", NodeKind.HELD: "held"}
        for node in self.nodes:
            kept[names.get(node.kind, "elsewhere")] += node.kept
        came = sum(node.came for node in self.nodes)
        require(came == sum(kept.values()), "what came is not what stayed")
        return {"came": came, **kept, "given_back": sum(link.returned for link in self.links)}

    def node(self, key: str) -> Node:
        """Return the node with this key."""
        return next(node for node in self.nodes if node.key == key)

    def entries(self, link: Link) -> list[tuple[int, int]]:
        """Return (entry number, amount) of every transfer behind *link*; what was given back is negative."""
        return list(self.evidence.of(link))

    def title(self, node: Node, language: str) -> str:
        """Name a node for a reader."""
        if node.merged:
            return word("other", language).format(count=node.merged)
        if node.kind in (NodeKind.UNSPENT, NodeKind.HELD):
            return word(node.kind, language)
        if node.kind is NodeKind.COLOUR:
            return self.names.colour_title(node.name, language) or node.name
        title = self.names.participant_title(node.name, language) or node.name
        return word("returned_to", language).format(name=title) if node.kind is NodeKind.RETURNED else title

    def rows(self, language: str | None = None) -> list[dict[str, Any]]:
        """Return the links as rows of a table; with *language* also the titles of both ends."""
        nodes = {node.key: node for node in self.nodes}
        rows = []
        for link in self.links:
            row: dict[str, Any] = {"from": link.origin, "to": link.target}
            if language is not None:
                row["from_title"] = self.title(nodes[link.origin], language)
                row["to_title"] = self.title(nodes[link.target], language)
            row |= {"amount": link.amount, "returned": link.returned, "entries": link.entries}
            rows.append(row | {"colour": link.colour})
        return rows

    def as_dict(self, language: str | None = None) -> dict[str, Any]:
        """Return everything, for JSON; amounts are integers of minor units."""
        nodes = []
        for node in self.nodes:
            row: dict[str, Any] = {"key": node.key, "kind": node.kind.value, "name": node.name}
            if language is not None:
                row["title"] = self.title(node, language)
            row |= {"amount": node.amount, "came": node.came, "kept": node.kept}
            nodes.append(row | {"merged": node.merged, "focus": node.focus})
        question = dict(self.question)
        return {"question": question, "totals": self.totals, "nodes": nodes, "links": self.rows(language)}
