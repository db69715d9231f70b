"""Lines of one month as a tree: who stands below whom, which are known by name, and what each one's figures mean."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from boyau.treasury.budget import naming
from boyau.treasury.budget.mapping import Mapping, Nature, Role
from boyau.treasury.budget.problems import Report, shown

DEPTH_MAX = 12
"""Levels below the fiscal year; a colour's path has at most 16 in all."""

UNITEMISED = "(not itemised)"
"""Name of the line that carries what a published total holds beyond the lines listed below it."""


class Month(NamedTuple):
    """A month of execution; sorts by time and is written ``2024-12``."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@dataclass(slots=True)
class Row:
    """One line of the file as printed: *number* in the file, *id* and *parent* within its month, minor units."""

    number: int
    id: int
    parent: int | None
    code: str
    name: str
    figures: dict[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one month. *path* is its identity across months, and its colour below the fiscal year.

    *figures* are the published ones in minor units by our column names. *role* is its key in the mapping or "".
    *leaf* lines have no lines below them; only leaves come about by entries, parents are sums. *number* is its line
    in the file. *code* is without leading zeros, *code_shown* with them.
    """

    path: str
    parent: str | None
    role: str
    nature: Nature
    leaf: bool
    code: str
    code_shown: str
    name: str
    number: int
    figures: dict[str, int]


Lines = dict[str, Line]
"""One month's lines by path, in the file's order, parents before their children."""


class Tree:
    """Rows of one month, checked and joined; roles and natures found. Problems go to the report."""

    def __init__(self, month: Month, rows: Iterable[Row], mapping: Mapping, report: Report) -> None:
        self.month, self.mapping, self.report = month, mapping, report
        self.rows: dict[int, Row] = {}
        for row in rows:
            if row.id in self.rows:
                first = self.rows[row.id].number
                self.problem(row, "id", "id_twice", f"id {row.id} stands already in line {first} of {month}")
            else:
                self.rows[row.id] = row
        self.below: dict[int | None, list[Row]] = defaultdict(list)
        for row in self.rows.values():
            self.below[self._parent(row)].append(row)
        self.roles: dict[int, Role] = {}
        self._claim()
        self.too_deep = False
        self.order = list(self._walk())
        if len(self.order) < len(self.rows) and not self.too_deep:
            self._unreached({row.id for row, _, _ in self.order})

    def problem(self, row: Row, column: str, code: str, message: str) -> None:
        """Note a problem of *row* in the column we call *column*."""
        column = self.mapping.columns.get(column, column)
        self.report.add(row.number, column, code, message, "Download the file again, or correct this line.")

    def _parent(self, row: Row) -> int | None:
        if row.parent is not None and row.parent not in self.rows:
            self.problem(row, "parent", "parent_unknown", f"no line of {self.month} has the id {row.parent}")
            return None
        if self.mapping.flat_total is not None and row.parent is None:
            return self._total(row)
        return row.parent

    def _total(self, row: Row) -> int | None:
        """In a flat file every line stands below the total, which the first fitting line is."""
        role = self.mapping.role(self.mapping.flat_total or "")
        for match in role.matches if role else ():
            for each in self.rows.values():
                if match.fits(each.code, each.name):
                    return None if each is row else each.id
        return None

    def _claim(self) -> None:
        """Find each role's line: the first not yet claimed that fits its first match, or else its second, and so on."""
        claimed: dict[str, Row] = {}
        for role in self.mapping.roles:
            if role.within is not None:
                candidates = list(self._descendants(claimed.get(role.within)))
            elif role.under is not None:
                above = claimed.get(role.under)
                candidates = self.below[above.id] if above else []
            else:
                candidates = self.below[None]
            free = [row for row in candidates if row.id not in self.roles]
            found = next(
                (row for match in role.matches for row in free if match.fits(row.code, row.name.strip())), None
            )
            if found is not None:
                self.roles[found.id] = role
                claimed[role.key] = found

    def _descendants(self, row: Row | None, depth: int = 0) -> Iterator[Row]:
        for each in self.below[row.id] if row and depth < DEPTH_MAX else ():
            yield each
            yield from self._descendants(each, depth + 1)

    def _walk(self) -> Iterator[tuple[Row, int | None, int]]:
        """Yield rows with parent and depth, parents first; the file's order otherwise."""
        todo: list[tuple[Row, int | None, int]] = [(row, None, 0) for row in reversed(self.below[None])]
        while todo:
            row, parent, depth = todo.pop()
            yield row, parent, depth
            if depth >= DEPTH_MAX and self.below[row.id]:
                self.too_deep = True
                self.problem(row, "parent", "tree_too_deep", f"more than {DEPTH_MAX} levels below the fiscal year")
            else:
                todo.extend((each, row.id, depth + 1) for each in reversed(self.below[row.id]))

    def _unreached(self, reached: set[int]) -> None:
        """Lines no walk from the top finds: their parents go in a circle."""
        row = next(row for row in self.rows.values() if row.id not in reached)
        self.problem(row, "parent", "parent_cycle", f"the parents of id {row.id} go in a circle")


