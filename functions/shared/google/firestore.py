"""Documents in Firestore: read one, write it if nobody did in between, find many.

A write carries the version that the decision was made on as a precondition, which makes it a transaction on its one
document without a lock held between the two calls. Every call has a short deadline and no retry but one, for a
connection that went stale while the instance slept: a database that is down means a prompt failure, and the next
delivery does the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import cached_property
from typing import Any

import grpc
from google.api_core import exceptions
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    CommitRequest,
    RunQueryRequest,
    RunQueryResponse,
)

from shared.decisions.document import Changes, applied
from shared.decisions.effects import DependencyRefused, Snapshot, Unavailable
from shared.declaration.settings import Settings
from shared.google import firestore_values

READ_SECONDS = 10.0
WRITE_SECONDS = 10.0
QUERY_SECONDS = 30.0
CHANNEL = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 3_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]
"""Reconnect within a second of a dependency's return (the library's own back-off grows to two minutes); one attempt to
connect takes at most three seconds, which is what `min_reconnect_backoff` really bounds."""

Condition = tuple[str, str, Any]
"""A field, an operator (`==`, `<`, `<=`, `>`, `>=`) and a value."""

_OPERATORS = {"==": "EQUAL", "<": "LESS_THAN", "<=": "LESS_THAN_OR_EQUAL", ">": "GREATER_THAN"}
_OPERATORS[">="] = "GREATER_THAN_OR_EQUAL"
_CONFLICTS = (exceptions.Aborted, exceptions.AlreadyExists)
_REFUSALS = (exceptions.InvalidArgument, exceptions.OutOfRange)
"""The request itself is at fault."""
_MISCONFIGURED = (
    exceptions.PermissionDenied,
    exceptions.Unauthenticated,
    exceptions.NotFound,
    exceptions.FailedPrecondition,
    exceptions.MethodNotImplemented,
)
"""Nothing wrong with the message: somebody has to grant a role, make a database or an index before any request works."""


class DocumentStore:
    """The documents of one database."""

    def __init__(self, settings: Settings, database: str) -> None:
        self._settings = settings
        self._database = f"projects/{settings.project}/databases/{database}"
        self._metadata = [("google-cloud-resource-prefix", self._database)]

    def read(self, collection: str, key: str) -> Snapshot:
        """Return the document and the database's time; raises `Unavailable`."""
        request = BatchGetDocumentsRequest(database=self._database, documents=[self._name(collection, key)])
        with _failing("read"):
            try:
                return self._read(request, collection, key)
            except exceptions.ServiceUnavailable:
                return self._read(request, collection, key)

    def write(self, snapshot: Snapshot, changes: Changes) -> bool:
        """Write the changes and return True, or return False where the document is no longer the snapshot's.

        Raises `Unavailable`; the changes may have been written even then. Raises `DependencyRefused` where this document will
        never take them.
        """
        request = CommitRequest.pb()(database=self._database)
        write = request.writes.add()
        write.update.name = self._name(snapshot.collection, snapshot.key)
        for name, value in applied(None, changes).items():
            write.update.fields[name].CopyFrom(firestore_values.encoded(value))
        write.update_mask.field_paths.extend(firestore_values.field_path(path) for path in changes)
        if snapshot.version is None:
            write.current_document.exists = False
        else:
            write.current_document.update_time.CopyFrom(snapshot.version)
        with _failing("write"):
            try:
                self._client.commit(
                    CommitRequest.wrap(request), retry=None, timeout=WRITE_SECONDS, metadata=self._metadata
                )
            except _CONFLICTS:
                return False
            except (exceptions.FailedPrecondition, exceptions.NotFound) as error:
                return self._refused(snapshot, error)
        return True

    def _refused(self, snapshot: Snapshot, error: exceptions.GoogleAPICallError) -> bool:
        """Return False where the document is no longer the snapshot's, which is what the precondition is for.

        The same two answers are given for a document that cannot be written at all; then its version is the old one.
        """
        if self.read(snapshot.collection, snapshot.key).version != snapshot.version:
            return False
        if isinstance(error, exceptions.NotFound):
            raise error
        raise DependencyRefused("firestore", f"write: {error.message}") from error

    def find(
        self,
        collection: str,
        conditions: tuple[Condition, ...],
        order: tuple[str, str],
        *,
        limit: int = 0,
        after: Snapshot | None = None,
        only: tuple[str, ...] = (),
    ) -> Iterator[Snapshot]:
        """Yield the documents that meet all conditions, in the order of a field and `ASCENDING` or `DESCENDING`.

        `limit` makes it a page, and `after` the page that follows a document; with `only` no other fields are read.
        Raises `Unavailable`.
        """
        query: dict[str, Any] = {"from_": [{"collection_id": collection}]}
        filters = [
            {
                "field_filter": {
                    "field": {"field_path": firestore_values.field_path((field,))},
                    "op": _OPERATORS[operator],
                    "value": firestore_values.encoded(value),
                }
            }
            for field, operator, value in conditions
        ]
        query["where"] = {"composite_filter": {"op": "AND", "filters": filters}}
        field, direction = order
        query["order_by"] = [
            {"field": {"field_path": firestore_values.field_path((field,))}, "direction": direction},
            {"field": {"field_path": "__name__"}, "direction": direction},
        ]
        if limit:
            query["limit"] = limit
        if only:
            query["select"] = {"fields": [{"field_path": firestore_values.field_path((name,))} for name in only]}
        if after is not None:
            place = firestore_values.Value(reference_value=self._name(collection, after.key))
            last = firestore_values.encoded((after.document or {}).get(field))
            query["start_at"] = {"values": [last, place], "before": False}
        request = RunQueryRequest(parent=f"{self._database}/documents", structured_query=query)
        with _failing("query"):
            for answer in self._client.run_query(request, retry=None, timeout=QUERY_SECONDS, metadata=self._metadata):
                found = RunQueryResponse.pb(answer)
                if found.HasField("document"):
                    yield _found(collection, found)

    def _read(self, request: BatchGetDocumentsRequest, collection: str, key: str) -> Snapshot:
        client = self._client
        for answer in client.batch_get_documents(request, retry=None, timeout=READ_SECONDS, metadata=self._metadata):
            return _snapshot(collection, key, BatchGetDocumentsResponse.pb(answer))
        raise Unavailable("firestore", "a read ended without an answer")

    def _name(self, collection: str, key: str) -> str:
        return f"{self._database}/documents/{collection}/{key}"

    @cached_property
    def _client(self) -> FirestoreClient:
        host = self._settings.firestore_emulator
        if host:
            self._metadata.append(("authorization", "Bearer owner"))  # the emulator's administrator
            channel = grpc.insecure_channel(host, options=CHANNEL)
        else:
            channel = FirestoreGrpcTransport.create_channel("firestore.googleapis.com", options=CHANNEL)
        return FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))


def _snapshot(collection: str, key: str, answer: Any) -> Snapshot:
    if answer.HasField("found"):
        return _found(collection, answer, answer.found)
    time = answer.read_time.ToDatetime(tzinfo=UTC)
    return Snapshot(collection, key, None, None, time)


def _found(collection: str, answer: Any, document: Any = None) -> Snapshot:
    document = document or answer.document
    return Snapshot(
        collection,
        document.name.rsplit("/", 1)[-1],
        firestore_values.document(document.fields),
        document.update_time,
        answer.read_time.ToDatetime(tzinfo=UTC),
    )


@contextmanager
def _failing(action: str) -> Iterator[None]:
    try:
        yield
    except exceptions.GoogleAPICallError as error:
        text = f"{action}: {error.message or type(error).__name__}"
        if isinstance(error, _REFUSALS):
            raise DependencyRefused("firestore", text) from error
        raise Unavailable("firestore", text, permanent=isinstance(error, _MISCONFIGURED)) from error
    except exceptions.RetryError as error:
        raise Unavailable("firestore", f"{action}: {error}") from error
