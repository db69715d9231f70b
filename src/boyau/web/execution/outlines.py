"""The map of the regions: tiles of equal size in the places of the regions, or the operator's own outlines.

No geometry of others is part of Boyau. An operator who has one gives a GeoJSON (RFC 7946) in which every region bears
its ISO 3166-2 code in some property; it is checked, projected, and cut down to the grid of the drawing.
"""

import itertools
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boyau.treasury.regions import REGIONS

TILES = (
    "..  ..  39  59  ..  55  ..",
    "27  15  ..  11  71  10  63",
    "23  ..  62  35  ..  33  ..",
    "47  ..  43  61  31  19  ..",
    "..  ..  ..  79  ..  75  ..",
)
"""Two digits of KATO, north above, west left."""
BYTES_MAX, POINTS_MAX = 5_000_000, 200_000
WIDTH = 960
"""Of the drawing; its units are the grid that outlines are cut down to."""
MARGIN = 8
SMALL = 900
"""Below this area, in square units, a region (a city) gets a mark that one can see and touch."""
_ISO = re.compile(r"KZ-(\d{2})")
_PARALLELS, _MIDDLE = (math.radians(43.0), math.radians(53.0)), (math.radians(48.0), math.radians(67.0))
Point = tuple[float, float]
Ring = list[tuple[int, int]]


class OutlineError(ValueError):
    """A file that is no map of the regions; the message says what is wrong with it, and where."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A region as drawn. ``path``: SVG path data; ``x``, ``y``: where its figure stands; ``small``: a city."""

    kato: str
    path: str
    x: int
    y: int
    small: bool


@dataclass(frozen=True, slots=True)
class Outlines:
    """All regions, drawn in ``width`` × ``height`` units."""

    regions: tuple[Outline, ...]
    width: int
    height: int


def tiles() -> list[tuple[str, int, int]]:
    """Return of every region its digits, column and row, in reading order."""
    return [
        (kato, column, row)
        for row, line in enumerate(TILES)
        for column, kato in enumerate(line.split())
        if kato in REGIONS
    ]


def read(path: Path) -> Outlines:
    """Read the operator's outlines. Raises ``OutlineError``."""
    try:
        size = path.stat().st_size
        if size > BYTES_MAX:
            raise OutlineError(f"{path}: {size} bytes; at most {BYTES_MAX} are read: simplify it")
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise OutlineError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, OutlineError) else OutlineError(f"{path}: no JSON ({error})") from None
    try:
        return draw(_polygons(data))
    except OutlineError as error:
        raise OutlineError(f"{path}: {error}") from None


def _polygons(data: Any) -> dict[str, list[list[Point]]]:
    """Return the rings of every region by its digits, in degrees."""
    if (
        not isinstance(data, dict)
        or data.get("type") != "FeatureCollection"
        or not isinstance(data.get("features"), list)
    ):
        raise OutlineError("not a FeatureCollection")
    found: dict[str, list[list[Point]]] = {}
    points = 0
    for number, feature in enumerate(data["features"]):
        kato = _code(feature, number)
        if kato in found:
            raise OutlineError(f"feature {number}: KZ-{kato} is there twice")
        rings = _rings(feature.get("geometry"), number)
        points += sum(map(len, rings))
        if points > POINTS_MAX:
            raise OutlineError(f"more than {POINTS_MAX} points; simplify it")
        found[kato] = rings
    missing = sorted(set(REGIONS) - set(found))
    if missing:
        raise OutlineError("no outline of " + ", ".join(f"KZ-{kato}" for kato in missing))
    return found


def _code(feature: Any, number: int) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    values = [feature.get("id"), *properties.values()] if isinstance(properties, dict) else []
    codes = {found[1] for value in values if isinstance(value, str) and (found := _ISO.fullmatch(value))}
    if len(codes) != 1 or not codes <= set(REGIONS):
        raise OutlineError(f"feature {number}: no property has the ISO 3166-2 code of one region, such as KZ-10")
    return codes.pop()


