"""Programmes: ready-made coloured money, explained; and the editor that proves, tries and installs them."""

import json
from typing import Any

from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.ledger import colours
from boyau.ledger.colours import Rules
from boyau.ledger.refusals import RecordRefused
from boyau.programmes import checks, install, installed, reader, values
from boyau.programmes.model import Programme
from boyau.programmes.stages import stages
from boyau.programmes.words import DIRECTIONS, MESSAGES, REMEDIES, RULES, SEVERITIES, STATES
from boyau.service.problems import Problem
from boyau.web.pages import Asked, Page
from boyau.web.programme_picture import picture
from boyau.web.rule_words import POWERS, STAGES, Naming, sentences

router = APIRouter(include_in_schema=False)
WAYS_SHOWN = 8
PLACES_SHOWN = 20
"""Colours at which a programme is installed that a page names."""
SKELETON = """\
name = "my_programme"
unit = "KZT"
title = { kk = "Менің бағдарламам", ru = "Моя программа", en = "My programme" }
summary = { kk = "Төлем тек расталған жұмысқа.", ru = "Платят лишь за подтверждённое.", en = "Paid only on evidence." }

[parameters.root]
type = "path"
default = "kz/my-programme/2027"
what = { kk = "Бағдарламаның түсі", ru = "Цвет программы", en = "The programme's colour" }

[classes.administrator]
what = { kk = "Бюджет әкімшісі", ru = "Администратор бюджета", en = "The budget's administrator" }

[classes.supplier]
what = { kk = "Жеткізуші", ru = "Поставщик", en = "A supplier" }

[classes.inspector]
what = { kk = "Қабылдаушы", ru = "Приёмщик", en = "Whoever accepts the work" }

[classes.controller]
count = 3
what = { kk = "Бақылаушы", ru = "Контролёр", en = "A controller" }

[[colours]]
name = "programme"
path = "{root}"
title = { kk = "Менің бағдарламам", ru = "Моя программа", en = "My programme" }
[colours.rules]
holders = { classes = ["administrator"] }
payees = { classes = ["supplier"] }
ends = { classes = ["supplier"] }
evidence = ["acceptance_act"]
powers = { change = { quorum = 2, classes = ["controller"] } }

[[evidence]]
condition = "acceptance_act"
owner = "inspector"
days = 10
what = { kk = "Қабылдау актісі", ru = "Акт приёмки", en = "Act of acceptance" }

[[approvals]]
for = "change"
owner = "controller"
days = 10
what = { kk = "Ережені өзгерту", ru = "Изменение правил", en = "Changing the rules" }
"""
"""What a new programme begins with: the least that holds together."""


def _named(page: Page, name: str) -> Programme:
    if name not in reader.names():
        raise Problem(404, "not-found", page.words.text("There is no such programme."))
    return reader.load(name)


@router.get("/programmes")
def listing(page: Asked) -> Response:
    """List the programmes, and where each is installed."""
    nodes = page.reader.ask(lambda book: tuple(book.ledger.registry.colours))
    shown = []
    for name in reader.names():
        programme = reader.load(name)
        report = checks.check(programme)
        found = list(installed.found(programme, nodes))
        longest = max((way.days for way in report.ways), default=0)
        shown.append((programme, _root(programme), report, longest, found))
    return page.render("programmes.html", shown=shown, may_edit=page.could("programme"))


def _root(programme: Programme) -> str:
    """Return the path that the programme's first colour has with defaults and examples."""
    having = install.chosen(programme, {}, examples=True)
    return str(values.fill(programme.colours[0].path, having))


@router.get("/programmes/new")
def new(page: Asked) -> Response:
    """Return the editor with the least that a programme needs."""
    return _editor(page, "", SKELETON)


@router.get("/programmes/{name}")
def one(name: str, page: Asked) -> Response:
    """Explain one programme."""
    programme = _named(page, name)
    report = checks.check(programme)
    naming = Naming.of(page.words, programme)
    title = page.words.title(programme.title)
    pictures = [
        (root, picture(naming, root, page.words.text("The steps of money in the programme {name}", name=title), steps))
        for root, steps in stages(programme, report)
    ]
    duties = {one.name: one.duty for way in report.ways for one in way.blockers if one.duty is not None}
    return page.render(
        "programme.html", programme=programme, report=report, naming=naming, pictures=pictures,
        tree=_tree(page, programme, naming), ways=report.ways[:WAYS_SHOWN], more=report.ways[WAYS_SHOWN:],
        duties=duties, findings=_findings(page, report), places=page.reader.ask(lambda book: _places(book, programme)),
        may_edit=page.could("programme"), station=lambda text: _station(programme, naming, text),
    )  # fmt: skip


@router.get("/programmes/{name}/edit")
def edit(name: str, page: Asked) -> Response:
    """Return the editor with a programme that comes with the program."""
    _named(page, name)
    return _editor(page, name, reader.text(name))


# ---- one programme --------------------------------------------------------------------------------------------------


def _tree(page: Page, programme: Programme, naming: Naming) -> list[dict[str, Any]]:
    """Return the programme's colours, parents first: path, depth, title, rules in sentences."""
    having = install.chosen(programme, {}, examples=True)
    out: list[dict[str, Any]] = []
    for one in programme.colours:
        path = str(values.fill(one.path, having))
        try:
            rules = colours.read(values.fill(one.rules, having), programme.scale)
        except RecordRefused:
            rules = Rules()
        told = sentences(rules, naming, programme.scale, programme.unit)
        out.append({"path": path, "written": one.path, "title": page.words.title(one.title), "rules": told})
    out.sort(key=lambda colour: colour["path"].split("/"))
    top = min(colour["path"].count("/") for colour in out)
    return [colour | {"depth": min(4, colour["path"].count("/") - top)} for colour in out]


