"""The headers of a dead letter; its key and value are those of the record that was set aside."""

from __future__ import annotations

from schemas.errors import InvalidRecord

REASON = "reason"
DETAIL = "detail"
SOURCE_TOPIC = "source-topic"
SOURCE_PARTITION = "source-partition"
SOURCE_OFFSET = "source-offset"
DEAD_LETTER_HEADERS = (REASON, DETAIL, SOURCE_TOPIC, SOURCE_PARTITION, SOURCE_OFFSET)


def dead_letter_headers(
    fault: InvalidRecord, topic: str, partition: int, offset: int
) -> list[tuple[str, bytes]]:
    """Return the headers that say why and whence; the original ones are sent after them."""
    return [
        (REASON, fault.reason.value.encode()),
        (DETAIL, fault.detail.encode()),
        (SOURCE_TOPIC, topic.encode()),
        (SOURCE_PARTITION, str(partition).encode()),
        (SOURCE_OFFSET, str(offset).encode()),
    ]
