"""``jushou schemas``: the JSON Schemas of the records, written or checked."""

from __future__ import annotations

from typing import Annotated

import typer


def schemas(
    check: Annotated[bool, typer.Option(help="only say whether the files are current")] = False,
) -> None:
    """Write the JSON Schemas of all records to ``schemas/json``; with --check, compare."""
    from schemas.export import FOLDER, RECORDS, path_of, rendered

    FOLDER.mkdir(exist_ok=True)
    outdated = []
    for name in RECORDS:
        path, text = path_of(name), rendered(name)
        if path.exists() and path.read_text("utf-8") == text:
            continue
        outdated.append(path.name)
        if not check:
            path.write_text(text, "utf-8")
    if check and outdated:
        typer.echo(f"not current: {', '.join(outdated)}; run `jushou schemas`", err=True)
        raise typer.Exit(1)
