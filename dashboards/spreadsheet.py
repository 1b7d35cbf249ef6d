"""CSV of a panel, as spreadsheets in use here open it: UTF-8 with BOM, formulas disarmed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import Response

from dashboards.warehouse import Row
from schemas.instants import render_instant

BOM = "\ufeff"
# A cell that begins so is run as a formula by spreadsheets (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Spreadsheet(Response):
    """CSV."""

    media_type = "text/csv"


def download(name: str, as_of_ms: int, columns: Sequence[str], rows: Iterable[Row]) -> Spreadsheet:
    """Return the rows as a file that is named after what they are and their instant."""
    stamp = render_instant(as_of_ms)[:19].replace(":", "")
    headers = {"Content-Disposition": f'attachment; filename="jushou-{name}-{stamp}.csv"'}
    return Spreadsheet(as_csv(columns, rows), headers=headers)


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return the rows as CSV (RFC 4180) with a header, in the order of ``columns``."""
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
    return text.getvalue()


def cell(value: Any) -> Any:
    """Return what is written of a value; text that a spreadsheet would run gets a leading ``'``."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return "'" + value
    return value
