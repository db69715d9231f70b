"""Treasury payment orders as a table, in Russian and in Kazakh: our own profile."""

import json

import pytest

from boyau.journal.intake import IntakeError
from boyau.language import language
from boyau.records.iso20022 import orders, posting, status
from tests.records.messages import BUILDER, IBAN, KNOWN, MOTORS, QUARRY, conforms, page

HEAD = "Номер;Дата;ИИК плательщика;БИН бенефициара;Сумма;Код бюджетной классификации;КНП;Вид;Номер договора"


def table(tmp_path, *lines, head=HEAD, name="orders.csv"):
    path = tmp_path / name
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return orders.read(str(path))


def post(at, message):
    at.at += 1000
    return posting.post(at.book, message, KNOWN, language("ru"), kept=True)


def test_orders_become_payments_and_are_answered(tmp_path):
    at = page()
    message = table(
        tmp_path,
        f"17;24.11.2026;{IBAN};{BUILDER};1 500,00;ROAD;;обязательство;C-17",
        f"18;2026-11-24;{IBAN};{QUARRY};1 234,50;;710;;",
        f"20;24.11.2026;{IBAN};{BUILDER};500;ROAD;;;C-17",
        f"19;24.11.2026;{IBAN};{MOTORS};1;kz/road;;;",
    )
    first, second, onward, third = post(at, message)
    assert onward.status == "ACSC"
    assert (first.status, second.status, third.status, third.code) == ("ACCP", "ACSC", "RJCT", "RR04")
    at.check(f"""
        balance {QUARRY}@KZT 1234.50
        held C-17 1000.00
    """)
    find = conforms(
        status.write(message, [first, second, onward, third], created="2026-11-24T10:00:00Z", originator="К"),
        "pain.002.001.12",
    )
    assert find("OrgnlEndToEndId") == ["17", "18", "20", "19"]
    assert find("OrgnlMsgNmId") == [orders.NAME]
    assert [one.result for one in post(at, message)] == ["exists", "exists", "exists", "payee_class"]


def test_the_same_number_of_another_day_is_another_order(tmp_path):
    one = table(tmp_path, f"1;24.11.2026;{IBAN};{QUARRY};1;;;;").instructions[0]
    other = table(tmp_path, f"1;23.11.2026;{IBAN};{QUARRY};1;;;;").instructions[0]
    assert one.id != other.id


def test_kazakh_columns_and_json(tmp_path):
    at = page()
    head = "Нөмірі,Күні,Төлеушінің ЖСК,Бенефициардың БСН,Сомасы,Түрі,ӘАОЖ,ТЖҚ БНА коды"
    message = table(tmp_path, f"1,24.11.2026,{IBAN},{QUARRY},10,төлем,751110000,421120", head=head)
    assert [one.status for one in post(at, message)] == ["ACSC"]
    path = tmp_path / "orders.ndjson"
    order = {"Нөмірі": "2", "Дата": "2026-11-24", "ИИК плательщика": IBAN, "БИН бенефициара": QUARRY, "Сумма": "5"}
    path.write_text(json.dumps(order) + "\n")
    assert [one.status for one in post(at, orders.read(str(path)))] == ["ACSC"]


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (f"1;24.11.2026;{IBAN};{QUARRY};1,005;;;;", "AM12", "more than 2 decimals"),
        (f"1;24.11.2026;{IBAN};{QUARRY};12 34,00;;;;", "AM12", "not an amount"),
        (f"1;24.11.2026;{IBAN};{QUARRY};;;;;", "CH21", "не указано"),
        (f"1;31.11.2026;{IBAN};{QUARRY};1;;;;", "DT01", "not a date"),
        (f"1;24.11.2026;{IBAN[:-1]}6;{QUARRY};1;;;;", "AC02", "контрольн"),
        (f"1;24.11.2026;{IBAN};{QUARRY};1;;71;;", "FF07", "три цифры"),
        (f"1;24.11.2026;{IBAN};{QUARRY};1;;;подарок;", "FF05", "вид"),
        ("1;2", "FF02", "2 fields where the header names 9"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_the_others_go_on(tmp_path, line, code, words):
    message = table(tmp_path, line, f"2;24.11.2026;{IBAN};{QUARRY};1;;;;")
    wrong, right = post(page(), message)
    assert (wrong.status, wrong.code, wrong.instruction.line) == ("RJCT", code, 2)
    assert words in wrong.reason
    assert right.status == "ACSC"


def test_an_unknown_column_and_an_empty_file(tmp_path):
    (wrong,) = post(page(), table(tmp_path, "1;2", head="Номер;Цвет"))
    assert "Такого столбца нет" in wrong.reason
    (tmp_path / "e.csv").write_bytes(b"")
    with pytest.raises(IntakeError):
        orders.read(str(tmp_path / "e.csv"))
