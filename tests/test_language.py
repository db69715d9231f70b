"""The three languages: complete catalogues, refusals told with their figures, amounts and dates as each writes them."""

import gettext
import importlib.util
import io
import re
import string
import unicodedata
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo

from boyau.journal.operations import Operations
from boyau.language import LANGUAGES, Language, explanation, language, reason, remedy
from boyau.language.refusals import REASONS, REMEDIES
from boyau.ledger import Result
from boyau.ledger.codes import day, day_of, item_interval, item_number, region_interval, region_number
from boyau.ledger.explain import Explainer, Finding
from boyau.ledger.terms import Share
from tests.page import Page

TOOL = Path(__file__).parents[1] / "tools" / "messages.py"
TRANSLATED = ("kk", "ru")
CODES = {"void", "commit", "release", "accept", "change", "report", "test", "below", "classes", "XLSX"}
"""Latin words that a translation may hold: names of operations and of tables as they are written in a file, of options
and of forms."""
CODES |= {"criteria", "days", "details", "grounds", "json", "ocid", "share", "types", "procurementMethodDetails"}
CODES |= {"BODS", "Cardinal", "Contracting", "JSON", "Open", "Partnership", "UTF", "V", "VIII"}
NAMES = {
    *("Ed", "https", "JSON", "base", "SHA", "UTF", "RFC", "C", "SP", "QR", "KZT", "JavaScript", "boyau", "programme"),
    *("true", "false", "True", "About", "about", "e", "pay", "allocate", "person", "unit", "name", "id", "api", "v"),
    *("programmes", "NAME", "file", "If", "None", "Match", "Range", "acceptance", "evidence", "approvals", "owner"),
    *("days", "powers"),
}
"""And names of standards, fields and addresses, where the source has them too."""

TO, FROM = "100140005678@kz/road#1", "budget@kz/road"
PAYEE, MONEY = "200240001234", {"amount": 60_000_000, "unit": "KZT"}
LIMIT = MONEY | {"limit": 123_456_750, "used": 100_000_000, "left": 23_456_750, "name": "plan"}
ITEMS = {"allowed": (item_interval("ENSTRU:42.11"), item_interval("CPV:45")), "item": item_number("ENSTRU:35.11")}
REGIONS = {"allowed": (region_interval("71"),), "region": region_number("750000000")}
CLASSES = {"payee": PAYEE, "has": ["gambling"], "needed": ["contractor", "supplier"]}
DAYS = {"date": day("2027-01-15"), "today": day("2027-01-20")}
CONTRACT = {"accepted": 50_000, "recovered": 15_000, "retained": 2_500, "paid": 0, "payable": 32_500}
LINES = {"item": item_number("ENSTRU:42.11"), "line": item_interval("ENSTRU:42.11"), "quantity": 12_500}
FACTS = {
    Result.ID_CONFLICT: {"field": 2},
    Result.HOLD_DIFFERS: {"from": FROM, "to": TO},
    Result.HOLD_EXCEEDED: MONEY | {"left": 1_000},
    Result.ORIGINAL_DIFFERS: {"from": TO, "to": FROM},
    Result.ORIGINAL_EXCEEDED: MONEY | {"left": 1_000},
    Result.DEBIT_CLOSED: {"account": FROM},
    Result.CREDIT_CLOSED: {"account": TO},
    Result.UNITS_DIFFER: {"unit": "KZT", "other": "USD"},
    Result.DATE_FUTURE: {"date": day("2026-12-31"), "today": day("2026-11-24")},
    Result.STAGE_FORBIDDEN: {"from": FROM, "to": TO, "kind": 2},
    Result.COLOUR_FORBIDDEN: {"from": FROM, "to": TO, "kind": 7},
    Result.WINDOW_CLOSED: DAYS | {"first": day("2026-01-01"), "last": day("2026-12-31"), "entry": day("2026-12-31")},
    Result.PAYEE_CLASS: CLASSES,
    Result.PAYEE_NOT_ALLOWED: {"payee": PAYEE},
    Result.PAYEE_DENIED: {"payee": PAYEE},
    Result.END_FORBIDDEN: CLASSES,
    Result.HOLDER_CLASS: CLASSES,
    Result.HOPS_EXCEEDED: {"hop": 3, "hops": 2},
    Result.ITEM_MISSING: ITEMS | {"item": 0},
    Result.ITEM_FORBIDDEN: ITEMS,
    Result.REGION_FORBIDDEN: REGIONS,
    Result.EVIDENCE_MISSING: {"condition": "acceptance_act", "subject": "АКТ-17", "about": "kz/road"},
    Result.CAP_EXCEEDED: LIMIT | {"classes": ["employee"], "account": TO, "share": Share(1, 5), "received": 500_000},
    Result.LINE_MISSING: LINES,
    Result.QUANTITY_MISSING: LINES,
    Result.PRICE_EXCEEDED: LINES | MONEY | {"price": 150_000, "limit": 1_875_000},
    Result.QUANTITY_EXCEEDED: LINES | {"whole": 100_000, "taken": 90_000, "rest": 10_000},
    Result.ADVANCE_EXCEEDED: LIMIT,
    Result.NOT_ACCEPTED: MONEY | CONTRACT,
    Result.RETENTION_HELD: MONEY | CONTRACT | {"warranty": day("2027-11-24")},
    Result.SUBJECT_DIFFERS: {"subject": "АКТ-17", "home": "kz/school"},
    Result.SUBJECT_EXCEEDED: LIMIT | {"subject": "АКТ-17"},
    Result.PAYEE_LIMIT_EXCEEDED: LIMIT | {"payee": PAYEE},
    Result.SLICE_MISSING: MONEY
    | {"payee": PAYEE, "slice": "kz/vat", "share": Share(3, 28), "least": 7_199_999, "most": 7_200_000},
    Result.POWER_MISSING: {"power": "clawback"},
    Result.APPROVAL_MISSING: {
        "command": "ab" * 32,
        "quorum": 2,
        "classes": ["checker"],
        "approved": [],
        "excluded": [PAYEE, "budget"],
    },
    Result.PLAN_EXCEEDED: LIMIT,
    Result.OBLIGATIONS_EXCEEDED: LIMIT,
    Result.PAYMENTS_EXCEEDED: LIMIT,
    Result.FUNDS_INSUFFICIENT: MONEY | {"account": FROM, "available": 1_000, "held": 500},
}
"""What the explainer knows of each refusal; those not named here need no facts."""


