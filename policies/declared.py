"""What the pipeline declares and the rules compare with; nothing here knows a name of any particular
pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Declared:
    """The facts a stack is held to.

    Args:
        region: where functions, topics and jobs run, for example `us-west2`.
        data_location: where datasets, buckets and databases keep data.
        today: the day against which ends of life are measured.
        labels: label keys that every resource which can carry labels must carry.
        service_urls: base URLs of services outside the stack that it may call.
        always_on: how many instances may run day and night, over all functions (a bill, so a decision).
    """

    region: str
    data_location: str
    today: date
    labels: frozenset[str] = field(default_factory=frozenset)
    service_urls: tuple[str, ...] = ()
    always_on: int = 0
