"""A BigQuery emulator that the tests start, filled with the project's own tables and views."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from blueprint.schemas.bigquery import Schemas
from tests.blueprint.schemas.rows import check_row

PROJECT = "test-project"
START_SECONDS = 60


@dataclass
class Warehouse:
    """The emulator's client and the schemas it was made from."""

    client: bigquery.Client
    schemas: Schemas

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Store rows, each of which must fit the declared table."""
        declared = self.schemas.tables.get(table) or self.schemas.external[table]
        for row in rows:
            assert check_row(declared.columns, row) == ()
        if rows:
            assert self.client.insert_rows_json(f"{PROJECT}.{table}", rows) == []

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The result of a query, row by row."""
        return [dict(row.items()) for row in self.client.query(sql).result()]

    def clear(self) -> None:
        """Empty every table."""
        for table in (*self.schemas.tables.values(), *self.schemas.external.values()):
            self.client.query(f"DELETE FROM `{PROJECT}.{table.id}` WHERE TRUE").result()


@contextmanager
def warehouse(schemas: Schemas, folder: Path) -> Iterator[Warehouse]:
    """Start an emulator that works in `folder`, create what `schemas` declares, and stop it at the end."""
    port, grpc_port = _free_port(), _free_port()
    command = [str(Path(sys.executable).with_name("bqemulator")), "start", "--ephemeral", "--log-level", "error"]
    command += ["--rest-port", str(port), "--grpc-port", str(grpc_port), "--project", PROJECT]
    environment = os.environ | {"HOME": str(_home(folder))}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        _wait(port, process)
        client = bigquery.Client(
            project=PROJECT,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options=ClientOptions(api_endpoint=f"http://127.0.0.1:{port}"),
        )
        _create(client, schemas)
        yield Warehouse(client, schemas)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _home(folder: Path) -> Path:
    """A home folder in which DuckDB finds the spatial extension of the installed package, without a
    network.
    """
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


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The BigQuery emulator ended with {process.returncode}.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"The BigQuery emulator did not answer within {START_SECONDS} s.")


def _create(client: bigquery.Client, schemas: Schemas) -> None:
    tables = (*schemas.tables.values(), *schemas.external.values())
    for dataset in sorted({table.dataset for table in tables}):
        client.create_dataset(f"{PROJECT}.{dataset}")
    for declared in tables:
        fields = [bigquery.SchemaField.from_api_repr(field) for field in json.loads(declared.schema_json())]
        client.create_table(bigquery.Table(f"{PROJECT}.{declared.id}", schema=fields))
    for view in schemas.views.values():
        table = bigquery.Table(f"{PROJECT}.{view.id}")
        table.view_query = view.query_in(PROJECT)
        client.create_table(table)
