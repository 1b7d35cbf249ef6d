"""Fills the tables of names: regions, departments, items, clocks.

Beside the path of an event. The rows are those of this build's catalogue and regions; the content
of a table is replaced by one statement, and left alone where it is already the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clickhouse_driver import Client

from schemas.catalogue.model import Catalogue, Item, Text
from schemas.regions.load import Regions
from sinks.clickhouse.block import Row
from sinks.clickhouse.server import Server, classified

PROVINCE = "530000"
_COUNTY_DIGITS = 6


def load_dimensions(
    server: Server, catalogue: Catalogue, regions: Regions, townships: Mapping[str, Text]
) -> list[str]:
    """Bring the tables of names to what is given, and return those that were not so before.

    Running it again changes nothing. Raises ``Unavailable`` or ``Misconfigured``.
    """
    wanted = {
        "regions": list(region_rows(regions, townships)),
        "departments": list(department_rows(catalogue)),
        "items": list(item_rows(catalogue)),
        "clocks": list(clock_rows(catalogue)),
    }
    with classified(server), server.client() as client:
        return [
            table
            for table, rows in wanted.items()
            if _replace(client, server.on_cluster, table, rows)
        ]


def region_rows(regions: Regions, townships: Mapping[str, Text]) -> Iterator[Row]:
    """Yield the province, its prefectures, counties and townships, in the order of the columns."""
    yield PROVINCE, "province", "云南省", "Yunnan Province", "云南", "", "", "", None, None
    for prefecture in regions.prefectures.values():
        yield (
            prefecture.code, "prefecture", prefecture.text.zh, prefecture.text.en,
            prefecture.short_zh, PROVINCE, prefecture.code, "", None, None,
        )  # fmt: skip
    for county in regions:
        yield (
            county.code, "county", county.text.zh, county.text.en, county.short_zh,
            county.prefecture, county.prefecture, county.code, county.tile_x, county.tile_y,
        )  # fmt: skip
    for code, text in townships.items():
        county_code = code[:_COUNTY_DIGITS]
        yield (
            code, "township", text.zh, text.en, text.zh,
            county_code, regions.prefecture_of(county_code), county_code, None, None,
        )  # fmt: skip


def department_rows(catalogue: Catalogue) -> Iterator[Row]:
    """Yield the departments in the order of the catalogue."""
    for position, (code, text) in enumerate(catalogue.departments.items(), start=1):
        yield code, text.zh, text.en, position


def item_rows(catalogue: Catalogue) -> Iterator[Row]:
    """Yield the items as their newest policy has them."""
    for position, versions in enumerate(catalogue.versions.values(), start=1):
        item = versions[-1]
        yield (
            item.code, item.text.zh, item.text.en, item.department, item.supervised, item.policy,
            item.in_force_from, position,
        )  # fmt: skip


def clock_rows(catalogue: Catalogue) -> Iterator[Row]:
    """Yield the clocks of every item under each of its policies."""
    for versions in catalogue.versions.values():
        for item in versions:
            yield from _clocks_of(item)


def _clocks_of(item: Item) -> Iterator[Row]:
    for position, clock in enumerate(item.clocks.values(), start=1):
        yield (
            item.code, item.policy, clock.name, clock.text.zh, clock.text.en, item.in_force_from,
            clock.limit.amount, clock.limit.unit.value,
            sorted(pause.value for pause in clock.honours), clock.each,
            clock.source.certainty.value, clock.source.text.zh, clock.source.text.en, position,
        )  # fmt: skip


def _replace(client: Client, on_cluster: str, table: str, rows: list[Row]) -> bool:
    """Make ``rows`` the content of a table at once; say whether it was another before."""
    found = client.execute(f"SELECT * FROM `{table}`")
    if sorted(map(repr, map(tuple, found))) == sorted(map(repr, rows)):
        return False
    staged = f"{table}_next"
    client.execute(f"CREATE OR REPLACE TABLE `{staged}`{on_cluster} AS `{table}`")
    client.execute(f"INSERT INTO `{staged}` VALUES", rows)
    client.execute(f"ALTER TABLE `{table}` REPLACE PARTITION tuple() FROM `{staged}`")
    client.execute(f"DROP TABLE `{staged}`{on_cluster} SYNC")
    return True
