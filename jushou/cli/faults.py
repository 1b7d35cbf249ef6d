"""How a command ends when something is wrong: one clear text, no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def told(command: str, exit_code: int = 1) -> Iterator[None]:
    """Turn an error of ours, with its notes, into a text on standard error and an exit status."""
    from schemas.errors import JushouError

    try:
        yield
    except JushouError as fault:
        lines = [f"jushou {command}: {fault}", *getattr(fault, "__notes__", ())]
        typer.echo("\n".join(lines), err=True)
        raise typer.Exit(exit_code) from None
