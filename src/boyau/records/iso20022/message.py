"""One XML message: read with nothing in it that acts, checked against the published schema, written to conform to it.

The schemas are the files that ISO 20022 publishes, as packages ship them, unchanged. What is read is refused before any
parser sees it where it is too large, not UTF-8, or declares a document type: entities, and files or addresses named by
a message, then do not exist.
"""

import re
from contextlib import suppress
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from boyau.ledger import amounts

MESSAGE_BYTES_MAX = 32 << 20
"""About 30,000 payments; the tree of such a message takes ten times its size of memory."""
TRANSACTIONS_MAX = 50_000
PAGE_ENTRIES = 20_000
"""Entries in one message that goes out: about 26 MB, so that whoever has our limits can read it."""
DIGITS_MAX = 18
"""ActiveOrHistoricCurrencyAndAmount: at most so many digits in all."""
PACKAGES = ("pain001", "camt053")
"""What ships the published schemas, unchanged. They are read as files."""
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
PAIN_001 = ("pain.001.001.03", "pain.001.001.09", "pain.001.001.12")
CAMT_053 = ("camt.053.001.02", "camt.053.001.08")
PAIN_002, STATEMENT, NOTIFICATION = "pain.002.001.12", "camt.053.001.08", "camt.054.001.08"

_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, production 2: no other character may stand in a document, not even escaped."""
_BLANKS = re.compile(r"\s+")
_MARKUP = re.compile("[&<>]")
_LINES = tuple("\n" + " " * depth for depth in range(5))
"""Lines down to the parts of an entry; below that everything stands on one line, or a day of payments would not fit."""
_CURRENCY = re.compile(r"[A-Z]{3}")


class MessageError(ValueError):
    """A text that is no such message; the sentence names the line and says what to do."""


class SchemaMissing(MessageError):  # noqa: N818 - says what it is
    """The published schema is not installed; the sentence says how it is."""


class Unwritable(ValueError):  # noqa: N818 - says what it is
    """What the standard has no room for."""


@cache
def schema(name: str) -> Any:
    """Return the published schema of message *name*, such as ``pain.001.001.09``. MessageError: no package has it."""
    return etree.XMLSchema(etree.fromstring(published(name), _parser()))


def published(name: str) -> bytes:
    """Return a schema's text as one of the packages ships it; none of their code is run."""
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            for file in distribution(package).files or ():
                if file.name == f"{name}.xsd":
                    return Path(str(file.locate())).read_bytes()
    raise SchemaMissing(f"the schema of {name} is not here; install it with `pip install 'boyau[iso20022]'`")


def _parser() -> Any:
    # ``huge_tree=False`` keeps the parser's own limits: depth 256, 10 MB of text in one node.
    return etree.XMLParser(
        encoding="utf-8",  # whatever a message declares: what was checked below is what is read
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


class Document:
    """A message that has been read and conforms to its schema; paths are written without namespaces."""

    def __init__(self, data: bytes, where: str, accepted: tuple[str, ...]) -> None:
        _refuse_what_acts(data, where)
        try:
            self.root = etree.fromstring(data, _parser())
        except etree.XMLSyntaxError as error:
            told = clean(str(error.msg or "not XML").partition(", line ")[0], 200)
            raise MessageError(f"{where}, line {error.lineno or 1}: not well-formed XML: {told}") from None
        space, _, tag = str(self.root.tag).rpartition("}")
        self.name = space.removeprefix("{" + NAMESPACE)
        if self.name not in accepted or tag != "Document":
            said = f"{space.lstrip('{') or 'no namespace'}, {tag}"[:120]
            raise MessageError(
                f"{where}, line {self.root.sourceline}: this is {said}; "
                f"send Document of {NAMESPACE}…, one of {', '.join(accepted)}"
            )
        self._space = "{" + NAMESPACE + self.name + "}"
        self._paths: dict[str, str] = {}
        checked = schema(self.name)
        if not checked.validate(self.root):
            first = checked.error_log[0]
            told = clean(first.message.replace(self._space, "").rstrip("."), 300)
            raise MessageError(f"{where}, line {first.line}: does not conform to {self.name}: {told}")

    def _path(self, path: str) -> str:
        found = self._paths.get(path)
        if found is None:
            found = self._paths[path] = "/".join(self._space + step for step in path.split("/"))
        return found

    def first(self, element: Any, path: str) -> Any:
        """Return the first element at *path* below *element*, or None."""
        return element.find(self._path(path))

    def all(self, element: Any, path: str) -> list[Any]:
        """Return every element at *path* below *element*."""
        return element.findall(self._path(path))  # type: ignore[no-any-return]

    def text(self, element: Any, *paths: str) -> str:
        """Return the text at the first of *paths* that is there; "" where none is."""
        if element is None:
            return ""
        for path in paths:
            found = element.findtext(self._path(path))
            if found is not None:
                return str(found).strip()
        return ""


def _refuse_what_acts(data: bytes, where: str) -> None:
    if len(data) > MESSAGE_BYTES_MAX:
        raise MessageError(f"{where}: larger than {MESSAGE_BYTES_MAX >> 20} MiB; send it as several messages")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MessageError(f"{where}, line {line}: not UTF-8; ISO 20022 messages are sent in UTF-8") from None
    if b"\0" in data:  # UTF-16 of Latin letters is UTF-8 too, and the marks below would not be seen in it
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise MessageError(f"{where}, line {line}: not UTF-8 but zero bytes; ISO 20022 messages are sent in UTF-8")
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].upper() not in (b"UTF-8", b"UTF8", b"US-ASCII"):
        said = declared[1].decode()
        raise MessageError(f"{where}, line 1: declares the encoding {said}; ISO 20022 messages are sent in UTF-8")
    for mark in (b"<!DOCTYPE", b"<!ENTITY"):
        at = data.find(mark)
        if at >= 0:
            line = data.count(b"\n", 0, at) + 1
            raise MessageError(f"{where}, line {line}: declares a document type; a message may not, take it out")


