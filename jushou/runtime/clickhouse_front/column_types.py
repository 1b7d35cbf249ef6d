"""Parts of a ClickHouse type's name: ``Map(String, Array(UInt8))`` is Map of two types."""

from __future__ import annotations

from collections.abc import Sequence

Columns = Sequence[tuple[str, str]]  # names and types


def split_type(name: str) -> tuple[str, list[str]]:
    """Family and arguments: ``Decimal(9, 2)`` gives ``("Decimal", ["9", "2"])``."""
    family, bracket, rest = name.strip().partition("(")
    return (family, split_top_level(rest[:-1])) if bracket else (family, [])


def split_top_level(listed: str) -> list[str]:
    """Split at the commas outside of brackets and quotes."""
    parts, depth, start, quote, escaped = [], 0, 0, "", False
    for position, character in enumerate(listed):
        if quote:
            if escaped or character == "\\":
                escaped = not escaped
            elif character == quote:
                quote = ""
        elif character in "'`\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(listed[start:position].strip())
            start = position + 1
    parts.append(listed[start:].strip())
    return [part for part in parts if part]


def without_name(element: str) -> str:
    """The type of an element of a tuple, which may be named: ``a UInt8`` or ```a b` UInt8``."""
    if element.startswith("`"):
        return element[element.index("`", 1) + 1 :].strip()
    first, space, rest = element.partition(" ")
    return rest.strip() if space and "(" not in first else element
