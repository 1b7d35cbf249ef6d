"""Ports for servers that are started by hand."""

from __future__ import annotations

from jushou.runtime.ports import free_port


def test_no_port_is_given_twice_before_anybody_has_bound_it() -> None:
    ports = [free_port() for _ in range(400)]
    assert len(set(ports)) == len(ports)
