"""Answers as files: CSV, Parquet and Excel, as the programs that open them here expect.

CSV is UTF-8 with BOM (without it Excel takes Chinese for another encoding). Text that a
spreadsheet would run as a formula gets a leading ``'`` in CSV and is marked as text in Excel.
Instants are RFC 3339 at +08:00 in CSV, UTC in Parquet, times of Shanghai in Excel, which knows no
zones. Parquet and Excel also carry what was asked and what the columns mean.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import Misconfigured
from schemas.instants import SHANGHAI, from_datetime, render_instant
from sinks.analysis.asking import parameters
from sinks.analysis.small_cells import Published

if TYPE_CHECKING:
    import pyarrow
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

BOM = "\ufeff"
WITHHELD = "withheld"
# A cell that begins so is run as a formula by spreadsheets (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_EXCEL_ROWS = 1_048_576  # of a sheet, its heading included (Excel specifications and limits)


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would run the text instead of showing it."""
    return text.lstrip(" ").startswith(_FORMULA_STARTS)


def as_csv(published: Published, about: dict[str, str]) -> bytes:
    """Return CSV (RFC 4180) with a heading; ``withheld`` is how many cells of a row are."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*published.answer.names, WITHHELD])
    for row, withheld in zip(published.rows, published.withheld, strict=True):
        writer.writerow([*map(_csv_cell, row), withheld])
    return (BOM + text.getvalue()).encode()


def _csv_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return render_instant(from_datetime(value))
    if isinstance(value, str) and is_formula(value):
        return "'" + value
    return value


def as_parquet(published: Published, about: dict[str, str]) -> bytes:
    """Return Parquet with the types of the columns, and ``about`` as its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    answer = published.answer
    columns = [
        pa.array([row[at] for row in published.rows], _arrow_type(answer.types[at]))
        for at in range(len(answer.names))
    ]
    columns.append(pa.array(published.withheld, pa.int64()))
    table = pa.table(dict(zip([*answer.names, WITHHELD], columns, strict=True)))
    said = {f"jushou.{key}": value for key, value in about.items()}
    buffer = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(said), buffer, compression="zstd")
    return bytes(buffer.getvalue())


def _arrow_type(name: str) -> pyarrow.DataType:
    import pyarrow as pa

    for wrapper in ("LowCardinality(", "Nullable("):
        name = name.removeprefix(wrapper)
    name = name.rstrip(")") if not name.startswith("DateTime64") else "DateTime64"
    match name:
        case "DateTime64":
            return pa.timestamp("ms", "UTC")
        case "Float64" | "Float32":
            return pa.float64()
        case "Bool":
            return pa.bool_()
        case "Date" | "Date32":
            return pa.date32()
        case "String":
            return pa.string()
        case _ if name.startswith(("UInt", "Int")):
            return pa.int64()
        case _:
            raise Misconfigured(f"type {name} of ClickHouse has no place in a Parquet file")


def as_xlsx(published: Published, about: dict[str, str]) -> bytes:
    """Return an Excel file: a sheet of rows, and one that says what they are.

    Raises ``Misconfigured`` where there are more rows than a sheet holds.
    """
    import openpyxl

    if len(published.rows) >= _EXCEL_ROWS:
        raise Misconfigured(
            f"{len(published.rows):,} rows are more than a sheet of Excel holds; narrow the "
            "question, or take --format csv or parquet"
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(published.answer.question.name)
    sheet.freeze_panes = "A2"
    sheet.append([*map(_heading, published.answer.names, published.answer.types), WITHHELD])
    for row, withheld in zip(published.rows, published.withheld, strict=True):
        sheet.append([*(_excel_cell(sheet, value) for value in row), withheld])
    notes = book.create_sheet("说明 about")
    for key, value in about.items():
        notes.append([key, _excel_cell(notes, value)])
    for column in published.answer.question.columns:
        if column.name in published.answer.names:
            notes.append([column.name, _excel_cell(notes, column.text)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _heading(name: str, kind: str) -> str:
    return f"{name} (+08:00)" if "DateTime64" in kind else name


def _excel_cell(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, dt.datetime):
        return value.astimezone(SHANGHAI).replace(tzinfo=None)
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    if is_formula(value):
        # Text, whatever it looks like, and still text where somebody edits the cell.
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell


WRITERS: dict[str, Callable[[Published, dict[str, str]], bytes]] = {
    "csv": as_csv,
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}


def about(published: Published, k: int, *, simulated: bool) -> dict[str, str]:
    """Return what a file says of itself: question, scope, and what was withheld."""
    question = published.answer.question
    said = {
        "question": f"{question.name}: {question.title}",
        "text": question.text,
        "asked": json.dumps(parameters(question, published.answer.scope), ensure_ascii=False),
    }
    if question.unit is not None:
        said["small_cells"] = _withheld(published, question.unit, k)
    if simulated:
        said["simulated"] = "模拟数据 simulated data: no case and no household is real"
    return said


def _withheld(published: Published, unit: str, k: int) -> str:
    cells = sum(published.withheld)
    if k <= 1:
        return "nothing is withheld, however small: not for publication"
    if not cells:
        return f"nothing had to be withheld (counts of {unit} from 1 to {k - 1} would be)"
    return (
        f"{cells} cells are withheld: counts of {unit} from 1 to {k - 1}, and what would give "
        "them away"
    )


def write(path: Path, content: bytes) -> None:
    """Put a file in its place as a whole; ``Misconfigured`` where that cannot be."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as fault:
        raise Misconfigured(f"{path}: {fault.strerror}; name a place to write to") from fault
