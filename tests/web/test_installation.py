"""The state of the installation, against figures counted apart; names of people only for who administers them."""

from collections import Counter

import pytest

from boyau.ledger import Result
from tests.web import works as w
from tests.web.site import LANGUAGES, PHONE, WIDE

ADMINISTRATOR = ("administrator",)


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_state_is_told_in_figures(see, works, code, width):
    here = see(code, ADMINISTRATOR, width=width)
    text = here.go("/installation")
    assert here.words_number(works.desk.entries) in text
    assert "BOYAU_LISTEN" in text
    assert "SQLite" in text
    here.accessible()
    here.picture("installation")


def test_refusals_are_counted_by_reason(see, works):
    rows = works.reader.rows
    counted = Counter(int(one) for one in rows.result if one > Result.EXISTS)
    here = see("en", ADMINISTRATOR)
    here.go("/installation")
    shown = [int(one) for one in here.page.locator("table.bars td:nth-child(2)").all_inner_texts()]
    assert shown == sorted(counted.values(), reverse=True)
    assert here.page.locator("table.bars svg.bar").count() == len(counted)


def test_checkpoint_and_witness_are_told(see, works):
    text = see("en", ADMINISTRATOR).go("/installation")
    assert "witness.example/w1" in text
    assert f"{works.signed:,}" in text
    assert f"not covered yet: {works.desk.entries - works.signed:,}" in text


def test_people_are_named_to_administrators_only(see, works):
    works.access.people.add("person", "Айгүл Сапарова")
    assert "Айгүл Сапарова" in see("en", ADMINISTRATOR).go("/installation")
    auditor = see("en", ("auditor",))
    text = auditor.go("/installation")
    assert "Айгүл Сапарова" not in auditor.page.content()
    assert "Names are shown to administrators only." in text
    assert w.BUILDER not in see("en", ("treasury",)).go("/installation", 403)
    see("en").go("/installation", 401)