@pytest.fixture(scope="module")
def messages():
    """The tool that keeps the catalogues; it stands outside the package."""
    spec = importlib.util.spec_from_file_location("messages", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def speak(messages):
    """Languages as the files of this checkout have them, compiled or not."""

    def compiled(code):
        if code == "en":
            return Language(code, gettext.NullTranslations())
        out = io.BytesIO()
        write_mo(out, messages.read(code))
        return Language(code, gettext.GNUTranslations(io.BytesIO(out.getvalue())))

    return {code: compiled(code) for code in LANGUAGES}


@pytest.fixture(scope="module", params=TRANSLATED)
def catalogue(request, messages):
    return messages.read(request.param)


def translations(catalogue):
    return [(message.id, message.string) for message in catalogue if message.id]


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def without_placeholders(text):
    return re.sub(r"\{[^}]*\}", " ", text)


# ---- the catalogues --------------------------------------------------------------------------------------------------


def test_the_catalogues_hold_the_texts_of_the_programme_and_no_others(messages):
    template = messages.extract()
    assert messages.TEMPLATE.read_text("utf-8") == messages.written(template), "run `make messages`"
    for code in TRANSLATED:
        assert [one for one, _ in translations(messages.read(code))] == [one.id for one in template if one.id], code
        assert messages.path_of(code).read_text("utf-8") == messages.written(messages.updated(code, template)), code


def test_every_text_is_translated_and_nothing_is_guessed(messages, catalogue):
    assert messages.missing(catalogue) == []


def test_placeholders_survive_translation(catalogue):
    for source, text in translations(catalogue):
        assert placeholders(source) == placeholders(text), source


def test_no_ending_hangs_on_a_placeholder(catalogue):
    """An ending depends on the sound of the word before it, which for a value is not known."""
    for _, text in translations(catalogue):
        assert not re.search(r"\}[-’']?[^\W\d_]{1,4}\b", text), text


def test_no_latin_letter_stands_in_a_kazakh_or_russian_word(catalogue):
    for source, text in translations(catalogue):
        words = re.findall(r"[^\W\d_]+", source)
        named = NAMES & {*words, *(word.lower() for word in words)}
        for word in re.findall(r"[^\W\d_]+", without_placeholders(text)):
            if any(unicodedata.name(letter).startswith("LATIN") for letter in word):
                assert word in CODES | named, text


def test_each_catalogue_is_in_its_own_language_and_quotes_as_it_does(catalogue):
    """Kazakh has letters of its own; quotes are «…» in both."""
    texts = "".join(text for _, text in translations(catalogue)).lower()
    assert bool(set("әғқңөұүһі") & set(texts)) == (catalogue.locale.language == "kk")
    assert not set('“”„"') & set(texts)
    assert texts.count("«") == texts.count("»")


def test_a_sentence_stays_a_sentence(catalogue):
    """Translations end and begin as their source does: full stop with full stop, label with label."""
    for source, text in translations(catalogue):
        assert source.endswith(".") == text.endswith("."), source
        assert not text[0].isalpha() or not source[0].isalpha() or text[0].isupper() == source[0].isupper(), source
        blank = " " * (len(source) - len(source.lstrip()))  # a part of a sentence goes on where another ends
        assert text == blank + text.strip(), source
        assert "  " not in text


def test_an_installation_speaks_what_the_catalogues_say(catalogue):
    installed = language(catalogue.locale.language)
    for source, text in translations(catalogue):
        assert installed.text(source) == text, "compile the catalogues: `make messages`, or install again"


def test_texts_are_found_in_pieces_and_inside_f_strings(messages):
    module = b"""
say = words.text("one")
RULES = [_("two " "pieces"), mark("three")]
print(f"{words.text('four')}: {words.text(RULES[0])}")
for _ in other("five"):
    text("six")  # a language's own method under a short name
"""
    found = [text for _, _, text, _ in messages.texts_of(io.BytesIO(module), (), ())]
    assert found == ["one", "two pieces", "three", "four", "six"]


def test_bringing_catalogues_up_to_date_keeps_translations_and_guesses_none(messages):
    template = messages.extract()
    template.add("The operation has no id at all.")
    template.delete("The operation has no id.")
    updated = messages.updated("ru", template)
    assert messages.missing(updated) == ["The operation has no id at all."]
    assert list(updated.obsolete) == ["The operation has no id."]
    assert not messages.updated("ru", template, prune=True).obsolete
    assert messages.written(updated) == messages.written(updated)
    assert "-Date:" not in messages.written(updated)


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("result", Result, ids=lambda result: result.name.lower())
def test_every_answer_has_its_reason_and_every_refusal_its_remedy(result, code, speak):
    finding = Finding(result, "kz/road", 7, FACTS.get(result, {}))
    words = speak[code]
    told = reason(finding, words)
    assert told
    assert bool(remedy(finding, words)) != result.ok
    for text in (told, remedy(finding, words)):
        assert "{" not in text
        assert "…" not in text, "a placeholder without its fact"
    if code != "en":
        assert told != reason(finding, speak["en"])


@pytest.mark.parametrize("result", Result, ids=lambda result: result.name.lower())
def test_a_fact_that_is_not_known_leaves_a_gap_and_no_error(result, speak):
    """A refusal that can no longer be explained is told with nothing but the kernel's detail, whatever that counts."""
    for facts in ({}, {"field": 0}, {"field": 61}):
        told = explanation(Finding(result, facts=facts), speak["kk"])
        assert told["reason"]
        assert "{" not in told["reason"] + told["remedy"]


def test_all_answers_are_told():
    assert set(REASONS) == set(REMEDIES) == set(Result)


def test_a_refused_payment_reads_as_an_official_would_write_it(speak):
    page = Page()
    page.record({"type": "limits", "colour": "kz/road", "payments": "500.00"})
    page.check("I1 issue issuer@kz -> budget@kz/road 2000000.00 : posted")
    payment = {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "1234567.50"}
    row = Operations(page.book.ledger).rows([payment], day_of(page.at))[0]
    (finding,) = Explainer(page.book.ledger).explain(row, page.at + 1)
    assert {code: reason(finding, words).replace("\u00a0", "_") for code, words in speak.items()} == {
        "kk": "kz/road бояуының төлемдер бойынша жоспары — 500,00_₸; пайдаланылғаны — 0,00_₸, қалдығы — 500,00_₸, "
        "сұралғаны — 1_234_567,50_₸.",
        "ru": "План по платежам цвета kz/road — 500,00_₸; использовано 0,00_₸, остаток 500,00_₸, "
        "запрошено 1_234_567,50_₸.",
        "en": "The payments plan of kz/road is 500.00_₸; 0.00_₸ are used, 500.00_₸ remain, "
        "1,234,567.50_₸ are asked for.",
    }


# ---- amounts and dates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", TRANSLATED)
def test_amounts_and_dates_in_kazakh_and_russian(code, speak):
    words = speak[code]
    assert words.money(123_456_750) == "1\u00a0234\u00a0567,50\u00a0₸"
    assert words.money(-123_456_750) == "\u22121\u00a0234\u00a0567,50\u00a0₸"
    assert words.money(5) == "0,05\u00a0₸"
    assert words.money(-5) == "\u22120,05\u00a0₸"
    assert words.money(1_234, "MED", 0) == "1\u00a0234\u00a0MED"
    assert words.number("999") == "999"
    assert words.day(day("2026-12-31")) == "31.12.2026"


def test_amounts_and_dates_in_english(speak):
    words = speak["en"]
    assert words.money(123_456_750) == "1,234,567.50\u00a0₸"
    assert words.money(-123_456_750) == "\u22121,234,567.50\u00a0₸"
    assert words.money(1_234, "MED", 0) == "1,234\u00a0MED"
    assert words.day(day("2026-12-31")) == "2026-12-31"


def test_the_environment_chooses_the_language(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for wanted, code in (("kk_KZ.UTF-8", "kk"), ("ru_RU.UTF-8", "ru"), ("de_DE.UTF-8", "en"), ("C", "en")):
        language.cache_clear()
        monkeypatch.setenv("LANG", wanted)
        assert language().code == code
    language.cache_clear()
    with pytest.raises(ValueError, match="kk, ru, en"):
        language("de")
