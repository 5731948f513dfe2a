"""BigQuery, the data warehouse, for gates and reports. The client is loaded at the first query, so that starting costs nothing.

Every query names its location (without one a job runs in the US and finds nothing), has a deadline and is sent once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.decisions.effects import Unavailable
from shared.declaration.settings import Settings
from shared.declaration.view import View

if TYPE_CHECKING:
    from google.cloud import bigquery

QUERY_SECONDS = 20.0
_PASSING = {
    "rateLimitExceeded",
    "quotaExceeded",
    "jobRateLimitExceeded",
    "jobBackendError",
    "jobInternalError",
    "stopped",
}
"""Reasons that pass by themselves, whatever status they come with."""

Row = dict[str, Any]


class Warehouse:
    """The tables of the project."""

    def __init__(self, settings: Settings, view: View) -> None:
        self._settings = settings
        self._location = view.location

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """Return the rows of a query with named parameters (text, numbers, dates, times, lists); raises `Unavailable`."""
        if self._settings.emulated and not self._settings.bigquery_emulator:
            raise Unavailable("bigquery", "beside emulators, BIGQUERY_EMULATOR_HOST says where it is; it is not set")
        from google.api_core import exceptions
        from google.auth import exceptions as auth
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            query_parameters=[_parameter(bigquery, name, value) for name, value in parameters.items()],
            job_timeout_ms=int(QUERY_SECONDS * 1000),
        )
        try:
            result = self.client.query_and_wait(
                sql,
                job_config=config,
                location=self._location,
                project=self._settings.project,
                api_timeout=QUERY_SECONDS,
                wait_timeout=QUERY_SECONDS,
                retry=None,  # type: ignore[arg-type]  # the library's own word for: do not
                job_retry=None,  # type: ignore[arg-type]  # the same
            )
            return [dict(row.items()) for row in result]
        except (exceptions.GoogleAPIError, auth.GoogleAuthError, OSError) as error:
            text = f"{type(error).__name__}: {str(error)[:500]}"
            raise Unavailable("bigquery", text, permanent=_permanent(error)) from error

    @cached_property
    def client(self) -> bigquery.Client:
        """Return the client."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        host = self._settings.bigquery_emulator
        if not host:
            return bigquery.Client(project=self._settings.project, location=self._location)
        endpoint = host if "://" in host else f"http://{host}"
        return bigquery.Client(
            project=self._settings.project,
            location=self._location,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth is half typed
            client_options={"api_endpoint": endpoint},
        )


def _permanent(error: Exception) -> bool:
    """Return whether the same query will fail again until somebody changes it, a table or a grant.

    BigQuery answers 403 both for a missing grant and for a quota; only the reason tells them apart.
    """
    code, details = getattr(error, "code", None), getattr(error, "errors", None) or ()
    reasons = {str(detail.get("reason")) for detail in details if isinstance(detail, Mapping)}
    return code in (400, 401, 403, 404, 405, 412, 413, 501) and not reasons & _PASSING


def _parameter(bigquery: Any, name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return bigquery.ArrayQueryParameter(name, _kind(value[0]) if value else "STRING", list(value))
    return bigquery.ScalarQueryParameter(name, _kind(value), value)


def _kind(value: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "BOOL"),
        (int, "INT64"),
        (float, "FLOAT64"),
        (datetime, "TIMESTAMP"),
        (date, "DATE"),
    )
    return next((kind for python, kind in kinds if isinstance(value, python)), "STRING")
