"""A file of case events, line by line: the good ones to send, the bad ones with their reason.

The entrance for departments that deliver files; what passes here is what the case agent accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from schemas.case_event import decode
from schemas.errors import InvalidRecord

OnFault = Callable[[int, InvalidRecord], None]


def good_lines(
    lines: Iterable[bytes], items: Container[str], on_fault: OnFault
) -> Iterator[tuple[str, bytes]]:
    """Yield (case id, the line's bytes without its line end) of every good line.

    ``items`` are the codes that exist. A bad line is given to ``on_fault`` with its number, from
    1, and passed over; the fault quotes no personal data. Empty lines are neither.
    """
    for number, line in enumerate(lines, 1):
        raw = line.rstrip(b"\r\n")
        if not raw.strip():
            continue
        try:
            case_id, _event = decode(raw, items)
        except InvalidRecord as fault:
            on_fault(number, fault)
        else:
            yield case_id, raw
