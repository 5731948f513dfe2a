"""Starts the emulator of BigQuery on the run's clock, and has it answer a query that fails as BigQuery does: with an error.

Its `jobs.query` answers with no rows and a list of errors that no client looks at, so that a table that is gone looked
like one that is empty (bqemulator 1.4.0; `jobs.insert` is right). A query that asks for the present is given the run's,
whoever asks it: a function, a person's command, a gate.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

from bqemulator.api.routes import jobs
from bqemulator.cli import main
from bqemulator.domain.errors import InvalidQueryError, NotFoundError
from fastapi import Request
from fastapi.routing import APIRoute
from sqlglot.errors import SqlglotError

from ops.local.warehouse import on_clock

QUERY, JOB = "/projects/{project_id}/queries", "/projects/{project_id}/jobs"


class Asked:
    """A request whose body says something else than what was sent."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    async def json(self) -> dict[str, Any]:
        """Return the body."""
        return self._body


def on_clock_body(body: dict[str, Any], project: str) -> dict[str, Any]:
    """Return what a client sent, with its query on the run's clock; what cannot be read stays, for the emulator to refuse."""
    holder = body if "query" in body else (body.get("configuration") or {}).get("query") or {}
    if isinstance(holder.get("query"), str):
        with contextlib.suppress(SqlglotError):
            holder["query"] = on_clock(holder["query"], project)
    return body


def replace(path: str, made: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put another endpoint, made of the one that is there, on a route."""
    routes = [each for each in jobs.router.routes if isinstance(each, APIRoute)]
    [route] = [each for each in routes if each.path.endswith(path) and "POST" in (each.methods or ())]
    endpoint = made(route.endpoint)
    endpoint.__signature__ = inspect.signature(route.endpoint, eval_str=True)  # type: ignore[attr-defined]  # what FastAPI reads
    route.endpoint = endpoint


def ask_the_clock(asked: Callable[..., Any]) -> Callable[..., Any]:
    """Have an endpoint see queries that ask for the run's time."""

    async def endpoint(*, request: Request, project_id: str, **values: Any) -> Any:
        body = on_clock_body(await request.json(), project_id)
        return await asked(request=Asked(body), project_id=project_id, **values)

    return endpoint


def answer_failures(asked: Callable[..., Any]) -> Callable[..., Any]:
    """Have the endpoint of queries raise what it would hide."""

    async def endpoint(**values: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await asked(**values)
        for error in answer.get("errors", ()):
            raise (NotFoundError if error["reason"] == "notFound" else InvalidQueryError)(error["message"])
        return answer

    return endpoint


if __name__ == "__main__":
    replace(QUERY, answer_failures)
    replace(QUERY, ask_the_clock)
    replace(JOB, ask_the_clock)
    main()
