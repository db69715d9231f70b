"""Where a year of payments will end: the guesses, their middle and their range; and how often it held."""

import pytest
from tests.shared_data import shared_data

from boyau.treasury.budget import statement
from boyau.treasury.budget.forecast import forecast, part
from boyau.treasury.budget.lines import Month
from boyau.treasury.budget.mapping import Nature


def test_without_a_plan_and_a_year_before_the_months_to_come_are_as_the_mean():
    made = forecast([100, 200, 600])
    assert made is not None
    assert made.guesses == ("mean",)
    assert made.line == tuple(600 + 200 * k for k in range(1, 10))
    assert (made.low[-1], made.high[-1]) == (600 + 9 * 100, 600 + 9 * 400)


def test_the_line_is_the_middle_of_the_guesses_and_the_range_holds_them_all():
    before = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 200]
    made = forecast([100, 200, 300], plan=1500, due=400, before=before)
    assert made is not None
    assert set(made.guesses) == {"mean", "profile", "plan", "rate"}
    # mean 1200, profile 300 × 200 / 30 = 2000, plan 1500, rate 1500 × 300 / 400 = 1125
    assert made.line[-1] == 1500
    assert (made.low[-1], made.high[-1]) == (1125, 2000)
    # in April: mean 400, profile 400, plan 300 + 1200 / 9, rate 300 + 825 / 9
    assert made.line[0] == 400
    assert (made.low[0], made.high[0]) == (392, 433)


def test_of_two_guesses_the_larger_is_the_line():
    made = forecast([100, 200, 300], before=[10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 100])
    assert made is not None
    assert made.line[-1] == 1200


@pytest.mark.parametrize("paid", [[], [1], [1, 2], list(range(1, 13))])
def test_nothing_is_said_of_too_few_months_and_of_a_year_that_is_over(paid):
    assert forecast(paid, plan=100) is None


def test_it_never_falls_below_what_is_paid():
    fell = forecast([500, 700, 100, 200], plan=50, due=10)
    assert fell is not None
    assert min(*fell.low, *fell.line, *fell.high) >= 200
    assert all(low <= line <= high for low, line, high in zip(fell.low, fell.line, fell.high, strict=True))


def test_a_year_before_without_payments_is_no_profile():
    made = forecast([1, 2, 3], before=[0] * 11 + [5])
    assert made is not None
    assert "profile" not in made.guesses


def test_parts_are_whole_and_rounded_half_away_from_zero():
    assert (part(5, 1, 2), part(-5, 1, 2), part(4, 1, 3), part(1 << 70, 3, 3)) == (3, -3, 1, 1 << 70)


def test_how_often_published_years_ended_within_it():
    """The page says: two of three lines where it was drawn in March to May, four of five later."""
    inside = {"spring": [0, 0], "later": [0, 0]}
    for file in ("РБ_функц_классификация.csv", "РБ_ведомств_классификация.csv", "местный_бюджет_Костанайская.csv"):
        read = statement.read(shared_data("kz_budget", file), None, dataset="measured")
        for year in (2023, 2024):
            months = [read.months.get(Month(year, m), {}) for m in range(1, 13)]
            for path, line in months[-1].items():
                if line.nature is not Nature.EXPENDITURE or any(path not in one for one in months):
                    continue
                paid = [one[path].figures["paid"] for one in months]
                earlier = [read.months.get(Month(year - 1, m), {}).get(path) for m in range(1, 13)]
                before = [one.figures["paid"] for one in earlier if one is not None]
                for known in range(3, 12):
                    now = months[known - 1][path].figures
                    if now["plan"] <= 0 or now["paid"] <= 0 or paid[-1] <= 0:
                        continue
                    made = forecast(
                        paid[:known], now["plan"], now["plan_payments"], before if len(before) == 12 else None
                    )
                    assert made is not None
                    count = inside["spring" if known < 6 else "later"]
                    count[0] += 1
                    count[1] += made.low[-1] <= paid[-1] <= made.high[-1]
    assert inside["spring"][0] > 500
    assert inside["later"][0] > 1000
    assert 3 * inside["spring"][1] > 1.9 * inside["spring"][0], inside
    assert 5 * inside["later"][1] > 3.9 * inside["later"][0], inside
