"""The page's API keeps to its own description, whatever is asked of it."""

from __future__ import annotations

import httpx
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboards.api import described
from dashboards.app import create_app
from dashboards.config import PageConfig
from jushou.runtime.ports import free_port
from tests.integration.page_accounts import Place

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


API = schemathesis.openapi.from_dict(
    described(create_app(PageConfig(port=free_port(), is_open=True)))
    # A stream never ends, and the sessions of these tests must not.
).exclude(path=["/api/live", "/api/sign-in", "/api/sign-out"])


@API.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_an_answer_is_one_that_the_description_promises(
    case: schemathesis.Case, place: Place
) -> None:
    client = place.clients["province"]
    headers = {"X-CSRF-Token": client.headers["X-CSRF-Token"],
               "Cookie": f"jushou={client.cookies['jushou']}"}  # fmt: skip
    response = case.call(base_url=place.address, headers=headers)
    case.validate_response(response, checks=CHECKS)
    if response.status_code >= httpx.codes.BAD_REQUEST:
        body = response.json()
        assert body["remedy"]["zh"]
        assert "SELECT" not in response.text
