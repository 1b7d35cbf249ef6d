"""An approved GeoJSON takes the place of the tiles, or is refused with all its faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboards.geometry import read_geometry
from schemas.errors import Misconfigured
from schemas.regions.load import regions


def squares() -> list[dict[str, Any]]:
    """A square of half a degree for each county, where its tile is."""
    features = []
    for county in regions():
        west, north = 98 + county.tile_x * 0.45, 29 - county.tile_y * 0.45
        ring = [[west, north], [west + 0.45, north], [west + 0.45, north - 0.45],
                [west, north - 0.45], [west, north]]  # fmt: skip
        features.append({"type": "Feature", "properties": {"code": county.code},
                         "geometry": {"type": "Polygon", "coordinates": [ring]}})  # fmt: skip
    return features


def written(folder: Path, features: Any) -> Path:
    path = folder / "map.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def test_every_county_has_an_outline_and_names_stand_within_it(tmp_path: Path) -> None:
    drawn = read_geometry(written(tmp_path, squares()))
    assert set(drawn["counties"]) == set(regions().counties)
    for outline in drawn["counties"].values():
        left, top, right, bottom = outline["box"]
        assert left < outline["x"] < right
        assert top < outline["y"] < bottom
        assert outline["path"][0] + outline["path"][-1] == "Mz"
    boxes = [outline["box"] for outline in drawn["counties"].values()]
    assert (min(box[0] for box in boxes), max(box[2] for box in boxes)) == (0, 640)


def test_north_is_up_and_west_is_left(tmp_path: Path) -> None:
    counties = read_geometry(written(tmp_path, squares()))["counties"]
    north, south = counties["533422"], counties["532801"]  # 德钦, 景洪
    west, east = counties["533102"], counties["532628"]  # 瑞丽, 富宁
    assert north["y"] < south["y"]
    assert west["x"] < east["x"]


def test_a_line_between_counties_of_one_prefecture_is_no_border(tmp_path: Path) -> None:
    drawn = read_geometry(written(tmp_path, squares()))
    lines = drawn["borders"].count("M")
    tiles = {(county.tile_x, county.tile_y): county.prefecture for county in regions()}
    sides = {
        frozenset(((x, y), (x + dx, y + dy)))
        for x, y in tiles
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
        if tiles.get((x + dx, y + dy)) != tiles[x, y]
    }
    assert lines == len(sides)


@pytest.mark.parametrize("name", ["code", "adcode", "gb"])
def test_codes_are_taken_as_publishers_write_them(tmp_path: Path, name: str) -> None:
    features = squares()
    for feature in features:
        code = feature["properties"].pop("code")
        feature["properties"][name] = {"code": code, "adcode": int(code), "gb": f"156{code}"}[name]
    assert len(read_geometry(written(tmp_path, features))["counties"]) == 129


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    features = squares()
    features[0]["properties"]["code"] = "110101"
    features[2]["properties"]["code"] = features[1]["properties"]["code"]
    features[3]["geometry"] = {"type": "Point", "coordinates": [100, 25]}
    features[4]["geometry"]["coordinates"][0][0] = [25, 100]
    with pytest.raises(Misconfigured) as refused:
        read_geometry(written(tmp_path, features))
    told = str(refused.value)
    for part in ("'110101' is no county", "stands twice", "no Polygon", "degrees east", "missing"):
        assert part in told
    assert told.count("\n") == 5


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"features": 1}'])
def test_what_is_no_geojson_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(Misconfigured):
        read_geometry(path)
