"""The audit log: what the gate decided, about whom, by which rule, and whether the record of it is unbroken."""

import datetime as dt
import re
from typing import Any

from fastapi import APIRouter, Response

from boyau.language.catalogue import mark as _
from boyau.service.gate.policy import POLICY
from boyau.service.problems import Problem
from boyau.web import typed
from boyau.web.exports import Column, export, wanted
from boyau.web.pages import Asked, Page

router = APIRouter(include_in_schema=False)
PAGE = 100
WINDOW = 200_000
"""So many decisions are looked through for one page; who looks for something rare goes on from there."""
CHECKED = 20_000
"""The chain of so many of the newest decisions is checked with every page; of all of them when asked to."""
EXPORT_MAX = 100_000
COLUMNS = ("number", "at", "who", "how", "action", "resource", "allowed", "rule", "count")
_ACCOUNT = re.compile(r"[a-z]-[0-9a-f]{1,32}")
HOW = {
    "passkey": _("passkey"), "oidc": _("provider"), "link": _("one-time link"), "signature": _("signed request"),
    "certificate": _("certificate"), "none": _("nobody"), "open": _("open"),
}  # fmt: skip


def _filters(page: Page) -> dict[str, Any]:
    """Read the filters; what cannot be is said."""
    query, words = page.request.query_params, page.words
    who, action, answer = query.get("who", "").strip(), query.get("action", "").strip(), query.get("allowed", "")
    if who and not _ACCOUNT.fullmatch(who):
        title = words.text("An account is written as {example}.", example="p-1f0c3b5a9d27")
        raise Problem(422, "unreadable", title)
    known = action in POLICY.actions or any(name.startswith(action) for name in POLICY.actions)
    if (action and not known and action not in ("sign-in", "page")) or answer not in ("", "yes", "no"):
        raise Problem(422, "unreadable", words.text("There is no such filter. Choose one from the list."))
    days = []
    for name in ("first", "last"):
        try:
            days.append(typed.day(query.get(name, "")))
        except typed.TypedError as error:
            raise Problem(422, "unreadable", words.text(error.source, **error.values)) from None
    before = query.get("before", "")
    if before and not re.fullmatch(r"[0-9]{1,18}", before):
        raise Problem(422, "unreadable", words.text("There is no such page of the list. Go back to its beginning."))
    return {
        "who": who, "action": action, "allowed": answer, "first": days[0], "last": days[1],
        "before": int(before) if before else None,
    }  # fmt: skip


def _moment(day: str, later: int = 0) -> int:
    at = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC) + dt.timedelta(days=later)
    return int(at.timestamp()) * 1_000_000


@router.get("/audit")
def audit(page: Asked) -> Response:
    """Return decisions of the gate, newest first."""
    asked, decisions = _filters(page), page.access.decisions
    newest = decisions.last()
    lowest = decisions.number_at(_moment(asked["first"])) if asked["first"] else decisions.number_at(0)
    highest = decisions.number_at(_moment(asked["last"], 1)) if asked["last"] else newest + 1
    before = min(asked["before"] or highest, highest)
    allowed = {"": None, "yes": True, "no": False}[asked["allowed"]]
    more = {"who": asked["who"], "action": asked["action"], "allowed": allowed}
    if wanted(page):
        return _file(page, highest, lowest, more)
    first = max(lowest, before - WINDOW)
    found = decisions.find(before, first, PAGE + 1, **more)
    shown = found[:PAGE]
    # A page that is not full and has more behind it: what was looked through ends where the next look begins.
    older = shown[-1]["number"] if len(found) > PAGE else first if first > lowest else None
    whole = page.request.query_params.get("check", "") == "all"
    checked_from = lowest if whole and not asked["first"] else decisions.number_at(0) if whole else newest - CHECKED
    faults = decisions.faults(max(0, checked_from))
    return page.render(
        "audit.html", asked=asked, shown=shown, older=older, looked=before - first, newest=newest, faults=faults,
        whole=whole, actions=sorted(POLICY.actions), checked=min(CHECKED, newest), moment=_told, how=HOW, window=WINDOW,
    )  # fmt: skip


def _told(at: int) -> str:
    return dt.datetime.fromtimestamp(at / 1_000_000, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _file(page: Page, highest: int, lowest: int, more: dict[str, Any]) -> Response:
    """Return the decisions that were asked for as a file."""
    words = page.words
    found = page.access.decisions.find(highest, lowest, EXPORT_MAX + 1, **more)
    if len(found) > EXPORT_MAX:
        text = words.text("More than {number} entries: choose a shorter period.", number=words.number(str(EXPORT_MAX)))
        raise Problem(422, "too-large", text)
    titles = (
        "№", words.text("when"), words.text("account"), words.text("known by"), words.text("action"),
        words.text("about"), words.text("answer"), words.text("rule"), words.text("times"),
    )  # fmt: skip
    columns = [
        Column(name, title, "integer" if name in ("number", "count") else "text")
        for name, title in zip(COLUMNS, titles, strict=True)
    ]
    rows = [[_cell(one, name) for name in COLUMNS] for one in found]
    return export(page, "decisions", columns, rows, question=words.text("Audit log"))


def _cell(one: dict[str, Any], name: str) -> Any:
    if name == "at":
        return dt.datetime.fromtimestamp(one["at"] / 1_000_000, dt.UTC).isoformat()
    return ("yes" if one["allowed"] else "no") if name == "allowed" else one[name]
