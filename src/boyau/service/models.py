"""The shapes of requests and answers, as OpenAPI tells them. What an operation means is docs/formats.md.

The bodies of operations and records are read by the codec (strict, bounded, no floats) and judged by the ledger itself;
these models describe them for whoever generates a client, and serve the rest of the API.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from boyau.journal.operations import OPS

Amount = Annotated[str, Field(pattern=r"^\d{1,17}(\.\d{1,6})?$", examples=["1500.00"])]
Id = Annotated[
    str,
    Field(
        description="A UUID, or 1 to 16 printable ASCII characters; chosen by the sender and kept before sending.",
        min_length=1, max_length=36, examples=["0192f0c1-2b3c-7d4e-8f50-617283940a0b"],
    ),
]  # fmt: skip


class Strict(BaseModel):
    """Refuses what it does not know, and never guesses types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Operation(Strict):
    """A movement of money, or an act about it. Which fields an operation needs: docs/formats.md."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=True)
    op: Annotated[str, Field(json_schema_extra={"enum": sorted(OPS)})]
    id: Id
    source: Annotated[str | None, Field(alias="from", description="Account that pays.")] = None
    to: Annotated[str | None, Field(description="Account that receives.")] = None
    amount: Amount | None = None
    hold: Annotated[str | None, Field(description="The contract (hold) that is paid on, accepted, released.")] = None
    original: Annotated[str | None, Field(description="The operation that is given back.")] = None
    item: Annotated[str | None, Field(examples=["ENSTRU:42.11"])] = None
    region: Annotated[str | None, Field(description="KATO, nine digits.")] = None
    date: Annotated[str | None, Field(description="Value date, YYYY-MM-DD; by default today.")] = None
    subject: str | None = None
    document: Annotated[str | None, Field(description="SHA-256 of the document, or its first 24 bytes.")] = None
    expires: str | None = None
    quantity: Annotated[str | None, Field(description="In thousandths exact, as a decimal text.")] = None
    linked: bool = False
    emergency: bool = False


class Record(BaseModel):
    """A fact that the ledger rules by: a colour, an account, a limit, evidence, an approval (docs/formats.md)."""

    model_config = ConfigDict(extra="allow")
    type: Annotated[str, Field(examples=["attestation"])]


class Answer(Strict):
    """What became of an operation or a record."""

    result: Annotated[str, Field(description="posted, exists, recorded, or why not (docs/ledger.md, Results).")]
    id: str = ""
    entry: Annotated[int | None, Field(description="Number of the entry in the journal.")] = None
    href: str = ""
    field: str = ""
    message: str = ""


class Finding(BaseModel):
    """A rule that an operation breaks."""

    model_config = ConfigDict(extra="allow")
    result: str
    reason: str
    remedy: str = ""


class Explained(Strict):
    """What would become of an operation, with every rule against it."""

    result: str
    findings: list[Finding] = []


class Batch(Strict):
    """What became of a batch; an answer a line, in order, unless only counts were asked for."""

    lines: int
    good: int
    results: dict[str, int]
    answers: list[Answer] = []


class Page(Strict):
    """A part of a list; ``next`` is the address of the part after it."""

    items: list[dict[str, Any]]
    next: str | None = None
