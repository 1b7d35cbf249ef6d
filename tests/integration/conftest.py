"""What several integration tests share and takes seconds to make."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from jushou.runtime.clickhouse_server import ClickHouseServer
from tests.integration.page_accounts import Place, page_with_accounts


@pytest.fixture(scope="session")
def place(
    clickhouse_server: ClickHouseServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A page with accounts of each role; tests add lines and rows to it, and take none away."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with page_with_accounts(clickhouse_server, name, tmp_path_factory.mktemp("access")) as found:
        yield found