class Repeated:
    """Codes that two lines under one parent share in some month; such lines are told apart by their names."""

    def __init__(self) -> None:
        self.codes: set[tuple[str, str]] = set()

    def note(self, tree: Tree) -> None:
        """Add what *tree* repeats."""
        for parent, rows in tree.below.items():
            seen: dict[str, str] = {}
            for row in rows:
                if row.id in tree.roles and tree.roles[row.id].segment:
                    continue
                segment = naming.segment_of(row.code, row.name)
                above = "" if parent is None else tree.rows[parent].code + "/" + naming.normal(tree.rows[parent].name)
                if segment in seen and seen[segment] != naming.normal(row.name):
                    self.codes.add((above, segment))
                seen.setdefault(segment, naming.normal(row.name))

    def segment(self, tree: Tree, row: Row, parent: int | None) -> str:
        """Return *row*'s own piece of the path."""
        role = tree.roles.get(row.id)
        if role is not None and role.segment:
            return role.segment
        segment = naming.segment_of(row.code, row.name)
        above = "" if parent is None else tree.rows[parent].code + "/" + naming.normal(tree.rows[parent].name)
        return f"{segment}-{naming.stamp(row.name)}" if (above, segment) in self.codes else segment


def lines(tree: Tree, repeated: Repeated) -> Lines:
    """Return the month's lines, natures and paths set. Two lines of one path, or a negative figure, is a problem."""
    mapping, found = tree.mapping, Lines()
    paths: dict[int, str] = {}
    inherited: dict[int | None, tuple[Nature, tuple[int, ...]]] = {None: (mapping.default_nature, ())}
    for row, parent, _ in tree.order:
        role = tree.roles.get(row.id)
        nature, widths = inherited[parent]
        if role is not None:
            nature, widths = role.nature or nature, role.widths or widths[1:]
            code_width = 0
        else:
            code_width, widths = (widths[0], widths[1:]) if widths else (0, ())
        # Below a balance nobody knows what an unnamed line means: it is taken over, never guessed.
        inherited[row.id] = (Nature.MEMO if nature is Nature.BALANCE else nature, widths)
        path = "/".join(filter(None, (_above(tree, paths, parent), repeated.segment(tree, row, parent))))
        paths[row.id] = path
        if path in found:
            first = found[path].number
            message = f"the same codes and name as line {first} of {tree.month} ({shown(path)})"
            tree.problem(row, "code", "line_twice", message)
            continue
        found[path] = Line(
            path=path,
            parent=None if parent is None else paths[parent],
            role=role.key if role else "",
            nature=nature,
            leaf=not tree.below[row.id],
            code=row.code,
            code_shown=row.code.zfill(code_width) if row.code.isdigit() else row.code,
            name=row.name,
            number=row.number,
            figures=row.figures,
        )
        _check_signs(tree, row, nature)
        if role is not None and role.remainder and tree.below[row.id]:
            rest = _remainder(tree, row, found[path], role.remainder)
            found.update({rest.path: rest} if any(rest.figures.values()) else {})
    return found


def _above(tree: Tree, paths: dict[int, str], parent: int | None) -> str:
    """Return the path above; a flat file keeps its total's path even in a month that lacks the total."""
    if parent is not None:
        return paths[parent]
    role = tree.mapping.role(tree.mapping.flat_total) if tree.mapping.flat_total else None
    missing = role is not None and role not in tree.roles.values()
    return (role.segment or role.key) if role is not None and missing else ""


def _check_signs(tree: Tree, row: Row, nature: Nature) -> None:
    allowed = tree.mapping.natures[nature].negative
    for column, amount in row.figures.items():
        if amount < 0 and column not in allowed:
            tree.report.add(
                row.number,
                tree.mapping.amounts[column],
                "amount_negative",
                f"a negative amount in a line of the nature {nature.value!r} ({shown(row.name)})",
                "Figures are cumulative since January, so this one cannot be below zero: check it with the publisher.",
            )


def _remainder(tree: Tree, row: Row, total: Line, segment: str) -> Line:
    figures = {
        column: max(0, amount - sum(each.figures[column] for each in tree.below[row.id]))
        for column, amount in row.figures.items()
    }
    if "unpaid" in figures and {"obligations", "paid"} <= figures.keys():
        figures["obligations"] = max(figures["obligations"], figures["paid"])
        figures["unpaid"] = figures["obligations"] - figures["paid"]
    path = f"{total.path}/{segment}"
    return Line(path, total.path, "", total.nature, True, "", "", UNITEMISED, total.number, figures)