def _rings(geometry: Any, number: int) -> list[list[Point]]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise OutlineError(f"feature {number}: the geometry is no Polygon and no MultiPolygon")
    polygons = [geometry.get("coordinates")] if kind == "Polygon" else geometry.get("coordinates")
    try:
        rings = [[(float(point[0]), float(point[1])) for point in ring] for polygon in polygons for ring in polygon]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise OutlineError(f"feature {number}: its coordinates are no rings of [longitude, latitude]") from None
    if not rings or any(len(ring) < 4 for ring in rings):
        raise OutlineError(f"feature {number}: a ring has at least four points")
    if any(not (-180 <= x <= 180 and -90 < y < 90) for ring in rings for x, y in ring):  # false for NaN too
        raise OutlineError(f"feature {number}: longitudes reach from -180 to 180, latitudes from -90 to 90")
    return rings


def project(longitude: float, latitude: float) -> Point:
    """Project degrees: Albers' equal-area conic with two parallels in Kazakhstan; y grows to the south."""
    first, second = (math.sin(one) for one in _PARALLELS)
    n = (first + second) / 2
    c = math.cos(_PARALLELS[0]) ** 2 + 2 * n * first
    at, middle = (math.sqrt(max(0.0, c - 2 * n * math.sin(one))) / n for one in (math.radians(latitude), _MIDDLE[0]))
    angle = n * (math.radians(longitude) - _MIDDLE[1])
    return at * math.sin(angle), at * math.cos(angle) - middle


def draw(polygons: dict[str, list[list[Point]]]) -> Outlines:
    """Fit the regions into the drawing, in whole units; points that fall on one place are one."""
    flat = {kato: [[project(*point) for point in ring] for ring in rings] for kato, rings in polygons.items()}
    xs, ys = zip(*(point for rings in flat.values() for ring in rings for point in ring), strict=True)
    left, top, wide, high = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    if not wide > 0 or not high > 0 or high > 4 * wide:
        raise OutlineError("the outlines have no extent")
    scale = (WIDTH - 2 * MARGIN) / wide
    out = []
    for kato, rings in flat.items():
        drawn = [_snapped([((x - left) * scale + MARGIN, (y - top) * scale + MARGIN) for x, y in one]) for one in rings]
        largest = max(drawn, key=lambda ring: abs(_area(ring)))
        x, y = _inside(largest)
        path = "".join(_path(ring) for ring in drawn if len(ring) >= 3)
        out.append(Outline(kato, path or _path(largest), x, y, abs(_area(largest)) < SMALL))
    out.sort(key=lambda one: (one.small, one.kato))  # cities lie on top of the regions around them
    return Outlines(tuple(out), WIDTH, round(high * scale) + 2 * MARGIN)


def _snapped(ring: list[Point]) -> Ring:
    """Return a ring on the grid, without points that repeat or lie on the line between their neighbours."""
    points: Ring = []
    for x, y in ring:
        point = (round(x), round(y))
        if points and points[-1] == point:
            continue
        if len(points) > 1 and _turn(points[-2], points[-1], point) == 0:
            points.pop()
        points.append(point)
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    return points


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])


def _area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True)) / 2


def _inside(ring: Ring) -> tuple[int, int]:
    """Return a point well inside a ring: the middle of the longest stretch of the lines across it."""
    low, high = min(y for _, y in ring), max(y for _, y in ring)
    best, at = -1.0, ring[0]
    middle = (low + high) / 2
    for step in range(1, 10):
        y = low + (high - low) * step / 10
        cuts = sorted(
            a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
            for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True)
            if (a[1] <= y) != (b[1] <= y)
        )
        for begin, end in zip(cuts[::2], cuts[1::2], strict=False):
            worth = (end - begin) * (1 - abs(y - middle) / max(1.0, high - low))
            if worth > best:
                best, at = worth, (round((begin + end) / 2), round(y))
    return at


def _path(ring: Ring) -> str:
    steps = [f"M{ring[0][0]} {ring[0][1]}"]
    steps += [f"l{b[0] - a[0]} {b[1] - a[1]}" for a, b in itertools.pairwise(ring)]
    return "".join(steps).replace(" -", "-") + "z"
