"""The money trail: where the money of a colour, a payee, an account or a payment came from, and where it is.

Every node of the picture leads to its own trail, every band to the payments behind it; the table says the same.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from fastapi import APIRouter, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from boyau.language.catalogue import mark as _
from boyau.ledger import Kind, Result
from boyau.service.problems import Problem
from boyau.trace import Figures, Link, Node, NodeKind, sankey
from boyau.trace.dyes import dye
from boyau.trace.words import word
from boyau.web import exports
from boyau.web.exports import Column
from boyau.web.holders import holders
from boyau.web.links import Linked, linked
from boyau.web.operation import hides, known_names
from boyau.web.pages import Asked, Page
from boyau.web.state import state
from boyau.web.trail_payments import payments_page
from boyau.web.trail_question import TOPS, Answer, answer, hidden_name, months, nobody, read, whole

router = APIRouter(include_in_schema=False)
TABLE_ROWS = 40
"""Rows of the table on a page; a file has all."""
ROOTS_MAX = 60
LOOKED_AT = 100_000
"""Among so many of the newest rows an example is looked for."""
TOTALS = {
    "received": _("Received by payees"), "unspent": _("Unspent"), "held": _("On hold"),
    "returned": _("Returned to source"), "elsewhere": _("On other accounts"),
}  # fmt: skip
ORDER = (
    NodeKind.SOURCE, NodeKind.PARTICIPANT, NodeKind.COLOUR, NodeKind.HOLDER, NodeKind.PAYEE, NodeKind.RETURNED,
    NodeKind.HELD, NodeKind.UNSPENT,
)  # fmt: skip


@router.get("/trail")
def start(page: Asked) -> Response:
    """Return the page on which one chooses whose money to follow."""
    typed = page.request.query_params.get("q", "").strip()
    if len(typed) > 200:
        typed = typed[:200]
    if typed:
        try:
            found = read(page, typed)
        except Problem as problem:
            if problem.status != 404:
                raise
        else:
            return RedirectResponse(found.address(), 303)
    now = state(page.reader)
    roots = sorted(now.roots, key=lambda one: (-one.paid, one.path))
    return page.render(
        "trail_start.html", typed=typed, roots=roots[:ROOTS_MAX], count=len(roots), example=_example(page)
    )


def _example(page: Page) -> Linked | None:
    """Return the newest payment of coloured money to a last payee, for who wants to see how it looks."""
    rows, known = page.reader.rows, holders(page.reader)
    recent = slice(max(0, len(rows) - LOOKED_AT), None)
    plain = np.array([one.plain for one in known.colours], np.bool_)[known.colour]
    paid = (rows.result[recent] == Result.POSTED) & (rows.kind[recent] == Kind.PAY)
    places = np.flatnonzero(paid) + recent.start
    places = places[~plain[rows.debit[places]] & plain[rows.credit[places]]]
    if not len(places):
        return None
    return page.reader.ask(lambda book: linked(book, rows, int(places[-1])))


@router.get("/trail/{what:path}")
def trail(what: str, page: Asked) -> Response:
    """Return a trail, or with ``giver`` and ``taker`` the payments behind a band."""
    question = read(page, what)
    as_file = exports.wanted(page)
    query = page.request.query_params
    found = answer(page, question)
    shown = Shown(page, found)
    if query.get("giver") or query.get("taker"):
        return payments_page(page, found, shown, as_file=as_file)
    if as_file:
        return exports.export(
            page, f"trail-{question.of}", shown.columns(), shown.table(), question=shown.question, entries=found.entries
        )
    return page.render("trail.html", asked=question, found=found, shown=shown, **shown.facts())


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the table: a link of the flow with the names and looks of both ends."""

    giver: Node
    taker: Node
    link: Link
    address: str


