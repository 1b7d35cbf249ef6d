"""``jushou health``: whether a process answers, for container health checks."""

from __future__ import annotations

from typing import Annotated

import typer


def health(
    url: Annotated[str, typer.Argument(help="address that answers 200 when the process is well")],
    timeout_s: Annotated[float, typer.Option(help="seconds to wait")] = 5.0,
) -> None:
    """Exit 0 if the address answers 200, else 1 with the reason."""
    import httpx

    try:
        answer = httpx.get(url, timeout=timeout_s)
    except httpx.HTTPError as fault:
        typer.echo(f"{url}: {fault}", err=True)
        raise typer.Exit(1) from None
    if answer.status_code != httpx.codes.OK:
        typer.echo(f"{url}: answered {answer.status_code}", err=True)
        raise typer.Exit(1)
