"""The OpenAPI document is true: requests of all shapes are answered as it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from divbot.web.routes import OPENAPI_PATH, openapi_document
from tests.web.boards import SYMBOL, TOKEN, Board, serve

DOCUMENT = openapi_document(has_token=False)
schema = schemathesis.openapi.from_dict(DOCUMENT).exclude(path="/api/v1/stream")


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    with serve() as found:
        yield found


@schema.parametrize()
@settings(max_examples=8, suppress_health_check=list(HealthCheck), derandomize=True)
def test_requests_of_all_shapes_are_answered_as_the_document_says(
    case: schemathesis.Case, board: Board
) -> None:
    case.call_and_validate(base_url=board.url)


@pytest.mark.parametrize(
    "path", [f"/api/v1/symbols/{SYMBOL}", "/api/v1/runs/2026-11-20T160000-usdm-5m"]
)
def test_what_is_there_has_the_shape_that_is_told(path: str, board: Board) -> None:
    operation = schema[f"{path.rpartition('/')[0]}/{'{symbol}' if 'symbols' in path else '{run}'}"][
        "GET"
    ]
    case = operation.Case(path_parameters={"symbol": SYMBOL, "run": path.rpartition("/")[2]})

    response = case.call(base_url=board.url)

    assert response.status_code == 200
    case.validate_response(response)


def test_the_document_is_served_and_says_whether_there_is_a_token(board: Board) -> None:
    with serve(token=TOKEN) as other:
        closed = other.json(OPENAPI_PATH, Authorization=f"Bearer {TOKEN}")

    assert board.json(OPENAPI_PATH) == DOCUMENT
    assert closed["security"] == [{"token": []}]
