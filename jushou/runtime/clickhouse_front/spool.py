"""The blocks of one insert, kept in a file until all are here, then read in by the engine.

chdb has a streaming insert, which would need no file. It is not used: it answers success when the
engine has refused the rows at the table (a violated constraint, too many parts or partitions, the
memory limit; chdb 4.4), and the sink would commit its offsets. A file read in by an ordinary
statement gives every error, and a client that leaves before the end has inserted nothing.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile

from jushou.runtime.clickhouse_front.refusals import NOT_ENOUGH_SPACE, refusal
from jushou.runtime.clickhouse_front.session import Session
from jushou.runtime.clickhouse_front.session_settings import quoted
from jushou.runtime.clickhouse_front.statements import BlockInsert


class Spool:
    """A file of native blocks; a context that removes it at its end."""

    def __init__(self, folder: Path) -> None:
        self._file = NamedTemporaryFile(dir=folder, suffix=".native")  # noqa: SIM115  see __exit__
        self._bytes = 0

    def append(self, block: bytes) -> None:
        """Keep a block; ClickHouse error 243 when the disk is full."""
        try:
            self._file.write(block)
        except OSError as error:
            raise refusal(NOT_ENOUGH_SPACE, f"Cannot keep the rows: {error.strerror}") from error
        self._bytes += len(block)

    def insert(self, session: Session, target: BlockInsert) -> int:
        """Write the rows as one insert, visible on return; the bytes that were taken."""
        try:
            self._file.flush()
        except OSError as error:
            raise refusal(NOT_ENOUGH_SPACE, f"Cannot keep the rows: {error.strerror}") from error
        session.execute(
            f"{target.statement} FROM INFILE {quoted(self._file.name)} {target.settings}"
            " FORMAT Native"
        )
        return self._bytes

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()
