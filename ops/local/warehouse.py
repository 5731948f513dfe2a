"""A BigQuery emulator with the project's own tables and views."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from blueprint.schemas.bigquery import Schemas, Table
from blueprint.schemas.rows import check_row
from ops.invocation import CODE
from ops.local.processes import ended, free_port, started, wait_for

CLOCK = "local_run.clock"
"""A table of what the run's clock showed, the last is the present; DuckDB's own clock cannot be moved."""


@dataclass
class EmulatedWarehouse:
    """The emulator's client and the schemas it was made from."""

    client: bigquery.Client
    schemas: Schemas
    project: str
    address: str
    gone: set[str] = field(default_factory=set)

    @property
    def declared(self) -> dict[str, Table]:
        """Return every table, those that others own too."""
        return {each.id: each for each in (*self.schemas.tables.values(), *self.schemas.external.values())}

    def drop(self, table: str) -> None:
        """Delete a table."""
        self.client.delete_table(f"{self.project}.{table}")
        self.gone.add(table)

    def restore(self, table: str) -> None:
        """Make a table that was deleted, empty."""
        create(self.client, self.declared[table], self.project)
        self.gone.discard(table)

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Store rows, each of which must fit the declared table."""
        declared = self.declared[table]
        for row in rows:
            assert check_row(declared.columns, row) == ()
        if rows:
            assert self.client.insert_rows_json(f"{self.project}.{table}", rows) == []

    def tell(self, now: datetime) -> None:
        """Say what the run's clock shows, which every query takes for the present."""
        at = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00"
        self.client.query(f"INSERT INTO `{self.project}.{CLOCK}` (shown) VALUES (TIMESTAMP '{at}')").result()

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.query(f"SELECT COUNT(*) AS rows_there FROM `{self.project}.{table}`")[0]["rows_there"])

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The result of a query, row by row."""
        return [dict(row.items()) for row in self.client.query(sql).result()]

    def clear(self) -> None:
        """Empty every table."""
        for table in [*self.gone]:
            self.restore(table)
        for table in self.declared:
            self.client.query(f"DELETE FROM `{self.project}.{table}` WHERE TRUE").result()
        self.client.query(f"DELETE FROM `{self.project}.{CLOCK}` WHERE TRUE").result()


@contextmanager
def warehouse(schemas: Schemas, folder: Path, project: str) -> Iterator[EmulatedWarehouse]:
    """Start an emulator that works in `folder`, create what `schemas` declares, and stop it at the end."""
    port, grpc_port = free_port(), free_port()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "ops.local.emulator",
        "start",
        "--ephemeral",
        "--log-level",
        "error",
    ]
    command += ["--rest-port", str(port), "--grpc-port", str(grpc_port), "--project", project]
    environment = os.environ | {"HOME": str(_home(folder))}
    log = folder / "warehouse.log"
    process = started(command, log, env=environment, cwd=CODE)
    try:
        wait_for(port, process, log)
        client = bigquery.Client(
            project=project,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth is half typed
            client_options=ClientOptions(api_endpoint=f"http://127.0.0.1:{port}"),
        )
        _create(client, schemas, project)
        yield EmulatedWarehouse(client, schemas, project, f"127.0.0.1:{port}")
    finally:
        ended(process)


def _home(folder: Path) -> Path:
    """A home folder in which DuckDB finds the spatial extension of the installed package, without a network."""
    version = f"v{metadata.version('duckdb')}"
    package = importlib.util.find_spec("duckdb_extension_spatial")
    assert package is not None
    assert package.origin is not None
    packaged = Path(package.origin).parent / "extensions" / version / "spatial.duckdb_extension"
    machine = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = {"linux": "linux", "darwin": "osx"}[sys.platform]
    target = folder / ".duckdb" / "extensions" / version / f"{system}_{machine}"
    target.mkdir(parents=True)
    shutil.copy(packaged, target)
    return folder


def _create(client: bigquery.Client, schemas: Schemas, project: str) -> None:
    tables = (*schemas.tables.values(), *schemas.external.values())
    for dataset in sorted({table.dataset for table in tables} | {CLOCK.partition(".")[0]}):
        client.create_dataset(f"{project}.{dataset}")
    client.create_table(bigquery.Table(f"{project}.{CLOCK}", schema=[bigquery.SchemaField("shown", "TIMESTAMP")]))
    for declared in tables:
        create(client, declared, project)
    for view in schemas.views.values():
        table = bigquery.Table(f"{project}.{view.id}")
        table.view_query = on_clock(view.query_in(project), project)
        client.create_table(table)


def create(client: bigquery.Client, declared: Table, project: str) -> None:
    """Make a table as it is declared."""
    columns = [bigquery.SchemaField.from_api_repr(column) for column in json.loads(declared.schema_json())]
    client.create_table(bigquery.Table(f"{project}.{declared.id}", schema=columns))


def on_clock(sql: str, project: str) -> str:
    """Return a query that asks the run's clock instead of the machine's."""
    if "CURRENT_" not in sql.upper():
        return sql
    from sqlglot import exp, parse_one

    now = parse_one(f"COALESCE((SELECT MAX(shown) FROM `{project}.{CLOCK}`), CURRENT_TIMESTAMP())", read="bigquery")

    def asked(node: Any) -> Any:
        if isinstance(node, exp.CurrentTimestamp):
            return now.copy()
        if isinstance(node, exp.CurrentDate):
            return exp.Date(this=now.copy(), zone=node.this)
        return node

    return str(parse_one(sql, read="bigquery").transform(asked).sql("bigquery"))
