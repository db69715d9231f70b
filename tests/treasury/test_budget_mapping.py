"""Mappings are data: a mistake in one is named by file, line and key; another country's file needs no code."""

from importlib import resources

import pytest
from budget_files import FILES

from boyau.treasury.budget.lines import Month
from boyau.treasury.budget.mapping import Nature
from boyau.treasury.budget.mapping_choice import choose
from boyau.treasury.budget.mapping_file import builtin, load, parse
from boyau.treasury.budget.problems import BudgetFileError
from boyau.treasury.budget.statement import parse as parse_statement
from shared_data import shared_data

OTHER = """
name = "norway"
default_nature = "expenditure"
[file]
encoding = "cp1251"
delimiter = ","
decimal = ","
[columns]
id = "nr"
code = "post"
name = "navn"
month = "maaned"
[amounts]
plan = "budsjett"
paid = "regnskap"
[unit]
name = "NOK"
scale = 2
multiplier = 1
[month]
format = "YYYY-MM"
[[line]]
key = "total"
match = [{ name = "^Sum" }]
nature = "expenditure"
widths = [4]
"""


def test_another_countrys_file_needs_a_mapping_only():
    mapping = parse(OTHER.replace('delimiter = ","', 'delimiter = "|"'), "norway.toml")
    data = 'nr|post|navn|maaned|budsjett|regnskap\n1|0042|"A| B"|2030-02|12,50|3,1\n'.encode("cp1251")
    found = parse_statement(data, "x.csv", mapping)
    (only,) = found.months[Month(2030, 2)].values()
    assert (only.path, only.name, only.figures) == ("42", "A| B", {"plan": 1250, "paid": 310})
    assert found.printed(1250) == "12,5"


@pytest.mark.parametrize("name", FILES)
def test_the_mapping_of_every_published_file_is_found(name):
    kinds = {"Респ": "tree", "мест": "tree", "прио": "investments", "ведо": "administrators", "функ": "functional"}
    key = name[:4] if name[:4] in kinds else name.split("_")[1][:4]
    assert choose(shared_data("kz_budget", name).read_bytes(), name).name == kinds.get(key, "economic")


def test_builtin_mappings_are_ordered_and_named_as_their_files():
    found = builtin()
    assert [each.name for each in found] == ["tree", "economic", "functional", "investments", "administrators"]
    for each in found:
        assert each.source == f"mappings/{each.name}.toml"
    tree = (resources.files("boyau.treasury.budget") / "mappings" / "tree.toml").read_text("utf-8")
    assert parse(tree, "tree.toml").role("deficit").nature is Nature.BALANCE


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "says"),
    [
        ('name = "norway"', 'name = "Norway!"', 2, "name", "a-z"),
        ('name = "norway"', "name = 3", 2, "name", "'3'"),
        ('name = "norway"\n', "", 0, "name", "missing"),
        ('encoding = "cp1251"', 'encoding = "latin5"', 5, "file.encoding", "unknown encoding"),
        ('delimiter = ","', 'delimiter = ";;"', 6, "file.delimiter", "one character"),
        ('plan = "budsjett"', 'plann = "budsjett"', 14, "amounts.plan", "missing"),
        ('paid = "regnskap"', 'paid = ["regnskap"]', 15, "amounts.paid", "regnskap"),
        ("scale = 2", "scale = 9", 18, "unit.scale", "9"),
        ("scale = 2", "scale = true", 18, "unit.scale", "True"),
        ("multiplier = 1", "multiplier = 12", 19, "unit.multiplier", "power of ten"),
        ("multiplier = 1", "multiplier = 1\ndecimals = 3", 20, "unit.decimals", "smallest coin"),
        ('format = "YYYY-MM"', 'format = "MM"', 21, "month.format", "YYYY and MM"),
        ('format = "YYYY-MM"', "", 20, "month.format", "missing"),
        ('key = "total"', 'key = "2x"', 23, "line[0].key", "beginning with a letter"),
        ('match = [{ name = "^Sum" }]', "", 22, "line[0].match", "missing"),
        ('match = [{ name = "^Sum" }]', 'match = [{ name = "(" }]', 24, "line[0].match[0].name", "not a pattern"),
        ('match = [{ name = "^Sum" }]', "match = [{ }]", 24, "line[0].match[0]", "matches nothing"),
        ('nature = "expenditure"\nwidths', 'nature = "spending"\nwidths', 25, "line[0].nature", "spending"),
        ('nature = "expenditure"\nwidths', 'nature = "balance"\nwidths', 25, "line[0].nature", "derived"),
        ("widths = [4]", 'widths = [4]\nformula = "a"', 27, "line[0].formula", "no balance"),
        ("widths = [4]", "widths = [0]", 26, "line[0].widths", "1 to 19"),
        ("widths = [4]", 'under = "roof"', 0, "line", "not a role above it"),
        ("widths = [4]", 'colour = "red"', 26, "line[0].colour", "not a key"),
        ('default_nature = "expenditure"', 'flat_total = "sum"', 0, "line", "no role has the key 'sum'"),
    ],
)
def test_a_mistake_is_named(old, new, line, column, says):
    assert old in OTHER
    with pytest.raises(BudgetFileError) as refused:
        parse(OTHER.replace(old, new), "norway.toml")
    found = refused.value.problems
    match = [each for each in found if each.column == column and says in each.message + each.remedy]
    assert match, [str(each) for each in found]
    assert match[0].file == "norway.toml"
    if line:
        assert abs(match[0].line - line) <= 1, match[0]


def test_formulas_must_end():
    lines = "".join(
        f'[[line]]\nkey = "{key}"\nmatch = [{{ code = "{key}" }}]\nnature = "balance"\nformula = "{formula}"\n'
        for key, formula in (("a", "b - total"), ("b", "-a"))
    )
    with pytest.raises(BudgetFileError, match="circle: a, b"):
        parse(OTHER + lines, "norway.toml")


def test_toml_that_is_none_and_files_that_are_not_there(tmp_path):
    with pytest.raises(BudgetFileError) as refused:
        parse('name = "x"\nfile = [', "bad.toml")
    assert refused.value.problems[0].code == "mapping_unreadable"
    with pytest.raises(BudgetFileError, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("name = 'ä'".encode("latin-1"))
    with pytest.raises(BudgetFileError, match="not UTF-8 at byte 8"):
        load(tmp_path / "latin.toml")
    (tmp_path / "good.toml").write_text("\ufeff" + OTHER, "utf-8")
    assert load(tmp_path / "good.toml").name == "norway"
