"""Examples of messages, good and bad: `schemas/messages/fixtures/<message>/*.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blueprint.schemas.messages import FOLDER


@dataclass(frozen=True)
class Fixture:
    """An example of a message: `raw` is what Pub/Sub carries, `fault` the pointer at which a bad one is refused."""

    name: str
    raw: str
    attributes: Mapping[str, str]
    fault: str | None

    @property
    def data(self) -> Any:
        """Return the decoded data; raises ValueError for an example that is no JSON."""
        return json.loads(self.raw)


def load_fixtures(root: Path, message: str) -> tuple[Fixture, ...]:
    """Return the examples of `message`."""
    return tuple(map(_fixture, sorted((root / FOLDER / "fixtures" / message).glob("*.json"))))


def _fixture(path: Path) -> Fixture:
    content = json.loads(path.read_text(encoding="utf-8"))
    raw = content["raw"] if "raw" in content else json.dumps(content["data"])
    return Fixture(path.stem, raw, content.get("attributes", {}), content.get("fault"))
