"""``jushou demo``: the whole pipeline on this machine, with a simulated province."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from jushou.runtime.demo import Demo
    from jushou.runtime.stack import Stack

_PHASES = {
    "start": "起动 start the servers",
    "load": "载入 load the history",
    "judge": "判时 judge the clocks",
    "find": "找人 join signals and households",
    "store": "入库 store",
}


def demo(
    once: Annotated[bool, typer.Option(help="stop after the summary")] = False,
    cases: Annotated[int, typer.Option(min=1, help="cases in the simulated history")] = 101_000,
    days: Annotated[int, typer.Option(min=1, help="days of the simulated history")] = 180,
    seed: Annotated[int, typer.Option(help="the same seed gives the same province")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, help="live events a second")] = 5.0,
    folder: Annotated[
        Path | None, typer.Option(help="keep everything here; a temporary folder unless given")
    ] = None,
) -> None:
    """Start everything, load a simulated province, print a summary, then go on live."""
    from jushou.runtime.demo import Size
    from schemas.errors import JushouError

    size = Size(cases=cases, days=days, seed=seed, events_per_s=rate)
    try:
        with _folder(folder) as place:
            _run(place, size, once)
    except KeyboardInterrupt:
        typer.echo("已停止 stopped.")
    except JushouError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None


def _run(folder: Path, size: object, once: bool) -> None:
    import signal
    import threading
    import time

    from rich.console import Console

    from jushou.runtime.demo import Demo
    from jushou.runtime.stack import Stack

    console = Console()
    stopped = threading.Event()
    # Also where a shell that started it in the background had SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    began_s = time.monotonic()
    stack = Stack(folder, simulated=True)
    try:
        with _progress(console) as tell:
            tell("start", 0, 1)
            stack.start()
            tell("start", 1, 1)
            running = Demo(stack, size, tell)  # type: ignore[arg-type]
            running.load_history()
            running.wait_until_full()
        took_s = time.monotonic() - began_s
        console.print(_summary(running))
        console.print(_in_words(running, took_s))
        if once:
            return
        console.print(f"监测页面 the page: [bold]{stack.page}[/bold]    Ctrl-C 停止 stops it")
        console.print(_accounts(stack.settings.folder))
        stack.start_notifier()
        console.print(_where_messages_go(stack), soft_wrap=True)
        running.go_on(stopped.is_set)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stack.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    from tempfile import TemporaryDirectory

    if given is not None:
        yield given
        return
    with TemporaryDirectory(prefix="jushou-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _progress(console: object) -> Iterator[Callable[[str, int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:  # type: ignore[arg-type]
        tasks = {}

        def tell(phase: str, done: int, in_all: int) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(_PHASES[phase], total=in_all)
            bars.update(tasks[phase], completed=done, total=in_all)

        yield tell


def _summary(running: Demo) -> Table:
    from rich.table import Table

    from schemas.catalogue.load import load_catalogue

    items = load_catalogue()
    table = Table(title="模拟数据 simulated data")
    table.add_column("事项 item", no_wrap=True)
    for heading in ("收到\ncases", "在办\nopen", "逾期\nlate", "督办\nsuperv.", "24h内\ndue"):
        table.add_column(heading, justify="right", no_wrap=True)
    names = ("received_total", "open", "late", "supervised", "due_24h")
    for row in running.panel("items"):
        text = items.item(str(row["item"])).text
        short = str(row["item"]).partition(".")[2]
        table.add_row(f"{text.zh} [dim]{short}[/dim]", *(f"{row[name]:,}" for name in names))
    total = running.panel("numbers")[0]
    table.add_section()
    table.add_row("合计 all", *(f"{total[name]:,}" for name in names), style="bold")
    return table


def _where_messages_go(stack: Stack) -> str:
    return (
        "通知只写入本机文件，不外发 messages stay on this machine:\n"
        f"  可读 as read: tail -f {stack.notify_process.log_path}\n"
        f"  JSON: {stack.messages}"
    )


def _accounts(folder: Path) -> Table:
    from rich.table import Table

    from jushou.cli.users import demo_accounts

    table = Table(title="打开即为省级视图，登录后可处理 open to look, sign in to act")
    for heading in ("账号 account", "密码 password", "角色 role", "区域 region"):
        table.add_column(heading, no_wrap=True)
    for reader, password in demo_accounts(folder):
        table.add_row(reader.account, password, reader.role.value, reader.region)
    return table


def _in_words(running: Demo, took_s: float) -> str:
    return (
        f"{running.province.cases:,} 件 cases · {running.events:,} 个事件 events · "
        f"{running.size.days} 天 days · {took_s:.0f} s"
    )
