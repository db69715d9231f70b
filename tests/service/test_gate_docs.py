"""docs/access.md and docs/security.md say what is: the table, the roles, the numbers, the names of tests."""

import ast
import re
from pathlib import Path

import pytest

from boyau.ledger.registry import FIELDS
from boyau.service.gate import access, grants
from boyau.service.gate.decisions import DAYS_KEPT
from boyau.service.gate.pending import DAYS_MAX
from boyau.service.gate.policy import POLICY
from boyau.service.identity import passkeys, sessions, signatures, store
from boyau.service.settings import Settings
from tests.service.test_gate_world import World

ROOT = Path(__file__).resolve().parents[2]
ACCESS = (ROOT / "docs" / "access.md").read_text("utf-8")
SECURITY = (ROOT / "docs" / "security.md").read_text("utf-8")
SECTIONS = {  # how many requirements each section of ASVS 5.0 has at levels 1 and 2, and which numbers are level 3
    "1.1": (2, ()), "1.2": (10, (10,)), "1.3": (12, (12,)), "1.4": (3, ()), "1.5": (3, (3,)),
    "2.1": (3, ()), "2.2": (3, ()), "2.3": (5, (5,)), "2.4": (2, (2,)),
    "3.1": (1, (1,)), "3.2": (3, (3,)), "3.3": (5, (5,)), "3.4": (8, (7, 8)), "3.5": (8, (6, 7, 8)), "3.6": (1, (1,)),
    "3.7": (5, (3, 4, 5)), "4.1": (5, (4, 5)), "4.2": (5, (2, 3, 4, 5)), "4.3": (2, ()), "4.4": (4, ()),
    "5.1": (1, ()), "5.2": (6, (4, 5, 6)), "5.3": (3, (3,)), "5.4": (3, ()),
    "6.1": (3, ()), "6.2": (12, ()), "6.3": (8, (5, 6, 7, 8)), "6.4": (6, (5, 6)), "6.5": (8, (6, 7, 8)),
    "6.6": (4, (4,)), "6.7": (2, (1, 2)), "6.8": (4, ()),
    "7.1": (3, ()), "7.2": (4, ()), "7.3": (2, ()), "7.4": (5, ()), "7.5": (3, (3,)), "7.6": (2, ()),
    "8.1": (4, (3, 4)), "8.2": (4, (4,)), "8.3": (3, (2, 3)), "8.4": (2, (2,)), "9.1": (3, ()), "9.2": (4, ()),
    "10.1": (2, ()), "10.2": (3, (3,)), "10.3": (5, (5,)), "10.4": (16, (12, 13, 14, 15, 16)), "10.5": (5, ()),
    "10.6": (2, ()), "10.7": (3, ()),
    "11.1": (4, (3, 4)), "11.2": (5, (4, 5)), "11.3": (5, (4, 5)), "11.4": (4, ()), "11.5": (2, (2,)),
    "11.6": (2, (2,)), "11.7": (2, (1, 2)), "12.1": (5, (4, 5)), "12.2": (2, ()), "12.3": (5, (5,)),
    "13.1": (4, (2, 3, 4)), "13.2": (6, (6,)), "13.3": (4, (3, 4)), "13.4": (7, (6, 7)),
    "14.1": (2, ()), "14.2": (8, (5, 6, 7, 8)), "14.3": (3, ()),
    "15.1": (5, (4, 5)), "15.2": (5, (4, 5)), "15.3": (7, ()), "15.4": (4, (1, 2, 3, 4)),
    "16.1": (1, ()), "16.2": (5, ()), "16.3": (4, ()), "16.4": (3, ()), "16.5": (4, (4,)),
}  # fmt: skip


def claims():
    """Yield (numbers, reason) of every line of the list."""
    table = SECURITY.partition("## OWASP ASVS 5.0, level 2")[2].partition("\n## ")[0]
    for line in table.splitlines():
        cells = [one.strip() for one in line.strip("|").split("|")]
        if re.match(r"\d+\.\d+\.\d+", cells[0]):
            yield cells[0], cells[2]


