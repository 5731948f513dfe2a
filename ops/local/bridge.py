"""What BigQuery subscriptions do on the platform: transform a message, hold it to the table, store the row, or give it back.

The emulator of Pub/Sub takes such subscriptions and writes nothing. What is given back often enough it forwards to the
dead letter by itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from google.pubsub_v1 import SubscriberClient

from blueprint.schemas.rows import check_row
from ops.local.clock import Clock
from ops.local.declared import Subscription
from ops.local.warehouse import EmulatedWarehouse

AT_ONCE = 500


class Bridge:
    """Serves the BigQuery subscriptions of one project, when `drain` is called."""

    def __init__(
        self, subscriber: SubscriberClient, warehouse: EmulatedWarehouse, clock: Clock, streams: Iterable[Subscription]
    ) -> None:
        from py_mini_racer import MiniRacer

        self._subscriber = subscriber
        self._warehouse = warehouse
        self._clock = clock
        self._streams = tuple(streams)
        self._engines = {}
        for stream in self._streams:
            if stream.code:
                self._engines[stream.name] = MiniRacer()
                self._engines[stream.name].eval(stream.code)
        self.refused: Counter[str] = Counter()

    def drain(self) -> int:
        """Store everything that waits; return how many messages were looked at."""
        return sum(self._drain(stream) for stream in self._streams)

    def _drain(self, stream: Subscription) -> int:
        path = f"projects/{self._warehouse.project}/subscriptions/{stream.name}"
        looked_at = 0
        while True:
            request = {"subscription": path, "max_messages": AT_ONCE, "return_immediately": True}
            received = self._subscriber.pull(request=request).received_messages
            if not received:
                return looked_at
            looked_at += len(received)
            rows, stored, back = [], [], []
            for each in received:
                row = self._row(stream, each.message)
                if row is None:
                    back.append(each.ack_id)
                else:
                    rows.append(row)
                    stored.append(each.ack_id)
            if stored:
                self._warehouse.insert(stream.table, rows)
                self._subscriber.acknowledge(subscription=path, ack_ids=stored)
            if back:
                self.refused[stream.name] += len(back)
                self._subscriber.modify_ack_deadline(subscription=path, ack_ids=back, ack_deadline_seconds=0)

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
