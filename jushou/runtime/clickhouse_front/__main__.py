"""The program: ``python -m jushou.runtime.clickhouse_front --folder FOLDER --port PORT``.

Passwords come from the environment, since arguments can be read by every user of the machine.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

# The engine and the driver take the zone of naive times from here; set before chdb is loaded.
os.environ["TZ"] = "UTC"

from jushou.runtime.clickhouse_front.accounts import Accounts, Hidden
from jushou.runtime.clickhouse_front.engine import Engine
from jushou.runtime.clickhouse_front.refusals import from_engine
from jushou.runtime.clickhouse_front.server import Server

OWNER_PASSWORD = "JUSHOU_CLICKHOUSE_PASSWORD"
READER_PASSWORD = "JUSHOU_CLICKHOUSE_READONLY_PASSWORD"
_STOP_S = 4.0
_ENDINGS = {signal.SIGTERM, signal.SIGINT}

logger = logging.getLogger("clickhouse")


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 after an orderly end, 1 when it cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = _parser().parse_args(argv)
    # Threads inherit the mask: the signals wait for this one.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        engine = Engine(options.folder, options.memory_mb, options.threads)
        accounts = _accounts(options.readonly_user, options.hide, options.hide_table)
        server = Server(engine, accounts, options.host, options.port)
    except (OSError, RuntimeError) as error:
        logger.error("cannot start on %s: %s", options.folder, from_engine(error).message)
        return 1
    server.start()
    logger.info("ready on %s:%d, folder %s", options.host, options.port, options.folder)
    signal.sigwait(_ENDINGS)
    logger.info("stopping")
    if server.stop(_STOP_S):
        engine.close()
        logger.info("stopped")
        return 0
    logger.warning("stopped while a query did not end; what was acknowledged is on disk")
    logging.shutdown()
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jushou.runtime.clickhouse_front")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--readonly-user", action="append", default=[], metavar="NAME")
    parser.add_argument("--hide", action="append", default=[], metavar="USER:COLUMN")
    parser.add_argument("--hide-table", action="append", default=[], metavar="USER:PATTERN")
    parser.add_argument("--memory-mb", type=int, default=2048, help="for one query")
    parser.add_argument("--threads", type=int, default=2, help="for one query")
    return parser


def _accounts(readers: Sequence[str], columns: Sequence[str], tables: Sequence[str]) -> Accounts:
    reader_password = os.environ.get(READER_PASSWORD, "")
    return Accounts(
        owner_password=os.environ.get(OWNER_PASSWORD, ""),
        readers=dict.fromkeys(readers, reader_password),
        hidden={user: Hidden(_of_user(user, columns), _of_user(user, tables)) for user in readers},
    )


def _of_user(user: str, pairs: Sequence[str]) -> frozenset[str]:
    return frozenset(pair.partition(":")[2] for pair in pairs if pair.startswith(f"{user}:"))


if __name__ == "__main__":
    sys.exit(main())
