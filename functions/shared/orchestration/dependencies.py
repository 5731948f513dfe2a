"""What one function touches outside itself: its environment, its view, Firestore, Pub/Sub, and ways to look at data."""

from __future__ import annotations

from collections.abc import Callable

from shared.decisions.effects import GateResult
from shared.declaration.settings import Settings
from shared.declaration.view import Boundary, View
from shared.google.firestore import DocumentStore
from shared.google.pubsub import Publisher
from shared.reports.events import EventPublisher

CheckGatesWith = Callable[["Dependencies", Boundary, str, str], list[GateResult]]
Probe = Callable[["Dependencies"], None]


class Dependencies:
    """Everything outside that one function touches; clients are made at their first use."""

    def __init__(
        self,
        settings: Settings,
        view: View,
        check_gates: CheckGatesWith | None = None,
        probes: dict[str, Probe] | None = None,
    ) -> None:
        self.settings = settings
        self.view = view
        self.store = DocumentStore(settings, view.database)
        self.publisher = Publisher(settings)
        self.events = EventPublisher(view, self.publisher)
        self.probes = probes or {}
        self.check_gates = check_gates
        self.renews_leases = True
