"""Starts the emulator of BigQuery, and has it answer a query that fails as BigQuery does: with an error.

Its `jobs.query` answers with no rows and a list of errors that no client looks at, so that a table that is gone looked
like one that is empty (bqemulator 1.4.0; `jobs.insert` is right).
"""

from __future__ import annotations

import inspect
from typing import Any

from bqemulator.api.routes import jobs
from bqemulator.cli import main
from bqemulator.domain.errors import InvalidQueryError, NotFoundError
from fastapi.routing import APIRoute

QUERY = "/projects/{project_id}/queries"


def answer_failures() -> None:
    """Have the route of queries raise what it would hide."""
    routes = [each for each in jobs.router.routes if isinstance(each, APIRoute)]
    [route] = [each for each in routes if each.path.endswith(QUERY) and "POST" in (each.methods or ())]
    asked = route.endpoint

    async def query(**values: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await asked(**values)
        for error in answer.get("errors", ()):
            raise (NotFoundError if error["reason"] == "notFound" else InvalidQueryError)(error["message"])
        return answer

    query.__signature__ = inspect.signature(asked, eval_str=True)  # type: ignore[attr-defined]
    route.endpoint = query


if __name__ == "__main__":
    answer_failures()
    main()
