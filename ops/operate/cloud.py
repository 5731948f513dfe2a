"""The running system, read and written with Google's own client libraries; real, or the emulators of their variables.

Every failure is a `DataPlaneError` with a sentence, promptly: an operator at night gets an answer, not a traceback.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from ops.answers import NoLogin, Unseen

SECONDS = 20.0
THREADS = 8
Row = dict[str, Any]


class DataPlaneError(Unseen):
    """The cloud did not answer: which service, why, and what to look at."""


@dataclass(frozen=True)
class Waiting:
    """A message that waits in a subscription; `ack_id` acknowledges it."""

    ack_id: str
    data: bytes
    attributes: dict[str, str]
    message_id: str
    published: datetime


@dataclass
class DataPlane:
    """One project's Firestore database, BigQuery and Pub/Sub; clients are made at their first use."""

    project: str
    location: str
    database: str
    _held: list[tuple[str, list[str]]] = field(default_factory=list)
    _fetched: dict[str, list[Row] | DataPlaneError] = field(default_factory=dict)

    def document(self, collection: str, key: str) -> dict[str, Any] | None:
        """Return the document, or None where there is none."""
        with _failing("Firestore"):
            found = self._firestore.collection(collection).document(key).get(timeout=SECONDS, retry=None)
            return found.to_dict() if found.exists else None

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """Return the rows of a query with named parameters: texts, whole numbers, dates, times, lists of texts."""
        known = self._fetched.get(_key(sql, parameters))
        if isinstance(known, DataPlaneError):
            raise known
        return known if known is not None else self._asked(sql, parameters)

    def fetch(self, asked: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Ask several queries at once; `rows` then has their answers without asking again."""
        with _failing("BigQuery"):
            _ = self._bigquery

        def ask(each: tuple[str, dict[str, Any]]) -> list[Row] | DataPlaneError:
            try:
                return self._asked(*each)
            except DataPlaneError as error:
                return error

        listed = list(asked)
        with ThreadPoolExecutor(THREADS) as pool:
            for (sql, parameters), found in zip(listed, pool.map(ask, listed), strict=True):
                self._fetched[_key(sql, parameters)] = found

    def _asked(self, sql: str, parameters: dict[str, Any]) -> list[Row]:
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(query_parameters=[_parameter(n, v) for n, v in parameters.items()])
        with _failing("BigQuery"):
            job = self._bigquery.query(sql, job_config=config, timeout=SECONDS, retry=None, job_retry=None)
            return [dict(row.items()) for row in job.result(timeout=SECONDS, retry=None)]

    def waiting(self, subscription: str, limit: int, *, wait: float = 3.0) -> Iterator[Waiting]:
        """Yield up to `limit` messages, each once; call `release` when done with those not acknowledged."""
        from google.api_core import exceptions

        path = f"projects/{self.project}/subscriptions/{subscription}"
        seen: set[str] = set()
        while len(seen) < limit:
            with _failing("Pub/Sub"):
                try:
                    answer = self._subscriber.pull(
                        request={"subscription": path, "max_messages": min(100, limit - len(seen))},
                        timeout=wait,
                        retry=None,
                    )
                except exceptions.DeadlineExceeded:
                    return
            found = answer.received_messages
            self._held.append((path, [each.ack_id for each in found]))
            fresh = [each for each in found if each.message.message_id not in seen]
            if not fresh:
                return
            for each in fresh:
                seen.add(each.message.message_id)
                message = each.message
                yield Waiting(
                    each.ack_id, message.data, dict(message.attributes), message.message_id, message.publish_time
                )

    def lease_seconds(self, subscription: str) -> int:
        """Return for how long a message that somebody pulled is kept from others."""
        path = f"projects/{self.project}/subscriptions/{subscription}"
        with _failing("Pub/Sub"):
            return int(self._subscriber.get_subscription(subscription=path, timeout=SECONDS).ack_deadline_seconds)

    def warm(self) -> None:
        """Make the client of subscriptions now, so that copies for threads share it; raises `NoLogin`."""
        with _failing("Pub/Sub"):
            _ = self._subscriber

    def again(self) -> DataPlane:
        """Return another that shares this one's clients and holds messages of its own."""
        made = replace(self, _held=[])
        for name in ("_subscriber", "_publisher", "_firestore", "_bigquery"):
            if name in self.__dict__:
                made.__dict__[name] = self.__dict__[name]
        return made

    def release(self) -> None:
        """Give back every message that was pulled and not acknowledged."""
        for path, ack_ids in self._held:
            if ack_ids:
                with _failing("Pub/Sub"):
                    self._subscriber.modify_ack_deadline(
                        request={"subscription": path, "ack_ids": ack_ids, "ack_deadline_seconds": 0}, timeout=SECONDS
                    )
        self._held.clear()

    def publish(self, topic: str, data: bytes, attributes: dict[str, str]) -> str:
        """Publish one message and return its id once it is stored."""
        request = {
            "topic": f"projects/{self.project}/topics/{topic}",
            "messages": [{"data": data, "attributes": attributes}],
        }
        with _failing("Pub/Sub"):
            return str(self._publisher.publish(request=request, timeout=SECONDS, retry=None).message_ids[0])

    def acknowledge(self, subscription: str, ack_ids: Sequence[str]) -> None:
        """Remove messages from a subscription."""
        path = f"projects/{self.project}/subscriptions/{subscription}"
        with _failing("Pub/Sub"):
            self._subscriber.acknowledge(request={"subscription": path, "ack_ids": list(ack_ids)}, timeout=SECONDS)
        self._held = [(held, [ack for ack in acks if ack not in set(ack_ids)]) for held, acks in self._held]

    @cached_property
    def _firestore(self) -> Any:
        from google.cloud import firestore

        with _failing("Firestore"):
            return firestore.Client(project=self.project, database=self.database)

    @cached_property
    def _bigquery(self) -> Any:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        host = os.environ.get("BIGQUERY_EMULATOR_HOST")
        with _failing("BigQuery"):
            if not host:
                return bigquery.Client(project=self.project, location=self.location)
            endpoint = host if "://" in host else f"http://{host}"
            return bigquery.Client(
                project=self.project,
                location=self.location,
                credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth is half typed
                client_options={"api_endpoint": endpoint},
            )

    @cached_property
    def _subscriber(self) -> Any:
        from google.pubsub_v1 import SubscriberClient
        from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

        return SubscriberClient(**_pubsub(SubscriberGrpcTransport))

    @cached_property
    def _publisher(self) -> Any:
        from google.pubsub_v1 import PublisherClient
        from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

        return PublisherClient(**_pubsub(PublisherGrpcTransport))


def _pubsub(transport: Any) -> dict[str, Any]:
    import grpc

    host = os.environ.get("PUBSUB_EMULATOR_HOST")
    return {"transport": transport(channel=grpc.insecure_channel(host))} if host else {}


def _key(sql: str, parameters: dict[str, Any]) -> str:
    return f"{sql}\n{sorted(parameters.items())}"


def _parameter(name: str, value: Any) -> Any:
    from google.cloud import bigquery

    if isinstance(value, list):
        return bigquery.ArrayQueryParameter(name, "STRING", value)
    kinds = {bool: "BOOL", int: "INT64", float: "FLOAT64", datetime: "TIMESTAMP", date: "DATE"}
    return bigquery.ScalarQueryParameter(name, kinds.get(type(value), "STRING"), value)


@contextmanager
def _failing(service: str) -> Iterator[None]:
    from google.api_core import exceptions
    from google.auth import exceptions as auth

    try:
        yield
    except exceptions.NotFound as error:
        raise DataPlaneError(
            f"{service} has no such thing: {_first(error)}. Was the plan deployed to this project?"
        ) from error
    except (exceptions.Forbidden, exceptions.Unauthenticated) as error:
        raise DataPlaneError(f"{service} refuses: {_first(error)}. Ask for the operator's role.") from error
    except auth.GoogleAuthError as error:
        raise NoLogin(_no_login(error)) from error
    except (exceptions.GoogleAPIError, OSError, TimeoutError) as error:
        if "Getting metadata from plugin failed" in str(error):  # how a refused login reads in gRPC
            raise NoLogin(_no_login(error)) from error
        raise DataPlaneError(f"{service} does not answer: {_first(error)}.") from error


def _no_login(error: BaseException) -> str:
    reason = _first(error)
    return f"Nothing can be seen without a login ({reason}); run `gcloud auth application-default login`."


def _first(error: BaseException) -> str:
    text = str(getattr(error, "message", None) or error).strip()
    lines = text.partition(" with url:")[0].splitlines()  # what follows differs from call to call
    return (lines[0].split(". ")[0] if lines else type(error).__name__)[:300].rstrip(".")
