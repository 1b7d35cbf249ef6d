"""Outlines of the counties for the map, from a GeoJSON that a department approved.

Beside the path of an event: where ``JUSHOU_PAGE_GEOJSON`` names a file, the page draws it instead
of its own equal tiles (``docs/map.md``). It is checked whole before the page starts, and projected
here, so that a browser gets paths of some tens of kilobytes and no coordinates.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import cos, radians
from pathlib import Path
from typing import Any

from schemas.errors import Misconfigured
from schemas.regions.load import Regions, regions

# Where a feature says which county it is; some publishers put the country's 156 before the code.
CODE_PROPERTIES = ("code", "adcode", "gb")
# The province with a margin; coordinates outside are of another place, or latitude comes first.
_WEST, _EAST, _SOUTH, _NORTH = 97.0, 107.0, 20.5, 30.0
# As wide as the tiles, so that names fit alike; half a unit is half a pixel on a laptop.
_WIDTH, _GRID = 640.0, 0.5

Point = tuple[float, float]
Ring = list[Point]


def read_geometry(path: Path, of: Regions | None = None) -> dict[str, Any]:
    """Return ``counties``: by code ``path``, ``x``, ``y``, ``box``; and ``borders``, a path.

    Raises ``Misconfigured`` with every fault: a file that is no GeoJSON of polygons, a county that
    is missing, unknown or there twice, coordinates that are not WGS 84 or CGCS2000 degrees.
    """
    places, faults = of or regions(), list[str]()
    outlines: dict[str, list[Ring]] = {}
    for number, feature in enumerate(_features(path), 1):
        code = _code(feature)
        if code not in places.counties:
            faults.append(f"feature {number}: {code or 'no code'!r} is no county of the province")
        elif code in outlines:
            faults.append(f"feature {number}: {code} stands twice")
        else:
            outlines[code] = list(_rings(feature, number, faults))
    faults += [f"{code} is missing" for code in places.counties if code not in outlines]
    if faults:
        raise Misconfigured("\n".join(f"{path}: {fault}" for fault in faults))
    return _drawn(outlines, places)


def _features(path: Path) -> list[Any]:
    try:
        given = json.loads(path.read_text("utf-8"))
        features = given["features"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Misconfigured(f"{path} is no GeoJSON FeatureCollection that can be read") from None
    if not isinstance(features, list):
        raise Misconfigured(f"{path}: features is no list")
    return features


def _code(feature: Any) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    for name in CODE_PROPERTIES:
        if isinstance(properties, dict) and name in properties:
            return str(properties[name]).removeprefix("156")
    return ""


def _rings(feature: Any, number: int, faults: list[str]) -> Iterator[Ring]:
    shape: dict[str, Any] = feature.get("geometry") or {}
    coordinates = shape.get("coordinates")
    polygons: Any = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(
        str(shape.get("type"))
    )
    try:
        rings = [[(float(x), float(y)) for x, y, *_ in ring] for each in polygons for ring in each]
    except (TypeError, ValueError):
        faults.append(f"feature {number}: its geometry is no Polygon or MultiPolygon")
        return
    if not all(_WEST < x < _EAST and _SOUTH < y < _NORTH for ring in rings for x, y in ring):
        faults.append(f"feature {number}: coordinates must be degrees east, then north, in Yunnan")
        return
    yield from rings


def _drawn(outlines: Mapping[str, list[Ring]], places: Regions) -> dict[str, Any]:
    points = [point for rings in outlines.values() for ring in rings for point in ring]
    west, north = min(x for x, _ in points), max(y for _, y in points)
    # An equirectangular projection, true in the middle latitude of the province.
    shrink = cos(radians((north + min(y for _, y in points)) / 2))
    scale = _WIDTH / ((max(x for x, _ in points) - west) * shrink)

    def placed(ring: Ring) -> Ring:
        return _on_grid(((x - west) * shrink * scale, (north - y) * scale) for x, y in ring)

    drawn = {
        code: [small for ring in rings if len(small := placed(ring)) > 2]
        for code, rings in outlines.items()
    }
    return {
        "counties": {code: _outline(rings) for code, rings in drawn.items()},
        "borders": "".join(_borders(drawn, places)),
    }


def _on_grid(points: Iterable[Point]) -> Ring:
    """Return the points on a grid, repeats left out; neighbours keep their common line."""
    ring: Ring = []
    for x, y in points:
        point = (round(x / _GRID) * _GRID, round(y / _GRID) * _GRID)
        if not ring or ring[-1] != point:
            ring.append(point)
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def _outline(rings: list[Ring]) -> dict[str, Any]:
    largest = max(rings, key=lambda ring: abs(_area(ring)), default=[(0.0, 0.0)])
    x, y = _centre(largest)
    xs, ys = [x for ring in rings for x, _ in ring], [y for ring in rings for _, y in ring]
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "z" for ring in rings)
    box = [min(xs, default=0), min(ys, default=0), max(xs, default=0), max(ys, default=0)]
    return {"path": path, "x": round(x, 1), "y": round(y, 1), "box": box}


def _sides(ring: Ring) -> Iterator[tuple[Point, Point]]:
    return zip(ring, ring[1:] + ring[:1], strict=True)


def _area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in _sides(ring)) / 2


def _centre(ring: Ring) -> Point:
    area = _area(ring)
    if not area:
        return ring[0]
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in _sides(ring))
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in _sides(ring))
    return x / (6 * area), y / (6 * area)


def _borders(drawn: Mapping[str, list[Ring]], places: Regions) -> Iterator[str]:
    """Yield the sides that only one county of a prefecture has: its outer line."""
    sides: Counter[tuple[str, frozenset[Point]]] = Counter()
    for code, rings in drawn.items():
        home = places.prefecture_of(code)
        sides.update((home, frozenset(side)) for ring in rings for side in _sides(ring))
    for side in dict.fromkeys(side for (_, side), times in sides.items() if times == 1):
        if len(side) == 2:
            (a, b), (c, d) = sorted(side)
            yield f"M{a:g} {b:g}L{c:g} {d:g}"
