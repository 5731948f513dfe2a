"""BigQuery, for gates and reports. The client is loaded at the first query, so that starting costs nothing.

Every query names its location (without one a job runs in the US and finds nothing), has a deadline and is sent once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.effects import GateResult, Unavailable
from shared.settings import Settings
from shared.view import Boundary, Gate, Mode, View

if TYPE_CHECKING:
    from google.cloud import bigquery

QUERY_SECONDS = 20.0

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
                job_retry=None,  # type: ignore[arg-type]
            )
            return [dict(row.items()) for row in result]
        except (exceptions.GoogleAPIError, auth.GoogleAuthError, OSError) as error:
            raise Unavailable("bigquery", f"{type(error).__name__}: {str(error)[:500]}") from error

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
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": endpoint},
        )


def check_gates(warehouse: Warehouse, boundary: Boundary, mode_name: str, day: date) -> list[GateResult]:
    """Return what each gate of the mode sees for the date; raises `Unavailable`."""
    mode = next(mode for mode in boundary.modes if mode.name == mode_name)
    return [
        _judged(boundary, gate, mode, warehouse.rows(gate.sql, date=day))
        for gate in boundary.gates
        if not gate.modes or mode_name in gate.modes
    ]


def _judged(boundary: Boundary, gate: Gate, mode: Mode, rows: list[Row]) -> GateResult:
    return _rows_gate(boundary, gate, mode, rows) if gate.of else _value_gate(gate, rows)


def _value_gate(gate: Gate, rows: list[Row]) -> GateResult:
    value = rows[0].get("value") if len(rows) == 1 else None
    if value is None:  # no basis to judge on is not a pass
        return GateResult(gate.name, gate.title, None, True, True, f"{gate.title}: the query gave no value")
    value = float(value)
    blocks = gate.block_below is not None and value < gate.block_below
    alerts = blocks or (gate.alert_below is not None and value < gate.alert_below)
    unit = "%" if gate.unit == "percent" else ""
    limit = gate.block_below if blocks or gate.alert_below is None else gate.alert_below
    detail = f"{gate.title}: {value:g}{unit}, at least {limit:g}{unit} wanted"
    return GateResult(gate.name, gate.title, value, blocks, alerts, detail)


def _rows_gate(boundary: Boundary, gate: Gate, mode: Mode, rows: list[Row]) -> GateResult:
    counts = {row["processor"]: row["row_count"] for row in rows}
    looked_at = _with_table(boundary, mode.critical if gate.of == "critical" else mode.expected)
    filled = [name for name in looked_at if counts.get(name)]
    empty = [name for name in looked_at if name not in filled]
    wanted = gate.at_least if gate.at_least is not None else 0
    critical = [name for name in _with_table(boundary, mode.critical) if not counts.get(name)]
    detail = f"{gate.title}: {len(filled)} of {len(looked_at)}" + (f", empty: {', '.join(empty)}" if empty else "")
    blocks = bool(critical) or len(filled) < wanted
    return GateResult(gate.name, gate.title, float(len(filled)), blocks, blocks or bool(empty), detail)


def _with_table(boundary: Boundary, names: Iterable[str]) -> list[str]:
    processors: Mapping[str, Any] = boundary.upstream.processors
    return [name for name in names if name in processors and processors[name].table]


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
