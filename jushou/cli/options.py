"""Options that several commands share, and how their text is read."""

from __future__ import annotations

from typing import Annotated

import typer

from schemas.instants import parse_instant

AsOf = Annotated[
    str,
    typer.Option(help="instant to judge by, RFC 3339 with offset: 2026-06-01T00:00:00+08:00"),
]
AsOfOrNow = Annotated[
    str | None,
    typer.Option(help="freeze now at this instant (tests, audits), RFC 3339 with offset"),
]


def as_of_ms(text: str) -> int:
    """Return the instant in milliseconds; a text that is none is a usage error."""
    try:
        return parse_instant(text)
    except (ValueError, OverflowError) as fault:
        raise typer.BadParameter(f"--as-of {text}: {fault}") from None
