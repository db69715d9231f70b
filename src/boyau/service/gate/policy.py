"""Reads ``roles.toml`` and decides: default deny, and what forbids overrides what permits."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from starlette.routing import compile_path

from boyau.service.identity.people import Grant

CELLS = "ycbp-x"
PUBLIC = "public"
_ACCOUNT = re.compile(r"([A-Za-z0-9._-]{1,32})@([A-Za-z0-9_./-]{1,540}?)(?:#[1-9][0-9]{0,2})?")
"""As the ledger reads it (ledger/name_records.py): an account's name alone says whose it is and of which colour."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an action is about. No colour: the whole ledger. Several: one of them is enough (an entry has two sides)."""

    colours: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided, and by which cell: ``op.pay/contractor=p``."""

    allowed: bool
    rule: str


def account_facts(*names: object) -> Facts:
    """Return whose accounts these are and of which colours; nothing of a name that is none."""
    found = [match for name in names if isinstance(name, str) and (match := _ACCOUNT.fullmatch(name))]
    return Facts(tuple(match[2] for match in found), tuple(match[1] for match in found))


def _within(grant: Grant, facts: Facts, *, strictly: bool = False) -> bool:
    if not grant.colour:
        return True
    return any(path.startswith(f"{grant.colour}/") or (path == grant.colour and not strictly) for path in facts.colours)


def _holds(cell: str, grant: Grant, facts: Facts) -> bool:
    """Tell whether a cell permits, to who has *grant*, what *facts* are about."""
    if cell == "p":
        return bool(grant.participant) and grant.participant in facts.holders and _within(grant, facts)
    return cell == "y" or (cell in ("c", "b") and _within(grant, facts, strictly=cell == "b"))


class Policy:
    """The table. ``actions`` by role, ``routes`` by method and path."""

    def __init__(self, text: str) -> None:
        data = tomllib.loads(text)
        self.roles: tuple[str, ...] = tuple(data["columns"])
        self.needs_participant = frozenset(data["needs_participant"])
        self.needs_colour = frozenset(data["needs_colour"])
        self.four_eyes_roles = frozenset(data["four_eyes_roles"])
        self.actions: dict[str, dict[str, str]] = {}
        for action, row in data["actions"].items():
            cells = row.split()
            if len(cells) != len(self.roles) or not all(cell in CELLS for cell in cells):
                raise ValueError(f"roles.toml: {action} has not one cell for every role")
            self.actions[action] = dict(zip(self.roles, cells, strict=True))
        self.routes: dict[str, str] = data["routes"]
        for route, action in self.routes.items():
            if action not in self.actions:
                raise ValueError(f"roles.toml: {route} names {action}, which has no row")
        self._paths = [(*route.split(" "), compile_path(route.split(" ")[1])[0], a) for route, a in self.routes.items()]

    def route(self, method: str, path: str) -> tuple[str, str, dict[str, str]] | None:
        """Return the route's template, its action and the values in the path; None where there is no such route."""
        wanted = "GET" if method == "HEAD" else method
        for verb, template, pattern, action in self._paths:
            if verb == wanted and (match := pattern.match(path)):
                return str(template), str(action), match.groupdict()
        return None

    def known(self, path: str) -> bool:
        """Tell whether any method has a route for this path."""
        return any(pattern.match(path) for _, _, pattern, _ in self._paths)

    def decide(self, grants: Iterable[Grant], action: str, facts: Facts | None) -> Verdict:
        """Decide. *facts* None: whether there is anybody of these roles who may, for the doors with lines behind."""
        row = self.actions.get(action)
        if row is None:
            return Verdict(False, "default")
        held = [*grants]
        for grant in held:
            if row.get(grant.role) == "x":
                return Verdict(False, f"{action}/{grant.role}=x")
        for grant in held:
            cell = row.get(grant.role, "-")
            if cell != "-" and (facts is None or _holds(cell, grant, facts)):
                return Verdict(True, f"{action}/{grant.role}={cell}")
        if row[PUBLIC] == "y":  # everybody is of the public too
            return Verdict(True, f"{action}/{PUBLIC}=y")
        return Verdict(False, "default")


POLICY = Policy((files("boyau.service.gate") / "roles.toml").read_text("utf-8"))