def _findings(page: Page, report: checks.Report) -> list[dict[str, Any]]:
    return [
        {
            "severity": page.words.text(SEVERITIES[one.severity]), "bad": one.severity == "error", "place": one.place,
            "line": one.line, "message": page.words.text(MESSAGES[one.code], **one.facts),
            "remedy": page.words.text(REMEDIES[one.code]) if one.code in REMEDIES else "",
        }
        for one in report.findings
    ]  # fmt: skip


def _station(programme: Programme, naming: Naming, text: str) -> str:
    """Write a station of a way, ``contractor@project#1``, in words."""
    kinds, _, place = text.partition("@")
    names = "+".join(naming.kind(one) for one in kinds.split("+"))
    colour, _, hop = place.partition("#")
    title = next((naming.words.title(one.title) for one in programme.colours if one.name == colour), "")
    return f"{names} ({title}{', ' + hop if hop else ''})" if title else names


def _places(book: Book, programme: Programme) -> dict[str, Any]:
    """Return where the programme is installed, with the state of the money there; a short look at the book."""
    ledger = book.ledger
    registry = ledger.registry
    found = list(installed.found(programme, registry.colours))
    shown = []
    for node in found[:PLACES_SHOWN]:
        plan, obligations, paid = ledger.counters(node.path)
        shown.append({
            "path": node.path, "title": node.title, "unit": node.unit, "scale": registry.units[node.unit],
            "plan": node.limits[0], "allocated": plan, "obligations": obligations, "paid": paid,
            "below": sum(other.path.startswith(f"{node.path}/") for other in registry.colours),
        })  # fmt: skip
    return {"shown": shown, "count": len(found)}


# ---- the editor -----------------------------------------------------------------------------------------------------


def _editor(page: Page, name: str, text: str) -> Response:
    page.must("programme")
    words = page.words
    told = {
        "rules": {key: words.text(source) for key, source in RULES.items()},
        "stages": {key: words.text(source) for key, source in STAGES.items()},
        "powers": {key: words.text(source) for key, source in POWERS.items()},
        "states": {key: words.text(source) for key, source in STATES.items()},
        "directions": {key: words.text(source) for key, source in DIRECTIONS.items()},
        "severities": {key: words.text(source) for key, source in SEVERITIES.items()},
        "texts": _texts(page),
        "kinds": sorted(values.KINDS), "approvals": list(reader.APPROVALS),
    }  # fmt: skip
    speakers = sorted(page.caller.participants())
    return page.render(
        "programme_edit.html", name=name, text=text, told=json.dumps(told, ensure_ascii=False), speakers=speakers,
        others=[(one, words.title(reader.load(one).title)) for one in reader.names()],
    )  # fmt: skip


def _texts(page: Page) -> dict[str, str]:
    """Return what the script says, by what it calls it."""
    t = page.words.text
    return {
        "none": t("No errors: it holds."), "errors": t("Errors: {number}", number="{number}"),
        "warnings": t("warnings: {number}", number="{number}"), "line": t("line {number}", number="{number}"),
        "lost": t("The service did not answer. Nothing was changed; try again."),
        "ways": t("Ways of money: {number}; days at worst: {days}", number="{number}", days="{days}"),
        "add": t("Add"), "remove": t("Remove"), "value": t("Value"), "needed": t("must be given"),
        "nothing": t("Nothing would change: all of it is in force already."),
        "approve": t("needs {number} approvals by {kinds}", number="{number}", kinds="{kinds}"),
        "proposed": t("proposed by {who} already", who="{who}"),
        "later": t("it rests on the change of {colour}; plan again when that is approved", colour="{colour}"),
        "forbidden": t("your role does not allow this colour"), "entry": t("entry {number}", number="{number}"),
        "recorded": t("recorded"), "in_force": t("in force already"), "waits": t("waits for approval"),
        "unit_record": t("the unit {unit}", unit="{unit}"), "name": t("Name"), "path": t("Path"),
        "title": t("Title"), "summary": t("What it is for"), "what": t("What it is"), "type": t("Kind"),
        "default": t("Value that is taken"), "example": t("Example that it is proved with"),
        "also": t("May also be"), "count": t("How many there are"), "owner": t("Who answers"),
        "days": t("Days to answer"), "escalation": t("Who answers after them"), "condition": t("Condition"),
        "for": t("For what"), "parameters": t("What whoever installs it chooses"),
        "classes": t("Who takes part"), "colours": t("Colours"), "evidence": t("Evidence"),
        "approvals": t("Approvals"), "rules": t("Rules"), "head": t("The programme"),
        "rule": t("Add a rule"), "yes": t("yes"), "list": t("several, between commas"),
        "of_kinds": t("Of which classes"), "quorum": t("How many"), "first": t("First day"),
        "last": t("Last day"),
        "entry_until": t("Last day of entry"), "allow": t("List of payees"), "deny": t("Banned payees"),
        "item": t("item"), "quantity": t("quantity"), "price": t("price, at most"), "at": t("When"),
        "share": t("Share"), "above": t("Above"), "colour": t("colour"), "unit": t("Unit"),
        "caps": t("Share that may end"), "scale": t("Decimals of the unit"),
    }  # fmt: skip
