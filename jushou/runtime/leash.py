"""Ties a child to its parent: the child is killed by the kernel when its parent is gone.

Run by path, before the real program and in its place (``exec``), so that the process id stays the
same::

    python -I -S leash.py PARENT_PID PROGRAM ARGUMENT...

It is a program of its own because code between fork and exec (``preexec_fn``) may deadlock in a
parent that has threads. Linux only, since it rests on ``prctl(PR_SET_PDEATHSIG)``.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent_pid: int, argv: list[str]) -> None:
    """Become ``argv``; exit with 1 when the parent died before the leash was on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl(PR_SET_PDEATHSIG) failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent_pid:
        sys.exit("the parent is gone before its child began")
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        sys.exit(f"cannot run {argv[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