def numbers(text):
    """Return the numbers that ``1.2.6–1.2.9, 1.3.1 (L3)`` means."""
    out = []
    for part in re.sub(r"\(.*?\)", "", text).split(","):
        first, _, last = part.strip().partition("–")
        section, _, number = first.rpartition(".")
        out += [f"{section}.{k}" for k in range(int(number), int((last or first).rpartition(".")[2]) + 1)]
    return out


def test_every_number_of_levels_1_and_2_stands_in_the_list():
    listed = [one for text, _ in claims() if not text.startswith("17") for one in numbers(text)]
    assert len(listed) == len(set(listed))
    wanted = {
        f"{section}.{k}" for section, (count, high) in SECTIONS.items() for k in range(1, count + 1) if k not in high
    }
    assert len(wanted) + 7 == 70 + 183  # with the seven of WebRTC
    assert wanted <= set(listed), sorted(wanted - set(listed))
    above = {f"{section}.{k}" for section, (_, high) in SECTIONS.items() for k in high}
    assert set(listed) <= wanted | above


def test_every_test_that_is_named_exists_and_every_line_has_its_reason():
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for text, reason in claims():
        assert reason, text
        for name in re.findall(r"`(test_\w+)`", reason):
            assert name in found, f"{text}: {name}"


def test_the_table_of_access_md_is_the_programs():
    table = ACCESS.partition("<!-- actions: made from roles.toml -->")[2].partition("<!-- end of actions -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    assert {row[0].strip("`"): tuple(row[1:]) for row in rows} == {
        action: tuple(row.values()) for action, row in POLICY.actions.items()
    }
    for role in POLICY.roles:
        assert f"`{role}`" in ACCESS
    assert all(f"`record.{kind}`" in ACCESS for kind in FIELDS)


def test_the_figures_of_access_md_are_the_programs():
    assert signatures.WINDOW_SECONDS == 300
    assert (sessions.IDLE_SECONDS, sessions.LIFE_SECONDS, sessions.FRESH_SECONDS) == (30 * 60, 12 * 3600, 300)
    assert store.LINK_SECONDS == 15 * 60
    assert (access.CALLER_RATE, access.PUBLIC_RATE) == (2000, 20)
    assert (Settings().rate_per_second, Settings().rate_burst) == (access.CALLER_RATE, access.CALLER_BURST)
    assert round(access.SIGN_IN_RATE * 60) == 10
    assert (DAYS_KEPT, DAYS_MAX, passkeys.PASSKEYS_MAX) == (31, 31, 10)
    for figure in ("300 seconds", "30 minutes", "12\nhours", "15 minutes", "five minutes", "2,000 requests", "31 days"):
        assert figure in ACCESS, figure


def test_the_roles_given_under_four_eyes_are_those_that_access_md_names():
    told = ACCESS.partition("## Grants under four eyes")[2].partition("Others (")
    assert set(re.findall(r"`(\w+)`", told[0])) - {"four_eyes_roles"} == POLICY.four_eyes_roles
    light = set(re.findall(r"`(\w+)`", told[2].partition(")")[0]))
    assert POLICY.four_eyes_roles | light == set(POLICY.roles) - {"public"}
    assert grants.WAIT_SECONDS == 7 * 86_400
    assert "so do seven days" in told[2]


@pytest.mark.parametrize("path", ["/health", "/api/v1/entries", "/nothing", "/api/v1/me"])
def test_the_headers_are_on_every_answer(path):
    world = World()
    headers = world.ask("GET", path).headers
    assert "max-age=31536000; includeSubDomains" in headers["strict-transport-security"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in headers["content-security-policy"]
    assert "no-store" in headers["cache-control"]
    assert "access-control-allow-origin" not in headers
    world.close()
