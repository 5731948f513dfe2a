"""What exists beside what is declared: who calls whom, who may publish, and where the source of a function is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analysis.files import Unreadable, read_input
from analysis.python.record import read_record
from blueprint.stack import StackSettings
from ops.adoption.inventory import Existing

MAX_SOURCE = 4_000_000
"""Bytes of a function's `main.py`; no person's is longer."""


class FunctionSources:
    """The folders under a project's `functions/`, each read once for all that is asked of it."""

    def __init__(self, root: Path, runtime: str) -> None:
        self._folder = root / "functions"
        found = re.fullmatch(r"python(\d)(\d+)", runtime)
        self._target = (int(found[1]), int(found[2])) if found else sys.version_info[:2]
        self._texts: dict[str, list[str]] = {}

    @cached_property
    def entry_points(self) -> dict[str, frozenset[str]]:
        """Return folder → the functions of its `main.py`."""
        found = {file.parent.name: _text(file) for file in sorted(self._folder.glob("*/main.py"))}
        records = {
            folder: read_record(text.encode(), self._target) for folder, text in found.items() if text is not None
        }
        return {folder: frozenset(name for name, _ in record.functions) for folder, record in records.items()}

    def texts(self, folder: str) -> list[str]:
        """Return the Python sources of a folder that can be read."""
        if folder not in self._texts:
            read = map(_text, sorted((self._folder / folder).rglob("*.py")))
            self._texts[folder] = [text for text in read if text is not None]
        return self._texts[folder]


@dataclass(frozen=True)
class Listing:
    """What exists, by kind, what the declaration has already, and the stack that it is adopted into."""

    there: tuple[Existing, ...]
    declared: Mapping[str, Any]
    stack: StackSettings
    sources: FunctionSources

    def of(self, declared: Mapping[str, Any]) -> Listing:
        """Return the same beside another declaration."""
        return replace(self, declared=declared)

    def kind(self, name: str) -> list[Existing]:
        """Return what exists of a kind of the provider, such as `Topic`."""
        return [each for each in self.there if each.type.endswith(f":{name}")]

    def names(self, section: str) -> Mapping[str, Any]:
        """Return a section of the declaration, empty where it has none."""
        return self.declared.get(section) or {}

    def missing(self, kind: str, section: str) -> list[Existing]:
        """Return what exists of a kind and is not declared under its own name."""
        return [each for each in self.kind(kind) if each.label not in self.names(section)]

    def subscribed(self, topic: Existing) -> list[Existing]:
        """Return a topic's subscriptions."""
        return [each for each in self.kind("Subscription") if each.settings.get("topic") == topic.id]

    def listeners(self, topic: Existing) -> list[Existing]:
        """Return the project's functions that a topic calls, by their trigger or by a push to their address."""
        pushed = [endpoint(each) for each in self.subscribed(topic)]
        return [
            each
            for each in self.kind("Function")
            if (each.settings.get("eventTrigger") or {}).get("pubsubTopic") == topic.id
            or any(called(url) == each.label for url in pushed)
        ]

    def topics(self) -> list[Existing]:
        """Return the topics that are not declared, without those that only take dead letters: these follow."""
        letters = {
            (each.settings.get("deadLetterPolicy") or {}).get("deadLetterTopic") for each in self.kind("Subscription")
        }
        return [each for each in self.missing("Topic", "topics") if each.id not in letters]

    def outside(self, topic: Existing) -> Iterator[tuple[str, str, str]]:
        """Yield service, path and address of each push from a topic to something that is no function of the project."""
        functions = {each.label for each in self.kind("Function")}
        for each in self.subscribed(topic):
            url = urlsplit(endpoint(each))
            service = called(endpoint(each))
            if service and service not in functions and not each.label.startswith("eventarc-"):
                yield service, url.path or "/", f"https://{url.hostname}"

    def publishers(self, topic: Existing) -> list[str]:
        """Return the functions and services, and accounts of neither, that the topic's own policy lets publish."""
        owners: dict[str, list[str]] = {}
        for each in [*self.kind("Function"), *self.kind("Service")]:
            config = each.settings.get("serviceConfig") or each.settings.get("template") or {}
            account = config.get("serviceAccountEmail") or config.get("serviceAccount")
            owners.setdefault(str(account), []).append(each.label)
        return [name for account in topic.publishers for name in owners.get(account, [account])]

    def published_outside(self, topic: Existing) -> list[str]:
        """Return those of its publishers that are no functions."""
        functions = {each.label for each in self.kind("Function")}
        return [each for each in self.publishers(topic) if each not in functions]

    def used_services(self) -> set[str]:
        """Return the services that the declaration names somewhere."""
        named = {str(phase.get("service")) for phase in self.names("phases").values()}
        for topic in self.names("topics").values():
            named |= {*(topic.get("publishers") or ()), *(each.get("service") for each in topic.get("consumers") or ())}
        return named

    def folder(self, function: Existing) -> str | None:
        """Return the one folder of `functions/` whose `main.py` has the function's entry point; None where none or several have.

        Of several it is the one that is called like the function.
        """
        entry = function.settings["buildConfig"].get("entryPoint")
        having = [folder for folder, names in self.sources.entry_points.items() if entry in names]
        own = function.label.replace("-", "_")
        return own if own in having else having[0] if len(having) == 1 else None

    def names_variable(self, function: Existing, variable: str) -> bool:
        """Whether the source of a function, where it is known, names a variable; what reads it the plan finds out."""
        folder = self.folder(function)
        return folder is None or any(variable in text for text in self.sources.texts(folder))


def _text(file: Path) -> str | None:
    """Return a source, or None where it cannot be read: the plan refuses it, and here it is the source of nothing."""
    try:
        return read_input(file, MAX_SOURCE)
    except Unreadable:
        return None


def endpoint(subscription: Existing) -> str:
    """Return the address that a subscription pushes to, "" where it pushes to none."""
    return str((subscription.settings.get("pushConfig") or {}).get("pushEndpoint") or "")


def called(address: str) -> str:
    """Return the function or service that an address of the platform belongs to; of another, the first word of its host."""
    url = urlsplit(address)
    host = url.hostname or ""
    if host.endswith(".cloudfunctions.net"):
        return url.path.strip("/").partition("/")[0]
    found = re.fullmatch(r"(.+)-(?:[a-z0-9]{10}-[a-z]{2}\.a|\d+\.[a-z0-9-]+)\.run\.app", host)
    return found[1] if found else host.partition(".")[0]