def read_bounded(path: str) -> bytes:
    """Read a file, never more of it than a message may have."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - a pipe is as good as a file
            return stream.read(MESSAGE_BYTES_MAX + 1)
    except OSError as error:
        raise MessageError(f"{path} cannot be read: {error.strerror}") from None


# ---- writing --------------------------------------------------------------------------------------------------------


def clean(text: str, most: int) -> str:
    """Return *text* as a message may carry it: allowed characters, single blanks, 1 to *most* characters."""
    allowed = _BLANKS.sub(" ", _FORBIDDEN.sub("\ufffd", text)).strip()
    return allowed[:most].rstrip() or "-"


def parts(text: str, most: int) -> list[str]:
    """Cut *text* at blanks into pieces of at most *most* characters."""
    rest, out = clean(text, max(len(text), 1)), []
    while len(rest) > most:
        at = rest.rfind(" ", 0, most + 1)
        at = at if at > 0 else most
        out.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*out, rest] if rest else out


class Writer:
    """Writes elements in the order they are given; ``finish`` checks the whole against the schema."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._out = [f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}{name}">']
        self._open = ["Document"]

    def begin(self, *tags: str) -> None:
        """Open elements, each inside the one before."""
        for tag in tags:
            self._out.append(f"{self._line()}<{tag}>")
            self._open.append(tag)

    def end(self, count: int = 1) -> None:
        """Close the innermost *count* elements."""
        for _ in range(count):
            tag = self._open.pop()
            self._out.append(f"{self._line()}</{tag}>")

    def leaf(self, path: str, text: str, most: int = 0, currency: str = "") -> None:
        """Write ``A/B/C`` with *text* inside the last; nothing where there is no text."""
        if text == "":
            return
        before, after = _tags(path, currency)
        content = clean(text, most) if most else text
        if _MARKUP.search(content):
            content = escape(content)
        self._out.append(f"{self._line()}{before}{content}{after}")

    def mark(self) -> int:
        """Return the place where the next element will stand, for ``since``."""
        return len(self._out)

    def since(self, mark: int) -> str:
        """Return what was written since *mark*; ``again`` writes it once more at the same depth."""
        return "".join(self._out[mark:])

    def again(self, written: str) -> None:
        """Write what was written before."""
        self._out.append(written)

    def amount(self, tag: str, minor: int, unit: str, scale: int) -> None:
        """Write an amount with its currency."""
        self.leaf(tag, amount_text(minor, unit, scale), currency=unit)

    def _line(self) -> str:
        depth = len(self._open)
        return _LINES[depth] if depth < len(_LINES) else ""

    def finish(self) -> bytes:
        """Close what is open and return the message; it conforms, or nothing is handed out."""
        self.end(len(self._open))
        data = ("".join(self._out) + "\n").encode()
        checked = schema(self._name)
        if not checked.validate(etree.fromstring(data, etree.XMLParser(resolve_entities=False, huge_tree=True))):
            raise Unwritable(f"{self._name} cannot say this: {checked.error_log[0].message}"[:400])
        return data


@lru_cache(1024)
def _tags(path: str, currency: str) -> tuple[str, str]:
    """Return what opens and what closes ``A/B/C``."""
    tags = path.split("/")
    before = "".join(f"<{tag}>" for tag in tags)
    if currency:
        before = f'{before[:-1]} Ccy="{currency}">'
    return before, "".join(f"</{tag}>" for tag in reversed(tags))


def amount_text(minor: int, unit: str, scale: int) -> str:
    """Return an amount as the standard writes it."""
    if not _CURRENCY.fullmatch(unit):
        raise Unwritable(f"{unit} is no currency; ISO 20022 has messages for money only")
    text = amounts.write(minor, scale)
    if len(text.replace(".", "")) > DIGITS_MAX:
        raise Unwritable(f"{text} has more than the {DIGITS_MAX} digits that ISO 20022 has for an amount")
    return text