class Shown:
    """A flow with the names, addresses and figures of a page. Natural persons stand under their pseudonyms."""

    def __init__(self, page: Page, found: Answer) -> None:
        self.page, self.found, self.flow = page, found, found.flow
        self.nodes = {node.key: node for node in found.flow.nodes}
        named = {node.name for node in found.flow.nodes if node.kind is not NodeKind.COLOUR and node.name}
        asked = found.question
        if asked.of == "who":
            named.add(asked.name)
        self._facts = known_names(page, named)
        self._tokens = {node.key: self._token(node) for node in found.flow.nodes}
        self._taken = {link.target for link in found.flow.links if link.entries}

    # ---- names and addresses ----------------------------------------------------------------------------------------

    def who(self, name: str) -> str:
        """Name a participant as the reader may see it."""
        return self.page.who(name, self._facts.get(name, {}))

    def title(self, node: Node) -> str:
        """Name a node."""
        language = self.page.words.code
        if node.kind is NodeKind.RETURNED and not node.merged:
            return word("returned_to", language).format(name=self.who(node.name))
        if node.kind is NodeKind.UNSPENT and self.over:
            return self.page.words.text("On accounts at the end of the period")
        if node.merged or node.kind in (NodeKind.COLOUR, NodeKind.UNSPENT, NodeKind.HELD):
            return self.flow.title(node, language)
        return self.who(node.name)

    @property
    def over(self) -> bool:
        """True where a colour's period is over: then only sums are known of what lay there."""
        return self.found.question.of == "colour" and self.found.span is not None and self.found.span.over

    def _token(self, node: Node) -> str:
        """Return a node's key as it stands in addresses."""
        facts = self._facts.get(node.name, {})
        if node.kind is NodeKind.COLOUR or not node.name or not hides(self.page, node.name, facts):
            return node.key
        return node.key.replace(node.name, hidden_name(self.page, node.name, facts))

    def by_token(self, token: str) -> Node:
        """Return the node that stands in an address as *token*."""
        for key, one in self._tokens.items():
            if one == token:
                return self.nodes[key]
        raise nobody(self.page, token)

    def node_address(self, node: Node) -> str:
        """Return where a node leads: to its own trail; for several in one, to more of them."""
        asked = self.found.question
        if node.merged:
            more = next((top for top in TOPS if top > asked.top), 0)
            return replace(asked, top=more).address() if more else self.payments(taker=node)
        if node.kind in (NodeKind.UNSPENT, NodeKind.HELD):
            return self.payments(taker=node)
        if node.kind is NodeKind.COLOUR:
            return asked.about("colour", node.name).address()
        if hides(self.page, node.name, self._facts.get(node.name, {})):
            return f"/who/{hidden_name(self.page, node.name, self._facts.get(node.name, {}))}"
        return asked.about("who", node.name).address()

    def payments(self, giver: Node | None = None, taker: Node | None = None) -> str:
        """Return the address of the payments between two nodes, "" where only their sum is known."""
        if giver is None and taker is not None and taker.key not in self._taken:
            return ""
        tokens = {"giver": giver, "taker": taker}
        asked = {name: self._tokens[node.key] for name, node in tokens.items() if node is not None}
        return self.found.question.address(**asked)

    def link_address(self, link: Link) -> str:
        """Return where a band leads."""
        return self.payments(self.nodes[link.origin], self.nodes[link.target]) if link.entries else ""

    # ---- what is asked ----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name what the trail is of."""
        asked = self.found.question
        if asked.of == "colour":
            return self.flow.names.colour_title(asked.name, self.page.words.code) or asked.name
        if asked.of == "who":
            return self.who(asked.name)
        if asked.of == "entry":
            return self.page.words.text("payment {number}", number=self.page.words.number(asked.name))
        return asked.name

    @property
    def question(self) -> str:
        """Say what the trail answers."""
        asked, words = self.found.question, self.page.words
        if asked.of in ("entry", "colour") or asked.direction == "both":
            told = words.text("Trail of the money: {name}", name=self.name)
        elif asked.direction == "from":
            told = words.text("Where the money came from: {name}", name=self.name)
        else:
            told = words.text("Where the money went: {name}", name=self.name)
        if asked.first or asked.last:
            told += ", " + words.text("from {first} to {last}", first=asked.first or "…", last=asked.last or "…")
        return told

    # ---- what is shown ----------------------------------------------------------------------------------------------

    def steps(self) -> list[Step]:
        """Return the links, largest first."""
        return [
            Step(self.nodes[one.origin], self.nodes[one.target], one, self.link_address(one)) for one in self.flow.links
        ]

    def picture(self) -> Markup:
        """Draw it."""
        found, words = self.found, self.page.words
        say = sankey.Say(self.title, self.node_address, self.link_address)
        return Markup(  # noqa: S704 - every text in it is escaped where it is drawn
            sankey.svg(
                self.flow, title=self.question, language=words.code, heading=False, say=say,
                number_format=Figures(words.code, found.unit, found.scale),
            )
        )  # fmt: skip

    def sums(self) -> dict[str, Any]:
        """Return the figures that add up: what came, and where it is now."""
        totals = self.flow.totals
        before = sum(node.came for node in self.flow.nodes if node.kind is not NodeKind.SOURCE)
        ends = [(name, totals[name]) for name in TOTALS if totals[name]]
        period = self.found.question.of == "colour" and bool(self.found.question.first)
        return {"came": totals["came"], "before": before if period else 0, "ends": ends, "back": totals["given_back"]}

    def stages(self) -> list[tuple[str, list[Node]]]:
        """Return the nodes from source to end, for those who read them as a list."""
        out: list[tuple[str, list[Node]]] = []
        rank = {kind: place for place, kind in enumerate(ORDER)}
        for node in sorted(self.flow.nodes, key=lambda one: (rank[one.kind], one.tier, -one.amount, one.key)):
            head = word("returned" if node.kind is NodeKind.RETURNED else node.kind.value, self.page.words.code)
            if not out or out[-1][0] != head:
                out.append((head, []))
            out[-1][1].append(node)
        return out

    def facts(self) -> dict[str, Any]:
        """Return what the template needs."""
        words = self.page.words
        depths = {one.count("/") + 1 for one in self.flow.names.colours if not self._is_plain(one)}
        own = self.found.question.name.count("/") + 1 if self.found.question.of == "colour" else 0
        steps = self.steps()
        line = min(whole(self.page, self.page.request.query_params.get("line", ""), "line", 999_999), len(steps))
        totals = {name: words.text(source) for name, source in TOTALS.items()}
        if self.over:
            totals["unspent"] = words.text("On accounts at the end of the period")
        return {
            "sums": self.sums(), "totals": totals, "steps": steps, "picture": self.picture(),
            "line": line, "lines": steps[line : line + TABLE_ROWS], "table_rows": TABLE_ROWS,
            "depths": [depth for depth in sorted(depths) if depth > own], "tops": TOPS,
            "months": months(self.page.reader.rows) if self.found.question.of != "entry" else [],
            "dye_of": lambda node: f"dye-{dye(node.name)}" if node.name else "dye-none",
            "given_back": any(link.returned for link in self.flow.links),
        }  # fmt: skip

    def _is_plain(self, path: str) -> bool:
        return path in self._units

    @property
    def _units(self) -> set[str]:
        names = self.flow.names
        return {names.colours[k] for k in names.plain.nonzero()[0].tolist()}

    # ---- as a file --------------------------------------------------------------------------------------------------

    def columns(self) -> list[Column]:
        """Return the columns of the table as a file."""
        text, scale = self.page.words.text, self.found.scale
        return [
            Column("from_kind", text("Kind of giver")), Column("from", text("Giver")),
            Column("from_title", text("Name of giver")), Column("to_kind", text("Kind of taker")),
            Column("to", text("Taker")), Column("to_title", text("Name of taker")),
            Column("colour", text("Colour of the money")), Column("amount", text("Amount"), "amount", scale),
            Column("given_back", text("Given back"), "amount", scale), Column("unit", text("Unit")),
            Column("entries", text("Entries"), "integer"),
        ]  # fmt: skip

    def table(self) -> list[tuple[Any, ...]]:
        """Return the rows of the table as a file; amounts in minor units."""
        rows = []
        for one in self.steps():
            ends = []
            for node in (one.giver, one.taker):
                token = self._tokens[node.key].partition(":")[2]
                ends += [node.kind.value, "" if node.merged else token, self.title(node)]
            link = one.link
            rows.append((*ends, link.colour, link.amount, link.returned, self.found.unit, link.entries))
        return rows
