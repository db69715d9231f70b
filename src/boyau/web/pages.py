"""One page being made: who reads it, in which language, and what they may see."""

from functools import cache
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from boyau.language import LANGUAGES, Language
from boyau.language.catalogue import mark as _
from boyau.service.api import LANGUAGE_COOKIE, words_of
from boyau.service.gate.access import Access
from boyau.service.gate.policy import Facts
from boyau.service.gate.turn import TURN, Turn
from boyau.service.identity.people import Caller
from boyau.service.identity.sessions import csrf_token
from boyau.service.problems import Problem
from boyau.treasury.budget.report import statements
from boyau.views.columns import Table
from boyau.web import assets, dyes, figures, masks
from boyau.web.parties import Party
from boyau.web.reader import Reader

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
ROLE_NAMES = {
    "treasury": _("treasury"),
    "programme_administrator": _("programme administrator"),
    "owner": _("customer of works"),
    "contractor": _("contractor"),
    "controller": _("controller"),
    "inspector": _("inspector"),
    "doctor": _("doctor"),
    "pharmacist": _("pharmacist"),
    "analyst": _("analyst"),
    "head": _("head of the agency"),
    "auditor": _("auditor"),
    "public": _("public"),
    "administrator": _("administrator of the installation"),
}
_YEAR_SECONDS = 365 * 86_400
SIMULATED = "sim"
"""The colour that simulated years stand below (treasury/simulation)."""


