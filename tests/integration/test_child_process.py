"""Children are started, awaited, stopped and killed, and never outlive their parent."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jushou.runtime.child_process import ChildProcess
from schemas.errors import Unavailable

DEADLINE_S = 30.0
SLEEPER = "import sys, time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
ORDERLY = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); " + SLEEPER

Started = Callable[[str], ChildProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Started]:
    """Starts a Python program as a child and waits until it says that it is up."""
    children = []

    def started(program: str) -> ChildProcess:
        child = ChildProcess("program", [sys.executable, "-c", program], tmp_path / "program.log")
        children.append(child)
        child.start()
        child.wait_ready(lambda: "up" in child.log_tail(), DEADLINE_S)
        return child

    yield started
    for child in children:
        child.kill()


def exists(pid: int) -> bool:
    """Whether the process runs; one that only waits to be buried does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_child_that_ends_on_request_gives_its_own_code(start: Started) -> None:
    child = start(ORDERLY)
    assert child.stop() == 0
    assert child.stop() == 0
    assert not child.running


def test_a_child_that_ignores_the_request_is_killed(start: Started) -> None:
    assert start(STUBBORN).stop(timeout_s=0.1) == -signal.SIGKILL


def test_a_killed_child_can_be_started_again_and_shows_only_its_new_log(start: Started) -> None:
    child = start(SLEEPER + "  # first")
    first = child.pid
    child.kill()
    child.argv[-1] = "print('second', flush=True); raise SystemExit(3)"
    child.start()
    assert child.wait(DEADLINE_S) == 3
    assert child.pid != first
    assert child.log_tail() == "second"


def test_a_child_that_ends_before_it_is_ready_is_reported_with_its_log(tmp_path: Path) -> None:
    program = "import sys; print('cannot open the door'); sys.exit(7)"
    child = ChildProcess("porter", [sys.executable, "-c", program], tmp_path / "porter.log")
    child.start()
    with pytest.raises(Unavailable, match=r"porter ended with code 7(.|\n)*cannot open the door"):
        child.wait_ready(lambda: False, DEADLINE_S)


def test_a_child_that_is_late_is_reported_and_left_running(start: Started) -> None:
    child = start(SLEEPER)
    with pytest.raises(Unavailable, match=r"is not ready after 0 s"):
        child.wait_ready(lambda: False, deadline_s=0)
    assert child.running


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    child = ChildProcess("ghost", ["/nowhere/ghost"], tmp_path / "ghost.log")
    child.start()
    with pytest.raises(Unavailable, match="cannot run /nowhere/ghost"):
        child.wait_ready(lambda: False, DEADLINE_S)


def test_a_running_child_is_not_started_twice(start: Started) -> None:
    with pytest.raises(RuntimeError, match="already runs"):
        start(SLEEPER).start()


def test_a_child_outlives_the_thread_that_started_it(start: Started) -> None:
    children: list[ChildProcess] = []
    starter = threading.Thread(target=lambda: children.append(start(ORDERLY)))
    starter.start()
    starter.join(DEADLINE_S)
    # An orderly end, so it was not killed when the thread ended.
    assert children[0].stop() == 0


def test_a_child_does_not_get_the_interrupt_of_its_parents_terminal(tmp_path: Path) -> None:
    program = f"""
import pathlib, sys, time
from jushou.runtime.child_process import ChildProcess
folder = pathlib.Path({str(tmp_path)!r})
child = ChildProcess("child", [sys.executable, "-c", {SLEEPER!r}], folder / "child.log")
child.start()
child.wait_ready(lambda: "up" in child.log_tail(), {DEADLINE_S})
try:
    print("up", flush=True)
    time.sleep({DEADLINE_S})
except KeyboardInterrupt:
    time.sleep(0.2)  # an interrupt that reached the child would have ended it by now
    print("interrupted", child.returncode, child.stop(), flush=True)
"""
    terminal, end = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=end,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(end, termios.TIOCSCTTY, 0),
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        os.write(terminal, b"\x03")
        assert parent.stdout.readline() == b"interrupted None -15\n"
    os.close(terminal)
    os.close(end)


def test_a_child_is_in_the_session_of_its_parent_where_nice_values_count(start: Started) -> None:
    child = start(SLEEPER)
    assert child.pid is not None
    assert os.getsid(child.pid) == os.getsid(0)
    assert os.getpgid(child.pid) == child.pid


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)"])
def test_a_child_dies_with_its_parent(
    tmp_path: Path, wait_for: Callable[..., None], end: str
) -> None:
    program = f"""
import os, pathlib, sys, time
from jushou.runtime.child_process import ChildProcess
folder = pathlib.Path({str(tmp_path)!r})
child = ChildProcess("child", [sys.executable, "-c", {SLEEPER!r}], folder / "child.log")
child.start()
child.wait_ready(lambda: "up" in child.log_tail(), {DEADLINE_S})
print(child.pid, flush=True)
sys.stdin.readline()
{end}
"""
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child_pid = int(parent.stdout.readline())
        assert exists(child_pid)
    wait_for(lambda: not exists(child_pid), DEADLINE_S)
