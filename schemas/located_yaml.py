"""YAML read as a tree that knows its lines, so that every fault names file and line.

Stands before the path of an event: data files (catalogue, calendars) are read with it once, at
start. Nothing raises while a file is read: faults are collected, and a value that cannot be used
reads as ``None``, so that one reading finds them all.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import Misconfigured

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Faults:
    """The faults found so far, in the order of files and lines."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, str], None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: Path, line: int, message: str) -> None:
        """Note a fault once; ``line`` counts from 1."""
        self._found[(shown(path), line, message)] = None

    def raise_if_any(self) -> None:
        """Raise one ``Misconfigured`` with all faults as ``file:line: message``."""
        if self._found:
            raise Misconfigured(
                f"{path}:{line}: {text}" for path, line, text in sorted(self._found)
            )


def shown(path: Path) -> str:
    """Return the path as a person here would write it: relative where it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


class Value:
    """One value of a file, with the place it stands at."""

    def __init__(
        self, node: yaml.Node, path: Path, faults: Faults, named_on: int | None = None
    ) -> None:
        self._node = node
        self._named_on = named_on
        self.path = path
        self.faults = faults

    @property
    def line(self) -> int:
        """The line that the value begins on, from 1."""
        return int(self._node.start_mark.line) + 1

    @property
    def place(self) -> str:
        """The file and line of the value, as a fault names them."""
        return f"{shown(self.path)}:{self.line}"

    @property
    def is_mapping(self) -> bool:
        """Whether the value has names with values."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether the value is a list, be it empty."""
        return isinstance(self._node, yaml.SequenceNode)

    def fault(self, message: str) -> None:
        """Report a fault at this value."""
        self.faults.add(self.path, self.line, message)

    def fault_of_name(self, message: str) -> None:
        """Report a fault at the name of this value: what is missing has no line of its own."""
        self.faults.add(self.path, self._named_on or self.line, message)

    def scalar(self) -> Any:
        """Return text, number, true or false, as JSON would have it; else report it."""
        tag = self._node.tag.rpartition(":")[2]
        if isinstance(self._node, yaml.ScalarNode):
            if tag in ("str", "timestamp"):
                return self._node.value
            if tag in ("int", "float", "bool"):
                return yaml.safe_load(self._node.value)
        self.fault("expected a text, a number, true or false")
        return None

    def text(self) -> str | None:
        """Return a text that is not blank."""
        if isinstance(self._node, yaml.ScalarNode) and self._node.tag.endswith(":str"):
            if self._node.value.strip():
                return str(self._node.value)
            self.fault("expected a text, this is blank")
            return None
        self.fault(f"expected a text, not {self._kind()}")
        return None

    def flag(self) -> bool | None:
        """Return true or false."""
        if self._node.tag.endswith(":bool"):
            return bool(yaml.safe_load(self._node.value))
        self.fault(f"expected true or false, not {self._kind()}")
        return None

    def whole(self, at_least: int = 0) -> int | None:
        """Return an integer from ``at_least``."""
        if self._node.tag.endswith(":int"):
            number = int(yaml.safe_load(self._node.value))
            if number >= at_least:
                return number
        self.fault(f"expected an integer from {at_least}, not {self._kind()}")
        return None

    def date(self) -> dt.date | None:
        """Return a date written YYYY-MM-DD."""
        if isinstance(self._node, yaml.ScalarNode) and len(self._node.value) == 10:
            try:
                return dt.date.fromisoformat(self._node.value)
            except ValueError:
                pass
        self.fault("expected a date written YYYY-MM-DD")
        return None

    def items(self) -> list[Value]:
        """Return the values of a list; a single value stands for a list of one."""
        if isinstance(self._node, yaml.SequenceNode):
            return [Value(node, self.path, self.faults) for node in self._node.value]
        if isinstance(self._node, yaml.ScalarNode) and not self._node.tag.endswith(":null"):
            return [self]
        self.fault(f"expected a list, not {self._kind()}")
        return []

    def texts(self) -> list[tuple[str, Value]]:
        """Return the texts of a list with their places; one that is there twice is reported."""
        found: dict[str, Value] = {}
        for value in self.items():
            text = value.text()
            if text is None:
                continue
            if text in found:
                value.fault(f"{text!r} stands twice in this list; leave one out")
            found.setdefault(text, value)
        return list(found.items())

    def entries(self) -> Iterator[tuple[str, Value, Value]]:
        """Yield name, place of the name, and value; a name that is there twice is reported."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fault(f"expected names with values, not {self._kind()}")
            return
        lines: dict[str, int] = {}
        for key_node, value_node in self._node.value:
            key = Value(key_node, self.path, self.faults)
            name = key.scalar()
            if name is None:
                continue
            if str(name) in lines:
                key.fault(f"{name!r} is already given on line {lines[str(name)]}; leave one out")
                continue
            lines[str(name)] = key.line
            yield str(name), key, Value(value_node, self.path, self.faults, key.line)

    def fields(self, *known: str) -> Fields:
        """Return a mapping's fields; names other than ``known`` are reported."""
        return Fields(self, known)

    def _kind(self) -> str:
        if isinstance(self._node, yaml.MappingNode):
            return "names with values"
        if isinstance(self._node, yaml.SequenceNode):
            return "a list"
        return repr(self._node.value) if self._node.value else "nothing"


class Fields:
    """The fields of one mapping, each of a known name."""

    def __init__(self, value: Value, known: tuple[str, ...]) -> None:
        self.value = value
        self._known = known
        self._found: dict[str, Value] = {}
        self._keys: dict[str, Value] = {}
        self._readable = value.is_mapping
        for name, key, given in value.entries():
            if name in known:
                self._found[name], self._keys[name] = given, key
            else:
                key.fault(f"unknown field {name!r}; known here: {', '.join(known)}")

    def get(self, name: str) -> Value | None:
        """Return a field that may be left out."""
        assert name in self._known, name
        return self._found.get(name)

    def need(self, name: str) -> Value | None:
        """Return a field that must be given; else report it where the mapping is named."""
        assert name in self._known, name
        if name not in self._found and self._readable:
            self.value.fault_of_name(f"{name!r} is missing; add it")
        return self._found.get(name)

    def key(self, name: str) -> Value:
        """Return the place where a given field is named."""
        return self._keys[name]


def read_yaml(path: Path, faults: Faults) -> Value | None:
    """Return the tree of a file; one that cannot be read is reported and gives ``None``."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=_LOADER)
    except OSError as error:
        faults.add(path, 1, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        faults.add(path, 1, "is not UTF-8; save it as UTF-8")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.add(path, mark.line + 1 if mark else 1, f"is not YAML: {error.problem}")
    except yaml.YAMLError as error:
        faults.add(path, 1, f"is not YAML: {error}")
    else:
        if node is not None:
            return Value(node, path, faults)
        faults.add(path, 1, "is empty")
    return None
