"""The environment: what the declaration gives a function, and what the platform or an emulator sets.

Everything is read once, at start, so that a missing value stops the start with a sentence instead of the first message.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

EMULATORS = ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")
"""Set by developers and tests; the client libraries' own names. A deployed function must not see any of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the function runs; emulator addresses are `host:port`, None in production."""

    project: str
    environment: str
    service: str | None
    firestore_emulator: str | None
    pubsub_emulator: str | None
    bigquery_emulator: str | None

    @property
    def deployed(self) -> bool:
        """Return whether the platform runs it, which then has checked the caller's token."""
        return self.service is not None

    @property
    def emulated(self) -> bool:
        """Return whether it runs beside emulators."""
        return any((self.firestore_emulator, self.pubsub_emulator, self.bigquery_emulator))


def read() -> Settings:
    """Return the settings; raises `RuntimeError` for a missing value or a deployed function beside an emulator."""
    settings = Settings(
        project=_required("GCP_PROJECT_ID", os.environ.get("GCP_PROJECT_ID")),
        environment=_required("ENVIRONMENT", os.environ.get("ENVIRONMENT")),
        service=os.environ.get("K_SERVICE"),
        firestore_emulator=os.environ.get("FIRESTORE_EMULATOR_HOST"),
        pubsub_emulator=os.environ.get("PUBSUB_EMULATOR_HOST"),
        bigquery_emulator=os.environ.get("BIGQUERY_EMULATOR_HOST"),
    )
    if settings.deployed:
        present = [name for name in EMULATORS if name in os.environ]
        if present:
            raise RuntimeError(
                f"{' and '.join(present)} is set on the deployed function {settings.service}: remove it, or completions would be written to an emulator."
            )
    return settings


def _required(name: str, value: str | None) -> str:
    if not value:
        raise RuntimeError(f"{name} is not set or empty: declare it for this function and deploy again.")
    return value
