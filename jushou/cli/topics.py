"""``jushou topics``: what the table of topics declares, and what the broker has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.faults import told

if TYPE_CHECKING:
    from jushou.settings import Settings

_DAY_MS = 86_400_000
_WIDTH = 160


def topics(
    create: Annotated[bool, typer.Option("--create", help="create those that are missing")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="exit 1 if one is missing or differs")
    ] = False,
    show: Annotated[
        bool, typer.Option("--list", help="print the table (the default); asks no broker")
    ] = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """List, create or check the topics."""
    from jushou.settings import Settings

    settings = Settings()
    at = bootstrap or settings.bootstrap
    with told("topics"):
        if create:
            _create(at, settings)
        if check:
            _check(at, settings)
    if show or not (create or check):
        _list(settings)


def _create(bootstrap: str, settings: Settings) -> None:
    from jushou.runtime.topics_admin import create_topics
    from schemas.topics import TOPICS

    created = create_topics(bootstrap, settings)
    for name in created:
        print(f"created {name}")
    print(f"{len(TOPICS) - len(created)} of {len(TOPICS)} topics existed")


def _check(bootstrap: str, settings: Settings) -> None:
    from jushou.runtime.topics_admin import differences, existing_topics
    from schemas.errors import Misconfigured
    from schemas.topics import TOPICS

    existing = existing_topics(bootstrap)
    missing = [
        f"topic {topic.name} does not exist: create it with `jushou topics --create`"
        for topic in TOPICS
        if topic.name not in existing
    ]
    faults = missing + differences(existing, settings)
    if faults:
        raise Misconfigured(faults)
    print(f"{len(TOPICS)} topics are as declared")


def _list(settings: Settings) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from jushou.runtime.topics_admin import partitions_of
    from schemas.topics import FOREVER_MS, TOPICS

    console = Console()
    if not console.is_terminal:  # a pipe has no width of its own; names must come out whole
        console = Console(width=_WIDTH)
    narrow = console.width < _WIDTH
    names = ("topic", "key", "record", "partitions", "cleanup", "kept")
    table = Table(*(Column(name, no_wrap=True) for name in names))
    if not narrow:
        table.add_column("purpose")
    for topic in TOPICS:
        days = topic.retention_ms // _DAY_MS
        kept = "for ever" if topic.retention_ms == FOREVER_MS else f"{days} days"
        partitions = str(partitions_of(topic, settings))
        row = (topic.name, topic.key, topic.record, partitions, topic.cleanup.value, kept)
        table.add_row(*row if narrow else (*row, topic.purpose))
    console.print(table)
