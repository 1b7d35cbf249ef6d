"""``jushou users``: the accounts of the monitoring page. Passwords are never on a command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.access.roles import PROVINCE, Reader, Role

if TYPE_CHECKING:
    from dashboards.access.users import Users

ACCESS = "access"
"""Folder of accounts, sessions and audit log, within the folder of the settings."""

users = typer.Typer(help="Accounts of the monitoring page.", no_args_is_help=True)
Account = Annotated[str, typer.Argument(help="name of the account")]
Generate = Annotated[bool, typer.Option("--generate", help="make up a password and print it, once")]


@users.command()
def add(
    account: Account,
    role: Annotated[Role, typer.Option(help="what the account is for")],
    region: Annotated[
        str, typer.Option(help="six digits of the prefecture or county; else the province")
    ] = PROVINCE,
    name: Annotated[str, typer.Option(help="how the page calls it: an office, no person")] = "",
    generate: Generate = False,
) -> None:
    """Create an account. The password is asked for, or read from a pipe."""
    with _users() as kept:
        password = _password(generate)
        kept.add(Reader(account, name or account, role, region), password)
    _tell(f"added {account}, {role.value} {region}", password if generate else None)


@users.command("list")
def list_() -> None:
    """List accounts with role, region and how many sessions they have."""
    from rich.console import Console
    from rich.table import Table

    from schemas.instants import render_instant

    table = Table("account", "name", "role", "region", "sessions", "password of")
    with _users() as kept:
        for each in kept.all():
            of = each.reader
            table.add_row(of.account, of.name, of.role.value, of.region, str(each.sessions),
                          render_instant(each.password_ms)[:10])  # fmt: skip
    Console().print(table)


@users.command()
def password(account: Account, generate: Generate = False) -> None:
    """Set another password; all sessions of the account end."""
    with _users() as kept:
        chosen = _password(generate)
        kept.set_password(account, chosen)
    _tell(f"changed the password of {account}", chosen if generate else None)


@users.command()
def remove(account: Account) -> None:
    """Remove an account; all its sessions end. The audit log keeps what it did."""
    with _users() as kept:
        kept.remove(account)
    _tell(f"removed {account}", None)


_DEMO = (
    Reader("duty", "省级值班（演示）", Role.PROVINCE),
    Reader("kunming", "昆明市（演示）", Role.PREFECTURE, "530100"),
    Reader("wuhua", "五华区（演示）", Role.COUNTY, "530102"),
    Reader("analysis", "分析（演示）", Role.ANALYST),
    Reader("keeper", "账号管理（演示）", Role.ADMIN),
)


def demo_accounts(folder: Path) -> list[tuple[Reader, str]]:
    """Make an account of each role with a new password, and return both; for demos alone."""
    from dashboards.access.gate import users_of
    from dashboards.access.passwords import generated

    kept, store = users_of(folder / ACCESS)
    made = [(reader, generated()) for reader in _DEMO]
    for reader, password in made:
        if kept.exists(reader.account):
            kept.set_password(reader.account, password)
        else:
            kept.add(reader, password)
    store.close()
    return made


@contextmanager
def _users() -> Iterator[Users]:
    from dashboards.access.gate import users_of
    from jushou.settings import Settings

    kept, store = users_of(Settings().folder / ACCESS)
    try:
        yield kept
    finally:
        store.close()


def _password(generate: bool) -> str:
    from dashboards.access.passwords import SHORTEST, generated

    if generate:
        return generated()
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    asked = f"password, {SHORTEST} characters or more"
    chosen: str = typer.prompt(asked, hide_input=True, confirmation_prompt=True)
    return chosen


def _tell(done: str, password: str | None) -> None:
    typer.echo(done)
    if password is not None:
        typer.echo(f"password: {password}")
