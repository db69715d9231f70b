"""What is published: datasets, their columns with meaning and unit, the formats of their files."""

from dataclasses import dataclass

from boyau.language.catalogue import mark as _

TEXT, NUMBER, DATE, MONEY, FLAG = "text", "number", "date", "money", "flag"
"""Types of columns. Money is in major units of the row's unit, exact; in JSON a text, so that no reader rounds it."""
TYPES = {
    TEXT: _("text"), NUMBER: _("whole number"), DATE: _("date, YYYY-MM-DD"),
    MONEY: _("exact decimal, in major units"), FLAG: _("true or false"),
}  # fmt: skip
XLSX_ROWS_MAX = 20_000
"""Rows of a spreadsheet: of more, the newest. The other formats always hold all."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the files, its type, what it means, and the unit where it has one."""

    name: str
    type: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset: its name in addresses, what it is called and holds."""

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files: how it is called, its media type, its place in the vocabulary of the EU."""

    name: str
    title: str
    media: str
    vocabulary: str
    about: str


FORMATS = (
    Format("csv", "CSV", "text/csv", "CSV", _(
        "The first line is a remark that begins with #; then names of columns; commas, UTF-8.")),
    Format("xlsx", "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX", _(
        "For looking and small sums; of long tables the newest rows only. The sheet About says of which entry.")),
    Format("parquet", "Parquet", "application/vnd.apache.parquet", "PARQUET", _(
        "For large questions; entry and root stand in the file's key-value metadata.")),
    Format("jsonl", "JSON Lines", "application/jsonl", "JSON", _(
        "The first line is an object _about; then an object a row. Sums are texts, so that nothing rounds them.")),
)  # fmt: skip

DATASETS = (
    Dataset(
        "colours", _("Colours with their rules and limits"),
        _("The tree of coloured money: what each colour may buy, from whom, until when, on what evidence."),
        (
            Column("colour", TEXT, _("The colour's path; those above it are its beginnings")),
            Column("parent", TEXT, _("The colour above; empty at the top")),
            Column("level", NUMBER, _("How deep it stands; 1 at the top")),
            Column("unit", TEXT, _("The unit of its money, KZT for tenge")),
            Column("title_kk", TEXT, _("Title in Kazakh")),
            Column("title_ru", TEXT, _("Title in Russian")),
            Column("title_en", TEXT, _("Title in English")),
            Column("plan", MONEY, _("The plan in force; empty: none is set"), "unit"),
            Column("obligations_limit", MONEY, _("The limit of obligations in force; empty: none is set"), "unit"),
            Column("payments_limit", MONEY, _("The limit of payments in force; empty: none is set"), "unit"),
            Column("allocated", MONEY, _("What was allocated to it and below"), "unit"),
            Column("obligations", MONEY, _("What contracts have bound in it and below"), "unit"),
            Column("paid", MONEY, _("What was paid out of it and below"), "unit"),
            Column("rules", TEXT, _("The rules it makes itself, as a JSON object of texts")),
            Column("rules_entry", NUMBER, _("The entry that set these rules; empty: none")),
        ),
    ),
    Dataset(
        "payments", _("Posted operations"),
        _("Every operation that moved or bound money. Natural persons stand under a pseudonym of this installation."),
        (
            Column("entry", NUMBER, _("Number of the entry in the journal; its page is /e/ and this number")),
            Column("date", DATE, _("Value date")),
            Column("operation", TEXT, _("Kind of operation, as in the formats' documentation: pay, allocate, …")),
            Column("amount", MONEY, _("What it moved or bound"), "unit"),
            Column("unit", TEXT, _("The unit of the amount")),
            Column("colour", TEXT, _("The colour that pays")),
            Column("payer", TEXT, _("Number of who pays (BIN), or person- and a pseudonym")),
            Column("payer_name", TEXT, _("Its name; empty for natural persons")),
            Column("payer_account", TEXT, _("The account that pays")),
            Column("payee_colour", TEXT, _("The colour that receives; of plain money its unit")),
            Column("payee", TEXT, _("Number of who is paid (BIN), or person- and a pseudonym")),
            Column("payee_name", TEXT, _("Its name; empty for natural persons")),
            Column("payee_account", TEXT, _("The account that is paid")),
            Column("plain", FLAG, _("True where the colour ends with it: the money becomes plain")),
            Column("item", TEXT, _("Code of what is bought; empty where none was named")),
            Column("refers_to", NUMBER, _("Entry of the contract, or of the payment that is given back; or empty")),
        ),
    ),
    Dataset(
        "execution", _("Execution by month"),
        _("Sums of the posted operations by month of the value date, by paying colour and kind."),
        (
            Column("month", TEXT, _("Month, YYYY-MM")),
            Column("colour", TEXT, _("The colour that pays, without those below it")),
            Column("unit", TEXT, _("The unit of the sum")),
            Column("operation", TEXT, _("Kind of operation")),
            Column("plain", FLAG, _("True where the colour ends with it: the money becomes plain")),
            Column("operations", NUMBER, _("How many")),
            Column("amount", MONEY, _("Their sum"), "unit"),
        ),
    ),
    Dataset(
        "participants", _("Participants that are legal entities"),
        _("Organisations that hold, pay or receive coloured money. Natural persons are left out."),
        (
            Column("participant", TEXT, _("Number (BIN) or id")),
            Column("name_kk", TEXT, _("Name in Kazakh")),
            Column("name_ru", TEXT, _("Name in Russian")),
            Column("name_en", TEXT, _("Name in English")),
            Column("classes", TEXT, _("Classes by which rules know it, separated by spaces")),
            Column("region", TEXT, _("Region, KATO code")),
        ),
    ),
    Dataset(
        "programmes", _("Programmes"),
        _("Ready-made coloured money and what its proofs found."),
        (
            Column("programme", TEXT, _("The programme's name; its file is /api/v1/programmes/NAME/file")),
            Column("title_kk", TEXT, _("Title in Kazakh")),
            Column("title_ru", TEXT, _("Title in Russian")),
            Column("title_en", TEXT, _("Title in English")),
            Column("colours", NUMBER, _("How many colours it has")),
            Column("ways", NUMBER, _("How many ways of money to a last payee")),
            Column("days_at_worst", NUMBER, _("How long the slowest way can be held up"), "days"),
            Column("errors", NUMBER, _("Errors that its proofs found")),
            Column("installed_at", TEXT, _("Colours of this ledger that have its rules, separated by spaces")),
        ),
    ),
    Dataset(
        "checkpoints", _("Signed checkpoints"),
        _("What the log has signed of itself, with cosignatures: they prove that nothing was altered."),
        (
            Column("entries", NUMBER, _("How many entries it is about")),
            Column("root", TEXT, _("Root hash of the log (RFC 9162), base64")),
            Column("signers", TEXT, _("Who signed, separated by spaces; the log stands first")),
            Column("note", TEXT, _("The signed note itself (C2SP)")),
        ),
    ),
)  # fmt: skip
BY_NAME = {one.name: one for one in DATASETS}


def file_name(dataset: str, form: str) -> str:
    """Return the name of a file."""
    return f"{dataset}.{form}"


FILES = {file_name(one.name, form.name): (one, form) for one in DATASETS for form in FORMATS}
"""Every file by its name."""
