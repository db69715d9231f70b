"""Files of every OCDS form come in; broken ones are told line by line and kept."""

import gzip
import io
import json
import sys
import tarfile
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boyau.watch.cardinal import Maps
from boyau.watch.intake.cutter import Cutter
from boyau.watch.intake.documents import Documents
from boyau.watch.intake.source import Source, SourceError, Unpacked
from boyau.watch.intake.troubles import Fault, Troubles
from boyau.watch.run import run
from boyau.watch.settings import Settings
from tests.shared_data import shared_data

PERIOD = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2026-01-04T00:00:00Z"}
SHORT = {"R003": {"threshold": 15}, "flags": ["R003"]}


def release(ocid="ocds-1", *, tag="compiled", **more):
    return {
        "ocid": ocid,
        "id": "1",
        "date": "2026-01-01T00:00:00Z",
        "tag": [tag],
        "tender": {"tenderPeriod": PERIOD},
    } | more


def put(path, data, told=SHORT, **more):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return run(str(path), Settings(told), **more)


def subjects(report):
    return [one.subject for one in report.findings]


def faults(report):
    return {fault: count for fault, count in report.troubles.counts.items() if count}


FORMS = {
    "lines": lambda many: "\n".join(json.dumps(one) for one in many) + "\n",
    "lines without the last end": lambda many: "\n".join(json.dumps(one) for one in many),
    "lines with blanks": lambda many: "\n\n" + "\r\n\r\n".join(json.dumps(one) for one in many),
    "list": json.dumps,
    "pretty list": lambda many: json.dumps(many, indent=2),
    "release package": lambda many: json.dumps({"uri": "https://x", "releases": many}),
    "pretty package": lambda many: json.dumps({"publisher": {"name": '[{\\"'}, "releases": many}, indent=1),
    "record package": lambda many: json.dumps({"records": [{"ocid": o["ocid"], "compiledRelease": o} for o in many]}),
    "pretty records": lambda many: json.dumps(
        {"records": [{"ocid": o["ocid"], "releases": [o]} for o in many]}, indent=3
    ),
    "packages, one a line": lambda many: "\n".join(json.dumps({"releases": [one]}) for one in many),
    "with a byte order mark": lambda many: "\ufeff" + "\n".join(json.dumps(one) for one in many),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_form_says_the_same(tmp_path, form, packed):
    many = [release(f"ocds-{k}") for k in range(3)]
    data = FORMS[form](many).encode()
    report = put(tmp_path / "file", gzip.compress(data) if packed else data)
    assert (subjects(report), faults(report)) == (["ocds-0", "ocds-1", "ocds-2"], {})


@pytest.mark.parametrize("form", ["lines", "pretty package", "pretty list"])
def test_standard_input_is_read(monkeypatch, form):
    data = FORMS[form]([release("ocds-1"), release("ocds-2")]).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert subjects(run("-", Settings(SHORT), workers=1)) == ["ocds-1", "ocds-2"]


def test_pieces_of_a_process_are_merged(tmp_path):
    """OCDS 1.1 merging: later values win, lists merge by id, roles are replaced whole."""
    planned = release(tag="planning", tender={"tenderPeriod": {"startDate": PERIOD["startDate"]}})
    tendered = release(
        tag="tender", date="2026-02-01T00:00:00Z", tender={"tenderPeriod": {"endDate": PERIOD["endDate"]}}
    )
    other = release("ocds-2", tag="tender")
    lines = "\n".join(json.dumps(one) for one in (tendered, other, planned))
    report = put(tmp_path / "file", lines)
    assert (subjects(report), report.processes, faults(report)) == (["ocds-1", "ocds-2"], 2, {})


def test_pieces_are_merged_by_date_and_by_id(tmp_path):
    def bids(day, *pairs):
        told = [
            {"id": k, "status": "valid", "value": {"amount": a, "currency": "KZT"}, "tenderers": [{"id": k}]}
            for k, a in pairs
        ]
        return release(tag="bid", date=day, bids={"details": told})

    lines = "\n".join(json.dumps(one) for one in (bids("2026-03-01", ("a", 7)), bids("2026-02-01", ("a", 5), ("b", 7))))
    assert subjects(put(tmp_path / "file", lines, {"flags": ["R028"]})) == ["ocds-1", "a", "b"]


def test_pieces_that_cannot_be_merged_are_kept(tmp_path):
    """Two releases with dates that cannot be ordered: the library refuses, the latest stays."""
    lines = "\n".join(json.dumps(release(tag="tender", date=date)) for date in ("2026-01-01", None))
    report = put(tmp_path / "file", lines)
    assert (subjects(report), faults(report)) == (["ocds-1"], {Fault.NOT_MERGED: 1})


def test_a_record_that_links_is_kept_by_its_ocid(tmp_path):
    records = [{"ocid": "ocds-1", "releases": [{"url": "https://x/1.json", "date": "2026-01-01"}]}, {"ocid": "ocds-2"}]
    report = put(tmp_path / "file", json.dumps({"records": [records[0]]}))
    assert (report.processes, faults(report)) == (1, {Fault.LINKED_ONLY: 1})
    assert put(tmp_path / "file", json.dumps({"records": [{"ocid": "o", "releases": []}]})).processes == 1


def test_troubles_name_line_path_and_what_stands_there(tmp_path):
    lines = [
        json.dumps(release("ocds-1")),
        '{"ocid": "ocds-2", "tag": ["compiled"], "tender": {"value": {"amount": "12.50", "currency": 5}}}',
        "{broken",
        "[1]",
        json.dumps(release("ocds-1")),
        '{"tag": ["compiled"]}',
        '{"ocid": "ocds-3", "tag": ["compiled"], "tender": {"numberOfTenderers": 1.5, "items": {"id": 1}}}',
        '{"ocid": 77, "tag": ["compiled"], "tender": {"value": {"amount": 1e999}}, "buyer": null}',
        '{"ocid": "ocds-4", "tag": ["compiled"], "contracts": [{"value": {"amount": 1e90}}], "awards": [null]}',
    ]
    report = put(tmp_path / "file", "\n".join(lines))
    told = [(one.line, one.path, one.fault) for one in report.troubles.kept]
    assert told == [
        (2, "tender/value/amount", Fault.READ_AS),
        (2, "tender/value/currency", Fault.READ_AS),
        (3, "", Fault.NOT_JSON),
        (4, "", Fault.NOT_AN_OBJECT),
        (5, "ocid", Fault.REPEATED),
        (6, "ocid", Fault.NO_OCID),
        (7, "tender/items", Fault.READ_AS),
        (7, "tender/numberOfTenderers", Fault.WRONG_TYPE),
        (8, "ocid", Fault.READ_AS),
        (8, "tender/value/amount", Fault.OUT_OF_RANGE),
        (9, "contracts[0]/value/amount", Fault.OUT_OF_RANGE),
    ]
    assert report.processes == 7


def test_a_number_beyond_sense_is_struck_out_on_the_fast_way_too(tmp_path):
    line = '{"ocid": "o", "tag": ["compiled"], "tender": {"value": {"amount": 1e5000, "currency": "KZT"}}}'
    report = put(tmp_path / "file", line, SHORT)
    assert faults(report) == {Fault.OUT_OF_RANGE: 1}
    assert report.coverage["tender/value/amount"] == 0


def test_amounts_keep_every_digit():
    read = Documents(Troubles()).read
    (one,) = read(b'{"ocid": "o", "tender": {"value": {"amount": 0.10000000000000000000000001}}}', 1)
    assert one.tender.value.amount == Decimal("0.10000000000000000000000001")
    (one,) = read(b'{"ocid": 5, "tender": {"value": {"amount": 9007199254740993.01}}}', 1)
    assert one.tender.value.amount == Decimal("9007199254740993.01")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(SourceError, match=r"cannot be read: No such file"):
        run(str(tmp_path / "none"), Settings(SHORT))


@pytest.mark.parametrize("left", [0, 5, 40, 200])
def test_what_can_be_had_of_damaged_gzip_is_had(tmp_path, left):
    whole = gzip.compress(("\n".join(json.dumps(release(f"ocds-{k}", note="x" * k)) for k in range(400))).encode())
    report = put(tmp_path / "file", whole[: len(whole) - left])
    assert (Fault.CUT_OFF in faults(report)) == (left > 0)
    assert report.processes >= (400 if left in (0, 5) else 1)


def test_several_members_of_gzip_are_one_file(tmp_path):
    data = b"".join(gzip.compress(json.dumps(release(f"ocds-{k}")).encode() + b"\n") for k in range(3))
    assert put(tmp_path / "file", data).processes == 3


@pytest.mark.parametrize("form", ["pretty list", "pretty package"])
def test_a_document_that_ends_too_early_gives_what_is_whole(tmp_path, form):
    data = FORMS[form]([release(f"ocds-{k}") for k in range(5)])
    report = put(tmp_path / "file", data[: len(data) * 2 // 3])
    assert 2 <= report.processes <= 4
    assert Fault.CUT_OFF in faults(report)


# ---- hostile files --------------------------------------------------------------------------------------------------


def test_every_coverage_fixture_of_cardinal_is_read(tmp_path):
    """Its fixtures of broken lines: each is read to the end, and each line is either a process or a trouble."""
    with tarfile.open(shared_data("cardinal_fixtures.tgz")) as packed:
        packed.extractall(tmp_path, filter="data")
    paths = sorted((tmp_path / "cardinal_fixtures" / "coverage").glob("*.jsonl"))
    assert len(paths) > 30
    for path in paths:
        report = run(str(path), Settings())
        blank = not path.read_bytes().strip()
        assert blank or report.processes + sum(report.troubles.counts.values()) or b"[]" in path.read_bytes(), path.name
    for path in sorted((tmp_path / "cardinal_fixtures" / "prepare").glob("*.jsonl")):
        assert run(str(path), Settings()).processes, path.name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ocid", "tender", "awards", "bids", "details", "value", "amount", "currency", "status", "items", "id"]
                + ["tenderers", "suppliers", "tag", "releases", "records", "compiledRelease", "parties", "contracts"]
                + ["tenderPeriod", "startDate", "endDate", "classification", "quantity", "unit", "numberOfTenderers"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(st.lists(JSON, max_size=4))
def test_any_json_is_read_without_a_crash(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_text("\n".join(json.dumps(value) for value in values))
    assert run(str(path), Settings()) is not None
    path.write_text(json.dumps(values, indent=1))
    assert run(str(path), Settings(like_cardinal=True)) is not None


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_any_bytes_are_read_without_a_crash(tmp_path_factory, data, place, byte):
    path = tmp_path_factory.mktemp("any") / "file"
    whole = bytearray(("\n".join(json.dumps(release(f"ocds-{k}")) for k in range(3))).encode())
    whole[place % len(whole)] = byte
    for content in (data, bytes(whole), data + bytes(whole)):
        path.write_bytes(content)
        assert run(str(path), Settings()) is not None


@given(st.lists(JSON.filter(lambda value: isinstance(value, dict)), max_size=6), st.integers(1, 9))
def test_the_cutter_finds_every_element_wherever_the_file_is_read(elements, size):
    """Whatever the sizes of the pieces in which a file arrives, its elements are the same."""
    text = json.dumps({"releases": elements}, indent=1).encode()

    class Slow(io.BytesIO):
        def read(self, _=-1):
            return super().read(size)

    troubles = Troubles()
    found = list(Cutter(troubles).pieces(Slow(text)))
    assert [json.loads(piece.data) for piece in found] == elements
    assert not troubles.counts
    lines = text.split(b"\n")
    assert all(lines[piece.line - 1].lstrip().startswith(b"{") for piece in found)


# ---- many workers ---------------------------------------------------------------------------------------------------


def test_workers_change_nothing(tmp_path):
    """Several ranges, several workers: the same findings, lines and counts as one."""
    many = [release(f"ocds-{k}", filler="x" * 3000) for k in range(6000)]
    many[5990] = many[0]
    lines = "\n".join(json.dumps(one) for one in many)
    path = tmp_path / "file"
    reports = [put(path, lines + "\n{broken", workers=count) for count in (1, 3)]
    alone, together = reports
    assert subjects(alone) == subjects(together)
    assert faults(alone) == faults(together) == {Fault.REPEATED: 1, Fault.NOT_JSON: 1}
    assert [one.line for report in reports for one in report.troubles.kept if one.fault is Fault.NOT_JSON] == [
        6001,
        6001,
    ]
    assert Source(str(path)).splits


def test_the_maps_of_workers_are_joined():
    one, other = Maps(), Maps()
    one.tenderers, other.tenderers = {"o": {"a"}}, {"o": {"b"}, "p": {"c"}}
    one.merge(other)
    assert one.tenderers == {"o": {"a", "b"}, "p": {"c"}}


def test_a_gzip_without_an_end_says_so():
    troubles = Troubles()
    packed = gzip.compress(b"{}" * 50_000)
    assert Unpacked(io.BytesIO(packed[:-9]), troubles).read(1 << 20)
    assert troubles.counts[Fault.CUT_OFF] <= 1
