"""A server or worker that runs as a child of this process and never outlives it.

Used by the embedded servers, and by whatever else one command starts beside itself. The contract:

- the child has a process group of its own: Ctrl-C at the terminal reaches only the parent, which
  then stops its children in the right order;
- it stays in the parent's session: to Linux the processes of a session are one piece of work
  (``sched_autogroup``), in which the nice values of their threads count. In a session of its own
  ClickHouse gets its share of the processor however nice its merges are, and whoever sends it rows
  waits;
- when the parent dies, even by ``kill -9``, the kernel kills the child (``leash.py``);
- standard output and error go to a log file, whose last lines are part of every error.

Linux ties a child's leash to the *thread* that started it. All children are therefore started by
one thread that lives as long as the process, so that ``start`` may be called from any thread.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from schemas.errors import Unavailable

_LEASH = Path(__file__).with_name("leash.py")
_PROBE_EVERY_S = 0.05
_KILL_WAIT_S = 10.0  # a killed process that is not gone by then hangs in the kernel (dead disk)

_Launch = tuple[Callable[[], subprocess.Popen[bytes]], "Future[subprocess.Popen[bytes]]"]


class ChildProcess:
    """One child: started, awaited, stopped. Restarting after ``stop`` or ``kill`` is allowed.

    ``env`` is added to this process's environment. The log is appended to.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log_path = log_path
        self.env = dict(env or {})
        self.cwd = cwd
        self._popen: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The process id, also after the end; None before the first start."""
        return self._popen.pid if self._popen else None

    @property
    def returncode(self) -> int | None:
        """None while it runs (or was never started), else the exit code; -N after signal N."""
        return self._popen.poll() if self._popen else None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Start it; returns at once. Raises RuntimeError when it already runs."""
        if self.running:
            raise RuntimeError(f"{self.name} already runs as process {self.pid}")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        leashed = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *self.argv]
        with self.log_path.open("ab") as log:
            self._popen = _in_starter_thread(
                lambda: subprocess.Popen(
                    leashed,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | self.env,
                    cwd=self.cwd,
                    process_group=0,
                )
            )

    def wait_ready(self, probe: Callable[[], bool], deadline_s: float) -> None:
        """Return once ``probe`` is true.

        Raises Unavailable with the last lines of the log when the child ends first, or when
        ``deadline_s`` seconds have passed; in the second case the child is left running.
        """
        deadline = time.monotonic() + deadline_s
        while True:
            if not self.running:
                raise Unavailable(self._with_log(f"ended with code {self.returncode}"))
            if probe():
                return
            if time.monotonic() > deadline:
                raise Unavailable(self._with_log(f"is not ready after {deadline_s:g} s"))
            time.sleep(_PROBE_EVERY_S)

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for its own end and return the exit code; ``subprocess.TimeoutExpired`` if late."""
        if self._popen is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._popen.wait(timeout_s)

    def stop(self, timeout_s: float = 10.0) -> int | None:
        """Ask it to end (SIGTERM), kill it after ``timeout_s``; return the exit code.

        Whatever it has started in its own process group is killed with it. Safe to call twice.
        """
        if self._popen is None:
            return None
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(timeout_s)
            except subprocess.TimeoutExpired:
                return self.kill()
        return self._popen.returncode

    def kill(self) -> int | None:
        """End it as a crash would (SIGKILL to its process group) and wait until it is gone."""
        if self._popen is None:
            return None
        if self._popen.poll() is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
        return self._popen.wait(_KILL_WAIT_S)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of what it wrote since the latest start."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, size - 64 * 1024))
            text = log.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _with_log(self, what: str) -> str:
        tail = self.log_tail() or "(nothing)"
        return f"{self.name} {what}; its log {self.log_path} ends with:\n{tail}"


class _Starter:
    """The one thread that starts children. A daemon: at exit the kernel then ends the children."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._launches: queue.SimpleQueue[_Launch] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="child-starter", daemon=True).start()

    def start(self, launch: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        started: Future[subprocess.Popen[bytes]] = Future()
        self._launches.put((launch, started))
        return started.result()

    def _run(self) -> None:
        while True:
            launch, started = self._launches.get()
            try:
                started.set_result(launch())
            except Exception as error:  # noqa: BLE001  it is raised again where start was called
                started.set_exception(error)


_starter: _Starter | None = None
_starter_lock = threading.Lock()


def _in_starter_thread(launch: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    global _starter
    with _starter_lock:
        if _starter is None or _starter.pid != os.getpid():  # a fork does not inherit threads
            _starter = _Starter()
        starter = _starter
    return starter.start(launch)
