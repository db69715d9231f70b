"""The operator's map of the regions: what is read, what is refused and why, and how it is drawn."""

import json

import pytest

from boyau.cli.output import Failure
from boyau.cli.serve import _outlines
from boyau.service.settings import Settings
from boyau.treasury.regions import REGIONS
from boyau.web.execution import outlines
from boyau.web.execution.outlines import MARGIN, WIDTH, OutlineError, draw, project, read, tiles


def square(x: float, y: float, size: float = 1.0) -> list[list[float]]:
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]


def collection() -> dict:
    """Twenty squares in a row."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": region.name["en"], "code": region.iso},
                "geometry": {"type": "Polygon", "coordinates": [square(50 + k, 45)]},
            }
            for k, region in enumerate(REGIONS.values())
        ],
    }


def written(tmp_path, data) -> "outlines.Outlines":
    path = tmp_path / "map.geojson"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return read(path)


def test_every_region_has_one_tile_in_its_place():
    found = tiles()
    assert {kato for kato, _, _ in found} == set(REGIONS)
    assert len({(column, row) for _, column, row in found}) == len(found) == 20
    places = {kato: (column, row) for kato, column, row in found}
    assert places["59"][1] < places["11"][1] < places["31"][1]  # north above south
    assert places["47"][0] < places["43"][0] < places["19"][0]  # west left of east
    for city, around in (("71", "11"), ("75", "19"), ("79", "61")):
        assert sum(abs(a - b) for a, b in zip(places[city], places[around], strict=True)) == 1


def test_a_file_of_twenty_regions_is_drawn_from_west_to_east_within_its_frame(tmp_path):
    made = written(tmp_path, collection())
    assert {one.kato for one in made.regions} == set(REGIONS)
    by_kato = {one.kato: one for one in made.regions}
    xs = [by_kato[kato].x for kato in REGIONS]
    assert xs == sorted(xs)
    assert all(MARGIN <= one.x <= WIDTH - MARGIN and MARGIN <= one.y <= made.height - MARGIN for one in made.regions)
    assert all(one.path.startswith("M") and one.path.endswith("z") for one in made.regions)
    assert all(set(one.path) <= set("Mlz -0123456789") for one in made.regions)


def test_points_that_fall_on_one_place_of_the_grid_are_one():
    fine = [(60 + k / 1000, 45 + (k % 2) / 100_000) for k in range(500)]
    polygons = {kato: [[*map(tuple, square(50 + k, 45))]] for k, kato in enumerate(REGIONS)}
    polygons["10"] = [[*fine, (60.5, 46), (60, 46), (60, 45)]]
    made = next(one for one in draw(polygons).regions if one.kato == "10")
    assert made.path.count("l") < 60


def test_areas_are_true_wherever_they_lie():
    """The projection is equal-area: a degree square at 41° N is as large to the one at 55° N as on the globe."""
    import math

    def area(south: float) -> float:
        ring = [project(x, y) for x, y in square(70, south, 0.5)]
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:], strict=False))) / 2

    def globe(south: float) -> float:
        return math.radians(0.5) * (math.sin(math.radians(south + 0.5)) - math.sin(math.radians(south)))

    assert abs(area(41) / area(54.5) - globe(41) / globe(54.5)) < 1e-4


def changed(**values):
    data = collection()
    data["features"][3] |= values
    return data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ([], "not a FeatureCollection"),
        ({"type": "FeatureCollection"}, "not a FeatureCollection"),
        ({"type": "FeatureCollection", "features": [1]}, "feature 0: no property"),
        ({"type": "FeatureCollection", "features": []}, "no outline of KZ-10"),
        (changed(properties={"code": "KZ-99"}), "feature 3: no property"),
        (changed(properties={"code": "KZ-10", "old": "KZ-11"}), "feature 3: no property"),
        (changed(properties={"code": "KZ-10"}), "feature 3: KZ-10 is there twice"),
        (changed(properties=None), "feature 3: no property"),
        (changed(geometry=None), "feature 3: the geometry is no Polygon"),
        (changed(geometry={"type": "Point", "coordinates": [1, 2]}), "feature 3: the geometry is no Polygon"),
        (changed(geometry={"type": "Polygon", "coordinates": None}), "no rings"),
        (changed(geometry={"type": "Polygon", "coordinates": [[["a", "b"]] * 4]}), "no rings"),
        (changed(geometry={"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}), "at least four points"),
        (changed(geometry={"type": "Polygon", "coordinates": [square(500, 45)]}), "longitudes reach"),
        (changed(geometry={"type": "Polygon", "coordinates": [[[float("nan"), 45]] * 4]}), "longitudes reach"),
        (changed(geometry={"type": "MultiPolygon", "coordinates": [[square(0, 0)[:1] * 200_001]]}), "simplify"),
    ],
)
def test_what_is_no_map_of_the_regions_is_refused_with_what_is_wrong_and_where(tmp_path, data, said):
    with pytest.raises(OutlineError, match=r"map\.geojson: ") as caught:
        written(tmp_path, data)
    assert said in str(caught.value)


def test_a_file_that_is_too_large_or_not_there_is_refused(tmp_path, monkeypatch):
    with pytest.raises(OutlineError, match="No such file"):
        read(tmp_path / "nowhere.geojson")
    monkeypatch.setattr(outlines, "BYTES_MAX", 100)
    with pytest.raises(OutlineError, match="at most 100 are read"):
        written(tmp_path, collection())


def test_the_service_says_which_setting_is_wrong(tmp_path):
    assert _outlines(Settings()) is None
    with pytest.raises(Failure, match="BOYAU_MAP"):
        _outlines(Settings(map=tmp_path / "nowhere.geojson"))
    path = tmp_path / "map.geojson"
    path.write_text(json.dumps(collection()), encoding="utf-8")
    assert len(_outlines(Settings(map=path)).regions) == 20