@cache
def templates() -> Environment:
    """Return the environment of all templates: what is inserted is escaped, and a missing fact is an error."""
    made = Environment(
        loader=PackageLoader("boyau.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals |= {"asset": assets.address, "swatch": dyes.swatch, "dye": dyes.dye, "bar": figures.bar}
    return made


class Page:
    """What every page needs. ``reader`` has the ledger's facts, ``words`` the reader's language."""

    def __init__(self, request: Request) -> None:
        turn = TURN.get(None)
        self.request = request
        self.words: Language = turn.words if turn else words_of(request)
        self.caller: Caller = turn.caller if turn else Caller()
        self.access: Access = request.app.state.access
        self.reader: Reader = request.app.state.reader
        self._turn: Turn | None = turn

    # ---- what may be seen -------------------------------------------------------------------------------------------

    def may(self, action: str, facts: Facts | None = None) -> bool:
        """Tell whether the reader may, by the table of roles; what a person who is known asked for is recorded."""
        verdict = self.access.policy.decide(self.caller.grants, action, facts or Facts())
        if self._turn is not None and self.caller.account:
            resource = facts.colours[0] if facts and facts.colours else "*"
            self.access.told(self._turn, action, f"page {resource}", allowed=verdict.allowed, rule=verdict.rule)
        return verdict.allowed

    def could(self, action: str) -> bool:
        """Tell whether the reader may do this anywhere at all: for what a page offers. Nothing is decided by it."""
        return self.access.policy.decide(self.caller.grants, action, None).allowed

    def must(self, action: str, facts: Facts | None = None) -> None:
        """Refuse the page to whoever may not see it."""
        if self.may(action, facts):
            return
        if not self.caller.account:
            raise Problem(401, "sign-in", self.words.text("Sign in to see this."))
        raise Problem(403, "not-allowed", self.words.text("Your role does not allow this."))

    @property
    def sees_persons(self) -> bool:
        """True for those who may see who natural persons are."""
        return self.access.policy.decide(self.caller.grants, "see.persons", None).allowed

    def hides(self, party: Party) -> bool:
        """Tell whether this is a natural person whom the reader may not see."""
        return (
            masks.is_person(party.participant, party.facts.get("classes", ()))
            and not self.sees_persons
            and party.participant not in self.caller.participants()
        )

    def hidden(self, party: Party) -> str:
        """Return the name under which a hidden person is told apart from others."""
        return masks.pseudonym(party.participant, self.access.store.salt)

    def roles(self) -> list[str]:
        """Name the reader's roles."""
        return [self.words.text(ROLE_NAMES[one]) for one in sorted({grant.role for grant in self.caller.grants})]

    def who(self, participant: str, facts: dict[str, Any] | None) -> str:
        """Name a participant: by its title, else its id; a natural person only to those who may see it."""
        facts = facts or {}
        person = masks.is_person(participant, facts.get("classes", ()))
        if person and not self.sees_persons and participant not in self.caller.participants():
            short = masks.pseudonym(participant, self.access.store.salt)
            return self.words.text("natural person {number}", number=short)
        return self.words.title(facts.get("name") or "") or participant

    # ---- making it --------------------------------------------------------------------------------------------------

    def text(self, source: str, **values: Any) -> Markup:
        """Translate for a template; values are escaped unless they are markup."""
        translated = escape(self.words.text(source))
        return translated.format(**values) if values else translated

    def render(self, template: str, status: int = 200, headers: dict[str, str] | None = None, **facts: Any) -> Response:
        """Return the page."""
        words = self.words
        html = templates().get_template(template).render(
            page=self, words=words, t=self.text, request=self.request, languages=LANGUAGE_NAMES,
            money=lambda minor, unit="KZT", scale=2: figures.money(minor, words, unit, scale),
            exact=lambda minor, unit="KZT", scale=2: figures.exact(minor, words, unit, scale),
            number=lambda value: words.number(str(value)), csrf=self._csrf(), **facts,
        )  # fmt: skip
        given = {"Content-Security-Policy": POLICY, "Content-Language": words.code, "Vary": "Cookie, Accept-Language"}
        answer = Response(html, status, given | (headers or {}), "text/html; charset=utf-8")
        chosen = self.request.query_params.get("language", "")
        if chosen in LANGUAGES:
            secure = self.request.url.scheme == "https"
            answer.set_cookie(LANGUAGE_COOKIE, chosen, _YEAR_SECONDS, samesite="lax", secure=secure)
        return answer

    def _csrf(self) -> str:
        return csrf_token(self.caller.secret) if self.caller.session else ""

    def here(self, **changed: Any) -> str:
        """Return the address of this page with other values in its query; None takes one away."""
        query = dict(self.request.query_params)
        query.pop("language", None)
        for name, value in changed.items():
            if value is None:
                query.pop(name, None)
            else:
                query[name] = str(value)
        # As it was asked for: a '#' of an account ends no address.
        path = quote(self.request.scope["path"], safe="/@:~")
        return f"{path}?{urlencode(query)}" if query else path

    @property
    def demonstration(self) -> bool:
        """True where the ledger is the demonstration's."""
        return bool(self.request.app.state.demonstration)

    def simulated(self, path: str) -> bool:
        """Tell whether a colour's money is simulated.

        That of a simulated year is, and in a demonstration all but what a state has published.
        """
        if path.partition("/")[0] == SIMULATED:
            return True
        return self.demonstration and not any(f"{path}/".startswith(f"{root}/") for root in self._published())

    def _published(self) -> tuple[str, ...]:
        """Return the colours that published budgets stand below."""

        def look(_rows: Table) -> tuple[str, ...]:
            with self.reader.views() as views:
                return tuple(str(record["root"]) for record in statements(views).values())

        return self.reader.once("published roots", look)


async def page_of(request: Request) -> Page:
    """Return the page that is being made for a request."""
    return Page(request)


Asked = Annotated[Page, Depends(page_of)]


def error_page(request: Request, problem: Problem) -> Response | None:
    """Return a problem as a page, None for those who want data."""
    wants = request.headers.get("accept", "")
    if request.url.path.startswith("/api/") or "text/html" not in wants:
        return None
    return Page(request).render(
        "error.html", problem.status, problem.headers, problem=problem, retry=problem.headers.get("Retry-After", "")
    )
