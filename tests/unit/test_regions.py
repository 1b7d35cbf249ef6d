"""The table of regions: complete, right by an independent list, and drawable as tiles."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from stdnum import numdb

from schemas.errors import Misconfigured
from schemas.regions.load import County, read_regions, regions

HEADING = "code,name_zh,short_zh,name_en,tile_x,tile_y\n"


def names_by_the_independent_list() -> dict[str, str]:
    """Return the units of Yunnan that python-stdnum holds to exist today, by code.

    Its names carry the years of their validity: ``[1983-2011]甲县,[2011-]甲区``.
    """
    found = {}
    for number in range(530100, 533500):
        [*_, (_, properties)] = numdb.get("cn/loc").info(str(number))
        for name in properties.get("county", "").split(","):
            years, _, plain = name.rpartition("]")
            if plain not in ("", "市辖区", "云南省") and (not years or years.endswith("-")):
                found[str(number)] = plain
    return found


def test_there_are_16_prefectures_and_129_counties() -> None:
    assert (len(regions().prefectures), len(regions().counties)) == (16, 129)


def test_codes_and_names_are_those_of_an_independent_list() -> None:
    units = {**regions().prefectures, **regions().counties}
    assert {code: unit.text.zh for code, unit in units.items()} == names_by_the_independent_list()


def test_a_county_belongs_to_the_prefecture_of_its_first_four_digits() -> None:
    assert regions().prefecture_of("532801") == "532800"
    assert regions().prefecture_of("532800") == "532800"
    sizes = Counter(county.prefecture for county in regions())
    assert (sizes["530100"], sizes["532500"], sizes["533400"]) == (14, 13, 3)


def test_a_code_that_does_not_exist_has_no_prefecture_and_is_its_own_name() -> None:
    assert "539999" not in regions()
    assert regions().name("539999") == "539999"
    with pytest.raises(KeyError):
        regions().prefecture_of("539999")


def test_names_come_in_both_languages() -> None:
    assert regions().name("532801") == "景洪市"
    assert regions().name("532801", "en") == "Jinghong City"
    assert regions().name("532800", "en") == "Xishuangbanna Prefecture"


def test_no_two_counties_share_a_tile() -> None:
    tiles = Counter((county.tile_x, county.tile_y) for county in regions())
    assert [tile for tile, count in tiles.items() if count > 1] == []
    assert min(x for x, _ in tiles) == min(y for _, y in tiles) == 0


@pytest.mark.parametrize("prefecture", regions().prefectures)
def test_the_tiles_of_a_prefecture_are_one_piece_by_shared_edges(prefecture: str) -> None:
    left = {(county.tile_x, county.tile_y) for county in regions().counties_of(prefecture)}
    reached = [left.pop()]
    while reached:
        x, y = reached.pop()
        for neighbour in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if neighbour in left:
                left.remove(neighbour)
                reached.append(neighbour)
    assert left == set()


def centre(prefecture: str) -> tuple[float, float]:
    tiles = regions().counties_of(prefecture)
    return (
        sum(county.tile_x for county in tiles) / len(tiles),
        sum(county.tile_y for county in tiles) / len(tiles),
    )


def test_the_prefectures_lie_where_one_looks_for_them() -> None:
    place = {code: centre(code) for code in regions().prefectures}
    by_latitude = sorted(place, key=lambda code: place[code][1])
    by_longitude = sorted(place, key=lambda code: place[code][0])
    assert set(by_latitude[:2]) == {"530600", "533400"}  # Zhaotong and Diqing in the north
    assert by_latitude[-1] == "532800"  # Xishuangbanna in the south
    assert by_longitude[0] == "533100"  # Dehong in the west
    assert by_longitude[-1] == "532600"  # Wenshan in the east
    middle_x, middle_y = place["530100"]  # Kunming in the centre, to the east
    assert 8 < middle_x < 12
    assert 5 < middle_y < 9


def test_no_tile_is_missing_inside_the_province() -> None:
    taken = {(county.tile_x, county.tile_y) for county in regions()}
    for x in range(16):
        for y in range(16):
            around = {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)}
            assert (x, y) in taken or not around <= taken, (x, y)


def test_the_counties_are_of_prefectures_that_are_listed() -> None:
    assert all(isinstance(county, County) for county in regions())
    assert {county.prefecture for county in regions()} == set(regions().prefectures)


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("540100,拉萨市,拉萨,Lhasa,,\n", 2, "expected code"),
        ("530100,昆明市,昆明,Kunming,,\n530100,昆明市,昆明,Kunming,,\n", 3, "530100 stands twice"),
        ("530102,五华区,五华,Wuhua District,1,1\n", 2, "comes before its prefecture 530100"),
        ("530100,昆明市,昆明,Kunming,,\n530102,五华区,五华,Wuhua,,\n", 3, "has no place"),
        ("# a comment\n530100,昆明市\n", 3, "expected code"),
        (
            "530100,昆明市,昆明,Kunming,,\n530102,五华区,五华,W,1,1\n530103,盘龙区,盘龙,P,1,1\n",
            4,
            "530103 has the tile of 530102",
        ),
    ],
)
def test_a_faulty_row_is_reported_with_its_line(
    rows: str, line: int, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "regions.csv"
    path.write_text(HEADING + rows, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        read_regions(path)
    [fault] = caught.value.faults
    assert f"regions.csv:{line}: " in fault
    assert message in fault


def test_another_heading_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("code,name\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"regions\.csv:1: the heading must be code,"):
        read_regions(path)
