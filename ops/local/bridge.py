"""What BigQuery subscriptions do on the platform: transform a message, hold it to the table, store the row, or try again.

The emulator of Pub/Sub takes such subscriptions and writes nothing. What does not fit waits here, by the run's clock, as
refused pushes do, and belongs into the dead letter after its last attempt.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.pubsub_v1 import SubscriberClient

from blueprint.schemas.rows import check_row
from ops.local.clock import Clock
from ops.local.declared import Subscription
from ops.local.deliveries import Forward
from ops.local.redeliveries import Delivery, Redeliveries
from ops.local.warehouse import EmulatedWarehouse

AT_ONCE = 500
STORED, REFUSED = 204, 400
"""What stands for the answers of a table, as pushes have them."""


class Bridge:
    """Serves the BigQuery subscriptions of one project, when `drain` is called."""

    def __init__(
        self,
        subscriber: SubscriberClient,
        warehouse: EmulatedWarehouse,
        clock: Clock,
        streams: Iterable[Subscription],
        forward: Forward,
    ) -> None:
        from py_mini_racer import MiniRacer

        self._subscriber = subscriber
        self._warehouse = warehouse
        self._clock = clock
        self._forward = forward
        self._streams = {each.name: each for each in streams}
        self._engines = {}
        for stream in self._streams.values():
            if stream.code:
                self._engines[stream.name] = MiniRacer()
                self._engines[stream.name].eval(stream.code)
        self.deliveries: list[Delivery] = []
        self.redeliveries = Redeliveries[Any]()

    def drain(self) -> int:
        """Store everything that waits; return how many messages were looked at."""
        for (name, _), message in self.redeliveries.due(self._clock.noted()):
            self._take(self._streams[name], [message])
        return sum(self._drain(stream) for stream in self._streams.values())

    def begin_anew(self) -> None:
        """Forget what was delivered."""
        self.deliveries.clear()
        self.redeliveries.clear()

    def _drain(self, stream: Subscription) -> int:
        path = f"projects/{self._warehouse.project}/subscriptions/{stream.name}"
        looked_at = 0
        while True:
            request = {"subscription": path, "max_messages": AT_ONCE, "return_immediately": True}
            received = self._subscriber.pull(request=request).received_messages
            if not received:
                return looked_at
            looked_at += len(received)
            self._take(stream, [each.message for each in received])
            self._subscriber.acknowledge(subscription=path, ack_ids=[each.ack_id for each in received])

    def _take(self, stream: Subscription, messages: Sequence[Any]) -> None:
        """Store the rows of messages; what has none is tried again later, or is forwarded."""
        at, rows = self._clock.noted(), []
        for message in messages:
            key, row = (stream.name, message.message_id), self._row(stream, message)
            self.deliveries.append(Delivery(at, *key, REFUSED if row is None else STORED))
            if row is not None:
                rows.append(row)
            elif not self.redeliveries.refused(stream, key, at, message):
                self._forward(stream, _pushed(message), stream.attempts)
        if rows:
            self._warehouse.insert(stream.table, rows)

    def _row(self, stream: Subscription, message: Any) -> dict[str, Any] | None:
        """Return the row of a message, or None where the platform would not store it."""
        from py_mini_racer import JSEvalException

        data = message.data.decode("utf-8", "replace")
        if stream.code:
            metadata = {"message_id": message.message_id, "publish_time": self._published(message)}
            envelope = json.dumps({"data": data, "attributes": dict(message.attributes)})
            call = f"JSON.stringify({stream.code_function}(JSON.parse({json.dumps(envelope)}), {json.dumps(metadata)}))"
            try:
                data = json.loads(str(self._engines[stream.name].eval(call)))["data"]
            except JSEvalException:
                return None
        try:
            row: Any = json.loads(data)
        except ValueError:
            return None
        table = self._warehouse.schemas.tables[stream.table]
        if not isinstance(row, Mapping):
            return None
        known = {column.name: row[column.name] for column in table.columns if column.name in row}
        return None if check_row(table.columns, known) else known

    def _published(self, message: Any) -> str:
        return self._clock.at(message.publish_time).isoformat()


def _pushed(message: Any) -> dict[str, Any]:
    """Return a message as a push has it."""
    data = base64.b64encode(message.data).decode()
    return {"data": data, "attributes": dict(message.attributes), "publishTime": message.publish_time.isoformat()}
