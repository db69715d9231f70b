"""The shapes of ``/api/v1/programmes``, as OpenAPI tells them."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from boyau.service.models import Strict

Texts = dict[str, str]


class Listed(Strict):
    """A programme in the list, with the colours at which it is installed here."""

    name: str
    title: Texts
    summary: Texts
    unit: str
    colours: int
    installed: list[str]


class List(Strict):
    """All programmes that come with the program."""

    items: list[Listed]
    next: None = None


class Finding(Strict):
    """What the proofs found, or why the text is no programme."""

    severity: Annotated[str, Field(description="error or warning")]
    code: Annotated[str, Field(description="docs/programmes.md, The proofs; `unreadable` where the text is none.")]
    line: Annotated[int, Field(description="Line of the text, 0 where there is none.")]
    place: str
    message: str
    remedy: str = ""


class Wait(Strict):
    """What money waits for on its way, who must answer and within how many days."""

    colour: str
    stage: str
    condition: str
    owners: list[dict[str, Any]]
    days: int


class Way(Strict):
    """A way of money to somebody who gets it plain, with everything it waits for."""

    way: list[str]
    days: Annotated[int, Field(description="At worst: one thing after the other, every deadline passed.")]
    waits: list[Wait]


class Checked(Strict):
    """A programme's text, what it says as data, and what its proofs found."""

    text: str
    document: Annotated[dict[str, Any] | None, Field(description="None where the text cannot be read.")]
    findings: list[Finding]
    errors: int
    ways: list[Way]
    colours: int
    states: int


class Written(Strict):
    """A programme: its text, or what it says as data; the values of its parameters."""

    text: str | None = None
    document: dict[str, Any] | None = None
    name: Annotated[str | None, Field(description="One that comes with the program, instead of a text.")] = None
    values: dict[str, Any] = Field(default={})
    only: list[str] = Field(default=[], description="Only these of its colours, for a further contract, say.")


class Difference(Strict):
    """A rule that would be another one than is in force."""

    rule: str
    before: str
    after: str
    direction: Annotated[str, Field(description="narrower, wider or other")]
    words: str


class Planned(Strict):
    """What would become of one record."""

    record: dict[str, Any]
    state: Annotated[str, Field(description="new, same, changes, approval, later, refused")]
    words: str
    digest: str
    colour: str = ""
    differences: list[Difference] = Field(default=[])
    quorum: int = 0
    classes: list[str] = Field(default=[])
    proposed_by: str = ""
    waits_for: str = ""
    allowed: Annotated[bool, Field(description="Whether the caller may record it.")] = True
    field: str = ""
    reason: str = ""


class Plan(Strict):
    """A dry run: nothing is recorded. ``plan`` names exactly this outcome; installing asks for it."""

    plan: str
    ready: Annotated[bool, Field(description="The ledger takes it all, and the caller may record it all.")]
    findings: list[Finding]
    errors: int
    records: list[Planned]


class Install(Written):
    """What is to be installed, and the plan that was seen."""

    plan: str
    by: Annotated[str | None, Field(description="The participant for whom changes are proposed.")] = None
    until: Annotated[str | None, Field(description="How long proposals wait, YYYY-MM-DD; a week by default.")] = None


class Done(Strict):
    """What became of one record: recorded, in force, proposed, waits."""

    colour: str
    result: str
    entry: int | None = None
    href: str = ""
    digest: str = ""
    quorum: int = 0
    classes: list[str] = Field(default=[])
    message: str = ""


class Installed(Strict):
    """What was done, in order."""

    records: list[Done]


def body(model: type[BaseModel]) -> dict[str, Any]:
    """Return how OpenAPI tells of a body that the route reads itself."""
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
