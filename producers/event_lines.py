"""A file of events or signals, line by line: the good ones to send, the bad ones with their reason.

The entrance for departments that deliver files; what passes here is what the agents accept.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from schemas.case_event import decode
from schemas.errors import InvalidRecord
from schemas.signal import check_time
from schemas.signal import decode as decode_signal

OnFault = Callable[[int, InvalidRecord], None]


def good_lines(
    lines: Iterable[bytes], items: Container[str], on_fault: OnFault
) -> Iterator[tuple[str, bytes]]:
    """Yield (case id, the line's bytes without its line end) of every good line.

    ``items`` are the codes that exist. A bad line is given to ``on_fault`` with its number, from
    1, and passed over; the fault quotes no personal data. Empty lines are neither.
    """
    return _good(lines, lambda raw: decode(raw, items)[0], on_fault)


def good_signal_lines(
    lines: Iterable[bytes], now: int, on_fault: OnFault
) -> Iterator[tuple[str, bytes]]:
    """Yield (household, the line's bytes) of every good signal, as ``good_lines`` does events.

    ``now`` (milliseconds) is what nothing may be seen more than 24 hours after.
    """

    def household_of(raw: bytes) -> str:
        read = decode_signal(raw)
        check_time(read.signal, now)
        return read.household

    return _good(lines, household_of, on_fault)


def _good(
    lines: Iterable[bytes], key_of: Callable[[bytes], str], on_fault: OnFault
) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(lines, 1):
        raw = line.rstrip(b"\r\n")
        if not raw.strip():
            continue
        try:
            key = key_of(raw)
        except InvalidRecord as fault:
            on_fault(number, fault)
        else:
            yield key, raw
