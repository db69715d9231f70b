"""Health procurement lots of Kazakhstan become processes of the same model."""

import csv
import gzip
from decimal import Decimal

import pytest

from boyau.watch.bins import is_bin, registration
from boyau.watch.intake.lots import COLUMNS, lots, organisations
from boyau.watch.intake.source import SourceError
from boyau.watch.intake.troubles import Fault, Troubles
from boyau.watch.run import run_releases
from boyau.watch.settings import Settings
from tests.shared_data import shared_data


def table(path, *rows):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS.values())
        writer.writeheader()
        for row in rows:
            writer.writerow({COLUMNS[name]: value for name, value in row.items()})
    return str(path)


ROW = {
    "lot": "1-Т1",
    "customer": "ТОО «А»",
    "notice": "Закуп Дата начала приема заявок: 2024-02-20 18:00:00 Дата окончания приема заявок: 2024-03-06 18:00:00",
    "item": "Изофлуран",
    "kind": "жидкость 250 мл",
    "method": "Тендер",
    "quantity": "6 477.00",
    "price": "27 708.28",
    "sum": "179\u00a0466\u00a0529,56",
    "status": "Закупка состоялась",
    "bids": "1",
}


def test_a_row_becomes_a_process(tmp_path):
    ((line, one),) = lots(table(tmp_path / "lots.csv", ROW), {"ТОО «А»": "100140005678"}, Troubles())
    assert (line, one.ocid, one.buyer.id) == (2, "kz-health-1-Т1", "KZ-BIN-100140005678")
    tender = one.tender
    assert (tender.value.amount, tender.items[0].quantity) == (Decimal("179466529.56"), Decimal("6477.00"))
    assert tender.items[0].unit.value.amount == Decimal("27708.28")
    assert tender.items[0].classification.id == "Изофлуран / жидкость 250 мл"
    assert (tender.procurementMethod, tender.status, tender.numberOfTenderers) == ("open", "complete", 1)
    assert tender.tenderPeriod.startDate == "2024-02-20T18:00:00+06:00", "the capital kept UTC+6 until March 2024"
    assert tender.tenderPeriod.endDate == "2024-03-06T18:00:00+05:00"


def test_a_bad_figure_is_told_and_the_row_kept(tmp_path):
    troubles = Troubles()
    rows = [ROW | {"price": "about 5"}, ROW | {"lot": "2", "price": "", "bids": "1.5", "notice": "soon", "method": "?"}]
    found = list(lots(table(tmp_path / "lots.csv", *rows), {}, troubles))
    assert [(one.line, one.path, one.fault) for one in troubles.kept] == [(2, COLUMNS["price"], Fault.BAD_ROW)]
    assert [one.tender.items[0].unit.value for _, one in found] == [None, None]
    assert (found[1][1].tender.numberOfTenderers, found[1][1].tender.procurementMethod) == (None, None)


def test_a_wrong_table_is_one_sentence(tmp_path):
    path = tmp_path / "lots.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="has no column"):
        list(lots(str(path), {}, Troubles()))
    with pytest.raises(SourceError, match="cannot be read"):
        list(lots(str(tmp_path / "none.csv"), {}, Troubles()))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"x" * 9999)[:-20])
    with pytest.raises(SourceError, match="is damaged"):
        list(lots(str(tmp_path / "cut.csv.gz"), {}, Troubles()))


def test_the_published_lots_are_all_read():
    known = organisations(str(shared_data("kz_health_orgs.csv")))
    troubles = Troubles()
    found = lots(str(shared_data("kz_health_lots.csv.gz")), known, troubles)
    report = run_releases(found, Settings({"flags": ["kz_unit_price", "R018", "R059"]}), troubles)
    assert report.processes == 29_388
    assert report.cancelled == 641
    assert troubles.counts[Fault.BAD_ROW] == 0
    prices = [one for one in report.findings if one.flag == "kz_unit_price"]
    assert prices
    assert all(one.value >= 2 and one.evidence["price"] >= 2 * one.evidence["median"] for one in prices)
    assert [one.fires for one in report.answers] == [True, True, False], "awards and contracts are not published here"


def test_organisations_have_numbers_that_are_numbers():
    known = organisations(str(shared_data("kz_health_orgs.csv")))
    assert len(known) > 1000
    assert all(is_bin(number) for number in known.values())
    assert all(registration(number) is None or registration(number).year >= 1990 for number in known.values())


@pytest.mark.parametrize(
    ("text", "right"),
    [("100140005678", False), ("111040004730", True), ("900101300123", False), ("11104000473", False), ("abc", False)],
)
def test_a_bin_has_a_check_digit_and_is_no_persons(text, right):
    assert is_bin(text) is right
