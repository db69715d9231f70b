"""Published amounts are read to whole tiyn, and nothing but the noise of doubles is taken off."""

import csv
import io
from fractions import Fraction

import pytest
from budget_files import FILES, statement
from hypothesis import given
from hypothesis import strategies as st

from boyau.treasury.budget import amounts
from shared_data import shared_data

SHAPE = amounts.pattern(".")


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0.0", 0),
        ("-0.0", 0),
        ("1", 100_000),
        ("1.00001", 100_001),
        ("0.001", 100),
        ("-39693399.365", -3_969_339_936_500),
        ("23548453455.0", 2_354_845_345_500_000),
        ("007.5", 750_000),
        ("46116860184273.87903", 2**62 - 1),
    ],
)
def test_whole_amounts_are_exact(text, minor):
    reading = amounts.read(text, SHAPE, 5)
    assert (reading.minor, reading.rest) == (minor, 0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "amount_missing"),
        ("   ", "amount_missing"),
        ("nan", "amount_not_finite"),
        ("-inf", "amount_not_finite"),
        ("Infinity", "amount_not_finite"),
        ("1e5", "amount_exponent"),
        ("1.2E-07", "amount_exponent"),
        ("1 000.0", "amount_unreadable"),
        ("1,5", "amount_unreadable"),
        ("1.", "amount_unreadable"),
        (".5", "amount_unreadable"),
        ("+1.0", "amount_unreadable"),
        ("--1", "amount_unreadable"),
        ("0x10", "amount_unreadable"),
        ("١٢", "amount_unreadable"),
        ("46116860184273.87904", "amount_overflow"),
        ("9" * 60, "amount_overflow"),
        ("9" * 5000, "amount_overflow"),
    ],
)
def test_what_is_no_amount_says_why(text, code):
    with pytest.raises(amounts.AmountError) as refused:
        amounts.read(text, SHAPE, 5)
    assert refused.value.code == code
    assert refused.value.remedy
    assert len(str(refused.value)) < 200


def test_noise_of_an_addition_is_taken_off_and_a_real_decimal_is_not():
    reading = amounts.read("10633063.200000001", SHAPE, 5)
    minor, distance = amounts.settle(reading, 4_549_769_000_000)
    assert minor == 1_063_306_320_000
    assert distance == Fraction(1, 10_000)
    for text in ("10633063.200001", "10633063.2000011", "1.234567"):
        with pytest.raises(amounts.AmountError, match="too many decimals"):
            amounts.settle(amounts.read(text, SHAPE, 5), 4_549_769_000_000)


@given(st.integers(-(2**62) + 1, 2**62 - 1), st.integers(0, 8))
def test_printed_amounts_read_back(minor, places):
    reading = amounts.read(amounts.printed(minor, places), SHAPE, places)
    assert (reading.minor, reading.rest) == (minor, 0)


THOUSANDTHS = st.integers(-(10**14), 10**14)  # to 10^11 thousand: three times the largest published total


@given(THOUSANDTHS, THOUSANDTHS)
def test_one_operation_on_doubles_of_any_size_is_read_back(one, other):
    """Amounts added as the publisher's program adds them."""
    total = one / 1000 + other / 1000
    if "e" in repr(total):
        return
    reading = amounts.read(repr(total), SHAPE, 5)
    minor, _ = amounts.settle(reading, 100 * max(abs(one), abs(other), abs(one + other)), 100)
    assert minor == 100 * (one + other)


@pytest.mark.parametrize("name", FILES)
def test_every_published_amount_survives(name):
    """float(what we print) is the published double, or differs by the noise allowed for its row and nothing else."""
    found = statement(name)
    text = shared_data("kz_budget", name).read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    lines = [line for month in found.months.values() for line in month.values() if line.name != "(not itemised)"]
    assert len(rows) == len(lines)
    by_place = {}
    for month, each in found.months.items():
        for line in each.values():
            by_place.setdefault((f"{month.month:02}.{month.year}", line.name, line.code), []).append(line)
    same = noisy = 0
    for row in rows:
        key = row["month"], row["name"], row["code"].removesuffix(".0")
        line = next(x for x in by_place[key] if float(found.printed(x.figures["plan"])) == float(row["plg"]) and
                    abs(float(found.printed(x.figures["paid"])) - float(row["sumrg"])) < 1e-4)  # fmt: skip
        by_place[key].remove(line)
        row_max = max(map(abs, line.figures.values())) + 1
        for ours, theirs in found.mapping.amounts.items():
            if float(found.printed(line.figures[ours])) == float(row[theirs]):
                same += 1
            else:
                distance = abs(Fraction(row[theirs]) * 100_000 - line.figures[ours])
                assert 0 < distance <= amounts.noise_max(row_max)
                noisy += 1
    assert same + noisy == 8 * len(rows)
    assert noisy == sum(noise.count for noise in found.noise.values())
