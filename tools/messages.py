"""Collect the texts that are shown to people, and bring the Kazakh and Russian catalogues up to date.

Run it after any change to a text: ``make messages``, or ``.venv/bin/python tools/messages.py``. It

1. reads every module and template of ``src/boyau`` and takes the source texts: a literal handed to ``.text("…")`` of
   a language, to ``text("…")``, ``mark("…")`` or ``_("…")``, in templates to ``t("…")``, also where the literal stands
   in several pieces or inside an f-string;
2. writes them to ``src/boyau/language/locale/boyau.pot``, the template;
3. carries them into ``locale/{kk,ru}/LC_MESSAGES/boyau.po``. Translations stay. A new text gets an empty one. A text
   that is used no more is kept as a ``#~`` remark, so that its translation can be taken over; ``--prune`` throws those
   away;
4. compiles ``boyau.mo`` beside each, so that an editable installation speaks the new words at once;
5. lists what is not translated yet, by language. Fill the empty ``msgstr`` in the two ``.po`` files by hand, remove any
   ``#, fuzzy``, and run it again. docs/glossary.md says which word stands for what.

``--check`` changes nothing: exit code 1 if a file would change or a text is not translated.

The files hold neither times nor line numbers, so that they change only when a text does.
"""

import argparse
import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "boyau"
LOCALE = SOURCES / "language" / "locale"
TEMPLATE = LOCALE / "boyau.pot"
LANGUAGES = ("kk", "ru")
METHODS = frozenset({"text"})
"""Called on an object: ``words.text("…")``."""
FUNCTIONS = frozenset({"mark", "_", "t", "text"})
"""Called by their bare name; ``t`` in templates, ``text`` where a language's own method was given a short name."""

_LINE_WIDTH = 110
_LEFT_OUT = (
    *('"POT-Creation-Date:', '"PO-Revision-Date:', '"Generated-By:'),  # differ from run to run, or between Babels
    *('"Project-Id-Version:', '"Report-Msgid-Bugs-To:', '"Last-Translator:', '"Language-Team:'),  # say nothing here
)
"""Header lines that are not written."""


def texts_of(
    module: BinaryIO, _keywords: Any, _tags: Any, **_options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield the source texts of a module, as Babel wants them from an extraction method.

    Babel's own method reads tokens, and before Python 3.12 an f-string is a single one: what is called inside is lost.
    """
    calls = [node for node in ast.walk(ast.parse(module.read())) if isinstance(node, ast.Call) and node.args]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        source, name = call.args[0], _called(call)
        if name and isinstance(source, ast.Constant) and isinstance(source.value, str) and source.value:
            yield call.lineno, name, source.value, []


def texts_of_template(
    template: BinaryIO, _keywords: Any, _tags: Any, **_options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield the source texts of a template: what stands first in a call of ``t``."""
    tree = Environment().parse(template.read().decode())
    for call in tree.find_all(nodes.Call):
        named = isinstance(call.node, nodes.Name) and call.node.name == "t"
        if named and call.args and isinstance(call.args[0], nodes.Const):
            yield call.lineno, "t", call.args[0].value, []


def _called(call: ast.Call) -> str:
    """Return the keyword that is called, "" if it is none."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
        return call.func.attr
    if isinstance(call.func, ast.Name) and call.func.id in FUNCTIONS:
        return call.func.id
    return ""


def extract() -> Catalog:
    """Return the template: every source text, with the modules that use it."""
    template = _catalogue(None)
    keywords: dict[str, Any] = dict.fromkeys(METHODS | FUNCTIONS)
    sources = [("**.py", texts_of), ("**.html", texts_of_template)]
    for module, _line, text, _comments, _context in extract_from_dir(SOURCES, sources, keywords=keywords):
        template.add(text, locations=[(f"src/boyau/{module}", 0)])
    return template


def _catalogue(language: str | None) -> Catalog:
    catalogue = Catalog(language, domain="boyau", project="boyau", fuzzy=False, header_comment="# The texts of Boyau.")
    if language is None:
        catalogue.header_comment = "# The texts of Boyau. Written by tools/messages.py; do not edit."
    return catalogue


def path_of(language: str) -> Path:
    """Return where the translations of *language* are kept."""
    return LOCALE / language / "LC_MESSAGES" / "boyau.po"


def read(language: str) -> Catalog:
    """Read the translations of *language*; an empty catalogue where there are none yet."""
    if not path_of(language).exists():
        return _catalogue(language)
    with path_of(language).open("rb") as source:
        return read_po(source, locale=language, domain="boyau")


def updated(language: str, template: Catalog, *, prune: bool = False) -> Catalog:
    """Return the catalogue of *language* with the texts of *template* and the translations it has."""
    catalogue = read(language)
    # A guessed ("fuzzy") translation of money matters is worse than none.
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    if prune:
        catalogue.obsolete.clear()
    return catalogue


def written(catalogue: Catalog) -> str:
    """Return a catalogue as the text of its file; the same catalogue always gives the same text."""
    out = io.BytesIO()
    write_po(out, catalogue, width=_LINE_WIDTH, include_lineno=False, sort_output=False)
    return "".join(line for line in out.getvalue().decode().splitlines(keepends=True) if not line.startswith(_LEFT_OUT))


def missing(catalogue: Catalog) -> list[str]:
    """Return the texts without a translation that someone has confirmed."""
    return [str(message.id) for message in catalogue if message.id and (message.fuzzy or not message.string)]


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with ``--check`` compare them; return the exit code."""
    parser = argparse.ArgumentParser(description="Bring the message catalogues up to date.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something is out of date")
    parser.add_argument("--prune", action="store_true", help="throw away translations of texts that are used no more")
    options = parser.parse_args(arguments)
    template = extract()
    catalogues = {language: updated(language, template, prune=options.prune) for language in LANGUAGES}
    files = {TEMPLATE: written(template)} | {path_of(code): written(one) for code, one in catalogues.items()}
    stale = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'out of date' if options.check else 'written'}")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
    untranslated = 0
    for code, catalogue in catalogues.items():
        lacking = missing(catalogue)
        untranslated += len(lacking)
        print(f"{code}: {len(template)} texts, {len(lacking)} to translate, {len(catalogue.obsolete)} used no more")
        for text in lacking:
            print(f"    {text}")
        if not options.check:
            with path_of(code).with_suffix(".mo").open("wb") as target:
                write_mo(target, catalogue)
    return 1 if options.check and (stale or untranslated) else 0


if __name__ == "__main__":
    sys.exit(main())
